//! Nearest neighbours by blocked comparison of Voronoi cells.
//!
//! Each point is compared with all points of its own cell, then with those of the neighbouring
//! cells its neighbourhood may reach into. A point at squared distances p and q from its own and
//! another centroid, which are c apart, is (q - p) / 2c away from the plane between the two cells;
//! nothing beyond the plane can be nearer. A cell is therefore skipped when that is more than
//! `reach` times the distance of the k-th neighbour found so far: `reach` = 1 would lose nothing;
//! in many dimensions a neighbour's offset is rarely aligned with one direction and far smaller
//! values lose almost nothing.

use super::best::{NONE, insert, key, key_dist2};
use super::cells::{Cells, Rows, Scratch, near_centroids};
use crate::analysis::simd::{self, Block};
use crate::progress::{Cancelled, Progress};
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How far the join looks.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Share of the k-th distance within which a neighbouring cell is visited.
    pub reach: f32,
    /// Neighbouring cells considered at all.
    pub cells: usize,
}

/// For each row (stored cell by cell) the sorted keys of its `keep` nearest others by row number.
/// The cells' bounds index `rows`; the k-th distance is that of place `k` of the kept.
pub fn join(
    rows: Rows<'_>,
    cells: &Cells,
    k: usize,
    keep: usize,
    reach: Reach,
    progress: &Progress,
) -> Result<Vec<u64>, Cancelled> {
    let near = near_centroids(&cells.centroids, rows.width(), reach.cells);
    progress.check()?;
    let mut lists = vec![NONE; rows.len() * keep];
    let mut parts = Vec::with_capacity(cells.len());
    let mut rest = &mut lists[..];
    for c in 0..cells.len() {
        let (part, tail) = rest.split_at_mut(cells.range(c).len() * keep);
        parts.push(part);
        rest = tail;
    }
    let done = AtomicUsize::new(0);
    parts
        .into_par_iter()
        .enumerate()
        .with_max_len(1)
        .for_each_init(Task::default, |task, (c, lists)| {
            if progress.is_cancelled() {
                return;
            }
            task.own
                .gather_range(rows, cells.range(c), cells.centroid(c, rows.width()));
            let around = Around {
                rows,
                cells,
                cell: c,
                near: &near[c],
                reach: reach.reach,
            };
            task.run(&around, true, k, keep, lists);
            let d = done.fetch_add(1, Relaxed) + 1;
            if d.is_multiple_of(16) {
                progress.report(d as f32 / cells.len() as f32);
            }
        });
    progress.check()?;
    Ok(lists)
}

/// For queries that lie in one cell, given by number: the sorted keys of their `keep` nearest
/// rows. A query's result does not depend on the others: the block kernel treats every pair alike.
pub fn search(
    around: &Around<'_>,
    queries: Rows<'_>,
    ids: &[u32],
    k: usize,
    keep: usize,
) -> Vec<u64> {
    let mut task = Task::default();
    let mut lists = vec![NONE; ids.len() * keep];
    task.own.gather(
        queries,
        ids,
        around.cells.centroid(around.cell, queries.width()),
    );
    task.run(around, false, k, keep, &mut lists);
    lists
}

/// A cell and what lies next to it.
pub struct Around<'a> {
    pub rows: Rows<'a>,
    pub cells: &'a Cells,
    pub cell: usize,
    pub near: &'a [u32],
    pub reach: f32,
}

/// Buffers of one cell's work; `own` holds its points, centred on its centroid.
#[derive(Default)]
struct Task {
    own: Scratch,
    other: Scratch,
    centroids: Scratch,
    plane: Vec<f32>,
    pick: Vec<u32>,
    dist2: Vec<f32>,
}

impl Task {
    /// Fills the lists of the own points. `own_cell`: they are the cell's rows,
    /// not to be found as their own neighbours.
    fn run(
        &mut self,
        around: &Around<'_>,
        own_cell: bool,
        k: usize,
        keep: usize,
        lists: &mut [u64],
    ) {
        let Around {
            rows,
            cells,
            cell,
            near,
            reach,
        } = *around;
        let centre = cells.centroid(cell, rows.width());
        self.distance_to_planes(cells, near, centre, rows.width());
        let planes = simd::padded(near.len());
        let members = self.own.norms.len();
        for (t, b) in std::iter::once(cell as u32)
            .chain(near.iter().copied())
            .enumerate()
        {
            self.pick.clear();
            for i in 0..members {
                let far = key_dist2(lists[i * keep + k - 1]).sqrt() * reach;
                if t == 0 || self.plane[i * planes + t - 1] <= far {
                    self.pick.push(i as u32);
                }
            }
            if self.pick.is_empty() {
                continue;
            }
            let range = cells.range(b as usize);
            let first = range.start as u32;
            self.other.gather_range(rows, range, centre);
            let own = Block {
                rows: &self.own.rows,
                norms: &self.own.norms,
                width: rows.width(),
            };
            let other = Block {
                rows: &self.other.rows,
                norms: &self.other.norms,
                width: rows.width(),
            };
            let stride = simd::padded(other.len());
            self.dist2
                .resize((self.pick.len() * stride).max(self.dist2.len()), 0.0);
            simd::dist2_block(own, &self.pick, other, &mut self.dist2);
            for (&i, row) in self.pick.iter().zip(self.dist2.chunks_exact_mut(stride)) {
                if t == 0 && own_cell {
                    row[i as usize] = f32::INFINITY;
                }
                take(
                    row,
                    first,
                    &mut lists[i as usize * keep..(i as usize + 1) * keep],
                );
            }
        }
    }

    /// For each own point its distance to the plane between its cell and each near one.
    fn distance_to_planes(&mut self, cells: &Cells, near: &[u32], centre: &[f32], width: usize) {
        let all = Rows::new(&cells.centroids, width);
        self.centroids.gather(all, near, centre);
        let b = Block {
            rows: &self.centroids.rows,
            norms: &self.centroids.norms,
            width,
        };
        let own = Block {
            rows: &self.own.rows,
            norms: &self.own.norms,
            width,
        };
        let stride = simd::padded(near.len());
        if near.is_empty() {
            return;
        }
        self.plane.resize(own.len() * stride, 0.0);
        self.pick.clear();
        self.pick.extend(0..own.len() as u32);
        simd::dist2_block(own, &self.pick, b, &mut self.plane);
        for (row, own) in self.plane.chunks_exact_mut(stride).zip(own.norms) {
            for (v, apart) in row.iter_mut().zip(b.norms) {
                *v = if *apart > 0.0 {
                    (*v - own) / (2.0 * apart.sqrt())
                } else {
                    0.0
                };
            }
        }
    }
}

/// Adds what is near enough of a row of squared distances to points from `first` on.
#[inline]
pub fn take(row: &[f32], first: u32, list: &mut [u64]) {
    let limit = key_dist2(list[list.len() - 1]);
    simd::scan_below(row, limit, |j, d| insert(list, key(d, first + j as u32)));
}
