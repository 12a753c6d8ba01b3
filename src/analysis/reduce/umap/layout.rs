//! The optimiser: stochastic gradient descent on the fuzzy graph, the same for any number of
//! threads.
//!
//! An epoch is a fixed number of rounds. In each round one vertex in so many moves, reading the
//! positions left by the round before and writing only its own; the vertices of a round are
//! spread evenly over the map, so a vertex' neighbours move in other rounds and the iteration is
//! nearly Gauss-Seidel. Both directions of an edge are stored, and both ends tick at the same
//! epochs, twice as often as in the reference implementation, where the other end's ticks move
//! this one too: same mean force, same size of single steps, no scattered writes.

#![expect(
    unsafe_code,
    reason = "functions for AVX2 are called after the processor was asked"
)]

use super::curve::Curve;
use super::densmap::Densities;
use super::forces::{Forces, NEGATIVES, NEIGHBOURS};
use crate::analysis::reduce::edges::Edges;
use crate::analysis::rng::Rng;
use crate::progress::{Cancelled, Progress};
use rayon::prelude::*;

/// Vertices of a round handled by one task: more where there are many, which saves a seventh of the time
/// at a million and is as faithful.
const TASK_VERTICES: usize = 256;
const TASK_VERTICES_OF_MANY: usize = 1024;
const MANY: usize = 500_000;
/// Most negative samples drawn for a task, and how many per vertex.
const POOL: usize = 4096;
const POOL_PER_VERTEX: usize = 16;
/// Moving several pairs together lets a point's neighbours outweigh the samples: with this many
/// times the samples maps are as faithful as one-by-one updates give (measured on Fashion-MNIST
/// and on clusters and filaments in 128 dimensions).
const REPULSION: f32 = 1.6;
/// Fixed-point one of the tick schedule.
const ONE: u32 = 1 << 15;

/// How the optimiser runs.
#[derive(Clone, Debug)]
pub struct LayoutParams {
    pub curve: Curve,
    pub epochs: u32,
    /// Negative samples per sampled edge.
    pub negatives: f32,
    /// Size of steps at the start, relative to one-by-one updates.
    pub learning_rate: f32,
    /// How strongly each point is drawn to its anchor, where there are anchors (0: not at all).
    pub pull: f32,
    pub seed: u64,
}

/// What the layout pulls along: by vertex, where its edges lead and how often they are drawn on.
pub struct Springs {
    bounds: Vec<u32>,
    tails: Vec<u32>,
    /// Ticks per epoch in units of 1 / (2 ONE); none for an edge that is left out.
    ticks: Vec<u16>,
}

impl Springs {
    /// An edge too weak to be drawn on once in so many epochs is left out.
    pub fn new(graph: Edges, epochs: u32) -> Self {
        let weights = graph.weights.iter().copied();
        let largest = weights.fold(f32::MIN_POSITIVE, f32::max);
        let least = 1.0 / epochs.max(1) as f32;
        let ticks = graph
            .weights
            .iter()
            .map(|w| w / largest)
            .map(|p| {
                if p < least {
                    0
                } else {
                    (p * ONE as f32) as u16
                }
            })
            .collect();
        Self {
            bounds: graph.bounds,
            tails: graph.tails,
            ticks,
        }
    }

    /// Number of vertices.
    pub fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The other ends of the edges of a vertex, and their ticks.
    #[inline(always)]
    pub fn of(&self, v: usize) -> (&[u32], &[u16]) {
        let (from, to) = (self.bounds[v] as usize, self.bounds[v + 1] as usize);
        (&self.tails[from..to], &self.ticks[from..to])
    }

    /// How often an epoch draws on an edge from one of its ends, at most 1; its membership over the largest.
    #[inline(always)]
    pub fn often(ticks: u16) -> f32 {
        f32::from(ticks) * (1.0 / ONE as f32)
    }

