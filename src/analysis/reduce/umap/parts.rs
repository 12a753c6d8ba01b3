//! A finished map as arrays, and back.

use super::{Model, UmapParams};
use crate::analysis::neighbors::{Index, KnnGraph};
use crate::data::{Arrays, ArraysError};

const POSITIONS: &str = "positions";

impl<const D: usize> Model<D> {
    /// Adds the map to `arrays`; not its parameters.
    pub fn put<'a>(&'a self, arrays: &mut Arrays<'a>) {
        let shape = [self.positions.len(), D];
        arrays.put(POSITIONS, &shape, self.positions.as_flattened());
        self.graph.put(arrays);
        self.index.put(arrays);
    }

    /// Takes the map of `n` vectors of `dim` values out of `arrays`.
    ///
    /// # Errors
    /// When something is missing or cannot be right.
    pub fn take(
        arrays: &mut Arrays<'_>,
        n: usize,
        dim: usize,
        params: UmapParams,
    ) -> Result<Self, ArraysError> {
        let positions: Vec<f32> = arrays.take(POSITIONS, &[n, D])?;
        if !positions.iter().all(|v| v.is_finite()) {
            return Err(ArraysError::Values(POSITIONS.to_owned()));
        }
        let (positions, _) = positions.as_chunks::<D>();
        Ok(Self {
            positions: positions.to_vec(),
            graph: KnnGraph::take(arrays, n)?,
            index: Index::take(arrays, n, dim, params.metric)?,
            params,
        })
    }
}
