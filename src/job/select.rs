//! Evaluating subsets, and writing what is selected.

use std::path::Path;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;

use super::JobError;
use crate::data::{Catalog, DataError, Projection};
use crate::io::{self, Overwrite};
use crate::mask::Mask;
use crate::progress::Progress;
use crate::session::{MapPoints, Session};
use crate::subset::{MapOf, SubsetExpr, SubsetOf};

/// The rows of a catalogue that an expression asks for.
///
/// # Errors
/// When a condition cannot be read or evaluated.
pub fn evaluate_subset(
    expr: &SubsetExpr,
    catalog: &Catalog,
    points: Option<&MapPoints>,
) -> Result<Mask, JobError> {
    let row = points.map(|points| move |place: usize| points.row(place));
    let map = points.zip(row.as_ref()).map(|(points, row)| {
        let [x, y, _] = points.projection().origin();
        MapOf {
            tree: points.tree(),
            origin: [x, y],
            row,
        }
    });
    let table = catalog.batch();
    Ok(expr.evaluate(SubsetOf { table, map })?)
}

/// Writes the selected objects of a session with all columns of the catalogue and, where there is a
/// map, their coordinates: Parquet, or CSV by the extension. Returns their number.
///
/// # Errors
/// When nothing is selected, the file exists and may not be replaced, or the disk is full.
pub fn write_selection(
    session: &Session,
    path: &Path,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<usize, JobError> {
    let (Some(data), Some(selection)) = (session.data(), session.selection()) else {
        return Err(JobError::Missing("nothing is selected".to_owned()));
    };
    let rows = &selection.rows;
    let catalog = &data.dataset.catalog;
    let keep: BooleanArray = (0..catalog.len())
        .map(|row| Some(rows.contains(row)))
        .collect();
    let batch =
        filter_record_batch(catalog.batch(), &keep).map_err(|e| DataError::Table(e.to_string()))?;
    let chosen = Catalog::new(&batch)?;
    let projection = session
        .map()
        .map(|map| part(map.points.projection(), rows, chosen.len()))
        .transpose()?;
    let provenance = data.dataset.provenance.clone();
    if path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("csv"))
    {
        io::write_csv(path, &chosen, projection.as_ref(), overwrite)?;
    } else if let Some(projection) = &projection {
        io::write_projection(path, &chosen, projection, &provenance, overwrite, progress)?;
    } else {
        io::write_catalog(path, &chosen, &provenance, overwrite)?;
    }
    Ok(chosen.len())
}

/// The points of the chosen rows, whose numbers are those among the chosen.
fn part(all: &Projection, rows: &Mask, count: usize) -> Result<Projection, DataError> {
    let (mut coords, mut kept) = (Vec::new(), Vec::new());
    for (row, point) in all.rows().iter().zip(all.coords().chunks_exact(all.dims())) {
        let row = *row as usize;
        if rows.contains(row) {
            coords.extend_from_slice(point);
            kept.push(rows.count_in(0..row) as u32);
        }
    }
    let part = Projection::new(coords, all.dims(), kept, count, all.provenance().clone())?;
    part.with_origin(all.origin())
}
