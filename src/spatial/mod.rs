//! Indexes over points of the plane.

mod grid;

pub use grid::Grid;
