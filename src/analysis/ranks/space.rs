//! Points with distances between them: the vectors, or the map.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, Axis};

use super::super::points::Metric;
use crate::analysis::medians::medians;

/// Rows that tell the middle of all.
const MIDDLE_ROWS: usize = 1024;

/// `n x d` points, row-major, finite.
pub(in crate::analysis) struct Space<'a> {
    values: &'a [f32],
    dim: usize,
    kind: Kind,
    scale: f32,
    /// Taken off every point, against cancellation.
    middle: Vec<f32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Few dimensions: squared distances, from differences.
    Map,
    /// Half the squared distance, less what is the same for all points of a query.
    Euclidean,
    /// The cosine, negative.
    Cosine,
}

impl<'a> Space<'a> {
    /// The space of a map.
    pub fn map(values: &'a [f32], dim: usize) -> Self {
        Self::new(values, dim, Kind::Map)
    }

    /// The space of vectors.
    pub fn vectors(values: &'a [f32], dim: usize, metric: Metric) -> Self {
        let kind = match metric {
            Metric::Euclidean => Kind::Euclidean,
            // Of vectors of unit length they are the same.
            Metric::Cosine | Metric::Dot => Kind::Cosine,
        };
        Self::new(values, dim, kind)
    }

    fn new(values: &'a [f32], dim: usize, kind: Kind) -> Self {
        let step = (values.len() / dim).div_ceil(MIDDLE_ROWS).max(1);
        let sample = values.chunks_exact(dim).step_by(step).flatten().copied();
        // Halved, so that no difference is infinite.
        let mut middle = medians(&sample.map(|v| v / 2.0).collect::<Vec<_>>(), dim);
        if kind == Kind::Cosine {
            middle.fill(0.0);
        }
        let largest = values.iter().fold(0.0_f32, |a, v| a.max(v.abs()));
        // A power of two, which rounds nothing.
        let scale = (-f64::from(largest.max(f32::MIN_POSITIVE)).log2().floor()).exp2();
        Self {
            values,
            dim,
            kind,
            scale: scale.min(f64::from(f32::MAX) / 4.0) as f32,
            middle,
        }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Some points, one a row, ready to be [measured](Self::measure).
    pub fn gather(&self, points: impl ExactSizeIterator<Item = usize>) -> Array2<f32> {
        let mut rows = Array2::zeros((points.len(), self.dim));
        for (mut row, point) in rows.outer_iter_mut().zip(points) {
            let values = &self.values[point * self.dim..][..self.dim];
            for ((to, value), middle) in row.iter_mut().zip(values).zip(&self.middle) {
                *to = (value / 2.0 - middle) * self.scale;
            }
            if self.kind == Kind::Cosine {
                let squares: f64 = row.iter().map(|v| f64::from(*v).powi(2)).sum();
                let length = squares.sqrt().max(f64::MIN_POSITIVE);
                row.mapv_inplace(|v| (f64::from(v) / length) as f32);
            }
        }
        rows
    }

    /// Numbers that grow with the distance from each query to each point, `q x p`: comparable for one
    /// query, and the same wherever a point stands among others.
    pub fn measure(&self, queries: &Array2<f32>, points: &Array2<f32>) -> Array2<f32> {
        let mut measured = Array2::zeros((queries.nrows(), points.nrows()));
        if self.kind == Kind::Map {
            for (axis, along) in points.axis_iter(Axis(1)).enumerate() {
                let along = along.to_vec();
                for (mut row, query) in measured.outer_iter_mut().zip(queries.column(axis)) {
                    let values = row.iter_mut().zip(&along);
                    values.for_each(|(to, v)| *to += (v - query) * (v - query));
                }
            }
            return measured;
        }
        if self.kind == Kind::Euclidean {
            let squares = |row: ndarray::ArrayView1<'_, f32>| {
                row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>()
            };
            let half = points.map_axis(Axis(1), |row| (squares(row) / 2.0) as f32);
            measured += &half;
        }
        general_mat_mul(-1.0, queries, &points.t(), 1.0, &mut measured);
        measured
    }
}
