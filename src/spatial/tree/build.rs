//! Building a tree: sort by Morton key, then cut the run wherever a quadrant ends.

use rayon::prelude::*;

use super::{Node, TileTree};

/// Most points of a leaf, unless they are all at one position.
pub(super) const LEAF: usize = 8;
/// Runs longer than this are cut on several threads.
const PARALLEL: usize = 100_000;
/// Cells along a side of one lattice.
const CELLS: f64 = 65_536.0;
/// Sorts after every key that a point can have.
const NOWHERE: u64 = u64::MAX;

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
    let mut nodes = vec![PLACEHOLDER];
    let all = Run {
        start: 0,
        keys: &mut keys,
        xy: &mut xy,
    };
    nodes[0] = all.grow(&mut nodes).0;
    TileTree {
        order: keys.par_iter().map(|&key| index(key)).collect(),
        points: xy,
        nodes: by_level(&nodes),
    }
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

/// Sorts by Morton key, drops [`NOWHERE`] and returns the points in that order; points of one cell
/// stay in the order of their indices. Counts the highest byte, then the others within what fits a
/// cache.
fn sort(keys: &mut Vec<u64>, points: &[[f32; 2]]) -> Vec<[f32; 2]> {
    if keys.len() < SMALL {
        keys.retain(|&key| key != NOWHERE);
        keys.sort_unstable();
        return keys
            .iter()
            .map(|&key| points[index(key) as usize])
            .collect();
    }
    let mut places = [0_usize; 257];
    keys.iter().for_each(|&key| places[bucket(key)] += 1);
    let finite = keys.len() - places[256];
    let mut before = 0;
    for place in &mut places {
        before += std::mem::replace(place, before);
    }
    let starts = places;
    let mut source = vec![0; finite];
    let mut near = vec![[0.0; 2]; finite];
    for (key, point) in keys.iter().zip(points).filter(|(key, _)| **key != NOWHERE) {
        let place = &mut places[bucket(*key)];
        source[*place] = *key;
        near[*place] = *point;
        *place += 1;
    }
    keys.truncate(finite);
    let mut rest = (&mut source[..], &mut keys[..], &mut near[..]);
    let mut buckets = Vec::with_capacity(256);
    for length in starts.windows(2).map(|ends| ends[1] - ends[0]) {
        let (source, source_after) = rest.0.split_at_mut(length);
        let (target, target_after) = rest.1.split_at_mut(length);
        let (near, near_after) = rest.2.split_at_mut(length);
        if length > 0 {
            buckets.push((source, target, near));
        }
        rest = (source_after, target_after, near_after);
    }
    let order = |(source, target, near): Bucket<'_>| order_bucket(source, target, near);
    if finite > PARALLEL {
        buckets.into_par_iter().for_each(order);
    } else {
        buckets.into_iter().for_each(order);
    }
    near
}

/// Keys, memory for them, and their points.
type Bucket<'a> = (&'a mut [u64], &'a mut [u64], &'a mut [[f32; 2]]);

/// The highest byte of the Morton key, or 256 for [`NOWHERE`].
fn bucket(key: u64) -> usize {
    if key == NOWHERE {
        256
    } else {
        (key >> 56) as usize
    }
}

/// Sorts the keys of one bucket from `source` into `target`, and the points with them.
fn order_bucket(source: &mut [u64], target: &mut [u64], points: &mut [[f32; 2]]) {
    let cell = |key: u64| key & !u64::from(u32::MAX);
    // What is sorted is the place in the bucket, so that points are fetched from nearby.
    for (place, (key, target)) in source.iter().zip(target.iter_mut()).enumerate() {
        *target = cell(*key) | place as u64;
    }
    let indices: Vec<u32> = source.iter().map(|&key| index(key)).collect();
    if target.len() < SMALL {
        target.sort_unstable();
    } else {
        scatter(target, source, 32);
        scatter(source, target, 40);
        scatter(target, source, 48);
        target.copy_from_slice(source);
    }
    let unordered = points.to_vec();
    for (key, point) in target.iter_mut().zip(points) {
        let place = index(*key) as usize;
        *point = unordered[place];
        *key = cell(*key) | u64::from(indices[place]);
    }
}

/// Runs shorter than this are sorted by comparison.
const SMALL: usize = 512;

/// Orders keys by the byte at `shift`; equal bytes keep their order.
fn scatter(source: &[u64], target: &mut [u64], shift: u32) {
    let mut places = [0_usize; 256];
    for key in source {
        places[(key >> shift & 255) as usize] += 1;
    }
    let mut before = 0;
    for place in &mut places {
        before += std::mem::replace(place, before);
    }
    for key in source {
        let place = &mut places[(key >> shift & 255) as usize];
        target[*place] = *key;
        *place += 1;
    }
}

fn index(key: u64) -> u32 {
    key as u32
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

impl Run<'_> {
    /// Makes the node, with the lowest chance of its points; its descendants are put behind `nodes`.
    fn grow(mut self, nodes: &mut Vec<Node>) -> (Node, u64) {
        if self.keys.len() <= LEAF {
            return self.leaf();
        }
        let mut differing = self.differing();
        if differing == 0 {
            let leaf = self.leaf();
            if leaf.0.min == leaf.0.max {
                return leaf;
            }
            self.divide_afresh();
            differing = self.differing();
        }
        // The highest quadrant in which the points of the run differ.
        let shift = 32 + (differing.ilog2() & !1);
        let parallel = self.keys.len() > PARALLEL;
        let (start, end) = (self.start, self.start + self.keys.len() as u32);
        let (quadrants, count) = self.quadrants(shift);
        let first = nodes.len();
        let children = first..first + count;
        nodes.resize(children.end, PLACEHOLDER);
        let mut lowest = (u64::MAX, u32::MAX);
        if parallel {
            let quadrants: Vec<Self> = quadrants.into_iter().flatten().collect();
            let grown: Vec<_> = quadrants
                .into_par_iter()
                .map(|run| {
                    let mut below = Vec::new();
                    (run.grow(&mut below), below)
                })
                .collect();
            for (slot, ((node, chance), below)) in children.clone().zip(grown) {
                let behind = nodes.len() as u32;
                nodes[slot] = node.moved(behind);
                nodes.extend(below.into_iter().map(|n| n.moved(behind)));
                lowest = lowest.min((chance, node.chosen));
            }
        } else {
            for (slot, run) in children.clone().zip(quadrants.into_iter().flatten()) {
                let (node, chance) = run.grow(nodes);
                nodes[slot] = node;
                lowest = lowest.min((chance, node.chosen));
            }
        }
        let corners = |n: &Node| (n.min, n.max);
        let below = &nodes[children];
        let (min, max) = below.iter().map(corners).fold(corners(&below[0]), join);
        let node = Node {
            min,
            max,
            start,
            end,
            children: (first as u32) << 3 | below.len() as u32,
            chosen: lowest.1,
        };
        (node, lowest.0)
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
    fn quadrants(self, shift: u32) -> ([Option<Self>; 4], usize) {
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
