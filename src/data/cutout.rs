//! One object's picture: a small multi-band image.

use std::sync::Arc;

use super::DataError;

/// Which row of the picture comes first in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// The first row is the bottom one, as in FITS.
    BottomUp,
    /// The first row is the top one, as in PNG and JPEG.
    TopDown,
}

/// `bands x height x width` pixels, band-major. Pixels may be NaN (masked).
#[derive(Debug, Clone)]
pub struct Cutout {
    pixels: Arc<[f32]>,
    bands: Vec<String>,
    height: usize,
    width: usize,
    row_order: RowOrder,
    pixel_scale_arcsec: Option<f32>,
    unit: Option<String>,
}

impl Cutout {
    /// A picture of `bands.len()` planes of `height x width` pixels.
    ///
    /// # Errors
    /// When a side is zero or the number of pixels does not fit.
    pub fn new(
        pixels: Vec<f32>,
        bands: Vec<String>,
        height: usize,
        width: usize,
        row_order: RowOrder,
    ) -> Result<Self, DataError> {
        const WHAT: &str = "cutout";
        if bands.is_empty() || height == 0 || width == 0 {
            return Err(DataError::Shape {
                what: WHAT,
                reason: format!(
                    "{} bands of {width} x {height} px hold no pixels",
                    bands.len()
                ),
            });
        }
        let expected = bands.len() * height * width;
        if pixels.len() != expected {
            return Err(DataError::Length {
                what: WHAT,
                expected,
                found: pixels.len(),
            });
        }
        Ok(Self {
            pixels: pixels.into(),
            bands,
            height,
            width,
            row_order,
            pixel_scale_arcsec: None,
            unit: None,
        })
    }

    /// Sets the pixel scale, arcsec.
    #[must_use]
    pub fn with_pixel_scale_arcsec(mut self, scale: Option<f32>) -> Self {
        self.pixel_scale_arcsec = scale.filter(|s| s.is_finite() && *s > 0.0);
        self
    }

    /// Sets the brightness unit, such as `MJy/sr`.
    #[must_use]
    pub fn with_unit(mut self, unit: Option<String>) -> Self {
        self.unit = unit;
        self
    }

    /// All pixels, band-major.
    #[must_use]
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// The pixels of one band, `height x width`.
    #[must_use]
    pub fn band(&self, index: usize) -> &[f32] {
        let plane = self.height * self.width;
        &self.pixels[index * plane..(index + 1) * plane]
    }

    /// Names of the bands, in order.
    #[must_use]
    pub fn bands(&self) -> &[String] {
        &self.bands
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Which row comes first.
    #[must_use]
    pub fn row_order(&self) -> RowOrder {
        self.row_order
    }

    /// Size of a pixel on the sky, arcsec, if known.
    #[must_use]
    pub fn pixel_scale_arcsec(&self) -> Option<f32> {
        self.pixel_scale_arcsec
    }

    /// Brightness unit, if known.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }
}

/// Why one object's picture could not be read: a sentence naming the file and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CutoutError(pub String);

/// Random access to the pictures of a data set, one for each catalogue row.
pub trait CutoutRead: Send + Sync {
    /// Number of rows.
    fn len(&self) -> usize;

    /// Whether there are no rows.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The picture of one row, read without loading the rest.
    ///
    /// # Errors
    /// One sentence saying why there is none.
    fn read(&self, row: usize) -> Result<Cutout, CutoutError>;
}

/// Pictures held in memory.
impl CutoutRead for Vec<Cutout> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn read(&self, row: usize) -> Result<Cutout, CutoutError> {
        self.get(row)
            .cloned()
            .ok_or_else(|| CutoutError(format!("there is no cutout {row}")))
    }
}
