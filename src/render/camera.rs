//! Where the viewer looks: a centre in the world and a scale.

/// A rectangle in the world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Lower corner.
    pub min: [f64; 2],
    /// Upper corner.
    pub max: [f64; 2],
}

impl Bounds {
    /// The smallest rectangle around all finite points; `None` when there is none.
    #[must_use]
    pub fn around(points: impl IntoIterator<Item = [f32; 2]>) -> Option<Self> {
        points
            .into_iter()
            .filter(|p| p[0].is_finite() && p[1].is_finite())
            .map(|p| p.map(f64::from))
            .fold(None, |bounds: Option<Self>, p| {
                Some(match bounds {
                    None => Self { min: p, max: p },
                    Some(b) => Self {
                        min: [b.min[0].min(p[0]), b.min[1].min(p[1])],
                        max: [b.max[0].max(p[0]), b.max[1].max(p[1])],
                    },
                })
            })
    }

    /// The rectangle between two opposite corners.
    #[must_use]
    pub fn around_corners(a: [f64; 2], b: [f64; 2]) -> Self {
        Self {
            min: [0, 1].map(|i| a[i].min(b[i])),
            max: [0, 1].map(|i| a[i].max(b[i])),
        }
    }

    /// The same rectangle elsewhere.
    #[must_use]
    pub fn moved(&self, by: [f64; 2]) -> Self {
        Self {
            min: [0, 1].map(|i| self.min[i] + by[i]),
            max: [0, 1].map(|i| self.max[i] + by[i]),
        }
    }

    /// Middle of the rectangle.
    #[must_use]
    pub fn center(&self) -> [f64; 2] {
        [0, 1].map(|i| f64::midpoint(self.min[i], self.max[i]))
    }
}

/// A view of the plane: world y points up, pixel y down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// World point in the middle of the view.
    pub center: [f64; 2],
    /// Pixels of one world unit, the same along both axes.
    pub px_per_unit: f64,
}

/// Share of the view that a fitted map leaves free at each side.
const MARGIN: f64 = 0.06;
/// Zooming stops at these, px per unit.
const SCALE_LIMITS: (f64, f64) = (1e-37, 1e30);

impl Camera {
    /// Shows all of `bounds` in a view of `size_px`, with some room around.
    #[must_use]
    pub fn fit(bounds: Bounds, size_px: [f32; 2]) -> Self {
        Self::around(bounds, size_px).scaled(1.0 - 2.0 * MARGIN)
    }

    /// Zoomed about the middle of the view; scales are bounded.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            px_per_unit: (self.px_per_unit * factor).clamp(SCALE_LIMITS.0, SCALE_LIMITS.1),
            ..self
        }
    }

    /// Shows all of `bounds`, which touch the edges of the view on two sides.
    #[must_use]
    pub fn around(bounds: Bounds, size_px: [f32; 2]) -> Self {
        let scale = |i: usize| {
            let extent = bounds.max[i] - bounds.min[i];
            if extent > 0.0 {
                f64::from(size_px[i]) / extent
            } else {
                f64::INFINITY
            }
        };
        let px_per_unit = scale(0).min(scale(1));
        Self {
            center: bounds.center(),
            px_per_unit: if px_per_unit.is_finite() {
                px_per_unit
            } else {
                1.0
            }
            .clamp(SCALE_LIMITS.0, SCALE_LIMITS.1),
        }
    }

    /// Pixel of a world point.
    #[must_use]
    pub fn px_from_world(&self, world: [f64; 2], size_px: [f32; 2]) -> [f32; 2] {
        let half = size_px.map(|s| f64::from(s) / 2.0);
        [
            ((world[0] - self.center[0]) * self.px_per_unit + half[0]) as f32,
            (half[1] - (world[1] - self.center[1]) * self.px_per_unit) as f32,
        ]
    }

    /// World point of a pixel.
    #[must_use]
    pub fn world_from_px(&self, px: [f32; 2], size_px: [f32; 2]) -> [f64; 2] {
        let half = size_px.map(|s| f64::from(s) / 2.0);
        [
            self.center[0] + (f64::from(px[0]) - half[0]) / self.px_per_unit,
            self.center[1] - (f64::from(px[1]) - half[1]) / self.px_per_unit,
        ]
    }

    /// The part of the world in a view of `size_px`.
    #[must_use]
    pub fn bounds(&self, size_px: [f32; 2]) -> Bounds {
        let half = size_px.map(|s| f64::from(s) / 2.0 / self.px_per_unit);
        Bounds {
            min: [0, 1].map(|i| self.center[i] - half[i]),
            max: [0, 1].map(|i| self.center[i] + half[i]),
        }
    }

    /// Zooms by `factor`, keeping the world point under `px` where it is.
    #[must_use]
    pub fn zoomed(&self, factor: f64, px: [f32; 2], size_px: [f32; 2]) -> Self {
        let fixed = self.world_from_px(px, size_px);
        let px_per_unit = (self.px_per_unit * factor).clamp(SCALE_LIMITS.0, SCALE_LIMITS.1);
        let kept = self.px_per_unit / px_per_unit;
        Self {
            center: [0, 1].map(|i| fixed[i] + (self.center[i] - fixed[i]) * kept),
            px_per_unit,
        }
    }

    /// Moves the map by `delta` pixels.
    #[must_use]
    pub fn panned(&self, delta: [f32; 2]) -> Self {
        Self {
            center: [
                self.center[0] - f64::from(delta[0]) / self.px_per_unit,
                self.center[1] + f64::from(delta[1]) / self.px_per_unit,
            ],
            ..*self
        }
    }
}

