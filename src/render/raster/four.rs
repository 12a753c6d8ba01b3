//! Four points at a time on their way from the world to their pixels.

use wide::{f64x2, i16x8, i32x4, u8x16, u16x8, u32x4, u64x2};

use super::fixed::{Lattice, SUBPIXEL_BITS, SUBPIXELS};
use super::tile::Area;
use super::{TILE_HEIGHT, TILE_WIDTH};

/// Pixels on each side of a tile up to which the pixels of its area are numbered in 16 bits.
pub(super) const MOST_MARGIN: usize = 16;

const _: () = {
    let area = (TILE_WIDTH + 2 * MOST_MARGIN) * (TILE_HEIGHT + 2 * MOST_MARGIN);
    assert!(area <= i16::MAX as usize);
};

/// Four points on their pixels.
pub(super) struct Four {
    /// Columns and rows of the area; those outside are beyond its last.
    pixels: [i32x4; 2],
    /// In every other lane the number of a pixel in the area.
    cells: u16x8,
    /// In every other lane a place within a pixel, y * 256 + x.
    places: u16x8,
    /// Two points in each: red, green, blue, 1, x, y, 0, 0.
    pairs: [u8x16; 2],
}

impl Four {
    /// Of points that lie in or near the area, whose margin is no larger than [`MOST_MARGIN`].
    #[inline]
    pub fn of(
        points: &[[f32; 2]; 4],
        colors: &[[u8; 4]; 4],
        lattice: &Lattice,
        area: &Area,
    ) -> Self {
        let [a, b, c, d] = points;
        let (ab, cd) = (pair(*a, *b, lattice), pair(*c, *d, lattice));
        let corner = |i: usize| u32x4::splat(area.corner[i] as u32);
        let x = bytemuck::cast::<_, u32x4>(ab[0].unpack_lo(cd[0])) - corner(0);
        let y = bytemuck::cast::<_, u32x4>(ab[1].unpack_lo(cd[1])) - corner(1);
        // What lies before the area wraps around to beyond it.
        let (column, row) = (x >> SUBPIXEL_BITS, y >> SUBPIXEL_BITS);
        let pixels: [i32x4; 2] = bytemuck::cast([column, row]);
        // No number of a pixel has more than 15 bits.
        let [column, row]: [i16x8; 2] = bytemuck::cast([column, row]);
        let cells = row * i16x8::splat(area.width as i16) + column;
        let within = u32x4::splat(SUBPIXELS as u32 - 1);
        let (x, y) = (x & within, y & within);
        let places = x | (y << SUBPIXEL_BITS);
        let colors: u32x4 = bytemuck::cast(*colors);
        let colors = (colors & u32x4::splat(0x00ff_ffff)) | u32x4::splat(1 << 24);
        Self {
            pixels,
            cells: bytemuck::cast(cells),
            places: bytemuck::cast(places),
            pairs: bytemuck::cast([colors.unpack_lo(places), colors.unpack_hi(places)]),
        }
    }

    /// Puts those that do not lie in the area, of which nothing else is known, and all but the first `len` into the cell
    /// behind its last.
    #[inline]
    pub fn keep(&mut self, len: usize, area: &Area) {
        let [column, row] = self.pixels;
        let splat = |number: usize| i32x4::splat(number as i32);
        let inside = splat(area.width).simd_gt(column)
            & splat(area.height).simd_gt(row)
            & splat(len).simd_gt(i32x4::new([0, 1, 2, 3]));
        let cells: i32x4 = bytemuck::cast(self.cells);
        self.cells = bytemuck::cast(inside.bitselect(cells, splat(area.width * area.height)));
    }

    /// Index of the pixel of point `i` in the area.
    #[inline]
    pub fn cell(&self, i: usize) -> usize {
        usize::from(self.cells.as_array()[2 * i])
    }

    /// Its place in that, y * 256 + x.
    #[inline]
    pub fn place(&self, i: usize) -> u16 {
        self.places.as_array()[2 * i]
    }

    /// What it adds there: red, green, blue, 1, x, y, 0, 0.
    #[inline]
    pub fn sums(&self, i: usize) -> u16x8 {
        let pair = self.pairs[i / 2];
        if i.is_multiple_of(2) {
            u16x8::from_u8x16_low(pair)
        } else {
            u16x8::from_u8x16_high(pair)
        }
    }
}

/// x of both points, and y of both, in the low halves.
#[inline]
fn pair(a: [f32; 2], b: [f32; 2], lattice: &Lattice) -> [u64x2; 2] {
    let on_lattice = |[x, y]: [f32; 2]| lattice.whole(f64x2::new([f64::from(x), f64::from(y)]));
    let a: u32x4 = bytemuck::cast(on_lattice(a));
    let b: u32x4 = bytemuck::cast(on_lattice(b));
    bytemuck::cast([a.unpack_lo(b), a.unpack_hi(b)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::camera::PxFromWorld;

    #[test]
    fn four_points_lie_where_each_does() {
        let px_from_world = PxFromWorld {
            scale: 41.3,
            offset: [312.7, 95.1],
        };
        let lattice = Lattice::new(px_from_world);
        let area = Area::new([256, 64], [TILE_WIDTH, TILE_HEIGHT], MOST_MARGIN);
        let mut inside = 0;
        for i in 0..16_000_u16 {
            let points = [0, 1, 2, 3].map(|k| {
                let at = f32::from(i * 4 + k);
                [at * 0.618 % 6.0 - 1.2, at * 0.414 % 2.0 - 0.4]
            });
            let expected = points.map(|point| area.inside(lattice.at(point)));
            let colors = [0, 1, 2, 3].map(|k| [k, 255 - k, (i % 256) as u8, 255]);
            let mut four = Four::of(&points, &colors, &lattice, &area);
            let len = usize::from(i % 5);
            four.keep(len, &area);
            for (k, at) in expected.into_iter().enumerate() {
                let Some(at) = at.filter(|_| k < len) else {
                    assert_eq!(four.cell(k), area.width * area.height);
                    continue;
                };
                assert_eq!(four.cell(k), area.cell(at));
                let [x, y] = at.map(|v| (v % SUBPIXELS) as u8);
                assert_eq!(four.place(k), u16::from_le_bytes([x, y]));
                let [r, g, b, _] = colors[k].map(u16::from);
                let [x, y] = [x, y].map(u16::from);
                assert_eq!(four.sums(k).to_array(), [r, g, b, 1, x, y, 0, 0]);
                inside += 1;
            }
        }
        assert!(inside > 1000, "{inside}");
    }
}
