//! What a tree cannot do without, to be kept elsewhere, and a tree made of such parts again.

use rayon::prelude::*;

use super::build::{self, Corners, LEAF, PLACEHOLDER, join};
use super::{Node, TileTree};

/// The deepest tree that is believed: each level halves a box, and coordinates have about 300 halves.
const DEEPEST: usize = 512;
/// Nodes worked on by one thread at a time.
const CHUNK: usize = 4096;

/// Why parts are no tree of these points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartsError {
    /// The places do not hold all of the points, each once.
    #[error("it belongs to other points")]
    Points,
    /// The nodes do not hang together.
    #[error("its nodes do not divide the points")]
    Nodes,
}

impl TileTree {
    /// How many children each node has, in the order of [`nodes`](Self::nodes); 0 for a leaf.
    #[must_use]
    pub fn child_counts(&self) -> Vec<u8> {
        let nodes = self.nodes.par_iter();
        nodes.map(|node| node.children().len() as u8).collect()
    }

    /// How many points each leaf has, in the order of [`nodes`](Self::nodes).
    #[must_use]
    pub fn leaf_counts(&self) -> Vec<u32> {
        let leaves = self.nodes.iter().filter(|node| node.is_leaf());
        leaves.map(|leaf| leaf.count() as u32).collect()
    }

    /// Bounds and chosen points of all nodes, from the deepest level up; `false` for a crowded leaf.
    fn bound(&mut self, levels: &[usize]) -> bool {
        let Self {
            points,
            order,
            nodes,
        } = self;
        let mut chances = vec![u64::MAX; nodes.len()];
        for level in levels.windows(2).rev() {
            let (start, end) = (level[0], level[1]);
            let (here, below) = nodes.split_at_mut(end);
            let (chances_here, chances_below) = chances.split_at_mut(end);
            let (below, chances_below) = (&*below, &*chances_below);
            let bounded = here[start..]
                .par_iter_mut()
                .zip(&mut chances_here[start..])
                .with_min_len(CHUNK)
                .all(|(node, chance)| {
                    if node.is_leaf() {
                        let places = node.places();
                        (node.min, node.max) = corners(&points[places.clone()]);
                        (*chance, node.chosen) = (u64::MAX, node.start);
                        for (place, &index) in (node.start..).zip(&order[places]) {
                            let own = build::chance(index);
                            node.chosen = if own < *chance { place } else { node.chosen };
                            *chance = own.min(*chance);
                        }
                        return node.count() <= LEAF || node.min == node.max;
                    }
                    let children = node.children().start - end..node.children().end - end;
                    let kin = &below[children.clone()];
                    (node.min, node.max) = (kin[0].min, kin[0].max);
                    for kin in &kin[1..] {
                        (node.min, node.max) = join((node.min, node.max), (kin.min, kin.max));
                    }
                    let of = chances_below[children].iter().copied();
                    let lowest = of.zip(kin.iter().map(|n| n.chosen)).min();
                    (*chance, node.chosen) = lowest.unwrap_or((u64::MAX, node.start));
                    true
                });
            if !bounded {
                return false;
            }
        }
        true
    }
}

/// A tree that was kept elsewhere, until the points are known that it is to be of.
#[derive(Debug)]
pub struct KeptTree(TileTree);

impl KeptTree {
    /// A tree of these parts of an earlier one: by place the positions and the indices of the points,
    /// [`child_counts`](TileTree::child_counts) and [`leaf_counts`](TileTree::leaf_counts). All else
    /// follows from them.
    ///
    /// # Errors
    /// When there are not as many positions as indices, or the nodes do not divide the places, are
    /// empty or crowded, or lie deeper than any tree needs.
    pub fn new(
        points: Vec<[f32; 2]>,
        order: Vec<u32>,
        child_counts: &[u8],
        leaf_counts: &[u32],
    ) -> Result<Self, PartsError> {
        if points.len() != order.len() {
            return Err(PartsError::Points);
        }
        let levels = levels(child_counts, leaf_counts, order.len())?;
        let nodes = divided(child_counts, leaf_counts);
        let mut tree = TileTree {
            points,
            order,
            nodes,
        };
        if tree.bound(&levels) {
            Ok(Self(tree))
        } else {
            Err(PartsError::Nodes)
        }
    }

