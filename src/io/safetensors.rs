//! Named arrays in a safetensors file: eight bytes with the length of the header, the header (JSON:
//! type, shape and place of each array; under `__metadata__` text by name), then the values, little
//! endian, without gaps. <https://github.com/huggingface/safetensors> states the format; other
//! programs read the files, `safetensors.numpy.load_file` in Python among them.
//!
//! A header that is read is not trusted: what it promises is compared with the length of the file
//! before memory is taken.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::IoError;
use super::atomic::{AtomicFile, Overwrite};
use crate::data::{Array, Arrays, Provenance, Value, Values};
use crate::memory;
use crate::progress::Progress;

/// Longest header, in bytes.
const MOST_HEADER: u64 = 1 << 20;
/// Values converted between two looks at the cancel flag.
const CHUNK: usize = 1 << 18;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Kind {
    F64,
    F32,
    U32,
}

impl Kind {
    fn of(values: &Values<'_>) -> Self {
        match values {
            Values::F32(_) => Self::F32,
            Values::F64(_) => Self::F64,
            Values::U32(_) => Self::U32,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 | Self::U32 => 4,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Place {
    dtype: Kind,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Header {
    #[serde(rename = "__metadata__", default)]
    facts: Provenance,
    #[serde(flatten)]
    places: BTreeMap<String, Place>,
}

/// Writes arrays and their facts.
///
/// # Errors
/// When the file exists and may not be replaced, the disk is full, or the work was cancelled.
pub fn write_arrays(
    path: &Path,
    arrays: &Arrays<'_>,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<(), IoError> {
    // The widest values first: then all are aligned.
    let mut order: Vec<(&String, &Array<'_>)> = arrays.arrays.iter().collect();
    order.sort_by_key(|(name, array)| (Kind::of(&array.values), *name));
    let mut header = Header {
        facts: arrays.facts.clone(),
        ..Header::default()
    };
    let mut total = 0;
    for (name, array) in &order {
        let dtype = Kind::of(&array.values);
        let end = total + array.values.len() * dtype.bytes();
        let place = Place {
            dtype,
            shape: array.shape.clone(),
            data_offsets: [total, end],
        };
        header.places.insert((*name).clone(), place);
        total = end;
    }
    let failed = |e: std::io::Error| IoError::system(path, "write", e);
    let mut text = serde_json::to_vec(&header).map_err(|e| failed(e.into()))?;
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut file = AtomicFile::create(path, overwrite)?;
    file.write_all(&(text.len() as u64).to_le_bytes())
        .and_then(|()| file.write_all(&text))
        .map_err(failed)?;
    for (name, array) in order {
        progress.set(header.places[name].data_offsets[0], total)?;
        match &array.values {
            Values::F32(values) => put(&mut file, values, f32::to_le_bytes, progress, path)?,
            Values::F64(values) => put(&mut file, values, f64::to_le_bytes, progress, path)?,
            Values::U32(values) => put(&mut file, values, u32::to_le_bytes, progress, path)?,
        }
    }
    file.commit()
}

fn put<T: Copy, const N: usize>(
    file: &mut AtomicFile,
    values: &[T],
    bytes: impl Fn(T) -> [u8; N],
    progress: &Progress,
    path: &Path,
) -> Result<(), IoError> {
    let mut buffer = Vec::with_capacity(CHUNK.min(values.len()) * N);
    for values in values.chunks(CHUNK) {
        progress.check()?;
        buffer.clear();
        buffer.extend(values.iter().flat_map(|v| bytes(*v)));
        file.write_all(&buffer)
            .map_err(|e| IoError::system(path, "write", e))?;
    }
    Ok(())
}

/// Reads what [`write_arrays`] wrote, or another program in the same format.
///
/// # Errors
/// When it cannot be read, is of another format or damaged, does not fit into memory, or the work was
/// cancelled.
pub fn read_arrays(path: &Path, progress: &Progress) -> Result<Arrays<'static>, IoError> {
    let system = |e: std::io::Error| IoError::system(path, "read", e);
    let damaged = || IoError::content(path, "the file of arrays is damaged or incomplete");
    let file = File::open(path).map_err(system)?;
    let about = file.metadata().map_err(system)?;
    if !about.is_file() {
        return Err(IoError::content(path, "this is no file"));
    }
    let mut file = BufReader::new(file);
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(|_| damaged())?;
    let length = u64::from_le_bytes(length);
    let header: Option<Header> = (length <= MOST_HEADER.min(about.len()))
        .then(|| {
            let mut text = vec![0; length as usize];
            file.read_exact(&mut text).ok()?;
            serde_json::from_slice(&text).ok()
        })
        .flatten();
    let header = header.ok_or_else(|| {
        IoError::content(
            path,
            "this is no file of arrays (safetensors) of this program",
        )
    })?;
    let values = about.len() - 8 - length;
    let mut order: Vec<(String, Place)> = header.places.into_iter().collect();
    order.sort_by_key(|(_, place)| place.data_offsets);
    let mut end = 0;
    for (_, place) in &order {
        let count = place
            .shape
            .iter()
            .try_fold(1_usize, |n, l| n.checked_mul(*l));
        let bytes = count.and_then(|n| n.checked_mul(place.dtype.bytes()));
        let [from, to] = place.data_offsets;
        if from != end || to < from || bytes != Some(to - from) {
            return Err(damaged());
        }
        end = to;
    }
    if end as u64 != values {
        return Err(damaged());
    }
    if let Some(free) = memory::available_bytes().filter(|free| values > *free) {
        let (needed, free) = (memory::in_words(values), memory::in_words(free));
        return Err(IoError::content(
            path,
            format!(
                "reading it needs {needed} of memory and {free} are free; close other programs"
            ),
        ));
    }
    let mut arrays = Arrays {
        facts: header.facts,
        ..Arrays::default()
    };
    for (name, place) in order {
        progress.set(place.data_offsets[0], end)?;
        let count = (place.data_offsets[1] - place.data_offsets[0]) / place.dtype.bytes();
        let values = match place.dtype {
            Kind::F32 => get(&mut file, count, f32::from_le_bytes, progress, path)?,
            Kind::F64 => get(&mut file, count, f64::from_le_bytes, progress, path)?,
            Kind::U32 => get(&mut file, count, u32::from_le_bytes, progress, path)?,
        };
        let shape = place.shape;
        arrays.arrays.insert(name, Array { shape, values });
    }
    Ok(arrays)
}

fn get<T: Value + 'static, const N: usize>(
    file: &mut impl Read,
    count: usize,
    value: impl Fn([u8; N]) -> T,
    progress: &Progress,
    path: &Path,
) -> Result<Values<'static>, IoError> {
    let mut values = Vec::with_capacity(count);
    let mut buffer = vec![0; CHUNK.min(count) * N];
    while values.len() < count {
        progress.check()?;
        let bytes = &mut buffer[..CHUNK.min(count - values.len()) * N];
        file.read_exact(bytes)
            .map_err(|e| IoError::system(path, "read", e))?;
        let (chunks, _) = bytes.as_chunks::<N>();
        values.extend(chunks.iter().map(|bytes| value(*bytes)));
    }
    Ok(T::wrap(Cow::Owned(values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path) -> (std::path::PathBuf, Arrays<'static>) {
        let mut arrays = Arrays::default();
        arrays.put(
            "positions",
            &[3, 2],
            vec![0.5_f32, 1.0, -2.0, 1e-40, f32::MAX, 0.0],
        );
        arrays.put("mean", &[2], vec![1e300_f64, -0.0]);
        arrays.put("order", &[3], vec![2_u32, 0, u32::MAX]);
        arrays.put("none", &[0, 4], Vec::<f32>::new());
        arrays.facts = Provenance::default()
            .with("version", "1")
            .with("é", "\"x\"");
        let path = folder.join("m.safetensors");
        write_arrays(&path, &arrays, Overwrite::Replace, &Progress::new()).unwrap();
        (path, arrays)
    }

    #[test]
    fn comes_back_to_the_bit_and_is_aligned() {
        let folder = tempfile::tempdir().unwrap();
        let (path, arrays) = written(folder.path());
        assert_eq!(read_arrays(&path, &Progress::new()).unwrap(), arrays);
        let bytes = std::fs::read(&path).unwrap();
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        assert!(header.is_multiple_of(8));
        let text = std::str::from_utf8(&bytes[8..8 + header]).unwrap();
        assert!(text.contains("__metadata__"), "{text}");
        // The double-precision values come first.
        assert_eq!(bytes[8 + header..][..8], 1e300_f64.to_le_bytes());
    }

    #[test]
    fn damaged_files_are_told_and_never_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = written(folder.path());
        let bytes = std::fs::read(&path).unwrap();
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            read_arrays(&path, &Progress::new())
        };
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length} bytes");
        }
        // Any byte of the header changed: told, or arrays of the promised shapes.
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        for place in 0..8 + header {
            let mut bytes = bytes.clone();
            bytes[place] ^= 0x15;
            if let Ok(arrays) = read(&bytes) {
                for array in arrays.arrays.values() {
                    assert_eq!(array.values.len(), array.shape.iter().product::<usize>());
                }
            }
        }
        let huge =
            br#"{"a":{"dtype":"F32","shape":[18446744073709551615,8],"data_offsets":[0,16]}}"#;
        let mut file = (huge.len() as u64).to_le_bytes().to_vec();
        file.extend(huge);
        file.extend([0; 16]);
        let error = read(&file).unwrap_err().to_string();
        assert!(
            error.contains("damaged") && error.contains("m.safetensors"),
            "{error}"
        );
    }
}
