//! Numbers from vectors: reduction and how faithful its maps are; neighbours, clusters, outliers,
//! comparison and probes have their rooms beside them.
//!
//! The public faces speak `data`; linfa, faer and other crates stay behind this wall.

#![expect(
    clippy::inline_always,
    clippy::needless_range_loop,
    clippy::large_stack_arrays,
    reason = "inner loops over lanes"
)]

mod axes;
pub mod density;
mod medians;
pub mod neighbors;
pub mod points;
pub mod quality;
mod ranks;
pub mod reduce;
pub mod retrieval;
mod rng;
mod simd;
