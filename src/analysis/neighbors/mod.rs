//! The k nearest neighbours of every point of a set.
//!
//! Small sets are compared in full. Larger ones are cut into Voronoi cells (k-means) whose points
//! are compared block by block with those of the cells around them. Past a hundred or
//! so coordinates this happens in the leading principal components and the nearest candidates
//! are measured again in full.

mod best;
mod cells;
mod exact;
mod join;
mod parts;
mod recall;
mod refine;
pub mod search;

use crate::analysis::axes::{Axes, principal_axes, robust_centre};
use crate::analysis::points::{InputError, Metric, Points, Space};
use crate::analysis::simd;
use crate::progress::{Cancelled, Progress};
use best::{NONE, key, key_dist2, key_index};
use cells::{Cells, Rows};
use rayon::prelude::*;
use std::borrow::Cow;

pub use join::Reach;
pub use recall::recall;

/// The share of the variance that the components must hold to stand for the vectors.
const ENOUGH_VARIANCE: f64 = 0.92;

/// How the graph is built. `Default` gives a recall of 0.99 or more on embedding-like data.
#[derive(Clone, Debug)]
pub struct KnnParams {
    /// Neighbours of each point.
    pub k: usize,
    /// How near two vectors are.
    pub metric: Metric,
    /// Of random numbers.
    pub seed: u64,
    /// Points per cell, on average.
    pub cell: usize,
    /// Rounds of moving points to the nearest of the near centroids.
    pub corrections: usize,
    /// How far around its own cell a point looks.
    pub reach: Reach,
    /// Rounds of neighbours of neighbours.
    pub rounds: usize,
    /// How many neighbours of each point take part in a round.
    pub breadth: usize,
    /// Sets up to this many points are compared in full.
    pub exact_below: usize,
    /// Longer vectors are compared in (at least) that many principal components first.
    pub components: usize,
}

impl Default for KnnParams {
    fn default() -> Self {
        Self {
            k: 15,
            metric: Metric::Euclidean,
            seed: 0,
            cell: 256,
            corrections: 2,
            reach: Reach {
                reach: 0.38,
                cells: 64,
            },
            rounds: 1,
            breadth: 15,
            exact_below: 3000,
            components: 128,
        }
    }
}

/// `k` neighbours of each of `n` points, without the point itself, nearest first, ties by index.
#[derive(Clone, Debug, PartialEq)]
pub struct KnnGraph {
    /// Neighbours of each point.
    pub k: usize,
    /// `n x k`, row-major.
    pub indices: Vec<u32>,
    /// `n x k`, row-major, in the metric of the graph.
    pub distances: Vec<f32>,
    /// All points in an order in which neighbours are mostly near each other.
    pub order: Vec<u32>,
}

impl KnnGraph {
    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are no points.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The neighbours of point `i`, nearest first.
    #[must_use]
    pub fn neighbors(&self, i: usize) -> &[u32] {
        &self.indices[i * self.k..(i + 1) * self.k]
    }

    /// Their distances.
    #[must_use]
    pub fn distances(&self, i: usize) -> &[f32] {
        &self.distances[i * self.k..(i + 1) * self.k]
    }

    /// The distance of two points of which one is a neighbour of the other; infinite where neither is.
    #[must_use]
    pub fn distance(&self, i: u32, j: u32) -> f32 {
        let (i, j) = (i as usize, j as usize);
        let among = |i: usize, j: usize| {
            let place = self.neighbors(i).iter().position(|&t| t as usize == j);
            place.map(|place| self.distances(i)[place])
        };
        among(i, j).or_else(|| among(j, i)).unwrap_or(f32::INFINITY)
    }
}

/// What building the graph leaves behind for looking up further vectors.
pub struct Index {
    centre: Vec<f32>,
    axes: Option<Axes>,
    /// None: the set was compared in full.
    cells: Option<Cells>,
    reach: Reach,
    metric: Metric,
}

