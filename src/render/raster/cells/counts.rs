//! From the pixels of a tile to the counts of the picture.

use wide::f32x4;

use super::super::COUNT_CELL;
use super::super::tile::{Area, Tile};
use super::{Cells, single_sum};

/// Adds the cells of the tile itself to the counts, which may be `untouched`: then what they hold means nothing.
pub(in super::super) fn add_counts(
    area: &Area,
    tile: &Tile,
    cells: &Cells,
    counts: &mut [&mut [[f32; 4]]],
    untouched: bool,
) {
    const { assert!(COUNT_CELL == 2, "cells are added in pairs") };
    for (y, counts) in (0..tile.height).step_by(COUNT_CELL).zip(counts) {
        let row = |y: usize| {
            let first = (y + area.margin) * area.width + area.margin;
            first..first + tile.width
        };
        let (one, two) = (row(y), row(y + 1));
        let spread = |y: usize| {
            let spread = cells.spread_in(y + area.margin, area)?;
            Some(&spread[area.margin..][..tile.width])
        };
        if y + 1 < tile.height && tile.width.is_multiple_of(COUNT_CELL) {
            // No lane is more than half full.
            let singles = pairs(&cells.singles[one.clone()])
                .zip(pairs(&cells.singles[two.clone()]))
                .map(|(a, b)| single_sum(a).sum + single_sum(b).sum);
            add_to(counts, singles, untouched);
            for spread in [spread(y), spread(y + 1)].into_iter().flatten() {
                add_to(counts, pairs(spread), false);
            }
            for others in [one, two].map(|row| cells.others.get(row)) {
                let (others, _) = others.unwrap_or(&[]).as_chunks();
                add_to(counts, others.iter().map(|[a, b]| a.sum + b.sum), false);
            }
            continue;
        }
        for y in y..(y + COUNT_CELL).min(tile.height) {
            let fresh = untouched && y.is_multiple_of(COUNT_CELL);
            let pixels = row(y).map(|pixel| cells.sum(pixel)).collect::<Vec<_>>();
            add_to(counts, in_cells(&pixels), fresh);
            if let Some(spread) = spread(y) {
                add_to(counts, in_cells(spread), false);
            }
        }
    }
}

/// The sums of those that share a cell, the last of which may be narrower.
fn in_cells(pixels: &[f32x4]) -> impl Iterator<Item = f32x4> {
    let cells = pixels.chunks(COUNT_CELL);
    cells.map(|pixels| pixels.iter().fold(f32x4::ZERO, |a, b| a + *b))
}

/// Two by two.
#[inline]
fn pairs<T: Copy + std::ops::Add<Output = T>>(values: &[T]) -> impl Iterator<Item = T> {
    values.as_chunks().0.iter().map(|[a, b]| *a + *b)
}

/// Adds to the counts, or writes them where they are `fresh`.
#[inline]
fn add_to(counts: &mut [[f32; 4]], what: impl Iterator<Item = f32x4>, fresh: bool) {
    if fresh {
        for (sum, what) in counts.iter_mut().zip(what) {
            *sum = what.to_array();
        }
    } else {
        for (sum, what) in counts.iter_mut().zip(what) {
            *sum = (f32x4::new(*sum) + what).to_array();
        }
    }
}
