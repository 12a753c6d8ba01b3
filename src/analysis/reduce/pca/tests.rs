use super::*;

/// A small linear congruential generator: the test needs spread, not quality.
pub(super) fn noise(count: usize) -> Vec<f32> {
    let mut state = 12_345_u64;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 16_777_216.0 - 0.5
        })
        .collect()
}

/// Rows with very different spreads and a far-off mean, which punishes cancellation.
pub(super) fn rows(count: usize, dim: usize) -> Vec<f32> {
    let raw = noise(count * dim);
    raw.chunks_exact(dim)
        .flat_map(|row| {
            let shared = row[0];
            row.iter()
                .enumerate()
                .map(move |(j, v)| 1000.0 + v / (1.0 + j as f32) + 0.3 * shared)
        })
        .collect()
}

/// Eigenvalues and -vectors by cyclic Jacobi rotations in double precision: slow, independent.
fn jacobi(rows: &[f32], dim: usize) -> Vec<(f64, Vec<f64>)> {
    let n = rows.len() / dim;
    let mean: Vec<f64> = (0..dim)
        .map(|j| {
            rows.iter()
                .skip(j)
                .step_by(dim)
                .map(|v| f64::from(*v))
                .sum::<f64>()
                / n as f64
        })
        .collect();
    let mut a = vec![vec![0.0; dim]; dim];
    for row in rows.chunks_exact(dim) {
        for i in 0..dim {
            for j in 0..dim {
                a[i][j] +=
                    (f64::from(row[i]) - mean[i]) * (f64::from(row[j]) - mean[j]) / (n - 1) as f64;
            }
        }
    }
    let mut v: Vec<Vec<f64>> = (0..dim)
        .map(|i| (0..dim).map(|j| f64::from(u8::from(i == j))).collect())
        .collect();
    for _ in 0..60 {
        for p in 0..dim {
            for q in p + 1..dim {
                let theta = 0.5 * (2.0 * a[p][q]).atan2(a[q][q] - a[p][p]);
                let (s, c) = theta.sin_cos();
                for row in &mut a {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                let (upper, lower) = a.split_at_mut(q);
                for (x, y) in upper[p].iter_mut().zip(&mut lower[0]) {
                    (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                }
                for row in &mut v {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
            }
        }
    }
    let mut pairs: Vec<(f64, Vec<f64>)> = (0..dim)
        .map(|i| (a[i][i], v.iter().map(|r| r[i]).collect()))
        .collect();
    pairs.sort_by(|x, y| y.0.total_cmp(&x.0));
    pairs
}

#[test]
fn agrees_with_an_independent_eigen_solver() {
    let (count, dim) = (5000, 12);
    let rows = rows(count, dim);
    let pca = PcaParams::new(3)
        .fit_rows(&rows, dim, &Progress::new())
        .unwrap();
    let reference = jacobi(&rows, dim);
    for (i, (variance, vector)) in reference.iter().enumerate() {
        assert!(
            (pca.variances()[i] - variance).abs() < 1e-4 * reference[0].0,
            "variance {i}"
        );
        if i < 3 {
            let dot: f64 = vector
                .iter()
                .zip(pca.component(i))
                .map(|(a, b)| a * b)
                .sum();
            assert!((dot.abs() - 1.0).abs() < 1e-4, "component {i}: {dot}");
        }
    }
    let coords = pca.transform_rows(&rows, &Progress::new()).unwrap();
    let first: f64 = coords
        .chunks_exact(3)
        .map(|c| f64::from(c[0]).powi(2))
        .sum::<f64>()
        / (count - 1) as f64;
    assert!((first / pca.variances()[0] - 1.0).abs() < 1e-4);
}

#[test]
fn is_the_same_on_any_number_of_threads() {
    let rows = rows(40_000, 8);
    let fit = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            PcaParams::new(2)
                .fit_rows(&rows, 8, &Progress::new())
                .unwrap()
        })
    };
    assert_eq!(fit(1), fit(3));
}

#[test]
fn composes_with_linfa() {
    let rows = rows(200, 5);
    let records = Array2::from_shape_vec((200, 5), rows.clone()).unwrap();
    let dataset = DatasetBase::from(records);
    let pca = PcaParams::new(2).fit(&dataset).unwrap();
    let mapped = pca.transform(dataset);
    let direct = pca.transform_rows(&rows, &Progress::new()).unwrap();
    assert_eq!(mapped.records().as_slice().unwrap(), direct.as_slice());
}

#[test]
fn the_way_that_rows_arrive_does_not_matter() {
    let (count, dim) = (70_001, 8);
    let rows = rows(count, dim);
    let whole = PcaParams::new(2)
        .fit_rows(&rows, dim, &Progress::new())
        .unwrap();
    for most in [1, 7, 1024, 40_000] {
        let mut moments = Moments::new(dim);
        for some in rows.chunks(most * dim) {
            moments.add(some, &Progress::new()).unwrap();
        }
        assert_eq!(moments.rows(), count);
        let pca = moments.solve(PcaParams::new(2), &Progress::new()).unwrap();
        assert_eq!(pca, whole, "{most} at a time");
    }
}

