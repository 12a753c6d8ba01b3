//! New vectors in a finished map. Each is placed by itself, against the points as they stand: the
//! result is a function of the vector and the model, bit for bit, whatever else is in the batch. A
//! vector that the map was made from stays where it is (the first of several copies).

#![expect(
    unsafe_code,
    reason = "functions for AVX2 are called after the processor was asked"
)]

use super::curve::Curve;
use super::forces::{Forces, NEGATIVES, NEIGHBOURS};
use super::{Model, UmapError};
use crate::analysis::neighbors::search::Searcher;
use crate::analysis::points::Points;
use crate::analysis::rng::{Rng, mix};
use crate::progress::Progress;
use rayon::prelude::*;

/// Passes over a new point's neighbours.
const EPOCHS: u32 = 30;
/// Learning rate at the start, relative to the map's own.
const RATE: f32 = 0.25;
/// Points of the map that serve as negative samples.
const POOL: usize = 8192;
/// Queries handled by one task.
const TASK: usize = 64;

/// Places vectors into a model's map; keeps what the search needs between batches.
pub struct Placer<'a, const D: usize> {
    model: &'a Model<D>,
    searcher: Searcher<'a>,
    forces: Forces,
    pool: Vec<[f32; POOL + NEGATIVES]>,
    /// Mean neighbour distance in the map's own graph.
    mean: f64,
    points: Points<'a>,
    /// Hash and number of each point of the map, sorted.
    known: Vec<(u64, u32)>,
}

impl<'a, const D: usize> Placer<'a, D> {
    /// `points`: those the model was fitted to.
    #[must_use]
    pub fn new(points: Points<'a>, model: &'a Model<D>) -> Self {
        let n = points.len();
        let mut rng = Rng::new(model.params.seed, 0x7001, 0);
        let mut pool = vec![[0f32; POOL + NEGATIVES]; D];
        for l in 0..POOL {
            let p = if n > 0 {
                model.positions[rng.below(n)]
            } else {
                [0.0; D]
            };
            for (d, p) in p.iter().enumerate() {
                pool[d][l] = *p;
            }
        }
        for row in &mut pool {
            row.copy_within(..NEGATIVES, POOL);
        }
        let distances = &model.graph.distances;
        let mean =
            distances.iter().map(|d| f64::from(*d)).sum::<f64>() / distances.len().max(1) as f64;
        let forces = Forces::new(
            Curve::fit(model.params.min_dist, model.params.spread),
            model.params.negative_sample_rate,
        );
        let numbers = (0..n as u32).into_par_iter();
        let mut known: Vec<(u64, u32)> =
            numbers.map(|i| (hash(points.row(i as usize)), i)).collect();
        known.par_sort_unstable();
        Self {
            model,
            searcher: Searcher::new(points, &model.graph, &model.index),
            forces,
            pool,
            mean,
            points,
            known,
        }
    }

    /// Where a vector with this hash lies already.
    fn known(&self, vector: &[f32], hash: u64) -> Option<[f32; D]> {
        let first = self.known.partition_point(|(h, _)| *h < hash);
        let alike = self.known[first..].iter().take_while(|(h, _)| *h == hash);
        let mut alike = alike.map(|(_, i)| *i as usize);
        let point = alike.find(|i| self.points.row(*i) == vector)?;
        Some(self.model.positions[point])
    }

