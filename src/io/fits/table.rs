//! FITS tables as Arrow: integers stay integers, undefined cells become nulls, units are kept.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, FixedSizeListArray, Float32Array, Float64Array, Int64Array,
    RecordBatch, StringArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema};

use super::ffi::{ColumnShape, Fits, FitsFailure};
use super::{open, unreadable};
use crate::data::field_with_unit;
use crate::io::IoError;

// cfitsio's type codes.
const LOGICAL: i32 = 14;
const STRING: i32 = 16;
const FLOAT: i32 = 42;
const UNSIGNED_64: i32 = 80;
const DOUBLE: i32 = 82;
const INTEGERS: [i32; 9] = [11, 12, 20, 21, 30, 31, 40, 41, 81];

/// Widest text cell that is kept.
const WIDEST_TEXT: usize = 1 << 16;

/// Reads the table in HDU `hdu`: scalar columns, and vectors of floats as fixed-size lists. Other
/// columns are named in the warnings.
pub(in crate::io) fn read_table(
    path: &Path,
    hdu: usize,
) -> Result<(RecordBatch, Vec<String>), IoError> {
    let (mut fits, most_bytes) = open(path)?;
    let broken = |failure: FitsFailure| unreadable(path, &failure);
    fits.move_to(hdu).map_err(broken)?;
    let (rows, columns) = fits.table_shape().map_err(broken)?;
    let row_bytes = fits.key_number("NAXIS1").unwrap_or(0.0);
    if rows as f64 * row_bytes > most_bytes as f64 || (rows > 0 && row_bytes < 1.0) {
        let failure = FitsFailure("the table is longer than the file".to_owned());
        return Err(unreadable(path, &failure));
    }
    let (mut fields, mut arrays, mut left_out) = (Vec::new(), Vec::<ArrayRef>::new(), Vec::new());
    for index in 0..columns {
        let number = index + 1;
        let name = fits
            .key_text(&format!("TTYPE{number}"))
            .unwrap_or_else(|| format!("col{number}"));
        let shape = fits.column_shape(index).map_err(broken)?;
        let Some(values) = read_column(&mut fits, index, rows, shape).map_err(broken)? else {
            left_out.push(name);
            continue;
        };
        let unit = fits.key_text(&format!("TUNIT{number}"));
        let ucd = fits.key_text(&format!("TUCD{number}"));
        let field = field_with_unit(
            &name,
            values.data_type().clone(),
            unit.as_deref(),
            ucd.as_deref(),
        );
        fields.push(Arc::new(field));
        arrays.push(values);
    }
    let mut warnings = Vec::new();
    if !left_out.is_empty() {
        warnings.push(format!(
            "{} of {columns} columns hold bits, complex numbers or arrays and were left out: {}",
            left_out.len(),
            left_out.join(", ")
        ));
    }
    if arrays.is_empty() {
        return Err(IoError::content(
            path,
            format!("the table in HDU {hdu} has no column that can be read"),
        ));
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| {
        IoError::content(
            path,
            format!("the table in HDU {hdu} does not hold together ({e})"),
        )
    })?;
    Ok((batch, warnings))
}

fn masked<T: Copy>((values, defined): (Vec<T>, Vec<bool>)) -> impl Iterator<Item = Option<T>> {
    values.into_iter().zip(defined).map(|(v, d)| d.then_some(v))
}

fn read_column(
    fits: &mut Fits,
    index: usize,
    rows: usize,
    shape: ColumnShape,
) -> Result<Option<ArrayRef>, FitsFailure> {
    let ColumnShape {
        typecode,
        repeat,
        width,
    } = shape;
    let scalar = repeat == 1;
    let array: ArrayRef = match typecode {
        STRING if width > 0 && (repeat == width || scalar) && width <= WIDEST_TEXT => Arc::new(
            StringArray::from(fits.strings(index, rows, width.max(repeat))?),
        ),
        LOGICAL if scalar => Arc::new(
            masked(fits.logicals(index, 0, rows)?)
                .map(|v| v.map(|v| v != 0))
                .collect::<BooleanArray>(),
        ),
        UNSIGNED_64 if scalar => {
            Arc::new(masked(fits.unsigned(index, 0, rows)?).collect::<UInt64Array>())
        }
        FLOAT if scalar => Arc::new(masked(fits.floats(index, 0, rows)?).collect::<Float32Array>()),
        DOUBLE if scalar => {
            Arc::new(masked(fits.doubles(index, 0, rows)?).collect::<Float64Array>())
        }
        FLOAT | DOUBLE if repeat > 1 => vectors(fits, index, rows, repeat)?,
        code if scalar && INTEGERS.contains(&code) => {
            Arc::new(masked(fits.integers(index, 0, rows)?).collect::<Int64Array>())
        }
        _ => return Ok(None),
    };
    Ok(Some(array))
}

fn vectors(
    fits: &mut Fits,
    index: usize,
    rows: usize,
    repeat: usize,
) -> Result<ArrayRef, FitsFailure> {
    let too_large = || FitsFailure("a vector column is too large".to_owned());
    let elements = rows.checked_mul(repeat).ok_or_else(too_large)?;
    let length = i32::try_from(repeat).map_err(|_| too_large())?;
    let values: Float32Array = masked(fits.floats(index, 0, elements)?).collect();
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    FixedSizeListArray::try_new(item, length, Arc::new(values), None)
        .map(|list| Arc::new(list) as ArrayRef)
        .map_err(|e| FitsFailure(e.to_string()))
}