    /// The tree, if it is one over `points`, though perhaps another than [`TileTree::new`] makes of
    /// them. That its places hold these points and their indices is told by a sum of hashes, for
    /// trees that are stale or damaged, not for those that are forged; no index is out of bounds.
    ///
    /// # Errors
    /// When it is a tree over other points.
    pub fn over(self, points: &[[f32; 2]]) -> Result<TileTree, PartsError> {
        let Self(tree) = self;
        let finite = |(_, p): &(u32, &[f32; 2])| p[0].is_finite() && p[1].is_finite();
        let given = points.par_chunks(CHUNK).enumerate().map(|(i, points)| {
            let first = (i * CHUNK) as u32;
            sum((first..).zip(points).filter(finite))
        });
        let orders = tree.order.par_chunks(CHUNK);
        let held = orders.zip(tree.points.par_chunks(CHUNK));
        let held = held.map(|(order, points)| sum(order.iter().copied().zip(points)));
        let last = tree.order.par_chunks(CHUNK).map(|some| some.iter().max());
        let inside = last
            .max()
            .flatten()
            .is_none_or(|&last| (last as usize) < points.len());
        if inside && given.reduce(|| (0, 0), add) == held.reduce(|| (0, 0), add) {
            Ok(tree)
        } else {
            Err(PartsError::Points)
        }
    }
}

/// The number of points and a sum over them of hashes of index and position, in whatever order.
fn sum<'a>(points: impl Iterator<Item = (u32, &'a [f32; 2])>) -> (usize, u64) {
    let hash = |(index, [x, y]): (u32, &[f32; 2])| {
        let position = u64::from(x.to_bits()) << 32 | u64::from(y.to_bits());
        let mixed = (position ^ build::chance(index)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (1, mixed ^ mixed >> 29)
    };
    points.map(hash).fold((0, 0), add)
}

fn add(a: (usize, u64), b: (usize, u64)) -> (usize, u64) {
    (a.0 + b.0, a.1.wrapping_add(b.1))
}

/// The corners of the smallest box around some points, not none.
fn corners(points: &[[f32; 2]]) -> Corners {
    let mut corners = (points[0], points[0]);
    for point in points {
        corners = join(corners, (*point, *point));
    }
    corners
}

/// Where each level of nodes begins, and the end of the last; checks that the nodes are one tree
/// whose leaves hold `places` places.
fn levels(
    child_counts: &[u8],
    leaf_counts: &[u32],
    places: usize,
) -> Result<Vec<usize>, PartsError> {
    let total: u64 = leaf_counts.par_iter().map(|&count| u64::from(count)).sum();
    let leaves = child_counts.par_iter().filter(|&&count| count == 0).count();
    let sound = total == places as u64
        && leaves == leaf_counts.len()
        && leaf_counts.par_iter().all(|&count| count > 0)
        && child_counts.par_iter().all(|&c| c <= 4 && c != 1)
        && child_counts.len() < 1 << 29
        && u32::try_from(places).is_ok();
    if !sound {
        return Err(PartsError::Nodes);
    }
    let mut levels = vec![0];
    let (mut at, mut known) = (0, child_counts.len().min(1));
    while at < known {
        let below: usize = child_counts[at..known]
            .iter()
            .map(|&c| usize::from(c))
            .sum();
        levels.push(known);
        (at, known) = (known, known + below);
        if known > child_counts.len() || levels.len() > DEEPEST {
            return Err(PartsError::Nodes);
        }
    }
    if known == child_counts.len() {
        Ok(levels)
    } else {
        Err(PartsError::Nodes)
    }
}

/// The nodes with their places and children; the counts have been found sound.
fn divided(child_counts: &[u8], leaf_counts: &[u32]) -> Vec<Node> {
    let mut sizes = vec![0; child_counts.len()];
    let mut leaves = leaf_counts.iter().rev();
    // Level after level, the children of one node stand behind those of the node before.
    let mut below = child_counts.len();
    for (at, &count) in child_counts.iter().enumerate().rev() {
        let children = below - usize::from(count)..below;
        below = children.start;
        sizes[at] = if count == 0 {
            leaves.next().copied().unwrap_or(0)
        } else {
            sizes[children].iter().sum()
        };
    }
    let mut starts = vec![0; child_counts.len()];
    let mut firsts = Vec::with_capacity(child_counts.len());
    let mut first = 1;
    for (at, &count) in child_counts.iter().enumerate() {
        firsts.push(first as u32);
        let mut start = starts[at];
        for child in first..first + usize::from(count) {
            starts[child] = start;
            start += sizes[child];
        }
        first += usize::from(count);
    }
    let node = |at: usize| Node {
        start: starts[at],
        end: starts[at] + sizes[at],
        children: match child_counts[at] {
            0 => 0,
            count => firsts[at] << 3 | u32::from(count),
        },
        ..PLACEHOLDER
    };
    let nodes = (0..child_counts.len()).into_par_iter();
    nodes.with_min_len(CHUNK).map(node).collect()
}
