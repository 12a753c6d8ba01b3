//! Parquet, the project's own format for catalogues, embeddings and projections.
//!
//! Every file holds `id` and the catalogue columns. An embedding file adds `embedding` (fixed-size
//! list of f32, null where an object could not be encoded) and `warning`; a projection file adds
//! `x`, `y` (and `z`), null where there is no point. Provenance is in the file's key-value metadata
//! under `latentarium.`.

mod columns;
mod map;
mod read;
mod vectors;
mod write;

pub(super) use map::projection;
pub(super) use read::{Vectors, read, row_count};
pub(super) use vectors::{VectorColumn, VectorReader};
pub use write::{NeighborTable, write_catalog, write_embedding, write_neighbors, write_projection};

const PREFIX: &str = "latentarium.";
const KIND: &str = "kind";
const BATCH_ROWS: usize = 16_384;
const AXES: [&str; 3] = ["x", "y", "z"];
const WARNING_COLUMN: &str = "warning";
