//! A graph and its index as arrays, and back. What comes from a file is checked before it is used:
//! every number that names a point or a cell does.

use super::cells::Cells;
use super::{Index, KnnGraph, Reach};
use crate::analysis::axes::Axes;
use crate::analysis::points::Metric;
use crate::analysis::simd;
use crate::data::{Arrays, ArraysError};

/// More cells than this are not looked at around any one.
const MOST_CELLS: usize = 1 << 16;
/// No vector that is searched among has a value beyond this.
const LARGEST: f32 = 1e17;

impl KnnGraph {
    /// Adds the graph to `arrays`.
    pub fn put<'a>(&'a self, arrays: &mut Arrays<'a>) {
        let shape = [self.len(), self.k];
        arrays.put("graph.indices", &shape, &self.indices[..]);
        arrays.put("graph.distances", &shape, &self.distances[..]);
        arrays.put("graph.order", &[self.len()], &self.order[..]);
    }

    /// Takes the graph of `n` points out of `arrays`.
    ///
    /// # Errors
    /// When something is missing or cannot be right.
    pub fn take(arrays: &mut Arrays<'_>, n: usize) -> Result<Self, ArraysError> {
        let shape = arrays.arrays.get("graph.indices").map(|a| &a.shape[..]);
        let k = shape.and_then(|shape| shape.get(1)).copied().unwrap_or(0);
        let graph = Self {
            k,
            indices: arrays.take("graph.indices", &[n, k])?,
            distances: arrays.take("graph.distances", &[n, k])?,
            order: arrays.take("graph.order", &[n])?,
        };
        let mut seen = vec![false; n];
        for &i in &graph.order {
            let seen = seen.get_mut(i as usize).filter(|seen| !**seen);
            *seen.ok_or_else(|| wrong("graph.order"))? = true;
        }
        if graph.indices.iter().any(|&i| i as usize >= n) {
            return Err(wrong("graph.indices"));
        }
        let usable = |d: &f32| d.is_finite() && *d >= 0.0;
        if !graph.distances.iter().all(usable) {
            return Err(wrong("graph.distances"));
        }
        Ok(graph)
    }
}

impl Index {
    /// Adds the index to `arrays`.
    pub fn put<'a>(&'a self, arrays: &mut Arrays<'a>) {
        let width = self.width();
        arrays.put("index.centre", &[self.centre.len()], &self.centre[..]);
        if let Some(axes) = &self.axes {
            arrays.put("index.axes", &[axes.count, axes.width], &axes.rows[..]);
            arrays.put("index.axes_centre", &[axes.width], &axes.centre[..]);
        }
        if let Some(cells) = &self.cells {
            arrays.put("index.bounds", &[cells.bounds.len()], &cells.bounds[..]);
            let shape = [cells.len(), width];
            arrays.put("index.centroids", &shape, &cells.centroids[..]);
        }
        let facts = std::mem::take(&mut arrays.facts);
        arrays.facts = facts
            .with("index.reach", self.reach.reach.to_string())
            .with("index.cells", self.reach.cells.to_string());
    }

    /// Takes the index of `n` vectors of `dim` values out of `arrays`.
    ///
    /// # Errors
    /// When something is missing or cannot be right.
    pub fn take(
        arrays: &mut Arrays<'_>,
        n: usize,
        dim: usize,
        metric: Metric,
    ) -> Result<Self, ArraysError> {
        let full = simd::padded(dim);
        let finite = |values: Vec<f32>, name: &str| {
            let finite = values.iter().all(|v| v.abs() <= LARGEST);
            finite.then_some(values).ok_or_else(|| wrong(name))
        };
        let reach = Reach {
            reach: arrays.fact("index.reach")?,
            cells: arrays.fact("index.cells")?,
        };
        if !(reach.reach >= 0.0 && reach.reach.is_finite() && reach.cells <= MOST_CELLS) {
            return Err(wrong("index.reach"));
        }
        let mut index = Self {
            centre: finite(arrays.take("index.centre", &[full])?, "index.centre")?,
            axes: None,
            cells: None,
            reach,
            metric,
        };
        if let Ok(count) = arrays.len_of("index.axes") {
            if count == 0 || count > dim {
                return Err(wrong("index.axes"));
            }
            let centre = arrays.take("index.axes_centre", &[full])?;
            index.axes = Some(Axes {
                centre: finite(centre, "index.axes_centre")?,
                rows: finite(arrays.take("index.axes", &[count, full])?, "index.axes")?,
                count,
                width: full,
            });
        }
        if let Ok(ends) = arrays.len_of("index.bounds") {
            let bounds: Vec<u32> = arrays.take("index.bounds", &[ends])?;
            let whole = bounds.first() == Some(&0)
                && bounds.last().is_some_and(|last| *last as usize == n)
                && bounds.len() > 1
                && bounds.is_sorted();
            if !whole {
                return Err(wrong("index.bounds"));
            }
            let shape = [ends - 1, index.width()];
            let centroids = arrays.take("index.centroids", &shape)?;
            index.cells = Some(Cells {
                members: Vec::new(),
                bounds,
                centroids: finite(centroids, "index.centroids")?,
            });
        }
        Ok(index)
    }
}

fn wrong(name: &str) -> ArraysError {
    ArraysError::Values(name.to_owned())
}
