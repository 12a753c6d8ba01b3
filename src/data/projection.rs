//! A low-dimensional map of an embedding: what is drawn.

use std::borrow::Cow;
use std::sync::Arc;

use super::{DataError, Provenance, check_matrix};

/// `n x 2` or `n x 3` coordinates, row-major, finite, each belonging to one catalogue row.
///
/// They are offsets from an [`origin`](Self::origin), zero for nearly all maps: a map far from zero,
/// such as one of sky coordinates in metres, keeps its precision. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Projection {
    coords: Arc<Vec<f32>>,
    origin: [f64; 3],
    dims: usize,
    rows: Arc<Vec<u32>>,
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
            coords: Arc::new(coords),
            origin: [0.0; 3],
            dims,
            rows: Arc::new(rows),
            provenance,
        })
    }

    /// The same points as offsets from `origin`, in the units of the map; what belongs to a third
    /// axis is not looked at in two dimensions.
    ///
    /// # Errors
    /// When the origin is not finite.
    pub fn with_origin(mut self, origin: [f64; 3]) -> Result<Self, DataError> {
        if let Some(axis) = origin.iter().position(|v| !v.is_finite()) {
            return Err(DataError::Shape {
                what: "projection",
                reason: format!("axis {axis} has an origin that is not finite"),
            });
        }
        self.origin = origin;
        Ok(self)
    }

    /// Some of the points, by their strictly increasing indices; others are passed over.
    #[must_use]
    pub fn part(&self, points: &[u32]) -> Self {
        let mut part = Self {
            coords: Arc::default(),
            rows: Arc::default(),
            ..self.clone()
        };
        let there = || {
            points
                .iter()
                .map(|&i| i as usize)
                .filter(|&i| i < self.len())
        };
        let coords = there().flat_map(|i| &self.coords[i * self.dims..][..self.dims]);
        part.coords = Arc::new(coords.copied().collect());
        part.rows = Arc::new(there().map(|i| self.rows[i]).collect());
        part
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

    /// What is added to [`coords`](Self::coords) to have the coordinates of the file, in its units.
    #[must_use]
    pub fn origin(&self) -> [f64; 3] {
        self.origin
    }

    /// All coordinates, row-major, as offsets from the origin.
    #[must_use]
    pub fn coords(&self) -> &[f32] {
        &self.coords
    }

    /// The first two coordinates of each point, as offsets from the origin; without a copy in two
    /// dimensions.
    #[must_use]
    pub fn points(&self) -> Cow<'_, [[f32; 2]]> {
        match bytemuck::try_cast_slice(&self.coords) {
            Ok(pairs) if self.dims == 2 => Cow::Borrowed(pairs),
            _ => self.xy().collect(),
        }
    }

    /// The coordinates of one point, as offsets from the origin, the third 0 in two dimensions.
    ///
    /// # Panics
    /// When there is no such point.
    #[must_use]
    pub fn point(&self, index: usize) -> [f64; 3] {
        let at = &self.coords[index * self.dims..][..self.dims];
        [0, 1, 2].map(|axis| at.get(axis).map_or(0.0, |v| f64::from(*v)))
    }

    /// The first two coordinates of each point, as offsets from the origin.
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
