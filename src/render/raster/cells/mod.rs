//! What lies in each pixel.

mod bits;
mod counts;
mod even;
mod light;

use wide::{f32x4, i32x4, i32x8, u8x16, u16x8};

use super::block::{self, Block};
use super::fixed::{PxBox, SUBPIXELS};
use super::footprint::{Masks, OCCUPIED};
use super::stamp::Stamp;
use super::tile::Area;
use bits::{WORD, any_highest};

pub(super) use counts::add_counts;

/// What lies in one pixel.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
pub(super) struct Cell {
    /// Red, green, blue (`0..=255`) and number of points, summed.
    pub sum: f32x4,
    /// Their places in the pixel, 1/256 px, summed; what the other two lanes hold means nothing.
    pub place: f32x4,
}

impl Cell {
    #[inline]
    pub fn count(&self) -> f32 {
        self.sum.as_array()[3]
    }

    /// Which table of a stamp is that of the mean place of its points.
    #[inline]
    pub fn table(&self) -> usize {
        Stamp::table(self.place, self.count() * SUBPIXELS as f32)
    }

    fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.place += other.place;
    }
}

/// What lies in each pixel of an area: points that were looked at one by one, and nodes that were taken
/// as a whole.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// In each lane a sum over single points and small nodes: red, green, blue, number, and both places. No
    /// lane's highest bit is set. Behind the last pixel one for points that lie in none.
    singles: Vec<u16x8>,
    /// The pixels that single points light around their own: parts of masks of a square. The first is [`OCCUPIED`] wherever
    /// something lies that is not spread.
    lights: [Vec<u16>; 2],
    /// What has no room there; empty until there is something.
    others: Vec<Cell>,
    /// Red, green, blue and number of points of nodes that are spread over their pixels, with [`SPREAD`] more behind
    /// the last. They mean nothing but in rows in which there is one.
    spread: Vec<f32x4>,
    /// Those rows.
    spread_rows: Vec<bool>,
    /// Row after row, the pixels in which something lies that is not spread.
    lone: Vec<u64>,
}

/// Most pixels along either axis over which a node is spread.
pub(super) const SPREAD: usize = 6;

/// The largest number of points whose sums leave the highest bit of every lane free.
const FEW: u32 = 127;

// A block fills no lane to which room was left.
const _: () = assert!(block::MOST <= FEW as usize);

impl Cells {
    /// Empties the cells of an area; `parts` of masks are kept for each.
    pub fn clear(&mut self, area: &Area, parts: usize) {
        let size = area.width * area.height + 1;
        super::refill(&mut self.singles, size, u16x8::ZERO);
        for lights in &mut self.lights[..parts.max(1)] {
            super::refill(lights, size + WORD, 0);
        }
        self.others.clear();
        self.spread.resize(size + SPREAD, f32x4::ZERO);
        super::refill(&mut self.spread_rows, area.height, false);
    }

    /// Adds a point at a place of a pixel, 1/256 px, with parts of the mask of what it lights.
    #[inline]
    pub fn add_point<const PARTS: usize>(
        &mut self,
        cell: usize,
        place: [u8; 2],
        color: [u8; 4],
        lights: [u16; PARTS],
    ) {
        self.add_few(cell, single(place, color));
        for (all, own) in self.lights.iter_mut().zip(lights) {
            all[cell] |= own;
        }
    }

    /// Adds the points of a block.
    #[inline]
    pub fn add_block<const PARTS: usize>(&mut self, block: &Block, masks: &Masks<PARTS>) {
        let mut lanes = u16x8::ZERO;
        let singles = &mut self.singles[..];
        let [first, second] = &mut self.lights;
        let first = &mut first[..singles.len()];
        let others = if PARTS > 1 { singles.len() } else { 0 };
        let second = &mut second[..others];
        for (cell, place, sums) in block.iter() {
            let lights = masks.of(place);
            let sum = singles[cell] + sums;
            singles[cell] = sum;
            lanes |= sum;
            first[cell] |= lights[0];
            if PARTS > 1 {
                second[cell] |= lights[1];
            }
        }
        // Of the cell behind the last nothing is wanted.
        if let Some(beyond) = singles.last_mut() {
            *beyond = u16x8::ZERO;
        }
        if any_highest(lanes) {
            for (cell, ..) in block.iter() {
                self.make_room(cell);
            }
        }
    }

    /// Adds `count` points of a mean colour at a position from the area's corner, 1/256 px.
    #[inline]
    pub fn add_crowd(&mut self, cell: usize, at: [i32; 2], count: u32, [r, g, b]: [u8; 3]) {
        let [x, y] = at.map(|v| (v & (SUBPIXELS - 1)) as u16);
        let [r, g, b] = [r, g, b].map(u16::from);
        let one = u16x8::new([r, g, b, 1, x, y, 0, 0]);
        if count <= FEW {
            self.add_few(cell, one * u16x8::splat(count as u16));
        } else {
            let count = f32x4::splat(count as f32);
            let Cell { sum, place } = single_sum(one);
            self.lights[0][cell] |= OCCUPIED;
            self.add(
                cell,
                Cell {
                    sum: sum * count,
                    place: place * count,
                },
            );
        }
    }

