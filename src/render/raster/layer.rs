//! The markers of what lies in each pixel, added up.

use pulp::{Arch, Simd, WithSimd};
use wide::f32x4;

use super::cells::Cells;
use super::stamp::{Stamp, TABLES};
use super::tile::Area;
use super::{Pass, TILE_HEIGHT, TILE_WIDTH};

/// Markers over a pixel that they only just reach.
const TRACE: f32 = 0.02;

/// Sums over the markers at each pixel of a tile and around it: colour and number.
#[derive(Default)]
pub(super) struct Layer {
    sums: Vec<f32x4>,
    /// What is spread over the pixels of the area: of all rows, or of the last three.
    evens: Vec<f32x4>,
    /// Pixels on each side of the tile, so that whole markers fit.
    pad: usize,
    row_length: usize,
    /// Nothing was added since there is room; what the sums hold means nothing.
    empty: bool,
}

impl Layer {
    /// Makes room for the markers of cells up to `pad` px outside of the tile.
    pub fn begin(&mut self, pad: usize) {
        self.pad = pad;
        self.row_length = TILE_WIDTH + 2 * pad;
        let size = self.row_length * (TILE_HEIGHT + 2 * pad);
        self.sums.resize(size, f32x4::ZERO);
        self.empty = true;
    }

    /// The pixels of the tile in a row.
    pub fn row(&self, y: usize) -> &[f32x4] {
        &self.sums[(y + self.pad) * self.row_length + self.pad..][..TILE_WIDTH]
    }

    /// Adds the markers of the cells.
    pub fn stamp(&mut self, pass: &Pass<'_>, area: &Area, cells: &mut Cells) {
        if let Some(splats) = pass.tables.stamp.splats() {
            self.stamp_smallest(&pass.tables.stamp, splats, area, cells);
            return;
        }
        self.evens.resize(area.width * area.height, f32x4::ZERO);
        let rows = self.evens.chunks_exact_mut(area.width).enumerate();
        let any = rows.fold(false, |any, (row, evens)| {
            any | cells.even_out(row, area, evens)
        });
        if std::mem::take(&mut self.empty) {
            self.sums.fill(f32x4::ZERO);
        }
        match pass.tables.stamp.side {
            5 => self.stamp_sized::<5>(&pass.tables.stamp, area, cells),
            7 => self.stamp_sized::<7>(&pass.tables.stamp, area, cells),
            _ => self.stamp_sized::<0>(&pass.tables.stamp, area, cells),
        }
        if any {
            let evens = std::mem::take(&mut self.evens);
            self.stamp_evens(&pass.tables.stamp, area, &evens);
            self.evens = evens;
        }
    }

    /// The first pixel that a cell of the area's row `row` reaches, without its column.
    fn first(&self, row: usize, area: &Area, side: usize) -> Option<usize> {
        let first = self.pad.checked_sub(area.margin + side / 2)?;
        Some((first + row) * self.row_length + first)
    }

    /// Adds the markers of points that lie anywhere in their pixels.
    fn stamp_evens(&mut self, stamp: &Stamp, area: &Area, evens: &[f32x4]) {
        /// Pixels along each side of the largest marker that every pixel gathers, empty ones too.
        const GATHERED: usize = 5;
        if stamp.side > GATHERED {
            self.scatter_evens(stamp, area, evens);
        } else {
            self.gather_evens(stamp, area, evens);
        }
    }

    /// From each pixel in which something lies to those around it.
    fn scatter_evens(&mut self, stamp: &Stamp, area: &Area, evens: &[f32x4]) {
        for (row, evens) in evens.chunks_exact(area.width).enumerate() {
            let Some(first) = self.first(row, area, stamp.side) else {
                return;
            };
            let evens = evens.iter().enumerate();
            for (column, even) in evens.filter(|(_, even)| even.as_array()[3] > 0.0) {
                let rows = self.sums[first + column..].chunks_mut(self.row_length);
                add_marker(rows, &stamp.mean, stamp.side, *even);
            }
        }
    }

