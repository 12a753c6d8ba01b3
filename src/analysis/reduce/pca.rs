//! Principal component analysis by a streamed covariance and a symmetric eigen-solve.
//!
//! Rows are taken in blocks; each block is shifted by an early estimate of the mean, multiplied with
//! itself in single precision and added up in double. So no `n x d` copy is made, every variance is
//! exact over the total (not over the kept components), and the result does not depend on the
//! number of threads: blocks are summed in their order. Variances divide by `n - 1`; the sign of a
//! component makes its largest loading positive.

use faer::{Mat, Side};
use linfa::DatasetBase;
use linfa::traits::{Fit, Transformer};
use ndarray::{Array2, ArrayBase, ArrayView2, Data, Ix2};
use rayon::prelude::*;

use super::ReduceError;
use crate::progress::Progress;

/// Rows multiplied at a time.
const BLOCK_ROWS: usize = 2048;
/// Blocks in flight, whatever the number of threads.
const WAVE: usize = 8;
/// Longest vectors for an exact covariance.
const LONGEST: usize = 4096;
/// Points transformed between two looks at the cancel flag.
const TRANSFORM_ROWS: usize = 65_536;

/// How many components to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PcaParams {
    components: usize,
}

/// A fitted PCA: mean, components and all variances.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    mean: Vec<f64>,
    /// `k x d`, row-major, orthonormal.
    components: Vec<f64>,
    /// All `d` variances, falling.
    variances: Vec<f64>,
}

/// Sums over rows that arrive in blocks.
struct Moments {
    dim: usize,
    count: usize,
    /// Subtracted from every row before it is multiplied, against cancellation.
    shift: Vec<f32>,
    /// Sum of the shifted rows.
    sum: Vec<f64>,
    /// Sum of the outer products of the shifted rows, `d x d`.
    gram: Array2<f64>,
}

impl Moments {
    fn new(first_rows: &[f32], dim: usize) -> Self {
        let count = (first_rows.len() / dim).max(1);
        let mut mean = vec![0.0_f64; dim];
        for row in first_rows.chunks_exact(dim) {
            mean.iter_mut()
                .zip(row)
                .for_each(|(m, v)| *m += f64::from(*v));
        }
        Self {
            dim,
            count: 0,
            shift: mean.iter().map(|m| (m / count as f64) as f32).collect(),
            sum: vec![0.0; dim],
            gram: Array2::zeros((dim, dim)),
        }
    }

    /// Sum and Gram matrix of one shifted block.
    fn block(&self, rows: &[f32]) -> (Vec<f64>, Array2<f32>) {
        let mut shifted = rows.to_vec();
        let mut sum = vec![0.0_f64; self.dim];
        for row in shifted.chunks_exact_mut(self.dim) {
            for ((value, shift), sum) in row.iter_mut().zip(&self.shift).zip(&mut sum) {
                *value -= shift;
                *sum += f64::from(*value);
            }
        }
        let count = rows.len() / self.dim;
        let gram = ArrayView2::from_shape((count, self.dim), &shifted).map_or_else(
            |_| Array2::zeros((self.dim, self.dim)),
            |block| block.t().dot(&block),
        );
        (sum, gram)
    }

    fn add_wave(&mut self, rows: &[f32]) {
        let blocks: Vec<_> = rows
            .par_chunks(BLOCK_ROWS * self.dim)
            .map(|block| self.block(block))
            .collect();
        for (sum, gram) in blocks {
            self.sum
                .iter_mut()
                .zip(sum)
                .for_each(|(total, s)| *total += s);
            self.gram
                .zip_mut_with(&gram, |total, &g| *total += f64::from(g));
        }
        self.count += rows.len() / self.dim;
    }

    fn solve(self, components: usize) -> Result<Pca, ReduceError> {
        let (n, dim) = (self.count as f64, self.dim);
        let scale = 1.0 / (n - 1.0).max(1.0);
        let mean_shifted: Vec<f64> = self.sum.iter().map(|s| s / n).collect();
        let covariance = Mat::from_fn(dim, dim, |i, j| {
            (self.gram[[i, j]] - n * mean_shifted[i] * mean_shifted[j]) * scale
        });
        if (0..dim).any(|i| !covariance[(i, i)].is_finite()) {
            return Err(ReduceError::NoConvergence);
        }
        let eigen = covariance
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| ReduceError::NoConvergence)?;
        // faer orders the eigenvalues upwards.
        let variances: Vec<f64> = eigen
            .S()
            .column_vector()
            .iter()
            .rev()
            .map(|v| v.max(0.0))
            .collect();
        let mut kept = Vec::with_capacity(components * dim);
        for component in 0..components {
            let vector = eigen.U().col(dim - 1 - component);
            let largest = vector
                .iter()
                .copied()
                .fold(0.0_f64, |a, b| if b.abs() > a.abs() { b } else { a });
            let sign = if largest < 0.0 { -1.0 } else { 1.0 };
            kept.extend(vector.iter().map(|v| sign * v));
        }
        Ok(Pca {
            mean: self
                .shift
                .iter()
                .zip(mean_shifted)
                .map(|(s, m)| f64::from(*s) + m)
                .collect(),
            components: kept,
            variances,
        })
    }
}

