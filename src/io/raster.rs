//! PNG and JPEG pictures as cutouts: grey or R, G, B, values as stored (0..255 or 0..65535).

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, ImageReader, Limits};

use super::{AtomicFile, IoError, Overwrite, jpeg};
use crate::data::{Cutout, CutoutError, RowOrder};

/// Longest side, px.
const LONGEST_SIDE: u32 = 8192;
/// Largest file, bytes.
const LARGEST_FILE: u64 = 512 << 20;

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
    let cutout = bytes_of(path).and_then(|file| {
        match image::guess_format(&file).map_err(|e| e.to_string())? {
            ImageFormat::Jpeg => {
                let picture = jpeg::decode(&file, LONGEST_SIDE as usize)?;
                let size = (picture.width, picture.height);
                cutout(&picture.bytes, picture.channels, size)
            }
            format => png(&file, format),
        }
    });
    cutout.map_err(|reason| {
        CutoutError(format!(
            "cannot read the picture {}: {reason}; copy or export it again",
            path.display()
        ))
    })
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    let size = file
        .take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| e.to_string())? as u64;
    if size > LARGEST_FILE {
        return Err(format!(
            "the file is larger than {} MiB",
            LARGEST_FILE >> 20
        ));
    }
    Ok(bytes)
}

fn png(file: &[u8], format: ImageFormat) -> Result<Cutout, String> {
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    reader.limits(limits);
    let picture = reader.decode().map_err(|e| e.to_string())?;
    let size = (picture.width() as usize, picture.height() as usize);
    let grey = !picture.color().has_color();
    match picture {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageLumaA8(_) => {
            cutout(&picture.into_luma8(), 1, size)
        }
        DynamicImage::ImageRgb8(_) | DynamicImage::ImageRgba8(_) => {
            cutout(&picture.into_rgb8(), 3, size)
        }
        _ if grey => cutout(&picture.into_luma16(), 1, size),
        _ => cutout(&picture.into_rgb16(), 3, size),
    }
}

/// Bands of `samples`, which lie pixel by pixel, top row first; `size` is width and height.
fn cutout<T: Copy + Into<f32>>(
    samples: &[T],
    channels: usize,
    (width, height): (usize, usize),
) -> Result<Cutout, String> {
    let planes: Vec<f32> = (0..channels)
        .flat_map(|c| samples.iter().skip(c).step_by(channels))
        .map(|&sample| sample.into())
        .collect();
    let bands: &[&str] = if channels == 1 {
        &["grey"]
    } else {
        &["R", "G", "B"]
    };
    let bands = bands.iter().map(|&b| b.to_owned()).collect();
    Cutout::new(planes, bands, height, width, RowOrder::TopDown).map_err(|e| e.to_string())
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
