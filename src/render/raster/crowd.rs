//! How crowded a view is.

use rayon::prelude::*;

use super::super::steps::Histogram;
use super::fixed::{Lattice, SUBPIXELS};
use super::{PointGroup, PointLayer};
use crate::memory::prefetch;

/// Side of the nodes that are looked at, 1/256 px.
const PATCH: i32 = 16 * SUBPIXELS;
/// So many nodes are shared out among the threads.
const SHARED: usize = 64;

/// Markers over a pixel where the view is crowded: the number that nine tenths of the points in view
/// stay below, from nodes of a few pixels.
pub(super) fn crowd(layer: &PointLayer<'_>, lattice: &Lattice, size_px: [i32; 2]) -> f32 {
    // Of groups of different sizes, a marker of the mean area.
    let sum = |of: &dyn Fn(&PointGroup<'_>) -> f64| layer.groups.iter().map(of).sum::<f64>();
    let count = |group: &PointGroup<'_>| group.shades.count() as f64;
    let area = sum(&|group| count(group) * f64::from(group.size).powi(2)) / sum(&count).max(1.0);
    let radius = layer.style.radius_px * area.sqrt() as f32;
    let view = View {
        layer,
        lattice,
        size: size_px.map(|side| side * SUBPIXELS),
        least_px: (1.772 * radius).max(1.0),
    };
    let (mut open, mut patches) = (vec![0], Vec::new());
    while !open.is_empty() && open.len() < SHARED {
        open = view.below(&open, &mut patches);
    }
    let shares = open.par_chunks(SHARED / 16).map(|share| {
        let (mut open, mut patches) = (share.to_vec(), Vec::new());
        while !open.is_empty() {
            open = view.below(&open, &mut patches);
        }
        patches
    });
    patches.par_extend(shares.flatten_iter());
    let mut histogram = Histogram::new(f32::MIN_POSITIVE);
    for (per_px, count) in &patches {
        histogram.add(*per_px, u64::from(*count));
    }
    let below = (histogram.total() * 9 / 10).saturating_sub(1);
    let per_px = histogram.ranked(below).unwrap_or(0.0);
    per_px * std::f32::consts::PI * radius * radius
}

/// Where nodes are looked at.
struct View<'a> {
    layer: &'a PointLayer<'a>,
    lattice: &'a Lattice,
    /// 1/256 px.
    size: [i32; 2],
    /// Over fewer pixels than its marker a point is not spread.
    least_px: f32,
}

impl View<'_> {
    /// Adds the nodes that are small enough to the patches, each with its points for a pixel and their number, and gives
    /// the children of the others.
    fn below(&self, open: &[usize], patches: &mut Vec<(f32, u32)>) -> Vec<usize> {
        let (nodes, groups) = (self.layer.tree.nodes(), self.layer.groups);
        let mut next = Vec::new();
        for &at in open {
            let Some(node) = nodes.get(at) else {
                break;
            };
            let boxed = self.lattice.boxed(node);
            let outside = (0..2).any(|i| boxed.max[i] < 0 || boxed.min[i] > self.size[i]);
            let count: u32 = groups.iter().map(|g| g.shades.nodes()[at].count).sum();
            if count == 0 || outside {
                continue;
            }
            if node.is_leaf() || boxed.side() <= PATCH {
                let side = |i: usize| {
                    let side = (boxed.max[i] - boxed.min[i]) as f32 / SUBPIXELS as f32;
                    side.max(self.least_px)
                };
                patches.push((count as f32 / (side(0) * side(1)), count));
            } else {
                prefetch(&nodes[node.children()]);
                for group in groups {
                    prefetch(&group.shades.nodes()[node.children()]);
                }
                next.extend(node.children());
            }
        }
        next
    }
}
