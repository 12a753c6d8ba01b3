//! Making a map.

use std::sync::Arc;

use super::JobError;
use crate::analysis::reduce::{ReduceParams, reduce};
use crate::data::Embedding;
use crate::progress::Progress;
use crate::session::{MapPoints, Mapped};

/// Reduces vectors and prepares the points for drawing.
///
/// # Errors
/// When the vectors do not suffice, or on cancellation.
pub fn reduce_embedding(
    embedding: &Embedding,
    catalog_rows: usize,
    params: ReduceParams,
    progress: &Progress,
) -> Result<Mapped, JobError> {
    let (projection, _) = reduce(embedding, catalog_rows, &params, &progress.part(0.0..0.9))?;
    Ok(Mapped {
        points: Arc::new(MapPoints::new(projection)),
        params: Some(params),
    })
}
