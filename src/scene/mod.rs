//! From the document to what is drawn: colours and legend of the points, the point under the
//! cursor, cutouts as pictures.

mod colors;
mod histogram;
mod image;
mod pick;
mod picture;
mod style;

pub use colors::{Colored, Legend, LegendEntry, color_points};
pub use histogram::{Histogram, histograms};
pub use image::{MapImage, draw_map, ground};
pub use pick::pick;
pub use picture::{CutoutStyle, CutoutView, Rgb, paint_cutout};
pub use style::{point_style, shade};
