//! A thick disc seen at an angle: a face-on texture, projected layer by layer.
//!
//! Vertically the stars follow `sech^2(z / z0)` (van der Kruit & Searle 1981). The layers sit at
//! equal steps of its distribution, so that each carries the same light. Dust lies in the midplane
//! and dims what is behind it: an edge-on disc shows a lane, an inclined one a darker near side.

use rand_chacha::ChaCha8Rng;

use super::body::Frame;
use super::pattern::{EDGE, Kind, Pattern, Texel};
use super::profile::{sersic_growth, solve};
use super::psf::{FINE, OVERSAMPLE};
use super::render::Scene;
use super::sed;
use super::truth::{Anatomy, Truth};

/// Half-light radius of the bulge over the scale length of the disc.
pub(super) const BULGE_R_E: f64 = 0.4;

/// Texels along the texture, which reaches `EDGE` scale lengths to each side.
const SIDE: usize = 84;
const TEXEL: f32 = 2.0 * EDGE / SIDE as f32;
const RADIAL_BINS: usize = 100;
/// Below this cosine a disc is drawn at this cosine: its own thickness hides the difference.
const MIN_COS: f64 = 0.05;

/// Face-on disc: in each texel the light in the three bands, nJy, and the dust.
struct Texture {
    texels: Vec<[f32; 4]>,
    /// Half-light radius in F356W, bulge included, scale lengths.
    half_light: f64,
}

impl Texture {
    fn draw(kind: Kind, anatomy: &Anatomy, rng: &mut ChaCha8Rng) -> Self {
        let pattern = Pattern::draw(kind, rng);
        let mut texels = vec![Texel::default(); SIDE * SIDE];
        for (k, texel) in texels.iter_mut().enumerate() {
            let (x, y) = (centre(k % SIDE), centre(k / SIDE));
            if x * x + y * y < EDGE * EDGE {
                *texel = pattern.texel(x, y);
            }
        }
        add_clumps(&mut texels, &pattern);
        let unit = |part: fn(&Texel) -> f32| 1.0 / texels.iter().map(part).sum::<f32>().max(1e-12);
        let (old, young) = (unit(|t| t.old), unit(|t| t.young));
        let flux = |b: usize, t: &Texel| {
            anatomy.disc_njy[b] as f32 * old * t.old + anatomy.young_njy[b] as f32 * young * t.young
        };
        let texels: Vec<[f32; 4]> = texels
            .iter()
            .map(|t| [flux(0, t), flux(1, t), flux(2, t), t.dust])
            .collect();
        let half_light = half_light(&texels, anatomy);
        Self { texels, half_light }
    }

    /// Bilinear value at a point of the disc, scale lengths; zero outside.
    #[inline]
    fn at(&self, x: f32, y: f32) -> [f32; 4] {
        let (fx, fy) = ((x + EDGE) / TEXEL - 0.5, (y + EDGE) / TEXEL - 0.5);
        let last = (SIDE - 1) as f32;
        if !(fx >= 0.0 && fy >= 0.0 && fx < last && fy < last) {
            return [0.0; 4];
        }
        let (ix, iy) = (fx as i32 as usize, fy as i32 as usize);
        let (tx, ty) = (fx - ix as f32, fy - iy as f32);
        let below = &self.texels[iy * SIDE + ix..][..2];
        let above = &self.texels[(iy + 1) * SIDE + ix..][..2];
        lerp(
            lerp(below[0], below[1], tx),
            lerp(above[0], above[1], tx),
            ty,
        )
    }
}

#[inline]
fn lerp(a: [f32; 4], b: [f32; 4], t: f32) -> [f32; 4] {
    let mut mixed = a;
    for i in 0..4 {
        mixed[i] += t * (b[i] - a[i]);
    }
    mixed
}

/// Adds round knots of young light that make up their share of it.
fn add_clumps(texels: &mut [Texel], pattern: &Pattern) {
    let smooth: f32 = texels.iter().map(|t| t.young).sum();
    let clumps: f32 = pattern.clumps.iter().map(|c| c.light).sum();
    let share = pattern.clump_share;
    let per_light = smooth * share / (1.0 - share) / clumps.max(1e-6);
    for clump in &pattern.clumps {
        let sigma2 = clump.sigma * clump.sigma;
        let peak = per_light * clump.light * TEXEL * TEXEL / (std::f32::consts::TAU * sigma2);
        let range = |v: f32| {
            let at = |v: f32| ((v + EDGE) / TEXEL).clamp(0.0, SIDE as f32) as usize;
            at(v - 4.0 * clump.sigma)..at(v + 4.0 * clump.sigma + TEXEL)
        };
        for iy in range(clump.y) {
            for ix in range(clump.x) {
                let r2 = (centre(ix) - clump.x).powi(2) + (centre(iy) - clump.y).powi(2);
                texels[iy * SIDE + ix].young += peak * (-0.5 * r2 / sigma2).exp();
            }
        }
    }
}

