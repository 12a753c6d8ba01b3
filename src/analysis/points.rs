//! A borrowed table of vectors and the space its metric puts them in.

use crate::analysis::simd;
use rayon::prelude::*;

/// How near two vectors are.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// The length of their difference.
    #[default]
    Euclidean,
    /// 1 - cos of the angle; a zero vector counts as orthogonal to everything.
    Cosine,
    /// 1 - a.b of vectors that have unit length already (computed as |a - b|^2 / 2), as
    /// [`Points::suited_to`] makes sure. A graph of largest inner products of other vectors would join
    /// everything to the longest ones: use `Cosine` there.
    Dot,
}

impl Metric {
    /// All metrics.
    pub const ALL: [Self; 3] = [Self::Euclidean, Self::Cosine, Self::Dot];

    /// Name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Euclidean => "euclidean",
            Self::Cosine => "cosine",
            Self::Dot => "dot",
        }
    }
}

/// What is wrong with the input.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InputError {
    /// The number of values is not a multiple of the dimension.
    #[error("{values} values do not make vectors of {dim}")]
    Shape {
        /// How many values there are.
        values: usize,
        /// Values of a vector.
        dim: usize,
    },
    /// More rows than a 32-bit index can name.
    #[error("{rows} vectors are more than can be handled; take a part of them")]
    TooMany {
        /// How many there are.
        rows: usize,
    },
    /// A value that is not finite, or too large to square.
    #[error("vector {row} holds NaN, infinity or values beyond 1e16; leave it out or replace it")]
    NotFinite {
        /// First such row.
        row: usize,
    },
    /// Scalar products of vectors of other lengths than 1.
    #[error(
        "the scalar product is a distance of vectors of unit length, and vector {row} has length {length:.4}; use the metric cosine, which scales them, or euclidean"
    )]
    NotUnit {
        /// First such row.
        row: usize,
        /// Its length.
        length: f32,
    },
    /// Vectors of another dimension than the fitted ones.
    #[error(
        "vectors of {got} values do not fit those of {expected} that the map was made from; encode both with the same encoder"
    )]
    Dimension {
        /// Values of a fitted vector.
        expected: usize,
        /// Values of a new one.
        got: usize,
    },
}

/// The squared length of a vector of unit length, in half precision or by a rough division, is off by less.
const UNIT: f64 = 0.01;
/// Larger values would overflow when squared and summed in f32.
const LARGEST: f32 = 1e16;

/// `n` vectors of `dim` finite values, row after row.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    values: &'a [f32],
    dim: usize,
}

/// Without a branch for each value.
fn usable(row: &[f32]) -> bool {
    let mut usable = true;
    for value in row {
        usable &= value.abs() <= LARGEST;
    }
    usable
}

impl<'a> Points<'a> {
    /// Checks shape and values.
    ///
    /// # Errors
    /// When the values do not make rows, are too many, or not usable.
    pub fn new(values: &'a [f32], dim: usize) -> Result<Self, InputError> {
        if dim == 0 || !values.len().is_multiple_of(dim) {
            return Err(InputError::Shape {
                values: values.len(),
                dim,
            });
        }
        let rows = values.len() / dim;
        if rows > u32::MAX as usize - 1 {
            return Err(InputError::TooMany { rows });
        }
        let bad = values.par_chunks(dim).position_first(|r| !usable(r));
        match bad {
            Some(row) => Err(InputError::NotFinite { row }),
            None => Ok(Self { values, dim }),
        }
    }

    /// The same, if the metric makes sense of them: scalar products are distances of unit vectors only.
    ///
    /// # Errors
    /// When a vector is not of unit length, to half a per cent.
    pub fn suited_to(self, metric: Metric) -> Result<Self, InputError> {
        if metric != Metric::Dot {
            return Ok(self);
        }
        let other = |row: &[f32]| (norm2(row) - 1.0).abs() > UNIT;
        match self.values.par_chunks(self.dim).position_first(other) {
            Some(row) => Err(InputError::NotUnit {
                row,
                length: norm2(self.row(row)).sqrt() as f32,
            }),
            None => Ok(self),
        }
    }

    /// Number of vectors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Values of a vector.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All values, row after row.
    #[must_use]
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// Vector `i`.
    #[inline(always)]
    #[must_use]
    pub fn row(&self, i: usize) -> &'a [f32] {
        &self.values[i * self.dim..(i + 1) * self.dim]
    }
}

/// The points mapped into the Euclidean space in which their metric becomes a monotone function
/// of the distance: unchanged, or scaled to unit length (cosine). The mapping is applied on the fly.
pub(crate) struct Space<'a> {
    pub points: Points<'a>,
    pub metric: Metric,
    scale: Vec<f32>,
}

impl<'a> Space<'a> {
    #[must_use]
    pub fn new(points: Points<'a>, metric: Metric) -> Self {
        let scale = match metric {
            Metric::Euclidean | Metric::Dot => Vec::new(),
            Metric::Cosine => (0..points.len())
                .into_par_iter()
                .map(|i| unit_scale(norm2(points.row(i))))
                .collect(),
        };
        Self {
            points,
            metric,
            scale,
        }
    }

    /// Squared distance of point `i` to point `j` of another space of the same metric.
    #[inline]
    #[must_use]
    pub fn dist2_to(&self, i: usize, other: &Space<'_>, j: usize) -> f32 {
        let s = |space: &Space<'_>, t: usize| space.scale.get(t).copied().unwrap_or(1.0);
        simd::dist2_scaled(
            self.points.row(i),
            s(self, i),
            other.points.row(j),
            s(other, j),
        )
    }

    /// Whether mapped points are the points themselves, of a whole number of vectors of the processor's.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.scale.is_empty() && self.dim().is_multiple_of(simd::LANES)
    }

    /// Coordinates of a mapped point.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.points.dim()
    }

    /// Writes the mapped point `i` into the first `dim()` places of `out`.
    pub fn write(&self, i: usize, out: &mut [f32]) {
        let row = self.points.row(i);
        let s = self.scale.get(i).copied().unwrap_or(1.0);
        for (o, v) in out.iter_mut().zip(row) {
            *o = v * s;
        }
    }

    /// Squared distance of two mapped points, by differences (no cancellation).
    #[inline]
    #[must_use]
    pub fn dist2(&self, i: usize, j: usize) -> f32 {
        self.dist2_to(i, self, j)
    }

    /// The metric's own distance from the mapped squared one.
    #[inline]
    #[must_use]
    pub fn distance(&self, dist2: f32) -> f32 {
        distance(self.metric, dist2)
    }
}

/// The metric's own distance from the squared Euclidean one of mapped points.
#[inline]
#[must_use]
pub fn distance(metric: Metric, dist2: f32) -> f32 {
    match metric {
        Metric::Euclidean => dist2.sqrt(),
        Metric::Cosine | Metric::Dot => 0.5 * dist2,
    }
}

fn norm2(row: &[f32]) -> f64 {
    row.iter().map(|&v| f64::from(v) * f64::from(v)).sum()
}

/// 1 / norm, or 0 for a null vector.
#[must_use]
pub fn unit_scale(norm2: f64) -> f32 {
    if norm2 > 0.0 {
        (1.0 / norm2.sqrt()) as f32
    } else {
        0.0
    }
}
