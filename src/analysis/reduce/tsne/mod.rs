//! t-SNE (van der Maaten & Hinton 2008): a map in two or three dimensions that keeps neighbours, with
//! the repulsion of Barnes-Hut-SNE (van der Maaten 2014).
//!
//! Start, step size and exaggeration follow Kobak & Berens (2019, `doi:10.1038/s41467-019-13056-x`) and
//! Belkina et al. (2019): principal components, a twelfth of the number of points, twelve-fold for the
//! first 250 steps. The same seed makes the same map on any number of threads.

mod affinity;
mod tree;

use super::edges::Edges;
use super::umap::principal_start;
use crate::analysis::neighbors::{KnnError, KnnParams, knn_graph};
use crate::analysis::points::{Metric, Points, Space};
use crate::progress::{Cancelled, Progress};
use rayon::prelude::*;
use tree::Tree;

/// Most points: beyond, a step takes longer than anyone waits for hundreds of them.
pub const MOST_POINTS: usize = 250_000;

const EXAGGERATION: f32 = 12.0;
const EXAGGERATED_STEPS: u32 = 250;
const DEFAULT_STEPS: u32 = 750;
const MOMENTUM: [f32; 2] = [0.5, 0.8];
const LEAST_RATE: f32 = 200.0;
const LEAST_GAIN: f32 = 0.01;
/// Standard deviation of the start along its first axis.
const START: f32 = 1e-4;
/// Points handled by one task.
const TASK: usize = 256;

/// What the map looks like.
#[derive(Clone, Debug)]
pub struct TsneParams {
    /// Effective number of neighbours.
    pub perplexity: f64,
    /// How near two vectors are.
    pub metric: Metric,
    /// Steps of the descent; 750 when `None`.
    pub steps: Option<u32>,
    /// Of random numbers.
    pub seed: u64,
}

/// A map in the making.
pub struct Fit<const D: usize> {
    affinities: Edges,
    /// Point of each vertex.
    order: Vec<u32>,
    positions: Vec<[f32; D]>,
    updates: Vec<[f32; D]>,
    gains: Vec<[f32; D]>,
    step: u32,
    steps: u32,
}

impl<const D: usize> Fit<D> {
    /// Finds the neighbours, their affinities and the start positions.
    ///
    /// # Errors
    /// When the work was cancelled.
    pub fn new(
        points: Points<'_>,
        params: &TsneParams,
        progress: &Progress,
    ) -> Result<Self, KnnError> {
        let n = points.len();
        // Fewer points than that have no such perplexity.
        let perplexity = params.perplexity.min((n as f64 - 1.0) / 3.0).max(1.0);
        let knn = KnnParams {
            k: (3.0 * perplexity).ceil() as usize,
            metric: params.metric,
            seed: params.seed,
            ..KnnParams::default()
        };
        let (graph, _) = knn_graph(points, &knn, progress)?;
        let affinities = affinity::affinities(&graph, params.metric, perplexity, progress)?;
        let order = graph.order;
        let space = Space::new(points, params.metric);
        let mut positions = principal_start::<D>(&space, &order, params.seed);
        let variance = positions.iter().map(|p| p[0] * p[0]).sum::<f32>() / n.max(1) as f32;
        let scale = START / variance.sqrt().max(f32::MIN_POSITIVE);
        positions.iter_mut().flatten().for_each(|v| *v *= scale);
        Ok(Self {
            affinities,
            order,
            updates: vec![[0.0; D]; n],
            gains: vec![[1.0; D]; n],
            positions,
            step: 0,
            steps: params.steps.unwrap_or(DEFAULT_STEPS),
        })
    }

