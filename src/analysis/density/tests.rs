//! The density as a whole against theory and invariants.

use super::sample::uniform;
use super::{DensityGrid, DensityParams, Polyline};

fn normal(i: u64) -> [f64; 2] {
    // Box and Muller.
    let radius = (-2.0 * (1.0 - uniform(2 * i)).ln()).sqrt();
    let angle = std::f64::consts::TAU * uniform(2 * i + 1);
    [radius * angle.cos(), radius * angle.sin()]
}

pub(super) fn gaussian(n: u64, centre: [f64; 2], sigma: f64) -> Vec<[f32; 2]> {
    (0..n)
        .map(|i| normal(i).map(|v| v * sigma))
        .map(|p| [(p[0] + centre[0]) as f32, (p[1] + centre[1]) as f32])
        .collect()
}

pub(super) fn estimate(points: &[[f32; 2]]) -> Option<DensityGrid> {
    DensityGrid::estimate(points, |_| true, DensityParams::default(), &|| false)
}

pub(super) fn area(ring: &Polyline) -> f64 {
    let next = ring.points.iter().cycle().skip(1);
    let pairs = ring.points.iter().zip(next);
    pairs.map(|(a, b)| 0.5 * (a[0] * b[1] - b[0] * a[1])).sum()
}

pub(super) fn enclosed(rings: &[Polyline], p: [f32; 2]) -> bool {
    let [x, y] = p.map(f64::from);
    let mut odd = false;
    for ring in rings {
        let next = ring.points.iter().cycle().skip(1);
        for (a, b) in ring.points.iter().zip(next) {
            if (a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
                odd = !odd;
            }
        }
    }
    odd
}

pub(super) fn fraction_enclosed(rings: &[Polyline], points: &[[f32; 2]]) -> f64 {
    let held = points.iter().filter(|p| enclosed(rings, **p)).count();
    held as f64 / points.len() as f64
}

/// What must hold for any grid.
pub(super) fn check(grid: &DensityGrid) {
    assert_eq!(grid.values().len(), grid.width() * grid.height());
    assert!(grid.values().iter().all(|v| v.is_finite() && *v >= 0.0));
    let mass: f64 = grid.values().iter().map(|v| f64::from(*v)).sum();
    let inside = grid.inside() as f64;
    assert!((mass - inside).abs() <= 1e-3 * inside, "{mass} {inside}");
    let counted: u64 = grid.counts.iter().map(|c| u64::from(*c)).sum();
    assert_eq!(counted, grid.inside());
    let levels = grid.levels(&[0.1, 0.5, 0.9, 1.0]);
    assert!(levels.windows(2).all(|w| w[0] >= w[1]));
    for level in levels {
        for ring in grid.contours(level) {
            assert!(ring.closed && ring.points.len() >= 4);
            let next = ring.points.iter().cycle().skip(1);
            for (a, b) in ring.points.iter().zip(next) {
                assert!(a.iter().all(|v| v.is_finite()) && a != b);
            }
        }
    }
}

#[test]
fn gaussian_contours_hold_their_fraction() {
    let points = gaussian(200_000, [3.0, -7.0], 2.0);
    let grid = estimate(&points).unwrap();
    check(&grid);
    let expected = 2.0 * 200_000_f64.powf(-1.0 / 6.0);
    assert!((grid.bandwidth() / expected - 1.0).abs() < 0.02);
    assert_eq!((grid.inside(), grid.outside()), (200_000, 0));
    for fraction in [0.5, 0.9] {
        let level = grid.levels(&[fraction])[0];
        let rings = grid.contours(level);
        assert_eq!(rings.len(), 1);
        let held = fraction_enclosed(&rings, &points);
        assert!((held - fraction).abs() < 0.003, "{fraction}: {held}");
        let theory = 2.0 * (-2.0 * (1.0_f64 - fraction).ln()).sqrt();
        let radius = (area(&rings[0]) / std::f64::consts::PI).sqrt();
        assert!((radius / theory - 1.0).abs() < 0.01, "{radius} {theory}");
        let mut squares = 0.0;
        for p in &rings[0].points {
            let own = (p[0] - 3.0).hypot(p[1] + 7.0);
            assert!((own / theory - 1.0).abs() < 0.05, "{own} {theory}");
            squares += (own / theory - 1.0).powi(2);
        }
        assert!((squares / rings[0].points.len() as f64).sqrt() < 0.02);
    }
}

#[test]
fn density_is_that_of_the_smoothed_gaussian() {
    let grid = estimate(&gaussian(1_000_000, [0.0; 2], 1.0)).unwrap();
    let variance = 1.0 + grid.bandwidth().powi(2);
    let mut worst = 0.0_f64;
    for (k, value) in grid.values().iter().enumerate() {
        let place = [k % grid.width(), k / grid.width()].map(|v| v as f64);
        let [x, y] = grid.frame.world_of_centre(place);
        let exact = 1e6 * grid.cell().powi(2) / (std::f64::consts::TAU * variance)
            * (-0.5 * (x * x + y * y) / variance).exp();
        let peak = 1e6 * grid.cell().powi(2) / std::f64::consts::TAU;
        worst = worst.max((f64::from(*value) - exact).abs() / peak);
    }
    // Noise of the estimate: sqrt(1 / (4 pi h^2 n f)) = 0.7 % at the peak.
    assert!(worst < 0.03, "{worst}");
}

