//! Colour: perceptual maps, colour-blind-safe palettes, scales from numbers to colours, and the
//! stretches that turn sky brightness into a picture.

mod colormap;
mod diverging;
mod palette;
mod scale;
pub mod stretch;

pub use colormap::Colormap;
pub use diverging::diverging;
pub use palette::{MISSING, category};
pub use scale::{ColorScale, ScaleKind};

/// 8-bit sRGB with straight alpha.
pub type Rgba = [u8; 4];
