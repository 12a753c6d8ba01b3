//! One tile: down the tree into cells, from cells to pixels.

use wide::{f32x4, i32x4};

use super::fixed::{PxBox, SUBPIXEL_BITS, SUBPIXELS};
use super::lit::Lit;
use super::spots::Spots;
use super::{COUNT_CELL, Frame, Pass, TILE_HEIGHT, TILE_WIDTH};

/// A node no larger than this along either side, 1/256 px, is taken as a whole.
const CROWD: i32 = SUBPIXELS * 9 / 8;
/// A leaf no larger than this, 1/256 px, is passed over where all around is lit.
const SMALL_LEAF: i32 = 3 * SUBPIXELS;
/// Neither in the tile nor around it.
const NOWHERE: u32 = u32::MAX;
/// How much of their colour and opacity points keep beside a selection.
const DIMMED: f32 = 0.3;
/// Markers over a pixel that they only just reach.
const TRACE: f32 = 0.02;
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

/// What lies in one pixel.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
struct Cell {
    /// Red, green, blue (`0..=255`) and number of points, summed.
    sum: f32x4,
    /// Their places in the pixel, 1/256 px, summed; the rest makes for even halves.
    place: f32x4,
}

impl Cell {
    #[inline]
    fn count(&self) -> f32 {
        self.sum.as_array()[3]
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.count() <= 0.0
    }
}

/// Sums over the markers at each pixel: colour and number.
type Layer = Vec<f32x4>;

/// What a thread keeps from tile to tile.
#[derive(Default)]
pub(super) struct Scratch {
    cells: Vec<Cell>,
    lit: Lit,
    base: Layer,
    selected: Layer,
    selected_lit: Lit,
    spots: Spots,
    /// Nodes that were taken as a whole, and leaves whose points were taken one by one, each with the
    /// pixel of the tile at its middle.
    crowds: Vec<(u32, u32)>,
    leaves: Vec<(u32, u32)>,
    open: Vec<u32>,
    next: Vec<u32>,
}

/// The tile with the pixels around it whose markers reach into it.
pub(super) struct Area {
    pub margin: usize,
    pub width: usize,
    pub height: usize,
    /// The tile's corners, 1/256 px of the picture.
    min: [i32; 2],
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
    fn inside(&self, at: [i32; 2]) -> Option<[i32; 2]> {
        let margin = (self.margin as i32) << SUBPIXEL_BITS;
        let at = [0, 1].map(|i| at[i] - self.min[i] + margin);
        // What lies before the area wraps around to beyond it.
        let within = |v: i32, px: usize| (v as u32) < (px as u32) << SUBPIXEL_BITS;
        (within(at[0], self.width) && within(at[1], self.height)).then_some(at)
    }

    /// Index of the cell at a position from the corner.
    #[inline]
    fn cell(&self, at: [i32; 2]) -> usize {
        let [column, row] = at.map(|v| (v >> SUBPIXEL_BITS) as usize);
        row * self.width + column
    }

