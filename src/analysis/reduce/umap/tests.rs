//! Determinism and hostile inputs, through the public interface.

use super::guide::Guide;
use super::{Fit, Model, Placer, Start, UmapError, UmapParams, umap};
use crate::analysis::neighbors::{KnnError, KnnGraph, KnnParams, knn_graph};
use crate::analysis::points::{InputError, Metric, Points};
use crate::analysis::quality::{Mapped, QualityParams, quality};
use crate::analysis::rng::Rng;
use crate::progress::Progress;

/// `n` points around a few centres, `dim` values each.
fn clusters(n: usize, dim: usize, centres: usize, spread: f32, seed: u64) -> Vec<f32> {
    let mut out = Vec::with_capacity(n * dim);
    for i in 0..n {
        let c = i % centres;
        let mut at = Rng::new(seed, 1, c as u64);
        let mut off = Rng::new(seed, 2, i as u64);
        // past 20 coordinates the scatter fades, as in real embeddings
        out.extend((0..dim).map(|j| spread * at.signed() + off.signed() / (1.0 + (j / 20) as f32)));
    }
    out
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
        .install(work)
}

fn graph(values: &[f32], dim: usize, params: &KnnParams) -> KnnGraph {
    let g = knn_graph(Points::new(values, dim).unwrap(), params, &Progress::new())
        .unwrap()
        .0;
    let n = values.len() / dim;
    for i in 0..n {
        let (index, distance) = (g.neighbors(i), g.distances(i));
        assert!(index.iter().all(|&j| (j as usize) < n && j as usize != i));
        assert!(distance.iter().all(|d| d.is_finite()));
        for t in 1..g.k {
            assert!(
                (distance[t - 1], index[t - 1]) < (distance[t], index[t]),
                "sorted, ties by index, none twice"
            );
        }
    }
    g
}

/// Share of the true neighbours' distances reached.
fn recall(values: &[f32], dim: usize, g: &KnnGraph, metric: Metric) -> f64 {
    let n = values.len() / dim;
    let row = |i: usize| &values[i * dim..(i + 1) * dim];
    let norm = |a: &[f32]| a.iter().map(|v| v * v).sum::<f32>().sqrt();
    let (mut hit, mut all) = (0, 0);
    for i in (0..n).step_by(n / 50 + 1) {
        let mut d: Vec<f32> = (0..n)
            .filter(|&j| j != i)
            .map(|j| match metric {
                Metric::Euclidean => row(i)
                    .iter()
                    .zip(row(j))
                    .map(|(a, b)| (a - b) * (a - b))
                    .sum::<f32>()
                    .sqrt(),
                Metric::Cosine => {
                    1.0 - row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum::<f32>()
                        / (norm(row(i)) * norm(row(j)))
                }
                Metric::Dot => -row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum::<f32>(),
            })
            .collect();
        let of = |j: u32| {
            d[if (j as usize) < i {
                j as usize
            } else {
                j as usize - 1
            }]
        };
        let found: Vec<f32> = g.neighbors(i).iter().map(|&j| of(j)).collect();
        d.sort_by(f32::total_cmp);
        let limit = d[g.k - 1];
        hit += found
            .iter()
            .filter(|&&v| v <= limit + limit.abs() * 1e-4 + 1e-5)
            .count();
        all += g.k;
    }
    hit as f64 / all as f64
}

/// Rows of 24 values are read where they lie, those of 25 from copies around their middle.
#[test]
fn neighbours_are_the_same_where_vectors_lie_and_in_copies() {
    let (n, dim) = (6000, 24);
    let far = |v: &f32| v + 500.0;
    let plain: Vec<f32> = clusters(n, dim, 12, 3.0, 5).iter().map(far).collect();
    let longer = |row: &[f32]| row.iter().copied().chain([0.0]).collect::<Vec<_>>();
    let copied: Vec<f32> = plain.chunks(dim).flat_map(longer).collect();
    let params = KnnParams::default();
    let (a, b) = (
        graph(&plain, dim, &params),
        graph(&copied, dim + 1, &params),
    );
    assert!(recall(&plain, dim, &a, Metric::Euclidean) > 0.98);
    let found = |i: usize, j: &u32| b.neighbors(i).contains(j);
    let of = |i: usize| a.neighbors(i).iter().filter(|j| found(i, j)).count();
    let same: usize = (0..n).map(of).sum();
    assert!(same > n * a.k * 98 / 100, "{same} of {}", n * a.k);
}

