//! Objects of one set of vectors looked up among those of another, in a space that both share.
//!
//! Encoders trained together, as the towers of pictures and spectra of `AstroCLIP` (Parker et al. 2024,
//! MNRAS 531, 4990), put what belongs together in the same direction: the match is the vector at the
//! smallest angle. All are looked at, so the answer is exact but for the rounding of angles in single
//! precision, and the same for any number of threads.

use rayon::prelude::*;

use super::points::{self, Metric, Points};
use super::ranks::{Asked, Space, scan};
use crate::progress::{Cancelled, Progress};

/// Why nothing was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RetrievalError {
    /// The vectors have different lengths.
    #[error(
        "vectors of {queries} values cannot be looked up among vectors of {among}; encode both with encoders of one space"
    )]
    Dimension {
        /// Values of a vector that is looked up.
        queries: usize,
        /// Values of the others.
        among: usize,
    },
    /// No vectors, or no matches wanted.
    #[error("there is nothing to look up: no vectors, or no matches asked for")]
    Nothing,
    /// The owner asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What each query finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrieval {
    /// Matches of each query: those asked for, or all there are.
    pub k: usize,
    /// `n x k` places among the others, best match first; of equal ones the first.
    pub matches: Vec<u32>,
    /// `n x k` cosines, `-1..=1`.
    pub similarities: Vec<f32>,
    /// How far down the ranking a query's own partner stands, 1 where no other is nearer; `None` where
    /// it has none.
    pub ranks: Vec<Option<u32>>,
}

/// How often a query finds its own partner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartnersFound {
    /// Queries that have one.
    pub partners: usize,
    /// Share that finds it first, `0..=1`.
    pub first: f64,
    /// Share that finds it among the `k` matches, `0..=1`.
    pub within_k: f64,
    /// Median rank; of an even number the mean of the middle two.
    pub median_rank: f64,
}

impl Retrieval {
    /// How often partners are found; `None` where no query has one.
    #[must_use]
    pub fn partners_found(&self) -> Option<PartnersFound> {
        let mut ranks: Vec<u32> = self.ranks.iter().copied().flatten().collect();
        if ranks.is_empty() {
            return None;
        }
        ranks.sort_unstable();
        let share = |k: usize| {
            ranks.partition_point(|&rank| rank as usize <= k) as f64 / ranks.len() as f64
        };
        let (low, high) = (ranks[(ranks.len() - 1) / 2], ranks[ranks.len() / 2]);
        Some(PartnersFound {
            partners: ranks.len(),
            first: share(1),
            within_k: share(self.k),
            median_rank: f64::midpoint(f64::from(low), f64::from(high)),
        })
    }
}

/// Looks up each of `queries` (`n x d`) among the others (`m x d`) by the angle between vectors.
/// `partners[i]` is the place of the `i`th query's partner, where it has one.
///
/// # Errors
/// [`RetrievalError`]: other lengths, nothing to look up, cancellation.
///
/// # Panics
/// When there are not as many `partners` as queries, or one names no vector.
pub fn retrieve(
    queries: Points<'_>,
    among: Points<'_>,
    partners: &[Option<u32>],
    k: usize,
    progress: &Progress,
) -> Result<Retrieval, RetrievalError> {
    assert_eq!(
        partners.len(),
        queries.len(),
        "one partner or none for each"
    );
    if queries.dim() != among.dim() {
        return Err(RetrievalError::Dimension {
            queries: queries.dim(),
            among: among.dim(),
        });
    }
    let k = k.min(among.len());
    if k == 0 || queries.is_empty() {
        return Err(RetrievalError::Nothing);
    }
    let [from, space] =
        [queries, among].map(|set| Space::vectors(set.values(), set.dim(), Metric::Cosine));
    let asked: Vec<u32> = (0..queries.len() as u32).collect();
    // All queries need as many probes: one without a partner probes the first, for nothing.
    let probes: Vec<Vec<u32>> = partners.iter().map(|p| vec![p.unwrap_or(0)]).collect();
    let seen = scan(&space, Asked::Of(&from, &asked), &probes, k, progress)?;
    let mut retrieval = Retrieval {
        k,
        matches: Vec::with_capacity(asked.len() * k),
        similarities: Vec::with_capacity(asked.len() * k),
        ranks: Vec::with_capacity(asked.len()),
    };
    for ((query, seen), partner) in seen.iter().enumerate().zip(partners) {
        let vector = queries.row(query);
        let cosines = seen
            .nearest
            .iter()
            .map(|&place| cosine(vector, among.row(place as usize)));
        retrieval.similarities.extend(cosines);
        retrieval.matches.extend_from_slice(&seen.nearest);
        retrieval.ranks.push(partner.map(|_| seen.ranks[0]));
    }
    Ok(retrieval)
}

