//! The synthetic sky against what it claims of itself.

use rayon::prelude::*;

use super::psf::{FINE, OVERSAMPLE};
use super::{
    BANDS, Class, NJY_PER_UNIT, PIXEL_SCALE_ARCSEC, Rare, SIZE_PX, Survey, SurveyParams, Truth,
    UNIT, catalog, cutout, render, sed, truth,
};
use crate::data::RowOrder;

const PARAMS: SurveyParams = SurveyParams {
    galaxies: 6000,
    seed: 1,
};

/// Shape of noise-free light: centroid, second moments, light inside the true half-light ellipse.
struct Measured {
    flux_njy: f64,
    b_a: f64,
    pa_deg: f64,
    half_light: f64,
}

fn measure(truth: &Truth) -> Measured {
    let scene = render::light(PARAMS.seed, truth);
    let map = &scene.bands[2];
    let at = |k: usize| {
        let px = |k: usize| (k as f64 + 0.5 - 0.5 * FINE as f64) / OVERSAMPLE as f64;
        (px(k % FINE), px(k / FINE))
    };
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        let value = |(k, &light): (usize, &f32)| {
            let (x, y) = at(k);
            f64::from(light) * f(x, y)
        };
        map.iter().enumerate().map(value).sum()
    };
    let flux_njy = sum(&|_, _| 1.0);
    let (cx, cy) = (sum(&|x, _| x) / flux_njy, sum(&|_, y| y) / flux_njy);
    let xx = sum(&|x, _| (x - cx).powi(2)) / flux_njy;
    let yy = sum(&|_, y| (y - cy).powi(2)) / flux_njy;
    let xy = sum(&|x, y| (x - cx) * (y - cy)) / flux_njy;
    let spread = (0.25 * (xx - yy).powi(2) + xy * xy).sqrt();
    let mean = 0.5 * (xx + yy);
    // Angle of the major axis from +x towards +y; north is +y and east is -x.
    let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
    let (sin, cos) = truth.pa_deg.to_radians().sin_cos();
    let r_e = truth.r_e_arcsec / f64::from(PIXEL_SCALE_ARCSEC);
    let inside = sum(&|x, y| {
        let (dx, dy) = (x - cx, y - cy);
        let (u, v) = (-dx * sin + dy * cos, dx * cos + dy * sin);
        f64::from(u8::from(u.hypot(v / truth.b_a) < r_e))
    });
    Measured {
        flux_njy,
        b_a: ((mean - spread) / (mean + spread)).sqrt(),
        pa_deg: (angle.to_degrees() - 90.0).rem_euclid(180.0),
        half_light: inside / flux_njy,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn fractions_are_exact() {
    let truth = truth(&PARAMS);
    let observed = |t: &&Truth| t.survey == Survey::JwstLike;
    assert_eq!(truth.iter().filter(observed).count(), 3000);
    for kind in Rare::ALL {
        assert_eq!(truth.iter().filter(|t| t.rare == Some(kind)).count(), 6);
    }
    let unmatched: Vec<&Truth> = truth.iter().filter(|t| !t.has_counterpart).collect();
    assert_eq!(unmatched.len(), 360);
    assert!(
        unmatched
            .iter()
            .all(|t| { observed(t) && t.rare.is_none() && t.class == Class::Prolate && t.z > 3.0 })
    );
    let mut ids: Vec<i64> = truth.iter().map(|t| t.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), truth.len());
}

