//! Principal component analysis (Pearson 1901) by a streamed covariance and a symmetric eigen-solve.
//!
//! Rows are taken in blocks; each block is shifted by an early estimate of the middle, multiplied
//! with itself in single precision (rows far out in double) and added up in double. So no `n x d`
//! copy is made, every variance is exact over the total (not over the kept components), and the
//! result does not depend on the number of threads or on how the rows arrive. Variances below a
//! ten-millionth of the largest drown in the rounding of the products. They divide by `n - 1`; the
//! sign of a component makes its largest loading positive. Of vectors longer than 2048 values the
//! first components are found by a randomised range finder instead, in a few passes.

mod blocks;
mod moments;
mod parts;
mod sketch;
mod solve;

pub use moments::Moments;

use linfa::DatasetBase;
use linfa::traits::{Fit, Transformer};
use ndarray::{Array2, ArrayBase, Data, Ix2};
use rayon::prelude::*;

use super::{InMemory, ReduceError, Rows};
use crate::progress::Progress;
use blocks::Blocks;

/// Longest vectors whose whole covariance is solved.
const LONGEST: usize = 2048;
/// Points transformed between two looks at the cancel flag.
const TRANSFORM_ROWS: usize = 65_536;
/// Points transformed by one thread at a time.
const CHUNK_ROWS: usize = 256;

/// How many components to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PcaParams {
    components: usize,
    seed: u64,
}

/// A fitted PCA: mean, components and variances.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    mean: Vec<f64>,
    /// `k x d`, row-major, orthonormal.
    components: Vec<f64>,
    variances: Vec<f64>,
    total: f64,
}

impl PcaParams {
    /// Keeps `components` (at least 1) principal components.
    #[must_use]
    pub fn new(components: usize) -> Self {
        Self {
            components: components.max(1),
            seed: 1,
        }
    }

    /// Seed of the random basis, which only vectors longer than 2048 values have need of.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Fits vectors wherever they are: in one pass up to 2048 values each, in five beyond.
    ///
    /// # Errors
    /// Fewer than two vectors; vectors shorter than the number of components; a value that is not
    /// finite; cancellation; what the source returns.
    pub fn fit_from<S: Rows>(&self, source: &mut S, progress: &Progress) -> Result<Pca, S::Error> {
        let (dim, expected) = (source.dim(), source.expected());
        // What is known to be wrong before the work.
        self.check(dim, 2)?;
        if dim > LONGEST {
            return sketch::fit(*self, source, progress);
        }
        let mut moments = Moments::new(dim);
        source.pass(&mut |rows| {
            // A few at a time, so that the bar moves.
            for rows in rows.chunks(dim << 15) {
                moments.add(rows, progress)?;
                progress.set(moments.rows(), expected)?;
            }
            Ok(())
        })?;
        Ok(moments.solve(*self, progress)?)
    }

    /// Fits `n x d` rows, row-major.
    ///
    /// # Errors
    /// Those of [`fit_from`](Self::fit_from).
    pub fn fit_rows(
        &self,
        values: &[f32],
        dim: usize,
        progress: &Progress,
    ) -> Result<Pca, ReduceError> {
        self.fit_from(&mut InMemory { values, dim }, progress)
    }

    fn check(&self, dim: usize, found: usize) -> Result<(), ReduceError> {
        if dim < self.components {
            return Err(ReduceError::TooShort {
                dims: self.components,
                found: dim,
            });
        }
        if found < 2 {
            return Err(ReduceError::TooFewVectors {
                method: "PCA",
                needed: 2,
                found,
            });
        }
        Ok(())
    }
}

impl Pca {
    /// `components` are unit vectors, one after the other.
    fn new(blocks: &Blocks, components: Vec<f64>, variances: Vec<f64>, total: f64) -> Self {
        let n = blocks.count as f64;
        let shifted = blocks.shift.iter().zip(&blocks.sum);
        Self {
            mean: shifted.map(|(s, sum)| f64::from(*s) + sum / n).collect(),
            components,
            variances,
            total,
        }
    }