/// The `k` vectors at the smallest angle to `vector`, best first and of equal ones the first, among
/// those whose place is `wanted`: place and cosine. None where `vector` has no length or another
/// number of values.
pub fn nearest(
    among: Points<'_>,
    vector: &[f32],
    k: usize,
    wanted: impl Fn(usize) -> bool + Sync,
) -> Vec<(u32, f32)> {
    /// Vectors looked at by one thread at a time.
    const CHUNK: usize = 4096;
    if vector.len() != among.dim() || cosine(vector, vector) <= 0.0 {
        return Vec::new();
    }
    let Ok(query) = Points::new(vector, vector.len()) else {
        return Vec::new();
    };
    let [query, space] = [query, among].map(|set| points::Space::new(set, Metric::Cosine));
    let best = |mut found: Vec<(f32, u32)>| {
        let nearer = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        if found.len() > k {
            found.select_nth_unstable_by(k, nearer);
            found.truncate(k);
        }
        found.sort_unstable_by(nearer);
        found
    };
    let chunk = |start: usize| {
        let places = start..(start + CHUNK).min(among.len());
        let found = places
            .filter(|&place| wanted(place))
            .map(|place| (space.dist2_to(place, &query, 0), place as u32));
        best(found.collect())
    };
    let starts = (0..among.len()).into_par_iter().step_by(CHUNK);
    let found = starts
        .map(chunk)
        .reduce(Vec::new, |a, b| best([a, b].concat()));
    let with_cosine = |(_, place)| (place, cosine(vector, among.row(place as usize)));
    found.into_iter().map(with_cosine).collect()
}

/// 0 where a vector has no length.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
        products.sum()
    };
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        (dot(a, b) / lengths).clamp(-1.0, 1.0) as f32
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn cloud(n: usize, dim: usize, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..n * dim).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    fn points(values: &[f32], dim: usize) -> Points<'_> {
        Points::new(values, dim).unwrap()
    }

    #[test]
    fn the_nearest_of_one_are_those_of_a_retrieval() {
        let values = cloud(9000, 11, 3);
        let all = points(&values, 11);
        let found = nearest(all, all.row(17), 6, |_| true);
        let expected =
            retrieve(points(all.row(17), 11), all, &[None], 6, &Progress::new()).unwrap();
        let places: Vec<u32> = found.iter().map(|f| f.0).collect();
        assert_eq!(places, expected.matches);
        assert!((found[0].1 - 1.0).abs() < 1e-6 && found[0].0 == 17);
        let odd = nearest(all, all.row(17), 6, |place| place % 2 == 0);
        assert!(odd.iter().all(|f| f.0 % 2 == 0) && odd.len() == 6);
        assert!(nearest(all, &[0.0; 11], 6, |_| true).is_empty());
        assert!(nearest(all, &[1.0; 3], 6, |_| true).is_empty());
        assert_eq!(
            nearest(points(&values[..33], 11), all.row(0), 6, |_| true).len(),
            3
        );
    }

    #[test]
    fn it_finds_what_looking_at_all_pairs_finds() {
        // More of both than a block holds; lengths must not matter.
        let (dim, a, mut b) = (7, cloud(700, 7, 1), cloud(1300, 7, 2));
        for (row, vector) in b.chunks_exact_mut(dim).enumerate() {
            let length = 10.0_f32.powi(row as i32 % 9 - 4);
            vector.iter_mut().for_each(|v| *v *= length);
        }
        let partners: Vec<Option<u32>> = (0..700).map(|i| (i % 3 > 0).then_some(i)).collect();
        let (a, b) = (points(&a, dim), points(&b, dim));
        let found = retrieve(a, b, &partners, 5, &Progress::new()).unwrap();
        for query in 0..700 {
            let cosines: Vec<f32> = (0..1300).map(|o| cosine(a.row(query), b.row(o))).collect();
            let mut sorted = cosines.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            for place in 0..5 {
                let at = query * 5 + place;
                assert!((found.similarities[at] - sorted[place]).abs() < 1e-6);
                assert!((cosines[found.matches[at] as usize] - sorted[place]).abs() < 1e-6);
            }
            let Some(rank) = found.ranks[query] else {
                assert_eq!(query % 3, 0);
                continue;
            };
            let own = cosines[query];
            let count = |by: f32| cosines.iter().filter(|&&c| c > own + by).count() as u32 + 1;
            assert!((count(1e-6)..=count(-1e-6)).contains(&rank), "{query}");
        }
        let partners = found.partners_found().unwrap();
        assert_eq!(partners.partners, 466);
        assert!((400.0..900.0).contains(&partners.median_rank));
    }

    #[test]
    fn partners_in_the_same_direction_come_first() {
        let a = cloud(50, 4, 3);
        let b: Vec<f32> = a.iter().map(|v| v * 3.0).collect();
        let partners: Vec<_> = (0..50).map(Some).collect();
        let found = retrieve(
            points(&a, 4),
            points(&b, 4),
            &partners,
            90,
            &Progress::new(),
        );
        let found = found.unwrap();
        assert_eq!((found.k, found.matches.len()), (50, 2500));
        let partners = found.partners_found().unwrap();
        assert_eq!(
            (partners.first, partners.within_k, partners.median_rank),
            (1.0, 1.0, 1.0)
        );
        assert!(
            found
                .similarities
                .iter()
                .step_by(50)
                .all(|c| *c > 0.999_999)
        );
    }

    #[test]
    fn vectors_of_other_lengths_and_none_are_refused() {
        let values = cloud(6, 4, 4);
        let none = [None; 6];
        let look = |q, a, p: &[_], k| retrieve(q, a, p, k, &Progress::new()).unwrap_err();
        let (four, three) = (points(&values, 4), points(&values, 3));
        assert!(matches!(
            look(four, three, &none, 2),
            RetrievalError::Dimension {
                queries: 4,
                among: 3
            }
        ));
        assert_eq!(
            look(four, points(&[], 4), &none, 2),
            RetrievalError::Nothing
        );
        assert_eq!(look(four, four, &none, 0), RetrievalError::Nothing);
        let progress = Progress::new();
        progress.cancel();
        let stopped = retrieve(four, four, &none, 2, &progress);
        assert!(matches!(stopped, Err(RetrievalError::Cancelled(_))));
    }
}
