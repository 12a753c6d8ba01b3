//! What an encoder made of consecutive rows: the unit in which a long run is kept.

use std::ops::Range;

/// Results of some consecutive catalogue rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Segment {
    /// The rows that were worked on.
    pub span: Range<usize>,
    /// Those of them that have a vector, strictly increasing.
    pub rows: Vec<u32>,
    /// `rows.len() x d`, finite.
    pub vectors: Vec<f32>,
    /// `rows.len() x c` for `c` predicted columns, NaN where there is no prediction.
    pub predictions: Vec<f32>,
    /// Rows without a vector, and why.
    pub failed: Vec<(u32, String)>,
    /// Rows in which something was tolerated, and what: bits whose meaning is the encoder's.
    pub tolerated: Vec<(u32, u8)>,
}