#[test]
fn graphs_are_right_for_every_metric_and_size() {
    for metric in [Metric::Euclidean, Metric::Cosine, Metric::Dot] {
        for (n, dim) in [(500, 7), (6000, 20), (5000, 200)] {
            let mut x = clusters(n, dim, 12, 3.0, 5);
            if metric == Metric::Dot {
                for r in x.chunks_mut(dim) {
                    let norm = r.iter().map(|v| v * v).sum::<f32>().sqrt();
                    r.iter_mut().for_each(|v| *v /= norm);
                }
            }
            let g = graph(
                &x,
                dim,
                &KnnParams {
                    metric,
                    ..Default::default()
                },
            );
            let r = recall(&x, dim, &g, metric);
            assert!(r > 0.97, "{metric:?} {n} x {dim}: {r}");
        }
    }
}

#[test]
fn one_thread_or_two_make_the_same_bits() {
    let x = clusters(6000, 24, 10, 4.0, 1);
    let q = clusters(300, 24, 10, 4.0, 2);
    let ways = [
        (Start::Principal, 0.0, 100_000),
        (Start::Spectral, 2.0, 100_000),
        (Start::Principal, 2.0, 3000),
    ];
    for (start, density, sampled_beyond) in ways {
        let params = UmapParams {
            epochs: Some(30),
            start,
            density,
            sampled_beyond,
            ..Default::default()
        };
        same_bits(&x, &q, &params);
    }
}

fn same_bits(x: &[f32], q: &[f32], params: &UmapParams) {
    let run = || {
        let points = Points::new(x, 24).unwrap();
        let m: Model<2> = umap(points, params, &Progress::new()).unwrap();
        let placed = Placer::new(points, &m)
            .place(Points::new(q, 24).unwrap(), &Progress::new())
            .unwrap();
        (m.graph.clone(), m.positions.clone(), placed)
    };
    let (a, b) = (with_threads(1, run), with_threads(2, run));
    assert_eq!(a.0, b.0);
    assert!(
        a.1.iter()
            .flatten()
            .zip(b.1.iter().flatten())
            .all(|(p, q)| p.to_bits() == q.to_bits())
    );
    assert!(
        a.2.iter()
            .flatten()
            .zip(b.2.iter().flatten())
            .all(|(p, q)| p.to_bits() == q.to_bits())
    );
}

#[test]
fn a_new_point_lands_the_same_alone_and_in_any_batch() {
    for (n, dim) in [(5000, 200), (800, 9)] {
        let x = clusters(n, dim, 8, 4.0, 1);
        let q = clusters(97, dim, 8, 4.0, 3);
        let points = Points::new(&x, dim).unwrap();
        let m: Model<3> = umap(
            points,
            &UmapParams {
                epochs: Some(20),
                ..Default::default()
            },
            &Progress::new(),
        )
        .unwrap();
        let placer = Placer::new(points, &m);
        let all = placer
            .place(Points::new(&q, dim).unwrap(), &Progress::new())
            .unwrap();
        let turned: Vec<f32> = q.chunks(dim).rev().flatten().copied().collect();
        let back = placer
            .place(Points::new(&turned, dim).unwrap(), &Progress::new())
            .unwrap();
        for i in 0..97 {
            let alone = placer
                .place(
                    Points::new(&q[i * dim..(i + 1) * dim], dim).unwrap(),
                    &Progress::new(),
                )
                .unwrap();
            assert_eq!(alone[0].map(f32::to_bits), all[i].map(f32::to_bits));
            assert_eq!(back[96 - i].map(f32::to_bits), all[i].map(f32::to_bits));
        }
    }
}