#[test]
fn parts_that_are_merged_are_the_whole() {
    let (count, dim) = (9000, 12);
    let progress = Progress::new();
    let mut rows = rows(count, dim);
    // The parts have other means and shifts.
    rows[..3000 * dim].iter_mut().for_each(|v| *v -= 20.0);
    let whole = PcaParams::new(3).fit_rows(&rows, dim, &progress).unwrap();
    let part = |range: std::ops::Range<usize>| {
        let mut moments = Moments::new(dim);
        let rows = &rows[range.start * dim..range.end * dim];
        moments.add(rows, &progress).unwrap();
        moments
    };
    let (a, b, c) = (part(0..3000), part(3000..3001), part(3001..count));
    let merged = c.merge(a, &progress).unwrap().merge(b, &progress).unwrap();
    assert_eq!(merged.rows(), count);
    let empty = Moments::new(dim).merge(merged, &progress).unwrap();
    let merged = empty.solve(PcaParams::new(3), &progress).unwrap();
    let near = |a: f64, b: f64, scale: f64| assert!((a - b).abs() < 1e-5 * scale, "{a} {b}");
    near(
        merged.total_variance(),
        whole.total_variance(),
        whole.total_variance(),
    );
    for i in 0..dim {
        near(
            merged.variances()[i],
            whole.variances()[i],
            whole.variances()[0],
        );
        near(merged.mean()[i], whole.mean()[i], 1.0);
    }
    for i in 0..3 {
        let both = merged.component(i).iter().zip(whole.component(i));
        near(both.map(|(a, b)| a * b).sum(), 1.0, 10.0);
    }
    let other = Moments::new(dim + 1);
    assert!(matches!(
        Moments::new(dim).merge(other, &progress),
        Err(ReduceError::Unlike { dim: 12, found: 13 })
    ));
}

#[test]
fn long_vectors_are_mapped_as_the_whole_covariance_would() {
    let (count, dim) = (400, 2100);
    let progress = Progress::new();
    // A few axes that fall in their spread, and noise along all.
    let (axes, amounts) = (noise(6 * dim), noise(6 * count + count * dim));
    let rows: Vec<f32> = (0..count * dim)
        .map(|at| {
            let (row, j) = (at / dim, at % dim);
            let along = |k: usize| amounts[row * 6 + k] * axes[k * dim + j] * 8.0 / (1 + k) as f32;
            5.0 + (0..6).map(along).sum::<f32>() + 0.5 * amounts[6 * count + at]
        })
        .collect();
    let params = PcaParams::new(3);
    let sketched = params.fit_rows(&rows, dim, &progress).unwrap();
    let mut moments = Moments::new(dim);
    moments.add(&rows, &progress).unwrap();
    let exact = moments.solve(params, &progress).unwrap();
    assert_eq!(
        (sketched.variances().len(), exact.variances().len()),
        (32, dim)
    );
    let total = sketched.total_variance() / exact.total_variance();
    assert!((total - 1.0).abs() < 1e-6, "{total}");
    for i in 0..6 {
        let ratio = sketched.variances()[i] / exact.variances()[i];
        assert!((ratio - 1.0).abs() < 1e-4, "variance {i}: {ratio}");
    }
    for i in 0..3 {
        let both = sketched.component(i).iter().zip(exact.component(i));
        let dot: f64 = both.map(|(a, b)| a * b).sum();
        assert!((dot - 1.0).abs() < 1e-4, "component {i}: {dot}");
    }
    let share: f64 = sketched.explained_variance_ratio().iter().sum();
    assert!(share < 1.0, "the rest is not passed over: {share}");
    // The seed decides, not the threads.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let alone = pool
        .unwrap()
        .install(|| params.fit_rows(&rows, dim, &progress));
    assert_eq!(alone.unwrap(), sketched);
    let other = params.with_seed(2).fit_rows(&rows, dim, &progress).unwrap();
    assert_ne!(other, sketched);
}

#[test]
fn the_way_back_is_the_nearest_vector() {
    let (count, dim) = (500, 6);
    let progress = Progress::new();
    let rows = rows(count, dim);
    let whole = PcaParams::new(dim).fit_rows(&rows, dim, &progress).unwrap();
    let coords = whole.transform_rows(&rows, &progress).unwrap();
    let again = whole.inverse_rows(&coords);
    assert!(rows.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-3));

    let two = PcaParams::new(2).fit_rows(&rows, dim, &progress).unwrap();
    let coords = two.transform_rows(&rows, &progress).unwrap();
    let again = two.inverse_rows(&coords);
    let lost: f64 = rows
        .iter()
        .zip(&again)
        .map(|(a, b)| f64::from(a - b).powi(2))
        .sum::<f64>()
        / (count - 1) as f64;
    let left: f64 = two.variances()[2..].iter().sum();
    assert!((lost / left - 1.0).abs() < 1e-3, "{lost} {left}");
}
