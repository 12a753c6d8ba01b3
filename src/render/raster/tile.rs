//! One tile of the picture, from its points to its pixels.

use std::ops::Range;

use wide::{f32x4, i16x8, i32x4, u8x16};

use super::Frame;
use super::cells::{Cells, add_counts};
use super::dots::Dots;
use super::fixed::{PxBox, SUBPIXEL_BITS};
use super::layer::Layer;
use super::lit::Lit;
use super::sift::Sieve;
use super::tone::numbers;

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
    /// Nodes that were taken as a whole, each with the pixel of the tile that is nearest to its middle.
    pub crowds: Vec<(u32, u32)>,
    pub runs: Vec<Range<usize>>,
    pub sieve: Sieve,
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
    pub far: [i32; 2],
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

    /// Whether all points of a box lie in cells.
    #[inline]
    pub fn holds(&self, boxed: &PxBox) -> bool {
        let holds = |i: usize| boxed.min[i] >= self.corner[i] && boxed.max[i] < self.far[i];
        holds(0) & holds(1)
    }
}

impl Frame<'_> {
    /// Draws one tile into its rows of the picture and of the counts.
    pub fn draw(
        &self,
        tile: &Tile,
        scratch: &mut Scratch,
        rgba: &mut [&mut [[u8; 4]]],
        counts: &mut [&mut [[f32; 4]]],
    ) {
        let (mut drawn, mut counted) = (false, false);
        scratch.lit.clear();
        for pass in &self.base {
            let (area, any) = self.collect(pass, tile, scratch, false);
            if any && self.wanted.counts {
                add_counts(&area, tile, &scratch.cells, counts, !counted);
                counted = true;
            }
            if any && self.wanted.rgba {
                if !drawn {
                    scratch.base.begin(self.pad);
                }
                scratch.base.stamp(pass, &area, &mut scratch.cells);
                drawn = true;
            }
        }
        if self.wanted.counts && !counted {
            counts.iter_mut().for_each(|row| row.fill([0.0; 4]));
        }
        if !self.wanted.rgba {
            return;
        }
        if !drawn {
            rgba.iter_mut().for_each(|row| row.fill([0; 4]));
            return;
        }
        let mut chosen = false;
        scratch.selected_lit.clear();
        for pass in &self.selected {
            let (area, any) = self.collect(pass, tile, scratch, true);
            if any {
                if !chosen {
                    scratch.selected.begin(self.pad);
                }
                scratch.selected.stamp(pass, &area, &mut scratch.cells);
                chosen = true;
            }
        }
        let under = &self.inks;
        let dim = f32x4::splat(under.dim);
        let base = (&scratch.base, &scratch.lit);
        if self.selected.is_empty() {
            paint::<false>(base, rgba, |sums, _| under.of(sums));
        } else {
            let greyer = |sum: f32x4| {
                let [r, g, b, markers] = sum.to_array();
                let grey = (r + g + b) / 3.0;
                let grey = f32x4::new([grey, grey, grey, markers]);
                grey + (sum - grey) * dim
            };
            paint::<false>(base, rgba, |sums, _| under.of(&sums.map(greyer)));
        }
        if let Some(over) = self.inks_selected.as_ref().filter(|_| chosen) {
            let selected = (&scratch.selected, &scratch.selected_lit);
            paint::<true>(selected, rgba, |sums, below| {
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
/// Of which nothing is shown.
const EMPTY: [[u8; 4]; TOGETHER] = [[0; 4]; TOGETHER];
/// A bit for each of them.
const ALL: u64 = (1 << TOGETHER) - 1;

/// Paints the lit pixels, each by its sums over markers and what it shows so far. The others are emptied, or `KEPT`.
#[inline]
fn paint<const KEPT: bool>(
    (layer, lit): (&Layer, &Lit),
    rgba: &mut [&mut [[u8; 4]]],
    color: impl Fn(&[f32x4; TOGETHER], &[[u8; 4]; TOGETHER]) -> [f32x4; TOGETHER],
) {
    for (y, row) in rgba.iter_mut().enumerate() {
        let (groups, rest) = row.as_chunks_mut();
        let (sums, _) = layer.row(y).as_chunks::<TOGETHER>();
        let lit = lit.row(y);
        // What does not fill a group is painted in a group beside.
        let mut last = EMPTY;
        last[..rest.len()].copy_from_slice(rest);
        let beside = (!rest.is_empty()).then_some(&mut last);
        for (i, pixels) in groups.iter_mut().chain(beside).enumerate() {
            let x = i * TOGETHER;
            let lit = lit[x / 64] >> (x % 64) & ALL;
            if lit == 0 {
                if !KEPT {
                    *pixels = EMPTY;
                }
                continue;
            }
            let bare = lit & !u64::from(numbers(&sums[i]).simd_gt(f32x4::ZERO).to_bitmask());
            let traced;
            let sums = if bare == 0 {
                &sums[i]
            } else {
                traced = with_traces(layer, sums[i], bare, [x, y]);
                &traced
            };
            let painted = bytes(color(sums, pixels));
            // Whether all are lit would be guessed wrong too often.
            *pixels = chosen(lit, painted, if KEPT { *pixels } else { EMPTY });
        }
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

/// Where a bit is set, what a lit pixel shows that the merged markers just miss. Few are, beside a crowd.
#[cold]
fn with_traces(
    layer: &Layer,
    mut sums: [f32x4; TOGETHER],
    bare: u64,
    [x, y]: [usize; 2],
) -> [f32x4; TOGETHER] {
    for i in (0..TOGETHER).filter(|i| bare >> i & 1 == 1) {
        sums[i] = layer.nearest(x + i, y);
    }
    sums
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
