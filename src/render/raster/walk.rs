//! Down the tree of a map: what lies in each pixel of a tile, and which pixels are lit.

use std::ops::Range;

use super::block::Block;
use super::cells::{Cells, SPREAD};
use super::dots::Dots;
use super::fixed::{PxBox, SUBPIXEL_BITS, SUBPIXELS};
use super::footprint::{Footprint, Masks};
use super::lit::Lit;
use super::sift::{FULL, Fate, MANY, Placed, SMALL, Sieve, TOGETHER};
use super::tile::{Area, Scratch, Tile};
use super::{Frame, Pass, TILE_WIDTH};
use crate::memory::prefetch;

const _: () = {
    // With what it is made larger for its outermost points, and as it lies on the pixels.
    let side = FULL + 2 * FULL / (MANY as i32 - 1);
    assert!((side + SUBPIXELS - 1) / SUBPIXELS < SPREAD as i32);
};
impl Frame<'_> {
    /// Walks down the tree: what lies in each pixel, and which pixels are lit.
    pub fn collect(
        &self,
        pass: &Pass<'_>,
        tile: &Tile,
        scratch: &mut Scratch,
        selected: bool,
    ) -> (Area, bool) {
        let size = [tile.width, tile.height];
        let area = Area::new([tile.x, tile.y], size, pass.tables.margin());
        let Scratch {
            cells,
            crowds,
            open,
            next,
            lit,
            selected_lit,
            dots,
            runs,
            sieve,
            ..
        } = scratch;
        let lit = if selected { selected_lit } else { lit };
        if pass.tables.footprint.is_none() {
            dots.clear();
        }
        crowds.clear();
        open.clear();
        // Without points there is no root.
        open.extend(self.tree.root().map(|_| 0));
        let mut walk = Walk {
            frame: self,
            pass,
            area: &area,
            tile,
            cells,
            lit,
            dots,
            crowds,
            runs,
            any: false,
        };
        // Level after level, as the nodes lie in memory.
        while !open.is_empty() {
            next.clear();
            for open in open.chunks(TOGETHER) {
                sieve.sift(open, self, pass, &area);
                walk.take(sieve, next);
            }
            std::mem::swap(open, next);
        }
        walk.runs();
        let any = walk.any;
        if any && self.wanted.rgba {
            match pass.tables.footprint {
                Some(Footprint::Three(_)) => walk.cells.light::<3>(&area, walk.lit),
                Some(Footprint::Five(_)) => walk.cells.light::<5>(&area, walk.lit),
                None => walk.dots.add_to(walk.lit),
            }
            walk.light(open);
        }
        (area, any)
    }
}

/// From the first to the last place of those that follow one another.
fn joined(runs: &[Range<usize>]) -> impl Iterator<Item = Range<usize>> {
    let follows = |a: &Range<usize>, b: &Range<usize>| a.end == b.start;
    runs.chunk_by(follows)
        .filter_map(|runs| Some(runs.first()?.start..runs.last()?.end))
}

struct Walk<'a> {
    frame: &'a Frame<'a>,
    pass: &'a Pass<'a>,
    area: &'a Area,
    tile: &'a Tile,
    cells: &'a mut Cells,
    lit: &'a mut Lit,
    dots: &'a mut Dots,
    crowds: &'a mut Vec<(u32, u32)>,
    /// Places of points that are drawn one by one: as they lie in memory, where those of nodes beside one another follow one
    /// another.
    runs: &'a mut Vec<Range<usize>>,
    any: bool,
}

impl<'a> Walk<'a> {
    /// Points of a node that this pass draws.
    fn count(&self, at: usize) -> usize {
        let count = self
            .pass
            .shades
            .nodes()
            .get(at)
            .map_or(0, |s| s.count as usize);
        match &self.pass.only {
            Some(mask) if count > 0 => mask.count_in(self.frame.tree.nodes()[at].places()),
            _ => count,
        }
    }

    fn draws(&self, place: usize) -> bool {
        match &self.pass.only {
            Some(mask) => mask.contains(place),
            None => self.pass.shades.draws(place),
        }
    }

    /// The pixel of the tile at a position.
    #[inline]
    fn pixel(&self, at: [i32; 2]) -> Option<(usize, usize)> {
        let [x, y] = [0, 1].map(|i| ((at[i] - self.area.min[i]) >> SUBPIXEL_BITS) as usize);
        (x < self.tile.width && y < self.tile.height).then_some((x, y))
    }

