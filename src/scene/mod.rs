//! From the document to what is drawn: colours and legend of the points, the point under the
//! cursor, cutouts as pictures, spectra as lines.

mod axes;
mod colored;
mod colors;
mod compared;
mod contours;
mod course;
mod figure;
mod histogram;
mod image;
mod latent;
mod numbers;
mod pick;
mod picture;
mod style;
mod thumbnail_pictures;
mod thumbnails;

pub use axes::{axis_names, axis_tips};
pub use colored::{Colored, Depth, Group, Legend, LegendEntry};
pub use colors::color_points;
pub use compared::{Compared, paint_comparison, paint_made};
pub use contours::{Contour, MapLabel, contours, labels};
pub use course::{Course, Piece};
pub use figure::{FigureParts, figure_spec};
pub use histogram::{Histogram, histograms};
pub use image::{MapImage, draw_map, ground, line_buffers, lines_lie_below, picture_layers};
pub use latent::{vector_at, vector_of, walk};
pub use numbers::{precise_number, tick_texts};
pub use pick::pick;
pub use picture::{CutoutStyle, CutoutView, Rgb, paint_cutout};
pub use style::{
    LINE_WIDTH, THUMBNAIL_ROOM, density_style, line_color, point_style, shade, thumbnail_style,
};
pub use thumbnail_pictures::{thumbnail_picture, thumbnail_pictures};
pub use thumbnails::{Thumbnail, ThumbnailGrid, layout as thumbnail_layout};