    /// Adds sums over at most [`FEW`] points.
    #[inline]
    fn add_few(&mut self, cell: usize, few: u16x8) {
        self.singles[cell] += few;
        self.lights[0][cell] |= OCCUPIED;
        self.make_room(cell);
    }

    /// Leaves the highest bit of every lane free.
    #[inline]
    fn make_room(&mut self, cell: usize) {
        let sum = self.singles[cell];
        if any_highest(sum) {
            self.singles[cell] = u16x8::ZERO;
            self.add(cell, single_sum(sum));
        }
    }

    /// Adds `count` points of a mean colour, spread evenly over a box of the picture that meets at most
    /// [`SPREAD`] pixels along either axis.
    #[inline]
    pub fn spread(&mut self, area: &Area, boxed: &PxBox, count: f32, [r, g, b]: [u8; 3]) {
        let [x, y] = area.corner;
        let ends: i32x4 = bytemuck::cast(*boxed);
        let ends = (ends - i32x4::new([x, y, x, y])).round_float();
        let [low, high]: [u64; 2] = bytemuck::cast(ends);
        let others: f32x4 = bytemuck::cast([high, low]);
        // Of n places by chance in an interval, the outermost lie on average 1/(n - 1) of their span within.
        let ends = ends + (ends - others) / f32x4::splat(count - 1.0);
        let ends = ends * f32x4::splat(1.0 / SUBPIXELS as f32);
        let [left, top, right, bottom] = ends.to_array();
        let least = 1.0 / SUBPIXELS as f32;
        let (right, bottom) = (right.max(left + least), bottom.max(top + least));
        let share = count / ((right - left) * (bottom - top));
        let sum = i32x4::new([i32::from(r), i32::from(g), i32::from(b), 1]).round_float();
        let sum = sum * f32x4::splat(share);
        // Always as many columns, of which those that it does not meet get nothing: their number would be guessed wrong
        // half of the time.
        let column = (left as i32).max(0);
        let columns = f32x4::splat(column as f32);
        let overlap = |columns: f32x4| {
            let from = f32x4::splat(left).fast_max(columns);
            let to = f32x4::splat(right).fast_min(columns + f32x4::ONE);
            let inside = columns.simd_lt(f32x4::splat(area.width as f32));
            (to - from).fast_max(f32x4::ZERO) & inside
        };
        let [a, b, c, d] = overlap(columns + f32x4::new([0.0, 1.0, 2.0, 3.0])).to_array();
        let [e, f, ..] = overlap(columns + f32x4::new([4.0, 5.0, 6.0, 7.0])).to_array();
        let shares = [a, b, c, d, e, f].map(f32x4::splat);
        let rows = (top as i32).max(0)..(bottom as i32 + 1).min(area.height as i32);
        for row in rows {
            let part = bottom.min(row as f32 + 1.0) - top.max(row as f32);
            let sum = sum * f32x4::splat(part);
            let row = row as usize;
            let cells = &mut self.spread[row * area.width..];
            if !std::mem::replace(&mut self.spread_rows[row], true) {
                cells[..area.width].fill(f32x4::ZERO);
            }
            let cells = &mut cells[column as usize..][..SPREAD];
            for (cell, share) in cells.iter_mut().zip(&shares) {
                *cell += sum * *share;
            }
        }
    }

    /// What is spread over the pixels of a row of the area, where something is.
    fn spread_in(&self, row: usize, area: &Area) -> Option<&[f32x4]> {
        self.spread_rows[row].then(|| &self.spread[row * area.width..][..area.width])
    }

    /// All that lies in a pixel and is not spread: colours and number.
    fn sum(&self, pixel: usize) -> f32x4 {
        let other = self
            .others
            .get(pixel)
            .map_or(f32x4::ZERO, |other| other.sum);
        single_sum(self.singles[pixel]).sum + other
    }

    #[inline]
    fn add(&mut self, cell: usize, what: Cell) {
        if self.others.is_empty() {
            super::refill(&mut self.others, self.singles.len(), Cell::default());
        }
        self.others[cell].add(what);
    }

    /// Visits the pixels of a row of the area in which something lies that is not spread.
    #[inline]
    pub fn in_row(&self, row: usize, area: &Area, mut visit: impl FnMut(usize, Cell)) {
        let start = row * area.width;
        let words = area.width.div_ceil(WORD);
        for (word, bits) in self.lone[row * words..][..words].iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let column = word * WORD + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let mut cell = single_sum(self.singles[start + column]);
                if let Some(other) = self.others.get(start + column) {
                    cell.add(*other);
                }
                visit(column, cell);
            }
        }
    }
}

/// The lanes of one point.
#[inline]
fn single(place: [u8; 2], color: [u8; 4]) -> u16x8 {
    let place = u16::from_le_bytes(place);
    let color = u32::from_le_bytes(color) & 0x00ff_ffff | 1 << 24;
    let bytes: u8x16 = bytemuck::cast([u64::from(color) | u64::from(place) << 32, 0]);
    u16x8::from_u8x16_low(bytes)
}

