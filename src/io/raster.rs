//! PNG and JPEG pictures as cutouts: grey or R, G, B, values as stored (0..255 or 0..65535).

use std::io::BufReader;
use std::path::Path;

use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageReader, Limits};

use super::{AtomicFile, IoError, Overwrite};

use crate::data::{Cutout, CutoutError, RowOrder};

/// Longest side, px.
const LONGEST_SIDE: u32 = 8192;

/// Whether the name looks like a picture that [`read`] can open.
pub(super) fn is_raster(path: &Path) -> bool {
    path.extension().and_then(|e| e.to_str()).is_some_and(|e| {
        ["png", "jpg", "jpeg"]
            .iter()
            .any(|known| e.eq_ignore_ascii_case(known))
    })
}

/// Reads one picture.
pub(super) fn read(path: &Path) -> Result<Cutout, CutoutError> {
    let broken = |reason: String| {
        CutoutError(format!(
            "cannot read the picture {}: {reason}; copy or export it again",
            path.display()
        ))
    };
    let file = std::fs::File::open(path).map_err(|e| broken(e.to_string()))?;
    let mut reader = ImageReader::new(BufReader::new(file))
        .with_guessed_format()
        .map_err(|e| broken(e.to_string()))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    reader.limits(limits);
    let picture = reader.decode().map_err(|e| broken(e.to_string()))?;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let grey = !picture.color().has_color();
    let (samples, channels): (Vec<f32>, usize) = match picture {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageLumaA8(_) => {
            (floats(picture.into_luma8().into_raw()), 1)
        }
        DynamicImage::ImageRgb8(_) | DynamicImage::ImageRgba8(_) => {
            (floats(picture.into_rgb8().into_raw()), 3)
        }
        _ if grey => (floats(picture.into_luma16().into_raw()), 1),
        _ => (floats(picture.into_rgb16().into_raw()), 3),
    };
    let planes: Vec<f32> = (0..channels)
        .flat_map(|c| samples.iter().skip(c).step_by(channels).copied())
        .collect();
    let bands: &[&str] = if channels == 1 {
        &["grey"]
    } else {
        &["R", "G", "B"]
    };
    let bands = bands.iter().map(|&b| b.to_owned()).collect();
    Cutout::new(planes, bands, height, width, RowOrder::TopDown).map_err(|e| broken(e.to_string()))
}

/// Writes `width x height` RGBA pixels, top row first, as PNG.
///
/// # Errors
/// When the file exists and may not be replaced, or the disk is full.
pub fn write_png(
    path: &Path,
    width: u32,
    height: u32,
    rgba: &[u8],
    overwrite: Overwrite,
) -> Result<(), IoError> {
    let mut file = AtomicFile::create(path, overwrite)?;
    PngEncoder::new(&mut file)
        .write_image(rgba, width, height, ExtendedColorType::Rgba8)
        .map_err(|e| {
            IoError::content(
                path,
                format!("the picture cannot be written ({e}); check the disk"),
            )
        })?;
    file.commit()
}

fn floats<T: Into<f32>>(samples: Vec<T>) -> Vec<f32> {
    samples.into_iter().map(Into::into).collect()
}
