//! FITS (Pence et al. 2010, FITS standard 4.0): cutouts in image HDUs, catalogues in tables.

mod ffi;
mod image;
mod table;
mod write;

use std::path::Path;

use ffi::{Fits, FitsFailure, Hdu};
pub(super) use image::{ImageHdu, SharedFitsCutouts};
pub(super) use table::read_table;
pub use write::{CutoutChunkWriter, SkyPosition};

use super::IoError;

/// What a FITS file holds, HDU by HDU.
pub(super) struct Contents {
    /// The images that hold pixels.
    pub images: Vec<ImageHdu>,
    /// HDU numbers (0 is the primary) of the tables.
    pub tables: Vec<usize>,
}

/// Opens `path` for reading.
fn open(path: &Path) -> Result<Fits, IoError> {
    if !path.is_file() {
        return Err(IoError::Missing {
            path: path.to_owned(),
        });
    }
    Fits::open(path).map_err(|failure| unreadable(path, &failure))
}

fn unreadable(path: &Path, failure: &FitsFailure) -> IoError {
    IoError::content(
        path,
        format!(
            "not a complete FITS file ({}); copy or download it again",
            failure.0
        ),
    )
}

/// Lists the image and table HDUs of `path`.
pub(super) fn contents(path: &Path) -> Result<Contents, IoError> {
    let mut fits = open(path)?;
    let broken = |failure: FitsFailure| unreadable(path, &failure);
    let count = fits.hdu_count().map_err(broken)?;
    let mut contents = Contents {
        images: Vec::new(),
        tables: Vec::new(),
    };
    for hdu in 0..count {
        match fits.move_to(hdu).map_err(broken)? {
            Hdu::Table => contents.tables.push(hdu),
            Hdu::Image(axes) => contents
                .images
                .extend(image::describe(&mut fits, hdu, &axes)),
        }
    }
    Ok(contents)
}