#[test]
fn observed_galaxies_are_more_compact_and_more_elongated() {
    let truth = truth(&PARAMS);
    let of = |survey| {
        truth
            .iter()
            .filter(move |t| t.survey == survey && t.has_counterpart && t.rare.is_none())
    };
    let size = |survey| mean(of(survey).map(|t| t.r_e_kpc));
    let ratio = |survey| mean(of(survey).map(|t| t.b_a));
    // Even among those that have a counterpart.
    assert!(size(Survey::JwstLike) < 0.92 * size(Survey::Tng50Like));
    assert!(ratio(Survey::JwstLike) < ratio(Survey::Tng50Like) - 0.01);
    let unmatched = || truth.iter().filter(|t| !t.has_counterpart);
    assert!(mean(unmatched().map(|t| t.r_e_kpc)) < 0.6 * size(Survey::JwstLike));
    assert!(mean(unmatched().map(|t| t.b_a)) < 0.4);
}

#[test]
fn most_are_well_seen_and_some_are_faint() {
    let truth = truth(&PARAMS);
    let share = |low: f64, high: f64| {
        mean(
            truth
                .iter()
                .map(|t| f64::from(u8::from((low..high).contains(&t.snr_f356w)))),
        )
    };
    assert!(share(30.0, f64::INFINITY) > 0.7);
    assert!(share(0.0, 15.0) > 0.02);
}

#[test]
fn light_has_the_shape_and_flux_of_the_truth() {
    let truth = truth(&PARAMS);
    for (class, sizes_arcsec, tolerance_b_a, tolerance_pa_deg) in [
        (Class::Disc, 0.08..0.22, 0.02, 1.0),
        (Class::Spiral, 0.08..0.22, 0.06, 5.0),
        // Their wings reach beyond the frame unless they are small.
        (Class::Spheroid, 0.05..0.12, 0.02, 1.5),
        (Class::Prolate, 0.08..0.22, 0.02, 0.5),
    ] {
        let chosen: Vec<&Truth> = truth
            .iter()
            .filter(|t| t.class == class && t.rare.is_none() && t.b_a < 0.85)
            .filter(|t| sizes_arcsec.contains(&t.r_e_arcsec))
            .take(40)
            .collect();
        let measured: Vec<(&Truth, Measured)> =
            chosen.into_par_iter().map(|t| (t, measure(t))).collect();
        let over = |f: fn(&Truth, &Measured) -> f64| {
            median(measured.iter().map(|(t, m)| f(t, m)).collect())
        };
        let flux = over(|t, m| (m.flux_njy / sed::njy_from_ab(t.mag[2]) - 1.0).abs());
        let b_a = over(|t, m| (m.b_a - t.b_a).abs());
        let half_light = over(|_, m| (m.half_light - 0.5).abs());
        let pa_deg = over(|t, m| {
            let turn = (m.pa_deg - t.pa_deg).rem_euclid(180.0);
            turn.min(180.0 - turn)
        });
        assert!(flux < 0.02, "{class:?}: flux off by {flux}");
        assert!(b_a < tolerance_b_a, "{class:?}: b/a off by {b_a}");
        assert!(pa_deg < tolerance_pa_deg, "{class:?}: pa off by {pa_deg}");
        assert!(
            half_light < 0.04,
            "{class:?}: half light off by {half_light}"
        );
    }
}

#[test]
fn pixels_follow_from_the_seed_alone() {
    let whole = truth(&PARAMS);
    let part = truth(&SurveyParams {
        galaxies: 600,
        ..PARAMS
    });
    // A row keeps its parameters in a smaller survey unless its role differs.
    let common = |t: &Truth| t.rare.is_none() && t.has_counterpart;
    let pairs = whole
        .iter()
        .zip(&part)
        .filter(|(a, b)| common(a) && common(b));
    assert!(pairs.clone().count() > 500);
    assert!(pairs.into_iter().all(|(a, b)| a == b));

    let bits = |t: &Truth| -> Vec<u32> {
        cutout(&PARAMS, t)
            .pixels()
            .iter()
            .map(|v| v.to_bits())
            .collect()
    };
    let rows = &whole[..48];
    let parallel: Vec<Vec<u32>> = rows.par_iter().map(bits).collect();
    let serial: Vec<Vec<u32>> = rows.iter().rev().map(bits).collect();
    assert!(parallel.iter().eq(serial.iter().rev()));
    let other = SurveyParams { seed: 2, ..PARAMS };
    assert_ne!(
        cutout(&other, &whole[0]).pixels(),
        cutout(&PARAMS, &whole[0]).pixels()
    );
}

