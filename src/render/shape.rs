//! Marker shapes: which pixels a marker covers, and how much of them.

/// The outline of a marker.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A disc.
    #[default]
    Disc,
    /// A square of about the same area.
    Square,
    /// A square on its corner.
    Diamond,
    /// A plus.
    Plus,
}

/// Half the side of a square, and half the diagonal of a diamond, with the area of the unit disc.
const SQUARE: f64 = 0.886;
const DIAMOND: f64 = 1.253;
/// Half length and half thickness of the arms of a plus, in radii.
const ARM: f64 = 1.25;
const THICKNESS: f64 = 0.4;

impl Shape {
    /// All shapes, in the order in which categories get them.
    pub const ALL: [Self; 4] = [Self::Disc, Self::Diamond, Self::Square, Self::Plus];

    /// Name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Disc => "disc",
            Self::Square => "square",
            Self::Diamond => "diamond",
            Self::Plus => "plus",
        }
    }

    /// How far a marker of `radius` px reaches along an axis from its middle: no pixel centre at or
    /// beyond that distance is covered.
    #[must_use]
    pub fn reach(self, radius: f64) -> f64 {
        0.5 + radius
            * match self {
                Self::Disc => 1.0,
                Self::Square => SQUARE,
                Self::Diamond => DIAMOND,
                Self::Plus => ARM,
            }
    }

    /// How near to the marker's middle every pixel centre is covered.
    #[must_use]
    pub fn inner_reach(self, radius: f64) -> f64 {
        let reach = self.reach(radius);
        match self {
            Self::Disc | Self::Square => reach,
            Self::Diamond => reach * std::f64::consts::FRAC_1_SQRT_2,
            Self::Plus => (0.5 + radius * THICKNESS) * std::f64::consts::SQRT_2,
        }
        .min(reach)
    }

    /// Half the width of the marker in a row of pixels whose centres lie `dy >= 0` from its middle:
    /// pixel centres nearer than that are covered. It never grows with `dy`, so that what holds for
    /// the nearest and the farthest point of a box holds for all between. `None` beyond the marker.
    #[must_use]
    #[inline]
    pub fn half_width(self, radius: f64, dy: f64) -> Option<f64> {
        let reach = self.reach(radius);
        if dy >= reach {
            return None;
        }
        match self {
            Self::Disc => Some((reach * reach - dy * dy).sqrt()),
            Self::Square => Some(reach),
            Self::Diamond => Some(reach - dy),
            Self::Plus => {
                let thickness = 0.5 + radius * THICKNESS;
                Some(if dy < thickness { reach } else { thickness })
            }
        }
    }

    /// Share of a pixel, `0..=1`, that the marker covers where the pixel's centre lies `(dx, dy)`
    /// from the marker's middle: it falls from 1 to 0 over the last pixel.
    #[must_use]
    pub fn coverage(self, radius: f64, dx: f64, dy: f64) -> f64 {
        let (dx, dy) = (dx.abs(), dy.abs());
        let reach = self.reach(radius);
        let inside = match self {
            Self::Disc => reach - dx.hypot(dy),
            Self::Square => reach - dx.max(dy),
            Self::Diamond => reach - dx - dy,
            Self::Plus => (reach - dx.max(dy)).min(0.5 + radius * THICKNESS - dx.min(dy)),
        };
        inside.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_is_above_zero_exactly_inside_the_rows() {
        for shape in Shape::ALL {
            for radius in [0.5, 1.0, 2.3, 7.0] {
                for i in 0..200 {
                    for j in 0..200 {
                        let (dx, dy) = (f64::from(i) * 0.0771, f64::from(j) * 0.0773);
                        let covered = shape.half_width(radius, dy).is_some_and(|w| dx < w);
                        let coverage = shape.coverage(radius, dx, -dy);
                        assert_eq!(coverage > 1e-12, covered, "{shape:?} {radius} {dx} {dy}");
                    }
                }
            }
        }
    }

    #[test]
    fn all_within_the_inner_reach_is_covered() {
        for shape in Shape::ALL {
            for radius in [0.5, 1.0, 2.3, 7.0] {
                let inner = shape.inner_reach(radius) - 1e-9;
                for i in 0..=90 {
                    let (dx, dy) = f64::from(i).to_radians().sin_cos();
                    assert!(
                        shape.coverage(radius, dx * inner, dy * inner) > 0.0,
                        "{shape:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn shapes_have_about_the_same_area() {
        for shape in Shape::ALL {
            let mut area = 0.0;
            for i in -60..60 {
                for j in -60..60 {
                    area += shape.coverage(5.0, f64::from(i) * 0.25, f64::from(j) * 0.25) / 16.0;
                }
            }
            assert!((55.0..110.0).contains(&area), "{shape:?} {area}");
        }
    }
}