impl Index {
    /// Values per stored row.
    fn width(&self) -> usize {
        self.axes
            .as_ref()
            .map_or(self.centre.len(), |a| simd::padded(a.count))
    }
}

/// Why there is no graph.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum KnnError {
    /// The vectors cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The owner asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// The graph of min(k, n - 1) neighbours per point.
///
/// # Errors
/// When the work was cancelled.
pub fn knn_graph(
    points: Points<'_>,
    params: &KnnParams,
    progress: &Progress,
) -> Result<(KnnGraph, Index), KnnError> {
    let n = points.len();
    let k = params.k.min(n.saturating_sub(1));
    let space = Space::new(points, params.metric);
    let centre = if space.is_plain() {
        vec![0.0; space.dim()]
    } else {
        robust_centre(&space, params.seed)
    };
    let mut index = Index {
        centre,
        axes: None,
        cells: None,
        reach: params.reach,
        metric: params.metric,
    };
    if k == 0 {
        return Ok((
            KnnGraph {
                k,
                indices: Vec::new(),
                distances: Vec::new(),
                order: (0..n as u32).collect(),
            },
            index,
        ));
    }
    let small = n <= params.exact_below.max(k + 1);
    if !small && space.dim() > params.components + params.components / 4 {
        let axes = principal_axes(
            &space,
            params.components,
            ENOUGH_VARIANCE,
            16_384,
            params.seed,
        );
        // not worth the second measurement if nearly all components are needed
        index.axes = (axes.count * 4 <= space.dim() * 3).then_some(axes);
    }
    let (lists, keep, order) = if small {
        let rows = stored(&space, &index.centre, None, Rounding::Blocked);
        (
            exact::all_pairs(Rows::new(&rows, index.centre.len()), k, progress)?,
            k,
            (0..n as u32).collect(),
        )
    } else {
        let (lists, keep, order, cells) = approximate(
            &space,
            &index.centre,
            index.axes.as_ref(),
            k,
            params,
            progress,
        )?;
        index.cells = Some(cells);
        (lists, keep, order)
    };
    let mut rank = vec![0u32; n];
    for (r, &i) in order.iter().enumerate() {
        rank[i as usize] = r as u32;
    }
    let (mut indices, mut distances) = (vec![0u32; n * k], vec![0f32; n * k]);
    indices
        .par_chunks_mut(k)
        .zip(distances.par_chunks_mut(k))
        .enumerate()
        .for_each_init(Vec::new, |own, (i, (index, distance))| {
            own.clear();
            let list = &lists[rank[i] as usize * keep..][..k];
            // the metric's own distances: squares that differ may have equal roots
            own.extend(
                list.iter()
                    .map(|&v| key(space.distance(key_dist2(v)), order[key_index(v) as usize])),
            );
            own.sort_unstable();
            for ((o, d), &v) in index.iter_mut().zip(distance).zip(own.iter()) {
                (*o, *d) = (key_index(v), key_dist2(v));
            }
        });
    Ok((
        KnnGraph {
            k,
            indices,
            distances,
            order,
        },
        index,
    ))
}

/// How principal components are computed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounding {
    /// By matrix multiplication, whose last bits may depend on the number of rows.
    Blocked,
    /// Each row by itself.
    RowByRow,
}

/// Rows handled at a time.
const BLOCK: usize = 256;

