//! The neighbours of new vectors among those of a graph. The answer for a vector is a function of
//! it and the index alone: not of the batch, its order, or the threads.

use super::best::{self, NONE, key, key_dist2, key_index};
use super::cells::{Rows, assign, near_centroids};
use super::join::{Around, search};
use super::{Index, KnnGraph, Rounding, stored};
use crate::analysis::points::{InputError, Points, Space, distance};
use crate::progress::{Cancelled, Progress};
use rayon::prelude::*;
use std::borrow::Cow;

/// Queries of one cell handled by one task.
const TASK_QUERIES: usize = 256;
/// Neighbours whose own neighbours are looked at too.
const BREADTH: usize = 6;

/// An index together with the vectors as it compares them.
pub struct Searcher<'a> {
    index: &'a Index,
    graph: &'a KnnGraph,
    space: Space<'a>,
    values: Cow<'a, [f32]>,
    near: Vec<Vec<u32>>,
}

impl<'a> Searcher<'a> {
    /// `points`: those the graph was built from.
    #[must_use]
    pub fn new(points: Points<'a>, graph: &'a KnnGraph, index: &'a Index) -> Self {
        let space = Space::new(points, index.metric);
        let (mut values, mut near) = (Cow::default(), Vec::new());
        if let Some(cells) = &index.cells {
            let axes = index.axes.as_ref();
            values = stored(&space, &index.centre, axes, Rounding::Blocked);
            near = near_centroids(&cells.centroids, index.width(), index.reach.cells);
        }
        Self {
            index,
            graph,
            space,
            values,
            near,
        }
    }

    /// Indices and distances (`k` each) of the nearest points of each query, nearest first.
    ///
    /// # Errors
    /// When the queries are of another dimension, or the work was cancelled.
    pub fn nearest(
        &self,
        queries: Points<'_>,
        k: usize,
        progress: &Progress,
    ) -> Result<(Vec<u32>, Vec<f32>), super::KnnError> {
        if queries.dim() != self.space.points.dim() {
            return Err(InputError::Dimension {
                expected: self.space.points.dim(),
                got: queries.dim(),
            }
            .into());
        }
        let k = k.min(self.space.points.len());
        if k == 0 || queries.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let asked = Space::new(queries, self.index.metric);
        let lists = match &self.index.cells {
            None => (0..queries.len())
                .into_par_iter()
                .flat_map_iter(|q| self.all(&asked, q, k))
                .collect(),
            Some(_) => self.by_cell(&asked, k, progress)?,
        };
        progress.check()?;
        let indices = lists.iter().map(|&v| key_index(v)).collect();
        let distances = lists
            .iter()
            .map(|&v| distance(self.index.metric, key_dist2(v)))
            .collect();
        Ok((indices, distances))
    }

    /// Compares one query with every point.
    fn all(&self, asked: &Space<'_>, q: usize, k: usize) -> Vec<u64> {
        let mut list = vec![NONE; k];
        for i in 0..self.space.points.len() {
            best::insert(&mut list, key(asked.dist2_to(q, &self.space, i), i as u32));
        }
        list
    }

    /// Keys by query, by point number.
    fn by_cell(
        &self,
        asked: &Space<'_>,
        k: usize,
        progress: &Progress,
    ) -> Result<Vec<u64>, Cancelled> {
        let Some(cells) = &self.index.cells else {
            return Ok(Vec::new());
        };
        let ids: Vec<u32> = (0..asked.points.len() as u32).collect();
        let width = self.index.width();
        let axes = self.index.axes.as_ref();
        let values = stored(asked, &self.index.centre, axes, Rounding::RowByRow);
        let queries = Rows::new(&values, width);
        let nearest = assign(queries, &ids, &cells.centroids);
        let mut by_cell: Vec<(u32, u32)> = nearest.into_iter().zip(ids).collect();
        by_cell.sort_unstable();
        let tasks: Vec<&[(u32, u32)]> = by_cell
            .chunk_by(|a, b| a.0 == b.0)
            .flat_map(|c| c.chunks(TASK_QUERIES))
            .collect();
        let keep = if self.index.axes.is_some() {
            4 * k
        } else {
            k + 3
        };
        let found: Vec<(Vec<u32>, Vec<u64>)> = tasks
            .into_par_iter()
            .with_max_len(1)
            .map(|task| {
                if progress.is_cancelled() {
                    return (Vec::new(), Vec::new());
                }
                let cell = task[0].0 as usize;
                let ids: Vec<u32> = task.iter().map(|t| t.1).collect();
                let around = Around {
                    rows: Rows::new(&self.values, width).ordered(&self.graph.order),
                    cells,
                    cell,
                    near: &self.near[cell],
                    reach: self.index.reach.reach,
                };
                let lists = search(&around, queries, &ids, k, keep);
                let full = ids
                    .iter()
                    .zip(lists.chunks_exact(keep))
                    .flat_map(|(&q, l)| self.measured(asked, q as usize, l, k))
                    .collect();
                (ids, full)
            })
            .collect();
        progress.check()?;
        let mut out = vec![NONE; asked.points.len() * k];
        for (ids, lists) in &found {
            for (&q, l) in ids.iter().zip(lists.chunks_exact(k)) {
                out[q as usize * k..][..k].copy_from_slice(l);
            }
        }
        Ok(out)
    }

    /// The candidates measured in full, and the neighbours of the nearest of them.
    fn measured(&self, asked: &Space<'_>, q: usize, candidates: &[u64], k: usize) -> Vec<u64> {
        let mut list = vec![NONE; k];
        let mut limit = f32::INFINITY;
        for &v in candidates {
            if v == NONE || key_dist2(v) * 0.999 > limit {
                break;
            }
            let i = self.graph.order[key_index(v) as usize];
            limit = best::insert(
                &mut list,
                key(asked.dist2_to(q, &self.space, i as usize), i),
            );
        }
        let mut seen: Vec<u32> = candidates
            .iter()
            .filter(|v| **v != NONE)
            .map(|&v| self.graph.order[key_index(v) as usize])
            .collect();
        seen.sort_unstable();
        let mut more: Vec<u32> = list
            .iter()
            .take(BREADTH)
            .filter(|v| **v != NONE)
            .flat_map(|&v| self.graph.neighbors(key_index(v) as usize))
            .copied()
            .filter(|i| seen.binary_search(i).is_err())
            .collect();
        more.sort_unstable();
        more.dedup();
        for i in more {
            best::insert(
                &mut list,
                key(asked.dist2_to(q, &self.space, i as usize), i),
            );
        }
        if list[k - 1] == NONE {
            self.all(asked, q, k)
        } else {
            list
        }
    }
}
