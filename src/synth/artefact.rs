//! Faults of an image: a star's diffraction spikes, a trail, bad columns, the edge of a detector.

use std::f32::consts::PI;

use rand_chacha::ChaCha8Rng;

use super::SIZE_PX;
use super::psf::FWHM_ARCSEC;
use super::rng::{count, uniform};

/// One fault, the same in all bands unless it belongs to one exposure.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// A saturated star with the six spikes of a segmented mirror and the two of a strut.
    Star {
        x: f32,
        y: f32,
        flux: f32,
        roll: f32,
    },
    /// A bright trail across one band.
    Trail {
        band: usize,
        angle: f32,
        offset: f32,
        peak: f32,
    },
    /// Hot columns in one band.
    Columns {
        band: usize,
        first: usize,
        width: usize,
        level: f32,
    },
    /// No data beyond a line.
    Edge { angle: f32, offset: f32 },
}

impl Fault {
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let kind = count(rng, 0, 3);
        let (band, first, width) = (count(rng, 0, 2), count(rng, 18, 44), count(rng, 1, 2));
        let mut draw = |low: f64, high: f64| uniform(rng, low, high) as f32;
        match kind {
            0 => Self::Star {
                x: draw(12.0, 52.0),
                y: draw(12.0, 52.0),
                flux: draw(9e3, 3e4),
                roll: draw(0.0, f64::from(PI) / 3.0),
            },
            1 => Self::Trail {
                band,
                angle: draw(0.0, f64::from(PI)),
                offset: draw(-8.0, 8.0),
                peak: draw(1.5, 4.5),
            },
            2 => Self::Columns {
                band,
                first,
                width,
                level: draw(2.0, 5.0),
            },
            _ => Self::Edge {
                angle: draw(0.0, 2.0 * f64::from(PI)),
                offset: draw(2.0, 16.0),
            },
        }
    }

    /// Light that carries photon noise.
    pub(super) fn before_noise(&self, picture: &mut [f32], band: usize) {
        match *self {
            Self::Star { x, y, flux, roll } => star(picture, band, [x, y], flux, roll),
            Self::Trail {
                band: hit,
                angle,
                offset,
                peak,
            } if hit == band => {
                let (sin, cos) = angle.sin_cos();
                each(picture, |dx, dy, pixel| {
                    let across = dx * cos + dy * sin - offset;
                    *pixel += peak * (-0.5 * (across / 0.9).powi(2)).exp();
                });
            }
            _ => {}
        }
    }

    /// What the detector or the mosaic does afterwards.
    pub(super) fn after_noise(&self, picture: &mut [f32], band: usize) {
        match *self {
            Self::Columns {
                band: hit,
                first,
                width,
                level,
            } if hit == band => {
                for row in picture.chunks_exact_mut(SIZE_PX) {
                    for (k, pixel) in row[first..first + width].iter_mut().enumerate() {
                        *pixel = if k == 0 { level } else { 0.6 * level };
                    }
                }
            }
            Self::Edge { angle, offset } => {
                let (sin, cos) = angle.sin_cos();
                each(picture, |dx, dy, pixel| {
                    if dx * cos + dy * sin > offset {
                        *pixel = 0.0;
                    }
                });
            }
            _ => {}
        }
    }
}

/// Visits every pixel with its offset from the centre.
fn each(picture: &mut [f32], mut f: impl FnMut(f32, f32, &mut f32)) {
    let middle = 0.5 * (SIZE_PX as f32 - 1.0);
    for (k, pixel) in picture.iter_mut().enumerate() {
        f(
            (k % SIZE_PX) as f32 - middle,
            (k / SIZE_PX) as f32 - middle,
            pixel,
        );
    }
}

fn star(picture: &mut [f32], band: usize, [x, y]: [f32; 2], flux: f32, roll: f32) {
    // Diffraction scales with wavelength.
    let scale = (FWHM_ARCSEC[band] / FWHM_ARCSEC[2]) as f32;
    let colour = [1.6, 1.25, 1.0][band];
    let middle = 0.5 * (SIZE_PX as f32 - 1.0);
    each(picture, |dx, dy, pixel| {
        let (dx, dy) = (dx + middle - x, dy + middle - y);
        let r = dx.hypot(dy);
        let core = 0.055 * (-0.5 * (r / (1.6 * scale)).powi(2)).exp();
        let halo = 0.0012 / (1.0 + (r / 3.0).powi(3));
        let spike = |angle: f32, strength: f32| {
            let (sin, cos) = angle.sin_cos();
            let (along, across) = (dx * cos + dy * sin, dy * cos - dx * sin);
            let width = 0.7 * scale + 0.012 * along.abs();
            strength / (1.0 + along.abs() / 7.0).powi(2) * (-0.5 * (across / width).powi(2)).exp()
        };
        let six: f32 = (0..3)
            .map(|k| spike(roll + k as f32 * PI / 3.0, 0.004))
            .sum();
        let strut = spike(roll + PI / 6.0, 0.0012);
        *pixel += colour * flux * (core + halo + six + strut);
        // Saturation flattens the core.
        *pixel = pixel.min(160.0);
    });
}
