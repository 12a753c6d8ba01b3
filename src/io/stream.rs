//! The vectors of a file from the first to the last, a few megabytes at a time, as often as asked for.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use super::parquet::{VectorColumn, VectorReader};
use super::vectors::{VectorRows, left_out};
use super::{IoError, npy};

/// Buffers in circulation: one is filled while another is used.
const BUFFERS: usize = 2;

/// The vectors of a Parquet or NPY file, which stay there.
///
/// Rows without a vector, and those whose vector holds NaN or infinity, are passed over, as
/// [`open`](super::open) does.
pub struct VectorStream {
    path: PathBuf,
    source: Source,
    dim: usize,
    rows: usize,
}

enum Source {
    Parquet(VectorColumn),
    Npy,
}

enum Reader {
    Parquet(VectorReader),
    Npy(npy::Reader, Vec<f32>),
}

impl VectorStream {
    /// `None` where no row has a vector.
    pub(super) fn parquet(path: &Path, column: VectorColumn) -> Result<Option<Self>, IoError> {
        // The length of lists is that of the first.
        let mut found = VectorRows::default();
        for batch in column.read()? {
            let batch = batch?;
            found.push(&batch).map_err(|e| IoError::data(path, &e))?;
            if found.dim() > 0 {
                break;
            }
        }
        Ok((found.dim() > 0).then(|| Self {
            path: path.to_owned(),
            dim: found.dim(),
            rows: column.rows(),
            source: Source::Parquet(column),
        }))
    }

    pub(super) fn npy(path: &Path) -> Result<Self, IoError> {
        let reader = npy::Reader::open(path)?;
        Ok(Self {
            path: path.to_owned(),
            dim: reader.columns(),
            rows: reader.left(),
            source: Source::Npy,
        })
    }

    /// Length of each vector.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Rows of the file; no more of them have a vector.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Hands all vectors to `each`, in the order of rows, while a thread reads the next ones.
    /// Returns what was tolerated, a sentence each.
    ///
    /// # Errors
    /// When the file cannot be read or holds vectors of different lengths; what `each` returns.
    pub fn for_each<E: From<IoError>>(
        &self,
        mut each: impl FnMut(&VectorRows) -> Result<(), E>,
    ) -> Result<Vec<String>, E> {
        std::thread::scope(|scope| {
            let (full, filled) = sync_channel(BUFFERS);
            let (empty, emptied) = channel();
            for _ in 0..BUFFERS {
                let _ = empty.send(VectorRows::default());
            }
            scope.spawn(move || {
                if let Err(e) = self.read(&emptied, &full) {
                    let _ = full.send(Err(e));
                }
            });
            let mut not_finite = 0;
            // Where `each` fails the channels fall, which ends the thread.
            for vectors in filled {
                let vectors: VectorRows = vectors?;
                not_finite = vectors.not_finite();
                each(&vectors)?;
                let _ = empty.send(vectors);
            }
            Ok(left_out(not_finite).into_iter().collect())
        })
    }

    fn read(
        &self,
        empty: &Receiver<VectorRows>,
        full: &SyncSender<Result<VectorRows, IoError>>,
    ) -> Result<(), IoError> {
        let mut reader = match &self.source {
            Source::Parquet(column) => Reader::Parquet(column.read()?),
            Source::Npy => Reader::Npy(npy::Reader::open(&self.path)?, Vec::new()),
        };
        let mut place = VectorRows::default();
        while let Ok(mut vectors) = empty.recv() {
            vectors.follow(&place);
            if !reader.next(&self.path, &mut vectors)? {
                break;
            }
            if vectors.is_ragged() || ![0, self.dim].contains(&vectors.dim()) {
                return Err(IoError::content(
                    &self.path,
                    "the list column holds vectors of different lengths, which is no embedding; write vectors of one length",
                ));
            }
            place.follow(&vectors);
            if full.send(Ok(vectors)).is_err() {
                break;
            }
        }
        Ok(())
    }
}

