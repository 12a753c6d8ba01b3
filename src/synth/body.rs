//! An elliptical body on the fine grid: where it lies, and its Sérsic light.

use super::profile::{sersic_b, sersic_central};
use super::psf::{FINE, OVERSAMPLE};

/// Position of a fine sample along an axis, pixels from the centre of the picture.
pub(super) fn offset_px(k: usize) -> f32 {
    (k as f32 + 0.5 - 0.5 * FINE as f32) / OVERSAMPLE as f32
}

/// The fine samples along an axis that lie within `reach_px` of a position.
pub(super) fn within(centre_px: f64, reach_px: f32) -> std::ops::Range<usize> {
    let middle = centre_px as f32 * OVERSAMPLE as f32 + 0.5 * FINE as f32;
    let reach = reach_px * OVERSAMPLE as f32;
    let end = (middle + reach + 1.0).clamp(0.0, FINE as f32);
    ((middle - reach).clamp(0.0, FINE as f32) as usize)..(end as usize)
}

/// Where an elliptical body lies on the picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Centre, pixels from that of the picture.
    pub(super) x_px: f64,
    pub(super) y_px: f64,
    /// Semi-major half-light radius, pixels.
    pub(super) r_e_px: f64,
    /// Axis ratio.
    pub(super) q: f64,
    /// Position angle, radians east of north.
    pub(super) pa_rad: f64,
}

impl Frame {
    /// Unit vectors along the major and the minor axis, in pixels.
    pub(super) fn axes(&self) -> [[f64; 2]; 2] {
        let (sin, cos) = self.pa_rad.sin_cos();
        [[-sin, cos], [cos, sin]]
    }

    /// The fine grid in this body's axes.
    pub(super) fn grid(&self) -> Grid {
        let [major, minor] = self.axes().map(|axis| axis.map(|c| c as f32));
        Grid {
            centre: [self.x_px as f32, self.y_px as f32],
            major,
            minor,
        }
    }

    /// A Sérsic profile of unit flux on the fine grid.
    ///
    /// Samples across which the profile changes much are divided further.
    pub(super) fn sersic(&self, index: f64) -> Vec<f32> {
        // Logarithm of the brightness at the half-light radius over what is left out.
        const NEGLIGIBLE: f32 = 9.0;
        let steepness = sersic_b(index) as f32;
        let half_power = (0.5 / index) as f32;
        let step = 1.0 / OVERSAMPLE as f32;
        let r_e = self.r_e_px as f32;
        let q = self.q as f32;
        let limit2 = (r_e * ((steepness + NEGLIGIBLE) / steepness).powf(index as f32)).powi(2);
        let peak =
            (sersic_central(index) / (self.r_e_px * self.r_e_px * self.q)) as f32 * step * step;
        let grid = self.grid();
        let profile = |u: f32, v: f32| {
            let r2 = (u * u + v * v / (q * q)) / (r_e * r_e);
            steepness * r2.powf(half_power)
        };
        // Change of the logarithm of the light across a sample, along the minor axis.
        let slope = |r: f32| {
            let exponent = profile(r, 0.0);
            exponent.max(0.05) / (index as f32 * r) * step / q.max(0.1)
        };
        let smooth_beyond = (1..=64)
            .map(|k| k as f32 / 64.0 * 8.0 * r_e)
            .find(|&r| r > 2.0 * step && slope(r) < 0.4)
            .unwrap_or(8.0 * r_e);
        let reach = limit2.sqrt();
        let table = Table::new(reach, |r| peak * (-profile(r, 0.0)).exp());
        let mut map = vec![0.0; FINE * FINE];
        let (xs, ys) = (within(self.x_px, reach), within(self.y_px, reach));
        for k in ys.flat_map(|y| xs.clone().map(move |x| y * FINE + x)) {
            let pixel = &mut map[k];
            let [u, v] = grid.at(k);
            let r2 = u * u + v * v / (q * q);
            if r2 > limit2 {
                continue;
            }
            let r = r2.sqrt();
            if r > smooth_beyond {
                *pixel = table.at(r);
                continue;
            }
            let change = slope(r.max(0.25 * step));
            let divisions = (2.0 * change).ceil().clamp(2.0, 12.0) as usize;
            let mut sum = 0.0;
            let part = |j: usize| ((j as f32 + 0.5) / divisions as f32 - 0.5) * step;
            for j in 0..divisions * divisions {
                let [du, dv] = grid.rotate(part(j % divisions), part(j / divisions));
                sum += (-profile(u + du, v + dv)).exp();
            }
            *pixel = peak * sum / (divisions * divisions) as f32;
        }
        map
    }
}

/// The fine grid as seen from a body.
pub(super) struct Grid {
    centre: [f32; 2],
    major: [f32; 2],
    minor: [f32; 2],
}

impl Grid {
    /// Position of a fine sample along major and minor axis, pixels.
    #[inline]
    pub(super) fn at(&self, k: usize) -> [f32; 2] {
        self.rotate(
            offset_px(k % FINE) - self.centre[0],
            offset_px(k / FINE) - self.centre[1],
        )
    }

    #[inline]
    fn rotate(&self, x: f32, y: f32) -> [f32; 2] {
        let (major, minor) = (self.major, self.minor);
        [x * major[0] + y * major[1], x * minor[0] + y * minor[1]]
    }
}

/// A radial profile, tabulated for speed.
struct Table {
    values: Vec<f32>,
    per_px: f32,
}

impl Table {
    const STEPS: usize = 512;

    fn new(reach_px: f32, profile: impl Fn(f32) -> f32) -> Self {
        let per_px = Self::STEPS as f32 / reach_px;
        let values = (0..Self::STEPS + 2)
            .map(|k| profile(k as f32 / per_px))
            .collect();
        Self { values, per_px }
    }

    fn at(&self, r_px: f32) -> f32 {
        let at = r_px * self.per_px;
        let k = (at as i32 as usize).min(Self::STEPS);
        self.values[k] + (at - k as f32) * (self.values[k + 1] - self.values[k])
    }
}
