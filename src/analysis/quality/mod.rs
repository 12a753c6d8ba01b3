//! How faithful a map is to its vectors, by what can be counted.
//!
//! *Trustworthiness* falls with points that are neighbours on the map but not among the vectors,
//! *continuity* with neighbours that the map tears apart; both by how far down the ranking they
//! stand, 1 at best (Venna & Kaski 2001, ICANN; 2006, Neural Networks 19, 889). *Preservation* is the
//! share of the true `k` neighbours among the map's. These are counted for sampled points, with ranks
//! among all points: exact but for the rounding of distances in single precision. Of points at the
//! same distance none is nearer. Spearman's rank correlation of distances looks at the large scale, that
//! of local radii at densities.

mod density;
mod spearman;

use rand::SeedableRng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;

use density::density;
use spearman::spearman;

use super::points::{InputError, Metric, Points};
use super::ranks::{Asked, Seen, Space, scan};
use crate::progress::{Cancelled, Progress};

/// Points whose distances are correlated.
const CORRELATED: usize = 2000;

/// What to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QualityParams {
    /// Neighbours of a point, `k`, at least 1 and less than half of the points.
    pub neighbors: usize,
    /// Points that are asked for their neighbours; all, where there are no more.
    pub queries: usize,
    /// Seed of the samples.
    pub seed: u64,
    /// How far apart vectors are; on the map it is the straight line.
    pub metric: Metric,
}

impl Default for QualityParams {
    fn default() -> Self {
        Self {
            neighbors: 15,
            queries: 2000,
            seed: 1,
            metric: Metric::Euclidean,
        }
    }
}

/// A map beside its vectors: `n` points in the same order, all finite.
#[derive(Debug, Clone, Copy)]
pub struct Mapped<'a> {
    /// `n x dim`, row-major.
    pub vectors: &'a [f32],
    /// Length of a vector.
    pub dim: usize,
    /// `n x dims`, row-major.
    pub coords: &'a [f32],
    /// Dimensions of the map.
    pub dims: usize,
    /// A label for each point, where it has one.
    pub labels: Option<&'a [Option<u16>]>,
}

/// How faithful a map is. Shares lie in `0..=1`, 1 at best.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// All points; ranks are among them.
    pub points: usize,
    /// Neighbours looked at.
    pub neighbors: usize,
    /// Mean over the sampled points.
    pub trustworthiness: f64,
    /// Mean over the sampled points.
    pub continuity: f64,
    /// Mean over the sampled points.
    pub preservation: f64,
    /// Rank correlation of the distances of all pairs of [`correlated`](Self::correlated) points,
    /// `-1..=1`; `None` where all distances are the same.
    pub spearman: Option<f64>,
    /// Points in that sample.
    pub correlated: usize,
    /// Correlation of the logarithms of the mean squared distances of the sampled points to their nearest,
    /// among the vectors and on the map, `-1..=1`: whether crowded places are crowded on the map. `None`
    /// where these are all the same.
    pub density: Option<f64>,
    /// Of the sampled points that have a label, if there are any.
    pub labels: Option<LabelAccuracy>,
    /// Of each sampled point, in their order.
    pub of_points: Vec<PointQuality>,
}

/// How often the label of a point is the most frequent one of its neighbours, the nearest label of
/// several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelAccuracy {
    /// By neighbours on the map.
    pub map: f64,
    /// By neighbours among the vectors: what the map could have reached.
    pub vectors: f64,
    /// Points that were asked.
    pub points: usize,
}

/// How faithfully the surroundings of one point are mapped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointQuality {
    /// Which one.
    pub point: u32,
    /// Share of its true neighbours among those on the map.
    pub preservation: f32,
    /// Its part in the trustworthiness.
    pub trust: f32,
}

/// Why nothing could be counted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QualityError {
    /// Ranks of so many neighbours need more points.
    #[error(
        "{neighbors} neighbours need more than {} points; there are {found}: ask for fewer neighbours",
        2 * neighbors
    )]
    TooFewPoints {
        /// Neighbours asked for.
        neighbors: usize,
        /// Points there are.
        found: usize,
    },
    /// The numbers of values do not fit one another.
    #[error(
        "the map and the vectors are not of the same points; make the map of these vectors again"
    )]
    Unlike,
    /// The vectors cannot be compared in this metric.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Nothing was asked.
    #[error("at least one neighbour of one point has to be looked at")]
    Nothing,
    /// The owner asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Compares a map with its vectors. The same for any number of threads.
