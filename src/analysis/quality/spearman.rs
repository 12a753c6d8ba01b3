//! Spearman's rank correlation of the distances in two spaces.

use rayon::prelude::*;

use crate::analysis::ranks::Space;
use crate::progress::{Cancelled, Progress};

/// The correlation over all pairs of `points`, ties with their mean rank; `None` where the distances
/// of one space are all the same.
pub(super) fn spearman(
    a: &Space<'_>,
    b: &Space<'_>,
    points: &[u32],
    progress: &Progress,
) -> Result<Option<f64>, Cancelled> {
    let (a, b) = (pairs(a, points, progress)?, pairs(b, points, progress)?);
    let a = ranks(&a);
    progress.check()?;
    Ok(pearson(&a, &ranks(&b)))
}

/// The squared distances of all pairs.
fn pairs(space: &Space<'_>, points: &[u32], progress: &Progress) -> Result<Vec<f32>, Cancelled> {
    let rows = space.gather(points.iter().map(|&p| p as usize));
    let dim = rows.ncols();
    let rows = rows.as_slice().unwrap_or_default();
    let of_first: Result<Vec<Vec<f32>>, Cancelled> = (0..points.len())
        .into_par_iter()
        .map(|first| {
            progress.check()?;
            let (own, others) = rows[first * dim..].split_at(dim);
            let others = others.chunks_exact(dim);
            Ok(others.map(|other| squared_distance(own, other)).collect())
        })
        .collect();
    Ok(of_first?.concat())
}

pub(super) fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut lanes = [0.0_f32; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            lanes[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b));
    lanes.into_iter().chain(rest).sum()
}

/// The place of each value among all in order, from 0; the mean of their places for equal ones.
fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    let value = |i: u32| values[i as usize];
    order.par_sort_unstable_by(|&i, &j| value(i).total_cmp(&value(j)));
    let mut ranks = vec![0.0; values.len()];
    let mut place = 0;
    for equal in order.chunk_by(|&i, &j| value(i) == value(j)) {
        let rank = place as f64 + (equal.len() - 1) as f64 / 2.0;
        equal.iter().for_each(|&i| ranks[i as usize] = rank);
        place += equal.len();
    }
    ranks
}

/// The linear correlation, by as many values of each; `None` where one does not vary.
pub(super) fn pearson(a: &[f64], b: &[f64]) -> Option<f64> {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |(x, mean_x): (&[f64], f64), (y, mean_y): (&[f64], f64)| -> f64 {
        let both = x.iter().zip(y);
        both.map(|(x, y)| (x - mean_x) * (y - mean_y)).sum()
    };
    let (a, b) = ((a, mean_a), (b, mean_b));
    let spread = (product(a, a) * product(b, b)).sqrt();
    (spread > 0.0).then(|| product(a, b) / spread)
}
