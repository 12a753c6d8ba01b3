//! Numbers from vectors: reduction and how faithful its maps are; neighbours, clusters, outliers,
//! comparison and probes have their rooms beside them.
//!
//! The public faces speak `data`; linfa, faer and other crates stay behind this wall.

pub mod density;
mod medians;
pub mod quality;
pub mod reduce;
