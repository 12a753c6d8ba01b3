//! The distinct values of a column, found without a copy of each row's value.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use arrow::array::{Array, ArrayRef, AsArray, GenericStringArray, OffsetSizeTrait};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use rayon::prelude::*;

/// Rows looked through by one thread at a time.
const CHUNK: usize = 1 << 16;
/// Keys that are compared before a table is asked.
const RECENT: usize = 64;
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
    T::Native: Hash + Eq + Sync,
{
    let numbers = values.as_primitive::<T>().values();
    each(values, most, places, |row| Some(numbers[row]))
}

/// A text: its bytes and its length in one number where they fit, which is compared at once.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Text<'a> {
    short: u128,
    long: &'a [u8],
}

/// The text of `length` bytes at `start`; `None` for none.
fn text(bytes: &[u8], start: usize, length: usize) -> Option<Text<'_>> {
    const SHORT: usize = 15;
    if length == 0 {
        return None;
    }
    if length > SHORT {
        let long = &bytes[start..start + length];
        return Some(Text { short: 0, long });
    }
    let word = match bytes.get(start..).and_then(<[u8]>::first_chunk::<16>) {
        Some(word) => *word,
        None => {
            let mut word = [0; 16];
            word[..length].copy_from_slice(&bytes[start..start + length]);
            word
        }
    };
    let own = u128::from_le_bytes(word) & ((1 << (8 * length)) - 1);
    Some(Text {
        short: own | (length as u128) << 120,
        long: &[],
    })
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
fn each<K: Copy + Eq + Hash>(
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

fn chunk<K: Clone + Eq + Hash>(
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
    // The keys met last, by a few bits of their hash.
    let mut recent: [Option<(K, u16)>; RECENT] = std::array::from_fn(|_| None);
    for row in rows {
        let key = if nulls.is_some_and(|n| n.is_null(row)) {
            None
        } else {
            key(row)
        };
        let place = match key {
            None => MISSING,
            Some(key) => match &mut recent[Quick::of(&key) as usize % RECENT] {
                Some((same, place)) if *same == key => *place,
                slot => {
                    let next = known.len();
                    let place = *known.entry(key.clone()).or_insert(next as u16);
                    if usize::from(place) == next {
                        if next == most {
                            return None;
                        }
                        found.firsts.push(row);
                    }
                    *slot = Some((key, place));
                    place
                }
            },
        };
        if places {
            found.places.push(place);
        }
    }
    Some(found)
}

fn merged<K: Eq + Hash>(
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

/// A hash of a few bytes in a few cycles. There are never more than 65 535 keys, and a caller who
/// makes them collide waits for his own file.
#[derive(Default)]
struct Quick(u64);

impl Quick {
    fn of(key: &impl Hash) -> u64 {
        let mut hash = Self::default();
        key.hash(&mut hash);
        hash.finish()
    }

    fn add(&mut self, word: u64) {
        let mixed = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u128(&mut self, value: u128) {
        self.add(value as u64);
        self.add((value >> 64) as u64);
    }

    fn write_u64(&mut self, value: u64) {
        self.add(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.add(value as u64);
    }

    fn write_u8(&mut self, value: u8) {
        self.add(u64::from(value));
    }

    fn finish(&self) -> u64 {
        // The table takes its groups from the low bits and its tags from the high ones.
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        BooleanArray, Date32Array, Int64Array, LargeStringArray, StringArray, StringViewArray,
        UInt8Array,
    };
    use std::sync::Arc;

    /// Row by row, by how values are printed.
    fn plainly(values: &ArrayRef, most: usize) -> Option<Categories> {
        let options = FormatOptions::default();
        let formatter = ArrayFormatter::try_new(values.as_ref(), &options).unwrap();
        let (mut names, mut of_row) = (Vec::<String>::new(), Vec::new());
        for row in 0..values.len() {
            let text = formatter.value(row).to_string();
            if values.is_null(row) || text.is_empty() {
                of_row.push(None);
                continue;
            }
            let place = names.iter().position(|n| *n == text).unwrap_or(names.len());
            if place == names.len() {
                names.push(text);
            }
            of_row.push(Some(place as u16));
        }
        (names.len() <= most).then_some((names, of_row))
    }

    #[test]
    fn all_kinds_agree_with_looking_at_what_is_printed() {
        let n = 2 * CHUNK + 1000;
        let number = |i: usize| (i % 7 != 3).then_some((i * i / 1000 % 40) as i64 - 5);
        let text = |i: usize| {
            number(i).map(|v| {
                if v == 0 {
                    String::new()
                } else {
                    "é".repeat(v.unsigned_abs() as usize)
                }
            })
        };
        let texts: Vec<Option<String>> = (0..n).map(text).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new((0..n).map(number).collect::<Int64Array>()),
            Arc::new(
                (0..n)
                    .map(|i| number(i).map(|v| (v + 5) as u8))
                    .collect::<UInt8Array>(),
            ),
            Arc::new(
                (0..n)
                    .map(|i| number(i).map(|v| v > 9))
                    .collect::<BooleanArray>(),
            ),
            Arc::new(
                (0..n)
                    .map(|i| number(i).map(|v| v as i32))
                    .collect::<Date32Array>(),
            ),
            Arc::new(StringArray::from(texts.clone())),
            Arc::new(LargeStringArray::from(texts.clone())),
            Arc::new(StringViewArray::from_iter(texts)),
        ];
        for whole in columns {
            for values in [
                whole.slice(0, n),
                whole.slice(977, n - 5000),
                whole.slice(5, 0),
            ] {
                for most in [0, 1, 39, 64] {
                    let expected = plainly(&values, most);
                    assert_eq!(at_most(&values, most), expected.is_some());
                    assert_eq!(of(&values, most), expected, "{}", values.data_type());
                }
            }
        }
    }
}
