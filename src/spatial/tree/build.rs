//! Building a tree: sort by Morton key, then cut the run wherever a quadrant ends.

use rayon::prelude::*;

use super::sort::{NOWHERE, index, sort};
use super::{Node, TileTree};

/// Most points of a leaf, unless they are all at one position.
pub(super) const LEAF: usize = 16;
/// Runs longer than this are cut on several threads.
const PARALLEL: usize = 100_000;
/// Cells along a side of one lattice.
const CELLS: f64 = 65_536.0;

pub(super) fn build(points: &[[f32; 2]]) -> TileTree {
    let Some(lattice) = Lattice::around(points) else {
        return TileTree::default();
    };
    let mut keys: Vec<u64> = points
        .par_iter()
        .enumerate()
        .map(|(index, point)| {
            if point[0].is_finite() && point[1].is_finite() {
                lattice.key(*point, index as u32)
            } else {
                NOWHERE
            }
        })
        .collect();
    let mut xy = sort(&mut keys, points);
    let all = Run {
        start: 0,
        keys: &mut keys,
        xy: &mut xy,
    };
    let nodes = grow(all);
    TileTree {
        order: keys.par_iter().map(|&key| index(key)).collect(),
        points: xy,
        nodes: by_level(&nodes),
    }
}

/// All nodes, the root first. What is above runs of moderate length is divided first, then those grow on all threads.
fn grow(all: Run<'_>) -> Vec<Node> {
    let mut top = vec![PLACEHOLDER];
    let mut open = vec![(0, all)];
    let mut runs = Vec::new();
    while let Some((slot, run)) = open.pop() {
        match run.divide(PARALLEL) {
            Ok((parts, count)) => {
                let first = top.len();
                top[slot].children = (first as u32) << 3 | count as u32;
                top.resize(first + count, PLACEHOLDER);
                open.extend((first..).zip(parts.into_iter().flatten()));
            }
            Err(run) => runs.push((slot, run)),
        }
    }
    let grown: Vec<(usize, (Node, u64), Vec<Node>)> = runs
        .into_par_iter()
        .with_max_len(1)
        .map(|(slot, run)| {
            let mut below = Vec::new();
            (slot, run.grow(&mut below), below)
        })
        .collect();
    let mut nodes = top;
    let mut chances = vec![None; nodes.len()];
    nodes.reserve(grown.iter().map(|(_, _, below)| below.len()).sum());
    for (slot, (node, chance), below) in grown {
        let behind = nodes.len() as u32;
        nodes[slot] = node.moved(behind);
        chances[slot] = Some(chance);
        nodes.extend(below.into_iter().map(|node| node.moved(behind)));
    }
    // Those that were divided, children before their parents.
    for slot in (0..chances.len()).rev() {
        if chances[slot].is_some() {
            continue;
        }
        let children = nodes[slot].children();
        let lowest = children
            .clone()
            .filter_map(|child| Some((chances[child]?, nodes[child].chosen)));
        let lowest = lowest.min();
        let first = children.start as u32;
        nodes[slot] = Node::above(&nodes[children], first, lowest);
        chances[slot] = lowest.map(|(chance, _)| chance);
    }
    nodes
}

/// The same nodes level after level: a picture looks at few levels, and reads each from end to end.
fn by_level(nodes: &[Node]) -> Vec<Node> {
    let mut ordered = Vec::with_capacity(nodes.len());
    ordered.push(nodes[0]);
    let mut at = 0;
    while at < ordered.len() {
        let node = ordered[at];
        if !node.is_leaf() {
            let first = ordered.len() as u32;
            ordered[at].children = first << 3 | node.children().len() as u32;
            ordered.extend_from_slice(&nodes[node.children()]);
        }
        at += 1;
    }
    ordered
}

/// The chance of a point to stand for others, from its index alone: the finaliser of `SplitMix64`
/// (Steele et al. 2014).
pub(super) fn chance(index: u32) -> u64 {
    let mut z = u64::from(index).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Square cells over a rectangle.
struct Lattice {
    min: [f64; 2],
    cells_per_unit: f64,
}

impl Lattice {
    /// Over all finite points; `None` when there is none.
    fn around(points: &[[f32; 2]]) -> Option<Self> {
        let empty = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        let (min, max) = points
            .par_iter()
            .filter(|p| p[0].is_finite() && p[1].is_finite())
            .fold(|| empty, |b, p| join(b, (*p, *p)))
            .reduce(|| empty, join);
        if min[0] > max[0] {
            return None;
        }
        let extent = [0, 1].map(|i| f64::from(max[i]) - f64::from(min[i]));
        let longest = extent[0].max(extent[1]);
        Some(Self {
            min: min.map(f64::from),
            cells_per_unit: if longest > 0.0 { CELLS / longest } else { 0.0 },
        })
    }

    /// The Morton key of the point's cell above its index.
    fn key(&self, point: [f32; 2], index: u32) -> u64 {
        let cell = [0, 1].map(|i| {
            let at = (f64::from(point[i]) - self.min[i]) * self.cells_per_unit;
            (at as u32).min(CELLS as u32 - 1)
        });
        u64::from(spread(cell[0]) | (spread(cell[1]) << 1)) << 32 | u64::from(index)
    }
}

pub(super) type Corners = ([f32; 2], [f32; 2]);

pub(super) fn join(a: Corners, b: Corners) -> Corners {
    (
        [0, 1].map(|i| a.0[i].min(b.0[i])),
        [0, 1].map(|i| a.1[i].max(b.1[i])),
    )
}

/// The lower 16 bits with a gap after each.
fn spread(v: u32) -> u32 {
    let v = (v | (v << 8)) & 0x00ff_00ff;
    let v = (v | (v << 4)) & 0x0f0f_0f0f;
    let v = (v | (v << 2)) & 0x3333_3333;
    (v | (v << 1)) & 0x5555_5555
}

pub(super) const PLACEHOLDER: Node = Node {
    min: [0.0; 2],
    max: [0.0; 2],
    start: 0,
    end: 0,
    children: 0,
    chosen: 0,
};

/// Sorted points that will become one node.
struct Run<'a> {
    start: u32,
    keys: &'a mut [u64],
    xy: &'a mut [[f32; 2]],
}

