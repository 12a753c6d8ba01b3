//! Columns and cells of tables.

use std::ffi::{c_char, c_int};

use fitsio::sys;

use super::{Fits, FitsFailure, Outcome, buffer, c_text, outcome};

/// A table column as cfitsio describes it; `typecode` after scaling, negative when variable-length.
#[derive(Debug, Clone, Copy)]
pub(in crate::io::fits) struct ColumnShape {
    pub typecode: i32,
    pub repeat: usize,
    pub width: usize,
}

impl Fits {
    /// Rows and columns of the current table.
    pub fn table_shape(&mut self) -> Outcome<(usize, usize)> {
        let (mut rows, mut columns, mut status) = (0, 0, 0);
        // SAFETY: plain out-parameters.
        unsafe {
            sys::ffgnrwll(self.raw, &raw mut rows, &raw mut status);
            sys::ffgncl(self.raw, &raw mut columns, &raw mut status);
        }
        outcome(status)?;
        Ok((
            usize::try_from(rows).unwrap_or(0),
            usize::try_from(columns).unwrap_or(0),
        ))
    }

    /// Shape of column `index` (0-based).
    pub fn column_shape(&mut self, index: usize) -> Outcome<ColumnShape> {
        let (mut typecode, mut repeat, mut width, mut status) = (0, 0, 0, 0);
        // SAFETY: plain out-parameters.
        unsafe {
            sys::ffeqtyll(
                self.raw,
                index as c_int + 1,
                &raw mut typecode,
                &raw mut repeat,
                &raw mut width,
                &raw mut status,
            );
        }
        outcome(status)?;
        Ok(ColumnShape {
            typecode,
            repeat: usize::try_from(repeat).unwrap_or(0),
            width: usize::try_from(width).unwrap_or(0),
        })
    }

    /// Index (0-based) of a column of the current table.
    pub fn column(&mut self, name: &str) -> Option<usize> {
        let name = c_text(name);
        let (mut number, mut status) = (0, 0);
        // SAFETY: cfitsio does not write to the name.
        unsafe {
            let name = name.as_ptr().cast_mut();
            sys::ffgcno(self.raw, 0, name, &raw mut number, &raw mut status);
            sys::ffcmsg();
        }
        let number = usize::try_from(number).ok().filter(|_| status == 0)?;
        number.checked_sub(1)
    }

    /// Values in the cell of a column of variable length.
    pub fn cell_len(&mut self, column: usize, row: usize) -> Outcome<usize> {
        let (mut len, mut at, mut status) = (0, 0, 0);
        // SAFETY: plain out-parameters.
        unsafe {
            sys::ffgdesll(
                self.raw,
                column as c_int + 1,
                row as i64 + 1,
                &raw mut len,
                &raw mut at,
                &raw mut status,
            );
        }
        outcome(status)?;
        usize::try_from(len).map_err(|_| FitsFailure("a cell has a negative length".to_owned()))
    }

    /// All text cells of a column, trailing blanks cut.
    pub fn strings(
        &mut self,
        index: usize,
        rows: usize,
        width: usize,
    ) -> Outcome<Vec<Option<String>>> {
        const CHUNK: usize = 1024;
        let stride = width + 1;
        let mut bytes = buffer::<c_char>(CHUNK.min(rows) * stride)?;
        let mut texts = Vec::with_capacity(rows.min(1 << 24));
        for first in (0..rows).step_by(CHUNK) {
            let count = CHUNK.min(rows - first);
            bytes.fill(0);
            let mut cells: Vec<*mut c_char> = bytes
                .chunks_exact_mut(stride)
                .map(<[c_char]>::as_mut_ptr)
                .collect();
            let mut nulls = vec![0 as c_char; count];
            let (mut any_null, mut status) = (0, 0);
            // SAFETY: each cell holds `width` characters and a terminator, `count` cells are given.
            unsafe {
                sys::ffgcfs(
                    self.raw,
                    index as c_int + 1,
                    first as i64 + 1,
                    1,
                    count as i64,
                    cells.as_mut_ptr(),
                    nulls.as_mut_ptr(),
                    &raw mut any_null,
                    &raw mut status,
                );
            }
            outcome(status)?;
            for (cell, &null) in bytes.chunks_exact(stride).zip(&nulls) {
                let text: Vec<u8> = cell
                    .iter()
                    .take_while(|&&c| c != 0)
                    .map(|&c| c as u8)
                    .collect();
                let text = String::from_utf8_lossy(&text).trim_end().to_owned();
                texts.push((null == 0 && !text.is_empty()).then_some(text));
            }
        }
        Ok(texts)
    }
}

macro_rules! read_column {
    ($(#[$doc:meta])* $name:ident, $type:ty, $function:ident) => {
        impl Fits {
            $(#[$doc])*
            pub fn $name(&mut self, index: usize, row: usize, elements: usize) -> Outcome<(Vec<$type>, Vec<bool>)> {
                let mut values = buffer::<$type>(elements)?;
                let mut nulls = buffer::<c_char>(elements)?;
                let (mut any_null, mut status) = (0, 0);
                // SAFETY: both arrays hold `elements` entries.
                unsafe {
                    sys::$function(
                        self.raw,
                        index as c_int + 1,
                        row as i64 + 1,
                        1,
                        elements as i64,
                        values.as_mut_ptr(),
                        nulls.as_mut_ptr(),
                        &raw mut any_null,
                        &raw mut status,
                    );
                }
                outcome(status)?;
                Ok((values, nulls.into_iter().map(|n| n == 0).collect()))
            }
        }
    };
}
read_column!(
    /// `elements` integers of a column from row `row` (0-based) on, and which of them are defined.
    integers, i64, ffgcfjj
);
read_column!(
    /// As `integers`, bytes.
    bytes, u8, ffgcfb
);
read_column!(
    /// As `integers`, for unsigned 64-bit columns.
    unsigned, u64, ffgcfujj
);
read_column!(
    /// As `integers`, single precision.
    floats, f32, ffgcfe
);
read_column!(
    /// As `integers`, double precision.
    doubles, f64, ffgcfd
);
read_column!(
    /// As `integers`, logical (non-zero is true).
    logicals, c_char, ffgcfl
);
