//! From a number to its place on a colour map.

use super::{Colormap, MISSING, Rgba};

/// How numbers spread over a colour map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScaleKind {
    /// In proportion.
    #[default]
    Linear,
    /// By the logarithm; values at or below zero have none.
    Log,
    /// By the inverse hyperbolic sine (Lupton et al. 1999), linear near the lower limit.
    Asinh,
    /// By rank, so that every colour serves equally many objects.
    Quantile,
}

impl ScaleKind {
    /// All kinds, in the order menus show them.
    pub const ALL: [Self; 4] = [Self::Linear, Self::Log, Self::Asinh, Self::Quantile];

    /// Name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Log => "log",
            Self::Asinh => "asinh",
            Self::Quantile => "quantile",
        }
    }
}

/// A scale fitted to one column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColorScale {
    kind: ScaleKind,
    low: f64,
    high: f64,
    /// Sorted finite values, for `Quantile` only.
    sorted: Vec<f64>,
}

/// Softening of the asinh scale, as a share of the range.
const ASINH_SOFTENING: f64 = 0.1;
/// Without limits given, this share of the values is clipped at each end.
const CLIPPED: f64 = 0.01;

/// Percentiles of more values than this come from every so many of them.
const MOST_SORTED: usize = 1_000_000;

impl ColorScale {
    /// Fits a scale to `values`; `limits` replace the 1st and 99th percentile. Values that are not
    /// finite are ignored.
    #[must_use]
    pub fn fit(kind: ScaleKind, values: &[f64], limits: Option<(f64, f64)>) -> Self {
        let positive_only = kind == ScaleKind::Log;
        let mut sorted: Vec<f64> = values
            .iter()
            .step_by(values.len().div_ceil(MOST_SORTED).max(1))
            .copied()
            .filter(|v| v.is_finite() && (!positive_only || *v > 0.0))
            .collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (low, high) = limits.unwrap_or_else(|| match sorted.len() {
            0 => (0.0, 1.0),
            n => {
                let at = |q: f64| sorted[((n - 1) as f64 * q).round() as usize];
                (at(CLIPPED), at(1.0 - CLIPPED))
            }
        });
        if kind == ScaleKind::Quantile {
            sorted.retain(|v| (low..=high).contains(v));
        } else {
            sorted = Vec::new();
        }
        Self {
            kind,
            low,
            high,
            sorted,
        }
    }

    /// Lower and upper limit, in the column's unit.
    #[must_use]
    pub fn limits(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// The place of `value` between the limits, `0..=1`; `None` for a value that is not finite or has no
    /// logarithm where that is asked for.
    #[must_use]
    pub fn place(&self, value: f64) -> Option<f32> {
        if !value.is_finite() || self.kind == ScaleKind::Log && value <= 0.0 {
            return None;
        }
        let linear = |v: f64, low: f64, high: f64| {
            if high > low {
                // Halves, so that their differences are finite.
                (v / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)
            } else {
                0.5
            }
        };
        let t = match self.kind {
            ScaleKind::Linear => linear(value, self.low, self.high),
            ScaleKind::Log => {
                let log = |v: f64| v.max(f64::MIN_POSITIVE).log10();
                linear(log(value), log(self.low), log(self.high))
            }
            ScaleKind::Asinh => {
                let softened = linear(value, self.low, self.high) / ASINH_SOFTENING;
                softened.asinh() / (1.0 / ASINH_SOFTENING).asinh()
            }
            ScaleKind::Quantile => {
                let below = self.sorted.partition_point(|v| *v < value);
                let not_above = self.sorted.partition_point(|v| *v <= value);
                linear(
                    (below + not_above) as f64 / 2.0,
                    0.0,
                    self.sorted.len() as f64,
                )
            }
        };
        Some(t.clamp(0.0, 1.0) as f32)
    }

    /// The value at place `t` of the colour bar, the inverse of [`place`](Self::place).
    #[must_use]
    pub fn value_at(&self, t: f64) -> f64 {
        match self.kind {
            ScaleKind::Linear => self.between(t),
            ScaleKind::Log => {
                let (low, high) = (
                    self.low.max(f64::MIN_POSITIVE).log10(),
                    self.high.max(f64::MIN_POSITIVE).log10(),
                );
                10.0_f64.powf(low + t * (high - low))
            }
            ScaleKind::Asinh => {
                let linear = (t * (1.0 / ASINH_SOFTENING).asinh()).sinh() * ASINH_SOFTENING;
                self.between(linear)
            }
            ScaleKind::Quantile => match self.sorted.len() {
                0 => 0.0,
                n => self.sorted[((n - 1) as f64 * t).round() as usize],
            },
        }
    }

    fn between(&self, t: f64) -> f64 {
        self.low * (1.0 - t) + self.high * t
    }

    /// The colour of `value` on `map`, or on the inverted map; a neutral grey where there is none.
    #[must_use]
    pub fn color(&self, map: Colormap, invert: bool, value: f64) -> Rgba {
        let turned = |t: f32| if invert { 1.0 - t } else { t };
        self.place(value).map_or(MISSING, |t| map.at(turned(t)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_invert_and_grow() {
        let values: Vec<f64> = (1..=1000).map(f64::from).collect();
        for kind in ScaleKind::ALL {
            let scale = ColorScale::fit(kind, &values, None);
            let places: Vec<f32> = [20.0, 100.0, 500.0, 900.0]
                .map(|v| scale.place(v).unwrap())
                .to_vec();
            assert!(
                places.windows(2).all(|p| p[1] > p[0]),
                "{kind:?} {places:?}"
            );
            let back = scale.value_at(f64::from(scale.place(500.0).unwrap()));
            assert!((back - 500.0).abs() < 2.0, "{kind:?} {back}");
            assert_eq!(scale.place(f64::NAN), None);
        }
    }

    #[test]
    fn numbers_from_end_to_end_have_places() {
        for kind in [ScaleKind::Linear, ScaleKind::Asinh] {
            let scale = ColorScale::fit(kind, &[-1e308, 0.0, 1e308], None);
            assert_eq!(scale.limits(), (-1e308, 1e308));
            let places = [-1e308, 0.0, 1e308].map(|v| scale.place(v).unwrap());
            assert!(places[0] == 0.0 && places[2] == 1.0 && places[1] > 0.4);
            assert!((0..5).all(|i| scale.value_at(f64::from(i) / 4.0).is_finite()));
        }
    }

    #[test]
    fn constant_and_empty_columns_have_a_colour() {
        for values in [vec![], vec![3.0; 5], vec![f64::NAN]] {
            for kind in ScaleKind::ALL {
                let scale = ColorScale::fit(kind, &values, None);
                assert!(scale.place(3.0).is_some_and(|t| (0.0..=1.0).contains(&t)));
            }
        }
    }
}
