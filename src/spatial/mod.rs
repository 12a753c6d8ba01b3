//! Points of the plane, found by where they lie: one tree behind drawing, picking and selecting.

mod region;
mod tree;

pub use region::{Brush, Ellipse, Narrowed, Polygon, Rectangle, Region};
pub use tree::{KeptTree, Node, PartsError, TileTree};
