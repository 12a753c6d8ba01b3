//! One tile of the picture, from its points to its pixels.

use wide::{f32x4, i32x4};

use super::Frame;
use super::cells::{Cell, Layer, add_counts};
use super::dots::Dots;
use super::fixed::{PxBox, SUBPIXEL_BITS};
use super::lit::Lit;

/// How much of their colour and opacity points keep beside a selection.
const DIMMED: f32 = 0.3;
/// The colours of a pixel, and its alpha at most.
const COLOR: f32x4 = f32x4::new([1.0, 1.0, 1.0, 0.0]);
const OPAQUE: f32x4 = f32x4::new([0.0, 0.0, 0.0, 255.0]);

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
    pub cells: Vec<Cell>,
    pub lit: Lit,
    base: Layer,
    selected: Layer,
    pub selected_lit: Lit,
    pub dots: Dots,
    /// Nodes that were taken as a whole, each with the pixel of the tile at its middle.
    pub crowds: Vec<(u32, u32)>,
    pub open: Vec<u32>,
    pub next: Vec<u32>,
}

/// The tile with the pixels around it whose markers reach into it.
pub(super) struct Area {
    pub margin: usize,
    pub width: usize,
    pub height: usize,
    /// The tile's corners, 1/256 px of the picture.
    pub min: [i32; 2],
    max: [i32; 2],
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
            max: [0, 1].map(|i| parts(origin[i] + size[i])),
        }
    }

    /// A position of the picture from the corner of the area, 1/256 px; `None` outside.
    #[inline]
    pub fn inside(&self, at: [i32; 2]) -> Option<[i32; 2]> {
        let margin = (self.margin as i32) << SUBPIXEL_BITS;
        let at = [0, 1].map(|i| at[i] - self.min[i] + margin);
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
        let margin = (self.margin as i32) << SUBPIXEL_BITS;
        (0..2).all(|i| boxed.max[i] >= self.min[i] - margin && boxed.min[i] < self.max[i] + margin)
    }

    /// Whether all points of a box lie in cells.
    #[inline]
    pub fn holds(&self, boxed: &PxBox) -> bool {
        let margin = (self.margin as i32) << SUBPIXEL_BITS;
        (0..2).all(|i| boxed.min[i] >= self.min[i] - margin && boxed.max[i] < self.max[i] + margin)
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
                scratch.base.stamp(pass, &area, &scratch.cells);
                let (lit, layer) = (&scratch.lit, &mut scratch.base);
                layer.fill_gaps(&area, tile, &scratch.cells, lit);
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
                scratch.selected.stamp(pass, &area, &scratch.cells);
                let (lit, layer) = (&scratch.selected_lit, &mut scratch.selected);
                layer.fill_gaps(&area, tile, &scratch.cells, lit);
                chosen = true;
            }
        }
        let dim = if self.selected.is_empty() {
            1.0
        } else {
            DIMMED
        };
        self.paint(tile, (&scratch.base, &scratch.lit), dim, rgba, rgba_row);
        if chosen {
            let over = (&scratch.selected, &scratch.selected_lit);
            self.paint(tile, over, 1.0, rgba, rgba_row);
        }
    }

    /// Paints lit pixels over what is there.
    fn paint(
        &self,
        tile: &Tile,
        (layer, lit): (&Layer, &Lit),
        dim: f32,
        rgba: &mut [u8],
        row_length: usize,
    ) {
        let shade = self.style.shade;
        for y in 0..tile.height {
            let row = &mut rgba[4 * (y * row_length + tile.x)..][..4 * tile.width];
            let sums = &layer.row(y)[..tile.width];
            for (word, &bits) in lit.row(y).iter().enumerate() {
                let mut bits = bits;
                while bits != 0 {
                    let x = word * 64 + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    if x >= tile.width {
                        break;
                    }
                    let markers = sums[x].as_array()[3];
                    let mut rgb = sums[x] * f32x4::splat(1.0 / markers.max(1e-9));
                    if dim < 1.0 {
                        let [r, g, b, _] = rgb.to_array();
                        let grey = f32x4::splat((r + g + b) / 3.0);
                        rgb = grey + (rgb - grey) * f32x4::splat(dim);
                    }
                    let (alpha, crowding) = self.tone.of(markers);
                    let shine = self.style.glow * crowding * dim;
                    let alpha = (alpha * dim).max(4.0 / 255.0);
                    let Some(pixel) = row[4 * x..].first_chunk_mut::<4>() else {
                        break;
                    };
                    let full = f32x4::splat(255.0);
                    let light = (rgb + (full - rgb) * f32x4::splat(shine)) * f32x4::splat(shade);
                    let light = (light * COLOR + OPAQUE) * f32x4::splat(alpha);
                    let under = i32x4::new(pixel.map(i32::from)).round_float();
                    let over = light + under * f32x4::splat(1.0 - alpha);
                    *pixel = over
                        .fast_min(full)
                        .fast_round_int()
                        .to_array()
                        .map(|v| v as u8);
                }
            }
        }
    }
}