/// Half-light radius of disc and bulge together in F356W, scale lengths.
fn half_light(texels: &[[f32; 4]], anatomy: &Anatomy) -> f64 {
    // Light of the disc within the inner edge of each bin.
    let mut growth = vec![0.0; RADIAL_BINS + 1];
    for (k, texel) in texels.iter().enumerate() {
        let r = centre(k % SIDE).hypot(centre(k / SIDE));
        let bin = ((r / EDGE * RADIAL_BINS as f32) as usize).min(RADIAL_BINS - 1);
        growth[bin + 1] += f64::from(texel[2]);
    }
    for bin in 0..RADIAL_BINS {
        growth[bin + 1] += growth[bin];
    }
    let bulge = anatomy.bulge_njy[2];
    let target = 0.5 * (bulge + growth[RADIAL_BINS]);
    solve(0.02, f64::from(EDGE), target, |r| {
        let at = r / f64::from(EDGE) * RADIAL_BINS as f64;
        let bin = (at as usize).min(RADIAL_BINS - 1);
        let disc = growth[bin] + (at - bin as f64) * (growth[bin + 1] - growth[bin]);
        bulge * sersic_growth(anatomy.bulge_n, r / BULGE_R_E) + disc
    })
}

/// Coordinate of a texel's centre, scale lengths.
fn centre(k: usize) -> f32 {
    (k as f32 + 0.5) * TEXEL - EDGE
}

/// Light of one fine sample in the three bands, nJy, before and behind the midplane.
#[derive(Default, Clone, Copy)]
struct Sample {
    front: [f32; 4],
    back: [f32; 4],
}

/// Paints bulge and disc of `truth` into the scene.
pub(super) fn paint(
    scene: &mut Scene,
    truth: &Truth,
    kind: Kind,
    frame: &Frame,
    rng: &mut ChaCha8Rng,
) {
    let anatomy = &truth.anatomy;
    let texture = Texture::draw(kind, anatomy, rng);
    let h_px = frame.r_e_px / texture.half_light;
    let bulge = Frame {
        r_e_px: BULGE_R_E * h_px,
        q: anatomy.bulge_q,
        ..*frame
    };
    let bulge = bulge.sersic(anatomy.bulge_n);

    let cos = truth.viewing_angle_deg.to_radians().cos().max(MIN_COS) as f32;
    let sin = (1.0 - cos * cos).sqrt();
    let stretch = 1.0 / cos;
    let layers = heights(cos, anatomy.thickness);
    let top = layers
        .iter()
        .flatten()
        .fold(0.0f32, |top, z| top.max(z.abs()))
        * sin;
    let to_h = 1.0 / h_px as f32;
    let texels_in_sample = (to_h / (OVERSAMPLE as f32 * TEXEL)).powi(2);
    let weight = texels_in_sample / (cos * layers[0].len() as f32);
    let opacity = sed::attenuation_in_bands(truth.z).map(|a| (a * anatomy.tau) as f32 / cos);
    let half_bulge = anatomy.bulge_njy.map(|flux| 0.5 * flux as f32);

    // Dust changes where the light is, not how much there is: magnitudes are those that emerge.
    let (mut clear, mut seen) = ([0.0f32; 3], [0.0f32; 3]);
    let mut light: [Vec<f32>; 3] = std::array::from_fn(|_| vec![0.0; FINE * FINE]);
    let grid = frame.grid();
    for (k, &bulge) in bulge.iter().enumerate() {
        let [u, v] = grid.at(k);
        let (u, v) = (u * to_h, v * to_h);
        let beyond = (v.abs() - top).max(0.0) * stretch;
        let inside = u * u + beyond * beyond < EDGE * EDGE;
        let mut sample = Sample::default();
        let mut dust = 0.0;
        if inside {
            dust = texture.at(u, v * stretch)[3];
            for &z in &layers[k % 2 + k / FINE % 2 * 2] {
                let at = texture.at(u, (v - z * sin) * stretch);
                let side = if z > 0.0 {
                    &mut sample.front
                } else {
                    &mut sample.back
                };
                for (sum, light) in side.iter_mut().zip(at) {
                    *sum += weight * light;
                }
            }
        } else if bulge <= 0.0 {
            continue;
        }
        for band in 0..3 {
            let half = half_bulge[band] * bulge;
            let (front, back) = (sample.front[band] + half, sample.back[band] + half);
            let depth = opacity[band] * dust;
            let through = if depth > 1e-4 { (-depth).exp() } else { 1.0 };
            let emerging = front + back * through;
            clear[band] += front + back;
            seen[band] += emerging;
            light[band][k] = emerging;
        }
    }
    for (band, map) in light.iter().enumerate() {
        let scale = clear[band] / seen[band].max(1e-20);
        for (pixel, light) in scene.bands[band].iter_mut().zip(map) {
            *pixel += scale * light;
        }
    }
}

/// Heights of the layers, scale lengths: equal steps of the `sech^2` distribution.
///
/// The four samples of a pixel take interleaved heights, so that a pixel sees four times as many.
fn heights(cos: f32, thickness: f64) -> [Vec<f32>; 4] {
    let number = match cos {
        c if c > 0.45 => 2,
        c if c > 0.2 => 4,
        _ => 6,
    };
    [0.125, 0.625, 0.875, 0.375].map(|shift| {
        (0..number)
            .map(|k| {
                let u = (f64::from(k) + shift) / f64::from(number);
                (thickness * (2.0 * u - 1.0).atanh()) as f32
            })
            .collect()
    })
}
