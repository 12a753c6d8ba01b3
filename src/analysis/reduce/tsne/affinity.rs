//! How near neighbours are, as probabilities: Gaussians about each point, as wide as the perplexity
//! asks for.

use crate::analysis::neighbors::KnnGraph;
use crate::analysis::points::Metric;
use crate::analysis::reduce::edges::Edges;
use crate::progress::{Cancelled, Progress};
use rayon::prelude::*;

/// Halvings of the interval in which the width is searched.
const SEARCH_STEPS: usize = 60;

/// Symmetric affinities that add up to 1. Vertex `v` is point `graph.order[v]`.
///
/// # Errors
/// When the work was cancelled.
pub fn affinities(
    graph: &KnnGraph,
    metric: Metric,
    perplexity: f64,
    progress: &Progress,
) -> Result<Edges, Cancelled> {
    let (n, k) = (graph.len(), graph.k);
    if k == 0 {
        return Ok(Edges::none(n));
    }
    let mut vertex = vec![0u32; n];
    for (v, &i) in graph.order.iter().enumerate() {
        vertex[i as usize] = v as u32;
    }
    let (mut near, mut directed) = (vec![0u32; n * k], vec![0f32; n * k]);
    near.par_chunks_mut(k)
        .zip(directed.par_chunks_mut(k))
        .zip(&graph.order)
        .for_each_init(Vec::new, |squares, ((near, weights), &i)| {
            for (v, &j) in near.iter_mut().zip(graph.neighbors(i as usize)) {
                *v = vertex[j as usize];
            }
            squares.clear();
            let square = |d: &f32| match metric {
                Metric::Euclidean => f64::from(*d) * f64::from(*d),
                // half the square of the distance of vectors of unit length already
                Metric::Cosine | Metric::Dot => 2.0 * f64::from(*d),
            };
            squares.extend(graph.distances(i as usize).iter().map(square));
            conditional(squares, perplexity, weights);
        });
    let share = 1.0 / (2.0 * n as f32);
    let mean = |p: f32, back: f32| (p + back) * share;
    Edges::joined(n, k, &near, &directed, mean, progress)
}

/// Probabilities of the neighbours at these squared distances, ascending, that add up to 1 and have
/// the perplexity that is asked for, as far as their number allows.
fn conditional(squares: &[f64], perplexity: f64, out: &mut [f32]) {
    let nearest = squares.first().copied().unwrap_or(0.0);
    let farthest = squares.last().copied().unwrap_or(0.0) - nearest;
    let entropy = perplexity.min(squares.len() as f64).ln();
    // in units of the range of the distances
    let scale = if farthest > 0.0 { 1.0 / farthest } else { 1.0 };
    let sums = |beta: f64| {
        squares.iter().fold((0.0, 0.0), |(sum, weighted), d| {
            let d = (d - nearest) * scale;
            let p = (-beta * d).exp();
            (sum + p, weighted + d * p)
        })
    };
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut beta = 1.0;
    for _ in 0..SEARCH_STEPS {
        let (sum, weighted) = sums(beta);
        let excess = sum.ln() + beta * weighted / sum - entropy;
        if excess.abs() < 1e-5 {
            break;
        }
        if excess > 0.0 {
            low = beta;
        } else {
            high = beta;
        }
        beta = if high.is_finite() {
            f64::midpoint(low, high)
        } else {
            beta * 2.0
        };
    }
    let (sum, _) = sums(beta);
    for (o, d) in out.iter_mut().zip(squares) {
        *o = ((-beta * (d - nearest) * scale).exp() / sum) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_perplexity_that_is_asked_for() {
        let squares: Vec<f64> = (0..90).map(|i| f64::from(i * i) * 0.01 + 4.0).collect();
        let mut p = vec![0f32; 90];
        conditional(&squares, 30.0, &mut p);
        let sum: f32 = p.iter().sum();
        let entropy: f64 = p
            .iter()
            .map(|&p| -f64::from(p) * f64::from(p.max(1e-30)).ln())
            .sum();
        assert!(
            (sum - 1.0).abs() < 1e-4 && (entropy.exp() - 30.0).abs() < 0.1,
            "{}",
            entropy.exp()
        );
        conditional(&[0.0; 5], 3.0, &mut p[..5]);
        assert!(p[..5].iter().all(|p| (p - 0.2).abs() < 1e-6));
    }
}
