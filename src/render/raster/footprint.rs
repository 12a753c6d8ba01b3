//! Which pixels around its own a small marker lights, all at once: a bit for each of a square of them.

use wide::{i8x16, i16x8, i16x16};

use super::fixed::{Marker, SUBPIXEL_BITS, SUBPIXELS};
use super::lit::HALF;

/// Places of a marker's middle within its pixel, along one axis.
const PLACES: usize = SUBPIXELS as usize;

/// A small marker's outline, looked up by the place of its middle within its pixel.
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
    /// By place along x, for each pixel of the square: how far its middle lies aside. 1/256 px.
    aside: Box<[[i16x16; STEPS]; PLACES]>,
    /// By place along y: one more than how far aside it may lie to be covered; 0 where none is.
    within: Box<[[i16x16; STEPS]; PLACES]>,
}

impl<const STEPS: usize> Outline<STEPS> {
    pub fn new(marker: &Marker, side: i32) -> Self {
        let distance = |pixel: i32, place: usize| {
            (((pixel - side / 2) << SUBPIXEL_BITS) + HALF - place as i32).abs()
        };
        let table = |of: &dyn Fn([i32; 2], usize) -> i32| {
            let lane = |i: usize, place: usize| {
                let pixel = [i as i32 % side, i as i32 / side];
                if pixel[1] < side {
                    of(pixel, place) as i16
                } else {
                    0
                }
            };
            let lanes = |place: usize, step: usize| {
                i16x16::new(std::array::from_fn(|i| lane(16 * step + i, place)))
            };
            Box::new(std::array::from_fn(|place| {
                std::array::from_fn(|step| lanes(place, step))
            }))
        };
        let width = |dy: i32| marker.half_width(dy).map_or(0, |width| width + 1);
        Self {
            aside: table(&|[column, _], x| distance(column, x)),
            within: table(&|[_, row], y| width(distance(row, y))),
        }
    }

    /// The pixels that are lit by a marker whose middle lies at that place of its pixel.
    #[inline]
    pub fn mask(&self, [x, y]: [u8; 2]) -> u32 {
        let (aside, within) = (&self.aside[usize::from(x)], &self.within[usize::from(y)]);
        let mut mask = 0;
        for step in 0..STEPS {
            let [a, b]: [i16x8; 2] = bytemuck::cast(aside[step]);
            let [c, d]: [i16x8; 2] = bytemuck::cast(within[step]);
            let lit: i16x16 = bytemuck::cast([c.simd_gt(a), d.simd_gt(b)]);
            mask |= i8x16::from_i16x16_saturate(lit).to_bitmask() << (16 * step);
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
                    let (side, mask) = match &footprint {
                        Footprint::Three(outline) => (3, outline.mask(place)),
                        Footprint::Five(outline) => (5, outline.mask(place)),
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
