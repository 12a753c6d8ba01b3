//! Where a reducer has its vectors from.

use super::ReduceError;

/// Vectors that can be gone through from the first to the last, more than once.
pub trait Rows {
    /// Why they could not be had.
    type Error: From<ReduceError>;

    /// Length of each vector.
    fn dim(&self) -> usize;

    /// About how many there are, for the progress bar.
    fn expected(&self) -> usize;

    /// Hands all vectors to `each`, row-major, any number of whole ones at a time.
    ///
    /// # Errors
    /// When they cannot be read; what `each` returns.
    fn pass(
        &mut self,
        each: &mut dyn FnMut(&[f32]) -> Result<(), ReduceError>,
    ) -> Result<(), Self::Error>;
}

/// Vectors in memory, `n x d`, row-major.
#[derive(Debug, Clone, Copy)]
pub struct InMemory<'a> {
    /// `n * dim` values.
    pub values: &'a [f32],
    /// Length of each vector.
    pub dim: usize,
}

impl Rows for InMemory<'_> {
    type Error = ReduceError;

    fn dim(&self) -> usize {
        self.dim
    }

    fn expected(&self) -> usize {
        self.values.len().checked_div(self.dim).unwrap_or(0)
    }

    fn pass(
        &mut self,
        each: &mut dyn FnMut(&[f32]) -> Result<(), ReduceError>,
    ) -> Result<(), ReduceError> {
        each(self.values)
    }
}
