//! The column of vectors of a Parquet file, read in batches of bounded size.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::ArrayRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

use super::read::{ReadError, named};
use crate::io::IoError;

/// Bytes of vectors decoded at a time.
const BATCH_BYTES: u64 = 4 << 20;
/// Rows decoded at a time, at least and at most.
const BATCH_ROWS: std::ops::RangeInclusive<u64> = 64..=(1 << 16);

/// A column of vectors that is left in its file.
#[derive(Clone)]
pub(in crate::io) struct VectorColumn {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    column: usize,
}

/// The vectors from the first row to the last.
pub(in crate::io) struct VectorReader {
    path: PathBuf,
    batches: ParquetRecordBatchReader,
}

impl VectorColumn {
    /// The column at this place in the schema.
    pub fn new(path: &Path, metadata: &ArrowReaderMetadata, column: usize) -> Self {
        Self {
            path: path.to_owned(),
            metadata: metadata.clone(),
            column,
        }
    }

    /// Rows of the file.
    pub fn rows(&self) -> usize {
        let groups = self.metadata.metadata().row_groups().iter();
        let rows = groups.map(|group| usize::try_from(group.num_rows()).unwrap_or(0));
        rows.fold(0, usize::saturating_add)
    }

    /// Reads them from the first on.
    pub fn read(&self) -> Result<VectorReader, IoError> {
        let path = &self.path;
        let bytes = bytes_of(self.metadata.metadata(), self.column);
        let row = (bytes / (self.rows() as u64).max(1)).max(1);
        let rows = (BATCH_BYTES / row).clamp(*BATCH_ROWS.start(), *BATCH_ROWS.end());
        let file = File::open(path).map_err(|e| IoError::system(path, "read", e))?;
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), [self.column]);
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_projection(mask)
                .with_batch_size(rows as usize)
                .build();
        Ok(VectorReader {
            path: path.clone(),
            batches: reader.map_err(|e| named(path, e.into()))?,
        })
    }
}

impl Iterator for VectorReader {
    type Item = Result<ArrayRef, IoError>;

    fn next(&mut self) -> Option<Self::Item> {
        let column = self.batches.next()?.map_err(ReadError::from);
        let column = column.and_then(|batch| {
            let none = || ParquetError::General("a batch without its column".to_owned());
            Ok(batch.columns().first().cloned().ok_or_else(none)?)
        });
        Some(column.map_err(|e| named(&self.path, e)))
    }
}

/// Bytes of one column once they are decompressed.
pub(super) fn bytes_of(metadata: &ParquetMetaData, column: usize) -> u64 {
    let schema = metadata.file_metadata().schema_descr();
    let groups = metadata.row_groups().iter();
    groups
        .flat_map(|group| group.columns().iter().enumerate())
        .filter(|(leaf, _)| schema.get_column_root_idx(*leaf) == column)
        .map(|(_, chunk)| chunk.uncompressed_size().max(0) as u64)
        .fold(0, u64::saturating_add)
}
