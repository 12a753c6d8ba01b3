//! Writing a map: the projection, and beside it the tree that makes opening it quick.

use std::path::Path;

use super::JobError;
use crate::data::{Catalog, Provenance};
use crate::io::{self, Dataset, Overwrite};
use crate::progress::Progress;
use crate::session::MapPoints;

/// Fewer points are ordered faster than a file of them is looked for.
const FEWEST: usize = 100_000;

/// What a file at `path` says of how a data set came about, and of where its pictures lie.
#[must_use]
pub fn provenance_at(dataset: &Dataset, path: &Path) -> Provenance {
    let root = dataset.files_root();
    let root = root.or(dataset.cutouts_elsewhere.as_deref());
    let pictures = root.map(|root| io::cutouts_provenance(root, path));
    let provenance = dataset.provenance.clone();
    provenance.merged(&pictures.unwrap_or_default())
}

/// Writes the projection of `points` with the catalogue to `path` and, for at least 100 000 points,
/// their tree beside it; returns what went wrong with the tree, which the map does without.
///
/// # Errors
/// When the file exists and may not be replaced, the disk is full, or the work was cancelled.
pub fn write_map(
    path: &Path,
    catalog: &Catalog,
    points: &MapPoints,
    provenance: &Provenance,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<Vec<String>, JobError> {
    let projection = points.projection();
    io::write_projection(path, catalog, projection, provenance, overwrite, progress)?;
    if points.len() < FEWEST {
        if overwrite == Overwrite::Replace {
            io::remove_tiles(path);
        }
        return Ok(Vec::new());
    }
    let written = io::write_tiles(path, points.tree(), overwrite);
    let told = written
        .err()
        .map(|e| format!("the map is written, but not the tiles that make it open quickly: {e}"));
    Ok(told.into_iter().collect())
}