impl PcaParams {
    /// Keeps `components` (at least 1) principal components.
    #[must_use]
    pub fn new(components: usize) -> Self {
        Self {
            components: components.max(1),
        }
    }

    /// Fits `n x d` rows, row-major.
    ///
    /// # Errors
    /// Fewer than two rows; rows shorter than the number of components or longer than 4096; a value
    /// that is not finite; cancellation.
    pub fn fit_rows(
        &self,
        rows: &[f32],
        dim: usize,
        progress: &Progress,
    ) -> Result<Pca, ReduceError> {
        let found = rows.len().checked_div(dim).unwrap_or(0);
        if found < 2 {
            return Err(ReduceError::TooFewVectors {
                method: "PCA",
                needed: 2,
                found,
            });
        }
        if dim < self.components {
            return Err(ReduceError::TooShort {
                dims: self.components,
                found: dim,
            });
        }
        if dim > LONGEST {
            return Err(ReduceError::TooLong {
                found: dim,
                most: LONGEST,
            });
        }
        let mut moments = Moments::new(&rows[..rows.len().min(BLOCK_ROWS * dim)], dim);
        for wave in rows.chunks(WAVE * BLOCK_ROWS * dim) {
            if let Some(at) = wave.par_iter().position_first(|v| !v.is_finite()) {
                return Err(ReduceError::NotFinite {
                    row: moments.count + at / dim,
                });
            }
            moments.add_wave(wave);
            progress.set(moments.count, found)?;
        }
        moments.solve(self.components)
    }
}

