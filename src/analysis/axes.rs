//! Principal axes of a sample: Gram matrix by blocks, eigenvectors by faer.

use crate::analysis::points::Space;
use crate::analysis::rng::spread_sample;
use crate::analysis::simd;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par, Side};
use rayon::prelude::*;

const BLOCK_ROWS: usize = 1024;

/// Orthonormal directions of largest variance, about a centre.
pub struct Axes {
    pub centre: Vec<f32>,
    /// `count` rows of `dim` values padded to whole vectors, largest variance first.
    pub rows: Vec<f32>,
    pub count: usize,
    pub width: usize,
}

impl Axes {
    /// All components of centred padded rows, into rows of `stride` values.
    pub fn project(&self, centred: &[f32], out: &mut [f32], stride: usize) {
        let n = centred.len() / self.width;
        let x = MatRef::from_row_major_slice(centred, n, self.width);
        let axes = MatRef::from_row_major_slice(&self.rows, self.count, self.width);
        let out = MatMut::from_row_major_slice_mut(out, n, stride).subcols_mut(0, self.count);
        matmul(out, Accum::Replace, x, axes.transpose(), 1.0, Par::Seq);
    }

    /// Component `c` of a padded row that has been centred.
    #[inline]
    pub fn component(&self, c: usize, centred: &[f32]) -> f32 {
        simd::dot(&self.rows[c * self.width..(c + 1) * self.width], centred)
    }
}

/// The centre used everywhere: the median of each coordinate over a sample, which one far
/// outlier cannot move.
pub fn robust_centre(space: &Space<'_>, seed: u64) -> Vec<f32> {
    let dim = space.dim();
    let sample = spread_sample(space.points.len(), 501, seed ^ 0xce);
    let mut rows = vec![0f32; sample.len() * dim];
    for (&i, r) in sample.iter().zip(rows.chunks_exact_mut(dim)) {
        space.write(i as usize, r);
    }
    let mut column = vec![0f32; sample.len()];
    let mut centre = vec![0f32; simd::padded(dim)];
    for (j, c) in centre.iter_mut().enumerate().take(dim) {
        for (v, r) in column.iter_mut().zip(rows.chunks_exact(dim)) {
            *v = r[j];
        }
        if let Some(m) = column.len().checked_sub(1) {
            *c = *column.select_nth_unstable_by(m / 2, f32::total_cmp).1;
        }
    }
    centre
}

/// The leading principal axes of at most `sample` rows: `count`, or as many more as it takes to
/// hold the share `enough` of the variance.
pub fn principal_axes(
    space: &Space<'_>,
    count: usize,
    enough: f64,
    sample: usize,
    seed: u64,
) -> Axes {
    let dim = space.dim();
    let width = simd::padded(dim);
    let centre = robust_centre(space, seed);
    let chosen = spread_sample(space.points.len(), sample, seed ^ 0x9ca);
    let mut gram = Mat::<f64>::zeros(dim, dim);
    let mut sum = vec![0f64; dim];
    // blocks in waves, added in order: the sum does not depend on the threads
    for wave in chosen.chunks(BLOCK_ROWS * 8) {
        let parts: Vec<(Mat<f32>, Vec<f64>)> = wave
            .par_chunks(BLOCK_ROWS)
            .map(|ids| block_gram(space, ids, &centre))
            .collect();
        for (g, s) in parts {
            for (a, b) in sum.iter_mut().zip(s) {
                *a += b;
            }
            for j in 0..dim {
                for i in 0..dim {
                    gram[(i, j)] += f64::from(g[(i, j)]);
                }
            }
        }
    }
    let n = chosen.len().max(1) as f64;
    for j in 0..dim {
        for i in 0..dim {
            gram[(i, j)] = gram[(i, j)] / n - sum[i] * sum[j] / (n * n);
        }
    }
    let mut count = count.min(dim);
    let total: f64 = (0..dim).map(|i| gram[(i, i)]).sum();
    let eigen = gram.self_adjoint_eigen(Side::Lower);
    if let Ok(eigen) = &eigen {
        let values = eigen.S().column_vector();
        let held = |count: usize| (dim - count..dim).map(|i| values[i]).sum::<f64>();
        while count < dim && held(count) < enough * total {
            count = (count + 32).min(dim);
        }
    }
    let mut rows = vec![0f32; count * width];
    if let Ok(eigen) = &eigen {
        let u = eigen.U();
        for (c, row) in rows.chunks_exact_mut(width).enumerate() {
            let column = dim - 1 - c;
            // sign: the largest entry is positive, so the map never flips between runs
            let lead = (0..dim)
                .max_by(|&a, &b| u[(a, column)].abs().total_cmp(&u[(b, column)].abs()))
                .unwrap_or(0);
            let sign = if u[(lead, column)] < 0.0 { -1.0 } else { 1.0 };
            for (i, v) in row.iter_mut().take(dim).enumerate() {
                *v = (u[(i, column)] * sign) as f32;
            }
        }
    } else {
        // cannot happen for a finite matrix; coordinate axes are still a valid answer
        for (c, row) in rows.chunks_exact_mut(width).enumerate() {
            row[c] = 1.0;
        }
    }
    let mut shifted = centre;
    for (c, s) in shifted.iter_mut().zip(&sum) {
        *c += (s / n) as f32;
    }
    Axes {
        centre: shifted,
        rows,
        count,
        width,
    }
}

fn block_gram(space: &Space<'_>, ids: &[u32], centre: &[f32]) -> (Mat<f32>, Vec<f64>) {
    let dim = space.dim();
    let mut b = vec![0f32; ids.len() * dim];
    let mut sum = vec![0f64; dim];
    for (&i, r) in ids.iter().zip(b.chunks_exact_mut(dim)) {
        space.write(i as usize, r);
        for ((v, c), s) in r.iter_mut().zip(centre).zip(sum.iter_mut()) {
            *v -= c;
            *s += f64::from(*v);
        }
    }
    let b = MatRef::from_row_major_slice(&b, ids.len(), dim);
    let mut g = Mat::<f32>::zeros(dim, dim);
    matmul(&mut g, Accum::Replace, b.transpose(), b, 1.0, Par::Seq);
    (g, sum)
}
