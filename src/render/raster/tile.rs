//! One tile of the picture, from its points to its pixels.

use wide::{f32x4, i16x8, i32x4, u8x16};

use super::Frame;
use super::cells::{Cells, add_counts};
use super::dots::Dots;
use super::fixed::{PxBox, SUBPIXEL_BITS};
use super::layer::Layer;
use super::lit::Lit;
use super::walk::Runs;

/// A part of the picture, px.
pub(super) struct Tile {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

/// What a thread keeps from tile to tile.
#[derive(Default)]
pub(super) struct Scratch {
    pub cells: Cells,
    pub lit: Lit,
    base: Layer,
    selected: Layer,
    pub selected_lit: Lit,
    pub dots: Dots,
    /// Nodes that were taken as a whole, each with the pixel of the tile at its middle.
    pub crowds: Vec<(u32, u32)>,
    pub runs: Runs,
    pub open: Vec<u32>,
    pub next: Vec<u32>,
}

/// The tile with the pixels around it whose markers reach into it.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub margin: usize,
    pub width: usize,
    pub height: usize,
    /// The tile's upper left corner, 1/256 px of the picture.
    pub min: [i32; 2],
    /// The corners of the area itself.
    pub corner: [i32; 2],
    far: [i32; 2],
}

impl Area {
    /// Around a tile at `origin` of that size, px.
    pub fn new(origin: [usize; 2], size: [usize; 2], margin: usize) -> Self {
        let parts = |px: usize| (px as i32) << SUBPIXEL_BITS;
        Self {
            margin,
            width: size[0] + 2 * margin,
            height: size[1] + 2 * margin,
            min: origin.map(parts),
            corner: origin.map(|px| parts(px) - parts(margin)),
            far: [0, 1].map(|i| parts(origin[i] + size[i] + margin)),
        }
    }

    /// A position of the picture from the corner of the area, 1/256 px; `None` outside.
    #[inline]
    pub fn inside(&self, at: [i32; 2]) -> Option<[i32; 2]> {
        let at = [0, 1].map(|i| at[i] - self.corner[i]);
        // What lies before the area wraps around to beyond it.
        let within = |v: i32, px: usize| (v as u32) < (px as u32) << SUBPIXEL_BITS;
        (within(at[0], self.width) && within(at[1], self.height)).then_some(at)
    }

    /// Index of the cell at a position from the corner.
    #[inline]
    pub fn cell(&self, at: [i32; 2]) -> usize {
        let [column, row] = at.map(|v| (v >> SUBPIXEL_BITS) as usize);
        row * self.width + column
    }

    /// Whether a box can have a point in a cell.
    #[inline]
    pub fn meets(&self, boxed: &PxBox) -> bool {
        let meets = |i: usize| boxed.max[i] >= self.corner[i] && boxed.min[i] < self.far[i];
        meets(0) & meets(1)
    }

    /// Whether all points of a box lie in cells.
    #[inline]
    pub fn holds(&self, boxed: &PxBox) -> bool {
        let holds = |i: usize| boxed.min[i] >= self.corner[i] && boxed.max[i] < self.far[i];
        holds(0) & holds(1)
    }
}

