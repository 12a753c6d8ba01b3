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
pub(super) const MOST_MARGIN: usize = 16;

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
                let is_inside = (column < width) & (row < height);
                let cell = row.wrapping_mul(width).wrapping_add(column);
                cells[i] = if is_inside { cell } else { beyond } as u16;
                let within = SUBPIXELS as u32 - 1;
                let color = u32::from_le_bytes(colors[i]) & 0x00ff_ffff | 1 << 24;
                sums[i] = [color.to_le(), (x & within) | (y & within) << SUBPIXEL_BITS];
            }
        }
    }
}
