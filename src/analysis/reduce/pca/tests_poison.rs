//! Input that nobody should have, but some have: an error or a sane map, never NaN.

use std::time::{Duration, Instant};

use super::tests::{noise, rows};
use super::*;

fn fit(rows: &[f32], dim: usize, components: usize) -> Result<Pca, ReduceError> {
    PcaParams::new(components).fit_rows(rows, dim, &Progress::new())
}

/// A map of all rows, which has to be finite.
fn map(rows: &[f32], dim: usize) -> (Pca, Vec<f32>) {
    let pca = fit(rows, dim, 2).unwrap();
    let coords = pca.transform_rows(rows, &Progress::new()).unwrap();
    assert!(coords.iter().all(|v| v.is_finite()));
    assert!(
        pca.explained_variance_ratio()
            .iter()
            .all(|v| (0.0..=1.000_001).contains(v))
    );
    (pca, coords)
}

#[test]
fn too_little_is_refused() {
    assert!(matches!(
        fit(&[1.0, 2.0], 2, 2),
        Err(ReduceError::TooFewVectors { found: 1, .. })
    ));
    assert!(matches!(
        fit(&[1.0, 2.0], 1, 2),
        Err(ReduceError::TooShort { dims: 2, found: 1 })
    ));
    assert!(matches!(
        fit(&[], 4, 2),
        Err(ReduceError::TooFewVectors { found: 0, .. })
    ));
    assert!(matches!(fit(&[], 0, 2), Err(ReduceError::TooShort { .. })));
    assert!(matches!(
        fit(&vec![1.0; 3000], 3000, 2),
        Err(ReduceError::TooFewVectors { .. })
    ));
}

#[test]
fn the_first_vector_that_is_not_finite_is_named() {
    for dim in [2, 5, 2100] {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut values = rows(1500, dim);
            values[1200 * dim + 1] = bad;
            values[1201 * dim] = bad;
            assert!(matches!(
                fit(&values, dim, 2),
                Err(ReduceError::NotFinite { row: 1200 })
            ));
        }
    }
    let nothing_else = vec![f32::NAN; 600];
    assert!(matches!(
        fit(&nothing_else, 3, 2),
        Err(ReduceError::NotFinite { row: 0 })
    ));
}

#[test]
fn what_does_not_vary_has_no_extent() {
    for dim in [4, 2100] {
        let (pca, coords) = map(&vec![3.0; 40 * dim], dim);
        assert!(pca.explained_variance_ratio().iter().all(|v| *v == 0.0));
        assert!(coords.iter().all(|v| v.abs() < 1e-6));
    }
    // Ten thousand copies of one row, and a few others.
    let mut values = [0.1_f32, -7.0, 3.0].repeat(10_000);
    map(&values, 3);
    values.extend(rows(5, 3));
    let (pca, _) = map(&values, 3);
    assert!(pca.variances()[0] > 0.0);
    // One column that does not vary among others that do.
    let mut values = rows(300, 5);
    values.iter_mut().step_by(5).for_each(|v| *v = -1.0e6);
    let (pca, _) = map(&values, 5);
    assert!(pca.component(0)[0].abs() < 1e-6);
}

#[test]
fn fewer_rows_than_values_are_enough() {
    for (count, dim) in [(2, 50), (3, 2100), (20, 40)] {
        let (pca, _) = map(&rows(count, dim), dim);
        let beyond = &pca.variances()[count..];
        assert!(
            beyond.iter().all(|v| *v < 1e-4 * pca.variances()[0]),
            "{count} x {dim}"
        );
    }
}

#[test]
fn one_far_outlier_hides_nothing() {
    for dim in [6, 2100] {
        let mut values = noise(3000 * dim);
        values.chunks_exact_mut(dim).for_each(|row| row[1] *= 30.0);
        let plain = fit(&values, dim, 2).unwrap();
        values[700 * dim] = 1e8;
        let (pca, _) = map(&values, dim);
        assert!(pca.component(0)[0] > 0.999_999);
        assert!(pca.component(1)[1].abs() > 0.999);
        let ratio = pca.variances()[1] / plain.variances()[0];
        assert!((ratio - 1.0).abs() < 0.01, "{dim}: {ratio}");
        // The largest that a number can be is an error or a finite map.
        values[701 * dim] = f32::MAX;
        values[702 * dim] = f32::MIN;
        if let Ok(pca) = fit(&values, dim, 2) {
            assert!(pca.variances()[0].is_finite());
        }
    }
}

#[test]
fn a_fit_that_is_cancelled_stops() {
    let cancelled = Progress::new();
    cancelled.cancel();
    for dim in [3, 2100] {
        assert!(matches!(
            PcaParams::new(2).fit_rows(&rows(100, dim), dim, &cancelled),
            Err(ReduceError::Cancelled(_))
        ));
    }
    // While it multiplies, and while it solves.
    let (values, dim) = (noise(3000 * 1500), 1500);
    for milliseconds in [1, 30, 100, 300] {
        let progress = Progress::new();
        let clone = progress.clone();
        let asked = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(milliseconds));
            clone.cancel();
            Instant::now()
        });
        let result = PcaParams::new(2).fit_rows(&values, dim, &progress);
        let asked = asked.join().unwrap();
        assert!(
            asked.elapsed() < Duration::from_secs(1),
            "{:?}",
            asked.elapsed()
        );
        assert!(result.is_ok() || matches!(result, Err(ReduceError::Cancelled(_))));
    }
}
