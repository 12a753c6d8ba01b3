//! Lattice noise (Perlin 1985 in its simplest form): what keeps a disc from being perfect.

use rand_chacha::ChaCha8Rng;

use super::rng::fill_normal;

/// Smooth random brightness: lattice noise of two octaves, so that no arm is perfect.
#[derive(Debug, Clone)]
pub(super) struct Turbulence {
    lattice: Vec<f32>,
}

impl Turbulence {
    const SIDE: usize = 32;
    /// Lattice steps in a scale length.
    const PER_LENGTH: f32 = 1.5;

    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let mut lattice = vec![0.0; Self::SIDE * Self::SIDE];
        fill_normal(rng, &mut lattice);
        Self { lattice }
    }

    /// About normal, of standard deviation near 0.8.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let scale = Self::PER_LENGTH;
        0.8 * self.octave(x * scale, y * scale)
            + 0.6 * self.octave(2.3 * x * scale + 7.4, 2.3 * y * scale)
    }

    fn octave(&self, x: f32, y: f32) -> f32 {
        let (fx, fy) = (x.floor(), y.floor());
        let wrap = |v: f32| (v as i32).rem_euclid(Self::SIDE as i32) as usize;
        let (tx, ty) = (smoothstep(0.0, 1.0, x - fx), smoothstep(0.0, 1.0, y - fy));
        let (x0, x1, y0, y1) = (wrap(fx), wrap(fx + 1.0), wrap(fy), wrap(fy + 1.0));
        let value = |x: usize, y: usize| self.lattice[y * Self::SIDE + x];
        let below = value(x0, y0) + tx * (value(x1, y0) - value(x0, y0));
        let above = value(x0, y1) + tx * (value(x1, y1) - value(x0, y1));
        below + ty * (above - below)
    }
}

/// 0 up to `from`, 1 beyond `to`, smooth between; `from` may be the larger.
pub(super) fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
