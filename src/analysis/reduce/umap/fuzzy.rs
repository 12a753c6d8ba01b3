//! The fuzzy simplicial set of a neighbour graph (`McInnes`, Healy & Melville 2018, section 3.1):
//! each point's distances are turned into memberships that add up to log2 k, and the two
//! directions of an edge are joined by the probabilistic sum p + q - p q.

use crate::analysis::neighbors::KnnGraph;
use crate::progress::{Cancelled, Progress};
use rayon::prelude::*;

/// Symmetric weighted edges by head vertex: both directions are stored.
pub struct FuzzyGraph {
    /// `tails[bounds[v]..bounds[v + 1]]` are the neighbours of `v`.
    pub bounds: Vec<u32>,
    pub tails: Vec<u32>,
    pub weights: Vec<f32>,
}

/// Smallest scale, as a share of the mean distance.
const MIN_SCALE: f64 = 1e-3;
const NEWTON_STEPS: usize = 32;

/// Memberships of one point's neighbours from their ascending distances: the nearest (at `rho`)
/// gets 1, the others exp(-(d - rho) / sigma) with sigma such that the sum is log2(k + 1), where
/// the point itself counts as one of k + 1. `mean` is the mean distance of all points.
///
/// With u = 1 / sigma the sum is convex and falling in u, so Newton's method from u = 0
/// approaches the root from one side and needs no bracket.
pub fn memberships(distances: &[f32], mean: f64, weights: &mut [f32]) {
    let rho = distances.iter().copied().find(|d| *d > 0.0).unwrap_or(0.0);
    scaled_memberships(
        distances,
        rho,
        ((distances.len() + 1) as f32).log2(),
        mean,
        weights,
    );
}

/// The same for any `rho` and any sum `target`.
pub fn scaled_memberships(
    distances: &[f32],
    rho: f32,
    target: f32,
    mean: f64,
    weights: &mut [f32],
) {
    let own = distances.iter().map(|d| f64::from(*d)).sum::<f64>() / distances.len().max(1) as f64;
    let least = MIN_SCALE * if own > 0.0 { own } else { mean };
    let most = if least > 0.0 {
        (1.0 / least) as f32
    } else {
        f32::MAX
    };
    let mut u = 0f32;
    for _ in 0..NEWTON_STEPS {
        let (mut sum, mut slope) = (0f32, 0f32);
        for d in distances {
            let t = (d - rho).max(0.0);
            let e = (-t * u).exp();
            sum += e;
            slope += t * e;
        }
        let excess = sum - target;
        if excess < 1e-5 {
            break;
        }
        if slope <= 0.0 || u >= most {
            u = most;
            break;
        }
        u = (u + excess / slope).min(most);
    }
    for (w, d) in weights.iter_mut().zip(distances) {
        let t = (d - rho).max(0.0);
        *w = if t > 0.0 { (-t * u).exp() } else { 1.0 };
    }
}

impl FuzzyGraph {
    /// From the first `k` neighbours of each point. Vertex `v` is point `order[v]`.
    pub fn new(
        graph: &KnnGraph,
        k: usize,
        order: &[u32],
        progress: &Progress,
    ) -> Result<Self, Cancelled> {
        let n = graph.len();
        let k = k.min(graph.k);
        if k == 0 {
            return Ok(Self {
                bounds: vec![0; n + 1],
                tails: Vec::new(),
                weights: Vec::new(),
            });
        }
        let mut vertex = vec![0u32; n];
        for (v, &i) in order.iter().enumerate() {
            vertex[i as usize] = v as u32;
        }
        let mean = (0..n)
            .map(|i| {
                graph.distances(i)[..k]
                    .iter()
                    .map(|d| f64::from(*d))
                    .sum::<f64>()
            })
            .sum::<f64>()
            / (n * k) as f64;
        let (mut near, mut directed) = (vec![0u32; n * k], vec![0f32; n * k]);
        near.par_chunks_mut(k)
            .zip(directed.par_chunks_mut(k))
            .zip(order)
            .for_each(|((near, weights), &i)| {
                for (v, &j) in near.iter_mut().zip(graph.neighbors(i as usize)) {
                    *v = vertex[j as usize];
                }
                memberships(&graph.distances(i as usize)[..k], mean, weights);
            });
        drop(vertex);
        progress.check()?;
        Ok(symmetric(n, k, &near, &directed))
    }
}

fn symmetric(n: usize, k: usize, near: &[u32], directed: &[f32]) -> FuzzyGraph {
    let place = |head: usize, tail: u32| {
        near[head * k..(head + 1) * k]
            .iter()
            .position(|&t| t == tail)
    };
    // whether the edge is one-sided: its tail does not have it
    let one_sided: Vec<bool> = near
        .par_iter()
        .enumerate()
        .map(|(p, &j)| place(j as usize, (p / k) as u32).is_none())
        .collect();
    let mut bounds = vec![0u32; n + 1];
    for (p, &j) in near.iter().enumerate() {
        bounds[p / k + 1] += 1;
        if one_sided[p] {
            bounds[j as usize + 1] += 1;
        }
    }
    for v in 0..n {
        bounds[v + 1] += bounds[v];
    }
    let edges = bounds[n] as usize;
    let (mut tails, mut weights) = (vec![0u32; edges], vec![0f32; edges]);
    let mut next: Vec<u32> = bounds[..n].to_vec();
    for (p, (&j, &w)) in near.iter().zip(directed).enumerate() {
        let i = p / k;
        let at = next[i] as usize;
        next[i] += 1;
        tails[at] = j;
        weights[at] = match place(j as usize, i as u32) {
            Some(q) => {
                let back = directed[j as usize * k + q];
                w + back - w * back
            }
            None => w,
        };
        if one_sided[p] {
            let at = next[j as usize] as usize;
            next[j as usize] += 1;
            tails[at] = i as u32;
            weights[at] = w;
        }
    }
    FuzzyGraph {
        bounds,
        tails,
        weights,
    }
}
