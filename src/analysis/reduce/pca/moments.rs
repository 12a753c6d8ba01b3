//! Mean and covariance of rows that arrive in any number, on any machine.

use faer::Mat;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, s};
use rayon::prelude::*;

use super::blocks::{Block, Blocks};
use super::solve::{Spectrum, eigen};
use super::{Pca, PcaParams};
use crate::analysis::reduce::ReduceError;
use crate::progress::Progress;

/// Count, mean and covariance of rows of `d` values: all that principal components need, in `d * d`
/// numbers. Parts of a data set are summed apart and [merged](Self::merge).
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    blocks: Blocks,
    gram: Gram,
}

/// Sum of the outer products of shifted rows, `d x d`, row-major; on and above the diagonal.
#[derive(Debug, Clone, PartialEq)]
struct Gram {
    dim: usize,
    values: Vec<f64>,
}

/// That of one block.
struct Part {
    near: Array2<f32>,
    far: Option<Array2<f64>>,
}

impl Part {
    fn of(block: &Block) -> Self {
        let dim = block.near.ncols();
        // In stripes from the diagonal on: five eighths of the products of the whole.
        let stripe = (dim / 4).next_multiple_of(16).max(32);
        let mut near = Array2::zeros((dim, dim));
        for first in (0..dim).step_by(stripe) {
            let rows = first..(first + stripe).min(dim);
            let left = block.near.slice(s![.., rows.clone()]);
            let right = block.near.slice(s![.., first..]);
            let mut product = near.slice_mut(s![rows, first..]);
            general_mat_mul(1.0, &left.t(), &right, 0.0, &mut product);
        }
        let far = (!block.far.is_empty()).then(|| block.far.t().dot(&block.far));
        Self { near, far }
    }
}

impl Gram {
    /// Adds in the order of the blocks, whatever the threads.
    fn add(&mut self, parts: &[Part]) {
        let rows = self.values.par_chunks_mut(self.dim).enumerate();
        rows.for_each(|(i, row)| {
            for part in parts {
                let near = part.near.row(i);
                row.iter_mut()
                    .zip(near)
                    .skip(i)
                    .for_each(|(all, v)| *all += f64::from(*v));
                if let Some(far) = &part.far {
                    row.iter_mut()
                        .zip(far.row(i))
                        .skip(i)
                        .for_each(|(all, v)| *all += v);
                }
            }
        });
    }
}

impl Moments {
    /// Of no rows yet; `dim` is at least 1.
    #[must_use]
    pub fn new(dim: usize) -> Self {
        let dim = dim.max(1);
        Self {
            blocks: Blocks::new(dim),
            gram: Gram {
                dim,
                values: vec![0.0; dim * dim],
            },
        }
    }

    /// Rows that were added.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.blocks.rows()
    }

    /// Adds rows, row-major; values beyond the last whole row are passed over.
    ///
    /// # Errors
    /// A value that is not finite; cancellation.
    pub fn add(&mut self, rows: &[f32], progress: &Progress) -> Result<(), ReduceError> {
        let whole = rows.len() - rows.len() % self.blocks.dim;
        let gram = &mut self.gram;
        self.blocks
            .push(&rows[..whole], progress, Part::of, |parts| gram.add(&parts))
    }

    /// Those of the rows of both.
    ///
    /// # Errors
    /// Rows of different lengths; a value that is not finite; cancellation.
    pub fn merge(mut self, mut other: Self, progress: &Progress) -> Result<Self, ReduceError> {
        let (dim, found) = (self.blocks.dim, other.blocks.dim);
        if dim != found {
            return Err(ReduceError::Unlike { dim, found });
        }
        self.finish(progress)?;
        other.finish(progress)?;
        if self.blocks.count == 0 {
            return Ok(other);
        }
        if other.blocks.count == 0 {
            return Ok(self);
        }
        // The rows of the other about this shift: each is longer by the difference.
        let (n, sum) = (other.blocks.count as f64, &other.blocks.sum);
        let shifts = other.blocks.shift.iter().zip(&self.blocks.shift);
        let moved: Vec<f64> = shifts.map(|(b, a)| f64::from(*b) - f64::from(*a)).collect();
        for i in 0..dim {
            for j in i..dim {
                self.gram.values[i * dim + j] += other.gram.values[i * dim + j]
                    + sum[i] * moved[j]
                    + moved[i] * sum[j]
                    + n * moved[i] * moved[j];
            }
            self.blocks.sum[i] += sum[i] + n * moved[i];
            self.blocks.squares += 2.0 * sum[i] * moved[i] + n * moved[i] * moved[i];
        }
        self.blocks.squares += other.blocks.squares;
        self.blocks.count += other.blocks.count;
        Ok(self)
    }

    /// The principal components, all variances exact.
    ///
    /// # Errors
    /// Fewer than two rows; rows shorter than the number of components; values so large that their
    /// products are not finite; cancellation.
    pub fn solve(mut self, params: PcaParams, progress: &Progress) -> Result<Pca, ReduceError> {
        self.finish(progress)?;
        let dim = self.blocks.dim;
        params.check(dim, self.rows())?;
        let n = self.blocks.count as f64;
        let mean: Vec<f64> = self.blocks.sum.iter().map(|s| s / n).collect();
        let covariance = Mat::from_fn(dim, dim, |i, j| {
            let products = self.gram.values[i.min(j) * dim + i.max(j)];
            (products - n * mean[i] * mean[j]) / (n - 1.0)
        });
        let total = (0..dim).map(|i| covariance[(i, i)].max(0.0)).sum();
        let Spectrum { values, vectors } = eigen(covariance, params.components, progress)?;
        Ok(Pca::new(&self.blocks, vectors, values, total))
    }

    fn finish(&mut self, progress: &Progress) -> Result<(), ReduceError> {
        let gram = &mut self.gram;
        self.blocks
            .finish(progress, Part::of, |parts| gram.add(&parts))
    }
}
