//! What a tree cannot do without, to be kept elsewhere, and a tree made of such parts again.

use rayon::prelude::*;

use super::build::{self, LEAF, PLACEHOLDER, join};
use super::{Node, TileTree};

/// The deepest tree that is believed: each level halves a box, and coordinates have about 300 halves.
const DEEPEST: usize = 512;
/// Nodes worked on by one thread at a time.
const CHUNK: usize = 4096;

/// Why parts are no tree of these points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartsError {
    /// The order is not one of all points.
    #[error("its order does not name every point once")]
    Order,
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

    /// The tree over `points` of these parts of an earlier one: the index of the point at each
    /// place, and [`child_counts`](Self::child_counts) and [`leaf_counts`](Self::leaf_counts).
    /// Everything else follows from them and from the points, so that any tree this returns is a
    /// tree of the points, though another than [`new`](Self::new) makes if the parts were of others.
    ///
    /// # Errors
    /// When the order is not a permutation of the finite points, or the nodes do not divide the
    /// places, are empty or crowded, or lie deeper than any tree needs.
    pub fn from_parts(
        points: &[[f32; 2]],
        order: Vec<u32>,
        child_counts: &[u8],
        leaf_counts: &[u32],
    ) -> Result<Self, PartsError> {
        let levels = levels(child_counts, leaf_counts, order.len())?;
        let (whole, (xy, nodes)) = rayon::join(
            || names_all(points, &order),
            || {
                let at = |&index: &u32| points.get(index as usize).copied().unwrap_or_default();
                let gathered = || -> Vec<[f32; 2]> { order.par_iter().map(at).collect() };
                rayon::join(gathered, || divided(child_counts, leaf_counts))
            },
        );
        if !whole {
            return Err(PartsError::Order);
        }
        let mut tree = Self {
            points: xy,
            order,
            nodes,
        };
        if tree.bound(&levels) {
            Ok(tree)
        } else {
            Err(PartsError::Nodes)
        }
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
                        let inside = &points[places.clone()];
                        let first = (inside[0], inside[0]);
                        (node.min, node.max) = inside.iter().fold(first, |b, p| join(b, (*p, *p)));
                        let of = order[places.clone()].iter().map(|&i| build::chance(i));
                        let lowest = of.zip(places.start as u32..).min();
                        (*chance, node.chosen) = lowest.unwrap_or((u64::MAX, node.start));
                        return node.count() <= LEAF || node.min == node.max;
                    }
                    let children = node.children().start - end..node.children().end - end;
                    let kin = &below[children.clone()];
                    let corners = |n: &Node| (n.min, n.max);
                    (node.min, node.max) = kin.iter().map(corners).fold(corners(&kin[0]), join);
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

/// Whether `order` names every finite point once and nothing else.
fn names_all(points: &[[f32; 2]], order: &[u32]) -> bool {
    let finite = |p: &&[f32; 2]| p[0].is_finite() && p[1].is_finite();
    let count = points.par_iter().filter(finite).count();
    let mut seen = vec![0_u64; points.len().div_ceil(64)];
    let fresh = order.iter().all(|&index| {
        if index as usize >= points.len() {
            return false;
        }
        let (word, bit) = (index as usize / 64, 1 << (index % 64));
        let fresh = seen[word] & bit == 0;
        seen[word] |= bit;
        fresh
    });
    // Without points that are not finite, as many different indices as points are all of them.
    fresh
        && order.len() == count
        && (count == points.len() || order.par_iter().all(|&i| finite(&&points[i as usize])))
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
    let mut nodes = vec![PLACEHOLDER; child_counts.len()];
    let mut first = 1;
    for (node, &count) in nodes.iter_mut().zip(child_counts) {
        if count > 0 {
            node.children = first << 3 | u32::from(count);
            first += u32::from(count);
        }
    }
    // `end` holds the number of places until `start` is known.
    let mut leaves = leaf_counts.iter().rev();
    for at in (0..nodes.len()).rev() {
        let node = nodes[at];
        nodes[at].end = if node.is_leaf() {
            leaves.next().copied().unwrap_or(0)
        } else {
            nodes[node.children()].iter().map(|child| child.end).sum()
        };
    }
    for at in 0..nodes.len() {
        let mut start = nodes[at].start;
        let children = nodes[at].children();
        for child in &mut nodes[children] {
            child.start = start;
            child.end += start;
            start = child.end;
        }
    }
    nodes
}