/// The mapped rows: as they are, where they can be read so, or copies, shifted or as principal components.
fn stored<'a>(
    space: &Space<'a>,
    centre: &[f32],
    axes: Option<&Axes>,
    kind: Rounding,
) -> Cow<'a, [f32]> {
    if axes.is_none() && space.is_plain() && centre.iter().all(|&v| v == 0.0) {
        return space.points.values().into();
    }
    let full = simd::padded(space.dim());
    let width = axes.map_or(full, |a| simd::padded(a.count));
    let mut out = vec![0f32; space.points.len() * width];
    out.par_chunks_mut(width * BLOCK).enumerate().for_each_init(
        || (vec![0f32; full], vec![0f32; full * BLOCK]),
        |(row, block), (first, out)| {
            let ids = first * BLOCK..first * BLOCK + out.len() / width;
            match axes {
                None => {
                    for (o, i) in out.chunks_exact_mut(width).zip(ids) {
                        space.write(i, row);
                        simd::centred(o, row, centre);
                    }
                }
                Some(axes) => {
                    for (b, i) in block.chunks_exact_mut(full).zip(ids.clone()) {
                        space.write(i, row);
                        simd::centred(b, row, &axes.centre);
                    }
                    if kind == Rounding::Blocked {
                        axes.project(&block[..ids.len() * full], out, width);
                        return;
                    }
                    for (o, b) in out.chunks_exact_mut(width).zip(block.chunks_exact(full)) {
                        for (c, o) in o.iter_mut().enumerate().take(axes.count) {
                            *o = axes.component(c, b);
                        }
                    }
                }
            }
        },
    );
    out.into()
}

/// Sorted candidate keys by row of an order, how many per row, and the order.
fn approximate(
    space: &Space<'_>,
    centre: &[f32],
    axes: Option<&Axes>,
    k: usize,
    params: &KnnParams,
    progress: &Progress,
) -> Result<(Vec<u64>, usize, Vec<u32>, Cells), KnnError> {
    let values = stored(space, centre, axes, Rounding::Blocked);
    let width = axes.map_or(centre.len(), |a| simd::padded(a.count));
    let rows = Rows::new(&values, width);
    let mut cells = cells::partition(rows, params.cell, params.corrections, params.seed, progress)?;
    let order = std::mem::take(&mut cells.members);
    let rows = rows.ordered(&order);
    // a few more than k survive the block formula's rounding; many more the missing components
    let keep = if axes.is_some() { 4 * k } else { k + 3 };
    let mut lists = join::join(rows, &cells, k, keep, params.reach, progress)?;
    for _ in 0..params.rounds {
        refine::refine(rows, params.breadth, keep, &mut lists, progress)?;
    }
    lists
        .par_chunks_mut(keep)
        .enumerate()
        .for_each(|(r, list)| {
            if progress.is_cancelled() {
                return;
            }
            if axes.is_some() {
                remeasure_reduced(space, &order, r, k, list);
            } else {
                for v in list.iter_mut().filter(|v| **v != NONE) {
                    let at = key_index(*v);
                    *v = key(simd::dist2(rows.row(r), rows.row(at as usize)), at);
                }
                list.sort_unstable();
            }
        });
    progress.check()?;
    drop(values);
    complete(space, &order, k, keep, &mut lists);
    Ok((lists, keep, order, cells))
}

/// Measures the candidates in full, nearest in the components first. Their distance in the
/// components is a lower bound, so the rest is skipped once it exceeds the k-th full one.
fn remeasure_reduced(space: &Space<'_>, order: &[u32], r: usize, k: usize, list: &mut [u64]) {
    let mut found = vec![NONE; k];
    let mut limit = f32::INFINITY;
    for &v in list.iter() {
        if v == NONE || key_dist2(v) * 0.999 > limit {
            break;
        }
        let at = key_index(v);
        let d = space.dist2(order[r] as usize, order[at as usize] as usize);
        limit = best::insert(&mut found, key(d, at));
    }
    list[..k].copy_from_slice(&found);
}

/// A list that found fewer than k neighbours (a cell and its surroundings too small) is filled by
/// comparing with all points: rare, and the only way to keep the promise of k.
fn complete(space: &Space<'_>, order: &[u32], k: usize, keep: usize, lists: &mut [u64]) {
    lists
        .par_chunks_mut(keep)
        .enumerate()
        .for_each(|(r, list)| {
            if list[k - 1] == NONE {
                list.fill(NONE);
                for at in (0..order.len()).filter(|&at| at != r) {
                    best::insert(
                        list,
                        key(
                            space.dist2(order[r] as usize, order[at] as usize),
                            at as u32,
                        ),
                    );
                }
            }
        });
}
