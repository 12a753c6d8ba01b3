//! What a long run has found so far, in a file beside its output: an interrupted run goes on from there.
//!
//! A header says which run it belongs to; then one record for each [`Segment`], with its length and
//! checksum, written in one piece as soon as the segment is there. Reading stops at the first record
//! that is not whole, and the rest is cut off. While a run has the file open, no other can.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{IoError, VectorSource};
use crate::data::Segment;

/// Ends the name of the output's journal.
const SUFFIX: &str = ".unfinished";
const MAGIC: &[u8; 16] = b"latentarium-run1";
/// Length and checksum of a record.
const FRAME: usize = 8;
/// Magic, key, length of a vector, number of predicted columns.
const HEADER: u64 = 16 + 64 + 8;
/// No batch comes near it.
const MAX_RECORD: usize = 1 << 30;

/// The results of an unfinished run.
pub struct Journal {
    path: PathBuf,
    shape: Shape,
    file: Mutex<File>,
    /// The rows of each record, and where it lies.
    records: Vec<(Range<usize>, u64)>,
    end: u64,
}

/// Lengths that all segments of a run share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Length of a vector.
    pub dim: usize,
    /// Number of predicted columns.
    pub predictions: usize,
}

/// Whether there was an earlier run to go on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// No.
    None,
    /// One of the same key; its segments were handed over.
    Kept,
    /// One of another key: its results are gone.
    Dropped,
}

impl Journal {
    /// Opens the journal of the run that shall write `output`, and hands over the segments of an earlier
    /// run of the same `key` (64 hexadecimal digits: a hash of everything that the results depend on).
    ///
    /// # Errors
    /// When another program works on it, the file of that name is no journal, or the disk refuses.
    pub fn open(
        output: &Path,
        key: &str,
        shape: Shape,
        each: &mut dyn FnMut(&Segment),
    ) -> Result<(Self, Earlier), IoError> {
        let mut name = output.file_name().unwrap_or_default().to_owned();
        name.push(SUFFIX);
        let path = output.with_file_name(name);
        let failed = |source| IoError::system(&path, "open", source);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        // A file system without locks is worked on as before there were any.
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(IoError::content(
                &path,
                "another run is writing this output; wait for it, or choose another name",
            ));
        }
        let mut header = MAGIC.to_vec();
        header.extend(key.bytes().chain(std::iter::repeat(b' ')).take(64));
        header.extend((shape.dim as u32).to_le_bytes());
        header.extend((shape.predictions as u32).to_le_bytes());
        let mut journal = Self {
            shape,
            file: Mutex::new(file),
            records: Vec::new(),
            end: HEADER,
            path: path.clone(),
        };
        let found = journal.read_header().map_err(failed)?;
        let earlier = if found == header {
            journal.take_records(each).map_err(failed)?;
            Earlier::Kept
        } else if found.starts_with(MAGIC) {
            Earlier::Dropped
        } else if found.is_empty() || MAGIC.starts_with(&found) {
            Earlier::None
        } else {
            return Err(IoError::content(
                &path,
                "this file is in the way: results that are not finished are kept under its name; move it",
            ));
        };
        let file = journal
            .file
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if earlier != Earlier::Kept {
            file.set_len(0).map_err(failed)?;
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
            file.write_all(&header).map_err(failed)?;
        }
        // What an interrupted write left behind.
        file.set_len(journal.end).map_err(failed)?;
        let earlier = match earlier {
            Earlier::Kept if journal.records.is_empty() => Earlier::None,
            earlier => earlier,
        };
        Ok((journal, earlier))
    }

    /// Whether a file has the name of a journal.
    #[must_use]
    pub fn is_named(path: &Path) -> bool {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().ends_with(SUFFIX))
    }

    /// End of the rows that are kept: they are worked on from the first, in order.
    #[must_use]
    pub fn done(&self) -> usize {
        self.records.last().map_or(0, |(span, _)| span.end)
    }

    /// Keeps the next segment.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn append(&mut self, segment: &Segment) -> Result<(), IoError> {
        let body = encode(segment);
        let mut record = Vec::with_capacity(FRAME + body.len());
        record.extend((body.len() as u32).to_le_bytes());
        record.extend(checksum(&body).to_le_bytes());
        record.extend(body);
        let failed = |source| IoError::system(&self.path, "write", source);
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.end)).map_err(failed)?;
        file.write_all(&record).map_err(failed)?;
        self.records.push((segment.span.clone(), self.end));
        self.end += record.len() as u64;
        Ok(())
    }

    /// Removes the file: its output is there.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove(self) -> Result<(), IoError> {
        let Self { path, file, .. } = self;
        // Not every system removes a file that is open.
        drop(file);
        std::fs::remove_file(&path).map_err(|source| IoError::system(&path, "remove", source))
    }

    fn read_header(&mut self) -> io::Result<Vec<u8>> {
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        file.take(HEADER).read_to_end(&mut found)?;
        Ok(found)
    }

    /// Takes all whole records that follow one another.
    fn take_records(&mut self, each: &mut dyn FnMut(&Segment)) -> io::Result<()> {
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut reader = BufReader::with_capacity(1 << 20, file);
        reader.seek(SeekFrom::Start(HEADER))?;
        let mut next = 0;
        while let Some((segment, length)) = read_record(&mut reader, self.shape)? {
            if segment.span.start != next {
                break;
            }
            next = segment.span.end;
            each(&segment);
            self.records.push((segment.span, self.end));
            self.end += length;
        }
        Ok(())
    }

    fn read(&self, at: u64) -> io::Result<Segment> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        let record = read_record(&mut *file, self.shape)?;
        let gone = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "it was changed by something else",
            )
        };
        record.map(|(segment, _)| segment).ok_or_else(gone)
    }
}

