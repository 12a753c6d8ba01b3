//! The rare galaxies that are not just another disc: mergers and lenses.

use rand_chacha::ChaCha8Rng;

use super::PIXEL_SCALE_ARCSEC;
use super::body::Frame;
use super::psf::FINE;
use super::render::{Scene, whole};
use super::rng::{chance, normal, uniform};
use super::truth::Truth;

/// Two nuclei in a common envelope, each drawing a tidal tail (Toomre & Toomre 1972).
pub(super) fn merger(scene: &mut Scene, truth: &Truth, frame: &Frame, rng: &mut ChaCha8Rng) {
    let anatomy = &truth.anatomy;
    let [major, minor] = frame.axes();
    let place = |along: f64, across: f64| {
        [
            frame.x_px + along * major[0] + across * minor[0],
            frame.y_px + along * major[1] + across * minor[1],
        ]
    };
    let separation = uniform(rng, 0.30, 0.48) / f64::from(PIXEL_SCALE_ARCSEC);
    let first_share = uniform(rng, 0.5, 0.65);
    let sense = if chance(rng, 0.5) { 1.0 } else { -1.0 };
    // A third of the old light is spread over both.
    let envelope = Frame { q: 0.6, ..*frame };
    scene.add(&envelope.sersic(1.0), anatomy.disc_njy.map(|f| 0.4 * f));
    for (side, share) in [(1.0, first_share), (-1.0, 1.0 - first_share)] {
        let along = 0.5 * side * separation;
        let [x_px, y_px] = place(along, 0.0);
        let nucleus = Frame {
            x_px,
            y_px,
            r_e_px: uniform(rng, 2.0, 3.0),
            q: uniform(rng, 0.6, 0.9),
            pa_rad: frame.pa_rad + uniform(rng, -1.2, 1.2),
        };
        scene.add(
            &nucleus.sersic(anatomy.bulge_n),
            anatomy.bulge_njy.map(|f| share * f),
        );
        let body = Frame {
            r_e_px: 2.4 * nucleus.r_e_px,
            q: uniform(rng, 0.4, 0.7),
            ..nucleus
        };
        scene.add(
            &body.sersic(1.0),
            anatomy.disc_njy.map(|f| 0.35 * share * f),
        );
        // The tail leaves sideways and curls round the pair.
        let steps = 46;
        let reach = uniform(rng, 0.9, 1.25) * separation;
        let turn = uniform(rng, 2.2, 3.0);
        for k in 0..steps {
            let t = f64::from(k) / f64::from(steps);
            let angle = sense * turn * t;
            let radius = 0.5 * separation + reach * t;
            let at = place(side * radius * angle.cos(), side * radius * angle.sin());
            let fade = 1.6 * (1.0 - 0.75 * t) / f64::from(steps) * share;
            let width = 1.0 + 1.6 * t;
            let jitter = normal(rng, 0.0, 0.25).exp();
            scene.add_gaussian(
                at,
                width,
                anatomy.young_njy.map(|f| fade * jitter * 0.62 * f),
            );
            scene.add_gaussian(at, 1.4 * width, anatomy.disc_njy.map(|f| 0.25 * fade * f));
        }
        let knot = place(along, 0.15 * side * separation);
        scene.add_gaussian(knot, 1.2, anatomy.young_njy.map(|f| 0.38 * share * f));
    }
}

/// A red elliptical in front of a blue source: the arc follows from the lens equation
/// `beta = theta - alpha(theta)` of an isothermal ellipsoid (Kormann, Schneider & Bartelmann 1994).
pub(super) fn lensed_arc(scene: &mut Scene, truth: &Truth, frame: &Frame, rng: &mut ChaCha8Rng) {
    whole(scene, truth, frame);
    let einstein_px = uniform(rng, 0.42, 0.58) / f64::from(PIXEL_SCALE_ARCSEC);
    let axis_ratio: f64 = (0.5 + 0.5 * truth.b_a).clamp(0.6, 0.95);
    let offset = uniform(rng, 0.12, 0.3) * einstein_px;
    let azimuth = uniform(rng, 0.0, std::f64::consts::TAU);
    let source = [
        (offset * azimuth.cos()) as f32,
        (offset * azimuth.sin()) as f32,
    ];
    let sigma = uniform(rng, 1.1, 1.8) as f32;
    let stretch = uniform(rng, 1.2, 1.8) as f32;

    let eccentricity = (1.0 - axis_ratio * axis_ratio).sqrt();
    let strength = einstein_px * axis_ratio.sqrt() / eccentricity;
    let mut map = vec![0.0; FINE * FINE];
    let grid = frame.grid();
    for (k, pixel) in map.iter_mut().enumerate() {
        let [u, v] = grid.at(k).map(f64::from);
        // Deflection of a singular isothermal ellipsoid with its major axis along u.
        let r = ((axis_ratio * u).powi(2) + v * v).sqrt().max(1e-3);
        let alpha_u = strength * (eccentricity * u / r).atan();
        let alpha_v = strength * (eccentricity * v / r).clamp(-0.999, 0.999).atanh();
        let du = (u - alpha_u) as f32 - source[0];
        let dv = (v - alpha_v) as f32 - source[1];
        *pixel = (-0.5 * (du * du * stretch + dv * dv / stretch) / (sigma * sigma)).exp();
    }
    let total: f32 = map.iter().sum();
    for pixel in &mut map {
        *pixel /= total.max(1e-20);
    }
    scene.add(&map, truth.anatomy.young_njy);
}
