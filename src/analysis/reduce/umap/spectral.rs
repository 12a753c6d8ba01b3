//! Where the points start, by the graph alone: Laplacian eigenmaps (Belkin & Niyogi 2003, Neural
//! Computation 15, 1373).
//!
//! The coordinates are the eigenvectors of the random walk on the fuzzy graph that change most slowly,
//! after the constant one. They are found in the span of the principal start and of its products with
//! the matrix, restarted with the best so far (a thick-restarted block Lanczos method with full
//! orthogonalisation). Each component of the graph is unfolded by itself, where the principal start
//! has it and as wide as there; one of a few points stays as it is.

use std::collections::VecDeque;

use faer::{Mat, Side};
use rayon::prelude::*;

use super::init::{scale, settle};
use crate::analysis::reduce::edges::Edges;
use crate::analysis::rng::Rng;
use crate::progress::{Cancelled, Progress};

/// Components of fewer points stay as they are.
const FEWEST: usize = 32;
/// Vectors of the basis, of which a restart keeps some beyond those wanted.
const BASIS: usize = 24;
const SPARE: usize = 3;
/// The basis is restarted at most so often: eigenvectors that are not found by then are good enough to
/// start from.
const RESTARTS: usize = 12;
/// Largest residual, as a share of an eigenvalue's distance from that of the constant, and beyond it.
const SHARE: f64 = 0.03;
const RESIDUAL: f64 = 1e-5;
/// A vector of which orthogonalisation leaves less holds nothing new.
const NEW: f64 = 1e-5;
/// Values handled by one task: sums do not depend on the threads.
const TASK: usize = 4096;

/// Start positions by vertex; `principal` are those of the principal components.
///
/// # Errors
/// When the work was cancelled.
pub fn spectral_start<const D: usize>(
    edges: &Edges,
    principal: Vec<[f32; D]>,
    order: &[u32],
    seed: u64,
    progress: &Progress,
) -> Result<Vec<[f32; D]>, Cancelled> {
    let mut out = principal;
    let components = components(edges, progress)?;
    let mut place = vec![0u32; out.len()];
    for members in &components {
        for (l, &v) in members.iter().enumerate() {
            place[v as usize] = l as u32;
        }
    }
    for members in components.iter().filter(|m| m.len() >= FEWEST) {
        let walk = Walk::new(edges, members, &place);
        let own: Vec<[f32; D]> = members.iter().map(|&v| out[v as usize]).collect();
        let unfolded = walk.unfolded(&own, seed, progress)?;
        for (&v, position) in members.iter().zip(unfolded) {
            out[v as usize] = position;
        }
    }
    settle(&mut out, order, seed);
    Ok(out)
}

/// The vertices of each connected part, ascending.
fn components(edges: &Edges, progress: &Progress) -> Result<Vec<Vec<u32>>, Cancelled> {
    let count = edges.bounds.len() - 1;
    let mut part = vec![u32::MAX; count];
    let mut parts = Vec::new();
    let mut open = Vec::new();
    for first in 0..count {
        if part[first] != u32::MAX {
            continue;
        }
        let number = parts.len() as u32;
        part[first] = number;
        open.push(first as u32);
        let mut members = Vec::new();
        while let Some(v) = open.pop() {
            if members.len().is_multiple_of(TASK) {
                progress.check()?;
            }
            members.push(v);
            for (tail, weight) in edges.of(v as usize) {
                if weight > 0.0 && part[tail as usize] == u32::MAX {
                    part[tail as usize] = number;
                    open.push(tail);
                }
            }
        }
        members.sort_unstable();
        parts.push(members);
    }
    Ok(parts)
}

/// The random walk on one component, made symmetric: weights over the roots of both ends' degrees.
struct Walk<'a> {
    edges: &'a Edges,
    members: &'a [u32],
    /// Of each vertex among the members of its component.
    place: &'a [u32],
    /// Roots of the degrees, by member.
    roots: Vec<f32>,
}

