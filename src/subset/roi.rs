//! Regions of a map, as a person draws them and as files hold them.

use crate::mask::Mask;
use crate::spatial::{Brush, Ellipse, Polygon, Rectangle, TileTree};

/// An outline in the plane of a map, in world coordinates; it belongs to what it surrounds.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "shape", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Roi {
    /// Sides along the axes.
    Rectangle {
        /// A corner.
        from: [f64; 2],
        /// The opposite corner.
        to: [f64; 2],
    },
    /// Axes along those of the map.
    Ellipse {
        /// The middle.
        center: [f64; 2],
        /// Half the width and half the height.
        radii: [f64; 2],
    },
    /// A closed line, which may cross itself: inside is what it winds around (non-zero rule).
    Polygon {
        /// Its vertices.
        vertices: Vec<[f64; 2]>,
    },
    /// What a round brush has touched.
    Brush {
        /// Its way.
        path: Vec<[f64; 2]>,
        /// Its radius.
        radius: f64,
    },
}

/// Why a text holds no region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoiError {
    /// It is not JSON of a region.
    #[error(
        "not a region: {0}; expected a list of [x, y] vertices, a GeoJSON polygon, or {{\"shape\": \"ellipse\", ...}}"
    )]
    Json(String),
    /// Numbers that no region has.
    #[error("the region {0}")]
    Numbers(&'static str),
}

/// Products of numbers beyond this would be infinite.
const MOST: f64 = 1e100;
/// Most vertices of a region from a file.
const MOST_VERTICES: usize = 1_000_000;

impl Roi {
    /// A region from the forms that [`Region::from_json`](super::Region::from_json) reads.
    pub(super) fn from_value(json: &serde_json::Value) -> Result<Self, RoiError> {
        let rings = json
            .get("coordinates")
            .and_then(serde_json::Value::as_array);
        if rings.is_some_and(|rings| rings.len() > 1) {
            return Err(RoiError::Numbers(
                "is a polygon with holes, which no region has; give its outline alone, and take what lies in a hole \
                 from the selection",
            ));
        }
        let vertices = json
            .get("vertices")
            .or_else(|| json.get("polygon"))
            .or_else(|| json.get("coordinates").and_then(|rings| rings.get(0)))
            .filter(|_| json.get("shape").is_none())
            .or(json.is_array().then_some(json));
        let read = |e: serde_json::Error| RoiError::Json(e.to_string());
        match vertices {
            Some(vertices) => Self::Polygon {
                vertices: serde_json::from_value(vertices.clone()).map_err(read)?,
            },
            None => serde_json::from_value(json.clone()).map_err(read)?,
        }
        .checked()
    }

    /// The same, if its numbers make a region.
    ///
    /// # Errors
    /// When a number is not finite, a radius is not above zero, or a polygon has fewer than three
    /// vertices.
    pub fn checked(self) -> Result<Self, RoiError> {
        let (points, radii): (&[[f64; 2]], &[f64]) = match &self {
            Self::Rectangle { from, to } => (&[*from, *to], &[]),
            Self::Ellipse { center, radii } => (&[*center], radii),
            Self::Polygon { vertices } => (vertices, &[]),
            Self::Brush { path, radius } => (path, &[*radius]),
        };
        if points.iter().flatten().chain(radii).any(|v| !v.is_finite()) {
            return Err(RoiError::Numbers("has a number that is not finite"));
        }
        if points.iter().flatten().chain(radii).any(|v| v.abs() > MOST) {
            return Err(RoiError::Numbers("has a number beyond 1e100"));
        }
        if radii.iter().any(|r| *r <= 0.0) {
            return Err(RoiError::Numbers("has a radius that is not above zero"));
        }
        if points.len() > MOST_VERTICES {
            return Err(RoiError::Numbers("has more than a million vertices"));
        }
        match &self {
            Self::Polygon { vertices } if vertices.len() < 3 => {
                Err(RoiError::Numbers("has fewer than three vertices"))
            }
            Self::Brush { path, .. } if path.is_empty() => {
                Err(RoiError::Numbers("is a brush that was nowhere"))
            }
            _ => Ok(self),
        }
    }

    /// The same region moved: coordinates of a map are offsets from an origin, those of files are
    /// not.
    #[must_use]
    pub fn moved(&self, by: [f64; 2]) -> Self {
        let at = |p: &[f64; 2]| [0, 1].map(|i| p[i] + by[i]);
        match self {
            Self::Rectangle { from, to } => Self::Rectangle {
                from: at(from),
                to: at(to),
            },
            Self::Ellipse { center, radii } => Self::Ellipse {
                center: at(center),
                radii: *radii,
            },
            Self::Polygon { vertices } => Self::Polygon {
                vertices: vertices.iter().map(at).collect(),
            },
            Self::Brush { path, radius } => Self::Brush {
                path: path.iter().map(at).collect(),
                radius: *radius,
            },
        }
    }

    /// The places of `tree` inside.
    #[must_use]
    pub fn select(&self, tree: &TileTree) -> Mask {
        match self {
            Self::Rectangle { from, to } => tree.select(&Rectangle {
                min: [0, 1].map(|i| from[i].min(to[i])),
                max: [0, 1].map(|i| from[i].max(to[i])),
            }),
            Self::Ellipse { center, radii } => tree.select(&Ellipse {
                center: *center,
                radii: *radii,
            }),
            Self::Polygon { vertices } => tree.select(&Polygon::new(vertices)),
            Self::Brush { path, .. } if path.is_empty() => Mask::none(tree.points().len()),
            Self::Brush { path, radius } => tree.select(&Brush {
                path: path.clone(),
                radius: *radius,
            }),
        }
    }
}
