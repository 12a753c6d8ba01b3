//! Which objects show their pictures in place of their points, and where.

use super::Colored;
use crate::render::{Bounds, Camera};
use crate::session::MapPoints;
use crate::spatial::Node;

/// Thumbnails are never smaller, px.
const LEAST_SIDE: f32 = 4.0;
/// Cells around the view: what is in them is decided as if it were seen, so that nothing changes
/// when it comes into view.
const MARGIN: usize = 2;
/// Most cells along a side of the view.
const MOST_CELLS: f64 = 1024.0;

/// An object that shows its picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thumbnail {
    /// Its place on the map.
    pub place: usize,
    /// Its catalogue row.
    pub row: usize,
    /// Middle of its picture, px of the view.
    pub center_px: [f32; 2],
}

/// Square cells of the world, at most one thumbnail in each.
///
/// Their sides are powers of the square root of two, in units of the world, and they do not move
/// with the view: panning keeps every choice, zooming for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThumbnailGrid {
    camera: Camera,
    size_px: [f32; 2],
    /// Side of a thumbnail, a gap included.
    room_px: f32,
    /// Side of a cell, world units.
    pitch: f64,
    /// Lower left cell, counted from the origin.
    first: [f64; 2],
    /// Columns and rows, with the margin.
    cells: [usize; 2],
}

impl ThumbnailGrid {
    /// Cells for thumbnails of at least `side_px`, a gap included, in a view of `size_px`.
    #[must_use]
    pub fn new(camera: &Camera, size_px: [f32; 2], side_px: f32) -> Self {
        let least = f64::from(size_px[0].max(size_px[1])) / MOST_CELLS;
        let side = f64::from(side_px.max(LEAST_SIDE)).max(least);
        let half_octaves = ((side / camera.px_per_unit).log2() * 2.0 - 1e-9).ceil();
        let pitch = (half_octaves / 2.0).exp2();
        let Bounds { min, max } = camera.bounds(size_px);
        let first = min.map(|v| (v / pitch).floor() - MARGIN as f64);
        let cells = [0, 1].map(|i| {
            let last = (max[i] / pitch).floor() + MARGIN as f64;
            (last - first[i]).clamp(0.0, 2.0 * MOST_CELLS) as usize + 1
        });
        Self {
            camera: *camera,
            size_px,
            // Between the least there is and all of the cell: they grow a little on the way in.
            room_px: (side * pitch * camera.px_per_unit).sqrt() as f32,
            pitch,
            first,
            cells,
        }
    }

    /// Side of a thumbnail, a gap included, px: `1..1.2` times the least.
    #[must_use]
    pub fn room_px(&self) -> f32 {
        self.room_px
    }

    /// The column and row of a point of the world; it may lie outside the view.
    fn column_row(&self, point: [f32; 2]) -> [f64; 2] {
        [0, 1].map(|i| (f64::from(point[i]) / self.pitch).floor() - self.first[i])
    }

    /// The cell of a point of the world, a number that is its own in this grid; `None` far outside
    /// the view.
    #[must_use]
    pub fn cell(&self, point: [f32; 2]) -> Option<usize> {
        let [x, y] = self.column_row(point);
        let inside = x >= 0.0 && y >= 0.0;
        let (x, y) = (x as usize, y as usize);
        (inside && x < self.cells[0] && y < self.cells[1]).then(|| y * self.cells[0] + x)
    }

    /// Where a thumbnail of a point lies that keeps to the point's cell, px.
    #[must_use]
    pub fn center_px(&self, point: [f32; 2]) -> [f32; 2] {
        let at = self.own_px(point);
        let cell = self.column_row(point);
        let corner = [0, 1].map(|i| (cell[i] + self.first[i]) * self.pitch);
        let lower = self.camera.px_from_world(corner, self.size_px);
        let upper = corner.map(|v| v + self.pitch);
        let upper = self.camera.px_from_world(upper, self.size_px);
        let half = self.room_px / 2.0;
        [0, 1].map(|i| {
            let (low, high) = (lower[i].min(upper[i]) + half, lower[i].max(upper[i]) - half);
            if low < high {
                at[i].clamp(low, high)
            } else {
                low.midpoint(high)
            }
        })
    }

    fn own_px(&self, point: [f32; 2]) -> [f32; 2] {
        let world = point.map(f64::from);
        self.camera.px_from_world(world, self.size_px)
    }

    fn overlap(&self, a: [f32; 2], b: [f32; 2]) -> bool {
        (0..2).all(|i| (a[i] - b[i]).abs() < self.room_px)
    }

    fn is_seen(&self, center: [f32; 2]) -> bool {
        let half = self.room_px / 2.0;
        (0..2).all(|i| center[i] > -half && center[i] < self.size_px[i] + half)
    }
}

