//! FITS (Pence et al. 2010, FITS standard 4.0): cutouts in image HDUs, catalogues in tables, spectra in either.

mod ffi;
mod header;
mod image;
mod plain;
mod spectrum;
mod table;
mod tiles;
mod write;

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use ffi::{Fits, FitsFailure, Hdu};
pub(super) use image::{ImageHdu, SharedFitsCutouts};
pub(super) use spectrum::{Spectra, read as read_spectrum};
pub(super) use table::read_table;
pub use write::{CutoutChunkWriter, SkyPosition};

use super::IoError;

/// What a FITS file holds, HDU by HDU.
pub(super) struct Contents {
    /// The images that hold pixels.
    pub images: Vec<ImageHdu>,
    /// HDU numbers (0 is the primary) of the tables.
    pub tables: Vec<usize>,
    /// Spectra, in its tables or images.
    pub spectra: Option<Spectra>,
}

/// Largest file that is unpacked in memory, bytes.
const LARGEST_UNPACKED: u64 = 1 << 30;

/// Opens `path` for reading. The number is the most bytes that the data of one HDU can have: the
/// file's own, unless it is packed.
fn open(path: &Path) -> Result<(Fits, u64), IoError> {
    let known = std::fs::metadata(path).ok().filter(Metadata::is_file);
    let Some(known) = known else {
        return Err(IoError::Missing {
            path: path.to_owned(),
        });
    };
    let unpacked = unpacked_size(path);
    if unpacked.is_some_and(|size| size > LARGEST_UNPACKED) {
        return Err(IoError::content(
            path,
            "more than 1 GiB when unpacked; unpack it first",
        ));
    }
    let packed = unpacked.is_some() || path.extension().is_some_and(|e| e == "Z" || e == "z");
    let most_bytes = if packed {
        LARGEST_UNPACKED
    } else {
        known.len()
    };
    let fits = Fits::open(path).map_err(|failure| unreadable(path, &failure))?;
    Ok((fits, most_bytes))
}

/// Size that a gzip file says it has when unpacked (RFC 1952, ISIZE); `None` for other files.
fn unpacked_size(path: &Path) -> Option<u64> {
    let mut file = File::open(path).ok()?;
    let mut magic = [0; 2];
    file.read_exact(&mut magic).ok()?;
    if magic != [0x1f, 0x8b] {
        return None;
    }
    let mut size = [0; 4];
    file.seek(SeekFrom::End(-4)).ok()?;
    file.read_exact(&mut size).ok()?;
    Some(u64::from(u32::from_le_bytes(size)))
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
    if let Some(images) = image::describe_plain(path) {
        return Ok(Contents {
            images,
            tables: Vec::new(),
            spectra: None,
        });
    }
    let (mut fits, most_bytes) = open(path)?;
    let broken = |failure: FitsFailure| unreadable(path, &failure);
    let count = fits.hdu_count().map_err(broken)?;
    let mut contents = Contents {
        images: Vec::new(),
        tables: Vec::new(),
        spectra: None,
    };
    let mut search = spectrum::Search::new(most_bytes);
    for hdu in 0..count {
        let kind = fits.move_to(hdu).map_err(broken)?;
        search.look(&mut fits, hdu, &kind);
        match kind {
            Hdu::Table => contents.tables.push(hdu),
            Hdu::Image(axes) => contents
                .images
                .extend(image::describe(&mut fits, hdu, &axes, most_bytes)),
        }
    }
    contents.spectra = search.finish(&mut fits);
    Ok(contents)
}