impl Pca {
    /// Length of the vectors.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.mean.len()
    }

    /// Number of kept components.
    #[must_use]
    pub fn components(&self) -> usize {
        self.components.len() / self.dim()
    }

    /// One component: a unit vector of `d` loadings.
    #[must_use]
    pub fn component(&self, index: usize) -> &[f64] {
        &self.components[index * self.dim()..(index + 1) * self.dim()]
    }

    /// The mean vector.
    #[must_use]
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Variance along every principal axis, all `d` of them, falling.
    #[must_use]
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// Share of the total variance along every principal axis; all zero when nothing varies.
    #[must_use]
    pub fn explained_variance_ratio(&self) -> Vec<f64> {
        let total: f64 = self.variances.iter().sum();
        let scale = if total > 0.0 { 1.0 / total } else { 0.0 };
        self.variances.iter().map(|v| v * scale).collect()
    }

    /// Coordinates of one vector: a pure function of it.
    fn project(&self, vector: &[f32], coords: &mut [f32]) {
        for (coord, component) in coords
            .iter_mut()
            .zip(self.components.chunks_exact(self.dim()))
        {
            let dot: f64 = vector
                .iter()
                .zip(&self.mean)
                .zip(component)
                .map(|((v, m), c)| (f64::from(*v) - m) * c)
                .sum();
            *coord = dot as f32;
        }
    }

    /// Coordinates (`n x k`) of `n x d` rows; each depends on its row alone.
    ///
    /// # Errors
    /// Cancellation.
    pub fn transform_rows(
        &self,
        rows: &[f32],
        progress: &Progress,
    ) -> Result<Vec<f32>, ReduceError> {
        let (dim, k) = (self.dim(), self.components());
        let count = rows.len() / dim;
        let mut coords = vec![0.0; count * k];
        for (index, (rows, coords)) in rows
            .chunks(TRANSFORM_ROWS * dim)
            .zip(coords.chunks_mut(TRANSFORM_ROWS * k))
            .enumerate()
        {
            progress.set(index * TRANSFORM_ROWS, count)?;
            rows.par_chunks_exact(dim)
                .zip(coords.par_chunks_exact_mut(k))
                .for_each(|(row, coords)| self.project(row, coords));
        }
        Ok(coords)
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
mod tests {
    use super::*;

    /// A small linear congruential generator: the test needs spread, not quality.
    fn noise(count: usize) -> Vec<f32> {
        let mut state = 12_345_u64;
        (0..count)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / 16_777_216.0 - 0.5
            })
            .collect()
    }

    /// Rows with very different spreads and a far-off mean, which punishes cancellation.
    fn rows(count: usize, dim: usize) -> Vec<f32> {
        let raw = noise(count * dim);
        raw.chunks_exact(dim)
            .flat_map(|row| {
                let shared = row[0];
                row.iter()
                    .enumerate()
                    .map(move |(j, v)| 1000.0 + v / (1.0 + j as f32) + 0.3 * shared)
            })
            .collect()
    }

    /// Eigenvalues and -vectors by cyclic Jacobi rotations in double precision: slow, independent.
    fn jacobi(rows: &[f32], dim: usize) -> Vec<(f64, Vec<f64>)> {
        let n = rows.len() / dim;
        let mean: Vec<f64> = (0..dim)
            .map(|j| {
                rows.iter()
                    .skip(j)
                    .step_by(dim)
                    .map(|v| f64::from(*v))
                    .sum::<f64>()
                    / n as f64
            })
            .collect();
        let mut a = vec![vec![0.0; dim]; dim];
        for row in rows.chunks_exact(dim) {
            for i in 0..dim {
                for j in 0..dim {
                    a[i][j] += (f64::from(row[i]) - mean[i]) * (f64::from(row[j]) - mean[j])
                        / (n - 1) as f64;
                }
            }
        }
        let mut v: Vec<Vec<f64>> = (0..dim)
            .map(|i| (0..dim).map(|j| f64::from(u8::from(i == j))).collect())
            .collect();
        for _ in 0..60 {
            for p in 0..dim {
                for q in p + 1..dim {
                    let theta = 0.5 * (2.0 * a[p][q]).atan2(a[q][q] - a[p][p]);
                    let (s, c) = theta.sin_cos();
                    for row in &mut a {
                        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                    }
                    let (upper, lower) = a.split_at_mut(q);
                    for (x, y) in upper[p].iter_mut().zip(&mut lower[0]) {
                        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                    }
                    for row in &mut v {
                        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                    }
                }
            }
        }
        let mut pairs: Vec<(f64, Vec<f64>)> = (0..dim)
            .map(|i| (a[i][i], v.iter().map(|r| r[i]).collect()))
            .collect();
        pairs.sort_by(|x, y| y.0.total_cmp(&x.0));
        pairs
    }

    #[test]
    fn agrees_with_an_independent_eigen_solver() {
        let (count, dim) = (5000, 12);
        let rows = rows(count, dim);
        let pca = PcaParams::new(3)
            .fit_rows(&rows, dim, &Progress::new())
            .unwrap();
        let reference = jacobi(&rows, dim);
        for (i, (variance, vector)) in reference.iter().enumerate() {
            assert!(
                (pca.variances()[i] - variance).abs() < 1e-4 * reference[0].0,
                "variance {i}"
            );
            if i < 3 {
                let dot: f64 = vector
                    .iter()
                    .zip(pca.component(i))
                    .map(|(a, b)| a * b)
                    .sum();
                assert!((dot.abs() - 1.0).abs() < 1e-4, "component {i}: {dot}");
            }
        }
        let coords = pca.transform_rows(&rows, &Progress::new()).unwrap();
        let first: f64 = coords
            .chunks_exact(3)
            .map(|c| f64::from(c[0]).powi(2))
            .sum::<f64>()
            / (count - 1) as f64;
        assert!((first / pca.variances()[0] - 1.0).abs() < 1e-4);
    }

    #[test]
    fn is_the_same_on_any_number_of_threads() {
        let rows = rows(40_000, 8);
        let fit = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                PcaParams::new(2)
                    .fit_rows(&rows, 8, &Progress::new())
                    .unwrap()
            })
        };
        assert_eq!(fit(1), fit(3));
    }

    #[test]
    fn composes_with_linfa() {
        let rows = rows(200, 5);
        let records = Array2::from_shape_vec((200, 5), rows.clone()).unwrap();
        let dataset = DatasetBase::from(records);
        let pca = PcaParams::new(2).fit(&dataset).unwrap();
        let mapped = pca.transform(dataset);
        let direct = pca.transform_rows(&rows, &Progress::new()).unwrap();
        assert_eq!(mapped.records().as_slice().unwrap(), direct.as_slice());
    }

    #[test]
    fn odd_input_gives_an_error_or_a_sane_map() {
        let fit = |rows: &[f32], dim, k| PcaParams::new(k).fit_rows(rows, dim, &Progress::new());
        assert!(matches!(
            fit(&[1.0, 2.0], 2, 2),
            Err(ReduceError::TooFewVectors { .. })
        ));
        assert!(matches!(
            fit(&[1.0, 2.0], 1, 2),
            Err(ReduceError::TooShort { .. })
        ));
        assert!(matches!(
            fit(&[1.0, f32::NAN, 0.0, 1.0], 2, 2),
            Err(ReduceError::NotFinite { row: 0 })
        ));
        let constant = fit(&[3.0; 40], 4, 2).unwrap();
        assert_eq!(constant.explained_variance_ratio(), [0.0; 4]);
        assert!(
            constant
                .transform_rows(&[3.0; 40], &Progress::new())
                .unwrap()
                .iter()
                .all(|v| v.abs() < 1e-6)
        );
        let cancelled = Progress::new();
        cancelled.cancel();
        assert!(matches!(
            PcaParams::new(2).fit_rows(&rows(100, 3), 3, &cancelled),
            Err(ReduceError::Cancelled(_))
        ));
    }
}
