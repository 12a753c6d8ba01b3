//! How the map is shown; the camera lives apart, in the window.

use std::collections::BTreeSet;

use super::OpenData;
use crate::color::{Colormap, ScaleKind};
use crate::data::ColumnKind;
use crate::render::DensityScale;
use crate::subset::SubsetExpr;

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
    /// For numbers: the colours from the other end.
    #[serde(default)]
    pub invert: bool,
    /// For numbers: limits in the column's unit; percentiles 1 and 99 when `None`.
    #[serde(default)]
    pub limits: Option<(f64, f64)>,
    /// Whole numbers of which there are few are numbers, not categories.
    #[serde(default)]
    pub as_numbers: bool,
    /// For categories: the names that are not drawn.
    #[serde(default)]
    pub hidden: BTreeSet<String>,
    /// For categories: names in the order of the legend, which gives them their colours; names that
    /// are not in it follow in the order of their first appearance.
    #[serde(default)]
    pub order: Vec<String>,
}

impl ColorBy {
    /// The condition for what belongs to a category that is not drawn, where there is one and SQL can tell its name.
    fn hidden_where(&self, data: &OpenData) -> Option<String> {
        let name = self.column.as_ref().filter(|_| !self.hidden.is_empty())?;
        let column = data.dataset.catalog.column(name)?;
        let as_numbers = self.as_numbers && column.is_numeric();
        if as_numbers || data.kind_of(name) != Some(ColumnKind::Categorical) {
            return None;
        }
        let name = format!("\"{}\"", column.name().replace('"', "\"\""));
        let text = column.is_text();
        if !text && !column.is_numeric() && !column.is_truth() {
            return None;
        }
        let value = |value: &String| {
            if text {
                format!("'{}'", value.replace('\'', "''"))
            } else {
                value.clone()
            }
        };
        let values = self.hidden.iter().filter(|value| !value.is_empty());
        let values: Vec<String> = values.map(value).collect();
        let mut conditions = Vec::new();
        if !values.is_empty() {
            conditions.push(format!("{name} IN ({})", values.join(", ")));
        }
        if self.hidden.contains("") {
            conditions.push(format!("{name} IS NULL"));
            if text {
                conditions.push(format!("{name} = ''"));
            }
        }
        Some(conditions.join(" OR "))
    }
}

/// A kind of layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayerKind {
    /// How densely the points lie.
    Density,
    /// Every point's marker.
    Points,
    /// Lines around given shares of the points.
    Contours,
    /// Pictures of the objects in place of their points, where there is room.
    Thumbnails,
    /// Names of the categories.
    Labels,
}

impl LayerKind {
    /// All kinds, from the lowest to the uppermost.
    pub const ALL: [Self; 5] = [
        Self::Density,
        Self::Points,
        Self::Contours,
        Self::Thumbnails,
        Self::Labels,
    ];

    /// Name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Density => "Density",
            Self::Points => "Points",
            Self::Contours => "Contours",
            Self::Thumbnails => "Thumbnails",
            Self::Labels => "Labels",
        }
    }
}

/// One layer of the map.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerSpec {
    /// What it shows.
    pub kind: LayerKind,
    /// Whether it is shown.
    pub shown: bool,
    /// `0..=1`.
    pub opacity: f32,
}

/// How density is shown.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DensitySpec {
    /// From density to colour.
    pub scale: DensityScale,
    /// The colours; those of the points, mixed, when `None`.
    pub map: Option<Colormap>,
    /// Standard deviation of the smoothing, points of the user interface.
    pub smoothing: f32,
}

impl Default for DensitySpec {
    fn default() -> Self {
        Self {
            scale: DensityScale::default(),
            map: Some(Colormap::Magma),
            smoothing: 3.0,
        }
    }
}

/// What contours surround.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContourSpec {
    /// Shares of the points inside, each above 0 and below 1.
    pub fractions: Vec<f64>,
    /// Apart for each category that colours the points.
    pub by_category: bool,
    /// Times the automatic width of the smoothing, `0.1..=3`.
    #[serde(default = "one")]
    pub smoothing: f32,
}

fn one() -> f32 {
    1.0
}

impl Default for ContourSpec {
    fn default() -> Self {
        Self {
            fractions: vec![0.5, 0.9],
            by_category: true,
            smoothing: 1.0,
        }
    }
}

