//! What a disc looks like face-on: smooth light, logarithmic arms, bar, ring, clumps and dust.
//!
//! Lengths are in units of the disc's scale length `h`.

use std::f32::consts::{PI, TAU};

use rand_chacha::ChaCha8Rng;

use super::rng::{chance, count, normal, pick, uniform};
use super::turbulence::{Turbulence, smoothstep};

/// The light stops here, as discs do (van der Kruit & Searle 1981).
pub(super) const EDGE: f32 = 4.6;

/// Which structure a disc has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Smooth,
    Spiral,
    Irregular,
    Ring,
}

/// A round knot of young stars in the plane of the disc.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clump {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) sigma: f32,
    /// Light, relative to the other clumps.
    pub(super) light: f32,
}

/// Face-on surface brightness at a point, each part up to a constant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Texel {
    pub(super) old: f32,
    pub(super) young: f32,
    pub(super) dust: f32,
}

/// Spiral arms: `m phi = cot(pitch) ln r + phase`.
#[derive(Debug, Clone, Copy)]
struct Arms {
    number: f32,
    cot_pitch: f32,
    /// +1 or -1: sense of winding.
    sense: f32,
    phase: f32,
    /// Sharpness of the ridge.
    sharpness: f32,
    /// Contrast of the old stars' wave.
    contrast: f32,
    /// Two long waves that keep the arms from being perfect.
    wobble: [f32; 3],
}

impl Arms {
    fn draw(kind: Kind, rng: &mut ChaCha8Rng) -> Self {
        let grand = kind == Kind::Spiral;
        let number = match kind {
            Kind::Spiral => pick(rng, &[(2.0, 0.72), (3.0, 0.2), (4.0, 0.08)]),
            Kind::Irregular => 1.0,
            Kind::Smooth | Kind::Ring => pick(rng, &[(2.0, 0.5), (3.0, 0.3), (4.0, 0.2)]),
        };
        let pitch = if grand {
            uniform(rng, 15.0, 28.0)
        } else {
            uniform(rng, 20.0, 40.0)
        };
        Self {
            number,
            cot_pitch: (1.0 / pitch.to_radians().tan()) as f32,
            sense: if chance(rng, 0.5) { 1.0 } else { -1.0 },
            phase: uniform(rng, 0.0, f64::from(TAU)) as f32,
            sharpness: if grand {
                uniform(rng, 1.6, 3.6) as f32
            } else {
                1.2
            },
            contrast: if grand {
                uniform(rng, 0.35, 0.85) as f32
            } else {
                0.3
            },
            wobble: std::array::from_fn(|_| uniform(rng, 0.0, f64::from(TAU)) as f32),
        }
    }

    /// Phase of the wave: 0 on a ridge.
    fn angle(&self, ln_r: f32, phi: f32) -> f32 {
        let [a, b, _] = self.wobble;
        self.sense * self.number * phi - self.number * self.cot_pitch * ln_r
            + self.phase
            + 0.35 * (2.3 * ln_r + a).sin()
            + 0.3 * (phi + 1.3 * ln_r + b).sin()
    }

    /// 1 on a ridge, small between.
    fn ridge(&self, angle: f32) -> f32 {
        (self.sharpness * (angle.cos() - 1.0)).exp()
    }

    /// An azimuth on a ridge at `ln_r`.
    fn azimuth(&self, ln_r: f32, arm: usize) -> f32 {
        let turn = TAU * arm as f32 / self.number;
        // The small wave in azimuth is met by a few steps of fixed-point iteration.
        let mut phi = turn;
        for _ in 0..4 {
            let missing = self.angle(ln_r, phi) - self.sense * TAU * arm as f32;
            phi -= self.sense * missing / self.number;
        }
        phi
    }
}

/// A disc's structure, drawn once.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    kind: Kind,
    arms: Arms,
    turbulence: Turbulence,
    /// How strongly turbulence moves the light of young stars.
    roughness: f32,
    /// Length and azimuth of the bar, if there is one.
    bar: Option<(f32, f32)>,
    pub(super) clumps: Vec<Clump>,
    /// Share of the young light that is in clumps.
    pub(super) clump_share: f32,
}

impl Pattern {
    pub(super) fn draw(kind: Kind, rng: &mut ChaCha8Rng) -> Self {
        let arms = Arms::draw(kind, rng);
        let bar = (kind == Kind::Spiral && chance(rng, 0.35)).then(|| {
            let length = uniform(rng, 0.7, 1.1) as f32;
            (length, arms.azimuth(length.ln(), 0))
        });
        let (number, clump_share) = match kind {
            Kind::Smooth => (count(rng, 4, 12), 0.15),
            Kind::Spiral => (count(rng, 20, 60), 0.28),
            Kind::Irregular => (count(rng, 4, 9), 0.8),
            Kind::Ring => (count(rng, 10, 18), 0.25),
        };
        let clumps = (0..number).map(|_| clump(kind, &arms, rng)).collect();
        Self {
            kind,
            arms,
            turbulence: Turbulence::draw(rng),
            roughness: uniform(rng, 0.35, 0.8) as f32,
            bar,
            clumps,
            clump_share,
        }
    }

