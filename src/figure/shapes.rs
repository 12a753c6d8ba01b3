//! Constructors of common paths: lines, rectangles, discs and the markers of a legend.

use super::canvas::{Path, Rect, Rgba, Segment, Stroke};

/// Distance of a control point from the end of a quarter circle, for radius 1.
const KAPPA: f32 = 0.552_284_8;

/// The shape of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Marker {
    /// A filled circle.
    #[default]
    Disc,
    /// A filled square.
    Square,
    /// A filled square on its corner.
    Diamond,
    /// Two crossed lines.
    Plus,
}

impl Path {
    /// A polyline through points in pt, closed or open.
    #[must_use]
    pub fn polyline(points: &[[f32; 2]], closed: bool) -> Self {
        let mut segments: Vec<_> = points.iter().map(|&p| Segment::Line(p)).collect();
        if let (Some(first), Some(&start)) = (segments.first_mut(), points.first()) {
            *first = Segment::Move(start);
            if closed {
                segments.push(Segment::Close);
            }
        }
        Self {
            segments,
            ..Self::default()
        }
    }

    /// A rectangle.
    #[must_use]
    pub fn rect(rect: Rect) -> Self {
        let (left, top, right, bottom) = (rect.x, rect.y, rect.right(), rect.bottom());
        Self::polyline(
            &[[left, top], [right, top], [right, bottom], [left, bottom]],
            true,
        )
    }

    /// A rectangle with corners rounded by `radius` pt.
    #[must_use]
    pub fn rounded_rect(rect: Rect, radius: f32) -> Self {
        let r = radius.min(rect.width / 2.0).min(rect.height / 2.0).max(0.0);
        let k = r * (1.0 - KAPPA);
        let (left, top, right, bottom) = (rect.x, rect.y, rect.right(), rect.bottom());
        let segments = vec![
            Segment::Move([left + r, top]),
            Segment::Line([right - r, top]),
            Segment::Cubic([right - k, top], [right, top + k], [right, top + r]),
            Segment::Line([right, bottom - r]),
            Segment::Cubic(
                [right, bottom - k],
                [right - k, bottom],
                [right - r, bottom],
            ),
            Segment::Line([left + r, bottom]),
            Segment::Cubic([left + k, bottom], [left, bottom - k], [left, bottom - r]),
            Segment::Line([left, top + r]),
            Segment::Cubic([left, top + k], [left + k, top], [left + r, top]),
            Segment::Close,
        ];
        Self {
            segments,
            ..Self::default()
        }
    }

    /// A circle about `x`, `y` of `radius` pt.
    #[must_use]
    pub fn disc(x: f32, y: f32, radius: f32) -> Self {
        let rect = Rect::new(x - radius, y - radius, 2.0 * radius, 2.0 * radius);
        Self::rounded_rect(rect, radius)
    }

    /// A square about `x`, `y` that reaches `radius` pt to each side.
    #[must_use]
    pub fn square(x: f32, y: f32, radius: f32) -> Self {
        Self::rect(Rect::new(
            x - radius,
            y - radius,
            2.0 * radius,
            2.0 * radius,
        ))
    }

    /// A square on its corner about `x`, `y` that reaches `radius` pt to each side.
    #[must_use]
    pub fn diamond(x: f32, y: f32, radius: f32) -> Self {
        let r = radius;
        Self::polyline(&[[x, y - r], [x + r, y], [x, y + r], [x - r, y]], true)
    }

    /// Two crossed lines about `x`, `y` that reach `radius` pt to each side; for stroking.
    #[must_use]
    pub fn plus(x: f32, y: f32, radius: f32) -> Self {
        Self {
            segments: vec![
                Segment::Move([x - radius, y]),
                Segment::Line([x + radius, y]),
                Segment::Move([x, y - radius]),
                Segment::Line([x, y + radius]),
            ],
            ..Self::default()
        }
    }

    /// A coloured marker about `x`, `y`, with the area of a disc of `radius` pt.
    #[must_use]
    pub fn marker(marker: Marker, x: f32, y: f32, radius: f32, color: Rgba) -> Self {
        match marker {
            Marker::Disc => Self::disc(x, y, radius).filled(color),
            Marker::Square => Self::square(x, y, radius * 0.886).filled(color),
            Marker::Diamond => Self::diamond(x, y, radius * 1.253).filled(color),
            Marker::Plus => {
                Self::plus(x, y, radius * 1.15).stroked(Stroke::solid(color, radius * 0.5))
            }
        }
    }

    /// The same path, filled.
    #[must_use]
    pub fn filled(mut self, color: Rgba) -> Self {
        self.fill = Some(color);
        self
    }

    /// The same path, stroked.
    #[must_use]
    pub fn stroked(mut self, stroke: Stroke) -> Self {
        self.stroke = Some(stroke);
        self
    }

    /// The same path, drawn only inside `rect`.
    #[must_use]
    pub fn clipped(mut self, rect: Rect) -> Self {
        self.clip = Some(rect);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_is_round_to_a_thousandth() {
        let path = Path::disc(3.0, -2.0, 10.0);
        let mut start = [0.0_f32; 2];
        for segment in &path.segments {
            match *segment {
                Segment::Move(p) | Segment::Line(p) => start = p,
                Segment::Cubic(a, b, end) => {
                    for step in 0..=8_u8 {
                        let t = f32::from(step) / 8.0;
                        let at = |i: usize| {
                            (1.0 - t).powi(3) * start[i]
                                + 3.0 * (1.0 - t).powi(2) * t * a[i]
                                + 3.0 * (1.0 - t) * t * t * b[i]
                                + t.powi(3) * end[i]
                        };
                        assert!(((at(0) - 3.0).hypot(at(1) + 2.0) - 10.0).abs() < 0.01);
                    }
                    start = end;
                }
                Segment::Close => {}
            }
        }
    }

    #[test]
    fn a_polyline_of_nothing_is_empty() {
        assert!(Path::polyline(&[], true).segments.is_empty());
    }
}
