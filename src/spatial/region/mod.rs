//! Parts of the plane that points can be selected by. All are closed: their outline belongs to them.

mod brush;
mod polygon;

pub use brush::Brush;
pub use polygon::Polygon;

/// What a region says of a box.
#[derive(Debug, Clone, PartialEq)]
pub enum Narrowed<P> {
    /// Every point of the box lies inside.
    Inside,
    /// No point of the box lies inside.
    Outside,
    /// To be asked point by point, or for a smaller box, with what matters there.
    Open(P),
}

/// A part of the plane.
pub trait Region: Sync {
    /// What of the region matters inside some box.
    type Part: Send + Sync;

    /// What matters before any box is known.
    fn whole(&self) -> Self::Part;

    /// What matters in the closed box from `min` to `max`, which lies in the box that gave `part`.
    fn narrow(&self, part: &Self::Part, min: [f32; 2], max: [f32; 2]) -> Narrowed<Self::Part>;

    /// Whether a point of the box that gave `part` lies inside.
    fn contains(&self, part: &Self::Part, point: [f32; 2]) -> bool;
}

/// A rectangle with sides along the axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rectangle {
    /// Lower corner.
    pub min: [f64; 2],
    /// Upper corner.
    pub max: [f64; 2],
}

impl Region for Rectangle {
    type Part = ();

    fn whole(&self) {}

    fn narrow(&self, (): &(), min: [f32; 2], max: [f32; 2]) -> Narrowed<()> {
        let apart = |i: usize| f64::from(max[i]) < self.min[i] || f64::from(min[i]) > self.max[i];
        if apart(0) || apart(1) {
            Narrowed::Outside
        } else if self.contains(&(), min) && self.contains(&(), max) {
            Narrowed::Inside
        } else {
            Narrowed::Open(())
        }
    }

    fn contains(&self, (): &(), point: [f32; 2]) -> bool {
        [0, 1]
            .iter()
            .all(|&i| (self.min[i]..=self.max[i]).contains(&f64::from(point[i])))
    }
}

/// An ellipse with axes along those of the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipse {
    /// Its middle.
    pub center: [f64; 2],
    /// Half its width and half its height, above zero.
    pub radii: [f64; 2],
}

impl Ellipse {
    /// Squared distance from the middle in units of the radii. It grows with each offset, rounding
    /// included, so that what holds for the corner of a box holds for the box.
    fn distance_squared(&self, offset: [f64; 2]) -> f64 {
        let scaled = [0, 1].map(|i| offset[i] / self.radii[i]);
        scaled[0] * scaled[0] + scaled[1] * scaled[1]
    }
}

impl Region for Ellipse {
    type Part = ();

    fn whole(&self) {}

    fn narrow(&self, (): &(), min: [f32; 2], max: [f32; 2]) -> Narrowed<()> {
        let below = [0, 1].map(|i| self.center[i] - f64::from(min[i]));
        let above = [0, 1].map(|i| f64::from(max[i]) - self.center[i]);
        let nearest = [0, 1].map(|i| (-below[i]).max(-above[i]).max(0.0));
        let farthest = [0, 1].map(|i| below[i].abs().max(above[i].abs()));
        if self.distance_squared(nearest) > 1.0 {
            Narrowed::Outside
        } else if self.distance_squared(farthest) <= 1.0 {
            Narrowed::Inside
        } else {
            Narrowed::Open(())
        }
    }

    fn contains(&self, (): &(), point: [f32; 2]) -> bool {
        self.distance_squared([0, 1].map(|i| (f64::from(point[i]) - self.center[i]).abs())) <= 1.0
    }
}