impl<'a> Walk<'a> {
    fn new(edges: &'a Edges, members: &'a [u32], place: &'a [u32]) -> Self {
        let degree = |v: &u32| edges.of(*v as usize).map(|(_, w)| w).sum::<f32>();
        let roots = members.par_iter().map(|v| degree(v).sqrt()).collect();
        Self {
            edges,
            members,
            place,
            roots,
        }
    }

    fn times(&self, vector: &[f32]) -> Vec<f32> {
        let over: Vec<f32> = vector.iter().zip(&self.roots).map(|(v, r)| v / r).collect();
        let of = |v: u32| -> f32 {
            // an edge without weight may lead to another component
            let edges = self
                .edges
                .of(v as usize)
                .filter(|(_, weight)| *weight > 0.0);
            let terms =
                edges.map(|(tail, weight)| weight * over[self.place[tail as usize] as usize]);
            terms.sum()
        };
        let members = self.members.par_iter().with_min_len(TASK / 8);
        let members = members.zip(&self.roots);
        members.map(|(&v, root)| of(v) / root).collect()
    }

    /// The members by the walk's slowest vectors, about where they were and as wide.
    fn unfolded<const D: usize>(
        &self,
        own: &[[f32; D]],
        seed: u64,
        progress: &Progress,
    ) -> Result<Vec<[f32; D]>, Cancelled> {
        let middle: [f32; D] = std::array::from_fn(|d| mean(own.iter().map(|p| p[d])));
        let centred: Vec<[f32; D]> = own
            .iter()
            .map(|p| std::array::from_fn(|d| p[d] - middle[d]))
            .collect();
        let starts = (0..D).map(|d| {
            let along = centred.iter().zip(&self.roots);
            along.map(|(p, root)| p[d] * root).collect()
        });
        let found = Basis::new(self, seed).slowest(D, starts.collect(), progress)?;
        let mut out = vec![[0f32; D]; own.len()];
        for (d, vector) in found.iter().enumerate() {
            let along = vector.iter().zip(&self.roots).map(|(v, root)| v / root);
            let alike: f64 = along
                .clone()
                .zip(&centred)
                .map(|(v, p)| f64::from(v) * f64::from(p[d]))
                .sum();
            let sign = if alike < 0.0 { -1.0 } else { 1.0 };
            out.iter_mut().zip(along).for_each(|(p, v)| p[d] = sign * v);
        }
        scale(&mut out);
        let width = |points: &[[f32; D]]| {
            mean(points.iter().map(|p| p.iter().map(|v| v * v).sum::<f32>())).sqrt()
        };
        let (wanted, made) = (width(&centred), width(&out));
        let factor = if made > 0.0 { wanted / made } else { 0.0 };
        for p in &mut out {
            *p = std::array::from_fn(|d| middle[d] + factor * p[d]);
        }
        Ok(out)
    }
}

/// Orthonormal vectors and their products with the walk.
struct Basis<'a> {
    walk: &'a Walk<'a>,
    /// The walk's slowest of all: what is constant over the degrees.
    constant: Vec<f32>,
    vectors: Vec<Vec<f32>>,
    images: Vec<Vec<f32>>,
    rng: Rng,
}

impl<'a> Basis<'a> {
    fn new(walk: &'a Walk<'a>, seed: u64) -> Self {
        let mut constant = walk.roots.clone();
        let length = dot(&constant, &constant).sqrt().max(f64::MIN_POSITIVE);
        constant
            .iter_mut()
            .for_each(|v| *v = (f64::from(*v) / length) as f32);
        Self {
            walk,
            constant,
            vectors: Vec::new(),
            images: Vec::new(),
            rng: Rng::new(seed, 0x5bec, 0),
        }
    }

