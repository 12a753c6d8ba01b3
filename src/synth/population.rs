//! Draws the two populations: who is rare, who has no counterpart, and every galaxy's parameters.
//!
//! Sizes follow the mass-size relations of van der Wel et al. (2014), disc sizes also the spin of
//! the halo (Mo, Mao & White 1998). Observed galaxies are smaller and more often prolate or compact
//! than simulated ones, and some have no simulated counterpart: small, prolate, at high redshift
//! (after Vega-Ferrero et al. 2024).

use rand::seq::index;
use rand_chacha::ChaCha8Rng;

use super::SurveyParams;
use super::cosmology::kpc_per_arcsec;
use super::parts::{Form, assemble};
use super::rng::{Purpose, chance, normal, pick, stream, uniform};
use super::truth::{Class, Rare, Survey, Truth};

/// Share of all objects that are of a rare kind, the kinds in equal parts.
pub const RARE_FRACTION: f64 = 0.005;
/// Share of the observed survey that has no simulated counterpart.
pub const UNMATCHED_FRACTION: f64 = 0.12;

/// Observed sizes over simulated ones.
const OBSERVED_SIZE_RATIO: f64 = 0.8;
/// Share of low-mass galaxies, the faint tail.
const DWARF_FRACTION: f64 = 0.2;
/// Sizes that a cutout shows well; others are drawn again.
const SIZE_ARCSEC: std::ops::Range<f64> = 0.02..0.50;
/// Centres of the fields, degrees, and their half side.
const FIELD_TNG_DEG: [f64; 2] = [150.12, 2.21];
const FIELD_JWST_DEG: [f64; 2] = [214.92, 52.87];
const FIELD_HALF_DEG: f64 = 0.08;

/// What the survey as a whole decides about one row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Role {
    rare: Option<Rare>,
    unmatched: bool,
}

/// The parameters of all galaxies, mocks and sky alternating.
pub fn truth(params: &SurveyParams) -> Vec<Truth> {
    roles(params)
        .into_iter()
        .enumerate()
        .map(|(index, role)| draw(params.seed, index, role))
        .collect()
}

/// Survey of a row.
fn survey(index: usize) -> Survey {
    if index.is_multiple_of(2) {
        Survey::Tng50Like
    } else {
        Survey::JwstLike
    }
}

/// Exact numbers of rare and unmatched objects, at random rows.
fn roles(params: &SurveyParams) -> Vec<Role> {
    let mut rng = stream(params.seed, 0, Purpose::Assignment);
    let mut roles = vec![Role::default(); params.galaxies];
    let rare = (params.galaxies as f64 * RARE_FRACTION).round() as usize;
    for (k, row) in index::sample(&mut rng, params.galaxies, rare)
        .iter()
        .enumerate()
    {
        roles[row].rare = Some(Rare::ALL[k % Rare::ALL.len()]);
    }
    let candidates: Vec<usize> = (0..params.galaxies)
        .filter(|&row| survey(row) == Survey::JwstLike && roles[row].rare.is_none())
        .collect();
    let observed = params.galaxies / 2;
    let unmatched = (observed as f64 * UNMATCHED_FRACTION).round() as usize;
    let unmatched = unmatched.min(candidates.len());
    for k in index::sample(&mut rng, candidates.len(), unmatched) {
        roles[candidates[k]].unmatched = true;
    }
    roles
}

fn draw(seed: u64, index: usize, role: Role) -> Truth {
    let mut rng = stream(seed, index, Purpose::Truth);
    let survey = survey(index);
    let ([ra, dec], run) = match survey {
        Survey::Tng50Like => (FIELD_TNG_DEG, 50_000_000_000),
        Survey::JwstLike => (FIELD_JWST_DEG, 1_345_000_000_000),
    };
    let east = uniform(&mut rng, -FIELD_HALF_DEG, FIELD_HALF_DEG);
    let north = uniform(&mut rng, -FIELD_HALF_DEG, FIELD_HALF_DEG);
    let form = match role {
        Role {
            rare: Some(rare), ..
        } => rare_form(&mut rng, survey, rare),
        Role {
            unmatched: true, ..
        } => unmatched_form(&mut rng),
        _ => common_form(&mut rng, survey),
    };
    let mut truth = assemble(&mut rng, &form, role.rare);
    truth.index = index;
    truth.id = run + index as i64;
    truth.survey = survey;
    truth.ra_deg = ra + east / dec.to_radians().cos();
    truth.dec_deg = dec + north;
    truth.has_counterpart = !role.unmatched;
    truth
}

/// A galaxy of the part of the sky that both surveys share.
fn common_form(rng: &mut ChaCha8Rng, survey: Survey) -> Form {
    let spin = (normal(rng, 0.035f64.ln(), 0.5)).exp();
    let mut form = Form::default();
    for _ in 0..24 {
        let z = normal(rng, 1.9f64.ln(), 0.42).exp().clamp(0.6, 6.0);
        let log_mass = if chance(rng, DWARF_FRACTION) {
            uniform(rng, 8.0, 9.2)
        } else {
            normal(rng, 9.75 + 0.05 * z, 0.6).clamp(8.6, 11.4)
        };
        let class = class(rng, survey, z, log_mass);
        let mut r_e_kpc = size_kpc(rng, class, z, log_mass, spin);
        if survey == Survey::JwstLike {
            r_e_kpc *= OBSERVED_SIZE_RATIO;
        }
        let r_e_arcsec = r_e_kpc / kpc_per_arcsec(z);
        form = Form {
            class,
            z,
            log_mass,
            r_e_arcsec: r_e_arcsec.clamp(SIZE_ARCSEC.start, SIZE_ARCSEC.end),
            spin,
            cos_view: cos_view(rng, class),
        };
        if SIZE_ARCSEC.contains(&r_e_arcsec) {
            break;
        }
    }
    form
}