///
/// # Errors
/// Fewer than `2 k + 1` points; no neighbours or queries; lengths that do not fit; cancellation.
pub fn quality(
    mapped: &Mapped<'_>,
    params: &QualityParams,
    progress: &Progress,
) -> Result<Quality, QualityError> {
    let (points, k) = (mapped.coords.len() / mapped.dims.max(1), params.neighbors);
    if k == 0 || params.queries == 0 {
        return Err(QualityError::Nothing);
    }
    if points <= k.saturating_mul(2) {
        return Err(QualityError::TooFewPoints {
            neighbors: k,
            found: points,
        });
    }
    let fits = mapped.coords.len() == points * mapped.dims
        && mapped.dim > 0
        && mapped.vectors.len() == points * mapped.dim;
    if !fits {
        return Err(QualityError::Unlike);
    }
    if params.metric == Metric::Dot {
        Points::new(mapped.vectors, mapped.dim)?.suited_to(params.metric)?;
    }
    let vectors = Space::vectors(mapped.vectors, mapped.dim, params.metric);
    let map = Space::map(mapped.coords, mapped.dims);
    let queries = sampled(points, params.queries, params.seed);
    let asked = Asked::Among(&queries);
    let on_map = scan(&map, asked, &[], k, &progress.part(0.0..0.1))?;
    let drawn: Vec<Vec<u32>> = on_map.into_iter().map(|seen| seen.nearest).collect();
    let seen = scan(&vectors, asked, &drawn, k, &progress.part(0.1..0.8))?;
    let (known, ranks): (Vec<_>, Vec<_>) = seen.into_iter().map(|s| (s.nearest, s.ranks)).unzip();
    let torn = scan(&map, asked, &known, 0, &progress.part(0.8..0.9))?;
    let pairs = sampled(points, CORRELATED, params.seed.wrapping_add(1));
    let spearman = spearman(&vectors, &map, &pairs, &progress.part(0.9..1.0))?;

    // Where no point were farther down the ranking, the sum of these would be that of the worst.
    let worst = k as f64 * (2.0 * points as f64 - 3.0 * k as f64 - 1.0) / 2.0;
    let lost = |ranks: &[u32]| {
        let beyond = ranks.iter().map(|&rank| (rank as usize).saturating_sub(k));
        beyond.sum::<usize>() as f64 / worst
    };
    let of_points: Vec<PointQuality> = queries
        .iter()
        .zip(&ranks)
        .map(|(&point, ranks)| PointQuality {
            point,
            preservation: ranks.iter().filter(|&&r| r as usize <= k).count() as f32 / k as f32,
            trust: (1.0 - lost(ranks)) as f32,
        })
        .collect();
    let mean = |sum: f64| sum / queries.len() as f64;
    let distrust: f64 = ranks.iter().map(|ranks| lost(ranks)).sum();
    let tears: f64 = torn.iter().map(|Seen { ranks, .. }| lost(ranks)).sum();
    let kept = of_points.iter().map(|p| f64::from(p.preservation));
    Ok(Quality {
        points,
        neighbors: k,
        trustworthiness: 1.0 - mean(distrust),
        continuity: 1.0 - mean(tears),
        preservation: mean(kept.sum()),
        spearman,
        correlated: pairs.len(),
        density: density(&queries, (&vectors, &known), (&map, &drawn)),
        labels: mapped
            .labels
            .and_then(|labels| label_accuracy(labels, &queries, &drawn, &known)),
        of_points,
    })
}

/// Some of so many points, each with the same chance, in their order.
fn sampled(points: usize, most: usize, seed: u64) -> Vec<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut chosen: Vec<u32> = sample(&mut rng, points, most.min(points))
        .into_iter()
        .map(|i| i as u32)
        .collect();
    chosen.sort_unstable();
    chosen
}

fn label_accuracy(
    labels: &[Option<u16>],
    queries: &[u32],
    map: &[Vec<u32>],
    vectors: &[Vec<u32>],
) -> Option<LabelAccuracy> {
    let label = |point: &u32| labels.get(*point as usize).copied().flatten();
    let right = |neighbors: &[Vec<u32>]| {
        let asked = queries.iter().zip(neighbors);
        let right = asked.filter(|(query, neighbors)| {
            let own = label(query);
            own.is_some() && vote(neighbors.iter().filter_map(label)) == own
        });
        right.count() as f64
    };
    let points = queries
        .iter()
        .filter(|query| label(query).is_some())
        .count();
    (points > 0).then(|| LabelAccuracy {
        map: right(map) / points as f64,
        vectors: right(vectors) / points as f64,
        points,
    })
}

/// The most frequent label, the first of several.
fn vote(labels: impl Iterator<Item = u16>) -> Option<u16> {
    let mut counts: Vec<(u16, usize)> = Vec::new();
    for label in labels {
        match counts.iter_mut().find(|(known, _)| *known == label) {
            Some((_, count)) => *count += 1,
            None => counts.push((label, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max()?;
    let first = counts.iter().find(|(_, count)| *count == most);
    first.map(|(label, _)| *label)
}

#[cfg(test)]
mod tests;