impl Reader {
    /// Adds the next rows; `false` at the end.
    fn next(&mut self, path: &Path, vectors: &mut VectorRows) -> Result<bool, IoError> {
        match self {
            Self::Parquet(reader) => {
                let Some(batch) = reader.next() else {
                    return Ok(false);
                };
                vectors.push(&batch?).map_err(|e| IoError::data(path, &e))?;
                Ok(true)
            }
            Self::Npy(reader, some) => {
                let dim = reader.columns();
                reader.next_rows(npy::rows_at_a_time(dim), some)?;
                vectors.push_values(some, dim);
                Ok(!some.is_empty())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Arc;

    use arrow::array::{Array, ArrayRef, FixedSizeListArray, ListArray, RecordBatch};
    use arrow::compute::cast;
    use arrow::datatypes::{DataType, Field, Float32Type};
    use parquet::arrow::ArrowWriter;

    use super::*;
    use crate::io::{open, open_streamed};
    use crate::progress::Progress;

    const ROWS: usize = 70_000;

    /// Vectors of 3 values, some missing, some not finite.
    fn vectors() -> Vec<Option<Vec<Option<f32>>>> {
        let vector = |row: usize| match row % 1000 {
            7 => None,
            8 => Some(vec![Some(1.0), Some(f32::NAN), Some(2.0)]),
            9 => Some(vec![Some(1.0), None, Some(2.0)]),
            _ => Some([0, 1, 2].map(|j| Some((row % 512 + j) as f32)).to_vec()),
        };
        (0..ROWS).map(vector).collect()
    }

    fn write(path: &Path, column: ArrayRef) {
        let batch = RecordBatch::try_from_iter([("embedding", column)]).unwrap();
        let file = File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    /// What the stream gives, which has to be what opening gives.
    fn streamed(path: &Path) -> (Vec<f32>, Vec<u32>) {
        let whole = open(path, None, &Progress::new()).unwrap();
        let (rest, stream) = open_streamed(path, None, &Progress::new()).unwrap();
        let (stream, embedding) = (stream.unwrap(), whole.embedding.unwrap());
        assert!(rest.embedding.is_none());
        assert_eq!((stream.dim(), stream.rows()), (3, whole.catalog.len()));
        let (mut values, mut rows) = (Vec::new(), Vec::new());
        for pass in 0..2 {
            (values, rows) = (Vec::new(), Vec::new());
            let said = stream.for_each(|some| {
                values.extend(some.values());
                rows.extend(some.rows());
                Ok::<_, IoError>(())
            });
            assert_eq!(said.unwrap(), whole.warnings, "pass {pass}");
        }
        assert_eq!((&*values, &*rows), (embedding.values(), embedding.rows()));
        (values, rows)
    }

    #[test]
    fn vectors_are_the_same_from_the_file_and_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("e.parquet");
        let lists = ListArray::from_iter_primitive::<Float32Type, _, _>(vectors());
        let fixed = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(vectors(), 3);
        write(&path, Arc::new(lists));
        let plain = streamed(&path);
        assert_eq!(plain.1.len(), ROWS - 3 * ROWS / 1000);
        for item in [DataType::Float16, DataType::Float32, DataType::Float64] {
            let field = Arc::new(Field::new("item", item, true));
            for list in [
                DataType::FixedSizeList(Arc::clone(&field), 3),
                DataType::List(Arc::clone(&field)),
                DataType::LargeList(field),
            ] {
                write(&path, cast(&fixed, &list).unwrap());
                assert_eq!(streamed(&path), plain, "{list}");
            }
        }
        // An array of NumPy has the same rows, but for those that miss a value.
        let numbers = vectors().into_iter().flat_map(|vector| {
            let vector = vector.unwrap_or_else(|| vec![None; 3]);
            vector
                .into_iter()
                .flat_map(|v| v.unwrap_or(f32::NAN).to_le_bytes())
        });
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({ROWS}, 3), }}");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(numbers);
        let path = folder.path().join("e.npy");
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(streamed(&path), plain);
    }

    #[test]
    fn what_is_no_embedding_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("e.parquet");
        let number = |row: usize| Some(row as f32);
        let of_length = |length: usize, row| Some(vec![number(row); length]);
        let ragged = (0..9000).map(|row| of_length(2 + row / 5000, row));
        let ragged = ListArray::from_iter_primitive::<Float32Type, _, _>(ragged);
        write(&path, Arc::new(ragged));
        let (_, stream) = open_streamed(&path, None, &Progress::new()).unwrap();
        let said = stream.map(|s| s.for_each(|_| Ok::<_, IoError>(())));
        let said = said.unwrap().unwrap_err().to_string();
        assert!(said.contains("different lengths") && said.contains("e.parquet"));
        let none = ListArray::new_null(Arc::new(Field::new("item", DataType::Float32, true)), 20);
        assert_eq!(none.null_count(), 20);
        write(&path, Arc::new(none));
        let (dataset, stream) = open_streamed(&path, None, &Progress::new()).unwrap();
        assert!(stream.is_none() && dataset.catalog.len() == 20);
    }

    #[test]
    fn the_reader_stops_with_its_user() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("e.parquet");
        let lists = ListArray::from_iter_primitive::<Float32Type, _, _>(vectors());
        write(&path, Arc::new(lists));
        let (_, stream) = open_streamed(&path, None, &Progress::new()).unwrap();
        let stream = stream.unwrap();
        let mut batches = 0;
        let said = stream.for_each(|_| {
            batches += 1;
            Err(IoError::content(&path, "enough"))
        });
        assert!(said.is_err() && batches == 1);
    }
}
