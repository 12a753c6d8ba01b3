//! Making a map.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::JobError;
use crate::analysis::reduce::{Method, ReduceParams, reduce, reduce_live};
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

/// Time between two looks at a map that forms.
const LOOK: Duration = Duration::from_millis(700);

/// The same for a map that is watched: where the method takes its time, the principal components come
/// at once, then the map as it forms. [`Progress::suffice`] ends it with what there is.
///
/// # Errors
/// When the vectors do not suffice, or on cancellation.
pub fn reduce_in_view(
    embedding: &Embedding,
    catalog_rows: usize,
    params: ReduceParams,
    progress: &Progress,
    show: &mut dyn FnMut(Mapped),
) -> Result<Mapped, JobError> {
    let mapped = |projection| Mapped {
        points: Arc::new(MapPoints::new(projection)),
        params: Some(params),
    };
    if params.method == Method::Pca {
        return reduce_embedding(embedding, catalog_rows, params, progress);
    }
    let first = ReduceParams {
        method: Method::Pca,
        ..params
    };
    // Vectors that are too few or too short for it have no principal map to begin with.
    if let Ok(at_once) = reduce_embedding(embedding, catalog_rows, first, &progress.part(0.0..0.05))
    {
        show(at_once);
    }
    progress.check()?;
    let mut looked = Instant::now();
    let layout = progress.part(0.05..0.97);
    let (projection, _) = reduce_live(
        embedding,
        catalog_rows,
        &params,
        &layout,
        &mut |now, _done| {
            if looked.elapsed() >= LOOK {
                if let Ok(projection) = now() {
                    show(mapped(projection));
                }
                looked = Instant::now();
            }
            !progress.is_enough()
        },
    )?;
    Ok(mapped(projection))
}