#[test]
fn a_value_that_is_no_number_is_named_by_row() {
    for bad in [f32::NAN, f32::INFINITY, -1e30] {
        let mut x = clusters(100, 5, 3, 1.0, 1);
        x[37 * 5 + 2] = bad;
        assert_eq!(
            Points::new(&x, 5).err(),
            Some(InputError::NotFinite { row: 37 })
        );
    }
    assert!(matches!(
        Points::new(&[1.0; 7], 3),
        Err(InputError::Shape { .. })
    ));
    assert!(matches!(Points::new(&[], 0), Err(InputError::Shape { .. })));
}

fn maps(values: &[f32], dim: usize) {
    maps_by(values, dim, &UmapParams::default());
    let all = UmapParams {
        start: Start::Spectral,
        density: 2.0,
        ..Default::default()
    };
    maps_by(values, dim, &all);
    let sampled = UmapParams {
        sampled_beyond: 1,
        ..Default::default()
    };
    maps_by(values, dim, &sampled);
}

fn maps_by(values: &[f32], dim: usize, params: &UmapParams) {
    let points = Points::new(values, dim).unwrap();
    let params = UmapParams {
        epochs: Some(20),
        ..params.clone()
    };
    let m: Model<2> = umap(points, &params, &Progress::new()).unwrap();
    assert_eq!(m.positions.len(), points.len());
    assert!(
        m.positions
            .iter()
            .flatten()
            .all(|v| v.is_finite() && v.abs() < 1e6)
    );
    let placed = Placer::new(points, &m)
        .place(points, &Progress::new())
        .unwrap();
    assert!(placed.iter().flatten().all(|v| v.is_finite()));
}

#[test]
fn hostile_sets_make_finite_maps() {
    // none, one, two points, fewer than k
    for n in [0, 1, 2, 9] {
        maps(&clusters(n, 4, 3, 1.0, 1), 4);
    }
    // all the same; 10,000 copies of one point among others; constant columns
    maps(&vec![2.5; 4000 * 3], 3);
    let mut x = clusters(14_000, 6, 5, 3.0, 1);
    for r in x.chunks_mut(6).take(10_000) {
        r.copy_from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }
    graph(&x, 6, &KnnParams::default());
    maps(&x, 6);
    let mut x = clusters(4000, 10, 5, 3.0, 1);
    x.chunks_mut(10).for_each(|r| r[3..8].fill(7e5));
    let g = graph(&x, 10, &KnnParams::default());
    assert!(recall(&x, 10, &g, Metric::Euclidean) > 0.97);
    maps(&x, 10);
    // one dimension
    let x = clusters(5000, 1, 1, 1.0, 1);
    let g = graph(&x, 1, &KnnParams::default());
    assert!(recall(&x, 1, &g, Metric::Euclidean) > 0.97);
    maps(&x, 1);
}

#[test]
fn a_far_outlier_spoils_nothing() {
    let mut x = clusters(5000, 16, 5, 3.0, 1);
    x[777 * 16..778 * 16].fill(1e8);
    let g = graph(&x, 16, &KnnParams::default());
    let r = recall(&x, 16, &g, Metric::Euclidean);
    assert!(r > 0.97, "{r}");
    maps(&x, 16);
}

#[test]
fn far_apart_clusters_keep_their_inner_neighbours() {
    let x = clusters(6000, 8, 3, 1e5, 1);
    let g = graph(&x, 8, &KnnParams::default());
    assert!((0..6000).all(|i| g.neighbors(i).iter().all(|&j| j as usize % 3 == i % 3)));
    maps(&x, 8);
    // inside a cluster the order is right as far as f32 tells the points apart
    assert!(recall(&x, 8, &g, Metric::Euclidean) > 0.95);
}

