//! Numbers from vectors: reduction today; neighbours, clusters, outliers, comparison and probes have
//! their rooms beside it.
//!
//! The public faces speak `data`; linfa, faer and other crates stay behind this wall.

pub mod density;
pub mod reduce;