#[test]
fn cutouts_are_finite_and_carry_the_flux_of_the_catalogue() {
    let truth = truth(&PARAMS);
    let rare = truth.iter().filter(|t| t.rare.is_some());
    let rows: Vec<&Truth> = truth.iter().take(100).chain(rare).collect();
    let ratios: Vec<f64> = rows
        .into_par_iter()
        .filter_map(|t| {
            let cutout = cutout(&PARAMS, t);
            assert!(cutout.pixels().iter().all(|v| v.is_finite()));
            assert_eq!(
                (cutout.bands(), cutout.unit()),
                (&BANDS.map(str::to_owned)[..], Some(UNIT))
            );
            assert_eq!(
                (cutout.height(), cutout.row_order()),
                (SIZE_PX, RowOrder::BottomUp)
            );
            let sum = f64::from(cutout.band(2).iter().sum::<f32>() * NJY_PER_UNIT);
            (t.rare.is_none() && t.mag[2] < 23.0).then(|| sum / sed::njy_from_ab(t.mag[2]))
        })
        .collect();
    assert!((median(ratios) - 1.0).abs() < 0.03);
}

#[test]
fn rare_kinds_look_their_part() {
    let truth = truth(&PARAMS);
    let middle = SIZE_PX as f32 / 2.0 - 0.5;
    // Mean brightness in an annulus, MJy/sr.
    let annulus = |t: &Truth, band: usize, from: f32, to: f32| {
        let cutout = cutout(&PARAMS, t);
        let inside = |&(k, _): &(usize, &f32)| {
            let r = ((k % SIZE_PX) as f32 - middle).hypot((k / SIZE_PX) as f32 - middle);
            (from..to).contains(&r)
        };
        let pixels = cutout.band(band).iter().enumerate().filter(inside);
        mean(pixels.map(|(_, &v)| f64::from(v)))
    };
    for t in truth.iter().filter(|t| t.rare.is_some()) {
        match t.rare {
            Some(Rare::CompactRed) => assert!(t.mag[0] - t.mag[2] > 2.0),
            // The arc is bluer than the lens.
            Some(Rare::LensedArc) => {
                let colour = |from, to| annulus(t, 0, from, to) / annulus(t, 2, from, to);
                assert!(colour(12.0, 20.0) > 1.05 * colour(2.0, 6.0));
            }
            // Two nuclei leave the middle fainter than their surroundings.
            Some(Rare::Merger) => assert!(annulus(t, 0, 0.0, 1.5) < annulus(t, 0, 4.0, 8.0)),
            _ => {}
        }
    }
}

#[test]
fn the_catalogue_has_every_column_with_its_unit() {
    let truth = truth(&PARAMS);
    let catalog = catalog(&truth);
    assert_eq!((catalog.len(), catalog.columns().len()), (truth.len(), 20));
    let unit = |name: &str| catalog.column(name).unwrap().unit().map(str::to_owned);
    assert_eq!(unit("r_e").as_deref(), Some("arcsec"));
    assert_eq!(unit("ra").as_deref(), Some("deg"));
    assert_eq!(unit("z"), None);
    assert_eq!(catalog.id(1), truth[1].id.to_string());
    assert_eq!(catalog.column("survey").unwrap().text(1), "JWST-like");
    let rare = truth.iter().position(|t| t.rare.is_some()).unwrap();
    let column = catalog.column("rare").unwrap();
    assert_eq!(column.text(rare), truth[rare].rare.unwrap().name());
    assert_eq!(
        column.text(truth.iter().position(|t| t.rare.is_none()).unwrap()),
        ""
    );
}
