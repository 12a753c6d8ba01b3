//! Whether the map keeps densities: the correlation of local radii.

use rayon::prelude::*;

use super::spearman::{pearson, squared_distance};
use crate::analysis::ranks::Space;

/// Pearson's correlation of the logarithms of the mean squared distances from each query to its nearest
/// points, `among` the vectors and `on` the map, as densMAP counts it (Narayan, Berger & Cho 2021, without
/// its weights). Queries that coincide with all their nearest do not count; `None` where the radii of
/// one space are all the same.
pub(super) fn density(
    queries: &[u32],
    among: (&Space<'_>, &[Vec<u32>]),
    on: (&Space<'_>, &[Vec<u32>]),
) -> Option<f64> {
    let radii = |(space, nearest): (&Space<'_>, &[Vec<u32>])| -> Vec<f64> {
        let both = queries.par_iter().zip(nearest);
        both.map(|(&query, nearest)| log_radius(space, query, nearest))
            .collect()
    };
    let (vectors, map) = (radii(among), radii(on));
    let both = vectors.into_iter().zip(map);
    let (vectors, map): (Vec<f64>, Vec<f64>) =
        both.filter(|(v, m)| v.is_finite() && m.is_finite()).unzip();
    pearson(&vectors, &map)
}

fn log_radius(space: &Space<'_>, query: u32, nearest: &[u32]) -> f64 {
    let points = std::iter::once(&query).chain(nearest);
    let points: Vec<usize> = points.map(|&p| p as usize).collect();
    let rows = space.gather(points.into_iter());
    let (dim, rows) = (rows.ncols(), rows.as_slice().unwrap_or_default());
    let (own, others) = rows.split_at(dim);
    let squares = others.chunks_exact(dim);
    let sum: f64 = squares
        .map(|other| f64::from(squared_distance(own, other)))
        .sum();
    (sum / nearest.len() as f64).ln()
}
