//! Which pixels the markers of single points light: few instructions for each.

use super::TILE_HEIGHT;
use super::fixed::{Marker, SUBPIXEL_BITS, SUBPIXELS};
use super::lit::{HALF, Lit, WORDS};

/// Pixels before each row that are kept as well: one word.
const PAD: usize = 64;
/// Markers that reach farther, 1/256 px, are lit in another way.
const FARTHEST: i32 = 24 * SUBPIXELS;

/// A marker's outline as it is looked up here.
#[derive(Debug, Clone)]
pub(super) struct Dot {
    /// For every place of the marker's middle within its pixel, along y, and every row of pixels from
    /// the first that it can cover, the largest covered offset; one so low that no pixel is covered
    /// where there is none. 1/256 px.
    half_widths: Vec<i32>,
    /// Rows of pixels that it can cover.
    rows: usize,
    /// From its middle to the middle of the first of them, or a pixel less; 1/256 px.
    up: i32,
}

impl Dot {
    /// `None` for a marker that is too large.
    pub fn new(marker: &Marker) -> Option<Self> {
        const NOTHING: i32 = -SUBPIXELS;
        if marker.reach() >= FARTHEST {
            return None;
        }
        let reach = (0..FARTHEST + SUBPIXELS)
            .take_while(|dy| marker.half_width(*dy).is_some())
            .count() as i32;
        let rows = (2 * reach + SUBPIXELS - 1) >> SUBPIXEL_BITS;
        let up = reach - HALF;
        let widths = (0..SUBPIXELS).flat_map(|y| {
            let first = (y - up) >> SUBPIXEL_BITS;
            (first..first + rows).map(move |row| ((row << SUBPIXEL_BITS) + HALF - y).abs())
        });
        Some(Self {
            half_widths: widths
                .map(|dy| marker.half_width(dy).unwrap_or(NOTHING))
                .collect(),
            rows: rows as usize,
            up,
        })
    }
}

/// Lit pixels of one tile, with room around them for what lies outside.
pub(super) struct Dots {
    /// A word before and two behind; the last row is for all that lies above or below.
    rows: [[u64; WORDS + 3]; TILE_HEIGHT + 1],
}

impl Default for Dots {
    fn default() -> Self {
        Self {
            rows: [[0; WORDS + 3]; TILE_HEIGHT + 1],
        }
    }
}

impl Dots {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Lights the pixels under the marker of a point, 1/256 px from the tile's corner and no farther
    /// from the tile than the marker reaches and a pixel.
    #[inline]
    pub fn light(&mut self, [x, y]: [i32; 2], dot: &Dot) {
        let place = (y & (SUBPIXELS - 1)) as usize;
        let widths = &dot.half_widths[place * dot.rows..][..dot.rows];
        for (row, width) in ((y - dot.up) >> SUBPIXEL_BITS..).zip(widths) {
            // As in `Lit`: pixels whose middles lie between both, both included.
            let low = (x - width + SUBPIXELS - 1 - HALF) >> SUBPIXEL_BITS;
            let high = ((x + width - HALF) >> SUBPIXEL_BITS) + 1;
            let count = (high - low).max(0) as u32;
            self.light_bits(low, row, (1_u64 << (count & 63)) - 1, count);
        }
    }

    /// Lights pixels of a row: those of `count` pixels, from `x` pixels right of the tile's corner on,
    /// whose bits are set.
    #[inline]
    fn light_bits(&mut self, x: i32, y: i32, bits: u64, count: u32) {
        let column = (x + PAD as i32) as u32;
        let (word, shift) = ((column / 64) as usize, column % 64);
        let words = &mut self.rows[(y as u32 as usize).min(TILE_HEIGHT)];
        let word = word.min(WORDS + 1);
        words[word] |= bits << shift;
        if shift + count > 64 {
            words[word + 1] |= bits >> (64 - shift);
        }
    }

    /// Lights the same pixels in `lit`.
    pub fn add_to(&self, lit: &mut Lit) {
        for (y, row) in self.rows.iter().take(TILE_HEIGHT).enumerate() {
            for word in 0..WORDS {
                lit.light_word(y, word, row[word + 1]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Shape;
    use crate::render::raster::TILE_WIDTH;
    use crate::render::raster::fixed::PxBox;

    #[test]
    fn a_dot_lights_what_its_marker_covers() {
        for shape in Shape::ALL {
            for radius in [0.1, 0.5, 0.75, 1.0, 1.6, 2.4, 7.3] {
                let marker = Marker::new(shape, radius);
                let dot = Dot::new(&marker).unwrap();
                for i in 0..2000 {
                    let far = marker.reach() + SUBPIXELS;
                    let along = |step: i32, px: usize| {
                        (i * step) % ((px as i32) * SUBPIXELS + 2 * far) - far
                    };
                    let at = [along(7919, TILE_WIDTH), along(6007, TILE_HEIGHT)];
                    let mut dots = Dots::default();
                    dots.light(at, &dot);
                    let (mut lit, mut expected) = (Lit::default(), Lit::default());
                    dots.add_to(&mut lit);
                    expected.light(&PxBox::at(at), &marker, [0, 0]);
                    for y in 0..TILE_HEIGHT {
                        assert_eq!(lit.row(y), expected.row(y), "{shape:?} {radius} {at:?}");
                    }
                }
            }
        }
        assert!(Dot::new(&Marker::new(Shape::Disc, 40.0)).is_none());
    }
}
