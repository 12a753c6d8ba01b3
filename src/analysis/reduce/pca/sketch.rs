//! Principal components of long vectors, whose covariance would be too large: a randomised range
//! finder (Halko, Martinsson & Tropp 2011, SIAM Review 53, 217).
//!
//! A random basis of few vectors is multiplied with the covariance, in one pass over the rows, and
//! made orthonormal, a few times over: it turns towards the first principal axes. These are then
//! found within it (Rayleigh and Ritz). The total variance is a sum of squares, and exact.

use faer::Mat;
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::blocks::{Block, Blocks};
use super::solve::{Spectrum, eigen, upright};
use super::{Pca, PcaParams};
use crate::analysis::reduce::{ReduceError, Rows};
use crate::progress::Progress;

/// Variances that are found, at least, beside those of the components.
const VARIANCES: usize = 32;
/// Vectors of the basis beyond these, at least: as many as components, so that the last of them are found as
/// well as the first where the variances fall slowly.
const OVERSAMPLING: usize = 10;
/// Passes over the rows; all but the first are power iterations.
const PASSES: usize = 5;

/// Fits rows of any length.
pub(super) fn fit<S: Rows>(
    params: PcaParams,
    source: &mut S,
    progress: &Progress,
) -> Result<Pca, S::Error> {
    let dim = source.dim();
    let wanted = params.components.max(VARIANCES).min(dim);
    let beyond = params.components.max(OVERSAMPLING);
    let mut basis = gaussian(dim, (wanted + beyond).min(dim), params.seed);
    let mut pass = 0;
    loop {
        let part = pass as f32 / PASSES as f32..(pass + 1) as f32 / PASSES as f32;
        let (blocks, image) = covariance_times(&basis, source, &progress.part(part))?;
        params.check(dim, blocks.count)?;
        pass += 1;
        if pass == PASSES {
            return Ok(ritz(params, &blocks, &basis, &image, wanted, progress)?);
        }
        basis = orthonormal(&image)?;
    }
}

/// The covariance times the basis, `d x l`, with what else is known of the rows.
fn covariance_times<S: Rows>(
    basis: &Array2<f64>,
    source: &mut S,
    progress: &Progress,
) -> Result<(Blocks, Array2<f64>), S::Error> {
    let (dim, expected) = (source.dim(), source.expected());
    let single = basis.mapv(|v| v as f32);
    let part = |block: &Block| {
        let near = block.near.t().dot(&block.near.dot(&single));
        let far = (!block.far.is_empty()).then(|| block.far.t().dot(&block.far.dot(basis)));
        (near, far)
    };
    let mut blocks = Blocks::new(dim);
    let mut image = Array2::<f64>::zeros(basis.dim());
    let mut add = |parts: Vec<(Array2<f32>, Option<Array2<f64>>)>| {
        for (near, far) in parts {
            image.zip_mut_with(&near, |all, v| *all += f64::from(*v));
            if let Some(far) = far {
                image += &far;
            }
        }
    };
    source.pass(&mut |rows| {
        // A few at a time, so that the bar moves.
        for rows in rows.chunks(dim << 14) {
            blocks.push(rows, progress, part, &mut add)?;
            progress.set(blocks.rows(), expected)?;
        }
        Ok(())
    })?;
    blocks.finish(progress, part, &mut add)?;
    // About the mean instead of the shift.
    let n = blocks.count as f64;
    let mean = blocks.sum.iter().map(|s| s / n).collect();
    let mean = ndarray::Array1::from_vec(mean);
    let along = mean.dot(basis);
    for (mut row, m) in image.outer_iter_mut().zip(&mean) {
        row.zip_mut_with(&along, |v, a| *v = (*v - n * m * a) / (n - 1.0));
    }
    Ok((blocks, image))
}

/// The principal axes within the basis, whose image under the covariance is given.
fn ritz(
    params: PcaParams,
    blocks: &Blocks,
    basis: &Array2<f64>,
    image: &Array2<f64>,
    wanted: usize,
    progress: &Progress,
) -> Result<Pca, ReduceError> {
    let inner = basis.t().dot(image);
    let width = inner.nrows();
    let symmetric = Mat::from_fn(width, width, |i, j| {
        f64::midpoint(inner[[i, j]], inner[[j, i]])
    });
    let Spectrum {
        mut values,
        vectors,
    } = eigen(symmetric, params.components, progress)?;
    values.truncate(wanted);
    let mut components = Vec::with_capacity(params.components * blocks.dim);
    for weights in vectors.chunks_exact(width) {
        let mut axis = basis.dot(&ndarray::ArrayView1::from(weights)).to_vec();
        let length = axis.iter().map(|v| v * v).sum::<f64>().sqrt();
        axis.iter_mut().for_each(|v| *v /= length);
        upright(&mut axis);
        components.extend(axis);
    }
    let n = blocks.count as f64;
    let about_mean = blocks.squares - blocks.sum.iter().map(|s| s * s / n).sum::<f64>();
    let total = (about_mean / (n - 1.0)).max(0.0);
    Ok(Pca::new(blocks, components, values, total))
}

/// An orthonormal basis of the columns.
fn orthonormal(columns: &Array2<f64>) -> Result<Array2<f64>, ReduceError> {
    let (rows, width) = columns.dim();
    let q = Mat::from_fn(rows, width, |i, j| columns[[i, j]])
        .qr()
        .compute_thin_Q();
    let basis = Array2::from_shape_fn((rows, width), |(i, j)| q[(i, j)]);
    if basis.iter().all(|v| v.is_finite()) {
        Ok(basis)
    } else {
        Err(ReduceError::NoConvergence)
    }
}

/// Independent normal numbers (Box & Muller 1958).
fn gaussian(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((rows, columns), || {
        let (u, v): (f64, f64) = (rng.random(), rng.random());
        (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    })
}
