//! Points to pixels, on the processor: the cost follows the pixels, not the points.
//!
//! The picture is cut into tiles, drawn by all threads. A tile walks down the tree only as far as its
//! pixels tell points apart: a node no larger than a pixel is taken as a whole, with its number of
//! points and their mean colour. What is *lit* is not approximated: `Lit` keeps the pixels that the
//! nodes taken as a whole light wherever their points lie, and walks on into those that could light
//! another. So the lit pixels are exactly those under the marker of some point.

mod block;
mod cells;
mod crowd;
mod dots;
mod fixed;
mod footprint;
mod layer;
mod lit;
mod sift;
mod stamp;
mod tile;
mod tone;
mod walk;

use std::borrow::Cow;
use std::cell::RefCell;

use rayon::prelude::*;

use super::camera::PxFromWorld;
use super::shades::Shades;
use super::shape::Shape;
use crate::mask::Mask;
use crate::spatial::TileTree;
use crowd::crowd;
use dots::Dot;
use fixed::{Lattice, Marker, SUBPIXELS};
use footprint::Footprint;
use stamp::Stamp;
use tile::{Scratch, Tile};
use tone::{Inks, Tone};

pub(super) const TILE_WIDTH: usize = 256;
pub(super) const TILE_HEIGHT: usize = 64;
/// How much of their colour and opacity points keep beside a selection.
const DIMMED: f32 = 0.3;
/// Pixels along each side of one cell of the counts.
pub const COUNT_CELL: usize = 2;

/// How points look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointStyle {
    /// Radius of a marker, px.
    pub radius_px: f32,
    /// `0..=1`.
    pub opacity: f32,
    /// Towards 1: crowds shine in white (on a dark ground).
    pub glow: f32,
    /// Times the colours: below 1 on a light ground, where the palette would be too pale.
    pub shade: f32,
}

/// Points with the same marker.
#[derive(Clone, Copy)]
pub struct PointGroup<'a> {
    /// Their colours; places of other groups are not drawn.
    pub shades: &'a Shades,
    /// Their marker.
    pub shape: Shape,
    /// Times the radius of the style.
    pub size: f32,
}

/// Everything about the points of one frame.
#[derive(Clone, Copy)]
pub struct PointLayer<'a> {
    /// Where they lie.
    pub tree: &'a TileTree,
    /// How they are coloured.
    pub groups: &'a [PointGroup<'a>],
    /// Drawn on top of the others, which are dimmed; by place.
    pub selection: Option<&'a Mask>,
    /// How they look.
    pub style: PointStyle,
}

/// What was drawn of the points.
#[derive(Debug, Default)]
pub struct PointPixels {
    /// Premultiplied RGBA, row-major, top row first; alpha is above 0 exactly where a marker lies.
    pub rgba: Vec<u8>,
    /// For cells of [`COUNT_CELL`] px: sums of red, green, blue (`0..=255`) and number of points.
    pub counts: Vec<[f32; 4]>,
}

/// What of the points is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// [`PointPixels::rgba`].
    pub rgba: bool,
    /// [`PointPixels::counts`].
    pub counts: bool,
}

/// One group, prepared for a frame.
struct Pass<'a> {
    shades: &'a Shades,
    /// Draws these alone, of which none is hidden.
    only: Option<Cow<'a, Mask>>,
    tables: &'a Tables,
}

/// A marker, in all the forms in which it is drawn.
struct Tables {
    marker: Marker,
    /// None for all but small markers.
    footprint: Option<Footprint>,
    /// None for a large marker.
    dot: Option<Dot>,
    stamp: Stamp,
    /// How near to a point every pixel's middle is covered, for sure; 1/256 px.
    inner_reach: f32,
}

impl Tables {
    fn new(shape: Shape, radius_px: f32) -> Self {
        let marker = Marker::new(shape, radius_px);
        // Less what points and boxes move by when they are put on the lattice.
        let inner = shape.inner_reach(f64::from(radius_px)) as f32 * SUBPIXELS as f32 - 4.0;
        Self {
            footprint: Footprint::new(&marker),
            dot: Dot::new(&marker),
            marker,
            inner_reach: inner,
            stamp: Stamp::new(shape, radius_px),
        }
    }

    /// Pixels around a tile in which a marker may reach into it, or the middle of a small node lie with such a
    /// marker.
    fn margin(&self) -> usize {
        self.stamp.margin + 1
    }
}

/// One frame, prepared for its tiles.
struct Frame<'a> {
    lattice: Lattice,
    tree: &'a TileTree,
    wanted: Wanted,
    inks: Inks,
    /// Of what is selected, where there is a selection.
    inks_selected: Option<Inks>,
    base: Vec<Pass<'a>>,
    selected: Vec<Pass<'a>>,
    /// How far outside of a tile a marker can lie that reaches into it, with what it covers there, px.
    pad: usize,
}

/// Draws points into `pixels`, a picture of `width x height`.
pub fn draw_points(
    layer: &PointLayer<'_>,
    px_from_world: PxFromWorld,
    width: usize,
    height: usize,
    wanted: Wanted,
    pixels: &mut PointPixels,
) {
    draw(layer, None, px_from_world, [width, height], wanted, pixels);
}

