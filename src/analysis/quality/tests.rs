use std::time::{Duration, Instant};

use rand::RngExt;

use super::*;

fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| rng.random::<f32>() - 0.5).collect()
}

/// Small whole numbers, whose distances are exact and often the same.
fn whole_numbers(count: usize, seed: u64) -> Vec<f32> {
    noise(count, seed)
        .iter()
        .map(|v| (v * 9.0).round())
        .collect()
}

fn judge(mapped: &Mapped<'_>, params: &QualityParams) -> Quality {
    quality(mapped, params, &Progress::new()).unwrap()
}

fn all(neighbors: usize) -> QualityParams {
    QualityParams {
        neighbors,
        queries: usize::MAX,
        ..QualityParams::default()
    }
}

fn mapped<'a>(vectors: &'a [f32], dim: usize, coords: &'a [f32], dims: usize) -> Mapped<'a> {
    Mapped {
        vectors,
        dim,
        coords,
        dims,
        labels: None,
    }
}

/// Squared distances, or those of the unit vectors, from everyone to everyone.
fn table(values: &[f32], dim: usize, metric: Metric) -> Vec<Vec<f64>> {
    let unit = |row: &[f32]| -> Vec<f64> {
        let row: Vec<f64> = row.iter().map(|v| f64::from(*v)).collect();
        let length = row.iter().map(|v| v * v).sum::<f64>().sqrt();
        let length = if metric == Metric::Cosine {
            length
        } else {
            1.0
        };
        row.iter().map(|v| v / length).collect()
    };
    let rows: Vec<Vec<f64>> = values.chunks_exact(dim).map(unit).collect();
    let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
    let row = |a: &Vec<f64>| rows.iter().map(|b| distance(a, b)).collect();
    rows.iter().map(row).collect()
}

/// Trustworthiness, continuity and preservation as the papers write them, point by point.
fn by_definition(x: &[Vec<f64>], y: &[Vec<f64>], k: usize) -> [f64; 3] {
    let n = x.len();
    let nearest = |d: &[f64], own: usize| {
        let mut order: Vec<usize> = (0..n).filter(|&i| i != own).collect();
        order.sort_by(|&a, &b| d[a].total_cmp(&d[b]));
        order.truncate(k);
        order
    };
    let rank =
        |d: &[f64], own: usize, j: usize| 1 + (0..n).filter(|&i| i != own && d[i] < d[j]).count();
    let beyond = |d: &[f64], own: usize, js: &[usize]| {
        let over = js.iter().map(|&j| rank(d, own, j).saturating_sub(k));
        over.sum::<usize>()
    };
    let (mut lost, mut torn, mut kept) = (0, 0, 0);
    for i in 0..n {
        let (near, drawn) = (nearest(&x[i], i), nearest(&y[i], i));
        lost += beyond(&x[i], i, &drawn);
        torn += beyond(&y[i], i, &near);
        kept += drawn.iter().filter(|&&j| rank(&x[i], i, j) <= k).count();
    }
    let (n, k) = (n as f64, k as f64);
    let scale = 2.0 / (n * k * (2.0 * n - 3.0 * k - 1.0));
    [
        1.0 - scale * lost as f64,
        1.0 - scale * torn as f64,
        kept as f64 / (n * k),
    ]
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not {expected}"
    );
}

#[test]
fn agrees_with_the_definitions() {
    for (n, k, dims) in [(300, 7, 2), (1100, 15, 3), (31, 15, 2)] {
        let (x, y) = (whole_numbers(n * 5, 1), whole_numbers(n * dims, 2));
        let found = judge(&mapped(&x, 5, &y, dims), &all(k));
        let tables = [(&x, 5), (&y, dims)].map(|(v, d)| table(v, d, Metric::Euclidean));
        let [trust, continuity, preservation] = by_definition(&tables[0], &tables[1], k);
        near(found.trustworthiness, trust, 1e-12);
        near(found.continuity, continuity, 1e-12);
        near(found.preservation, preservation, 1e-6);
        assert_eq!((found.points, found.of_points.len()), (n, n));
        let of_points = found.of_points.iter().map(|p| f64::from(p.trust));
        near(of_points.sum::<f64>() / n as f64, trust, 1e-6);
    }
    let (x, y) = (noise(400 * 6, 3), noise(400 * 2, 4));
    let cosine = QualityParams {
        metric: Metric::Cosine,
        ..all(9)
    };
    let found = judge(&mapped(&x, 6, &y, 2), &cosine);
    let (x, y) = (
        table(&x, 6, Metric::Cosine),
        table(&y, 2, Metric::Euclidean),
    );
    let [trust, continuity, preservation] = by_definition(&x, &y, 9);
    near(found.trustworthiness, trust, 1e-4);
    near(found.continuity, continuity, 1e-4);
    near(found.preservation, preservation, 1e-3);
}

