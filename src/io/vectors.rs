//! Vectors as they are read: the finite ones are kept, with the rows that they belong to.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type};

use super::IoError;
use crate::data::{DataError, Embedding};

/// Vectors by catalogue row, wherever they lie.
pub trait VectorSource {
    /// Length of each vector.
    fn dim(&self) -> usize;

    /// Hands over the vectors of some rows, in order.
    ///
    /// # Errors
    /// When they cannot be read.
    fn each(&self, rows: Range<usize>, place: &mut dyn FnMut(u32, &[f32])) -> Result<(), IoError>;
}

impl VectorSource for Embedding {
    fn dim(&self) -> usize {
        self.dim()
    }

    fn each(&self, rows: Range<usize>, place: &mut dyn FnMut(u32, &[f32])) -> Result<(), IoError> {
        for index in within(self.rows(), &rows) {
            place(self.rows()[index], self.vector(index));
        }
        Ok(())
    }
}

/// Which of `all`, increasing catalogue rows, lie in `rows`.
pub(super) fn within(all: &[u32], rows: &Range<usize>) -> Range<usize> {
    let below = |end: usize| all.partition_point(|&row| (row as usize) < end);
    below(rows.start)..below(rows.end)
}

/// The vectors of consecutive rows of a file.
#[derive(Debug, Default)]
pub struct VectorRows {
    values: Vec<f32>,
    rows: Vec<u32>,
    dim: usize,
    /// Rows that were read, with a vector or without.
    seen: usize,
    /// Rows whose vector is there but holds NaN or infinity.
    not_finite: usize,
    ragged: bool,
}

/// Where a row's items begin, and how many there are.
type Span = Box<dyn Fn(usize) -> (usize, usize)>;

fn span_of<O: OffsetSizeTrait>(list: &GenericListArray<O>) -> Span {
    let offsets = list.offsets().clone();
    Box::new(move |row| {
        let (first, end) = (offsets[row].as_usize(), offsets[row + 1].as_usize());
        (first, end - first)
    })
}

/// Whether a column of this type holds vectors: lists of floats of 16, 32 or 64 bits.
pub(super) fn is_vector(data_type: &DataType) -> bool {
    match data_type {
        DataType::FixedSizeList(item, _) | DataType::List(item) | DataType::LargeList(item) => {
            item.data_type().is_floating()
        }
        _ => false,
    }
}

impl VectorRows {
    /// All values, `n x d`, row-major, finite.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The row of the file that each vector belongs to, strictly increasing.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Length of each vector, `d`; 0 until one was found.
    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    /// Whether the vectors are of different lengths, so that they are no embedding.
    pub(super) fn is_ragged(&self) -> bool {
        self.ragged
    }

    /// Rows whose vector holds NaN or infinity; they were passed over.
    pub(super) fn not_finite(&self) -> usize {
        self.not_finite
    }

    /// Rows that were read.
    pub(super) fn seen(&self) -> usize {
        self.seen
    }

    /// Makes room for `rows` vectors; a size that does not fit is left to grow.
    pub(super) fn expect(&mut self, rows: usize, dim: usize) {
        let _ = self.values.try_reserve_exact(rows.saturating_mul(dim));
        let _ = self.rows.try_reserve_exact(rows);
    }

    /// Forgets the vectors, but not how many rows came before the next.
    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.rows.clear();
    }

    /// Goes on where `other` is.
    pub(super) fn follow(&mut self, other: &Self) {
        self.clear();
        self.dim = other.dim;
        self.seen = other.seen;
        self.not_finite = other.not_finite;
        self.ragged = other.ragged;
    }

    /// Values and rows.
    pub(super) fn into_parts(self) -> (Vec<f32>, Vec<u32>) {
        (self.values, self.rows)
    }

    /// Adds the next rows, row-major, of `dim` values each.
    pub(super) fn push_values(&mut self, values: &[f32], dim: usize) {
        for vector in values.chunks_exact(dim.max(1)) {
            self.push_vector(vector);
            self.seen += 1;
        }
    }

    /// Adds the vectors of the next rows, a column of lists.
    pub(super) fn push(&mut self, column: &ArrayRef) -> Result<(), DataError> {
        let (items, nulls, span): (_, _, Span) = match column.data_type() {
            DataType::FixedSizeList(_, length) => {
                let list = column.as_fixed_size_list();
                let (first, length) = (
                    list.value_offset(0) as usize,
                    usize::try_from(*length).unwrap_or(0),
                );
                let span = Box::new(move |row| (first + row * length, length));
                (list.values(), list.nulls(), span)
            }
            DataType::List(_) => {
                let list = column.as_list::<i32>();
                (list.values(), list.nulls(), span_of(list))
            }
            _ => {
                let list = column.as_list::<i64>();
                (list.values(), list.nulls(), span_of(list))
            }
        };
        let items = cast(items, &DataType::Float32).map_err(|e| DataError::Table(e.to_string()))?;
        let items = items.as_primitive::<Float32Type>();
        for row in 0..column.len() {
            if !self.ragged && !nulls.is_some_and(|n| n.is_null(row)) {
                let (offset, length) = span(row);
                let missing =
                    items.null_count() > 0 && items.slice(offset, length).null_count() > 0;
                if missing && (self.dim == 0 || self.dim == length) {
                    self.dim = length;
                    self.not_finite += 1;
                } else {
                    self.push_vector(&items.values()[offset..offset + length]);
                }
            }
            self.seen += 1;
        }
        Ok(())
    }

    /// Adds the vector of the next row.
    fn push_vector(&mut self, vector: &[f32]) {
        if self.dim == 0 {
            self.dim = vector.len();
        }
        // Counted, not searched: without a way out the loop is done many values at a time.
        let not_finite = || {
            vector
                .iter()
                .map(|v| u32::from(!v.is_finite()))
                .sum::<u32>()
        };
        if vector.len() != self.dim {
            self.ragged = true;
        } else if not_finite() > 0 {
            self.not_finite += 1;
        } else {
            self.values.extend_from_slice(vector);
            self.rows.push(self.seen as u32);
        }
    }
}

/// What is said of vectors that were passed over, if any were.
pub(super) fn left_out(not_finite: usize) -> Option<String> {
    let text = format!("{not_finite} vectors hold NaN or infinity and were left out");
    (not_finite > 0).then_some(text)
}
