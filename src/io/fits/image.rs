//! Image HDUs as cutouts: which picture is where, its bands, pixel scale and unit.
//!
//! A 2-D image is one band; a 3-D image holds bands (its `BANDn` keywords name them) unless it has
//! more than [`MOST_BANDS`] planes and names none, which makes it a stack of single-band pictures;
//! a 4-D image is a stack of multi-band pictures.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::ffi::{Fits, FitsFailure, Hdu};
use crate::data::{Cutout, CutoutError, RowOrder};

/// More planes than this, unnamed, are taken for a stack of pictures rather than for bands.
const MOST_BANDS: usize = 16;
/// Longest side of a picture, px: larger images are mosaics, to be cut up first.
const LONGEST_SIDE: usize = 8192;
/// Most pixels of one picture, all bands.
const MOST_PIXELS: usize = 1 << 26;
/// Pixels for each byte of the best compressed image.
pub(super) const BEST_COMPRESSION: u64 = 1024;
/// Open files kept for random access.
const OPEN_FILES: usize = 16;

/// One image HDU that holds pixels.
#[derive(Debug, Clone)]
pub(in crate::io) struct ImageHdu {
    /// HDU number; 0 is the primary.
    pub hdu: usize,
    /// EXTNAME, if any.
    pub name: Option<String>,
    /// Number of pictures in it (1 unless it is a stack).
    pub planes: usize,
}

/// How the axes of an image divide into pictures, bands and pixels.
struct Layout {
    width: usize,
    height: usize,
    bands: usize,
    planes: usize,
}

fn layout(axes: &[usize], names_bands: bool) -> Option<Layout> {
    let trailing_ones = axes.iter().rev().take_while(|&&n| n == 1).count();
    let axes = &axes[..(axes.len() - trailing_ones).max(axes.len().min(2))];
    if axes.contains(&0) {
        return None;
    }
    let (bands, planes) = match axes {
        [_, _] => (1, 1),
        [_, _, n] if *n > MOST_BANDS && !names_bands => (1, *n),
        [_, _, n] => (*n, 1),
        [_, _, bands, n] => (*bands, *n),
        _ => return None,
    };
    Some(Layout {
        width: axes[0],
        height: axes[1],
        bands,
        planes,
    })
}

/// The current HDU as pictures, if it holds any. A header that declares more pixels than the file
/// can hold (a compressed image has at most [`BEST_COMPRESSION`] times fewer bytes) holds none.
pub(super) fn describe(
    fits: &mut Fits,
    hdu: usize,
    axes: &[usize],
    most_bytes: u64,
) -> Option<ImageHdu> {
    let names_bands = fits.key_text("BAND1").is_some();
    let layout = layout(axes, names_bands)?;
    let pixels = axes
        .iter()
        .try_fold(1_u64, |n, &axis| n.checked_mul(axis as u64))?;
    if pixels / BEST_COMPRESSION > most_bytes {
        return None;
    }
    Some(ImageHdu {
        hdu,
        name: fits.key_text("EXTNAME"),
        planes: layout.planes,
    })
}

/// Reads picture `plane` of HDU `hdu`; without `hdu`, of the first HDU that holds an image.
fn read_cutout(fits: &mut Fits, hdu: Option<usize>, plane: usize) -> Result<Cutout, CutoutError> {
    let name = fits.path().display().to_string();
    let broken =
        |f: FitsFailure| CutoutError(format!("cannot read a picture from {name}: {}", f.0));
    let (hdu, axes) = match hdu {
        Some(hdu) => match fits.move_to(hdu).map_err(&broken)? {
            Hdu::Image(axes) => (hdu, axes),
            Hdu::Table => {
                return Err(CutoutError(format!(
                    "HDU {hdu} of {name} is a table, not an image"
                )));
            }
        },
        None => first_image(fits).map_err(&broken)?.ok_or_else(|| {
            CutoutError(format!(
                "{name} holds no image; name a file with an image HDU"
            ))
        })?,
    };
    let first_band = fits.key_text("BAND1");
    let Some(layout) = layout(&axes, first_band.is_some()) else {
        return Err(CutoutError(format!(
            "HDU {hdu} of {name} holds no 2-D image (axes {axes:?})"
        )));
    };
    let Layout {
        width,
        height,
        bands,
        planes,
    } = layout;
    let pixels = width.checked_mul(height).and_then(|n| n.checked_mul(bands));
    let Some(pixels) = pixels.filter(|&n| n <= MOST_PIXELS && width.max(height) <= LONGEST_SIDE)
    else {
        return Err(CutoutError(format!(
            "{name} holds an image of {width} x {height} px x {bands} bands, larger than a cutout \
             ({LONGEST_SIDE} px); cut the objects out first"
        )));
    };
    if plane >= planes {
        return Err(CutoutError(format!(
            "{name} has no picture {plane}; HDU {hdu} holds {planes}"
        )));
    }
    let scale = pixel_scale_arcsec(fits);
    let unit = fits.key_text("BUNIT");
    let filter = fits.key_text("FILTER").filter(|_| bands == 1);
    let bands = (1..=bands)
        .map(|i| {
            let named = match i {
                1 => first_band.clone(),
                2..=MOST_BANDS => fits.key_text(&format!("BAND{i}")),
                _ => None,
            };
            named
                .or_else(|| filter.clone())
                .unwrap_or_else(|| format!("band {i}"))
        })
        .collect();
    let values = fits.pixels(plane * pixels, pixels).map_err(&broken)?;
    Cutout::new(values, bands, height, width, RowOrder::BottomUp)
        .map(|c| c.with_pixel_scale_arcsec(scale).with_unit(unit))
        .map_err(|e| CutoutError(format!("{name}: {e}")))
}

