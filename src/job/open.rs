//! Opening data: whatever the file holds becomes part of the document.

use std::path::Path;
use std::sync::Arc;

use super::JobError;
use crate::io;
use crate::progress::Progress;
use crate::session::{Edit, Encoded, MapPoints, Mapped, OpenData};

/// Opens a file or folder; returns the change and what was tolerated.
///
/// # Errors
/// One sentence that names the file and what to do.
pub fn open_edit(
    path: &Path,
    cutouts: Option<&Path>,
    progress: &Progress,
) -> Result<(Edit, Vec<String>), JobError> {
    let mut dataset = io::open(path, cutouts, progress)?;
    let warnings = std::mem::take(&mut dataset.warnings);
    let embedding = dataset.embedding.take().map(|embedding| Encoded {
        embedding,
        warnings: Vec::new(),
        encoder: None,
        device_reason: None,
    });
    let tree = dataset.tree.take();
    let map = dataset
        .projection
        .take()
        .map(|projection| Mapped::given(Arc::new(MapPoints::with_tree(projection, tree))));
    let data = OpenData::new(dataset);
    progress.check()?;
    Ok((
        Edit::Open {
            data,
            embedding,
            map,
        },
        warnings,
    ))
}
