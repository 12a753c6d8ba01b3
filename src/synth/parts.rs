//! From a galaxy's drawn form to its parts: projected shape, share and colour of bulge, disc and
//! young stars, and from these the truth columns.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::cosmology::{dimming_mag, kpc_per_arcsec};
use super::noise;
use super::profile::sersic_mean_square;
use super::psf::FWHM_ARCSEC;
use super::rng::{normal, uniform};
use super::sed::{self, Population};
use super::truth::{Anatomy, Class, Rare, Survey, Truth};
use super::{PIXEL_SCALE_ARCSEC, disc};

/// What is drawn first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) class: Class,
    pub(super) z: f64,
    pub(super) log_mass: f64,
    pub(super) r_e_arcsec: f64,
    pub(super) spin: f64,
    /// Cosine of the viewing angle.
    pub(super) cos_view: f64,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            class: Class::Disc,
            z: 2.0,
            log_mass: 10.0,
            r_e_arcsec: 0.2,
            spin: 0.035,
            cos_view: 0.7,
        }
    }
}

/// Shares of the F356W light and stellar populations of the three parts.
struct Mix {
    /// Bulge (or the whole of a galaxy without disc), old disc, young stars; sum 1.
    shares: [f64; 3],
    populations: [Population; 3],
    /// Redshift of each part's light.
    redshifts: [f64; 3],
    bulge_n: f64,
    /// Face-on optical depth of the disc.
    tau: f64,
}

/// Draws the parts; identity, survey and position are left for the caller.
pub(super) fn assemble(rng: &mut ChaCha8Rng, form: &Form, rare: Option<Rare>) -> Truth {
    let mix = mix(rng, form, rare);
    let total = sed::njy_from_ab(magnitude(rng, form, rare));
    let part = |k: usize| {
        mix.populations[k]
            .colours(mix.redshifts[k])
            .map(|colour| colour * mix.shares[k] * total)
    };
    let thickness = match form.class {
        Class::Irregular => 0.36,
        _ => uniform(rng, 0.16, 0.26),
    };
    let sin2_view = 1.0 - form.cos_view * form.cos_view;
    let bulge_q = match form.class {
        Class::Disc | Class::Spiral | Class::Irregular => oblate_q(form.cos_view, 0.7),
        Class::Spheroid => oblate_q(form.cos_view, uniform(rng, 0.55, 0.95)),
        Class::Compact => oblate_q(form.cos_view, uniform(rng, 0.45, 0.9)),
        // A prolate body of axis ratio p shows p / sqrt(sin^2 + p^2 cos^2).
        Class::Prolate => {
            let p = uniform(rng, 0.18, 0.34);
            p / (sin2_view + p * p * form.cos_view * form.cos_view).sqrt()
        }
    };
    let has_disc = mix.shares[1] > 0.0;
    let b_t = if has_disc { mix.shares[0] } else { 1.0 };
    let b_a = if has_disc {
        composite_q(b_t, mix.bulge_n, bulge_q, thickness, form.cos_view)
    } else {
        bulge_q
    };
    let anatomy = Anatomy {
        bulge_n: mix.bulge_n,
        bulge_q,
        thickness,
        tau: mix.tau,
        bulge_njy: part(0),
        disc_njy: part(1),
        young_njy: part(2),
    };
    let total_njy = anatomy.total_njy();
    Truth {
        index: 0,
        id: 0,
        survey: Survey::Tng50Like,
        ra_deg: 0.0,
        dec_deg: 0.0,
        z: form.z,
        log_mass: form.log_mass,
        r_e_arcsec: form.r_e_arcsec,
        r_e_kpc: form.r_e_arcsec * kpc_per_arcsec(form.z),
        n: mix.bulge_n.powf(b_t),
        b_a,
        pa_deg: 180.0 * rng.random::<f64>(),
        spin: form.spin,
        viewing_angle_deg: form.cos_view.acos().to_degrees(),
        class: form.class,
        rare,
        has_counterpart: true,
        mag: total_njy.map(sed::ab_from_njy),
        snr_f356w: signal_to_noise(total_njy[2], form.r_e_arcsec, b_a),
        anatomy,
    }
}

/// Projected axis ratio of an oblate body of axis ratio `c`.
fn oblate_q(cos_view: f64, c: f64) -> f64 {
    let cos2 = cos_view * cos_view;
    (cos2 + c * c * (1.0 - cos2)).sqrt()
}

/// Axis ratio from the summed second moments of bulge and inclined thick disc.
fn composite_q(b_t: f64, bulge_n: f64, bulge_q: f64, thickness: f64, cos_view: f64) -> f64 {
    // In scale lengths squared: an exponential disc has <x^2> = 3, sech^2 has <z^2> = pi^2/12 z0^2.
    let cos2 = cos_view * cos_view;
    let height2 = std::f64::consts::PI.powi(2) / 12.0 * thickness * thickness;
    let bulge = 0.5 * sersic_mean_square(bulge_n) * disc::BULGE_R_E.powi(2);
    let major = b_t * bulge + (1.0 - b_t) * 3.0;
    let minor =
        b_t * bulge * bulge_q * bulge_q + (1.0 - b_t) * (3.0 * cos2 + height2 * (1.0 - cos2));
    (minor / major).sqrt()
}

