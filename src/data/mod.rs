//! The nouns: immutable values that every other room passes around.
//!
//! Each is valid by construction (`Embedding::new` refuses NaN and wrong lengths, `Catalog::new`
//! guarantees an `id` column), so that no later code checks again.

mod arrays;
mod catalog;
mod categories;
mod column;
mod cutout;
mod embedding;
mod names;
mod plane;
mod projection;
mod provenance;
mod segment;
mod spectrum;

pub use arrays::{Array, Arrays, ArraysError, Value, Values};
pub use catalog::Catalog;
pub(crate) use column::field_with_unit;
pub use column::{Column, ColumnKind};
pub use cutout::{Cutout, CutoutError, CutoutRead, RowOrder};
pub use embedding::Embedding;
pub(crate) use names::closest;
pub use plane::Plane;
pub use projection::Projection;
pub use provenance::Provenance;
pub use segment::Segment;
pub use spectrum::{Sample, Spectrum, SpectrumError, SpectrumRead};

use rayon::prelude::*;

/// Why a value could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// Lengths that belong together differ.
    #[error("{what}: expected {expected} values, found {found}")]
    Length {
        /// What was being made.
        what: &'static str,
        /// The length that would fit.
        expected: usize,
        /// The length that was given.
        found: usize,
    },
    /// A value that must be finite is not.
    #[error("{what}: row {row} holds a value that is not finite")]
    NotFinite {
        /// What was being made.
        what: &'static str,
        /// First offending row.
        row: usize,
    },
    /// Row numbers must increase and lie inside the catalogue.
    #[error("{what}: row numbers must increase and stay below {below}")]
    Rows {
        /// What was being made.
        what: &'static str,
        /// Number of catalogue rows.
        below: usize,
    },
    /// A shape this value cannot have.
    #[error("{what}: {reason}")]
    Shape {
        /// What was being made.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The table library refused.
    #[error("table: {0}")]
    Table(String),
}

/// Values checked by one thread at a time.
const CHUNK: usize = 1 << 16;

/// Checks an `n x width` matrix whose rows belong to catalogue rows: lengths agree, values are
/// finite, `rows` strictly increase and lie below `catalog_rows`.
fn check_matrix(
    what: &'static str,
    values: &[f32],
    width: usize,
    rows: &[u32],
    catalog_rows: usize,
) -> Result<(), DataError> {
    let expected = rows.len() * width;
    if values.len() != expected {
        return Err(DataError::Length {
            what,
            expected,
            found: values.len(),
        });
    }
    // Counted, not searched: without a way out the loop is done many values at a time.
    let not_finite = |part: &[f32]| part.iter().map(|v| u32::from(!v.is_finite())).sum::<u32>();
    if values
        .par_chunks(CHUNK)
        .map(not_finite)
        .any(|count| count > 0)
    {
        let at = values.iter().position(|v| !v.is_finite()).unwrap_or(0);
        return Err(DataError::NotFinite {
            what,
            row: rows[at / width] as usize,
        });
    }
    let pairs = rows.len().saturating_sub(1);
    let increasing = (0..pairs).into_par_iter().step_by(CHUNK).all(|start| {
        let (here, next) = (&rows[start..pairs], &rows[start + 1..]);
        let pairs = here.iter().zip(next).take(CHUNK);
        pairs.map(|(a, b)| u32::from(a >= b)).sum::<u32>() == 0
    });
    let inside = rows
        .last()
        .is_none_or(|&last| (last as usize) < catalog_rows);
    if increasing && inside {
        Ok(())
    } else {
        Err(DataError::Rows {
            what,
            below: catalog_rows,
        })
    }
}