    /// How often an epoch draws on all edges, each counted from one of its ends.
    pub fn ticks_of_edges(&self) -> f64 {
        let ticks: u64 = self.ticks.iter().map(|t| u64::from(*t)).sum();
        ticks as f64 / f64::from(2 * ONE)
    }
}

/// A layout in progress.
pub struct Layout<const D: usize> {
    params: LayoutParams,
    forces: Forces,
    /// First vertex of each round.
    rounds: Vec<u32>,
    springs: Springs,
    densities: Option<Densities>,
    positions: Vec<[f32; D]>,
    next: Vec<[f32; D]>,
    /// Where each vertex should stay near, if anywhere; empty: none should.
    anchors: Vec<Option<[f32; D]>>,
    epoch: u32,
}

/// A spatial order rearranged so that the vertices of a round are consecutive: round r holds
/// every `rounds`-th point. Returns the new order and the first vertex of each round.
pub fn interleave(order: &[u32], rounds: usize) -> (Vec<u32>, Vec<u32>) {
    let mut out = Vec::with_capacity(order.len());
    let mut bounds = vec![0];
    for r in 0..rounds {
        out.extend(order.iter().skip(r).step_by(rounds));
        bounds.push(out.len() as u32);
    }
    (out, bounds)
}

impl<const D: usize> Layout<D> {
    /// `positions[v]` is where vertex `v` of the graph starts, `anchors[v]` where it should stay near;
    /// `rounds` from [`interleave`].
    pub fn new(
        springs: Springs,
        rounds: Vec<u32>,
        positions: Vec<[f32; D]>,
        anchors: Vec<Option<[f32; D]>>,
        params: LayoutParams,
    ) -> Self {
        let forces = Forces::new(params.curve, params.negatives * (0.5 * REPULSION));
        Self {
            forces,
            rounds,
            springs,
            densities: None,
            positions,
            next: Vec::new(),
            anchors,
            epoch: 0,
            params,
        }
    }

    /// Keeps local densities too, as strongly as told; `distance` is that of the vectors of two vertices
    /// that an edge joins.
    pub fn keep_densities(&mut self, strength: f64, distance: impl Fn(u32, u32) -> f32 + Sync) {
        self.densities = Densities::new(&self.springs, distance, self.params.curve, strength);
    }

    pub fn epoch(&self) -> u32 {
        self.epoch
    }
    pub fn epochs(&self) -> u32 {
        self.params.epochs
    }
    pub fn springs(&self) -> &Springs {
        &self.springs
    }
    /// By vertex.
    pub fn positions(&self) -> &[[f32; D]] {
        &self.positions
    }

    /// Puts all vertices where they are told to be.
    pub fn place(&mut self, positions: Vec<[f32; D]>) {
        self.positions = positions;
    }

    /// One more epoch, if there are any left. After `Err` the layout stands between two rounds and
    /// must not be continued.
    pub fn step(&mut self, progress: &Progress) -> Result<(), Cancelled> {
        if self.epoch >= self.params.epochs {
            return progress.check();
        }
        if let Some(densities) = &mut self.densities
            && Densities::count_in(self.epoch, self.params.epochs)
        {
            densities.observe(&self.springs, &self.positions, progress)?;
        }
        for r in 0..self.rounds.len() - 1 {
            progress.check()?;
            self.round(r, progress);
        }
        self.epoch += 1;
        progress.check()
    }

    fn round(&mut self, r: usize, progress: &Progress) {
        let (first, end) = (self.rounds[r] as usize, self.rounds[r + 1] as usize);
        let mut next = std::mem::take(&mut self.next);
        next.resize(end - first, [0.0; D]);
        let task = if self.positions.len() > MANY {
            TASK_VERTICES_OF_MANY
        } else {
            TASK_VERTICES
        };
        next.par_chunks_mut(task).enumerate().for_each(|(c, out)| {
            if !progress.is_cancelled() {
                self.moved(first + c * task, out);
            }
        });
        self.positions[first..end].copy_from_slice(&next);
        self.next = next;
    }