impl Frame<'_> {
    /// Draws one tile into its band of the picture and of the counts, given with their row lengths.
    pub fn draw(
        &self,
        tile: &Tile,
        scratch: &mut Scratch,
        (rgba, rgba_row): (&mut [u8], usize),
        (counts, counts_row): (&mut [[f32; 4]], usize),
    ) {
        let mut drawn = false;
        scratch.lit.clear();
        for pass in &self.base {
            let (area, any) = self.collect(pass, tile, scratch, false);
            if any && self.wanted.counts {
                add_counts(&area, tile, &scratch.cells, counts, counts_row);
            }
            if any && self.wanted.rgba {
                if !drawn {
                    scratch.base.clear(self.pad);
                }
                scratch.base.stamp(pass, &area, &mut scratch.cells);
                drawn = true;
            }
        }
        if !drawn {
            return;
        }
        let mut chosen = false;
        scratch.selected_lit.clear();
        for pass in &self.selected {
            let (area, any) = self.collect(pass, tile, scratch, true);
            if any {
                if !chosen {
                    scratch.selected.clear(self.pad);
                }
                scratch.selected.stamp(pass, &area, &mut scratch.cells);
                chosen = true;
            }
        }
        let under = &self.inks;
        let dim = f32x4::splat(under.dim);
        let base = (&scratch.base, &scratch.lit);
        if self.selected.is_empty() {
            paint(tile, base, rgba, rgba_row, |sums, _| under.of(sums));
        } else {
            let greyer = |sum: f32x4| {
                let [r, g, b, markers] = sum.to_array();
                let grey = (r + g + b) / 3.0;
                let grey = f32x4::new([grey, grey, grey, markers]);
                grey + (sum - grey) * dim
            };
            paint(tile, base, rgba, rgba_row, |sums, _| {
                under.of(sums.map(greyer))
            });
        }
        if let Some(over) = self.inks_selected.as_ref().filter(|_| chosen) {
            let selected = (&scratch.selected, &scratch.selected_lit);
            paint(tile, selected, rgba, rgba_row, |sums, below| {
                let light = over.of(sums);
                std::array::from_fn(|i| {
                    let below = i32x4::new(below[i].map(i32::from)).round_float();
                    light[i] + below * f32x4::splat(1.0 - light[i].as_array()[3] / 255.0)
                })
            });
        }
    }
}

/// Pixels that are painted together.
const TOGETHER: usize = 4;

/// Paints the lit pixels, each by its sums over markers and what it shows so far.
#[inline]
fn paint(
    tile: &Tile,
    (layer, lit): (&Layer, &Lit),
    rgba: &mut [u8],
    row_length: usize,
    color: impl Fn([f32x4; TOGETHER], [[u8; 4]; TOGETHER]) -> [f32x4; TOGETHER],
) {
    for y in 0..tile.height {
        let row = &mut rgba[4 * (y * row_length + tile.x)..][..4 * tile.width];
        let (row, _) = row.as_chunks_mut::<4>();
        let (sums, _) = layer.row(y).as_chunks();
        let lit = lit.row(y);
        for (i, (pixels, sums)) in row.chunks_mut(TOGETHER).zip(sums).enumerate() {
            let x = i * TOGETHER;
            let lit = lit[x / 64] >> (x % 64) & ((1 << TOGETHER) - 1);
            if lit == 0 {
                continue;
            }
            let mut sums: [f32x4; TOGETHER] = *sums;
            let markers = f32x4::new(sums.map(|sum| sum.as_array()[3]));
            let mut bare = lit & !u64::from(markers.simd_gt(f32x4::ZERO).to_bitmask());
            while bare != 0 {
                let i = bare.trailing_zeros() as usize;
                bare &= bare - 1;
                sums[i] = layer.nearest(x + i, y);
            }
            let mut below = [[0; 4]; TOGETHER];
            below[..pixels.len()].copy_from_slice(pixels);
            let painted = bytes(color(sums, below));
            if let Some(pixels) = pixels.first_chunk_mut() {
                *pixels = if lit == (1 << TOGETHER) - 1 {
                    painted
                } else {
                    chosen(lit, painted, below)
                };
            } else {
                pixels.copy_from_slice(&chosen(lit, painted, below)[..pixels.len()]);
            }
        }
    }
}

/// The pixels of the first whose bits are set, the others of the second.
#[inline]
fn chosen(
    bits: u64,
    first: [[u8; 4]; TOGETHER],
    second: [[u8; 4]; TOGETHER],
) -> [[u8; 4]; TOGETHER] {
    let each = i32x4::new([1, 2, 4, 8]);
    let set = (i32x4::splat(bits as i32) & each).simd_eq(each);
    bytemuck::cast(set.bitselect(bytemuck::cast(first), bytemuck::cast(second)))
}

/// The nearest bytes, those at the ends beyond them.
#[inline]
fn bytes(values: [f32x4; TOGETHER]) -> [[u8; 4]; TOGETHER] {
    let [a, b, c, d] = values.map(f32x4::fast_round_int);
    let words = [[a, b], [c, d]].map(|pair| i16x8::from_i32x8_saturate(bytemuck::cast(pair)));
    bytemuck::cast(u8x16::narrow_i16x8(words[0], words[1]))
}
