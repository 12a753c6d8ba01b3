//! Where the points start: their first principal components.

use crate::analysis::axes::principal_axes;
use crate::analysis::points::Space;
use crate::analysis::rng::Rng;
use crate::analysis::simd;
use rayon::prelude::*;

/// Largest coordinate of the start, and the size of the noise that parts identical points.
const EXTENT: f32 = 10.0;
const NOISE: f32 = 1e-3;
/// Rows the principal axes are taken from: more do not change them visibly.
const SAMPLE: usize = 8_192;
/// Points farther than this many times the median are drawn in.
const FAR: f32 = 10.0;

/// Start positions by vertex (vertex `v` is point `order[v]`).
pub fn principal_start<const D: usize>(
    space: &Space<'_>,
    order: &[u32],
    seed: u64,
) -> Vec<[f32; D]> {
    let axes = principal_axes(space, D, 0.0, SAMPLE, seed);
    let mut out = vec![[0f32; D]; order.len()];
    out.par_chunks_mut(256)
        .zip(order.par_chunks(256))
        .for_each_init(
            || (vec![0f32; axes.width], vec![0f32; axes.width]),
            |(row, centred), (out, ids)| {
                for (o, &i) in out.iter_mut().zip(ids) {
                    space.write(i as usize, row);
                    simd::centred(centred, row, &axes.centre);
                    for (c, v) in o.iter_mut().enumerate().take(axes.count) {
                        *v = axes.component(c, centred);
                    }
                }
            },
        );
    settle(&mut out, order, seed);
    out
}

/// Scales positions, and parts those that are the same.
pub(super) fn settle<const D: usize>(positions: &mut [[f32; D]], order: &[u32], seed: u64) {
    scale(positions);
    for (p, &i) in positions.iter_mut().zip(order) {
        let mut rng = Rng::new(seed, 0x1417, u64::from(i));
        for v in p {
            *v += NOISE * rng.signed();
        }
    }
}

/// Scales to [`EXTENT`], far points drawn in so that one cannot squeeze all the others.
pub(super) fn scale<const D: usize>(points: &mut [[f32; D]]) {
    let norm = |p: &[f32; D]| p.iter().map(|v| v * v).sum::<f32>().sqrt();
    let mut norms: Vec<f32> = points.iter().map(norm).filter(|v| *v > 0.0).collect();
    if norms.is_empty() {
        return;
    }
    let middle = norms.len() / 2;
    let limit = FAR * *norms.select_nth_unstable_by(middle, f32::total_cmp).1;
    let mut largest = 0f32;
    for p in points.iter_mut() {
        let r = norm(p);
        if r > limit {
            p.iter_mut().for_each(|v| *v *= limit / r);
        }
        largest = p.iter().fold(largest, |m, v| m.max(v.abs()));
    }
    if largest > 0.0 {
        points
            .iter_mut()
            .flatten()
            .for_each(|v| *v *= EXTENT / largest);
    }
}