    /// Where the vertices from `first` on go this round.
    fn moved(&self, first: usize, out: &mut [[f32; D]]) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, the feature `moved_avx2` is compiled for.
            return unsafe { moved_avx2(self, first, out) };
        }
        moved_any(self, first, out);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn moved_avx2<const D: usize>(layout: &Layout<D>, first: usize, out: &mut [[f32; D]]) {
    moved_any(layout, first, out);
}

#[inline(always)]
fn moved_any<const D: usize>(layout: &Layout<D>, first: usize, out: &mut [[f32; D]]) {
    let n = layout.positions.len();
    let rate =
        layout.params.learning_rate * (1.0 - layout.epoch as f32 / layout.params.epochs as f32);
    // negative samples: drawn anew for every task and round, shared by its vertices
    let mut rng = Rng::new(layout.params.seed, u64::from(layout.epoch), first as u64);
    let size = (out.len() * POOL_PER_VERTEX).clamp(64, POOL);
    let mut pool = [[0f32; POOL + NEGATIVES]; D];
    for l in 0..size {
        let other = layout.positions[rng.below(n)];
        for d in 0..D {
            pool[d][l] = other[d];
        }
    }
    for d in 0..D {
        pool[d].copy_within(..NEGATIVES, size);
    }
    let densities = layout.densities.as_ref();
    let densities = densities.filter(|_| Densities::count_in(layout.epoch, layout.params.epochs));
    let mut neighbours = [[0f32; NEIGHBOURS]; D];
    for (i, slot) in out.iter_mut().enumerate() {
        let v = first + i;
        let mut point = layout.positions[v];
        let mut from_pool = rng.below(size);
        let mut filled = 0;
        let (tails, ticks) = layout.springs.of(v);
        for (&tail, &q) in tails.iter().zip(ticks) {
            let step = 2 * u32::from(q);
            let phase = edge_phase(v as u32, tail);
            let at = layout.epoch.wrapping_mul(step).wrapping_add(phase);
            let mut ticks = (at.wrapping_add(step) / ONE).wrapping_sub(at / ONE);
            while ticks > 0 {
                ticks -= 1;
                let other = layout.positions[tail as usize];
                for d in 0..D {
                    neighbours[d][filled] = other[d];
                }
                filled += 1;
                if filled == NEIGHBOURS {
                    pushed(
                        layout,
                        &mut point,
                        &neighbours,
                        filled,
                        &pool,
                        from_pool,
                        rate,
                    );
                    from_pool = (from_pool + NEGATIVES) % size;
                    filled = 0;
                }
            }
        }
        if filled > 0 {
            pushed(
                layout,
                &mut point,
                &neighbours,
                filled,
                &pool,
                from_pool,
                rate,
            );
        }
        if let Some(densities) = densities {
            let force = densities.force(&layout.springs, &layout.positions, v, &point, rate);
            for d in 0..D {
                point[d] += force[d];
            }
        }
        if let Some(Some(anchor)) = layout.anchors.get(v) {
            let pull = (layout.params.pull * rate).min(1.0);
            for d in 0..D {
                point[d] += pull * (anchor[d] - point[d]);
            }
        }
        *slot = point;
    }
}

/// Applies one group of forces, with samples from the pool.
#[inline(always)]
fn pushed<const D: usize>(
    layout: &Layout<D>,
    point: &mut [f32; D],
    neighbours: &[[f32; NEIGHBOURS]; D],
    count: usize,
    pool: &[[f32; POOL + NEGATIVES]; D],
    from: usize,
    rate: f32,
) {
    let mut negatives = [[0f32; NEGATIVES]; D];
    for d in 0..D {
        negatives[d].copy_from_slice(&pool[d][from..from + NEGATIVES]);
    }
    layout
        .forces
        .apply(point, neighbours, count, &negatives, rate);
}

/// Where in its period an edge starts: the same seen from both ends.
#[inline(always)]
fn edge_phase(u: u32, v: u32) -> u32 {
    u.wrapping_add(v).wrapping_mul(0x9e37_79b1) >> 17
}
