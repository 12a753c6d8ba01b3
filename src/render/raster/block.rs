//! Points on their pixels, many at a time.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use wide::u16x8;

use super::fixed::{Lattice, SUBPIXEL_BITS, SUBPIXELS};
use super::tile::Area;
use super::{TILE_HEIGHT, TILE_WIDTH};

/// Points that are put on their pixels together.
const LANES: usize = 16;
/// Points of a block.
pub(super) const MOST: usize = 7 * LANES;
/// Places for them, and for those that are put on their pixels with the last.
const PLACES: usize = MOST + LANES;

/// Pixels on each side of a tile up to which the pixels of its area are numbered in 16 bits.
const MOST_MARGIN: usize = 16;

const _: () = {
    let area = (TILE_WIDTH + 2 * MOST_MARGIN) * (TILE_HEIGHT + 2 * MOST_MARGIN);
    assert!(area < u16::MAX as usize);
};

/// At most [`MOST`] points on the pixels of an area.
pub(super) struct Block {
    arch: Arch,
    len: usize,
    /// The numbers of their pixels in the area; that behind its last for points that do not lie in it.
    cells: [u16; PLACES],
    /// Red, green, blue, 1, x, y: the place in the pixel, 1/256 px.
    sums: [[u32; 2]; PLACES],
}

impl Block {
    pub fn new() -> Self {
        Self {
            arch: Arch::new(),
            len: 0,
            cells: [0; PLACES],
            sums: [[0; 2]; PLACES],
        }
    }

    pub fn is_full(&self) -> bool {
        self.len == MOST
    }

    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds points of some places that lie in or near the area, whose margin is no larger than [`MOST_MARGIN`], until it is
    /// full. Gives how many it took.
    pub fn add(
        &mut self,
        points: &[[f32; 2]],
        colors: &[[u8; 4]],
        places: Range<usize>,
        (lattice, area): (&Lattice, &Area),
    ) -> usize {
        let taken = places.len().min(MOST - self.len);
        let whole = taken.next_multiple_of(LANES);
        let mut place = |points: &[[f32; 2]], colors: &[[u8; 4]]| {
            let (cells, _) = self.cells[self.len..][..whole].as_chunks_mut();
            let (sums, _) = self.sums[self.len..][..whole].as_chunks_mut();
            self.arch.dispatch(Placing {
                points: points.as_chunks().0,
                colors: colors.as_chunks().0,
                lattice,
                area,
                cells,
                sums,
            });
        };
        let all = places.start..places.start + whole;
        if let (Some(points), Some(colors)) = (points.get(all.clone()), colors.get(all)) {
            // Those beyond the last are overwritten or not looked at.
            place(points, colors);
        } else {
            let (mut few, mut few_colors) = ([[0.0; 2]; MOST], [[0; 4]; MOST]);
            let first = places.start..places.start + taken;
            few[..taken].copy_from_slice(&points[first.clone()]);
            few_colors[..taken].copy_from_slice(&colors[first]);
            place(&few[..whole], &few_colors[..whole]);
        }
        self.len += taken;
        taken
    }

    /// Of each point the number of its pixel, its place in that, y * 256 + x, 1/256 px, and what it adds there: red, green,
    /// blue, 1, x, y, 0, 0.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = (usize, u16, u16x8)> {
        let cells = self.cells[..self.len].iter();
        cells.zip(&self.sums).map(|(cell, sums)| {
            let [_, place] = sums;
            let sums = bytemuck::cast::<_, u64>(*sums);
            let sums = u16x8::from_u8x16_low(bytemuck::cast([sums, 0]));
            (usize::from(*cell), *place as u16, sums)
        })
    }
}

struct Placing<'a> {
    points: &'a [[[f32; 2]; LANES]],
    colors: &'a [[[u8; 4]; LANES]],
    lattice: &'a Lattice,
    area: &'a Area,
    cells: &'a mut [[u16; LANES]],
    sums: &'a mut [[[u32; 2]; LANES]],
}

impl WithSimd for Placing<'_> {
    type Output = ();

    #[expect(
        clippy::inline_always,
        reason = "compiled once for each kind of processor"
    )]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (lattice, corner) = (*self.lattice, self.area.corner.map(|v| v as u32));
        let (width, height) = (self.area.width as u32, self.area.height as u32);
        let beyond = width * height;
        let points = self.points.iter().zip(self.colors);
        for ((points, colors), (cells, sums)) in points.zip(self.cells.iter_mut().zip(self.sums)) {
            for i in 0..LANES {
                // What lies before the area wraps around to beyond it.
                let x = lattice.whole(points[i], 0).wrapping_sub(corner[0]);
                let y = lattice.whole(points[i], 1).wrapping_sub(corner[1]);
                let (column, row) = (x >> SUBPIXEL_BITS, y >> SUBPIXEL_BITS);
                let is_inside = column < width && row < height;
                let cell = row.wrapping_mul(width).wrapping_add(column);
                cells[i] = if is_inside { cell } else { beyond } as u16;
                let within = SUBPIXELS as u32 - 1;
                let color = u32::from_le_bytes(colors[i]) & 0x00ff_ffff | 1 << 24;
                sums[i] = [color.to_le(), (x & within) | (y & within) << SUBPIXEL_BITS];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::camera::PxFromWorld;

    #[test]
    fn points_of_a_block_lie_where_each_does() {
        let px_from_world = PxFromWorld {
            scale: 41.3,
            offset: [312.7, 95.1],
        };
        let lattice = Lattice::new(px_from_world);
        let area = Area::new([256, 64], [TILE_WIDTH, TILE_HEIGHT], MOST_MARGIN);
        let point = |i: u16| {
            let at = f32::from(i);
            [at * 0.618 % 6.0 - 1.2, at * 0.414 % 2.0 - 0.4]
        };
        let points: Vec<_> = (0..5003).map(point).collect();
        let color = |i: u16| [i as u8, 255 - i as u8, (i / 256) as u8, 255];
        let colors: Vec<_> = (0..5003).map(color).collect();
        let (mut block, mut inside) = (Block::new(), 0);
        // Up to the last point, behind which there is nothing to be read.
        for run in [0..1, 1..40, 40..47, 47..1000, 1000..4990, 4990..5003] {
            let mut rest = run.clone();
            while !rest.is_empty() {
                let first = rest.start;
                let held = block.iter().count();
                rest.start += block.add(&points, &colors, rest.clone(), (&lattice, &area));
                let added = first..rest.start;
                assert_eq!(block.iter().count(), held + added.len());
                for (k, (cell, place, sums)) in added.zip(block.iter().skip(held)) {
                    let Some(at) = area.inside(lattice.at(points[k])) else {
                        assert_eq!(cell, area.width * area.height);
                        continue;
                    };
                    assert_eq!(cell, area.cell(at));
                    let [x, y] = at.map(|v| (v % SUBPIXELS) as u8);
                    assert_eq!(place, u16::from_le_bytes([x, y]));
                    let [r, g, b, _] = colors[k].map(u16::from);
                    let [x, y] = [x, y].map(u16::from);
                    assert_eq!(sums.to_array(), [r, g, b, 1, x, y, 0, 0]);
                    inside += 1;
                }
                if block.is_full() {
                    block.clear();
                }
            }
        }
        assert!((1000..5003).contains(&inside), "{inside}");
    }
}
