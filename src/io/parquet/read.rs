//! Reading Parquet: plain columns on all threads; vectors in one stream, or not at all.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::ParquetMetaData;

use super::columns::{self, Pieces};
use super::vectors::{VectorColumn, bytes_of};
use super::{AXES, KIND, PREFIX, map};
use crate::data::{DataError, Projection, Provenance};
use crate::io::IoError;
use crate::io::table::{Parts, TableParts};
use crate::memory;
use crate::progress::{Cancelled, Progress};

/// What a Parquet file holds.
pub(in crate::io) struct Content {
    pub parts: Parts,
    /// The vectors, where they were left in the file.
    pub vectors: Option<VectorColumn>,
    pub projection: Option<Projection>,
    pub provenance: Provenance,
}

/// What becomes of the column of vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::io) enum Vectors {
    /// They are read.
    InMemory,
    /// They are left in the file.
    LeftInFile,
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

/// Says which file it was.
pub(super) fn named(path: &Path, error: ReadError) -> IoError {
    match error {
        ReadError::Data(e) => IoError::data(path, &e),
        ReadError::Cancelled(e) => e.into(),
        e => IoError::content(
            path,
            format!("the Parquet file is damaged or incomplete ({e}); copy or write it again"),
        ),
    }
}

/// Reads a Parquet file.
pub(in crate::io) fn read(
    path: &Path,
    vectors: Vectors,
    progress: &Progress,
) -> Result<Content, IoError> {
    let file = File::open(path).map_err(|e| IoError::system(path, "read", e))?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default())
        .map_err(|e| named(path, e.into()))?;
    let about = metadata.metadata().file_metadata();
    if u32::try_from(about.num_rows().max(0)).is_err() {
        return Err(IoError::content(
            path,
            "more than 4294967295 rows; split the table",
        ));
    }
    let mut parts = TableParts::new(Arc::clone(metadata.schema()));
    let column = parts
        .vector_column()
        .map(|column| VectorColumn::new(path, &metadata, column));
    let mut bytes = memory_needed(metadata.metadata());
    if let (Vectors::LeftInFile, Some(column)) = (vectors, parts.vector_column()) {
        bytes = bytes.saturating_sub(bytes_of(metadata.metadata(), column));
    }
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
    let in_memory = column.as_ref().filter(|_| vectors == Vectors::InMemory);
    let (scalars, rest) = match in_memory {
        Some(_) => (progress.part(0.0..0.2), progress.part(0.2..1.0)),
        None => (progress.clone(), progress.clone()),
    };
    let (table, projection) =
        plain(path, &metadata, &provenance, &scalars).map_err(|e| named(path, e))?;
    if let Some(column) = in_memory {
        parts.expect_rows(column.rows());
        let mut done = 0;
        for batch in column.read()? {
            let batch = batch?;
            parts
                .push_vectors(&batch)
                .map_err(|e| IoError::data(path, &e))?;
            done += batch.len();
            rest.set(done, column.rows())?;
        }
    }
    let parts = parts
        .finish_table(&table, provenance.clone())
        .map_err(|e| IoError::data(path, &e))?;
    Ok(Content {
        parts,
        vectors: column.filter(|_| vectors == Vectors::LeftInFile),
        projection,
        provenance,
    })
}

/// Rows that a Parquet file says it has; none where it cannot be read.
pub(in crate::io) fn row_count(path: &Path) -> usize {
    let rows = File::open(path).ok().and_then(|file| {
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default()).ok()?;
        Some(metadata.metadata().file_metadata().num_rows())
    });
    rows.and_then(|rows| rows.try_into().ok()).unwrap_or(0)
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

/// The columns that are neither lists nor structures, without those of coordinates, and these as a
/// projection.
fn plain(
    path: &Path,
    metadata: &ArrowReaderMetadata,
    provenance: &Provenance,
    progress: &Progress,
) -> Result<(RecordBatch, Option<Projection>), ReadError> {
    let schema = metadata.schema();
    let groups = metadata.metadata().row_groups();
    let total = groups
        .iter()
        .map(|g| usize::try_from(g.num_rows()).unwrap_or(0));
    let total = total.fold(0, usize::saturating_add);
    let mut wanted: Vec<usize> = (0..schema.fields().len())
        .filter(|&i| !schema.field(i).data_type().is_nested())
        .collect();
    let mut pieces = columns::decode(path, metadata, &wanted, progress)?;
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
    Ok((table, projection))
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
            field.name() == axis && field.data_type().is_numeric()
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
            "the file calls itself a map but has no numbers in columns x and y; make the map again"
                .to_owned(),
        ));
    }
    Ok(axes)
}
