//! Reading Parquet: plain columns on all threads, vectors in one stream.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::compute::can_cast_types;
use arrow::datatypes::{DataType, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetMetaData;

use super::columns::{self, Pieces};
use super::{AXES, BATCH_ROWS, KIND, PREFIX, map};
use crate::data::{DataError, Projection, Provenance};
use crate::io::IoError;
use crate::io::table::{Parts, TableParts};
use crate::memory;
use crate::progress::{Cancelled, Progress};

/// What a Parquet file holds.
pub(in crate::io) struct Content {
    pub parts: Parts,
    pub projection: Option<Projection>,
    pub provenance: Provenance,
}

/// Why a file could not be read, before its name is said.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("{0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    #[error("{0}")]
    Arrow(#[from] arrow::error::ArrowError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Reads a Parquet file.
pub(in crate::io) fn read(path: &Path, progress: &Progress) -> Result<Content, IoError> {
    let file = File::open(path).map_err(|e| IoError::system(path, "read", e))?;
    let named = |error| match error {
        ReadError::Data(e) => IoError::data(path, &e),
        ReadError::Cancelled(e) => e.into(),
        e => IoError::content(
            path,
            format!("the Parquet file is damaged or incomplete ({e}); copy or write it again"),
        ),
    };
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default())
        .map_err(|e| named(e.into()))?;
    let about = metadata.metadata().file_metadata();
    if u32::try_from(about.num_rows().max(0)).is_err() {
        return Err(IoError::content(
            path,
            "more than 4294967295 rows; split the table",
        ));
    }
    let bytes = memory_needed(metadata.metadata());
    if let Some(free) = memory::available_bytes().filter(|free| bytes > *free) {
        return Err(IoError::content(
            path,
            format!(
                "opening it needs about {} of memory and {} are free; close other programs, or split the table",
                memory::in_words(bytes),
                memory::in_words(free)
            ),
        ));
    }
    let provenance: Provenance = about
        .key_value_metadata()
        .into_iter()
        .flatten()
        .filter_map(|kv| Some((kv.key.strip_prefix(PREFIX)?.to_owned(), kv.value.clone()?)))
        .collect();
    let (parts, projection) = parts(path, file, &metadata, &provenance, progress).map_err(named)?;
    Ok(Content {
        parts,
        projection,
        provenance,
    })
}

/// Bytes of the columns in memory, and of a map of their rows: positions, tree, colours.
fn memory_needed(metadata: &ParquetMetaData) -> u64 {
    /// Of the map, a row.
    const MAP: u64 = 48;
    let groups = metadata.row_groups().iter();
    groups
        .map(|group| {
            let rows = group.num_rows().max(0) as u64;
            rows * MAP + group.total_byte_size().max(0) as u64
        })
        .fold(0, u64::saturating_add)
}

fn parts(
    path: &Path,
    file: File,
    metadata: &ArrowReaderMetadata,
    provenance: &Provenance,
    progress: &Progress,
) -> Result<(Parts, Option<Projection>), ReadError> {
    let schema = metadata.schema();
    let groups = metadata.metadata().row_groups();
    let total = groups
        .iter()
        .map(|g| usize::try_from(g.num_rows()).unwrap_or(0));
    let total = total.fold(0, usize::saturating_add);
    let mut parts = TableParts::new(Arc::clone(schema));
    let (scalars, vectors) = if parts.vector_column().is_some() {
        (progress.part(0.0..0.2), progress.part(0.2..1.0))
    } else {
        (progress.clone(), progress.clone())
    };
    let mut wanted: Vec<usize> = (0..schema.fields().len())
        .filter(|&i| !schema.field(i).data_type().is_nested())
        .collect();
    let mut pieces = columns::decode(path, metadata, &wanted, &scalars)?;
    let projection = if provenance.get(KIND) == Some("projection") {
        let axes = take_axes(schema, provenance, &mut wanted, &mut pieces)?;
        Some(map::projection(&axes, total, provenance.clone())?)
    } else {
        None
    };
    let plain = Arc::new(schema.project(&wanted)?);
    let joined = columns::join(pieces, &plain)?;
    let rows = RecordBatchOptions::new().with_row_count(Some(total));
    let table = RecordBatch::try_new_with_options(plain, joined, &rows)?;
    if let Some(column) = parts.vector_column() {
        parts.expect_rows(total);
        let mask = ProjectionMask::roots(metadata.parquet_schema(), [column]);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()?;
        let mut done = 0;
        for batch in reader {
            let batch = batch?;
            parts.push_vectors(batch.column(0))?;
            done += batch.num_rows();
            vectors.set(done, total)?;
        }
    }
    Ok((parts.finish_table(&table, provenance.clone())?, projection))
}

/// Takes the columns of coordinates out of `wanted` and `pieces`, which belong together.
fn take_axes(
    schema: &Schema,
    provenance: &Provenance,
    wanted: &mut Vec<usize>,
    pieces: &mut Vec<Pieces>,
) -> Result<Vec<Pieces>, DataError> {
    // A catalogue may have a column `z` of its own, the redshift.
    let dims = provenance
        .get("dims")
        .and_then(|d| d.parse().ok())
        .unwrap_or(2_usize);
    let mut axes = Vec::new();
    let find = |wanted: &[usize], axis| {
        wanted.iter().position(|&i| {
            let field = schema.field(i);
            field.name() == axis && can_cast_types(field.data_type(), &DataType::Float32)
        })
    };
    for axis in AXES.iter().take(dims) {
        let Some(at) = find(wanted, *axis) else {
            break;
        };
        wanted.remove(at);
        axes.push(pieces.remove(at));
    }
    if axes.len() < 2 {
        return Err(DataError::Table(
            "the file calls itself a projection but has no columns x and y".to_owned(),
        ));
    }
    Ok(axes)
}