    /// Whether a box can have a point in a cell.
    #[inline]
    fn meets(&self, boxed: &PxBox) -> bool {
        let margin = (self.margin as i32) << SUBPIXEL_BITS;
        (0..2).all(|i| boxed.max[i] >= self.min[i] - margin && boxed.min[i] < self.max[i] + margin)
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
                    super::refill(&mut scratch.base, TILE_WIDTH * TILE_HEIGHT, f32x4::ZERO);
                }
                stamp(pass, &area, tile, &scratch.cells, &mut scratch.base);
                fill_gaps(&area, tile, &scratch.cells, &scratch.lit, &mut scratch.base);
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
                    super::refill(&mut scratch.selected, TILE_WIDTH * TILE_HEIGHT, f32x4::ZERO);
                }
                stamp(pass, &area, tile, &scratch.cells, &mut scratch.selected);
                let (lit, layer) = (&scratch.selected_lit, &mut scratch.selected);
                fill_gaps(&area, tile, &scratch.cells, lit, layer);
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

    /// Walks down the tree: what lies in each pixel, and which pixels are lit.
    fn collect(
        &self,
        pass: &Pass<'_>,
        tile: &Tile,
        scratch: &mut Scratch,
        selected: bool,
    ) -> (Area, bool) {
        let margin = pass.stamp.margin + 1;
        let area = Area::new([tile.x, tile.y], [tile.width, tile.height], margin);
        let Scratch {
            cells,
            crowds,
            leaves,
            open,
            next,
            lit,
            selected_lit,
            spots,
            ..
        } = scratch;
        let lit = if selected { selected_lit } else { lit };
        spots.clear(&area);
        crowds.clear();
        leaves.clear();
        open.clear();
        open.push(0);
        let mut walk = Walk {
            frame: self,
            pass,
            area: &area,
            tile,
            cells,
            lit,
            spots,
            crowds,
            leaves,
            any: false,
        };
        // Level after level, as the nodes lie in memory.
        while !open.is_empty() {
            next.clear();
            for &at in open.iter() {
                walk.visit(at, next);
            }
            std::mem::swap(open, next);
        }
        let any = walk.any;
        if any && self.wanted.rgba {
            walk.spots.light(&pass.halo, &area, walk.lit);
            walk.light(open);
        }
        (area, any)
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
            let sums = &layer[y * TILE_WIDTH..][..tile.width];
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

struct Walk<'a> {
    frame: &'a Frame<'a>,
    pass: &'a Pass<'a>,
    area: &'a Area,
    tile: &'a Tile,
    cells: &'a mut Vec<Cell>,
    lit: &'a mut Lit,
    spots: &'a mut Spots,
    crowds: &'a mut Vec<(u32, u32)>,
    leaves: &'a mut Vec<(u32, u32)>,
    any: bool,
}

