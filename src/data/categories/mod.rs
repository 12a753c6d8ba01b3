//! The distinct values of a column, found without a copy of each row's value.

mod keys;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use arrow::array::{Array, ArrayRef, AsArray, GenericStringArray, OffsetSizeTrait};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use rayon::prelude::*;

use keys::{Key, Quick, text};

/// Rows looked through by one thread at a time.
const CHUNK: usize = 1 << 16;
/// Places of words that are compared before a table is asked, and how many of them a word may have.
const RECENT: usize = 256;
const WAYS: usize = 4;
/// Place of a row without a value.
const MISSING: u16 = u16::MAX;

/// What [`Column::categories`](super::Column::categories) returns.
pub(super) type Categories = (Vec<String>, Vec<Option<u16>>);

/// Distinct values in order of first appearance, and each row's place among them.
pub(super) fn of(values: &ArrayRef, most: usize) -> Option<Categories> {
    let (firsts, chunks) = scan(values, most, true)?;
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(values.as_ref(), &options).ok()?;
    let names = firsts.iter().map(|&row| formatter.value(row).to_string());
    let mut of_row = vec![None; values.len()];
    of_row
        .par_chunks_mut(CHUNK)
        .zip(&chunks)
        .for_each(|(of_row, chunk)| {
            for (slot, &place) in of_row.iter_mut().zip(&chunk.places) {
                *slot = chunk.global.get(usize::from(place)).copied();
            }
        });
    Some((names.collect(), of_row))
}

/// Whether there are at most `most` distinct values.
pub(super) fn at_most(values: &ArrayRef, most: usize) -> bool {
    scan(values, most, false).is_some()
}

/// A chunk of rows: its distinct values by the row that has them first, the place of each row among
/// them, and where each of them stands among those of the whole column.
#[derive(Default)]
struct Chunk {
    firsts: Vec<usize>,
    places: Vec<u16>,
    global: Vec<u16>,
}

type Scan = (Vec<usize>, Vec<Chunk>);

/// The rows that have each distinct value first; `places` tells whether those of rows are wanted.
/// `None` when there are more than `most`.
fn scan(values: &ArrayRef, most: usize, places: bool) -> Option<Scan> {
    let most = most.min(usize::from(MISSING));
    match values.data_type() {
        DataType::Utf8 => texts(values.as_string::<i32>(), most, places),
        DataType::LargeUtf8 => texts(values.as_string::<i64>(), most, places),
        DataType::Utf8View => {
            let views = values.as_string_view();
            each(values, most, places, |row| {
                let bytes = views.value(row).as_bytes();
                text(bytes, 0, bytes.len())
            })
        }
        DataType::Boolean => {
            let bits = values.as_boolean().values();
            each(values, most, places, |row| Some(bits.value(row)))
        }
        DataType::Int8 => integers::<Int8Type>(values, most, places),
        DataType::Int16 => integers::<Int16Type>(values, most, places),
        DataType::Int32 => integers::<Int32Type>(values, most, places),
        DataType::Int64 => integers::<Int64Type>(values, most, places),
        DataType::UInt8 => integers::<UInt8Type>(values, most, places),
        DataType::UInt16 => integers::<UInt16Type>(values, most, places),
        DataType::UInt32 => integers::<UInt32Type>(values, most, places),
        DataType::UInt64 => integers::<UInt64Type>(values, most, places),
        _ => printed(values, most, places),
    }
}

/// Values of any other kind are told apart by how they are printed.
fn printed(values: &ArrayRef, most: usize, places: bool) -> Option<Scan> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(values.as_ref(), &options).ok()?;
    let text = |row: usize| Some(formatter.value(row).to_string()).filter(|t| !t.is_empty());
    let chunks = (0..values.len()).step_by(CHUNK).map(|start| {
        let rows = start..(start + CHUNK).min(values.len());
        chunk(values.as_ref(), rows, most, places, text)
    });
    merged(chunks.collect::<Option<Vec<_>>>()?, most, text)
}

fn integers<T: ArrowPrimitiveType>(values: &ArrayRef, most: usize, places: bool) -> Option<Scan>
where
    T::Native: Key + Sync,
{
    let numbers = values.as_primitive::<T>().values();
    each(values, most, places, |row| Some(numbers[row]))
}

fn texts<O: OffsetSizeTrait>(
    values: &GenericStringArray<O>,
    most: usize,
    places: bool,
) -> Option<Scan> {
    let (bytes, offsets) = (values.value_data(), values.value_offsets());
    each(values, most, places, |row| {
        let start = offsets[row].as_usize();
        text(bytes, start, offsets[row + 1].as_usize() - start)
    })
}

/// Looks through all rows on all threads; `key` of a row that is not null, `None` for no value.
fn each<K: Key>(
    values: &(impl Array + ?Sized),
    most: usize,
    places: bool,
    key: impl Fn(usize) -> Option<K> + Sync,
) -> Option<Scan> {
    let rows = values.len();
    let chunks: Option<Vec<Chunk>> = (0..rows.div_ceil(CHUNK))
        .into_par_iter()
        .map(|i| {
            let rows = i * CHUNK..((i + 1) * CHUNK).min(rows);
            chunk(values, rows, most, places, &key)
        })
        .collect();
    merged(chunks?, most, key)
}

fn chunk<K: Key>(
    values: &(impl Array + ?Sized),
    rows: std::ops::Range<usize>,
    most: usize,
    places: bool,
    key: impl Fn(usize) -> Option<K>,
) -> Option<Chunk> {
    let nulls = values.nulls();
    let mut found = Chunk::default();
    if places {
        found.places.reserve(rows.len());
    }
    let mut known = Known::<K>::default();
    // Words that have been met, by a few bits of them.
    let mut recent = [(0_u128, MISSING); RECENT + WAYS];
    for row in rows {
        let key = if nulls.is_some_and(|n| n.is_null(row)) {
            None
        } else {
            key(row)
        };
        let word = key.as_ref().map_or(0, Key::word);
        let first = slot(word);
        let way = (first..first + WAYS).find(|&way| recent[way].0 == word || recent[way].0 == 0);
        let seen = &mut recent[way.unwrap_or(first)];
        let place = match key {
            None => MISSING,
            Some(_) if word != 0 && seen.0 == word => seen.1,
            Some(key) => {
                let next = known.len();
                let place = *known.entry(key).or_insert(next as u16);
                if usize::from(place) == next {
                    if next == most {
                        return None;
                    }
                    found.firsts.push(row);
                }
                *seen = (word, place);
                place
            }
        };
        if places {
            found.places.push(place);
        }
    }
    Some(found)
}

/// Where a word is looked for among the recent ones.
#[inline]
fn slot(word: u128) -> usize {
    const { assert!(RECENT == 1 << 8) };
    let folded = word as u64 ^ ((word >> 64) as u64).rotate_left(29);
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - 8)) as usize
}

fn merged<K: Key>(
    mut chunks: Vec<Chunk>,
    most: usize,
    key: impl Fn(usize) -> Option<K>,
) -> Option<Scan> {
    let mut known = Known::<K>::default();
    let mut firsts = Vec::new();
    for chunk in &mut chunks {
        for &row in &chunk.firsts {
            let next = known.len();
            let place = *known.entry(key(row)?).or_insert(next as u16);
            if usize::from(place) == next {
                if next == most {
                    return None;
                }
                firsts.push(row);
            }
            chunk.global.push(place);
        }
    }
    Some((firsts, chunks))
}

type Known<K> = HashMap<K, u16, BuildHasherDefault<Quick>>;

#[cfg(test)]
mod tests;
