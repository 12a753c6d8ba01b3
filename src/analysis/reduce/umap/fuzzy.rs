//! The fuzzy simplicial set of a neighbour graph (`McInnes`, Healy & Melville 2018, section 3.1):
//! each point's distances are turned into memberships that add up to log2 k, and the two
//! directions of an edge are joined by the probabilistic sum p + q - p q.

use crate::analysis::neighbors::KnnGraph;
use crate::analysis::reduce::edges::Edges;
use crate::progress::{Cancelled, Progress};
use rayon::prelude::*;

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

/// The fuzzy union of the first `k` neighbours of each point. Vertex `v` is point `order[v]`.
pub fn fuzzy_edges(
    graph: &KnnGraph,
    k: usize,
    order: &[u32],
    progress: &Progress,
) -> Result<Edges, Cancelled> {
    let n = graph.len();
    let k = k.min(graph.k);
    if k == 0 {
        return Ok(Edges::none(n));
    }
    let mut vertex = vec![0u32; n];
    for (v, &i) in order.iter().enumerate() {
        vertex[i as usize] = v as u32;
    }
    let sum = |i: usize| -> f64 {
        let distances = graph.distances(i)[..k].iter();
        distances.map(|d| f64::from(*d)).sum()
    };
    let mean = (0..n).map(sum).sum::<f64>() / (n * k) as f64;
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
    let union = |w: f32, back: f32| w + back - w * back;
    Edges::joined(n, k, &near, &directed, union, progress)
}