    /// Brightness without clumps at `(x, y)`.
    pub(super) fn texel(&self, x: f32, y: f32) -> Texel {
        let r = x.hypot(y).max(1e-3);
        let taper = smoothstep(EDGE, EDGE - 0.8, r);
        let turbulence = self.turbulence.at(x, y);
        let rough = (self.roughness * turbulence).exp();
        match self.kind {
            Kind::Ring => {
                let wave = 1.0 + 0.35 * (y.atan2(x) + self.arms.phase).cos();
                let ring = (-0.5 * ((r - RING_RADIUS) / 0.27).powi(2)).exp();
                Texel {
                    old: taper * (0.5 * (-1.2 * r).exp() + 0.12 * ring),
                    young: taper * ring * wave * rough,
                    dust: 0.0,
                }
            }
            Kind::Irregular => {
                let lopsided = 1.0 + 0.45 * (y.atan2(x) + self.arms.phase).cos() * r.min(1.5);
                let old = taper * (-r).exp() * lopsided.max(0.1);
                Texel {
                    old,
                    young: old * rough * rough,
                    dust: 0.3 * old,
                }
            }
            Kind::Smooth | Kind::Spiral => self.wound(x, y, taper, turbulence),
        }
    }

    fn wound(&self, x: f32, y: f32, taper: f32, turbulence: f32) -> Texel {
        let r = x.hypot(y).max(1e-3);
        let (ln_r, phi) = (r.ln(), y.atan2(x));
        let rough = (self.roughness * turbulence).exp();
        let angle = self.arms.angle(ln_r, phi) + 0.45 * turbulence * r.min(1.0);
        let begin = self.bar.map_or(0.35, |(length, _)| 0.75 * length);
        let fade = smoothstep(begin, begin + 0.5, r);
        let ridge = self.arms.ridge(angle);
        // A weaker, finer wave: spurs between the arms.
        let spurs = (1.6 * angle + 2.0 * ln_r + self.arms.wobble[2]).cos();
        let wave = self.arms.contrast * fade * (1.7 * ridge * rough.sqrt() - 0.6 + 0.15 * spurs);
        let disc = taper * (-r).exp();
        let mut old = disc * (1.0 + wave).max(0.08);
        if let Some((length, azimuth)) = self.bar {
            let (sin, cos) = azimuth.sin_cos();
            let along = (x * cos + y * sin) / length;
            let across = (y * cos - x * sin) / (0.3 * length);
            let inside = (along.powi(4) + across.powi(4)).sqrt();
            old += 0.55 * (-1.2 * inside).exp();
        }
        let young = taper
            * (-r / 1.5).exp()
            * fade
            * match self.kind {
                Kind::Spiral => (0.08 + ridge) * (1.0 + 0.35 * spurs) * rough,
                _ => (0.4 + 0.6 * ridge) * rough,
            };
        // Dust lines the inner edge of the arms.
        let lane = self.arms.ridge(angle + 0.9);
        let dust = taper * (-r / 1.6).exp() * (0.35 + fade * self.arms.contrast * lane) * rough;
        Texel { old, young, dust }
    }
}

/// Radius of a ring.
const RING_RADIUS: f32 = 2.0;

fn clump(kind: Kind, arms: &Arms, rng: &mut ChaCha8Rng) -> Clump {
    let any = uniform(rng, -f64::from(PI), f64::from(PI)) as f32;
    let (r, phi) = match kind {
        Kind::Spiral => {
            let r = uniform(rng, 0.7, 3.4) as f32;
            let arm = count(rng, 0, arms.number as usize - 1);
            (r, arms.azimuth(r.ln(), arm) + normal(rng, 0.0, 0.14) as f32)
        }
        Kind::Ring => (normal(rng, f64::from(RING_RADIUS), 0.12) as f32, any),
        Kind::Smooth => (uniform(rng, 0.6, 2.8) as f32, any),
        Kind::Irregular => (uniform(rng, 0.2, 2.2) as f32, any),
    };
    let sigma = match kind {
        Kind::Irregular => uniform(rng, 0.16, 0.34),
        Kind::Ring => uniform(rng, 0.10, 0.2),
        Kind::Smooth | Kind::Spiral => uniform(rng, 0.08, 0.17),
    };
    let fade = if kind == Kind::Spiral {
        (-0.5 * r).exp()
    } else {
        1.0
    };
    Clump {
        x: r * phi.cos(),
        y: r * phi.sin(),
        sigma: sigma as f32,
        light: normal(rng, 0.0, 0.8).exp() as f32 * fade,
    }
}
