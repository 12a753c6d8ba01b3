//! What lies in each pixel, and the markers drawn from it.

use wide::f32x4;

use super::fixed::SUBPIXELS;
use super::lit::Lit;
use super::tile::{Area, Tile};
use super::{COUNT_CELL, Pass, TILE_HEIGHT, TILE_WIDTH};

/// Markers over a pixel that they only just reach.
const TRACE: f32 = 0.02;

/// What lies in one pixel.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
pub(super) struct Cell {
    /// Red, green, blue (`0..=255`) and number of points, summed.
    pub sum: f32x4,
    /// Their places in the pixel, 1/256 px, summed; the rest makes for even halves.
    pub place: f32x4,
}

impl Cell {
    #[inline]
    pub fn count(&self) -> f32 {
        self.sum.as_array()[3]
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.count() <= 0.0
    }
}

/// Sums over the markers at each pixel of a tile and around it: colour and number.
#[derive(Default)]
pub(super) struct Layer {
    sums: Vec<f32x4>,
    /// Pixels on each side of the tile, so that whole markers fit.
    pad: usize,
    row_length: usize,
}

impl Layer {
    /// Makes room for the markers of cells up to `pad` px outside of the tile.
    pub fn clear(&mut self, pad: usize) {
        self.pad = pad;
        self.row_length = TILE_WIDTH + 2 * pad;
        let size = self.row_length * (TILE_HEIGHT + 2 * pad);
        super::refill(&mut self.sums, size, f32x4::ZERO);
    }

    /// The pixels of the tile in a row.
    pub fn row(&self, y: usize) -> &[f32x4] {
        &self.sums[(y + self.pad) * self.row_length + self.pad..][..TILE_WIDTH]
    }

    /// Adds the markers of the cells.
    pub fn stamp(&mut self, pass: &Pass<'_>, area: &Area, cells: &[Cell]) {
        match pass.stamp.side {
            3 => self.stamp_sized::<3>(pass, area, cells),
            5 => self.stamp_sized::<5>(pass, area, cells),
            7 => self.stamp_sized::<7>(pass, area, cells),
            _ => self.stamp_sized::<0>(pass, area, cells),
        }
    }

    /// The same, without loops for markers of that many pixels along each side; of any for 0.
    fn stamp_sized<const SIDE: usize>(&mut self, pass: &Pass<'_>, area: &Area, cells: &[Cell]) {
        let side = if SIDE == 0 { pass.stamp.side } else { SIDE };
        let Some(first) = self.pad.checked_sub(area.margin + side / 2) else {
            return;
        };
        for (row, cells) in cells.chunks_exact(area.width).enumerate() {
            let rows = &mut self.sums[(first + row) * self.row_length + first..];
            for (column, cell) in cells.iter().enumerate() {
                if cell.is_empty() {
                    continue;
                }
                let parts = 1.0 / (cell.count() * SUBPIXELS as f32);
                let [x, y, ..] = (cell.place * f32x4::splat(parts)).to_array();
                let table = pass.stamp.around(x, y).chunks_exact(side);
                let rows = rows[column..].chunks_mut(self.row_length);
                for (pixels, weights) in rows.zip(table) {
                    for (pixel, weight) in pixels[..side].iter_mut().zip(weights) {
                        *pixel += cell.sum * f32x4::splat(*weight);
                    }
                }
            }
        }
    }

    /// Gives colour to lit pixels that the merged markers just miss: that of the nearest cell.
    pub fn fill_gaps(&mut self, area: &Area, tile: &Tile, cells: &[Cell], lit: &Lit) {
        for y in 0..tile.height {
            let start = (y + self.pad) * self.row_length + self.pad;
            let row = &mut self.sums[start..][..tile.width];
            for (x, sum) in row.iter_mut().enumerate() {
                if sum.as_array()[3] <= 0.0 && lit.get(x, y) {
                    *sum = nearest(area, cells, x + area.margin, y + area.margin);
                }
            }
        }
    }
}

/// Adds the cells of the tile itself to the counts.
pub(super) fn add_counts(
    area: &Area,
    tile: &Tile,
    cells: &[Cell],
    counts: &mut [[f32; 4]],
    row_length: usize,
) {
    for y in 0..tile.height {
        let row = &cells[(y + area.margin) * area.width + area.margin..][..tile.width];
        let counts = &mut counts[y / COUNT_CELL * row_length + tile.x / COUNT_CELL..];
        for (x, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let sum = &mut counts[x / COUNT_CELL];
            *sum = (f32x4::new(*sum) + cell.sum).to_array();
        }
    }
}

/// A trace of the colour of the nearest cell that is not empty.
fn nearest(area: &Area, cells: &[Cell], x: usize, y: usize) -> f32x4 {
    for reach in 1..=area.margin {
        for row in y - reach..=y + reach {
            let row = &cells[row * area.width..][x - reach..=x + reach];
            if let Some(cell) = row.iter().find(|cell| !cell.is_empty()) {
                return cell.sum * f32x4::splat(TRACE / cell.count());
            }
        }
    }
    f32x4::ZERO
}
