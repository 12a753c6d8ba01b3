//! A synthetic sky with known truth: mocks (`TNG50-like`) and an observed survey (`JWST-like`).
//!
//! [`truth`] draws every galaxy's parameters, [`catalog`] makes a table of them, [`cutout`] draws
//! one galaxy's picture in three bands of `NIRCam`. All follow from the seed alone: a galaxy has its own
//! random streams, so that any row can be drawn by itself and threads change nothing.
//!
//! The light is that of analytic models: Sérsic (1963) bulges and spheroids, exponential discs with
//! `sech^2` height (van der Kruit & Searle 1981) seen at an angle, logarithmic arms, clumps and
//! dust, prolate bodies. The two populations overlap but differ as Vega-Ferrero et al. (2024) found
//! of TNG50 and CEERS: the observed one is more compact and more elongated, and a known part of it
//! has no simulated counterpart.

mod artefact;
mod body;
mod cosmology;
mod disc;
mod noise;
mod parts;
mod pattern;
mod population;
mod profile;
mod psf;
mod rare;
mod render;
mod rng;
mod sed;
mod table;
#[cfg(test)]
mod tests;
mod truth;
mod turbulence;

pub use population::{RARE_FRACTION, UNMATCHED_FRACTION};
pub use table::catalog;
pub use truth::{Class, Rare, Survey, Truth};

use crate::data::{Cutout, RowOrder};

/// `NIRCam` bands, in order of wavelength.
pub const BANDS: [&str; 3] = ["F200W", "F277W", "F356W"];
/// Pixels along a side.
pub const SIZE_PX: usize = 64;
/// Size of a pixel, arcsec.
pub const PIXEL_SCALE_ARCSEC: f32 = 0.03;
/// Unit of the pixels: surface brightness, as in `NIRCam` mosaics.
pub const UNIT: &str = "MJy/sr";

/// Flux, nJy, of a pixel of 1 MJy/sr.
pub const NJY_PER_UNIT: f32 = {
    let side_rad = PIXEL_SCALE_ARCSEC / 206_264.8;
    side_rad * side_rad * 1e15
};

/// What a synthetic survey follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SurveyParams {
    /// Number of galaxies, mocks and sky alternating.
    pub galaxies: usize,
    /// Seed of all random numbers.
    pub seed: u64,
}

impl Default for SurveyParams {
    fn default() -> Self {
        Self {
            galaxies: 6000,
            seed: 1,
        }
    }
}

/// The parameters of all galaxies; cheap, draws no pixel.
#[must_use]
pub fn truth(params: &SurveyParams) -> Vec<Truth> {
    population::truth(params)
}

/// The picture of one galaxy: [`BANDS`], `SIZE_PX x SIZE_PX`, [`UNIT`], north up and east left, the
/// first row at the bottom, every pixel finite.
///
/// # Panics
/// Never: the pixels are made to fit the shape.
#[must_use]
pub fn cutout(params: &SurveyParams, truth: &Truth) -> Cutout {
    let planes = render::picture(params.seed, truth);
    let to_unit = |njy: f32| njy / NJY_PER_UNIT;
    let pixels: Vec<f32> = planes.into_iter().flatten().map(to_unit).collect();
    let bands = BANDS.map(str::to_owned).to_vec();
    #[expect(clippy::expect_used, reason = "the pixels were made to fit the shape")]
    Cutout::new(pixels, bands, SIZE_PX, SIZE_PX, RowOrder::BottomUp)
        .expect("three planes of one size")
        .with_pixel_scale_arcsec(Some(PIXEL_SCALE_ARCSEC))
        .with_unit(Some(UNIT.to_owned()))
}
