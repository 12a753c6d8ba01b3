//! The tree behind the repulsion of t-SNE (Barnes & Hut 1986): what is far away acts as one point.

use rayon::prelude::*;

/// Points of a leaf.
const LEAF: usize = 8;
/// Bits of a coordinate in the order along the tree; three of them fit into 64 bits.
const BITS: u32 = 20;
/// A cell acts as a whole beyond this many times its width (as `theta` 0.5).
const FAR: f32 = 2.0;

struct Node<const D: usize> {
    /// Mean position of its points.
    middle: [f32; D],
    count: f32,
    /// Square of the distance beyond which it acts as a whole.
    far2: f32,
    /// The next node that is not inside it; those inside come right after it.
    skip: u32,
    first: u32,
    /// 0 where the node has children.
    points: u32,
}

/// Points in the order of a tree over them.
pub struct Tree<const D: usize> {
    nodes: Vec<Node<D>>,
    points: Vec<[f32; D]>,
    /// Number of each of them.
    order: Vec<u32>,
}

impl<const D: usize> Tree<D> {
    /// Orders finite points.
    pub fn new(positions: &[[f32; D]]) -> Self {
        let (mut low, mut high) = ([f32::INFINITY; D], [f32::NEG_INFINITY; D]);
        for p in positions {
            for d in 0..D {
                low[d] = low[d].min(p[d]);
                high[d] = high[d].max(p[d]);
            }
        }
        let width = (0..D).fold(f32::MIN_POSITIVE, |w, d| w.max(high[d] - low[d]));
        let cells = (1u64 << BITS) as f32;
        let mut keys: Vec<(u64, u32)> = positions
            .par_iter()
            .enumerate()
            .map(|(i, p)| {
                let cell =
                    |d: usize| (((p[d] - low[d]) / width * cells) as u64).min((1 << BITS) - 1);
                let cells: [u64; D] = std::array::from_fn(cell);
                (key(cells), i as u32)
            })
            .collect();
        keys.par_sort_unstable();
        let order: Vec<u32> = keys.iter().map(|k| k.1).collect();
        let points: Vec<[f32; D]> = order.iter().map(|&i| positions[i as usize]).collect();
        let mut tree = Self {
            nodes: Vec::with_capacity(positions.len() / 2),
            points,
            order,
        };
        if !keys.is_empty() {
            tree.add(&keys, 0, keys.len(), BITS, width);
        }
        tree
    }

    /// Adds the node of the points `first..end`, which share all but the last `level` bits of each
    /// coordinate; returns the sum of their positions.
    fn add(
        &mut self,
        keys: &[(u64, u32)],
        first: usize,
        end: usize,
        level: u32,
        width: f32,
    ) -> [f64; D] {
        let at = self.nodes.len();
        let leaf = end - first <= LEAF || level == 0;
        self.nodes.push(Node {
            middle: [0.0; D],
            count: (end - first) as f32,
            far2: (FAR * width).powi(2),
            skip: 0,
            first: first as u32,
            points: if leaf { (end - first) as u32 } else { 0 },
        });
        let mut sum = [0f64; D];
        if leaf {
            for p in &self.points[first..end] {
                for d in 0..D {
                    sum[d] += f64::from(p[d]);
                }
            }
        } else {
            let child = |key: u64| key >> ((level - 1) * D as u32);
            let mut from = first;
            while from < end {
                let own = child(keys[from].0);
                let to = from + keys[from..end].partition_point(|k| child(k.0) == own);
                let part = self.add(keys, from, to, level - 1, width / 2.0);
                for d in 0..D {
                    sum[d] += part[d];
                }
                from = to;
            }
        }
        let skip = self.nodes.len() as u32;
        let node = &mut self.nodes[at];
        node.middle = sum.map(|s| (s / (end - first) as f64) as f32);
        node.skip = skip;
        sum
    }

    /// Number of each point, in the tree's order.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Repulsion on the point at `place`, not yet divided by the sum over all pairs, and its part of
    /// that sum.
    pub fn repulsion(&self, place: usize) -> ([f32; D], f32) {
        let point = self.points[place];
        let (mut force, mut total) = ([0f32; D], 0f32);
        let mut act = |other: &[f32; D], count: f32, d2: f32| {
            let q = 1.0 / (1.0 + d2);
            total += count * q;
            let strength = count * q * q;
            for d in 0..D {
                force[d] += strength * (point[d] - other[d]);
            }
        };
        let distance2 = |other: &[f32; D]| {
            (0..D).fold(0.0, |sum, d| {
                sum + (point[d] - other[d]) * (point[d] - other[d])
            })
        };
        let mut at = 0;
        while let Some(node) = self.nodes.get(at) {
            let d2 = distance2(&node.middle);
            if d2 > node.far2 {
                act(&node.middle, node.count, d2);
                at = node.skip as usize;
            } else if node.points > 0 {
                let first = node.first as usize;
                for other in &self.points[first..first + node.points as usize] {
                    act(other, 1.0, distance2(other));
                }
                at = node.skip as usize;
            } else {
                at += 1;
            }
        }
        // the point itself was among them
        (force, total - 1.0)
    }
}

/// The bits of the coordinates in turn, highest first.
fn key<const D: usize>(cells: [u64; D]) -> u64 {
    (0..BITS).rev().fold(0, |key, bit| {
        cells
            .iter()
            .fold(key, |key, cell| key << 1 | cell >> bit & 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::rng::Rng;

    fn compare<const D: usize>(positions: &[[f32; D]]) {
        let tree = Tree::new(positions);
        assert_eq!(tree.order().len(), positions.len());
        for place in (0..positions.len()).step_by(7) {
            let p = positions[tree.order()[place] as usize];
            let (force, total) = tree.repulsion(place);
            let (mut exact, mut sum) = ([0f64; D], -1f64);
            for o in positions {
                let d2: f64 = (0..D).map(|d| f64::from(p[d] - o[d]).powi(2)).sum();
                let q = 1.0 / (1.0 + d2);
                sum += q;
                (0..D).for_each(|d| exact[d] += q * q * f64::from(p[d] - o[d]));
            }
            let norm = |f: &[f64]| f.iter().map(|v| v * v).sum::<f64>().sqrt();
            let error: Vec<f64> = (0..D).map(|d| f64::from(force[d]) - exact[d]).collect();
            let off = f64::from(total) - sum;
            assert!(off.abs() < 0.04 * sum + 1e-5, "{total} {sum}");
            let most = 0.05 * norm(&exact) + 0.01 * sum + 1e-6;
            assert!(norm(&error) < most, "{force:?} {exact:?}");
        }
    }

    #[test]
    fn repulsion_is_nearly_that_of_all_pairs() {
        let mut rng = Rng::new(1, 2, 3);
        let flat: Vec<[f32; 2]> = (0..1500)
            .map(|i| {
                [
                    20.0 * rng.signed() + (i % 5 * 30) as f32,
                    9.0 * rng.signed(),
                ]
            })
            .collect();
        compare(&flat);
        let solid: Vec<[f32; 3]> = (0..900)
            .map(|_| [5.0 * rng.signed(), 9.0 * rng.signed(), rng.signed()])
            .collect();
        compare(&solid);
        compare(&[[0.5f32, 0.5]; 100]);
        compare::<2>(&[[1.0, 1.0]]);
        compare::<2>(&[]);
    }
}
