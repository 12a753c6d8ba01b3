//! A low-dimensional map of an embedding: what is drawn.

use std::sync::Arc;

use super::{DataError, Provenance, check_matrix};

/// `n x 2` or `n x 3` coordinates, row-major, finite, each belonging to one catalogue row.
///
/// Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Projection {
    coords: Arc<[f32]>,
    dims: usize,
    rows: Arc<[u32]>,
    provenance: Provenance,
}

impl Projection {
    /// Coordinates in `dims` (2 or 3) dimensions for the catalogue rows `rows` (strictly
    /// increasing).
    ///
    /// # Errors
    /// When `dims` is neither 2 nor 3, the lengths disagree, a value is not finite, or a row does
    /// not exist among `catalog_rows`.
    pub fn new(
        coords: Vec<f32>,
        dims: usize,
        rows: Vec<u32>,
        catalog_rows: usize,
        provenance: Provenance,
    ) -> Result<Self, DataError> {
        const WHAT: &str = "projection";
        if !(2..=3).contains(&dims) {
            return Err(DataError::Shape {
                what: WHAT,
                reason: format!("{dims} dimensions; a map has 2 or 3"),
            });
        }
        check_matrix(WHAT, &coords, dims, &rows, catalog_rows)?;
        Ok(Self {
            coords: coords.into(),
            dims,
            rows: rows.into(),
            provenance,
        })
    }

    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no points.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// 2 or 3.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// All coordinates, row-major.
    #[must_use]
    pub fn coords(&self) -> &[f32] {
        &self.coords
    }

    /// The first two coordinates of each point.
    #[must_use]
    pub fn xy(&self) -> impl ExactSizeIterator<Item = [f32; 2]> + '_ {
        self.coords.chunks_exact(self.dims).map(|c| [c[0], c[1]])
    }

    /// The catalogue row of each point, strictly increasing.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// How the map was made.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }
}
