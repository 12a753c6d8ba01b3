//! Who is near whom: the nearest points of some, and how many are nearer than a given one, exactly,
//! by looking at all.

use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::{ArrayView1, ArrayViewMut1};
use rayon::prelude::*;

use super::space::Space;
use crate::progress::{Cancelled, Progress};

/// Queries and points measured at a time.
const QUERIES: usize = 512;
const POINTS: usize = 512;
/// Queries whose probes are measured at a time.
const PROBED: usize = 8;
/// Values looked at before those that matter are looked for.
const RUN: usize = 64;

/// Who looks around.
#[derive(Clone, Copy)]
pub(in crate::analysis) enum Asked<'a> {
    /// Some of the points themselves, of which none is its own neighbour.
    Among(&'a [u32]),
    /// Points of another space that is measured alike.
    Of(&'a Space<'a>, &'a [u32]),
}

/// What one query sees.
#[derive(Debug, Clone)]
pub(in crate::analysis) struct Seen {
    /// Its nearest points, nearest first; of points at one distance the first.
    pub nearest: Vec<u32>,
    /// How near each probe is: 1 where no other point is nearer.
    pub ranks: Vec<u32>,
}

/// What was counted of one query so far.
#[derive(Clone)]
struct Tally {
    /// The nearest points, sorted by distance, then by place; at most `most`.
    nearest: Vec<(f32, u32)>,
    most: usize,
    /// How many points are nearer than each probe.
    nearer: Vec<u32>,
}

impl Tally {
    fn new(most: usize, probes: usize) -> Self {
        Self {
            nearest: Vec::with_capacity(most + 1),
            most,
            nearer: vec![0; probes],
        }
    }

    /// The distance beyond which no point is among the nearest.
    fn limit(&self) -> f32 {
        match self.nearest.last() {
            Some((far, _)) if self.nearest.len() == self.most => *far,
            _ if self.most == 0 => f32::NEG_INFINITY,
            _ => f32::INFINITY,
        }
    }

    fn insert(&mut self, distance: f32, point: u32) {
        let before = |other: &(f32, u32)| {
            let order = other.0.total_cmp(&distance);
            order.then(other.1.cmp(&point)).is_lt()
        };
        let at = self.nearest.partition_point(before);
        if at < self.most {
            self.nearest.insert(at, (distance, point));
            self.nearest.truncate(self.most);
        }
    }

    /// Takes in the distances to the points from `first` on.
    fn add(&mut self, distances: &[f32], first: usize, probes: &[f32]) {
        for (index, run) in distances.chunks(RUN).enumerate() {
            let least = run.iter().fold(f32::INFINITY, |a, v| a.min(*v));
            for (nearer, probe) in self.nearer.iter_mut().zip(probes) {
                if least < *probe {
                    *nearer += run.iter().map(|v| u32::from(v < probe)).sum::<u32>();
                }
            }
            if least > self.limit() {
                continue;
            }
            for (place, distance) in run.iter().enumerate() {
                if *distance <= self.limit() {
                    self.insert(*distance, (first + index * RUN + place) as u32);
                }
            }
        }
    }

    /// Takes in what was counted of other points.
    fn merge(&mut self, other: &Self) {
        for (distance, point) in &other.nearest {
            self.insert(*distance, *point);
        }
        let both = self.nearer.iter_mut().zip(&other.nearer);
        both.for_each(|(a, b)| *a += b);
    }
}

/// What each of those asked sees among all other points of `space`: the `most` nearest, and the ranks of its
/// `probes`, of which all queries have the same number, or none (an empty slice for all). The same
/// for any number of threads.
pub(in crate::analysis) fn scan(
    space: &Space<'_>,
    asked: Asked<'_>,
    probes: &[Vec<u32>],
    most: usize,
    progress: &Progress,
) -> Result<Vec<Seen>, Cancelled> {
    let (from, queries) = match asked {
        Asked::Among(queries) => (space, queries),
        Asked::Of(from, queries) => (from, queries),
    };
    let blocks = space.len().div_ceil(POINTS);
    let (done, total) = (
        AtomicUsize::new(0),
        blocks * queries.len().div_ceil(QUERIES),
    );
    let mut seen = Vec::with_capacity(queries.len());
    for (group, some) in queries.chunks(QUERIES).enumerate() {
        let probes = probes.get(group * QUERIES..).unwrap_or_default();
        let probes = &probes[..probes.len().min(some.len())];
        let limits = limits(space, from, some, probes, progress)?;
        let rows = from.gather(some.iter().map(|&q| q as usize));
        let fresh = || {
            let of = |i: usize| Tally::new(most, limits.get(i).map_or(0, Vec::len));
            (0..some.len()).map(of).collect::<Vec<_>>()
        };
        let tallies = (0..blocks)
            .into_par_iter()
            .try_fold(fresh, |mut tallies, block| {
                let points = block * POINTS..((block + 1) * POINTS).min(space.len());
                let mut measured = space.measure(&rows, &space.gather(points.clone()));
                let of_queries = measured.outer_iter_mut().zip(some).zip(&mut tallies);
                for (index, ((mut distances, query), tally)) in of_queries.enumerate() {
                    if matches!(asked, Asked::Among(_)) {
                        hide(&mut distances, *query as usize, points.start);
                    }
                    let limits = limits.get(index).map_or(&[][..], Vec::as_slice);
                    tally.add(whole(&distances.view()), points.start, limits);
                }
                progress.set(done.fetch_add(1, Ordering::Relaxed) + 1, total)?;
                Ok(tallies)
            })
            .try_reduce(fresh, |mut a, b| {
                a.iter_mut().zip(&b).for_each(|(a, b)| a.merge(b));
                Ok(a)
            })?;
        seen.extend(tallies.into_iter().map(|tally| Seen {
            nearest: tally.nearest.into_iter().map(|(_, point)| point).collect(),
            ranks: tally.nearer.into_iter().map(|nearer| nearer + 1).collect(),
        }));
    }
    Ok(seen)
}

/// The distance of each probe.
fn limits(
    space: &Space<'_>,
    from: &Space<'_>,
    queries: &[u32],
    probes: &[Vec<u32>],
    progress: &Progress,
) -> Result<Vec<Vec<f32>>, Cancelled> {
    let groups = probes.par_chunks(PROBED).zip(queries.par_chunks(PROBED));
    let limits = groups.map(|(probes, queries)| {
        progress.check()?;
        let points: Vec<usize> = probes.iter().flatten().map(|&p| p as usize).collect();
        let rows = from.gather(queries.iter().map(|&q| q as usize));
        let measured = space.measure(&rows, &space.gather(points.into_iter()));
        let mut first = 0;
        let of_query = |(row, probes): (ArrayView1<'_, f32>, &Vec<u32>)| {
            first += probes.len();
            row.iter()
                .take(first)
                .skip(first - probes.len())
                .copied()
                .collect()
        };
        Ok(measured.outer_iter().zip(probes).map(of_query).collect())
    });
    let limits: Result<Vec<Vec<Vec<f32>>>, Cancelled> = limits.collect();
    Ok(limits?.into_iter().flatten().collect())
}

/// A point is no neighbour of its own.
fn hide(distances: &mut ArrayViewMut1<'_, f32>, query: usize, first: usize) {
    let own = query
        .checked_sub(first)
        .and_then(|at| distances.get_mut(at));
    if let Some(own) = own {
        *own = f32::INFINITY;
    }
}

fn whole<'a>(row: &ArrayView1<'a, f32>) -> &'a [f32] {
    row.to_slice().unwrap_or_default()
}
