//! Evaluating subsets, and writing what is selected.

use std::cell::RefCell;
use std::path::Path;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;

use super::JobError;
use crate::data::{Catalog, DataError, Projection};
use crate::io::{self, Overwrite};
use crate::mask::Mask;
use crate::progress::Progress;
use crate::session::{MapPoints, Session};
use crate::subset::{Region, SubsetExpr, SubsetOf};

/// The rows of a catalogue that an expression asks for; without a map no row is in any region.
///
/// # Errors
/// When a condition cannot be read or evaluated, or a region was drawn on a turned map and this one
/// has two dimensions.
pub fn evaluate_subset(
    expr: &SubsetExpr,
    catalog: &Catalog,
    points: Option<&MapPoints>,
) -> Result<Mask, JobError> {
    let turned = |region: &&Region| !region.plane.is_front();
    if points.is_some_and(|points| !points.turns()) && expr.regions().iter().any(turned) {
        return Err(JobError::Missing(
            "the region was drawn on a turned map of 3 dimensions, and this map has 2; give it the map that it was drawn on"
                .to_owned(),
        ));
    }
    // The map as the last region saw it: most are drawn on one plane.
    let last: RefCell<Option<MapPoints>> = RefCell::default();
    let inside = |points: &MapPoints, region: &Region| {
        let mut last = last.borrow_mut();
        if last.as_ref().unwrap_or(points).plane() != region.plane {
            *last = points.turned(region.plane);
        }
        let points = last.as_ref().unwrap_or(points);
        let roi = region.roi.moved(points.origin().map(|v| -v));
        rows_of(points, &roi.select(points.tree()), catalog.len())
    };
    let inside = points.map(|points| move |region: &Region| inside(points, region));
    Ok(expr.evaluate(SubsetOf {
        table: catalog.batch(),
        inside: inside.as_ref().map(|inside| inside as _),
    })?)
}

/// The catalogue rows, of `count`, of some places of a map.
#[must_use]
pub fn rows_of(points: &MapPoints, places: &Mask, count: usize) -> Mask {
    let mut words = vec![0_u64; count.div_ceil(64)];
    for place in places.iter() {
        let row = points.row(place);
        words[row / 64] |= 1 << (row % 64);
    }
    Mask::from_words(words, count)
}

/// Extensions of what a selection is written as.
pub const SELECTION_FORMATS: [&str; 2] = ["parquet", "csv"];

/// Writes the selected objects of a session with all columns of the catalogue and, where there is a
/// map, their coordinates: Parquet or CSV by the extension. Returns their number.
///
/// # Errors
/// When nothing is selected, the extension is another, the file exists and may not be replaced, or the disk is full.
pub fn write_selection(
    session: &Session,
    path: &Path,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<usize, JobError> {
    let format = io::check_format(path, &SELECTION_FORMATS)?;
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
    if format == "csv" {
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
