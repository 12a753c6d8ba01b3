//! Where points lie, to half a pixel: most pixels are proven lit from it, 64 at a time.

use super::fixed::{Marker, SUBPIXELS};
use super::lit::{Lit, WORDS};
use super::tile::Area;
use super::{TILE_HEIGHT, TILE_WIDTH};

/// Side of a spot, 1/256 px.
const SPOT: i32 = SUBPIXELS / 2;
/// Spots farther from a pixel than this along either axis are not looked at.
const FARTHEST: i32 = 8;

/// The spots around a pixel that light it wherever in the spot a point lies.
#[derive(Debug, Clone)]
pub(super) struct Halo {
    /// Row of spots, from the pixel's first, with its first and last column.
    rows: Vec<(isize, isize, isize)>,
}

impl Halo {
    pub fn new(marker: &Marker) -> Self {
        // The farthest parts of the spots at `i` from the middle of the pixel are `far(i)` away.
        let far = |i: i32| if i > 0 { i * SPOT - 1 } else { SPOT - i * SPOT };
        let rows = (-FARTHEST..=FARTHEST).filter_map(|row| {
            let width = marker.half_width(far(row))?;
            let last = ((width + 1) / SPOT).min(FARTHEST);
            let first = (1 - width / SPOT).max(-FARTHEST);
            (first <= last).then_some((row as isize, first as isize, last as isize))
        });
        Self {
            rows: rows.collect(),
        }
    }
}

/// The spots of one tile and its margin: one bit each.
#[derive(Default)]
pub(super) struct Spots {
    words: Vec<u64>,
    row_words: usize,
    any: bool,
}

impl Spots {
    pub fn clear(&mut self, area: &Area) {
        self.row_words = (2 * area.width).div_ceil(64);
        super::refill(&mut self.words, self.row_words * 2 * area.height, 0);
        self.any = false;
    }

    /// Marks a position, 1/256 px from the corner of the area.
    #[inline]
    pub fn mark(&mut self, at: [i32; 2]) {
        let [column, row] = at.map(|v| (v / SPOT) as usize);
        self.words[row * self.row_words + column / 64] |= 1 << (column % 64);
        self.any = true;
    }

    /// Lights the pixels of the tile that are lit wherever in their spots the points lie.
    pub fn light(&self, halo: &Halo, area: &Area, lit: &mut Lit) {
        if !self.any {
            return;
        }
        let margin = area.margin;
        let height = TILE_HEIGHT.min(area.height - 2 * margin);
        let words = (area.width - 2 * margin).div_ceil(64).min(WORDS);
        debug_assert!(words * 64 <= TILE_WIDTH);
        for y in 0..height {
            for &(row, first, last) in &halo.rows {
                let row = (2 * (y + margin)) as isize + row;
                let Some(spots) = self.row(row) else { continue };
                if spots.iter().all(|word| *word == 0) {
                    continue;
                }
                for word in 0..words {
                    let pixels = [0, 1].map(|half| {
                        let start = (2 * margin + 128 * word + 64 * half) as isize;
                        let mut any = 0;
                        for column in first..=last {
                            any |= bits_from(spots, start + column);
                        }
                        even_bits(any)
                    });
                    lit.light_word(y, word, pixels[0] | pixels[1] << 32);
                }
            }
        }
    }

    fn row(&self, row: isize) -> Option<&[u64]> {
        let start = usize::try_from(row).ok()? * self.row_words;
        self.words.get(start..start + self.row_words)
    }
}

/// 64 bits from `start` on; those outside are 0.
#[inline]
fn bits_from(words: &[u64], start: isize) -> u64 {
    let (word, shift) = (start.div_euclid(64), start.rem_euclid(64) as u32);
    let at = |i: isize| usize::try_from(i).map_or(0, |i| words.get(i).copied().unwrap_or(0));
    let high = at(word + 1).checked_shl(64 - shift).unwrap_or(0);
    at(word) >> shift | high
}

/// The bits 0, 2, 4, ... side by side.
#[inline]
fn even_bits(mut v: u64) -> u64 {
    v &= 0x5555_5555_5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ] {
        v = (v | v >> shift) & mask;
    }
    v
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Shape;
    use crate::render::raster::fixed::PxBox;

    /// A pixel is lit by a spot exactly when every position in the spot lights it.
    #[test]
    fn a_spot_lights_what_all_its_positions_light() {
        for shape in Shape::ALL {
            for radius in [0.3, 0.75, 1.6, 2.4] {
                let marker = Marker::new(shape, radius);
                let halo = Halo::new(&marker);
                let area = Area::new([512, 64], [200, 20], 5);
                for spot in [[21, 17], [10, 10], [139, 40], [300, 44]] {
                    let mut spots = Spots::default();
                    spots.clear(&area);
                    spots.mark(spot.map(|s| s * SPOT + 3));
                    let mut lit = Lit::default();
                    spots.light(&halo, &area, &mut lit);
                    let corner = spot.map(|s| (s - 2 * 5) * SPOT);
                    let boxed = PxBox {
                        min: corner,
                        max: corner.map(|v| v + SPOT - 1),
                    };
                    let mut expected = Lit::default();
                    expected.light(&boxed, &marker, [0, 0]);
                    for y in 0..20 {
                        assert_eq!(lit.row(y), expected.row(y), "{shape:?} {radius} {spot:?}");
                    }
                }
            }
        }
    }
}