impl Walk<'_> {
    /// Points of a node that this pass draws.
    fn count(&self, at: usize) -> usize {
        let count = self
            .pass
            .shades
            .nodes()
            .get(at)
            .map_or(0, |s| s.count as usize);
        match self.pass.only {
            Some(mask) if count > 0 => mask
                .count_in(self.frame.tree.nodes()[at].places())
                .min(count),
            _ => count,
        }
    }

    fn draws(&self, place: usize) -> bool {
        self.pass.shades.draws(place) && self.pass.only.is_none_or(|mask| mask.contains(place))
    }

    /// Adds points to the cell at a position from the area's corner.
    #[inline]
    fn add(&mut self, at: [i32; 2], count: f32, [r, g, b]: [u8; 3]) {
        if !self.any {
            let size = self.area.width * self.area.height;
            super::refill(self.cells, size, Cell::default());
            self.any = true;
        }
        let cell = &mut self.cells[self.area.cell(at)];
        let sum = i32x4::new([i32::from(r), i32::from(g), i32::from(b), 1]);
        let [x, y] = at.map(|v| v & (SUBPIXELS - 1));
        let place = i32x4::new([x, y, 0, 0]);
        let count = f32x4::splat(count);
        cell.sum += sum.round_float() * count;
        cell.place += place.round_float() * count;
    }

    /// The pixel of the tile at a position.
    #[inline]
    fn pixel(&self, at: [i32; 2]) -> Option<(usize, usize)> {
        let [x, y] = [0, 1].map(|i| ((at[i] - self.area.min[i]) >> SUBPIXEL_BITS) as usize);
        (x < self.tile.width && y < self.tile.height).then_some((x, y))
    }

    #[inline]
    fn visit(&mut self, at: u32, next: &mut Vec<u32>) {
        let index = at as usize;
        let count = self.count(index);
        if count == 0 {
            return;
        }
        let tree = self.frame.tree;
        let node = &tree.nodes()[index];
        let boxed = self.frame.lattice.boxed(node);
        if !self.area.meets(&boxed) {
            return;
        }
        let center = boxed.center();
        let known = |pixel: Option<(usize, usize)>| {
            pixel.map_or(NOWHERE, |(x, y)| (y * TILE_WIDTH + x) as u32)
        };
        let side = boxed.side();
        // A lone point of a leaf is drawn where it lies.
        if side <= CROWD && (count > 1 || side == 0) {
            let shade = &self.pass.shades.nodes()[index];
            if let Some(at) = self.area.inside(center) {
                self.add(at, count as f32, shade.rgb);
            }
            // 1/256 px; not a number where the box is not finite.
            let hole = shade.hole(node) * self.frame.parts_per_unit;
            let around = self.pass.inner_reach - hole;
            let pixel = self.pixel(center);
            if around >= 0.0 && count == shade.count as usize {
                self.lit.light_near(&boxed, around as i32, self.area.min);
            } else if let Some((x, y)) = pixel {
                let middle = center.map(|v| (v & !(SUBPIXELS - 1)) + SUBPIXELS / 2);
                if self.pass.marker.covers_surely(&boxed, middle) {
                    self.lit.light_row(y, x, x + 1);
                }
            }
            self.crowds.push((at, known(pixel)));
        } else if node.is_leaf() {
            for place in node.places() {
                if self.draws(place) {
                    let [r, g, b, _] = self.pass.shades.points()[place];
                    let position = self.frame.lattice.at(tree.points()[place]);
                    if let Some(at) = self.area.inside(position) {
                        self.add(at, 1.0, [r, g, b]);
                        self.spots.mark(at);
                    }
                }
            }
            let small = self.pixel(center).filter(|_| side <= SMALL_LEAF);
            self.leaves.push((at, known(small)));
        } else {
            next.extend(node.children().map(|child| child as u32));
        }
    }

    /// Lights every pixel under a marker. Where all pixels around are lit already, as in the midst of
    /// a crowd, there is nothing to do.
    fn light(&mut self, open: &mut Vec<u32>) {
        let (marker, origin) = (&self.pass.marker, self.area.min);
        let surrounded = |lit: &Lit, side: i32| {
            let reach = (marker.reach() + side / 2 + SUBPIXELS) >> SUBPIXEL_BITS;
            lit.surrounded(reach as usize, self.tile.width, self.tile.height)
        };
        let settled = |surrounded: &Lit, pixel: u32| {
            let (x, y) = (pixel as usize % TILE_WIDTH, pixel as usize / TILE_WIDTH);
            pixel != NOWHERE && surrounded.get(x, y)
        };
        let around_leaf = surrounded(self.lit, SMALL_LEAF);
        for i in 0..self.leaves.len() {
            let (at, pixel) = self.leaves[i];
            if !settled(&around_leaf, pixel) {
                self.light_points(at);
            }
        }
        let around_crowd = surrounded(self.lit, CROWD);
        let mut kept = 0;
        for i in 0..self.crowds.len() {
            let (at, pixel) = self.crowds[i];
            if !settled(&around_crowd, pixel) {
                let boxed = self
                    .frame
                    .lattice
                    .boxed(&self.frame.tree.nodes()[at as usize]);
                self.lit.light(&boxed, marker, origin);
                self.crowds[kept] = (at, pixel);
                kept += 1;
            }
        }
        // Now that the pixels that are lit for sure are known, the rest is looked at.
        for i in 0..kept {
            self.settle(self.crowds[i].0, open);
        }
    }

    fn light_points(&mut self, leaf: u32) {
        let tree = self.frame.tree;
        for place in tree.nodes()[leaf as usize].places() {
            if self.draws(place) {
                let position = self.frame.lattice.at(tree.points()[place]);
                self.lit
                    .light(&PxBox::at(position), &self.pass.marker, self.area.min);
            }
        }
    }

    /// Lights what the points of a node taken as a whole light beyond what is lit already.
    fn settle(&mut self, at: u32, open: &mut Vec<u32>) {
        open.clear();
        open.push(at);
        let (marker, origin) = (&self.pass.marker, self.area.min);
        while let Some(at) = open.pop() {
            let index = at as usize;
            if self.count(index) == 0 {
                continue;
            }
            let node = &self.frame.tree.nodes()[index];
            let boxed = self.frame.lattice.boxed(node);
            if self.lit.settled(&boxed, marker, origin) {
                continue;
            }
            self.lit.light(&boxed, marker, origin);
            if boxed.side() == 0 {
                continue;
            }
            if node.is_leaf() {
                self.light_points(at);
            } else {
                open.extend(node.children().map(|child| child as u32));
            }
        }
    }
}