    /// Each pixel from those around it: a marker is the same upside down.
    fn gather_evens(&mut self, stamp: &Stamp, area: &Area, evens: &[f32x4]) {
        let side = stamp.side;
        for row in 0..area.height + 1 - side.min(area.height + 1) {
            let Some(first) = self.first(row, area, side) else {
                return;
            };
            let first = first + (side - 1) * (self.row_length + 1);
            let pixels = &mut self.sums[first..][..area.width + 1 - side];
            let evens = &evens[row * area.width..];
            for (i, weight) in stamp.mean.iter().enumerate().filter(|(_, w)| **w > 0.0) {
                let tap = i / side * area.width + i % side;
                let weight = f32x4::splat(*weight);
                for (pixel, even) in pixels.iter_mut().zip(&evens[tap..]) {
                    *pixel += *even * weight;
                }
            }
        }
    }

    /// For markers of three pixels a side: all that is done with a row while it is at hand.
    fn stamp_smallest(
        &mut self,
        stamp: &Stamp,
        splats: &[[[f32x4; 3]; 3]; TABLES],
        area: &Area,
        cells: &mut Cells,
    ) {
        // The pixel of the area's first cell.
        let Some(first) = self.pad.checked_sub(area.margin).filter(|first| *first > 0) else {
            return;
        };
        let fresh = std::mem::take(&mut self.empty);
        if fresh {
            let (above, rest) = self.sums.split_at_mut(first * self.row_length);
            above.fill(f32x4::ZERO);
            rest[area.height * self.row_length..].fill(f32x4::ZERO);
        }
        self.evens.resize(3 * area.width, f32x4::ZERO);
        let mut evens = std::mem::take(&mut self.evens);
        // Of the last three rows, whether there is anything.
        let mut any = [false; 3];
        for row in 0..area.height + 2 {
            if row < area.height {
                let place = row % 3;
                let evens = &mut evens[place * area.width..][..area.width];
                any[place] = cells.even_out(row, area, evens);
            }
            if (1..=area.height).contains(&row) {
                let evens = (any != [false; 3]).then_some(&evens[..]);
                self.gather_smallest(row - 1, first, fresh, stamp, area, evens);
            }
            if row >= 2 {
                self.stamp_row(row - 2, first, splats, area, cells);
            }
        }
        self.evens = evens;
    }

    /// Each pixel of a row from those around it, whose cells were evened out; it is emptied first if it is `fresh`.
    fn gather_smallest(
        &mut self,
        row: usize,
        first: usize,
        fresh: bool,
        stamp: &Stamp,
        area: &Area,
        evens: Option<&[f32x4]>,
    ) {
        let pixels = &mut self.sums[(first + row) * self.row_length..][..self.row_length];
        // Those have all their neighbours in the area.
        let (columns, rows) = (first + 1..first + area.width - 1, 1..area.height - 1);
        let Some(evens) = evens.filter(|_| rows.contains(&row)) else {
            if fresh {
                pixels.fill(f32x4::ZERO);
            }
            return;
        };
        let evens = |row: usize| &evens[row % 3 * area.width..][..area.width];
        let around = [row - 1, row, row + 1].map(evens);
        if fresh {
            pixels[..columns.start].fill(f32x4::ZERO);
            pixels[columns.end..].fill(f32x4::ZERO);
            gather::<true>(&mut pixels[columns], around, &stamp.mean);
        } else {
            gather::<false>(&mut pixels[columns], around, &stamp.mean);
        }
    }

    /// The single markers of a row of cells.
    fn stamp_row(
        &mut self,
        row: usize,
        first: usize,
        splats: &[[[f32x4; 3]; 3]; TABLES],
        area: &Area,
        cells: &Cells,
    ) {
        let first = (first + row - 1) * self.row_length + first - 1;
        let (one, rest) = self.sums[first..].split_at_mut(self.row_length);
        let (two, three) = rest.split_at_mut(self.row_length);
        let length = area.width + 2;
        let mut rows = [&mut one[..length], &mut two[..length], &mut three[..length]];
        cells.in_row(row, area, |column, cell| {
            let weights = &splats[cell.table()];
            for (row, weights) in rows.iter_mut().zip(weights) {
                for (pixel, weight) in row[column..column + 3].iter_mut().zip(weights) {
                    *pixel += cell.sum * *weight;
                }
            }
        });
    }

