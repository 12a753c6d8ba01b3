//! New vectors in a finished map. Each is placed by itself, against the points as they stand: the
//! result is a function of the vector and the model, bit for bit, whatever else is in the batch. A
//! vector that the map was made from stays where it is (the first of several copies).

use super::curve::Curve;
use super::forces::power;
use super::{Model, UmapError};
use crate::analysis::neighbors::search::Searcher;
use crate::analysis::points::Points;
use crate::analysis::rng::mix;
use crate::progress::Progress;
use rayon::prelude::*;

/// Neighbours by which a new point is placed, for each neighbour that the map was made with: their mean is
/// steadier than that of half as many.
const BREADTH: usize = 2;
/// Means taken, each with the weights that the one before gives.
const ROUNDS: u32 = 30;
/// Queries handled by one task.
const TASK: usize = 64;

/// Places vectors into a model's map; keeps what the search needs between batches.
pub struct Placer<'a, const D: usize> {
    model: &'a Model<D>,
    searcher: Searcher<'a>,
    curve: Curve,
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
        let distances = &model.graph.distances;
        let mean =
            distances.iter().map(|d| f64::from(*d)).sum::<f64>() / distances.len().max(1) as f64;
        let numbers = (0..n as u32).into_par_iter();
        let mut known: Vec<(u64, u32)> =
            numbers.map(|i| (hash(points.row(i as usize)), i)).collect();
        known.par_sort_unstable();
        Self {
            model,
            searcher: Searcher::new(points, &model.graph, &model.index),
            curve: Curve::fit(model.params.min_dist, model.params.spread),
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
        let wanted = BREADTH * self.model.params.n_neighbors.max(2);
        let k = wanted.min(self.model.positions.len());
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
                        self.settled(near, weights)
                    });
                }
            },
        );
        progress.check()?;
        Ok(out)
    }

    /// Where the attraction of the neighbours to a point is in balance, starting from their weighted mean: of
    /// neighbours in two places those in the weightier one count, and not the void between.
    fn settled(&self, near: &[u32], weights: &[f32]) -> [f32; D] {
        let positions = &self.model.positions;
        let mean = |weight: &dyn Fn(f32, &[f32; D]) -> f32| {
            let (mut sum, mut total) = ([0f32; D], 0f32);
            for (&j, &w) in near.iter().zip(weights) {
                let position = &positions[j as usize];
                let w = weight(w, position);
                total += w;
                for d in 0..D {
                    sum[d] += w * position[d];
                }
            }
            sum.map(|sum| sum / total.max(f32::MIN_POSITIVE))
        };
        let (a, b) = (self.curve.a as f32, self.curve.b as f32);
        let mut point = mean(&|w, _| w);
        for _ in 0..ROUNDS {
            point = mean(&|w, position| {
                let d2: f32 = (0..D).map(|d| (point[d] - position[d]).powi(2)).sum();
                w / (1.0 + a * power(d2.clamp(1e-12, 1e12), b))
            });
        }
        point
    }
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