#[test]
fn density_is_the_correlation_of_radii() {
    let (n, k) = (200, 6);
    let (x, y) = (noise(n * 3, 7), noise(n * 2, 8));
    let found = judge(&mapped(&x, 3, &y, 2), &all(k)).density.unwrap();
    let radii = |values: &[f32], dim| -> Vec<f64> {
        let of = |mut row: Vec<f64>| {
            row.sort_by(f64::total_cmp);
            row[1..=k].iter().sum::<f64>().ln()
        };
        let rows = table(values, dim, Metric::Euclidean).into_iter();
        rows.map(of).collect()
    };
    near(
        found,
        spearman::pearson(&radii(&x, 3), &radii(&y, 2)).unwrap(),
        1e-5,
    );
    // a map of the vectors' own plane keeps them all; one point over and over has none
    let flat: Vec<f32> = y.chunks(2).flat_map(|p| [p[0], p[1], 0.5]).collect();
    near(
        judge(&mapped(&flat, 3, &y, 2), &all(k)).density.unwrap(),
        1.0,
        1e-6,
    );
    assert_eq!(
        judge(&mapped(&flat, 3, &vec![1.0; n * 2], 2), &all(k)).density,
        None
    );
}

#[test]
fn the_correlation_is_that_of_ranks() {
    let n = 60;
    let (x, y) = (whole_numbers(n * 3, 5), whole_numbers(n * 2, 6));
    let found = judge(&mapped(&x, 3, &y, 2), &all(5)).spearman.unwrap();
    let pairs = |values: &[f32], dim| -> Vec<f64> {
        let table = table(values, dim, Metric::Euclidean);
        (0..n).flat_map(|i| table[i][i + 1..].to_vec()).collect()
    };
    let ranks = |values: Vec<f64>| -> Vec<f64> {
        let below = |v: &f64| values.iter().filter(|w| *w < v).count() as f64;
        let equal = |v: &f64| values.iter().filter(|w| *w == v).count() as f64;
        values
            .iter()
            .map(|v| below(v) + (equal(v) - 1.0) / 2.0)
            .collect()
    };
    let (a, b) = (ranks(pairs(&x, 3)), ranks(pairs(&y, 2)));
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let covariance = |v: &[f64], w: &[f64]| {
        let (m, n) = (mean(v), mean(w));
        v.iter().zip(w).map(|(v, w)| (v - m) * (w - n)).sum::<f64>()
    };
    let expected = covariance(&a, &b) / (covariance(&a, &a) * covariance(&b, &b)).sqrt();
    near(found, expected, 1e-9);
}

#[test]
fn a_map_that_keeps_all_is_perfect() {
    let coords = whole_numbers(800 * 2, 7);
    // The same plane, turned by a right angle and far away.
    let vectors: Vec<f32> = coords
        .chunks_exact(2)
        .flat_map(|p| [4000.0 - p[1], 1.0, p[0] - 3000.0])
        .collect();
    let labels: Vec<Option<u16>> = coords
        .chunks_exact(2)
        .map(|p| (p[1] != 0.0).then_some(u16::from(p[0] > 0.0)))
        .collect();
    let labelled = Mapped {
        labels: Some(&labels),
        ..mapped(&vectors, 3, &coords, 2)
    };
    let found = judge(&labelled, &all(10));
    assert_eq!(
        (found.trustworthiness, found.continuity, found.preservation),
        (1.0, 1.0, 1.0)
    );
    near(found.spearman.unwrap(), 1.0, 1e-9);
    let labels = found.labels.unwrap();
    assert_eq!(labels.map, labels.vectors);
    assert!(labels.map > 0.9 && labels.points < 800, "{labels:?}");
}

#[test]
fn labels_vote_and_the_nearest_of_several_wins() {
    assert_eq!(vote([3, 1, 1, 3, 2].into_iter()), Some(3));
    assert_eq!(vote([2, 1, 1].into_iter()), Some(1));
    assert_eq!(vote([].into_iter()), None);
}