fn first_image(fits: &mut Fits) -> Result<Option<(usize, Vec<usize>)>, FitsFailure> {
    for hdu in 0..fits.hdu_count()? {
        if let Hdu::Image(axes) = fits.move_to(hdu)?
            && layout(&axes, true).is_some()
        {
            return Ok(Some((hdu, axes)));
        }
    }
    Ok(None)
}

/// Pixel scale from the WCS of the current HDU (Greisen & Calabretta 2002): the root of the pixel
/// area by CD, else PC and CDELT, in the unit of CUNIT (degrees by default); else PIXSCALE.
fn pixel_scale_arcsec(fits: &mut Fits) -> Option<f32> {
    const CELESTIAL: [&str; 6] = ["RA", "DEC", "GLON", "GLAT", "ELON", "ELAT"];
    let celestial = fits
        .key_text("CTYPE1")
        .is_some_and(|ctype| CELESTIAL.iter().any(|axis| ctype.starts_with(axis)));
    let stated = |fits: &mut Fits| fits.key_number("PIXSCALE").map(|s| s as f32);
    if !celestial {
        return stated(fits);
    }
    let arcsec_per_unit = match fits.key_text("CUNIT1").as_deref() {
        Some("arcsec") => 1.0,
        Some("arcmin") => 60.0,
        Some("rad") => 1.0_f64.to_degrees() * 3600.0,
        _ => 3600.0,
    };
    let mut determinant = |stem: &str, diagonal: f64| {
        let mut at = |i, j, default| {
            fits.key_number(&format!("{stem}{i}_{j}"))
                .unwrap_or(default)
        };
        (at(1, 1, diagonal) * at(2, 2, diagonal) - at(1, 2, 0.0) * at(2, 1, 0.0)).abs()
    };
    let (cd, pc) = (determinant("CD", 0.0), determinant("PC", 1.0));
    let area = if cd > 0.0 {
        Some(cd)
    } else {
        let steps = fits.key_number("CDELT1").zip(fits.key_number("CDELT2"));
        steps.map(|(x, y)| pc * (x * y).abs())
    };
    match area.filter(|a| *a > 0.0) {
        Some(area) => Some((area.sqrt() * arcsec_per_unit) as f32),
        None => stated(fits),
    }
}

/// Random access to the pictures of many FITS files, with the last few kept open.
#[derive(Default)]
pub(in crate::io) struct FitsCutouts {
    /// Most recently used last. A file is taken out while it is read, so that readers of different
    /// files, or of the same file twice, do not wait for each other.
    idle: Mutex<Vec<(PathBuf, Fits)>>,
}

impl FitsCutouts {
    /// Reads picture `plane` of HDU `hdu` (the first image, when not given) of `path`.
    pub fn read(
        &self,
        path: &Path,
        hdu: Option<usize>,
        plane: usize,
    ) -> Result<Cutout, CutoutError> {
        let mut fits = self.take(path)?;
        let cutout = read_cutout(&mut fits, hdu, plane);
        if cutout.is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() >= OPEN_FILES {
                idle.remove(0);
            }
            idle.push((path.to_owned(), fits));
        }
        cutout
    }

    fn take(&self, path: &Path) -> Result<Fits, CutoutError> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // To the letter: paths are compared part by part, which takes longer than reading some of them.
        let same = |(known, _): &(PathBuf, Fits)| known.as_os_str() == path.as_os_str();
        if let Some(at) = idle.iter().position(same) {
            return Ok(idle.remove(at).1);
        }
        drop(idle);
        let opened = super::open(path).map_err(|e| CutoutError(e.to_string()))?;
        Ok(opened.0)
    }
}

/// Shared by the clones of a cutout source.
pub(in crate::io) type SharedFitsCutouts = Arc<FitsCutouts>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_divide_into_pictures_and_bands() {
        let shape = |axes: &[usize], named| layout(axes, named).map(|l| (l.bands, l.planes));
        assert_eq!(shape(&[64, 64], false), Some((1, 1)));
        assert_eq!(shape(&[64, 64, 3], false), Some((3, 1)));
        assert_eq!(shape(&[64, 64, 500], false), Some((1, 500)));
        assert_eq!(shape(&[64, 64, 32], true), Some((32, 1)));
        assert_eq!(shape(&[64, 64, 3, 500], false), Some((3, 500)));
        assert_eq!(shape(&[64, 64, 1, 1], false), Some((1, 1)));
        assert_eq!(shape(&[100], false), None);
        assert_eq!(shape(&[0, 64], false), None);
    }
}
