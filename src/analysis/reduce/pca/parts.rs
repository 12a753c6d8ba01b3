//! A fitted PCA as arrays, and back.

use super::Pca;
use crate::data::{Arrays, ArraysError};

impl Pca {
    /// Adds the fit to `arrays`.
    pub fn put<'a>(&'a self, arrays: &mut Arrays<'a>) {
        let shape = [self.components(), self.dim()];
        arrays.put("pca.mean", &[self.dim()], &self.mean[..]);
        arrays.put("pca.components", &shape, &self.components[..]);
        arrays.put(
            "pca.variances",
            &[self.variances.len()],
            &self.variances[..],
        );
        arrays.put("pca.total_variance", &[1], vec![self.total]);
    }

    /// Takes the fit of `count` components of vectors of `dim` values out of `arrays`.
    ///
    /// # Errors
    /// When something is missing or cannot be right.
    pub fn take(arrays: &mut Arrays<'_>, dim: usize, count: usize) -> Result<Self, ArraysError> {
        let variances = arrays.len_of("pca.variances")?;
        let total: Vec<f64> = arrays.take("pca.total_variance", &[1])?;
        let pca = Self {
            mean: arrays.take("pca.mean", &[dim])?,
            components: arrays.take("pca.components", &[count, dim])?,
            variances: arrays.take("pca.variances", &[variances])?,
            total: total[0],
        };
        let mut values = pca.mean.iter().chain(&pca.components).chain(&pca.variances);
        if dim == 0 || !values.all(|v| v.is_finite()) || !pca.total.is_finite() {
            return Err(ArraysError::Values("pca".to_owned()));
        }
        Ok(pca)
    }
}
