//! From the masks of single points to the pixels that they light.

use pulp::{Arch, Simd, WithSimd};

use super::super::footprint::PART;
use super::super::lit::Lit;
use super::super::tile::Area;
use super::Cells;
use super::bits::{WORD, signs};

impl Cells {
    /// Lights the pixels of the tile that single points light in squares of `SIDE` pixels a side.
    pub fn light<const SIDE: usize>(&self, area: &Area, lit: &mut Lit) {
        Arch::new().dispatch(Lighting::<SIDE> {
            masks: &self.lights,
            area,
            lit,
        });
    }
}

struct Lighting<'a, const SIDE: usize> {
    masks: &'a [Vec<u16>; 2],
    area: &'a Area,
    lit: &'a mut Lit,
}

impl<const SIDE: usize> WithSimd for Lighting<'_, SIDE> {
    type Output = ();

    #[expect(
        clippy::inline_always,
        reason = "compiled once for each kind of processor"
    )]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { masks, area, lit } = self;
        let [width, height] = [area.width, area.height].map(|side| side - 2 * area.margin);
        for y in 0..height {
            for x in (0..width).step_by(WORD) {
                // From below, as the first rows of the masks light what lies above.
                let below = y + area.margin + SIDE / 2;
                let first = x + area.margin - SIDE / 2;
                let mut any = [0; WORD];
                for part in 0..SIDE.div_ceil(PART) {
                    let rows = part * PART..SIDE.min((part + 1) * PART);
                    for (k, row) in rows.enumerate() {
                        let masks = &masks[part][(below - row) * area.width + first..];
                        let masks = &masks[..WORD + SIDE - 1];
                        for (i, any) in any.iter_mut().enumerate() {
                            for column in 0..SIDE {
                                let bit = 1 << (k * SIDE + column);
                                *any |= masks[i + SIDE - 1 - column] & bit;
                            }
                        }
                    }
                }
                let bits = signs(any.map(|any| if any == 0 { 0 } else { u8::MAX }));
                let within = u64::MAX >> (WORD - WORD.min(width - x));
                lit.light_word(y, x / WORD, bits & within);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lights_what_each_mask_says<const SIDE: usize>() {
        let (width, height) = (100, 40);
        let area = Area::new([512, 128], [width, height], 3);
        let mut cells = Cells::default();
        cells.clear(&area, SIDE.div_ceil(PART));
        let mut expected = vec![false; width * height];
        for i in 0..600 {
            // Margins included.
            let (column, row) = (i * 7919 % area.width, i * 6007 % area.height);
            for at in (0..SIDE * SIDE).filter(|at| (i * 31 + at * 17) % 5 == 0) {
                let (down, along) = (at / SIDE, at % SIDE);
                let bit = 1 << (down % PART * SIDE + along);
                cells.lights[down / PART][row * area.width + column] |= bit;
                let x = (column + along).wrapping_sub(area.margin + SIDE / 2);
                let y = (row + down).wrapping_sub(area.margin + SIDE / 2);
                if x < width && y < height {
                    expected[y * width + x] = true;
                }
            }
        }
        let mut lit = Lit::default();
        cells.light::<SIDE>(&area, &mut lit);
        for (i, expected) in expected.iter().enumerate() {
            let (x, y) = (i % width, i / width);
            assert_eq!(lit.get(x, y), *expected, "{SIDE}: {x}, {y}");
        }
        // And none beyond the tile.
        let count: u32 = (0..height)
            .flat_map(|y| lit.row(y))
            .map(|w| w.count_ones())
            .sum();
        assert_eq!(count as usize, expected.iter().filter(|lit| **lit).count());
    }

    #[test]
    fn masks_light_their_pixels() {
        lights_what_each_mask_says::<3>();
        lights_what_each_mask_says::<5>();
    }
}