    /// Length of the vectors, `d`.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.mean.len()
    }

    /// Number of kept components, `k`.
    #[must_use]
    pub fn components(&self) -> usize {
        self.components.len() / self.dim()
    }

    /// One component: a unit vector of `d` loadings.
    ///
    /// # Panics
    /// When there is no such component.
    #[must_use]
    pub fn component(&self, index: usize) -> &[f64] {
        &self.components[index * self.dim()..(index + 1) * self.dim()]
    }

    /// The mean vector.
    #[must_use]
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Variance along each principal axis, falling: all `d` of them, or the first 32 (as many as the
    /// components, where these are more) of vectors longer than 2048 values.
    #[must_use]
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// The sum of the variances of all `d` values, exact.
    #[must_use]
    pub fn total_variance(&self) -> f64 {
        self.total
    }

    /// Share of the total variance along each of the [`variances`](Self::variances); all zero when
    /// nothing varies.
    #[must_use]
    pub fn explained_variance_ratio(&self) -> Vec<f64> {
        let share = |v: &f64| {
            if self.total > 0.0 {
                v / self.total
            } else {
                0.0
            }
        };
        self.variances.iter().map(share).collect()
    }

    /// Coordinates of one vector: a pure function of it.
    fn project(&self, vector: &[f32], coords: &mut [f32]) {
        let components = self.components.chunks_exact(self.dim());
        for (coord, component) in coords.iter_mut().zip(components) {
            let (v, v_rest) = vector.as_chunks::<8>();
            let (m, m_rest) = self.mean.as_chunks::<8>();
            let (c, c_rest) = component.as_chunks::<8>();
            let mut lanes = [0.0_f64; 8];
            for ((v, m), c) in v.iter().zip(m).zip(c) {
                for lane in 0..8 {
                    lanes[lane] += (f64::from(v[lane]) - m[lane]) * c[lane];
                }
            }
            let rest = v_rest.iter().zip(m_rest).zip(c_rest);
            let rest = rest.map(|((v, m), c)| (f64::from(*v) - m) * c);
            *coord = lanes.into_iter().chain(rest).sum::<f64>() as f32;
        }
    }

    /// Coordinates (`n x k`, row-major) of vectors wherever they are; each depends on its vector
    /// alone.
    ///
    /// # Errors
    /// Cancellation; what the source returns.
    pub fn transform_from<S: Rows>(
        &self,
        source: &mut S,
        progress: &Progress,
    ) -> Result<Vec<f32>, S::Error> {
        let (dim, k, expected) = (self.dim(), self.components(), source.expected());
        let mut coords = Vec::new();
        source.pass(&mut |rows| {
            for rows in rows.chunks(TRANSFORM_ROWS * dim) {
                let first = coords.len();
                coords.resize(first + rows.len() / dim * k, 0.0);
                let chunks = coords[first..].par_chunks_mut(CHUNK_ROWS * k);
                chunks
                    .zip(rows.par_chunks(CHUNK_ROWS * dim))
                    .for_each(|(coords, rows)| {
                        let points = coords.chunks_exact_mut(k);
                        let vectors = rows.chunks_exact(dim);
                        points.zip(vectors).for_each(|(p, v)| self.project(v, p));
                    });
                progress.set(coords.len() / k, expected)?;
            }
            Ok(())
        })?;
        Ok(coords)
    }

    /// Coordinates (`n x k`) of `n x d` rows; each depends on its row alone.
    ///
    /// # Errors
    /// Cancellation.
    pub fn transform_rows(
        &self,
        values: &[f32],
        progress: &Progress,
    ) -> Result<Vec<f32>, ReduceError> {
        let dim = self.dim();
        self.transform_from(&mut InMemory { values, dim }, progress)
    }

    /// The vectors (`n x d`, row-major) of points (`n x k`) of the space of the components: the
    /// nearest that any vectors with these coordinates can be to their mean.
    #[must_use]
    pub fn inverse_rows(&self, coords: &[f32]) -> Vec<f32> {
        let mut vectors = Vec::with_capacity(coords.len() / self.components() * self.dim());
        let mut vector = Vec::new();
        for point in coords.chunks_exact(self.components()) {
            vector.clone_from(&self.mean);
            for (coord, component) in point.iter().zip(self.components.chunks_exact(self.dim())) {
                let values = vector.iter_mut().zip(component);
                values.for_each(|(v, c)| *v += f64::from(*coord) * c);
            }
            vectors.extend(vector.iter().map(|v| *v as f32));
        }
        vectors
    }
}

impl<D: Data<Elem = f32>, T> Fit<ArrayBase<D, Ix2>, T, ReduceError> for PcaParams {
    type Object = Pca;

    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<Pca, ReduceError> {
        let records = dataset.records.as_standard_layout();
        let rows = records.as_slice().unwrap_or_default();
        self.fit_rows(rows, dataset.records.ncols(), &Progress::new())
    }
}

impl<D: Data<Elem = f32>> Transformer<&ArrayBase<D, Ix2>, Array2<f32>> for Pca {
    fn transform(&self, records: &ArrayBase<D, Ix2>) -> Array2<f32> {
        let mut coords = Array2::zeros((records.nrows(), self.components()));
        let records = records.as_standard_layout();
        for (row, mut coords) in records.outer_iter().zip(coords.outer_iter_mut()) {
            if let (Some(row), Some(coords)) = (row.as_slice(), coords.as_slice_mut()) {
                self.project(row, coords);
            }
        }
        coords
    }
}

impl<D: Data<Elem = f32>, T>
    Transformer<DatasetBase<ArrayBase<D, Ix2>, T>, DatasetBase<Array2<f32>, T>> for Pca
{
    fn transform(&self, dataset: DatasetBase<ArrayBase<D, Ix2>, T>) -> DatasetBase<Array2<f32>, T> {
        let coords = self.transform(&dataset.records);
        DatasetBase::new(coords, dataset.targets)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_poison;
