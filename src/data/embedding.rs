//! One vector for each encoded object.

use std::sync::Arc;

use super::{DataError, Provenance, check_matrix};

/// `n x d` vectors, row-major, all finite, each belonging to one catalogue row.
///
/// Objects that could not be encoded have no row here; [`rows`](Self::rows) says which catalogue
/// rows the vectors belong to. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Embedding {
    /// A vector inside, so that taking over a large one does not copy it.
    values: Arc<Vec<f32>>,
    dim: usize,
    rows: Arc<[u32]>,
    provenance: Provenance,
}

impl Embedding {
    /// Vectors of `dim` values for the catalogue rows `rows` (strictly increasing).
    ///
    /// # Errors
    /// When the lengths disagree, a value is NaN or infinite, or a row does not exist among
    /// `catalog_rows`.
    pub fn new(
        values: Vec<f32>,
        dim: usize,
        rows: Vec<u32>,
        catalog_rows: usize,
        provenance: Provenance,
    ) -> Result<Self, DataError> {
        const WHAT: &str = "embedding";
        if dim == 0 {
            return Err(DataError::Shape {
                what: WHAT,
                reason: "vectors have no values".to_owned(),
            });
        }
        check_matrix(WHAT, &values, dim, &rows, catalog_rows)?;
        Ok(Self {
            values: Arc::new(values),
            dim,
            rows: rows.into(),
            provenance,
        })
    }

    /// Number of vectors, `n`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no vectors.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Length of each vector, `d`.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All values, `n x d`, row-major, finite.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The vector at position `index` (`0..n`).
    #[must_use]
    pub fn vector(&self, index: usize) -> &[f32] {
        &self.values[index * self.dim..(index + 1) * self.dim]
    }

    /// The catalogue row of each vector, strictly increasing.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The vectors of some catalogue rows only; `told` is added to how they were made.
    #[must_use]
    pub fn only(&self, wanted: impl Fn(usize) -> bool, told: &Provenance) -> Self {
        let indices: Vec<usize> = (0..self.len())
            .filter(|&index| wanted(self.rows[index] as usize))
            .collect();
        let mut values = Vec::with_capacity(indices.len() * self.dim);
        for &index in &indices {
            values.extend_from_slice(self.vector(index));
        }
        Self {
            values: Arc::new(values),
            dim: self.dim,
            rows: indices.iter().map(|&index| self.rows[index]).collect(),
            provenance: self.provenance.clone().merged(told),
        }
    }

    /// How the vectors were made.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_an_embedding() {
        let make = |values, dim, rows| Embedding::new(values, dim, rows, 3, Provenance::default());
        assert!(make(vec![1.0, 2.0], 2, vec![2]).is_ok());
        assert!(matches!(
            make(vec![1.0], 2, vec![0]),
            Err(DataError::Length { .. })
        ));
        assert!(matches!(
            make(vec![1.0, f32::NAN], 1, vec![0, 2]),
            Err(DataError::NotFinite { row: 2, .. })
        ));
        assert!(matches!(
            make(vec![1.0], 1, vec![3]),
            Err(DataError::Rows { .. })
        ));
        assert!(matches!(
            make(vec![1.0, 1.0], 1, vec![1, 1]),
            Err(DataError::Rows { .. })
        ));
        assert!(matches!(
            make(vec![], 0, vec![]),
            Err(DataError::Shape { .. })
        ));
    }
}
