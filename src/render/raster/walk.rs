//! Down the tree of a map: what lies in each pixel of a tile, and which pixels are lit.

use wide::{f32x4, i32x4};

use super::cells::Cell;
use super::dots::Dots;
use super::fixed::{PxBox, SUBPIXEL_BITS, SUBPIXELS};
use super::lit::Lit;
use super::tile::{Area, Scratch, Tile};
use super::{Frame, Pass, TILE_WIDTH};
use crate::spatial::Node;

/// A node no larger than this along either side, 1/256 px, is taken as a whole.
const CROWD: i32 = SUBPIXELS * 9 / 8;
/// Most points on a pixel of a node whose points are looked at one by one.
const SPARSE: i64 = 2;
/// A node no larger than this along either side, 1/256 px, may lie partly outside for that.
const SMALL: i32 = 4 * SUBPIXELS;
/// Neither in the tile nor around it.
const NOWHERE: u32 = u32::MAX;

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
        let area = Area::new([tile.x, tile.y], size, pass.margin());
        let Scratch {
            cells,
            crowds,
            open,
            next,
            lit,
            selected_lit,
            dots,
            ..
        } = scratch;
        let lit = if selected { selected_lit } else { lit };
        dots.clear();
        crowds.clear();
        open.clear();
        open.push(0);
        let mut walk = Walk {
            frame: self,
            pass,
            area: &area,
            tile,
            cells,
            lit,
            dots,
            crowds,
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
            walk.dots.add_to(walk.lit);
            walk.light(open);
        }
        (area, any)
    }
}

struct Walk<'a> {
    frame: &'a Frame<'a>,
    pass: &'a Pass<'a>,
    area: &'a Area,
    tile: &'a Tile,
    cells: &'a mut Vec<Cell>,
    lit: &'a mut Lit,
    dots: &'a mut Dots,
    crowds: &'a mut Vec<(u32, u32)>,
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

    /// Adds points to the cell at a position from the area's corner; the cells are ready.
    #[inline]
    fn add(&mut self, at: [i32; 2], count: f32, [r, g, b]: [u8; 3]) {
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

    /// Whether its points are as quickly looked at one by one as the nodes that hold them.
    #[inline]
    fn is_sparse(&self, node: &Node, boxed: &PxBox) -> bool {
        let sides = [0, 1].map(|i| i64::from(boxed.max[i] - boxed.min[i] + SUBPIXELS));
        (boxed.side() <= SMALL || self.area.holds(boxed))
            && (node.count() as i64) << (2 * SUBPIXEL_BITS) <= SPARSE * sides[0] * sides[1]
    }

    /// Draws the points of a node, of which `count` are drawn, where they lie.
    fn points(&mut self, node: &Node, count: usize) {
        self.begin();
        if count == node.count() {
            self.points_where(node, |_| true);
        } else {
            let (pass, shades) = (self.pass, self.pass.shades);
            let only = |place| pass.only.is_none_or(|mask| mask.contains(place));
            self.points_where(node, |place| shades.draws(place) && only(place));
        }
    }

    #[inline]
    fn points_where(&mut self, node: &Node, draws: impl Fn(usize) -> bool) {
        let margin = (self.area.margin as i32) << SUBPIXEL_BITS;
        let positions = &self.frame.tree.points()[node.places()];
        let colors = &self.pass.shades.points()[node.places()];
        for ((place, point), [r, g, b, _]) in node.places().zip(positions).zip(colors) {
            if !draws(place) {
                continue;
            }
            let position = self.frame.lattice.at(*point);
            if let Some(at) = self.area.inside(position) {
                self.add(at, 1.0, [*r, *g, *b]);
                if !self.frame.wanted.rgba {
                    continue;
                }
                if let Some(dot) = &self.pass.dot {
                    self.dots.light(at.map(|v| v - margin), dot);
                } else {
                    let point = PxBox::at(position);
                    self.lit.light(&point, &self.pass.marker, self.area.min);
                }
            }
        }
    }

    /// Makes the cells ready for the first point.
    #[inline]
    fn begin(&mut self) {
        if !self.any {
            let size = self.area.width * self.area.height;
            super::refill(self.cells, size, Cell::default());
            self.any = true;
        }
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
        let side = boxed.side();
        // A lone point of a leaf is drawn where it lies.
        if side <= CROWD && (count > 1 || side == 0) {
            let shade = &self.pass.shades.nodes()[index];
            if let Some(at) = self.area.inside(center) {
                self.begin();
                self.add(at, count as f32, shade.rgb);
            }
            if !self.frame.wanted.rgba {
                return;
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
            let pixel = pixel.map_or(NOWHERE, |(x, y)| (y * TILE_WIDTH + x) as u32);
            self.crowds.push((at, pixel));
        } else if node.is_leaf() || self.is_sparse(node, &boxed) {
            self.points(node, count);
        } else {
            next.extend(node.children().map(|child| child as u32));
        }
    }

    /// Lights every pixel under a marker of a node taken as a whole. Where all pixels around are lit
    /// already, as in the midst of a crowd, there is nothing to do.
    fn light(&mut self, open: &mut Vec<u32>) {
        let (marker, origin) = (&self.pass.marker, self.area.min);
        let reach = (marker.reach() + CROWD / 2 + SUBPIXELS) >> SUBPIXEL_BITS;
        let (width, height) = (self.tile.width, self.tile.height);
        let around = self.lit.surrounded(reach as usize, width, height);
        let mut kept = 0;
        for i in 0..self.crowds.len() {
            let (at, pixel) = self.crowds[i];
            let (x, y) = (pixel as usize % TILE_WIDTH, pixel as usize / TILE_WIDTH);
            if pixel == NOWHERE || !around.get(x, y) {
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
