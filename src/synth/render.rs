//! Draws one galaxy: its light on a fine grid, its neighbours, the PSF, the noise.
//!
//! North is up, east is left, the first row is the bottom one. A position angle `pa` counts from
//! north through east, so the major axis points along `(-sin pa, cos pa)` in pixels.

use rand_chacha::ChaCha8Rng;

use super::body::{Frame, offset_px, within};
use super::pattern::Kind;
use super::psf::{FINE, OVERSAMPLE, observe};
use super::rng::{Purpose, chance, count, normal, stream, uniform};
use super::sed::{Population, njy_from_ab};
use super::truth::{Class, Rare, Truth};
use super::{PIXEL_SCALE_ARCSEC, SIZE_PX, artefact, disc, noise, rare};

/// Light before the PSF, nJy in each sample of the fine grid, band by band.
pub(super) struct Scene {
    pub(super) bands: [Vec<f32>; 3],
}

impl Scene {
    fn new() -> Self {
        Self {
            bands: std::array::from_fn(|_| vec![0.0; FINE * FINE]),
        }
    }

    /// Adds a map of unit light at the given fluxes.
    pub(super) fn add(&mut self, map: &[f32], flux_njy: [f64; 3]) {
        for (plane, flux) in self.bands.iter_mut().zip(flux_njy) {
            for (pixel, light) in plane.iter_mut().zip(map) {
                *pixel += flux as f32 * light;
            }
        }
    }

    /// Adds a round Gaussian; position and width in pixels from the centre of the picture.
    pub(super) fn add_gaussian(&mut self, [x, y]: [f64; 2], sigma_px: f64, flux_njy: [f64; 3]) {
        let sigma = sigma_px as f32;
        let peak = 1.0 / (std::f32::consts::TAU * sigma * sigma * (OVERSAMPLE * OVERSAMPLE) as f32);
        let columns = within(x, 4.0 * sigma);
        for iy in within(y, 4.0 * sigma) {
            let dy = offset_px(iy) - y as f32;
            for ix in columns.clone() {
                let dx = offset_px(ix) - x as f32;
                let light = peak * (-0.5 * (dx * dx + dy * dy) / (sigma * sigma)).exp();
                for (plane, flux) in self.bands.iter_mut().zip(flux_njy) {
                    plane[iy * FINE + ix] += flux as f32 * light;
                }
            }
        }
    }
}

/// A galaxy lies near the centre of its picture, nowhere on a pixel in particular.
fn frame(truth: &Truth, rng: &mut ChaCha8Rng) -> Frame {
    Frame {
        x_px: uniform(rng, -0.5, 0.5),
        y_px: uniform(rng, -0.5, 0.5),
        r_e_px: truth.r_e_arcsec / f64::from(PIXEL_SCALE_ARCSEC),
        q: truth.b_a,
        pa_rad: truth.pa_deg.to_radians(),
    }
}

/// The picture with neighbours, noise and faults, nJy per pixel.
pub(super) fn picture(seed: u64, truth: &Truth) -> [Vec<f32>; 3] {
    let mut scene = light(seed, truth);
    neighbours(
        &mut scene,
        &mut stream(seed, truth.index, Purpose::Neighbours),
    );
    let mut faults = stream(seed, truth.index, Purpose::Artefact);
    let fault = (truth.rare == Some(Rare::Artefact)).then(|| artefact::Fault::draw(&mut faults));
    let mut rng = stream(seed, truth.index, Purpose::Noise);
    std::array::from_fn(|band| {
        let mut picture = observe(&scene.bands[band], band);
        if let Some(fault) = &fault {
            fault.before_noise(&mut picture, band);
        }
        noise::add(&mut picture, band, &mut rng);
        if let Some(fault) = &fault {
            fault.after_noise(&mut picture, band);
        }
        picture
    })
}

/// The light of the galaxy alone, before the telescope.
pub(super) fn light(seed: u64, truth: &Truth) -> Scene {
    let mut rng = stream(seed, truth.index, Purpose::Light);
    let frame = frame(truth, &mut rng);
    let mut scene = Scene::new();
    match (truth.rare, truth.class) {
        (Some(Rare::Merger), _) => rare::merger(&mut scene, truth, &frame, &mut rng),
        (Some(Rare::LensedArc), _) => rare::lensed_arc(&mut scene, truth, &frame, &mut rng),
        (Some(Rare::Ring), _) => disc::paint(&mut scene, truth, Kind::Ring, &frame, &mut rng),
        (_, Class::Disc) => disc::paint(&mut scene, truth, Kind::Smooth, &frame, &mut rng),
        (_, Class::Spiral) => disc::paint(&mut scene, truth, Kind::Spiral, &frame, &mut rng),
        (_, Class::Irregular) => disc::paint(&mut scene, truth, Kind::Irregular, &frame, &mut rng),
        (_, Class::Spheroid | Class::Compact) => whole(&mut scene, truth, &frame),
        (_, Class::Prolate) => {
            whole(&mut scene, truth, &frame);
            knots(&mut scene, truth, &frame, &mut rng);
        }
    }
    scene
}

/// A body of one Sérsic profile.
pub(super) fn whole(scene: &mut Scene, truth: &Truth, frame: &Frame) {
    let map = frame.sersic(truth.anatomy.bulge_n);
    scene.add(&map, truth.anatomy.bulge_njy);
}

/// Young knots along a prolate galaxy.
fn knots(scene: &mut Scene, truth: &Truth, frame: &Frame, rng: &mut ChaCha8Rng) {
    let number = count(rng, 2, 4);
    let [major, minor] = frame.axes();
    for _ in 0..number {
        let along = normal(rng, 0.0, 0.75).clamp(-1.6, 1.6) * frame.r_e_px;
        let across = normal(rng, 0.0, 0.2) * frame.q * frame.r_e_px;
        let at = [
            frame.x_px + along * major[0] + across * minor[0],
            frame.y_px + along * major[1] + across * minor[1],
        ];
        let flux = truth.anatomy.young_njy.map(|flux| flux / number as f64);
        scene.add_gaussian(at, (0.35 * frame.q * frame.r_e_px).max(0.5), flux);
    }
}

/// Faint galaxies that happen to lie near, none of them on the target.
fn neighbours(scene: &mut Scene, rng: &mut ChaCha8Rng) {
    const CLEAR_PX: f64 = 15.0;
    let half = 0.5 * SIZE_PX as f64;
    for _ in 0..count(rng, 0, 3) {
        let (x_px, y_px) = (uniform(rng, -half, half), uniform(rng, -half, half));
        // Counts rise towards faint magnitudes.
        let magnitude = 29.0 - 4.5 * uniform(rng, 0.0, 1.0).powf(1.8);
        let brightness = ((29.0 - magnitude) / 4.0).clamp(0.0, 1.0);
        let frame = Frame {
            x_px,
            y_px,
            r_e_px: uniform(rng, 1.0, 2.0 + 3.0 * brightness),
            q: uniform(rng, 0.35, 1.0),
            pa_rad: uniform(rng, 0.0, std::f64::consts::PI),
        };
        let population = Population {
            age: uniform(rng, 0.0, 0.8),
            a_v: uniform(rng, 0.0, 0.6),
        };
        let z = uniform(rng, 0.8, 4.0);
        let n = if chance(rng, 0.7) { 1.0 } else { 2.5 };
        if x_px.hypot(y_px) > CLEAR_PX + 2.0 * frame.r_e_px {
            let total = njy_from_ab(magnitude);
            scene.add(&frame.sersic(n), population.colours(z).map(|c| c * total));
        }
    }
}