/// What the lanes of single points add up to.
#[inline]
fn single_sum(single: u16x8) -> Cell {
    let [sum, place]: [i32x4; 2] = bytemuck::cast(i32x8::from_u16x8(single));
    Cell {
        sum: sum.round_float(),
        place: place.round_float(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Shape;
    use crate::render::camera::PxFromWorld;
    use crate::render::raster::fixed::{Lattice, Marker};
    use crate::render::raster::footprint::Footprint;

    fn area() -> Area {
        Area::new([512, 128], [100, 40], 2)
    }

    fn totals(cells: &mut Cells, area: &Area) -> [f32; 4] {
        let mut total = f32x4::ZERO;
        let mut evens = vec![f32x4::ZERO; area.width];
        for row in 0..area.height {
            cells.even_out(row, area, &mut evens);
            cells.in_row(row, area, |_, cell| total += cell.sum);
            evens.iter().for_each(|even| total += *even);
        }
        total.to_array()
    }

    /// However many points lie in a pixel, one by one, in blocks or as nodes.
    #[test]
    fn no_lane_overflows() {
        let area = area();
        let lattice = Lattice::new(PxFromWorld {
            scale: 1.0,
            offset: [0.0; 2],
        });
        let marker = Marker::new(Shape::Disc, 0.75);
        let Some(Footprint::Three(masks)) = Footprint::new(&marker) else {
            panic!("a small marker");
        };
        let white = [255; 4];
        // Near the lower right corner of a pixel, where the sums of places grow most.
        let points = vec![[540.99, -140.99]; 40_000];
        let colors = vec![white; 40_000];
        let mut cells = Cells::default();
        cells.clear(&area, 1);
        let mut block = Block::new();
        let mut places = 0..points.len();
        while !places.is_empty() {
            places.start += block.add(&points, &colors, places.clone(), (&lattice, &area));
            cells.add_block(&block, &masks);
            block.clear();
        }
        let at = area.inside(lattice.at([540.99, -140.99])).unwrap();
        let place = at.map(|v| v as u8);
        for _ in 0..40_000 {
            let lights = masks.of(u16::from_le_bytes(place));
            cells.add_point(area.cell(at), place, white, lights);
        }
        for count in [1, FEW, FEW, FEW + 1, 1_000_000] {
            cells.add_crowd(area.cell(at), at, count, [255; 3]);
        }
        let number = 80_000.0 + 1.0 + 3.0 * FEW as f32 + 1.0 + 1e6;
        let [r, g, b, n] = totals(&mut cells, &area);
        assert_eq!(n, number);
        for sum in [r, g, b] {
            assert!((sum / n - 255.0).abs() < 1e-3, "{sum} over {n}");
        }
        let mut seen = 0;
        cells.in_row(at[1] as usize / 256, &area, |column, cell| {
            assert_eq!(column, at[0] as usize / 256);
            let [x, y, ..] = (cell.place * f32x4::splat(1.0 / number)).to_array();
            assert!((x - f32::from(place[0])).abs() < 0.1 && (y - f32::from(place[1])).abs() < 0.1);
            seen += 1;
        });
        assert_eq!(seen, 1);
    }

    /// What is spread keeps its number, mean colour and middle, inside the area; across its edge, a part.
    #[test]
    fn what_is_spread_keeps_its_number_and_middle() {
        let area = area();
        let mut cells = Cells::default();
        for (count, size) in [(12.0, [300, 500]), (90.0, [700, 10]), (1e6, [0, 0])] {
            cells.clear(&area, 1);
            let min = [540 * 256 + 77, 150 * 256 + 13];
            let boxed = PxBox {
                min,
                max: [min[0] + size[0], min[1] + size[1]],
            };
            cells.spread(&area, &boxed, count, [200, 100, 50]);
            let [r, g, b, n] = totals(&mut cells, &area);
            assert!((n / count - 1.0).abs() < 1e-3, "{n} of {count}");
            for (sum, value) in [(r, 200.0), (g, 100.0), (b, 50.0)] {
                assert!((sum / n - value).abs() < 0.1);
            }
            let mut middle = [0.0; 2];
            for row in 0..area.height {
                let spread = cells.spread_in(row, &area).unwrap_or(&[]);
                for (column, even) in spread.iter().enumerate() {
                    let share = even.as_array()[3] / n;
                    middle[0] += share * (column as f32 + 0.5);
                    middle[1] += share * (row as f32 + 0.5);
                }
            }
            for i in 0..2 {
                let expected = (boxed.center()[i] - area.corner[i]) as f32 / 256.0;
                // In one pixel it is known no better.
                assert!((middle[i] - expected).abs() < 0.51, "{middle:?} {expected}");
            }
        }
        cells.clear(&area, 1);
        let boxed = PxBox {
            min: [area.corner[0] - 256, area.corner[1] + 2560],
            max: [area.corner[0] + 256, area.corner[1] + 3000],
        };
        cells.spread(&area, &boxed, 1000.0, [255; 3]);
        assert!((totals(&mut cells, &area)[3] - 500.0).abs() < 1.0);
    }
}