#[test]
fn threads_do_not_matter_and_seeds_do() {
    let (x, y) = (noise(5000 * 20, 8), noise(5000 * 2, 9));
    let params = QualityParams {
        queries: 700,
        ..QualityParams::default()
    };
    let alone = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap()
            .install(|| judge(&mapped(&x, 20, &y, 2), &params))
    };
    let one = alone(1);
    assert_eq!(one, alone(3));
    let other = judge(&mapped(&x, 20, &y, 2), &QualityParams { seed: 2, ..params });
    assert_ne!(one.of_points, other.of_points);
    // A sample tells of the whole.
    let whole = judge(&mapped(&x, 20, &y, 2), &all(15));
    for (sample, whole) in [
        (one.trustworthiness, whole.trustworthiness),
        (one.continuity, whole.continuity),
    ] {
        near(sample, whole, 0.01);
    }
}

#[test]
fn crowds_and_outliers_are_no_trouble() {
    // Many copies of one row among others: none is nearer than another, wherever it stands.
    let (dim, count) = (37, 10_000);
    let mut x = noise(dim, 10).repeat(count);
    x.extend(noise(300 * dim, 11));
    let total = count + 300;
    let mut y = [0.3, 0.1].repeat(count);
    y.extend(noise(300 * 2, 12).iter().map(|v| 5.0 + v));
    let found = judge(&mapped(&x, dim, &y, 2), &QualityParams::default());
    let copies = found
        .of_points
        .iter()
        .filter(|p| (p.point as usize) < count);
    for point in copies {
        assert_eq!((point.trust, point.preservation), (1.0, 1.0));
    }
    let scattered = noise(total * 2, 13);
    let found = judge(&mapped(&x, dim, &scattered, 2), &QualityParams::default());
    assert!(found.trustworthiness > 0.9, "{}", found.trustworthiness);
    assert!(found.spearman.is_some_and(|v| v.abs() < 0.5));

    // One wild point among others does not blur them.
    let mut x = noise(600 * 8, 14);
    let y: Vec<f32> = x.chunks_exact(8).flat_map(|p| [p[0], p[1]]).collect();
    let before = judge(&mapped(&x, 8, &y, 2), &all(10));
    for wild in [1e8, f32::MAX] {
        x[300 * 8] = wild;
        let mut y = y.clone();
        y[300 * 2] = wild;
        let found = judge(&mapped(&x, 8, &y, 2), &all(10));
        assert!(found.trustworthiness.is_finite() && found.continuity.is_finite());
        if wild < 1e9 {
            near(found.trustworthiness, before.trustworthiness, 0.01);
        }
    }
    let nothing = vec![1.0; 400];
    let found = judge(&mapped(&nothing, 4, &nothing[..200], 2), &all(10));
    assert_eq!((found.spearman, found.trustworthiness), (None, 1.0));
}

#[test]
fn what_cannot_be_counted_is_said() {
    let x = noise(200, 15);
    let fail = |mapped: &Mapped<'_>, params| quality(mapped, params, &Progress::new()).unwrap_err();
    let too_few = |found| QualityError::TooFewPoints {
        neighbors: 15,
        found,
    };
    let default = QualityParams::default();
    assert_eq!(
        fail(&mapped(&x[..60], 2, &x[..60], 2), &default),
        too_few(30)
    );
    assert_eq!(fail(&mapped(&x[..2], 2, &x[..2], 2), &default), too_few(1));
    assert_eq!(fail(&mapped(&[], 2, &[], 2), &default), too_few(0));
    assert_eq!(
        fail(&mapped(&x, 2, &x[..80], 2), &default),
        QualityError::Unlike
    );
    assert_eq!(fail(&mapped(&x, 2, &x, 2), &all(0)), QualityError::Nothing);
}

#[test]
fn counting_stops_when_it_is_cancelled() {
    let (x, y) = (noise(20_000 * 256, 16), noise(20_000 * 2, 17));
    for milliseconds in [0, 20, 200] {
        let progress = Progress::new();
        let clone = progress.clone();
        let asked = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(milliseconds));
            clone.cancel();
            Instant::now()
        });
        let found = quality(&mapped(&x, 256, &y, 2), &all(15), &progress);
        let asked = asked.join().unwrap();
        assert!(
            asked.elapsed() < Duration::from_secs(1),
            "{:?}",
            asked.elapsed()
        );
        assert!(matches!(found, Err(QualityError::Cancelled(_))));
    }
}