    /// The `wanted` eigenvectors of largest eigenvalue after the constant, as far as they were found.
    fn slowest(
        mut self,
        wanted: usize,
        starts: Vec<Vec<f32>>,
        progress: &Progress,
    ) -> Result<Vec<Vec<f32>>, Cancelled> {
        let most = BASIS.min(self.constant.len() - 1);
        let mut next = VecDeque::from(starts);
        for restart in 0.. {
            while self.vectors.len() < most {
                progress.check()?;
                let candidate = next.pop_front().unwrap_or_default();
                let vector = self.added(candidate);
                let image = self.walk.times(&vector);
                next.push_back(image.clone());
                self.vectors.push(vector);
                self.images.push(image);
            }
            let values = self.rotate((wanted + SPARE).min(most));
            let residuals = (0..wanted.min(values.len())).map(|c| {
                let pairs = self.images[c].iter().zip(&self.vectors[c]);
                let off = pairs.map(|(image, v)| image - values[c] as f32 * v);
                off.collect::<Vec<f32>>()
            });
            next = residuals.collect();
            let found = next.iter().zip(&values).all(|(residual, value)| {
                dot(residual, residual).sqrt() <= SHARE * (1.0 - value) + RESIDUAL
            });
            if found || restart == RESTARTS || self.vectors.len() == self.constant.len() - 1 {
                break;
            }
        }
        self.vectors.truncate(wanted);
        Ok(self.vectors)
    }

    /// A unit vector across all others, of what is new in the candidate; of chance where nothing is.
    fn added(&mut self, mut candidate: Vec<f32>) -> Vec<f32> {
        loop {
            let before = dot(&candidate, &candidate).sqrt();
            for _ in 0..2 {
                for other in std::iter::once(&self.constant).chain(&self.vectors) {
                    let along = dot(&candidate, other) as f32;
                    let pairs = candidate.par_iter_mut().with_min_len(TASK).zip(other);
                    pairs.for_each(|(v, o)| *v -= along * o);
                }
            }
            let length = dot(&candidate, &candidate).sqrt();
            if length > NEW * before && length > 0.0 {
                let unit = (1.0 / length) as f32;
                candidate.iter_mut().for_each(|v| *v *= unit);
                return candidate;
            }
            candidate = self.constant.iter().map(|_| self.rng.signed()).collect();
        }
    }

    /// Turns the basis to the `keep` best approximations of eigenvectors in its span; their values.
    fn rotate(&mut self, keep: usize) -> Vec<f64> {
        let size = self.vectors.len();
        let mut matrix = Mat::<f64>::zeros(size, size);
        for i in 0..size {
            for j in 0..=i {
                matrix[(i, j)] = dot(&self.vectors[i], &self.images[j]);
                matrix[(j, i)] = matrix[(i, j)];
            }
        }
        let Ok(found) = matrix.self_adjoint_eigen(Side::Lower) else {
            // cannot happen for a finite matrix
            return vec![1.0; keep];
        };
        let (values, turn) = (found.S().column_vector(), found.U());
        let turned = |from: &[Vec<f32>]| -> Vec<Vec<f32>> {
            let of = |c: usize| {
                let column = turn.col(size - 1 - c);
                let mut sum = vec![0f32; self.constant.len()];
                for (i, vector) in from.iter().enumerate() {
                    let share = column[i] as f32;
                    let pairs = sum.par_iter_mut().with_min_len(TASK).zip(vector);
                    pairs.for_each(|(s, v)| *s += share * v);
                }
                sum
            };
            (0..keep).map(of).collect()
        };
        (self.vectors, self.images) = (turned(&self.vectors), turned(&self.images));
        (0..keep).map(|c| values[size - 1 - c]).collect()
    }
}

/// The same for any number of threads.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let parts: Vec<f64> = a
        .par_chunks(TASK)
        .zip(b.par_chunks(TASK))
        .map(|(a, b)| {
            let (mut lanes, pairs) = ([0f64; 8], a.chunks(8).zip(b.chunks(8)));
            for (a, b) in pairs {
                for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
                    *lane += f64::from(*a) * f64::from(*b);
                }
            }
            lanes.iter().sum::<f64>()
        })
        .collect();
    parts.iter().sum()
}

fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let count = values.len().max(1) as f64;
    (values.map(f64::from).sum::<f64>() / count) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path of so many vertices, from `first` on.
    fn path(edges: &mut Vec<(u32, u32)>, first: u32, count: u32) {
        edges.extend((first..first + count - 1).map(|v| (v, v + 1)));
    }

    fn graph(count: usize, pairs: &[(u32, u32)]) -> Edges {
        let mut lists = vec![Vec::new(); count];
        for &(a, b) in pairs {
            lists[a as usize].push(b);
            lists[b as usize].push(a);
        }
        let mut edges = Edges::none(count);
        for (v, list) in lists.iter().enumerate() {
            edges.tails.extend(list);
            edges.bounds[v + 1] = edges.tails.len() as u32;
        }
        edges.weights = vec![1.0; edges.tails.len()];
        edges
    }

    fn scattered(count: usize) -> Vec<[f32; 2]> {
        let mut rng = Rng::new(1, 2, 3);
        (0..count).map(|_| [rng.signed(), rng.signed()]).collect()
    }

    #[test]
    fn a_path_is_laid_out_in_order() {
        let mut pairs = Vec::new();
        path(&mut pairs, 0, 150);
        let edges = graph(150, &pairs);
        let order: Vec<u32> = (0..150).collect();
        let out = spectral_start(&edges, scattered(150), &order, 1, &Progress::new()).unwrap();
        // the slowest vector of a path is half a cosine; the next a whole one
        let x: Vec<f32> = out.iter().map(|p| p[0]).collect();
        let rises = x.windows(2).filter(|w| w[1] > w[0]).count();
        assert!(rises <= 6 || rises >= 143, "{rises}");
        let middle = (out[75][1] - out[0][1]).abs();
        let ends = (out[149][1] - out[0][1]).abs();
        assert!(ends < 0.1 * middle, "{ends} {middle}");
    }

    #[test]
    fn components_stay_where_they_were() {
        let mut pairs = Vec::new();
        path(&mut pairs, 0, 100);
        path(&mut pairs, 100, 60);
        path(&mut pairs, 160, 5);
        let edges = graph(166, &pairs);
        let mut start = scattered(166);
        start[..100].iter_mut().for_each(|p| p[0] += 9.0);
        start[100..160].iter_mut().for_each(|p| p[0] -= 9.0);
        let order: Vec<u32> = (0..166).collect();
        let out = spectral_start(&edges, start, &order, 1, &Progress::new()).unwrap();
        assert!(out.iter().flatten().all(|v| v.is_finite()));
        assert!(out[..100].iter().all(|p| p[0] > 4.0));
        assert!(out[100..160].iter().all(|p| p[0] < -4.0));
        assert!(out[160..].iter().all(|p| p[0].abs() < 3.0));
    }

    /// Classes that are kept apart leave edges without weight, which join nothing.
    #[test]
    fn edges_without_weight_do_not_count() {
        let mut pairs = Vec::new();
        path(&mut pairs, 0, 40);
        path(&mut pairs, 40, 200);
        let mut whole = pairs.clone();
        whole.push((10, 239));
        let (apart, mut joined) = (graph(240, &pairs), graph(240, &whole));
        for v in [10, 239] {
            for e in joined.bounds[v] as usize..joined.bounds[v + 1] as usize {
                if [10, 239].contains(&joined.tails[e]) {
                    joined.weights[e] = 0.0;
                }
            }
        }
        let order: Vec<u32> = (0..240).collect();
        let [a, b] = [apart, joined].map(|edges| {
            spectral_start(&edges, scattered(240), &order, 1, &Progress::new()).unwrap()
        });
        assert_eq!(a, b);
    }

    #[test]
    fn threads_change_nothing() {
        let mut pairs = Vec::new();
        path(&mut pairs, 0, 9000);
        pairs.extend(
            (0..8000)
                .map(|v| (v, (v * 7919) % 9000))
                .filter(|(a, b)| a != b),
        );
        let edges = graph(9000, &pairs);
        let order: Vec<u32> = (0..9000).collect();
        let made = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let start = scattered(9000);
            let work = || spectral_start(&edges, start, &order, 1, &Progress::new()).unwrap();
            pool.build().unwrap().install(work)
        };
        assert_eq!(made(1), made(2));
    }
}
