//! Writing cutouts: a chunk is one multi-extension file, an extension each object.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::ffi::{Fits, FitsFailure};
use crate::data::{Cutout, RowOrder};
use crate::io::IoError;
use crate::io::atomic::{Listed, Overwrite, check_output, parent};

/// Where a picture's centre lies on the sky, ICRS degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkyPosition {
    /// Right ascension, degrees.
    pub ra_deg: f64,
    /// Declination, degrees.
    pub dec_deg: f64,
}

/// Writes one multi-extension FITS file of RICE-compressed cutouts, north up and east left; it
/// appears under its name when [`commit`](Self::commit)ted.
pub struct CutoutChunkWriter {
    file: NamedTempFile<Fits>,
    listed: Listed,
    path: PathBuf,
    overwrite: Overwrite,
    count: i32,
}

impl CutoutChunkWriter {
    /// Starts a chunk.
    ///
    /// # Errors
    /// When `path` exists and may not be replaced, or the folder cannot be written to.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<Self, IoError> {
        check_output(path, overwrite)?;
        let file = tempfile::Builder::new()
            .prefix(".latentarium-")
            .suffix(".part")
            .make_in(parent(path), |name| {
                Fits::create(name).map_err(|f| io::Error::other(f.0))
            })
            .map_err(|source| IoError::system(path, "write", source))?;
        Ok(Self {
            listed: Listed::new(file.path()),
            file,
            path: path.to_owned(),
            overwrite,
            count: 0,
        })
    }

    /// Appends one object as extension `name`; returns its HDU number (the primary, 0, is empty).
    ///
    /// # Errors
    /// When the disk is full.
    pub fn push(
        &mut self,
        name: &str,
        cutout: &Cutout,
        sky: Option<SkyPosition>,
    ) -> Result<u32, IoError> {
        self.count += 1;
        let count = self.count;
        self.write(name, cutout, sky)
            .map_err(|f| IoError::system(&self.path, "write", io::Error::other(f.0)))?;
        Ok(count.unsigned_abs())
    }

    fn write(
        &mut self,
        name: &str,
        cutout: &Cutout,
        sky: Option<SkyPosition>,
    ) -> Result<(), FitsFailure> {
        let (width, height) = (cutout.width(), cutout.height());
        let axes = [width, height, cutout.bands().len()];
        let count = self.count;
        let fits = self.file.as_file_mut();
        let bottom_up = match cutout.row_order() {
            RowOrder::BottomUp => cutout.pixels().to_vec(),
            RowOrder::TopDown => cutout
                .pixels()
                .chunks(width * height)
                .flat_map(|band| band.rchunks(width).flatten().copied())
                .collect(),
        };
        fits.append_rice_image(&axes, &bottom_up, count)?;
        fits.put_text("EXTNAME", name, "object")?;
        if let Some(unit) = cutout.unit() {
            fits.put_text("BUNIT", unit, "unit of the pixels")?;
        }
        for (i, band) in cutout.bands().iter().enumerate() {
            fits.put_text(&format!("BAND{}", i + 1), band, "filter of this plane")?;
        }
        if let (Some(scale), Some(sky)) = (cutout.pixel_scale_arcsec(), sky) {
            let scale_deg = f64::from(scale) / 3600.0;
            fits.put_text("RADESYS", "ICRS", "")?;
            for (axis, ctype, centre, value, step) in [
                (1, "RA---TAN", width, sky.ra_deg, -scale_deg),
                (2, "DEC--TAN", height, sky.dec_deg, scale_deg),
            ] {
                fits.put_text(&format!("CTYPE{axis}"), ctype, "")?;
                fits.put_text(&format!("CUNIT{axis}"), "deg", "")?;
                fits.put_number(
                    &format!("CRPIX{axis}"),
                    f64::midpoint(centre as f64, 1.0),
                    "centre of the picture",
                )?;
                fits.put_number(&format!("CRVAL{axis}"), value, "")?;
                fits.put_number(&format!("CDELT{axis}"), step, "")?;
            }
        }
        Ok(())
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn commit(self) -> Result<(), IoError> {
        let failed = |source| IoError::system(&self.path, "write", source);
        let (fits, temporary) = self.file.into_parts();
        fits.close().map_err(|f| failed(io::Error::other(f.0)))?;
        let persisted = match self.overwrite {
            Overwrite::Replace => temporary.persist(&self.path),
            Overwrite::Refuse => temporary.persist_noclobber(&self.path),
        };
        drop(self.listed);
        persisted.map_err(|e| failed(e.error))
    }
}
