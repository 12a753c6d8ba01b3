//! How the points of a map lie in three dimensions: what they turn about, and how deep they reach.

use rayon::prelude::*;

use crate::data::{Plane, Projection};

/// Points taken together by one thread, so that sums do not depend on the number of threads.
const CHUNK: usize = 1 << 16;
/// From the middle to what counts as near or far, standard deviations along the line of sight.
const REACH: f64 = 2.0;

/// Middle and spread of points in three dimensions, as offsets from the origin of the map.
#[derive(Debug, Clone, Copy)]
pub(super) struct Space {
    /// Middle of the box around all points; it stays where it is while they turn.
    pub center: [f64; 3],
    mean: [f64; 3],
    covariance: [[f64; 3]; 3],
}

impl Space {
    /// Of a projection of three dimensions; `None` of one of two.
    pub fn of(projection: &Projection) -> Option<Self> {
        if projection.dims() != 3 {
            return None;
        }
        let chunks = projection.coords().par_chunks(3 * CHUNK);
        let points = |chunk: &'_ [f32]| -> Vec<[f64; 3]> {
            let points = chunk.chunks_exact(3);
            points.map(|p| [0, 1, 2].map(|i| f64::from(p[i]))).collect()
        };
        let n = projection.len().max(1) as f64;
        let firsts: Vec<_> = chunks.clone().map(|c| First::of(&points(c))).collect();
        let first = firsts.into_iter().fold(First::NONE, First::and);
        let mean = first.sum.map(|sum| sum / n);
        let seconds: Vec<[[f64; 3]; 3]> = chunks
            .map(|chunk| {
                let mut sum = [[0.0; 3]; 3];
                for point in points(chunk) {
                    let off = [0, 1, 2].map(|i| point[i] - mean[i]);
                    for (row, a) in sum.iter_mut().zip(off) {
                        row.iter_mut().zip(off).for_each(|(sum, b)| *sum += a * b);
                    }
                }
                sum
            })
            .collect();
        let covariance = [0, 1, 2]
            .map(|i| [0, 1, 2].map(|j| seconds.iter().map(|sum| sum[i][j]).sum::<f64>() / n));
        Some(Self {
            center: [0, 1, 2].map(|i| f64::midpoint(first.min[i], first.max[i])),
            mean,
            covariance,
        })
    }

    /// What a viewer who looks onto `plane` sees of depth.
    pub fn sight(&self, plane: Plane) -> Sight {
        let toward = plane.toward();
        let spread = dot(self.covariance.map(|row| dot(row, toward)), toward);
        let reach = 2.0 * REACH * spread.max(0.0).sqrt();
        Sight {
            toward,
            mean: dot(self.mean, toward),
            per_unit: if reach > 0.0 { 1.0 / reach } else { 0.0 },
        }
    }
}

/// From points to their depth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    toward: [f64; 3],
    /// Of the mean of the points, towards the viewer.
    mean: f64,
    per_unit: f64,
}

impl Sight {
    /// How far a point lies from the viewer: 0 near, 1 far. Two standard deviations in front of the
    /// mean are near, two behind it far, whatever lies beyond.
    pub fn depth(&self, point: [f64; 3]) -> f32 {
        let nearer = (dot(point, self.toward) - self.mean) * self.per_unit;
        (0.5 - nearer).clamp(0.0, 1.0) as f32
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Sums and limits.
#[derive(Clone, Copy)]
struct First {
    min: [f64; 3],
    max: [f64; 3],
    sum: [f64; 3],
}

impl First {
    const NONE: Self = Self {
        min: [f64::INFINITY; 3],
        max: [f64::NEG_INFINITY; 3],
        sum: [0.0; 3],
    };

    fn of(points: &[[f64; 3]]) -> Self {
        let one = |point: &[f64; 3]| Self {
            min: *point,
            max: *point,
            sum: *point,
        };
        points.iter().map(one).fold(Self::NONE, Self::and)
    }

    fn and(self, other: Self) -> Self {
        Self {
            min: [0, 1, 2].map(|i| self.min[i].min(other.min[i])),
            max: [0, 1, 2].map(|i| self.max[i].max(other.max[i])),
            sum: [0, 1, 2].map(|i| self.sum[i] + other.sum[i]),
        }
    }
}
