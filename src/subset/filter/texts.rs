//! Functions of texts, which count characters and not bytes.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::datatypes::Int64Type;

pub(super) fn map(texts: &ArrayRef, change: fn(&str) -> String) -> ArrayRef {
    let texts = texts.as_string::<i32>().iter();
    Arc::new(texts.map(|text| text.map(change)).collect::<StringArray>())
}

pub(super) fn length(texts: &ArrayRef) -> ArrayRef {
    let texts = texts.as_string::<i32>().iter();
    let length = |text: &str| text.chars().count() as i64;
    Arc::new(texts.map(|text| text.map(length)).collect::<Int64Array>())
}

/// From a first character, counted from 1, on; of at most so many characters if that is given.
pub(super) fn substring(texts: &ArrayRef, bounds: &[ArrayRef]) -> ArrayRef {
    let bound = |which: usize, row: usize| {
        let bounds = bounds.get(which)?.as_primitive::<Int64Type>();
        bounds.is_valid(row).then(|| bounds.value(row))
    };
    let part = |(row, text): (usize, Option<&str>)| {
        let (text, start) = (text?, bound(0, row)?);
        let end = if bounds.len() > 1 {
            start.saturating_add(bound(1, row)?)
        } else {
            i64::MAX
        };
        let skipped = usize::try_from(start.saturating_sub(1)).unwrap_or(0);
        let taken = usize::try_from(end.saturating_sub(start.max(1))).unwrap_or(0);
        Some(text.chars().skip(skipped).take(taken).collect::<String>())
    };
    let texts = texts.as_string::<i32>().iter();
    Arc::new(texts.enumerate().map(part).collect::<StringArray>())
}

pub(super) fn concat(parts: &[ArrayRef], rows: usize, skip_nulls: bool) -> ArrayRef {
    let parts: Vec<&StringArray> = parts.iter().map(AsArray::as_string).collect();
    let joined = |row: usize| {
        let mut text = String::new();
        for part in &parts {
            if part.is_valid(row) {
                text.push_str(part.value(row));
            } else if !skip_nulls {
                return None;
            }
        }
        Some(text)
    };
    Arc::new((0..rows).map(joined).collect::<StringArray>())
}