/// Draws the selected points alone, as they lie over the others.
pub fn draw_selected(
    layer: &PointLayer<'_>,
    px_from_world: PxFromWorld,
    width: usize,
    height: usize,
    pixels: &mut PointPixels,
) {
    let wanted = Wanted {
        rgba: true,
        counts: false,
    };
    let only = layer.selection;
    draw(layer, only, px_from_world, [width, height], wanted, pixels);
}

/// Draws all points, or those of `only`.
fn draw(
    layer: &PointLayer<'_>,
    only: Option<&Mask>,
    px_from_world: PxFromWorld,
    [width, height]: [usize; 2],
    wanted: Wanted,
    pixels: &mut PointPixels,
) {
    let cells = [width, height].map(|side| side.div_ceil(COUNT_CELL));
    // What they held is overwritten.
    let rgba = if wanted.rgba { width * height * 4 } else { 0 };
    pixels.rgba.resize(rgba, 0);
    let counts = if wanted.counts {
        cells[0] * cells[1]
    } else {
        0
    };
    pixels.counts.resize(counts, [0.0; 4]);
    let lattice = Lattice::new(px_from_world);
    let crowd = crowd(layer, &lattice, [width as i32, height as i32]);
    let tone = Tone::new(layer.style.opacity, crowd);
    let over = layer.selection.filter(|_| only.is_none());
    let dim = if over.is_some() { DIMMED } else { 1.0 };
    let radius = |group: &PointGroup<'_>| layer.style.radius_px * group.size;
    let of = |group: &PointGroup<'_>| Tables::new(group.shape, radius(group));
    let tables: Vec<Tables> = layer.groups.iter().map(of).collect();
    let pad = |tables: &Tables| tables.margin() + tables.stamp.side / 2;
    let frame = Frame {
        lattice,
        tree: layer.tree,
        wanted,
        inks: Inks::new(&tone, &layer.style, dim),
        inks_selected: over.map(|_| Inks::new(&tone, &layer.style, 1.0)),
        pad: tables.iter().map(pad).max().unwrap_or(0),
        base: passes(layer, &tables, only),
        selected: over
            .map(|mask| passes(layer, &tables, Some(mask)))
            .unwrap_or_default(),
    };
    let mut tiles = Vec::new();
    for y in (0..height).step_by(TILE_HEIGHT) {
        for x in (0..width).step_by(TILE_WIDTH) {
            tiles.push(Tile {
                x,
                y,
                width: TILE_WIDTH.min(width - x),
                height: TILE_HEIGHT.min(height - y),
            });
        }
    }
    let (rgba, _) = pixels.rgba.as_chunks_mut();
    let mut rgba = cut(rgba, width, [TILE_WIDTH, TILE_HEIGHT]);
    rgba.resize_with(tiles.len(), Vec::new);
    let size = [TILE_WIDTH, TILE_HEIGHT].map(|side| side / COUNT_CELL);
    let mut counts = cut(&mut pixels.counts, cells[0], size);
    counts.resize_with(tiles.len(), Vec::new);
    let tiles = tiles.into_par_iter().zip(rgba).zip(counts);
    // They differ much in what they hold: one at a time.
    tiles
        .with_max_len(1)
        .for_each(|((tile, mut rgba), mut counts)| {
            SCRATCH.with_borrow_mut(|scratch| frame.draw(&tile, scratch, &mut rgba, &mut counts));
        });
}

/// The rows of each tile of a picture, whose own rows are `row_length` long.
fn cut<T>(picture: &mut [T], row_length: usize, [width, height]: [usize; 2]) -> Vec<Vec<&mut [T]>> {
    let row_length = row_length.max(1);
    let mut tiles = Vec::new();
    for band in picture.chunks_mut(row_length * height) {
        let first = tiles.len();
        let next = first + row_length.div_ceil(width);
        tiles.resize_with(next, || Vec::with_capacity(height));
        for row in band.chunks_mut(row_length) {
            for (tile, part) in tiles[first..].iter_mut().zip(row.chunks_mut(width)) {
                tile.push(part);
            }
        }
    }
    tiles
}

thread_local! {
    /// Kept from frame to frame.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// One pass for each group, over all of its points or over those of `only`.
fn passes<'a>(
    layer: &PointLayer<'a>,
    tables: &'a [Tables],
    only: Option<&'a Mask>,
) -> Vec<Pass<'a>> {
    let groups = layer.groups.iter().zip(tables);
    let pass = |(group, tables): (&PointGroup<'a>, &'a Tables)| Pass {
        shades: group.shades,
        only: only.map(|mask| group.shades.drawn_of(mask)),
        tables,
    };
    groups.map(pass).collect()
}

/// Empties a buffer and gives it `len` times `value`, without new memory where it has enough.
fn refill<T: Copy>(buffer: &mut Vec<T>, len: usize, value: T) {
    buffer.clear();
    buffer.resize(len, value);
}
