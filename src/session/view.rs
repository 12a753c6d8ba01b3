//! How the map is shown; the camera lives apart, in the window.

use std::collections::BTreeSet;

use crate::color::{Colormap, ScaleKind};

/// What gives the points their colour.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColorBy {
    /// Column of the catalogue; one colour for all when `None`.
    pub column: Option<String>,
    /// For numbers: how they spread over the map.
    #[serde(default)]
    pub scale: ScaleKind,
    /// For numbers: the colours.
    #[serde(default)]
    pub map: Colormap,
    /// For numbers: limits in the column's unit; percentiles 1 and 99 when `None`.
    #[serde(default)]
    pub limits: Option<(f64, f64)>,
    /// For categories: the names that are not drawn.
    #[serde(default)]
    pub hidden: BTreeSet<String>,
}

/// How the map is shown.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewSpec {
    /// Colour of the points.
    pub color: ColorBy,
    /// Times the automatic size of the points.
    pub point_size: f32,
    /// Opacity of the points, `0..=1`.
    pub opacity: f32,
}

impl Default for ViewSpec {
    fn default() -> Self {
        Self {
            color: ColorBy::default(),
            point_size: 1.0,
            opacity: 0.8,
        }
    }
}

impl ViewSpec {
    /// The same with values in their ranges, for specs that come from a file.
    #[must_use]
    pub fn sane(mut self) -> Self {
        let or = |value: f32, low: f32, high: f32, default: f32| {
            if value.is_finite() {
                value.clamp(low, high)
            } else {
                default
            }
        };
        self.point_size = or(self.point_size, 0.2, 5.0, 1.0);
        self.opacity = or(self.opacity, 0.02, 1.0, 0.8);
        self.color.limits = self
            .color
            .limits
            .filter(|(low, high)| low.is_finite() && high.is_finite());
        self
    }
}