#[test]
fn every_stage_can_be_cancelled() {
    let x = clusters(6000, 12, 5, 3.0, 1);
    let points = Points::new(&x, 12).unwrap();
    let stopped = Progress::new();
    stopped.cancel();
    let graph = knn_graph(points, &KnnParams::default(), &stopped);
    assert!(matches!(graph, Err(KnnError::Cancelled(_))));
    let mut fit = Fit::<2>::new(
        points,
        &UmapParams::default(),
        &Guide::default(),
        &Progress::new(),
    )
    .unwrap();
    assert!(matches!(fit.step(&stopped), Err(UmapError::Cancelled(_))));
}

#[test]
fn of_a_large_set_a_sample_is_laid_out_first() {
    // eight clusters, and three far points that are tied to no others
    let mut x = clusters(8000, 12, 8, 4.0, 1);
    for (i, row) in x.chunks_exact_mut(12).enumerate().skip(7997) {
        row.fill(900.0 + i as f32 / 1e5);
    }
    let points = Points::new(&x, 12).unwrap();
    let params = UmapParams {
        n_neighbors: 3,
        epochs: Some(40),
        sampled_beyond: 4000,
        ..Default::default()
    };
    let begin = || Fit::<2>::new(points, &params, &Guide::default(), &Progress::new()).unwrap();
    let (mut fit, mut done, mut steps) = (begin(), 0.0, 0);
    while fit.epoch() == 0 {
        fit.step(&Progress::new()).unwrap();
        assert!(fit.done() > done && fit.done() < 1.0);
        done = fit.done();
        steps += 1;
        if steps == 300 {
            // what is shown meanwhile: all points, most of them among their own
            let map = fit.positions();
            assert!(map.iter().flatten().all(|v| v.is_finite()));
            let distance =
                |i: usize, j: usize| (map[i][0] - map[j][0]).hypot(map[i][1] - map[j][1]);
            let alone = |&i: &usize| {
                let others = (0..8000).filter(|&j| j != i);
                let near = others.min_by(|&a, &b| distance(i, a).total_cmp(&distance(i, b)));
                near.unwrap() % 8 != i % 8
            };
            let wrong = (0..7997).step_by(40).filter(alone).count();
            assert!(wrong < 10, "{wrong}");
            let stopped = Progress::new();
            stopped.cancel();
            let cancelled = begin().step(&stopped);
            assert!(matches!(cancelled, Err(UmapError::Cancelled(_))));
        }
    }
    assert_eq!(steps, 501);
    to_the_end(&mut fit);
    assert_eq!((fit.epoch(), fit.done()), (40, 1.0));
    assert!(fit.positions().iter().flatten().all(|v| v.is_finite()));
}

fn to_the_end<const D: usize>(fit: &mut Fit<D>) {
    while !fit.finished() {
        fit.step(&Progress::new()).unwrap();
    }
}

#[test]
fn steps_add_up_and_a_start_can_be_given() {
    let x = clusters(2000, 12, 5, 3.0, 1);
    let points = Points::new(&x, 12).unwrap();
    let params = UmapParams {
        epochs: Some(40),
        ..Default::default()
    };
    let whole: Model<2> = umap(points, &params, &Progress::new()).unwrap();
    let mut fit = Fit::<2>::new(points, &params, &Guide::default(), &Progress::new()).unwrap();
    to_the_end(&mut fit);
    assert_eq!(fit.positions(), whole.positions);
    // held near its start, the map drifts less
    let from = |positions: &[[f32; 2]]| Guide {
        start: Some(positions.iter().copied().map(Some).collect()),
        labels: None,
    };
    let drift = |penalty: f32| {
        let p = UmapParams {
            seed: 9,
            drift_penalty: penalty,
            ..params.clone()
        };
        let mut fit = Fit::<2>::new(points, &p, &from(&whole.positions), &Progress::new()).unwrap();
        to_the_end(&mut fit);
        fit.positions()
            .iter()
            .flatten()
            .zip(whole.positions.iter().flatten())
            .map(|(a, b)| (a - b).abs())
            .sum::<f32>()
    };
    assert!(drift(0.3) < 0.7 * drift(0.0));
    let wrong = Fit::<2>::new(points, &params, &from(&[[0.0, 0.0]]), &Progress::new()).err();
    assert_eq!(wrong, Some(UmapError::Guide));
    // those without a place begin among their neighbours
    let mut start = from(&whole.positions);
    for place in start.start.iter_mut().flatten().step_by(3) {
        *place = None;
    }
    let fit = Fit::<2>::new(points, &params, &start, &Progress::new()).unwrap();
    for (i, p) in fit.positions().iter().enumerate().step_by(30) {
        let distance = |q: &[f32; 2]| (p[0] - q[0]).hypot(p[1] - q[1]);
        let near = (0..2000).filter(|j| j % 3 != 0);
        let near = near.min_by(|a, b| {
            distance(&whole.positions[*a]).total_cmp(&distance(&whole.positions[*b]))
        });
        assert_eq!(near.unwrap() % 5, i % 5);
    }
}

