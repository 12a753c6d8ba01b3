//! Which pixels around its own a small marker lights, all at once: a bit for each of a square of them.

use wide::{i8x16, u8x16};

use super::fixed::{Marker, SUBPIXEL_BITS, SUBPIXELS};
use super::lit::HALF;

/// Places of a marker's middle within its pixel, along one axis.
const PLACES: usize = SUBPIXELS as usize;

/// A small marker's outline.
///
/// Bit `row * side + column` of a mask is the pixel that far from the upper left one of the square of
/// `side x side` pixels around the middle's.
#[derive(Debug, Clone)]
pub(super) enum Footprint {
    /// In a square of 3 x 3 pixels.
    Three(Outline<1>),
    /// In a square of 5 x 5 pixels.
    Five(Outline<2>),
}

impl Footprint {
    /// `None` for a marker that reaches beyond the square.
    pub fn new(marker: &Marker) -> Option<Self> {
        let reaches = |side: i32| marker.reach() <= (side << SUBPIXEL_BITS) / 2;
        if reaches(3) {
            Some(Self::Three(Outline::new(marker, 3)))
        } else if reaches(5) {
            Some(Self::Five(Outline::new(marker, 5)))
        } else {
            None
        }
    }
}

/// For squares of at most `16 * STEPS` pixels.
#[derive(Debug, Clone)]
pub(super) struct Outline<const STEPS: usize> {
    rows: Box<[Row<STEPS>; PLACES]>,
}

/// Of markers whose middles lie at one place along y.
#[derive(Debug, Clone, Copy)]
struct Row<const STEPS: usize> {
    /// The places along x that light a pixel are those that lie beyond the second when the first is taken from
    /// them, with wrapping; a lane for each pixel.
    beyond: [[i8x16; 2]; STEPS],
    /// The pixels that every place lights.
    always: u32,
}

impl<const STEPS: usize> Outline<STEPS> {
    fn new(marker: &Marker, side: i32) -> Self {
        // Of the middle of a pixel of the square along an axis, from the corner of the marker's pixel.
        let middle = |pixel: i32| ((pixel - side / 2) << SUBPIXEL_BITS) + HALF;
        let row = |y: usize| {
            // Nothing lies beyond the largest number.
            let mut beyond = [[[0; 16], [i8::MAX; 16]]; STEPS];
            let mut always = 0;
            for bit in 0..(side * side) as usize {
                let pixel = [bit as i32 % side, bit as i32 / side].map(middle);
                let width = marker.half_width((pixel[1] - y as i32).abs());
                let Some(width) = width else {
                    continue;
                };
                let from = (pixel[0] - width).max(0);
                let to = (pixel[0] + width).min(SUBPIXELS - 1);
                let count = to - from + 1;
                if count >= SUBPIXELS {
                    always |= 1 << bit;
                } else if count > 0 {
                    // The last of them comes to lie on the largest number.
                    let last = i32::from(i8::MAX);
                    let lanes = &mut beyond[bit / 16];
                    lanes[0][bit % 16] = (to - last) as i8;
                    lanes[1][bit % 16] = (last - count) as i8;
                }
            }
            let beyond = beyond.map(|lanes| lanes.map(i8x16::new));
            Row { beyond, always }
        };
        Self {
            rows: Box::new(std::array::from_fn(row)),
        }
    }

    /// The pixels that are lit by a marker whose middle lies at that place of its pixel; `x` is the same in all
    /// lanes.
    #[inline]
    pub fn mask(&self, x: u8x16, y: u8) -> u32 {
        let row = &self.rows[usize::from(y)];
        let x: i8x16 = bytemuck::cast(x);
        let mut mask = row.always;
        for (step, [first, least]) in row.beyond.iter().enumerate() {
            mask |= (x - *first).simd_gt(*least).to_bitmask() << (16 * step);
        }
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Shape;
    use crate::render::raster::fixed::PxBox;
    use crate::render::raster::lit::Lit;

    #[test]
    fn a_mask_holds_what_its_marker_covers() {
        for shape in Shape::ALL {
            for radius in [0.1, 0.5, 0.75, 1.0, 1.3, 1.59] {
                let marker = Marker::new(shape, radius);
                let footprint = Footprint::new(&marker).unwrap();
                for i in 0..2000 {
                    let place = [i * 7919, i * 6007 / 3].map(|v| (v % 256) as u8);
                    let [x, y] = place;
                    let (side, mask) = match &footprint {
                        Footprint::Three(outline) => (3, outline.mask(u8x16::splat(x), y)),
                        Footprint::Five(outline) => (5, outline.mask(u8x16::splat(x), y)),
                    };
                    let mut lit = Lit::default();
                    let at = place.map(|v| i32::from(v) + 8 * SUBPIXELS);
                    lit.light(&PxBox::at(at), &marker, [0, 0]);
                    let first = 8 - side / 2;
                    let count: u32 = (0..32)
                        .flat_map(|y| lit.row(y).iter())
                        .map(|word| word.count_ones())
                        .sum();
                    assert_eq!(mask.count_ones(), count, "{shape:?} {radius} {place:?}");
                    for bit in 0..side * side {
                        let lit = lit.get(first + bit % side, first + bit / side);
                        assert_eq!(mask >> bit & 1 == 1, lit, "{shape:?} {radius} {place:?}");
                    }
                }
            }
        }
        assert!(Footprint::new(&Marker::new(Shape::Disc, 2.1)).is_none());
    }
}
