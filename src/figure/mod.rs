//! Figures for papers: one display list of a map with its axes, legend and labels, written as
//! PNG, SVG or PDF that look the same.
//!
//! [`compose`] lays a [`FigureSpec`] out as a [`Drawing`]; [`png`](png()), [`svg`] and [`pdf`] write it.
//! Text becomes glyph outlines of the shipped fonts, so no reader of a figure needs them. The map
//! is an image; everything else stays vectors in SVG and PDF.

pub mod axes;
pub mod canvas;
mod compose;
mod font;
pub mod legend;
mod legend_column;
mod lower;
mod pdf;
mod raster;
mod shapes;
mod svg;
mod theme;
mod ticks;

pub use canvas::{Bitmap, Drawing, Rgba};
pub use compose::{FigureSpec, Label, Lines, compose};
pub use font::text_width;
pub use legend::LegendSpec;
pub use pdf::pdf;
pub use raster::png;
pub use shapes::Marker;
pub use svg::svg;