    /// Without loops for markers of that many pixels along each side; of any for 0.
    fn stamp_sized<const SIDE: usize>(&mut self, stamp: &Stamp, area: &Area, cells: &Cells) {
        let side = if SIDE == 0 { stamp.side } else { SIDE };
        for row in 0..area.height {
            let Some(first) = self.first(row, area, side) else {
                return;
            };
            let row_length = self.row_length;
            let rows = &mut self.sums[first..];
            cells.in_row(row, area, |column, cell| {
                let rows = rows[column..].chunks_mut(row_length);
                add_marker(rows, stamp.weights(cell.table()), side, cell.sum);
            });
        }
    }

    /// What a lit pixel shows that the merged markers just miss: a trace of the nearest that they do not.
    pub fn nearest(&self, x: usize, y: usize) -> f32x4 {
        let (x, y) = (x + self.pad, y + self.pad);
        for reach in 1..=self.pad {
            for row in y - reach..=y + reach {
                // Those within were looked at already.
                let whole = row == y - reach || row == y + reach;
                let row = &self.sums[row * self.row_length..][x - reach..=x + reach];
                let mut ring = row.iter().step_by(if whole { 1 } else { 2 * reach });
                if let Some(sum) = ring.find(|sum| sum.as_array()[3] > 0.0) {
                    return *sum * f32x4::splat(TRACE / sum.as_array()[3]);
                }
            }
        }
        f32x4::ZERO
    }
}

/// Adds `sum` to the first pixels of each row, by the weights of a marker of `side` pixels a side.
#[inline]
fn add_marker<'a>(
    rows: impl Iterator<Item = &'a mut [f32x4]>,
    weights: &[f32],
    side: usize,
    sum: f32x4,
) {
    for (pixels, weights) in rows.zip(weights.chunks_exact(side)) {
        for (pixel, weight) in pixels[..side].iter_mut().zip(weights) {
            *pixel += sum * f32x4::splat(*weight);
        }
    }
}

/// Adds to each pixel, or writes to it if it is `FRESH`, what the nine around it hold, by weights that are the same
/// from left to right and upside down.
#[inline]
fn gather<const FRESH: bool>(pixels: &mut [f32x4], rows: [&[f32x4]; 3], weights: &[f32]) {
    let [corner, vertical, _, horizontal, center, ..] = *weights else {
        return;
    };
    Arch::new().dispatch(Gather::<FRESH> {
        pixels: bytemuck::cast_slice_mut(pixels),
        rows: rows.map(bytemuck::cast_slice),
        corner,
        vertical,
        horizontal,
        center,
    });
}

/// The lanes of the pixels in a row, and of those around them: two more pixels in each row.
struct Gather<'a, const FRESH: bool> {
    pixels: &'a mut [f32],
    rows: [&'a [f32]; 3],
    corner: f32,
    vertical: f32,
    horizontal: f32,
    center: f32,
}

impl<const FRESH: bool> WithSimd for Gather<'_, FRESH> {
    type Output = ();

    #[expect(
        clippy::inline_always,
        reason = "compiled once for each kind of processor"
    )]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            pixels,
            rows,
            corner,
            vertical,
            horizontal,
            center,
        } = self;
        let length = pixels.len() + 8;
        let [above, middle, below] = [&rows[0][..length], &rows[1][..length], &rows[2][..length]];
        for (i, pixel) in pixels.iter_mut().enumerate() {
            let (left, here, right) = (i, i + 4, i + 8);
            let sides = (middle[left] + middle[right]) * horizontal
                + ((above[left] + below[left]) + (above[right] + below[right])) * corner;
            let sum = middle[here] * center + (above[here] + below[here]) * vertical + sides;
            *pixel = if FRESH { sum } else { *pixel + sum };
        }
    }
}