/// How the map is shown.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewSpec {
    /// Colour of the points.
    pub color: ColorBy,
    /// Times the automatic size of the points.
    pub point_size: f32,
    /// Column of numbers that gives the points their size.
    #[serde(default)]
    pub size_by: Option<String>,
    /// Column of categories that gives the points their marker.
    #[serde(default)]
    pub marker_by: Option<String>,
    /// Only rows for which this SQL condition holds are drawn.
    #[serde(default)]
    pub filter: Option<String>,
    /// From the lowest to the uppermost; each kind at most once.
    #[serde(default = "default_layers")]
    pub layers: Vec<LayerSpec>,
    /// How density is shown.
    #[serde(default)]
    pub density: DensitySpec,
    /// What contours surround.
    #[serde(default)]
    pub contours: ContourSpec,
}

fn default_layers() -> Vec<LayerSpec> {
    LayerKind::ALL
        .map(|kind| LayerSpec {
            kind,
            shown: matches!(kind, LayerKind::Points | LayerKind::Labels),
            opacity: match kind {
                LayerKind::Points => 0.8,
                _ => 1.0,
            },
        })
        .to_vec()
}

impl Default for ViewSpec {
    fn default() -> Self {
        Self {
            color: ColorBy::default(),
            point_size: 1.0,
            size_by: None,
            marker_by: None,
            filter: None,
            layers: default_layers(),
            density: DensitySpec::default(),
            contours: ContourSpec::default(),
        }
    }
}

impl ViewSpec {
    /// The same with values in their ranges and every layer once, for specs that come from a file.
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
        self.density.smoothing = or(self.density.smoothing, 0.0, 40.0, 3.0);
        self.color.limits = self
            .color
            .limits
            .filter(|(low, high)| low.is_finite() && high.is_finite());
        let mut layers: Vec<LayerSpec> = Vec::new();
        for mut layer in self.layers.into_iter().chain(default_layers()) {
            if layers.iter().all(|l| l.kind != layer.kind) {
                layer.opacity = or(layer.opacity, 0.02, 1.0, 0.8);
                layers.push(layer);
            }
        }
        self.layers = layers;
        self.contours.smoothing = or(self.contours.smoothing, 0.1, 3.0, 1.0);
        self.contours.fractions.retain(|f| *f > 0.0 && *f < 1.0);
        self.contours.fractions.sort_by(f64::total_cmp);
        self.contours.fractions.dedup();
        self.contours.fractions.truncate(8);
        self
    }

    /// The rows that are drawn, as far as conditions can say it; `None` for all.
    #[must_use]
    pub fn drawn(&self, data: &OpenData) -> Option<SubsetExpr> {
        let filter = self.filter.iter().cloned().map(SubsetExpr::Where);
        let hidden = self.color.hidden_where(data);
        let shown = hidden.map(|sql| SubsetExpr::Not(Box::new(SubsetExpr::Where(sql))));
        let both = |a, b| SubsetExpr::And(Box::new(a), Box::new(b));
        filter.chain(shown).reduce(both)
    }

    /// The layer of that kind.
    #[must_use]
    pub fn layer(&self, kind: LayerKind) -> Option<&LayerSpec> {
        self.layers.iter().find(|layer| layer.kind == kind)
    }

    /// Whether the layer of that kind is shown.
    #[must_use]
    pub fn shows(&self, kind: LayerKind) -> bool {
        self.layer(kind).is_some_and(|layer| layer.shown)
    }

    /// The layer of that kind, to be changed.
    pub fn layer_mut(&mut self, kind: LayerKind) -> Option<&mut LayerSpec> {
        self.layers.iter_mut().find(|layer| layer.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_is_brought_into_range() {
        let mut view = ViewSpec {
            point_size: f32::NAN,
            layers: vec![
                LayerSpec {
                    kind: LayerKind::Contours,
                    shown: true,
                    opacity: 9.0
                };
                3
            ],
            ..ViewSpec::default()
        };
        view.contours.fractions = vec![0.9, 2.0, f64::NAN, 0.5, 0.5, -1.0];
        let view = view.sane();
        assert_eq!(view.point_size, 1.0);
        assert_eq!(view.contours.fractions, [0.5, 0.9]);
        assert_eq!(view.layers.len(), LayerKind::ALL.len());
        assert_eq!(
            (view.layers[0].kind, view.layers[0].opacity),
            (LayerKind::Contours, 1.0)
        );
    }
}
