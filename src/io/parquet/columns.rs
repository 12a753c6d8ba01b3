//! Columns of a Parquet file, decoded on all threads.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, new_empty_array};
use arrow::compute::concat;
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use rayon::prelude::*;

use super::read::ReadError;
use crate::progress::Progress;

/// Rows decoded at a time; a file that promises more than it holds costs no more memory than these.
const BATCH_ROWS: usize = 1 << 20;

/// One column in pieces, in the order of rows.
pub(super) type Pieces = Vec<ArrayRef>;

/// Decodes the columns of these places in the schema, each on its own and each row group on its own.
/// The pieces of all columns have the same lengths.
pub(super) fn decode(
    path: &Path,
    metadata: &ArrowReaderMetadata,
    columns: &[usize],
    progress: &Progress,
) -> Result<Vec<Pieces>, ReadError> {
    let groups = metadata.metadata().num_row_groups();
    let (done, total) = (AtomicUsize::new(0), groups * columns.len());
    let decoded: Vec<Pieces> = (0..total)
        .into_par_iter()
        .with_max_len(1)
        .map(|task| {
            // Neighbouring tasks are of different columns, which differ in their cost.
            let (group, column) = (task / columns.len(), columns[task % columns.len()]);
            let pieces = one(path, metadata, group, column)?;
            progress.set(done.fetch_add(1, Ordering::Relaxed) + 1, total)?;
            Ok(pieces)
        })
        .collect::<Result<_, ReadError>>()?;
    let mut of_column = vec![Vec::new(); columns.len()];
    for (task, pieces) in decoded.into_iter().enumerate() {
        of_column[task % columns.len()].extend(pieces);
    }
    Ok(of_column)
}

fn one(
    path: &Path,
    metadata: &ArrowReaderMetadata,
    group: usize,
    column: usize,
) -> Result<Pieces, ReadError> {
    // Each with a file of its own: readers of one move each other's place.
    let file = File::open(path).map_err(ParquetError::from)?;
    let mask = ProjectionMask::roots(metadata.parquet_schema(), [column]);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
        .with_row_groups(vec![group])
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()?;
    let mut pieces = Vec::new();
    let mut rows = 0;
    for batch in reader {
        let batch = batch?;
        rows += batch.num_rows();
        pieces.extend(batch.columns().first().cloned());
    }
    let promised = metadata.metadata().row_group(group).num_rows();
    if usize::try_from(promised) == Ok(rows) {
        Ok(pieces)
    } else {
        let reason = format!("{rows} rows in a group of {promised}");
        Err(ParquetError::General(reason).into())
    }
}

/// Puts the pieces of each column together.
pub(super) fn join(
    columns: Vec<Pieces>,
    schema: &arrow::datatypes::Schema,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let fields = schema.fields().par_iter();
    columns
        .into_par_iter()
        .zip(fields)
        .with_max_len(1)
        .map(|(pieces, field)| match pieces.as_slice() {
            [] => Ok(new_empty_array(field.data_type())),
            [only] => Ok(ArrayRef::clone(only)),
            all => concat(&all.iter().map(AsRef::as_ref).collect::<Vec<_>>()),
        })
        .collect()
}