    /// Where each query belongs; empty if the map has no points.
    ///
    /// # Errors
    /// When the queries are of another dimension, or the work was cancelled.
    pub fn place(
        &self,
        queries: Points<'_>,
        progress: &Progress,
    ) -> Result<Vec<[f32; D]>, UmapError> {
        let k = self
            .model
            .params
            .n_neighbors
            .max(2)
            .min(self.model.positions.len());
        let (indices, distances) = self.searcher.nearest(queries, k, progress)?;
        if k == 0 {
            return Ok(Vec::new());
        }
        let mut out = vec![[0f32; D]; queries.len()];
        out.par_chunks_mut(TASK).enumerate().for_each_init(
            || vec![0f32; k],
            |weights, (c, out)| {
                if progress.is_cancelled() {
                    return;
                }
                for (i, slot) in out.iter_mut().enumerate() {
                    let q = c * TASK + i;
                    let vector = queries.row(q);
                    let hash = hash(vector);
                    *slot = self.known(vector, hash).unwrap_or_else(|| {
                        let near = &indices[q * k..(q + 1) * k];
                        weigh(&distances[q * k..(q + 1) * k], self.mean, weights);
                        self.settled(near, weights, hash)
                    });
                }
            },
        );
        progress.check()?;
        Ok(out)
    }

    fn settled(&self, near: &[u32], weights: &[f32], hash: u64) -> [f32; D] {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, the feature `settled_avx2` is compiled for.
            return unsafe { settled_avx2(self, near, weights, hash) };
        }
        settled_any(self, near, weights, hash)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn settled_avx2<const D: usize>(
    placer: &Placer<'_, D>,
    near: &[u32],
    weights: &[f32],
    hash: u64,
) -> [f32; D] {
    settled_any(placer, near, weights, hash)
}

/// The weighted mean of the neighbours' positions, then a few epochs of attraction to them and
/// repulsion from samples of the map. A neighbour takes part as often as its weight says.
#[inline(always)]
fn settled_any<const D: usize>(
    placer: &Placer<'_, D>,
    near: &[u32],
    weights: &[f32],
    hash: u64,
) -> [f32; D] {
    let positions = &placer.model.positions;
    let total = weights.iter().fold(0f32, |s, w| s + w);
    let largest = weights.iter().fold(f32::MIN_POSITIVE, |m, w| m.max(*w));
    let mut point = [0f32; D];
    for (&j, &w) in near.iter().zip(weights) {
        for d in 0..D {
            point[d] += w / total * positions[j as usize][d];
        }
    }
    let mut rng = Rng::new(placer.model.params.seed, hash, 1);
    let phase = (rng.next_u64() >> 40) as f32 / (1u64 << 24) as f32;
    for epoch in 0..EPOCHS {
        let rate = RATE * placer.model.params.learning_rate * (1.0 - epoch as f32 / EPOCHS as f32);
        let mut neighbours = [[0f32; NEIGHBOURS]; D];
        let mut filled = 0;
        for (t, (&j, &w)) in near.iter().zip(weights).enumerate() {
            let often = w / largest;
            let at = often * epoch as f32 + phase + 0.618_034 * t as f32;
            let ticks = (at + often) as u32 != at as u32;
            if ticks {
                for d in 0..D {
                    neighbours[d][filled] = positions[j as usize][d];
                }
                filled += 1;
            }
            if filled == NEIGHBOURS || (filled > 0 && t + 1 == near.len()) {
                let from = rng.below(POOL);
                let mut negatives = [[0f32; NEGATIVES]; D];
                for d in 0..D {
                    negatives[d].copy_from_slice(&placer.pool[d][from..from + NEGATIVES]);
                }
                placer
                    .forces
                    .apply(&mut point, &neighbours, filled, &negatives, rate);
                filled = 0;
            }
        }
    }
    point
}

/// Memberships of a new point's neighbours: exp(-d / sigma), without the local connectivity that
/// links the points of the map to each other.
fn weigh(distances: &[f32], mean: f64, weights: &mut [f32]) {
    super::fuzzy::scaled_memberships(
        distances,
        0.0,
        (distances.len() as f32).log2(),
        mean,
        weights,
    );
    if weights.iter().all(|w| *w <= 0.0) {
        weights.fill(1.0);
    }
}

/// A hash of the vector's values (0 and -0 alike).
fn hash(row: &[f32]) -> u64 {
    row.iter().fold(row.len() as u64, |h, v| {
        mix(h ^ u64::from((v + 0.0).to_bits()))
    })
}