impl VectorSource for Journal {
    fn dim(&self) -> usize {
        self.shape.dim
    }

    fn each(&self, rows: Range<usize>, place: &mut dyn FnMut(u32, &[f32])) -> Result<(), IoError> {
        let first = self
            .records
            .partition_point(|(span, _)| span.end <= rows.start);
        for (span, at) in &self.records[first..] {
            if span.start >= rows.end {
                break;
            }
            let segment = self
                .read(*at)
                .map_err(|source| IoError::system(&self.path, "read again", source))?;
            let vectors = segment.vectors.chunks_exact(self.shape.dim);
            for (&row, vector) in segment.rows.iter().zip(vectors) {
                if rows.contains(&(row as usize)) {
                    place(row, vector);
                }
            }
        }
        Ok(())
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(bytes);
    hasher.finalize()
}

/// The next record and its length; `None` where there is none that is whole.
fn read_record(reader: &mut dyn Read, shape: Shape) -> io::Result<Option<(Segment, u64)>> {
    let mut frame = [0; FRAME];
    if !read_whole(reader, &mut frame)? {
        return Ok(None);
    }
    let number =
        |at: usize| u32::from_le_bytes([frame[at], frame[at + 1], frame[at + 2], frame[at + 3]]);
    let (length, sum) = (number(0) as usize, number(4));
    if length > MAX_RECORD {
        return Ok(None);
    }
    // A length that is not true costs no more memory than there are bytes.
    let mut body = Vec::new();
    reader.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length || checksum(&body) != sum {
        return Ok(None);
    }
    let segment = decode(&body, shape).map(|segment| (segment, (FRAME + length) as u64));
    Ok(segment)
}

/// Whether there were as many bytes.
fn read_whole(reader: &mut dyn Read, bytes: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}

fn encode(segment: &Segment) -> Vec<u8> {
    let mut out = Vec::new();
    let mut number = |n: usize| out.extend((n as u32).to_le_bytes());
    number(segment.span.start);
    number(segment.span.end);
    number(segment.rows.len());
    number(segment.failed.len());
    number(segment.tolerated.len());
    segment.rows.iter().for_each(|&row| number(row as usize));
    for value in segment.vectors.iter().chain(&segment.predictions) {
        out.extend(value.to_le_bytes());
    }
    for (row, reason) in &segment.failed {
        out.extend(row.to_le_bytes());
        out.extend((reason.len() as u32).to_le_bytes());
        out.extend(reason.as_bytes());
    }
    for (row, bits) in &segment.tolerated {
        out.extend(row.to_le_bytes());
        out.push(*bits);
    }
    out
}

/// `None` for what [`encode`] did not write.
fn decode(bytes: &[u8], shape: Shape) -> Option<Segment> {
    let mut rest = bytes;
    let span = number(&mut rest)? as usize..number(&mut rest)? as usize;
    let (rows, failed, tolerated) = (
        number(&mut rest)? as usize,
        number(&mut rest)? as usize,
        number(&mut rest)? as usize,
    );
    // Each takes at least four bytes.
    if rows.max(failed).max(tolerated) > bytes.len() / 4 || span.is_empty() {
        return None;
    }
    let mut segment = Segment {
        rows: (0..rows)
            .map(|_| number(&mut rest))
            .collect::<Option<_>>()?,
        ..Segment::default()
    };
    segment.vectors = floats(&mut rest, rows.checked_mul(shape.dim)?)?;
    segment.predictions = floats(&mut rest, rows.checked_mul(shape.predictions)?)?;
    for _ in 0..failed {
        let row = number(&mut rest)?;
        let length = number(&mut rest)? as usize;
        let text = std::str::from_utf8(rest.split_off(..length)?).ok()?;
        segment.failed.push((row, text.to_owned()));
    }
    for _ in 0..tolerated {
        let row = number(&mut rest)?;
        segment.tolerated.push((row, *rest.split_off_first()?));
    }
    let inside = |row: u32| span.contains(&(row as usize));
    let named = segment.rows.iter().copied();
    let named = named.chain(segment.failed.iter().map(|(row, _)| *row));
    let mut named = named.chain(segment.tolerated.iter().map(|&(row, _)| row));
    let valid = rest.is_empty()
        && named.all(inside)
        && segment.rows.is_sorted_by(|a, b| a < b)
        && segment.vectors.iter().all(|v| v.is_finite());
    segment.span = span;
    valid.then_some(segment)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let bytes = rest.split_off(..4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn floats(rest: &mut &[u8], count: usize) -> Option<Vec<f32>> {
    let bytes = rest.split_off(..count.checked_mul(4)?)?;
    let value = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    Some(bytes.chunks_exact(4).map(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        dim: 3,
        predictions: 2,
    };

    fn segment(index: usize) -> Segment {
        let start = index * 4;
        let rows: Vec<u32> = vec![start as u32, start as u32 + 3];
        Segment {
            span: start..start + 4,
            vectors: (0..6).map(|i| (index * 10 + i) as f32).collect(),
            predictions: vec![0.5, f32::INFINITY, 1.0, -2.0],
            failed: vec![(start as u32 + 1, "not there".to_owned())],
            tolerated: vec![(start as u32 + 3, 5)],
            rows,
        }
    }

    fn open(output: &Path, key: &str) -> Result<(Journal, Earlier, Vec<Segment>), IoError> {
        let mut segments = Vec::new();
        let (journal, earlier) =
            Journal::open(output, key, SHAPE, &mut |s| segments.push(s.clone()))?;
        Ok((journal, earlier, segments))
    }

    #[test]
    fn goes_on_after_any_cut_and_any_damage() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("e.parquet");
        let (mut journal, earlier, _) = open(&output, "a").unwrap();
        assert_eq!(earlier, Earlier::None);
        let whole: Vec<Segment> = (0..3).map(segment).collect();
        whole.iter().for_each(|s| journal.append(s).unwrap());
        assert!(open(&output, "a").is_err_and(|e| e.to_string().contains("another run")));
        drop(journal);
        let path = folder.path().join("e.parquet.unfinished");
        let bytes = std::fs::read(&path).unwrap();
        let record = (bytes.len() - HEADER as usize) / 3;
        for cut in 0..bytes.len() {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let (mut journal, _, kept) = open(&output, "a").unwrap();
            let left = cut.saturating_sub(HEADER as usize) / record;
            assert_eq!(kept, whole[..left], "cut at {cut}");
            assert_eq!(journal.done(), left * 4);
            whole[left..]
                .iter()
                .for_each(|s| journal.append(s).unwrap());
            drop(journal);
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "cut at {cut}");
        }
        for at in HEADER as usize..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x41;
            std::fs::write(&path, damaged).unwrap();
            let (journal, _, kept) = open(&output, "a").unwrap();
            assert_eq!(
                kept,
                whole[..(at - HEADER as usize) / record],
                "damage at {at}"
            );
            journal.remove().unwrap();
        }
    }

    #[test]
    fn another_run_begins_anew_and_another_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("e.parquet");
        let (mut journal, ..) = open(&output, "a").unwrap();
        journal.append(&segment(0)).unwrap();
        drop(journal);
        let (journal, earlier, kept) = open(&output, "b").unwrap();
        assert_eq!(
            (earlier, kept.len(), journal.done()),
            (Earlier::Dropped, 0, 0)
        );
        journal.remove().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let path = folder.path().join("e.parquet.unfinished");
        std::fs::write(&path, "my notes").unwrap();
        assert!(open(&output, "a").is_err_and(|e| e.to_string().contains("in the way")));
        assert_eq!(std::fs::read(&path).unwrap(), b"my notes");
    }

    #[test]
    fn vectors_come_by_row() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, ..) = open(&folder.path().join("e.parquet"), "a").unwrap();
        (0..5).for_each(|i| journal.append(&segment(i)).unwrap());
        let mut found = Vec::new();
        let all = &mut |row, vector: &[f32]| found.push((row, vector[0]));
        journal.each(3..13, all).unwrap();
        assert_eq!(
            found,
            [
                (3, 3.0),
                (4, 10.0),
                (7, 13.0),
                (8, 20.0),
                (11, 23.0),
                (12, 30.0)
            ]
        );
    }
}