/// Classes by mass, redshift and survey: spheroids where mass is high, prolate galaxies where it is
/// low and the universe young (Pandya et al. 2024).
fn class(rng: &mut ChaCha8Rng, survey: Survey, z: f64, log_mass: f64) -> Class {
    let massive = ((log_mass - 10.2) / 0.35).tanh();
    let early = ((z - 2.5) / 1.2).tanh();
    let observed = if survey == Survey::JwstLike { 1.0 } else { 0.0 };
    pick(
        rng,
        &[
            (Class::Disc, 0.26 - 0.04 * observed),
            (
                Class::Spiral,
                (0.30 - 0.08 * observed) * (1.0 + 0.5 * massive - 0.3 * early),
            ),
            (Class::Spheroid, 0.15 * (1.0 + 0.6 * massive)),
            (
                Class::Prolate,
                (0.07 + 0.11 * observed) * (1.0 - 0.6 * massive + 0.5 * early),
            ),
            (Class::Compact, 0.02 + 0.08 * observed),
            (Class::Irregular, 0.10 * (1.0 - 0.6 * massive + 0.4 * early)),
        ],
    )
}

/// Semi-major half-light radius, kpc.
fn size_kpc(rng: &mut ChaCha8Rng, class: Class, z: f64, log_mass: f64, spin: f64) -> f64 {
    let relative = log_mass - 10.7;
    let late = 8.9 * (1.0 + z).powf(-0.75) * 10f64.powf(0.22 * relative);
    let early_slope = if relative < -0.4 { 0.25 } else { 0.76 };
    let pivot = if relative < -0.4 {
        -0.4 * (0.76 - 0.25)
    } else {
        0.0
    };
    let early = 5.6 * (1.0 + z).powf(-1.3) * 10f64.powf(early_slope * relative + pivot);
    let disc = late * (spin / 0.035).powf(0.4);
    match class {
        Class::Disc | Class::Irregular => disc * scatter(rng, 0.12),
        Class::Spiral => 1.15 * disc * scatter(rng, 0.1),
        Class::Spheroid => early.max(0.6) * scatter(rng, 0.14),
        Class::Prolate => 0.85 * late * scatter(rng, 0.15),
        Class::Compact => (0.35 * early).max(0.25) * scatter(rng, 0.12),
    }
}

fn scatter(rng: &mut ChaCha8Rng, dex: f64) -> f64 {
    10f64.powf(normal(rng, 0.0, dex))
}

/// Cosine of the viewing angle, isotropic within what the class allows.
fn cos_view(rng: &mut ChaCha8Rng, class: Class) -> f64 {
    match class {
        // Arms are not recognised on a disc seen nearly edge-on.
        Class::Spiral => uniform(rng, 0.41, 1.0),
        _ => uniform(rng, 0.0, 1.0),
    }
}

/// Small, elongated and early: what the mocks lack.
fn unmatched_form(rng: &mut ChaCha8Rng) -> Form {
    Form {
        class: Class::Prolate,
        z: uniform(rng, 3.2, 6.0),
        log_mass: normal(rng, 9.6, 0.35).clamp(9.0, 10.6),
        r_e_arcsec: normal(rng, 0.1f64.ln(), 0.2).exp().clamp(0.06, 0.16),
        spin: normal(rng, 0.03f64.ln(), 0.5).exp(),
        cos_view: uniform(rng, 0.0, 0.5),
    }
}

/// Rare kinds are bright and large enough to be recognised.
fn rare_form(rng: &mut ChaCha8Rng, survey: Survey, rare: Rare) -> Form {
    let form = |class, z, log_mass, r_e_arcsec, cos_view| Form {
        class,
        z,
        log_mass,
        r_e_arcsec,
        spin: 0.035,
        cos_view,
    };
    match rare {
        Rare::Merger => form(
            Class::Irregular,
            uniform(rng, 0.9, 2.2),
            uniform(rng, 10.2, 10.9),
            uniform(rng, 0.30, 0.40),
            uniform(rng, 0.5, 0.9),
        ),
        Rare::Ring => form(
            Class::Disc,
            uniform(rng, 0.7, 1.8),
            uniform(rng, 10.1, 10.8),
            uniform(rng, 0.34, 0.45),
            uniform(rng, 0.6, 1.0),
        ),
        Rare::LensedArc => form(
            Class::Spheroid,
            uniform(rng, 0.9, 1.5),
            uniform(rng, 10.6, 11.0),
            uniform(rng, 0.11, 0.17),
            uniform(rng, 0.3, 0.9),
        ),
        Rare::CompactRed => form(
            Class::Compact,
            uniform(rng, 4.0, 6.0),
            uniform(rng, 10.4, 11.0),
            uniform(rng, 0.012, 0.025),
            uniform(rng, 0.3, 0.9),
        ),
        Rare::Artefact => common_form(rng, survey),
    }
}