    /// One step more. After `Err` the fit must not be continued.
    ///
    /// # Errors
    /// When the work was cancelled.
    pub fn step(&mut self, progress: &Progress) -> Result<(), Cancelled> {
        let n = self.positions.len();
        let tree = Tree::new(&self.positions);
        let mut repulsions = vec![([0f32; D], 0f32); n];
        repulsions
            .par_chunks_mut(TASK)
            .enumerate()
            .for_each(|(c, out)| {
                if !progress.is_cancelled() {
                    for (i, out) in out.iter_mut().enumerate() {
                        *out = tree.repulsion(c * TASK + i);
                    }
                }
            });
        progress.check()?;
        // in a fixed order, in double precision
        let total: f64 = repulsions.iter().map(|r| f64::from(r.1)).sum();
        let mut repulsion = vec![[0f32; D]; n];
        for (&i, (force, _)) in tree.order().iter().zip(&repulsions) {
            repulsion[i as usize] = force.map(|f| (f64::from(f) / total.max(1e-12)) as f32);
        }
        let early = self.step < EXAGGERATED_STEPS.min(self.steps / 3);
        let exaggeration = if early { EXAGGERATION } else { 1.0 };
        let momentum = MOMENTUM[usize::from(!early)];
        let rate = (n as f32 / EXAGGERATION).max(LEAST_RATE);
        let (positions, affinities) = (&self.positions, &self.affinities);
        let vertices = self.updates.par_iter_mut().zip(&mut self.gains);
        vertices
            .zip(&repulsion)
            .enumerate()
            .with_min_len(TASK)
            .for_each(|(v, ((update, gain), repulsion))| {
                let point = positions[v];
                let mut attraction = [0f32; D];
                for (tail, p) in affinities.of(v) {
                    let other = positions[tail as usize];
                    let difference: [f32; D] = std::array::from_fn(|d| point[d] - other[d]);
                    let d2 = difference.iter().map(|v| v * v).sum::<f32>();
                    for d in 0..D {
                        attraction[d] += p / (1.0 + d2) * difference[d];
                    }
                }
                for d in 0..D {
                    let gradient = 4.0 * (exaggeration * attraction[d] - repulsion[d]);
                    let along = gradient * update[d] < 0.0;
                    gain[d] = if along { gain[d] + 0.2 } else { gain[d] * 0.8 }.max(LEAST_GAIN);
                    update[d] = momentum * update[d] - rate * gain[d] * gradient;
                }
            });
        for (p, u) in self.positions.iter_mut().zip(&self.updates) {
            for d in 0..D {
                p[d] += u[d];
            }
        }
        self.center();
        self.step += 1;
        progress.report(self.step as f32 / self.steps as f32);
        Ok(())
    }

    /// Moves the middle to the origin.
    fn center(&mut self) {
        let n = self.positions.len().max(1) as f64;
        for d in 0..D {
            let mean = self.positions.iter().map(|p| f64::from(p[d])).sum::<f64>() / n;
            self.positions.iter_mut().for_each(|p| p[d] -= mean as f32);
        }
    }

    /// Whether all steps are done.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.step >= self.steps
    }

    /// Steps that are done.
    #[must_use]
    pub fn steps_done(&self) -> u32 {
        self.step
    }

    /// Steps in all.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Positions by point, as they are now.
    #[must_use]
    pub fn positions(&self) -> Vec<[f32; D]> {
        let mut out = vec![[0f32; D]; self.order.len()];
        for (p, &i) in self.positions.iter().zip(&self.order) {
            out[i as usize] = *p;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::rng::Rng;

    fn fitted(values: &[f32], dim: usize, steps: u32) -> Vec<[f32; 2]> {
        let points = Points::new(values, dim).unwrap();
        let params = TsneParams {
            perplexity: 20.0,
            metric: Metric::Euclidean,
            steps: Some(steps),
            seed: 1,
        };
        let mut fit = Fit::<2>::new(points, &params, &Progress::new()).unwrap();
        while !fit.finished() {
            fit.step(&Progress::new()).unwrap();
        }
        fit.positions()
    }

    fn clusters(n: usize) -> Vec<f32> {
        let mut rng = Rng::new(5, 1, 1);
        let value = |i: usize, rng: &mut Rng| {
            let (row, column) = (i / 8, i % 8);
            rng.signed() + if row % 6 == column { 12.0 } else { 0.0 }
        };
        (0..n * 8).map(|i| value(i, &mut rng)).collect()
    }

    #[test]
    fn clusters_part_and_threads_do_not_matter() {
        let x = clusters(1200);
        let map = fitted(&x, 8, 300);
        for (i, p) in map.iter().enumerate().step_by(37) {
            let distance = |q: &[f32; 2]| (p[0] - q[0]).hypot(p[1] - q[1]);
            let mut others: Vec<usize> = (0..map.len()).filter(|j| *j != i).collect();
            others.sort_by(|a, b| distance(&map[*a]).total_cmp(&distance(&map[*b])));
            let own = others[..10].iter().filter(|j| *j % 6 == i % 6).count();
            assert_eq!(own, 10);
        }
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        assert_eq!(one.unwrap().install(|| fitted(&x, 8, 300)), map);
    }

    #[test]
    fn hostile_sets_make_finite_maps() {
        let mut copies = clusters(500);
        copies[..300 * 8].fill(1.0);
        let mut far = clusters(300);
        far[..8].fill(1e8);
        for x in [copies, far, clusters(2), clusters(5), vec![3.0; 400 * 8]] {
            let map = fitted(&x, 8, 60);
            assert!(map.iter().flatten().all(|v| v.is_finite()), "{}", x.len());
        }
    }

    #[test]
    fn can_be_cancelled() {
        let x = clusters(600);
        let points = Points::new(&x, 8).unwrap();
        let params = TsneParams {
            perplexity: 10.0,
            metric: Metric::Cosine,
            steps: None,
            seed: 1,
        };
        let mut fit = Fit::<3>::new(points, &params, &Progress::new()).unwrap();
        let stopped = Progress::new();
        stopped.cancel();
        assert!(fit.step(&stopped).is_err());
    }
}