/// A camera's way from the world to pixels, for many points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PxFromWorld {
    pub(super) scale: f64,
    pub(super) offset: [f64; 2],
}

impl Camera {
    /// For a view of `size_px`.
    #[must_use]
    pub fn to_px(&self, size_px: [f32; 2]) -> PxFromWorld {
        let half = size_px.map(|s| f64::from(s) / 2.0);
        PxFromWorld {
            scale: self.px_per_unit,
            offset: [
                half[0] - self.center[0] * self.px_per_unit,
                half[1] + self.center[1] * self.px_per_unit,
            ],
        }
    }
}

impl PxFromWorld {
    /// Pixel of a point; pictures of points round it to 1/256 px.
    #[must_use]
    pub fn px(&self, point: [f32; 2]) -> [f64; 2] {
        [
            f64::from(point[0]) * self.scale + self.offset[0],
            self.offset[1] - f64::from(point[1]) * self.scale,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [f32; 2] = [800.0, 600.0];

    #[test]
    fn fit_shows_everything_and_transforms_invert() {
        let bounds = Bounds::around([[1.0e6, -3.0], [1.0e6 + 8.0, 5.0]]).unwrap();
        let camera = Camera::fit(bounds, SIZE);
        for world in [bounds.min, bounds.max, bounds.center()] {
            let px = camera.px_from_world(world, SIZE);
            assert!((0.0..=SIZE[0]).contains(&px[0]) && (0.0..=SIZE[1]).contains(&px[1]));
            let back = camera.world_from_px(px, SIZE);
            assert!(
                (0..2).all(|i| (back[i] - world[i]).abs() < 1e-3),
                "{back:?} {world:?}"
            );
        }
    }

    #[test]
    fn zoom_keeps_the_point_under_the_cursor() {
        let camera = Camera {
            center: [3.0, 4.0],
            px_per_unit: 50.0,
        };
        let px = [123.0, 456.0];
        let before = camera.world_from_px(px, SIZE);
        let after = camera.zoomed(3.7, px, SIZE).world_from_px(px, SIZE);
        assert!((0..2).all(|i| (before[i] - after[i]).abs() < 1e-9));
    }

    #[test]
    fn a_single_point_and_no_point_have_a_view() {
        let camera = Camera::fit(Bounds::around([[5.0, 5.0]]).unwrap(), SIZE);
        assert_eq!(camera.px_from_world([5.0, 5.0], SIZE), [400.0, 300.0]);
        assert_eq!(Bounds::around([[f32::NAN, 1.0]]), None);
    }
}
