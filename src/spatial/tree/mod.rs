//! Points ordered along a quadtree: every node is a run of points with tight bounds and one of them,
//! chosen by chance, to stand for all.

mod build;
mod nearest;
mod parts;
mod select;
mod sort;

use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

pub use parts::{KeptTree, PartsError};

/// A run of points that lie together.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct Node {
    /// Lower corner of the smallest box around its points.
    pub min: [f32; 2],
    /// Upper corner.
    pub max: [f32; 2],
    start: u32,
    end: u32,
    /// Index of the first child times 8, plus the number of children; 0 for a leaf.
    children: u32,
    /// The place whose point stands for all of them.
    chosen: u32,
}

impl Node {
    /// Places of its points.
    #[must_use]
    pub fn places(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Number of points, at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// Indices of its children in [`TileTree::nodes`], larger than its own; empty for a leaf.
    #[must_use]
    pub fn children(&self) -> Range<usize> {
        let first = (self.children >> 3) as usize;
        first..first + (self.children & 7) as usize
    }

    /// Whether it has no children: its points are looked at one by one.
    #[must_use]
    pub fn is_leaf(&self) -> bool {
        self.children == 0
    }

    /// One of its points, by place, each with the same chance: what stands for a crowd.
    #[must_use]
    pub fn chosen(&self) -> usize {
        self.chosen as usize
    }

    /// Squared distance from `at` to the box, 0 inside.
    fn distance_squared(&self, at: [f64; 2]) -> f64 {
        [0, 1]
            .map(|i| {
                let outside = (f64::from(self.min[i]) - at[i]).max(at[i] - f64::from(self.max[i]));
                outside.max(0.0).powi(2)
            })
            .iter()
            .sum()
    }
}

/// Points in the order of a quadtree (Morton 1966), which adapts: a cell that holds most points is
/// divided afresh, so that one far outlier does not cost the others their tree.
///
/// A point is known by its *place* in that order; [`order`](Self::order) leads back to its index.
/// Points that are not finite have no place.
#[derive(Debug, Clone, Default)]
pub struct TileTree {
    points: Vec<[f32; 2]>,
    order: Vec<u32>,
    nodes: Vec<Node>,
}

impl TileTree {
    /// Orders `points` on all threads; the result does not depend on their number.
    #[must_use]
    pub fn new(points: &[[f32; 2]]) -> Self {
        build::build(points)
    }

    /// Positions by place.
    #[must_use]
    pub fn points(&self) -> &[[f32; 2]] {
        &self.points
    }

    /// Index, among the points given to [`new`](Self::new), of each place.
    #[must_use]
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// The chance of the point at `place` to stand for others: the lowest of a crowd does, and no
    /// two points have the same.
    #[must_use]
    pub fn chance(&self, place: usize) -> u64 {
        build::chance(self.order[place])
    }

    /// All nodes, the root first, level after level; a child comes after its parent.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The levels of [`nodes`](Self::nodes), from the root down.
    #[must_use]
    pub fn levels(&self) -> Vec<Range<usize>> {
        let mut levels = Vec::new();
        let mut level = 0..self.nodes.len().min(1);
        while !level.is_empty() {
            levels.push(level.clone());
            let parent = self.nodes[level.clone()]
                .iter()
                .rev()
                .find(|n| !n.is_leaf());
            level = level.end..parent.map_or(level.end, |node| node.children().end);
        }
        levels
    }

    /// The root; `None` without points.
    #[must_use]
    pub fn root(&self) -> Option<&Node> {
        self.nodes.first()
    }

    /// Bytes held beyond the positions themselves.
    #[must_use]
    pub fn overhead_bytes(&self) -> usize {
        size_of_val(&self.order[..]) + size_of_val(&self.nodes[..]) + size_of_val(&self.points[..])
    }

    /// The places of about `most` points of which every one had the same chance, in order; all of
    /// them when there are no more. A sample holds every smaller sample.
    #[must_use]
    pub fn sample(&self, most: usize) -> Vec<u32> {
        let n = self.order.len();
        let below = if most >= n {
            u64::MAX
        } else {
            (u128::from(u64::MAX) * most as u128 / n as u128) as u64
        };
        (0..n as u32)
            .into_par_iter()
            .filter(|&place| build::chance(self.order[place as usize]) <= below)
            .collect()
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_parts;