/// Sums the markers of the cells over the pixels of the tile.
fn stamp(pass: &Pass<'_>, area: &Area, tile: &Tile, cells: &[Cell], layer: &mut Layer) {
    match pass.stamp.side {
        3 => stamp_sized::<3>(pass, area, tile, cells, layer),
        5 => stamp_sized::<5>(pass, area, tile, cells, layer),
        7 => stamp_sized::<7>(pass, area, tile, cells, layer),
        _ => stamp_sized::<1>(pass, area, tile, cells, layer),
    }
}

/// The same, without branches for markers of that many pixels along each side: most of them would be
/// foretold wrongly.
fn stamp_sized<const SIDE: usize>(
    pass: &Pass<'_>,
    area: &Area,
    tile: &Tile,
    cells: &[Cell],
    layer: &mut Layer,
) {
    let parts = SUBPIXELS as f32;
    let side = pass.stamp.side;
    for (row, cells) in cells.chunks_exact(area.width).enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            if cell.is_empty() {
                continue;
            }
            let count = cell.count();
            let [x, y, ..] = (cell.place * f32x4::splat(1.0 / (count * parts))).to_array();
            let table = pass.stamp.around(x, y);
            // Pixel of the tile under the table's first column and row.
            let first = [column, row].map(|at| at as isize - (area.margin + side / 2) as isize);
            let cut = |i: usize, size: usize| {
                let length = side as isize;
                let low = (-first[i]).clamp(0, length);
                low as usize..(size as isize - first[i]).clamp(low, length) as usize
            };
            let (columns, rows) = (cut(0, tile.width), cut(1, tile.height));
            if side == SIDE && columns.len() == SIDE && rows.len() == SIDE {
                let start = first[1] as usize * TILE_WIDTH + first[0] as usize;
                whole::<SIDE>(&mut layer[start..], table, cell.sum);
            } else if !columns.is_empty() && !rows.is_empty() {
                let start = (first[1] + rows.start as isize) as usize * TILE_WIDTH
                    + (first[0] + columns.start as isize) as usize;
                for (y, row) in rows.zip(layer[start..].chunks_mut(TILE_WIDTH)) {
                    let weights = &table[y * side..][columns.clone()];
                    for (pixel, weight) in row.iter_mut().zip(weights) {
                        *pixel += cell.sum * f32x4::splat(*weight);
                    }
                }
            }
        }
    }
}

/// Adds a marker to the layer from its first pixel on.
#[inline]
fn whole<const SIDE: usize>(layer: &mut [f32x4], table: &[f32], sum: f32x4) {
    let Some(weights) = table.as_chunks::<SIDE>().0.first_chunk::<SIDE>() else {
        return;
    };
    for (y, weights) in weights.iter().enumerate() {
        let Some(pixels) = layer[y * TILE_WIDTH..].first_chunk_mut::<SIDE>() else {
            return;
        };
        for (pixel, weight) in pixels.iter_mut().zip(weights) {
            *pixel += sum * f32x4::splat(*weight);
        }
    }
}

/// Adds the cells of the tile itself to the counts.
fn add_counts(
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

/// Gives colour to lit pixels that the merged markers just miss: that of the nearest cell.
fn fill_gaps(area: &Area, tile: &Tile, cells: &[Cell], lit: &Lit, layer: &mut Layer) {
    for y in 0..tile.height {
        for (word, &bits) in lit.row(y).iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let x = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let pixel = y * TILE_WIDTH + x;
                if x < tile.width && layer[pixel].as_array()[3] <= 0.0 {
                    layer[pixel] = nearest(area, cells, x + area.margin, y + area.margin);
                }
            }
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
