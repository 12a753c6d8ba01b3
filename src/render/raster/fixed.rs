//! Positions in the picture as whole numbers of 1/256 px, and markers measured in them: what is lit
//! is decided exactly.

use bytemuck::{Pod, Zeroable};
use wide::{f64x2, u32x4};

use super::super::camera::PxFromWorld;
use super::super::shape::Shape;
use crate::spatial::Node;

/// Bits of a pixel's parts.
pub(super) const SUBPIXEL_BITS: u32 = 8;
/// Parts of a pixel.
pub(super) const SUBPIXELS: i32 = 1 << SUBPIXEL_BITS;
/// Positions farther out than this, 1/256 px, are held there, beyond every picture.
const FARTHEST: f64 = (1 << 29) as f64;
/// 1.5 x 2^52: sums with it are whole numbers.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// From the world to 1/256 px of a picture. Each coordinate is monotone, rounding included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lattice {
    scale: f64x2,
    offset: f64x2,
}

impl Lattice {
    pub fn new(px_from_world: PxFromWorld) -> Self {
        let parts = f64::from(SUBPIXELS);
        Self {
            scale: f64x2::new([px_from_world.scale * parts, -px_from_world.scale * parts]),
            offset: f64x2::new(px_from_world.offset.map(|v| v * parts)),
        }
    }

    /// To the nearest whole number, even ones on ties.
    #[inline]
    pub fn at(&self, point: [f32; 2]) -> [i32; 2] {
        let [x, _, y, _] = self.near(point).to_array();
        [x as i32, y as i32]
    }

    /// The same in every other lane.
    #[inline]
    fn near(&self, point: [f32; 2]) -> u32x4 {
        let exact = f64x2::new(point.map(f64::from)) * self.scale + self.offset;
        let near = exact
            .fast_max(f64x2::splat(-FARTHEST))
            .fast_min(f64x2::splat(FARTHEST));
        // Of a number this small the sum holds a whole number in its lowest bits.
        bytemuck::cast(near + f64x2::splat(ROUND))
    }

    /// The same for one coordinate of a point in or near a picture.
    #[expect(
        clippy::inline_always,
        reason = "compiled once for each kind of processor"
    )]
    #[inline(always)]
    pub fn whole(&self, point: [f32; 2], i: usize) -> u32 {
        let (scale, offset) = (self.scale.as_array()[i], self.offset.as_array()[i]);
        (f64::from(point[i]) * scale + offset + ROUND).to_bits() as u32
    }

    /// The box around a node's points.
    #[inline]
    pub fn boxed(&self, node: &Node) -> PxBox {
        let (low, high) = (self.near(node.min), self.near(node.max));
        // From the left and the right, and from the bottom and the top, as the picture has them.
        let (x, y) = (low.unpack_lo(high), high.unpack_hi(low));
        bytemuck::cast(x.unpack_lo(y))
    }
}

/// A box, 1/256 px; a point is a box without size.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub(super) struct PxBox {
    pub min: [i32; 2],
    pub max: [i32; 2],
}

impl PxBox {
    /// A single position.
    #[inline]
    pub fn at(position: [i32; 2]) -> Self {
        Self {
            min: position,
            max: position,
        }
    }

    #[inline]
    pub fn center(&self) -> [i32; 2] {
        [0, 1].map(|i| (self.min[i] + self.max[i]) >> 1)
    }

    /// The longer side.
    #[inline]
    pub fn side(&self) -> i32 {
        (self.max[0] - self.min[0]).max(self.max[1] - self.min[1])
    }
}

/// A marker's outline: for every row of pixels how far it reaches to both sides.
#[derive(Debug, Clone)]
pub(super) struct Marker {
    /// By distance of the row's middle from the marker's, the largest offset of a pixel's middle that
    /// is still covered; it never grows. 1/256 px.
    half_widths: Vec<i32>,
}

impl Marker {
    pub fn new(shape: Shape, radius_px: f32) -> Self {
        let (radius, parts) = (f64::from(radius_px), f64::from(SUBPIXELS));
        let rows = (shape.reach(radius) * parts).ceil() as i32;
        let half_width = |dy: i32| {
            let width = shape
                .half_width(radius, f64::from(dy) / parts)
                .unwrap_or(0.0);
            (width * parts).ceil() as i32 - 1
        };
        Self {
            half_widths: (0..rows).map(half_width).take_while(|w| *w >= 0).collect(),
        }
    }

    /// No pixel whose middle is this far away along an axis, or farther, is covered.
    #[inline]
    pub fn reach(&self) -> i32 {
        (self.half_widths.len() as i32).max(self.half_widths.first().map_or(0, |w| w + 1))
    }

    /// Whether the pixel with its middle at `middle` is covered around every point of the box.
    #[inline]
    pub fn covers_surely(&self, boxed: &PxBox, middle: [i32; 2]) -> bool {
        let far = |i: usize| {
            (middle[i] - boxed.min[i])
                .abs()
                .max((boxed.max[i] - middle[i]).abs())
        };
        self.half_width(far(1)).is_some_and(|width| far(0) <= width)
    }

    /// The largest covered offset in a row `dy >= 0` away.
    #[inline]
    pub fn half_width(&self, dy: i32) -> Option<i32> {
        self.half_widths.get(dy as usize).copied()
    }
}
