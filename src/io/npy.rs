//! `NumPy` arrays (NPY format 1 to 3): an `n x d` array of floats is an embedding.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::IoError;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
const LONGEST_HEADER: usize = 1 << 16;
const TRUNCATED: &str = "the NumPy file ends early; copy it again";

/// An `n x d` array, row-major, that is read from the first row to the last.
pub(super) struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    element: Element,
    columns: usize,
    /// Rows that are still to be read.
    left: usize,
    /// Bytes of some rows.
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Element {
    F16,
    F32,
    F64,
}

impl Element {
    fn size(self) -> usize {
        match self {
            Self::F16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl Reader {
    /// Opens a 2-D array of 16-, 32- or 64-bit floats.
    pub fn open(path: &Path) -> Result<Self, IoError> {
        let wrong = |reason: &str| IoError::content(path, reason);
        let file = File::open(path).map_err(|e| IoError::system(path, "read", e))?;
        let size = file
            .metadata()
            .map_err(|e| IoError::system(path, "read", e))?
            .len();
        let mut file = BufReader::with_capacity(1 << 16, file);
        let truncated = |_| wrong(TRUNCATED);
        let mut start = [0; 8];
        file.read_exact(&mut start).map_err(truncated)?;
        if &start[..6] != MAGIC {
            return Err(wrong("not a NumPy array file"));
        }
        let mut length = [0; 4];
        let wide = start[6] >= 2;
        file.read_exact(&mut length[..if wide { 4 } else { 2 }])
            .map_err(truncated)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST_HEADER {
            return Err(wrong(
                "the NumPy header is too long to be one; save the array again with numpy.save",
            ));
        }
        let mut header = vec![0; length];
        file.read_exact(&mut header).map_err(truncated)?;
        let header = String::from_utf8_lossy(&header).into_owned();

        let descr = value_of(&header, "descr")
            .and_then(|v| v.trim_start().strip_prefix('\'')?.split('\'').next());
        let element = match descr {
            Some("<f4") => Element::F32,
            Some("<f8") => Element::F64,
            Some("<f2") => Element::F16,
            _ => {
                return Err(wrong(
                    "the NumPy array is not of little-endian floats; save it with .astype('float32')",
                ));
            }
        };
        if value_of(&header, "fortran_order").is_none_or(|v| !v.trim_start().starts_with("False")) {
            return Err(wrong(
                "the NumPy array is column-major; save numpy.ascontiguousarray(a)",
            ));
        }
        let shape: Vec<usize> = value_of(&header, "shape")
            .and_then(|v| v.trim_start().strip_prefix('(')?.split(')').next())
            .map(|v| v.split(',').filter_map(|n| n.trim().parse().ok()).collect())
            .unwrap_or_default();
        let [rows, columns] = shape[..] else {
            return Err(wrong(
                "the NumPy array is not 2-D; an embedding is an array of n rows and d columns",
            ));
        };
        if columns == 0 || u32::try_from(rows).is_err() {
            return Err(wrong(
                "the NumPy array has no columns, or more than 4294967295 rows",
            ));
        }
        let expected = rows
            .checked_mul(columns)
            .and_then(|n| n.checked_mul(element.size()));
        let start = 8 + if wide { 4 } else { 2 } + length as u64;
        if expected.is_none_or(|bytes| bytes as u64 > size.saturating_sub(start)) {
            return Err(wrong(TRUNCATED));
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            element,
            columns,
            left: rows,
            bytes: Vec::new(),
        })
    }

    /// Rows that are still to be read.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Length of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Reads the next rows, at most `most` of them, into `values`, replacing what it holds; none at
    /// the end.
    pub fn next_rows(&mut self, most: usize, values: &mut Vec<f32>) -> Result<(), IoError> {
        let rows = most.min(self.left);
        self.bytes
            .resize(rows * self.columns * self.element.size(), 0);
        self.file
            .read_exact(&mut self.bytes)
            .map_err(|_| IoError::content(&self.path, TRUNCATED))?;
        self.left -= rows;
        values.clear();
        match self.element {
            Element::F32 => values.extend(each(&self.bytes, f32::from_le_bytes)),
            Element::F64 => values.extend(each(&self.bytes, |b| f64::from_le_bytes(b) as f32)),
            Element::F16 => values.extend(each(&self.bytes, |b| half(u16::from_le_bytes(b)))),
        }
        Ok(())
    }
}

/// Rows of `columns` values that are read at a time.
pub(super) fn rows_at_a_time(columns: usize) -> usize {
    const VALUES: usize = 1 << 20;
    (VALUES / columns.max(1)).max(1)
}

fn each<const N: usize>(bytes: &[u8], number: fn([u8; N]) -> f32) -> impl Iterator<Item = f32> {
    bytes.as_chunks().0.iter().map(move |b| number(*b))
}

/// The text after a key of the header's Python dictionary.
fn value_of<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let at = header.find(&format!("'{key}'"))?;
    header[at..].split_once(':').map(|(_, value)| value)
}

/// IEEE 754 half precision to single.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (
        i32::from(bits >> 10 & 0x1f),
        f32::from(bits & 0x3ff) / 1024.0,
    );
    sign * match exponent {
        0 => fraction * 2.0_f32.powi(-14),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction) * 2.0_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(header: &str, body: &[u8]) -> Result<Vec<f32>, IoError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(body);
        std::fs::write(&path, bytes).unwrap();
        let mut reader = Reader::open(&path)?;
        let (mut all, mut some) = (Vec::new(), Vec::new());
        while reader.left() > 0 {
            reader.next_rows(1, &mut some)?;
            assert_eq!(some.len(), reader.columns());
            all.append(&mut some);
        }
        Ok(all)
    }

    #[test]
    fn reads_floats_and_refuses_lies() {
        let body: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
        assert_eq!(npy(good, &body).unwrap(), [1.0, 2.0, 3.0, 4.0]);
        for (lie, reason) in [
            (
                good.replace("(2, 2)", "(2000000000, 2000000000)"),
                "ends early",
            ),
            (good.replace("(2, 2)", "(4,)"), "not 2-D"),
            (good.replace("<f4", "|O"), "not of little-endian floats"),
            (good.replace("False", "True"), "column-major"),
            (good.replace("(2, 2)", "(4000000000, 0)"), "no columns"),
            (
                good.replace("'<f4'", "[('a', '<f4')]"),
                "not of little-endian floats",
            ),
            (String::new(), "not of little-endian floats"),
        ] {
            assert!(
                npy(&lie, &body).err().unwrap().to_string().contains(reason),
                "{lie}"
            );
        }
    }

    #[test]
    fn half_precision_is_exact() {
        assert_eq!(half(0x3c00), 1.0);
        assert_eq!(half(0xc000), -2.0);
        assert_eq!(half(0x0001), 2.0_f32.powi(-24));
        assert!(half(0x7e00).is_nan());
    }
}