/// Total F356W magnitude from mass, distance and the youth of high-redshift galaxies.
fn magnitude(rng: &mut ChaCha8Rng, form: &Form, rare: Option<Rare>) -> f64 {
    if rare == Some(Rare::CompactRed) {
        return uniform(rng, 22.6, 24.0);
    }
    let distance = dimming_mag(form.z, 2.0) - 2.5 * ((1.0 + form.z) / 3.0).log10();
    let mass = -2.2 * (form.log_mass - 10.0);
    // A lens or ring of average brightness would hide its own structure in the glare.
    let faint = match rare {
        Some(Rare::LensedArc) => 1.0,
        Some(Rare::Ring) => 0.8,
        Some(Rare::Merger) => 0.3,
        _ => 0.0,
    };
    (23.3 + faint + mass + distance + normal(rng, 0.0, 0.2)).clamp(20.0, 28.5)
}

fn mix(rng: &mut ChaCha8Rng, form: &Form, rare: Option<Rare>) -> Mix {
    // Galaxies are younger at high redshift.
    let ageing = ((6.5 - form.z) / 5.0).clamp(0.1, 1.0);
    let mut b_t: f64;
    let mut young = uniform(rng, 0.0, 1.0);
    let mut bulge_n = uniform(rng, 1.6, 2.8);
    let mut disc_age = uniform(rng, 0.25, 0.55);
    let mut bulge_age = uniform(rng, 0.8, 1.0);
    let mut tau = uniform(rng, 0.1, 0.5);
    match form.class {
        Class::Disc => {
            b_t = uniform(rng, 0.05, 0.4);
            young = 0.05 + 0.1 * young;
        }
        Class::Spiral => {
            b_t = uniform(rng, 0.06, 0.3);
            young = 0.2 + 0.16 * young;
            tau += 0.3;
        }
        Class::Irregular => {
            b_t = uniform(rng, 0.0, 0.08);
            young = 0.35 + 0.2 * young;
            disc_age *= 0.5;
        }
        Class::Spheroid => {
            b_t = 1.0;
            young = 0.0;
            bulge_n = normal(rng, 3.2, 0.7).clamp(1.8, 4.5);
        }
        Class::Compact => {
            b_t = 1.0;
            young = 0.0;
            bulge_n = uniform(rng, 1.6, 4.0);
            bulge_age = uniform(rng, 0.4, 1.0);
        }
        Class::Prolate => {
            young *= 0.22;
            b_t = 1.0 - young;
            bulge_n = uniform(rng, 0.8, 1.5);
            bulge_age = uniform(rng, 0.1, 0.5);
        }
    }
    let mut redshifts = [form.z; 3];
    match rare {
        Some(Rare::Merger) => {
            b_t = 0.42;
            young = 0.26;
            tau = 0.0;
        }
        Some(Rare::Ring) => {
            b_t = uniform(rng, 0.2, 0.28);
            young = uniform(rng, 0.42, 0.5);
            bulge_age = 1.0;
            tau = 0.0;
        }
        // The young light is that of the source behind the lens.
        Some(Rare::LensedArc) => {
            young = uniform(rng, 0.24, 0.34);
            b_t = 1.0 - young;
            bulge_age = 1.0;
            redshifts[2] = uniform(rng, 2.0, 3.0);
        }
        Some(Rare::CompactRed) => bulge_age = 1.0,
        Some(Rare::Artefact) | None => {}
    }
    let screen = |age: f64, a_v: f64| Population {
        age: age * ageing.sqrt(),
        a_v,
    };
    let dust = uniform(rng, 0.0, 0.6);
    let red = match rare {
        Some(Rare::CompactRed) => uniform(rng, 2.2, 3.2),
        Some(Rare::LensedArc) => 0.5,
        _ => 0.0,
    };
    Mix {
        shares: [b_t, (1.0 - b_t - young).max(0.0), young],
        populations: [
            screen(bulge_age, 0.4 * dust + red),
            screen(disc_age, dust),
            screen(0.0, 0.3 * dust),
        ],
        redshifts,
        bulge_n,
        tau,
    }
}

/// Half the flux over the noise within the half-light ellipse broadened by the PSF.
fn signal_to_noise(flux_njy: f64, r_e_arcsec: f64, b_a: f64) -> f64 {
    const F356W: usize = 2;
    let psf = 0.5 * FWHM_ARCSEC[F356W];
    let area_arcsec2 = std::f64::consts::PI * r_e_arcsec.hypot(psf) * (b_a * r_e_arcsec).hypot(psf);
    let pixels = area_arcsec2 / f64::from(PIXEL_SCALE_ARCSEC).powi(2);
    let half = 0.5 * flux_njy;
    half / (pixels * noise::variance_njy2(F356W, half / pixels)).sqrt()
}