    /// Draws the points of a node where they lie, at once or as one of `runs`.
    fn points(&mut self, node: &Placed) {
        self.begin();
        let pass = self.pass;
        let Placed {
            at, count, boxed, ..
        } = node;
        let places = self.frame.tree.nodes()[*at as usize].places();
        if (*count as usize) < places.len() {
            match &pass.only {
                Some(mask) => self.points_where(places, |place| mask.contains(place)),
                None => self.points_where(places, |place| pass.shades.draws(place)),
            }
        } else if boxed.side() <= SMALL || self.area.holds(boxed) {
            self.runs.push(places);
        } else {
            self.points_where(places, |_| true);
        }
    }

    /// Draws the points of the runs.
    fn runs(&mut self) {
        if self.runs.is_empty() {
            return;
        }
        let runs = std::mem::take(self.runs);
        match self.footprint() {
            Some(Footprint::Three(masks)) => self.blocks(&runs, masks),
            Some(Footprint::Five(masks)) => self.blocks(&runs, masks),
            None => {
                for run in joined(&runs) {
                    self.points_where(run, |_| true);
                }
            }
        }
        *self.runs = runs;
        self.runs.clear();
    }

    fn blocks<const PARTS: usize>(&mut self, runs: &[Range<usize>], masks: &Masks<PARTS>) {
        let (points, colors) = (self.frame.tree.points(), self.pass.shades.points());
        let to_pixels = (&self.frame.lattice, self.area);
        let mut block = Block::new();
        let mut runs = joined(runs).peekable();
        while let Some(mut run) = runs.next() {
            self.ask_for(runs.peek());
            while !run.is_empty() {
                run.start += block.add(points, colors, run.clone(), to_pixels);
                if block.is_full() {
                    self.cells.add_block(&block, masks);
                    block.clear();
                }
            }
        }
        self.cells.add_block(&block, masks);
    }

    /// Asks for the first points of a run, behind which the processor finds the others by itself.
    fn ask_for(&self, run: Option<&Range<usize>>) {
        const FIRST: usize = 64;
        if let Some(run) = run {
            let first = run.start..run.end.min(run.start + FIRST);
            prefetch(&self.frame.tree.points()[first.clone()]);
            prefetch(&self.pass.shades.points()[first]);
        }
    }

