//! Which pixels around its own a small marker lights, all at once: a bit for each of a square of them.

use super::fixed::{Marker, SUBPIXEL_BITS, SUBPIXELS};
use super::lit::HALF;

/// Places of a marker's middle within its pixel, along one axis.
const PLACES: usize = SUBPIXELS as usize;
/// Rows of pixels in one part of a mask.
pub(super) const PART: usize = 3;

/// A bit of the first part of every mask, which stands for no pixel: there is something in the middle's own.
pub(super) const OCCUPIED: u16 = 1 << 15;

/// A small marker's outline.
#[derive(Debug, Clone)]
pub(super) enum Footprint {
    /// In a square of 3 x 3 pixels.
    Three(Masks<1>),
    /// In a square of 5 x 5 pixels.
    Five(Masks<2>),
}

impl Footprint {
    /// `None` for a marker that reaches beyond the square.
    pub fn new(marker: &Marker) -> Option<Self> {
        let reaches = |side: i32| marker.reach() <= (side << SUBPIXEL_BITS) / 2;
        if reaches(3) {
            Some(Self::Three(Masks::new(marker, 3)))
        } else if reaches(5) {
            Some(Self::Five(Masks::new(marker, 5)))
        } else {
            None
        }
    }

    /// Parts of its masks.
    pub fn parts(&self) -> usize {
        match self {
            Self::Three(_) => 1,
            Self::Five(_) => 2,
        }
    }
}

/// What a marker lights, by the place of its middle in its pixel: y * 256 + x, 1/256 px.
///
/// Bit `row * side + column` of part `k` is the pixel that far from the left one of row `3 k` of the square of
/// `side x side` pixels around the middle's.
#[derive(Debug, Clone)]
pub(super) struct Masks<const PARTS: usize> {
    parts: [Box<[[u16; PLACES]; PLACES]>; PARTS],
}

impl<const PARTS: usize> Masks<PARTS> {
    fn new(marker: &Marker, side: usize) -> Self {
        // Of the middle of a pixel of the square along an axis, from the corner of the marker's pixel.
        let middle = |pixel: usize| ((pixel as i32 - side as i32 / 2) << SUBPIXEL_BITS) + HALF;
        let part = |first: usize| {
            let mut all = bytemuck::zeroed_box::<[[u16; PLACES]; PLACES]>();
            if first == 0 {
                all.as_flattened_mut().fill(OCCUPIED);
            }
            let rows = first..side.min(first + PART);
            for (y, masks) in all.iter_mut().enumerate() {
                for (bit, [row, column]) in rows
                    .clone()
                    .flat_map(|row| (0..side).map(move |column| [row, column]))
                    .enumerate()
                {
                    let width = marker.half_width((middle(row) - y as i32).abs());
                    let Some(width) = width else {
                        continue;
                    };
                    let from = (middle(column) - width).clamp(0, SUBPIXELS);
                    let to = (middle(column) + width + 1).clamp(from, SUBPIXELS);
                    for mask in &mut masks[from as usize..to as usize] {
                        *mask |= 1 << bit;
                    }
                }
            }
            all
        };
        Self {
            parts: std::array::from_fn(|k| part(k * PART)),
        }
    }

    /// The pixels that are lit by a marker whose middle lies at that place, and [`OCCUPIED`].
    #[inline]
    pub fn of(&self, place: u16) -> [u16; PARTS] {
        let mut masks = [0; PARTS];
        for (mask, part) in masks.iter_mut().zip(&self.parts) {
            *mask = part.as_flattened()[usize::from(place)];
        }
        masks
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
                        Footprint::Three(masks) => (
                            3,
                            u32::from(masks.of(u16::from_le_bytes(place))[0] ^ OCCUPIED),
                        ),
                        Footprint::Five(masks) => {
                            let [first, last] = masks.of(u16::from_le_bytes(place));
                            (5, u32::from(first ^ OCCUPIED) | u32::from(last) << 15)
                        }
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