#[test]
fn classes_part_what_the_vectors_do_not() {
    let x = clusters(1500, 12, 1, 3.0, 1);
    let points = Points::new(&x, 12).unwrap();
    let class = |i: usize| (!i.is_multiple_of(10)).then_some((i % 2) as u16);
    let mixed = |labels: Option<Vec<Option<u16>>>, weight: f64| {
        let params = UmapParams {
            epochs: Some(150),
            label_weight: weight,
            ..Default::default()
        };
        let guide = Guide {
            start: None,
            labels,
        };
        let mut fit = Fit::<2>::new(points, &params, &guide, &Progress::new()).unwrap();
        to_the_end(&mut fit);
        let map = fit.positions();
        let distance = |i: usize, j: usize| (map[i][0] - map[j][0]).hypot(map[i][1] - map[j][1]);
        let other = |i: usize| {
            let near = (0..1500).filter(|&j| j != i && class(j).is_some());
            let near = near.min_by(|&a, &b| distance(i, a).total_cmp(&distance(i, b)));
            class(near.unwrap()) != class(i)
        };
        let asked = (0..1500).filter(|&i| class(i).is_some());
        asked.filter(|&i| other(i)).count() as f64 / 1350.0
    };
    let labels: Vec<Option<u16>> = (0..1500).map(class).collect();
    assert!(mixed(None, 0.5) > 0.35);
    let led = mixed(Some(labels.clone()), 0.5);
    assert!(led < 0.1, "{led}");
    let strongly = mixed(Some(labels), 1.0);
    assert!(strongly < 0.05, "{strongly}");
}

#[test]
fn densities_are_kept_when_asked() {
    // clusters of the same shape, each a hundred times as wide as the narrowest at most
    let mut x = clusters(4000, 10, 8, 0.0, 1);
    for (i, row) in x.chunks_exact_mut(10).enumerate() {
        let cluster = i % 8;
        row.iter_mut()
            .for_each(|v| *v *= 10f32.powf(cluster as f32 / 3.5));
        row[cluster] += 2000.0;
    }
    let points = Points::new(&x, 10).unwrap();
    let judged = |density: f64| {
        let params = UmapParams {
            density,
            ..Default::default()
        };
        let map: Model<2> = umap(points, &params, &Progress::new()).unwrap();
        let mapped = Mapped {
            vectors: &x,
            dim: 10,
            coords: map.positions.as_flattened(),
            dims: 2,
            labels: None,
        };
        quality(&mapped, &QualityParams::default(), &Progress::new()).unwrap()
    };
    let (plain, kept) = (judged(0.0), judged(2.0));
    assert!(plain.density.unwrap() < 0.5, "{plain:?}");
    assert!(kept.density.unwrap() > 0.8, "{kept:?}");
    assert!(kept.trustworthiness > plain.trustworthiness - 0.02);
}

#[test]
fn scalar_products_are_of_unit_vectors() {
    let x = clusters(40, 5, 3, 2.0, 1);
    let points = Points::new(&x, 5).unwrap();
    for metric in [Metric::Euclidean, Metric::Cosine] {
        points.suited_to(metric).unwrap();
    }
    let refused = points.suited_to(Metric::Dot).err().unwrap().to_string();
    assert!(refused.contains("vector 0 has length"), "{refused}");
}