    /// Of a small marker, where it matters what it lights.
    #[inline]
    fn footprint(&self) -> Option<&'a Footprint> {
        self.pass
            .tables
            .footprint
            .as_ref()
            .filter(|_| self.frame.wanted.rgba)
    }

    /// Draws points one by one.
    fn points_where(&mut self, places: Range<usize>, draws: impl Fn(usize) -> bool) {
        match self.footprint() {
            Some(Footprint::Three(masks)) => self.footprints(places, masks, draws),
            Some(Footprint::Five(masks)) => self.footprints(places, masks, draws),
            None => self.markers(places, draws),
        }
    }

    #[inline]
    fn footprints<const PARTS: usize>(
        &mut self,
        places: Range<usize>,
        masks: &Masks<PARTS>,
        draws: impl Fn(usize) -> bool,
    ) {
        let points = &self.frame.tree.points()[places.clone()];
        let colors = &self.pass.shades.points()[places.clone()];
        for ((place, point), color) in places.zip(points).zip(colors) {
            if !draws(place) {
                continue;
            }
            if let Some(at) = self.area.inside(self.frame.lattice.at(*point)) {
                let place = at.map(|v| v as u8);
                let lights = masks.of(u16::from_le_bytes(place));
                let cell = self.area.cell(at);
                self.cells.add_point(cell, place, *color, lights);
            }
        }
    }

    #[inline]
    fn markers(&mut self, places: Range<usize>, draws: impl Fn(usize) -> bool) {
        let margin = (self.area.margin as i32) << SUBPIXEL_BITS;
        let points = &self.frame.tree.points()[places.clone()];
        let colors = &self.pass.shades.points()[places.clone()];
        for ((place, point), color) in places.zip(points).zip(colors) {
            if !draws(place) {
                continue;
            }
            let Some(at) = self.area.inside(self.frame.lattice.at(*point)) else {
                continue;
            };
            let cell = self.area.cell(at);
            self.cells.add_point(cell, at.map(|v| v as u8), *color, []);
            if !self.frame.wanted.rgba {
                continue;
            }
            let at = at.map(|v| v - margin);
            if let Some(dot) = &self.pass.tables.dot {
                self.dots.light(at, dot);
            } else {
                self.lit
                    .light(&PxBox::at(at), &self.pass.tables.marker, [0, 0]);
            }
        }
    }

    /// Makes the cells ready for the first point.
    #[inline]
    fn begin(&mut self) {
        if !self.any {
            let parts = self.footprint().map_or(0, Footprint::parts);
            self.cells.clear(self.area, parts);
            self.any = true;
        }
    }

    /// Draws what is drawn of the nodes that were sifted, and adds the children of the others to the next level.
    fn take(&mut self, sieve: &Sieve, next: &mut Vec<u32>) {
        let tree = self.frame.tree;
        for node in sieve.of(Fate::Divided) {
            let children = tree.nodes()[node.at as usize].children();
            // They are looked at when all of this level were.
            prefetch(&tree.nodes()[children.clone()]);
            prefetch(&self.pass.shades.nodes()[children.clone()]);
            next.extend(children.map(|child| child as u32));
        }
        for node in sieve.of(Fate::Spread) {
            self.whole(node, false);
        }
        for node in sieve.of(Fate::Tiny) {
            self.whole(node, true);
        }
        for node in sieve.of(Fate::Points) {
            self.points(node);
        }
    }

    /// Takes a node as a whole: in the pixel of its middle if it is `tiny`, or else spread over its box.
    #[inline]
    fn whole(&mut self, node: &Placed, tiny: bool) {
        let Placed {
            at,
            count,
            boxed,
            around,
        } = node;
        let rgb = self.pass.shades.nodes()[*at as usize].rgb;
        let center = boxed.center();
        let inside = self.area.inside(center);
        if !tiny {
            self.begin();
            self.cells.spread(self.area, boxed, *count as f32, rgb);
        } else if let Some(middle) = inside {
            self.begin();
            let cell = self.area.cell(middle);
            self.cells.add_crowd(cell, middle, *count, rgb);
        }
        if !self.frame.wanted.rgba {
            return;
        }
        let pixel = self.pixel(center);
        if *around >= 0 {
            self.lit.light_near(boxed, *around, self.area.min);
        } else if let Some((x, y)) = pixel {
            let middle = center.map(|v| (v & !(SUBPIXELS - 1)) + SUBPIXELS / 2);
            if self.pass.tables.marker.covers_surely(boxed, middle) {
                self.lit.light_row(y, x, x + 1);
            }
        }
        // Or the nearest one of the tile: what of the tile lies near its middle lies as near to that.
        let last = [self.tile.width, self.tile.height].map(|side| side as i32 - 1);
        let [x, y] = [0, 1].map(|i| (center[i] - self.area.min[i]) >> SUBPIXEL_BITS);
        let pixel = y.clamp(0, last[1]) as usize * TILE_WIDTH + x.clamp(0, last[0]) as usize;
        self.crowds.push((*at, pixel as u32));
    }

    /// Lights every pixel under a marker of a node taken as a whole. Where all pixels around are lit
    /// already, as in the midst of a crowd, there is nothing to do.
    fn light(&mut self, open: &mut Vec<u32>) {
        let (marker, origin) = (&self.pass.tables.marker, self.area.min);
        let reach = (marker.reach() + FULL / 2 + SUBPIXELS) >> SUBPIXEL_BITS;
        let (width, height) = (self.tile.width, self.tile.height);
        let around = self.lit.surrounded(reach as usize, width, height);
        let mut kept = 0;
        for i in 0..self.crowds.len() {
            let (at, pixel) = self.crowds[i];
            let (x, y) = (pixel as usize % TILE_WIDTH, pixel as usize / TILE_WIDTH);
            if !around.get(x, y) {
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
                self.lit.light(
                    &PxBox::at(position),
                    &self.pass.tables.marker,
                    self.area.min,
                );
            }
        }
    }

    /// Lights what the points of a node taken as a whole light beyond what is lit already.
    fn settle(&mut self, at: u32, open: &mut Vec<u32>) {
        open.clear();
        open.push(at);
        let (marker, origin) = (&self.pass.tables.marker, self.area.min);
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