#[test]
fn moments_are_those_of_the_points_plus_the_kernel() {
    let points = gaussian(1_000_000, [0.3, -0.2], 1.0);
    let params = DensityParams {
        cells: 64,
        bandwidth: Some(1e-3),
        ..DensityParams::default()
    };
    let grid = DensityGrid::estimate(&points, |_| true, params, &|| false).unwrap();
    // The narrowest kernel, where the spread over a cell would show.
    let h = grid.bandwidth();
    assert!((h / grid.cell() - 1.0).abs() < 1e-9);
    for axis in 0..2 {
        let n = points.len() as f64;
        let mean = points.iter().map(|p| f64::from(p[axis])).sum::<f64>() / n;
        let squares = points.iter().map(|p| (f64::from(p[axis]) - mean).powi(2));
        let variance = squares.sum::<f64>() / n;
        let (mut sum, mut square) = (0.0, 0.0);
        for (k, value) in grid.values().iter().enumerate() {
            let place = [k % grid.width(), k / grid.width()].map(|v| v as f64);
            let offset = grid.frame.world_of_centre(place)[axis] - mean;
            sum += f64::from(*value) / n * offset;
            square += f64::from(*value) / n * offset * offset;
        }
        assert!(sum.abs() < 0.01 * grid.cell(), "{sum}");
        let added = (square - variance) / (h * h);
        assert!((added - 1.0).abs() < 0.02, "{added}");
    }
}

#[test]
fn two_blobs_give_two_rings() {
    let mut points = gaussian(50_000, [-5.0, 0.0], 1.0);
    points.extend(gaussian(50_000, [5.0, 1.0], 1.0));
    let grid = estimate(&points).unwrap();
    let rings = grid.contours(grid.levels(&[0.5])[0]);
    assert_eq!(rings.len(), 2);
    assert!(rings.iter().all(|r| area(r) > 0.0));
    assert!((fraction_enclosed(&rings, &points) - 0.5).abs() < 0.01);
}

#[test]
fn annulus_has_a_clockwise_hole() {
    let points: Vec<[f32; 2]> = (0..100_000)
        .map(|i| {
            (
                uniform(2 * i) * std::f64::consts::TAU,
                4.0 + uniform(2 * i + 1),
            )
        })
        .map(|(a, r)| [(r * a.cos()) as f32, (r * a.sin()) as f32])
        .collect();
    let params = DensityParams {
        bandwidth: Some(0.2),
        ..DensityParams::default()
    };
    let grid = DensityGrid::estimate(&points, |_| true, params, &|| false).unwrap();
    let mut areas: Vec<f64> = grid
        .contours(grid.levels(&[0.95])[0])
        .iter()
        .map(area)
        .collect();
    areas.sort_by(f64::total_cmp);
    assert_eq!(areas.len(), 2);
    assert!(areas[0] < -30.0 && areas[1] > 60.0, "{areas:?}");
}

#[test]
fn selection_is_honoured() {
    let even = |i: usize| i.is_multiple_of(2);
    for other in [50.0, 0.5] {
        let mut points = gaussian(300_000, [0.0; 2], 1.0);
        for p in points.iter_mut().skip(1).step_by(2) {
            *p = [other; 2];
        }
        let params = DensityParams::default();
        let grid = DensityGrid::estimate(&points, even, params, &|| false).unwrap();
        check(&grid);
        assert_eq!((grid.inside(), grid.outside()), (150_000, 0));
        assert!(grid.min()[0] > -10.0 && grid.cell() * (grid.width() as f64) < 20.0);
    }
}

#[test]
fn a_few_points_are_counted_out_exactly() {
    // Nine points in a heap, one apart: 0.9 holds the heap and leaves the one.
    let mut points: Vec<[f32; 2]> = (0..9).map(|i| [(i % 3) as f32, (i / 3) as f32]).collect();
    points.push([9.0, 9.0]);
    let params = DensityParams {
        bandwidth: Some(1.0),
        ..DensityParams::default()
    };
    let grid = DensityGrid::estimate(&points, |_| true, params, &|| false).unwrap();
    let rings = grid.contours(grid.levels(&[0.9])[0]);
    let held: Vec<bool> = points.iter().map(|p| enclosed(&rings, *p)).collect();
    assert_eq!(held.iter().filter(|h| **h).count(), 9);
}

#[test]
fn threads_do_not_change_the_result() {
    let mut points = gaussian(300_000, [0.0; 2], 1.0);
    points.push([1e9, 1e9]);
    let with = |threads, sparse: bool| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let chosen = |i: usize| !sparse || i.is_multiple_of(50);
        pool.install(|| {
            DensityGrid::estimate(&points, chosen, DensityParams::default(), &|| false).unwrap()
        })
    };
    for sparse in [false, true] {
        let one = with(1, sparse);
        assert_eq!(one, with(2, sparse));
        assert_eq!(one, with(5, sparse));
    }
}

#[test]
fn cancelling_ends_with_none() {
    let points = gaussian(1000, [0.0; 2], 1.0);
    let asked = std::cell::Cell::new(0);
    for allowed in 0..4 {
        asked.set(0);
        let cancelled = || asked.replace(asked.get() + 1) >= allowed;
        let params = DensityParams::default();
        assert!(DensityGrid::estimate(&points, |_| true, params, &cancelled).is_none());
    }
}