/// The quadrants of a run, and how many they are.
type Parts<'a> = ([Option<Run<'a>>; 4], usize);

impl<'a> Run<'a> {
    /// Makes the node, with the lowest chance of its points; its descendants are put behind `nodes`.
    fn grow(self, nodes: &mut Vec<Node>) -> (Node, u64) {
        let (parts, count) = match self.divide(LEAF) {
            Ok(parts) => parts,
            Err(run) => return run.leaf(),
        };
        let first = nodes.len();
        let children = first..first + count;
        nodes.resize(children.end, PLACEHOLDER);
        let mut lowest = None;
        for (slot, run) in children.clone().zip(parts.into_iter().flatten()) {
            let (node, chance) = run.grow(nodes);
            nodes[slot] = node;
            lowest = lowest.into_iter().chain([(chance, node.chosen)]).min();
        }
        let node = Node::above(&nodes[children], first as u32, lowest);
        (node, lowest.map_or(u64::MAX, |(chance, _)| chance))
    }

    /// Its quadrants, if it has more than that many points that do not all lie at one position.
    fn divide(mut self, most: usize) -> Result<Parts<'a>, Self> {
        if self.keys.len() <= most {
            return Err(self);
        }
        let mut differing = self.differing();
        if differing == 0 {
            let leaf = self.leaf();
            if leaf.0.min == leaf.0.max {
                return Err(self);
            }
            self.divide_afresh();
            differing = self.differing();
        }
        // The highest quadrant in which the points of the run differ.
        Ok(self.quadrants(32 + (differing.ilog2() & !1)))
    }

    fn leaf(&self) -> (Node, u64) {
        let first = (self.xy[0], self.xy[0]);
        let (min, max) = self.xy.iter().fold(first, |b, p| join(b, (*p, *p)));
        let places = self.start..self.start + self.keys.len() as u32;
        let chances = self.keys.iter().map(|&key| chance(index(key)));
        let lowest = chances.zip(places.clone()).min().unwrap_or((u64::MAX, 0));
        let node = Node {
            min,
            max,
            start: places.start,
            end: places.end,
            children: 0,
            chosen: lowest.1,
        };
        (node, lowest.0)
    }

    /// Bits in which the keys of the first and the last point differ: the run is sorted.
    fn differing(&self) -> u32 {
        let cell = |key: &u64| (key >> 32) as u32;
        self.keys.first().map_or(0, cell) ^ self.keys.last().map_or(0, cell)
    }

    /// A lattice of its own for points that all fell into one cell.
    fn divide_afresh(&mut self) {
        let Some(lattice) = Lattice::around(self.xy) else {
            return;
        };
        let mut keys: Vec<u64> = (0..)
            .zip(self.xy.iter())
            .map(|(place, point)| lattice.key(*point, place))
            .collect();
        let indices: Vec<u32> = self.keys.iter().map(|&key| index(key)).collect();
        let xy = sort(&mut keys, self.xy);
        self.xy.copy_from_slice(&xy);
        for (key, sorted) in self.keys.iter_mut().zip(keys) {
            let cell = sorted & !u64::from(u32::MAX);
            *key = cell | u64::from(indices[index(sorted) as usize]);
        }
    }

    /// Cuts the run where the two bits at `shift` change, into at most four.
    fn quadrants(self, shift: u32) -> Parts<'a> {
        let Self {
            mut start,
            mut keys,
            mut xy,
        } = self;
        let mut parts = [const { None }; 4];
        let mut count = 0;
        for part in &mut parts {
            let Some(first) = keys.first() else { break };
            let quadrant = first >> shift;
            let length = length_of(keys, |key| key >> shift == quadrant);
            let (here, rest) = keys.split_at_mut(length);
            let (here_xy, rest_xy) = xy.split_at_mut(length);
            *part = Some(Run {
                start,
                keys: here,
                xy: here_xy,
            });
            count += 1;
            start += length as u32;
            (keys, xy) = (rest, rest_xy);
        }
        (parts, count)
    }
}

/// Number of the first keys for which `holds`; of few, one after another.
#[inline]
fn length_of(keys: &[u64], holds: impl Fn(&u64) -> bool) -> usize {
    if keys.len() > 64 {
        keys.partition_point(holds)
    } else {
        keys.iter().take_while(|key| holds(key)).count()
    }
}

impl Node {
    /// The one above some, the first of which lies at `first`, with the lowest chance among their points and its place.
    fn above(children: &[Self], first: u32, lowest: Option<(u64, u32)>) -> Self {
        let corners = |node: &Self| (node.min, node.max);
        let (min, max) = children
            .iter()
            .map(corners)
            .fold(corners(&children[0]), join);
        Self {
            min,
            max,
            start: children[0].start,
            end: children[children.len() - 1].end,
            children: first << 3 | children.len() as u32,
            chosen: lowest.map_or(0, |(_, place)| place),
        }
    }

    /// The same with its children `by` nodes further on.
    fn moved(self, by: u32) -> Self {
        Self {
            children: if self.children == 0 {
                0
            } else {
                self.children + (by << 3)
            },
            ..self
        }
    }
}