/// One object for each cell of the view that holds any: of those that are drawn the one with the
/// lowest chance, so that every object is as likely to be shown as its neighbours. Thumbnails of
/// [`ThumbnailGrid::room_px`] do not overlap: each lies at its object unless others are too near,
/// and then in its own cell. The cost is that of the cells, however many points there are.
#[must_use]
pub fn layout(
    points: &MapPoints,
    colored: &Colored,
    camera: &Camera,
    size_px: [f32; 2],
    side_px: f32,
) -> Vec<Thumbnail> {
    let grid = ThumbnailGrid::new(camera, size_px, side_px);
    let chosen = choose(points, colored, &grid);
    let positions = points.tree().points();
    // Each twice: at its object, and kept to its cell.
    let centers: Vec<Option<[[f32; 2]; 2]>> = chosen
        .iter()
        .map(|best| {
            let (_, place) = (*best)?;
            let point = positions[place as usize];
            Some([grid.own_px(point), grid.center_px(point)])
        })
        .collect();
    let [columns, rows] = grid.cells;
    let free = |index: usize, own: [f32; 2]| {
        let (column, row) = (index % columns, index / columns);
        let reach = |at: usize, end: usize| at.saturating_sub(MARGIN)..(at + MARGIN + 1).min(end);
        reach(row, rows).all(|y| {
            reach(column, columns).all(|x| {
                let other = y * columns + x;
                let near = centers[other].filter(|_| other != index);
                near.is_none_or(|both| !both.iter().any(|center| grid.overlap(own, *center)))
            })
        })
    };
    let mut thumbnails = Vec::new();
    for (index, (best, both)) in chosen.iter().zip(&centers).enumerate() {
        let (Some((_, place)), Some([own, kept])) = (best, both) else {
            continue;
        };
        let center_px = if free(index, *own) { *own } else { *kept };
        if grid.is_seen(center_px) {
            let place = *place as usize;
            thumbnails.push(Thumbnail {
                place,
                row: points.row(place),
                center_px,
            });
        }
    }
    thumbnails
}

type Best = Option<(u64, u32)>;

/// The drawn point of lowest chance of every cell. The tree is walked level by level; a node whose
/// chosen point has a higher chance than the best of all cells that it reaches into holds nothing
/// better.
fn choose(points: &MapPoints, colored: &Colored, grid: &ThumbnailGrid) -> Vec<Best> {
    let tree = points.tree();
    let (nodes, positions, colors) = (tree.nodes(), tree.points(), colored.colors());
    let [columns, rows] = grid.cells;
    let mut best: Vec<Best> = vec![None; columns * rows];
    let draws = |place: usize| colors.get(place).is_some_and(|color| color[3] != 0);
    let any_drawn = |node: usize| {
        colored
            .groups
            .iter()
            .any(|g| g.shades.nodes()[node].count > 0)
    };
    let offer = |best: &mut [Best], place: usize, chance: u64| {
        if let Some(cell) = grid.cell(positions[place])
            && best[cell].is_none_or(|(lowest, _)| chance < lowest)
            && draws(place)
        {
            best[cell] = Some((chance, place as u32));
        }
    };
    let mut level: Vec<usize> = (0..nodes.len().min(1)).collect();
    let mut below = Vec::new();
    while !level.is_empty() {
        for &index in &level {
            let node = &nodes[index];
            let Some([x, y]) = reach(node, grid) else {
                continue;
            };
            let chance = tree.chance(node.chosen());
            let better = |best: &[Best]| {
                y.clone().any(|y| {
                    let row = &best[y * columns..][x.clone()];
                    row.iter()
                        .any(|b| b.is_none_or(|(lowest, _)| chance < lowest))
                })
            };
            if !better(&best) || !any_drawn(index) {
                continue;
            }
            offer(&mut best, node.chosen(), chance);
            if node.count() == 1 || !better(&best) {
                continue;
            }
            if node.is_leaf() {
                for place in node.places() {
                    offer(&mut best, place, tree.chance(place));
                }
            } else {
                below.extend(node.children());
            }
        }
        level.clear();
        std::mem::swap(&mut level, &mut below);
    }
    best
}

/// Columns and rows of the grid that a node reaches into; `None` when it lies outside.
fn reach(node: &Node, grid: &ThumbnailGrid) -> Option<[std::ops::Range<usize>; 2]> {
    let (low, high) = (grid.column_row(node.min), grid.column_row(node.max));
    let range = |i: usize| {
        let end = grid.cells[i];
        let inside = high[i] >= 0.0 && low[i] < end as f64;
        inside.then(|| low[i].max(0.0) as usize..(high[i] as usize + 1).min(end))
    };
    Some([range(0)?, range(1)?])
}

#[cfg(test)]
#[path = "thumbnails_tests.rs"]
mod tests;
