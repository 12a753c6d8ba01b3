//! Contours of the points and names for their categories: lines and words in world coordinates.

use super::{Colored, Legend};
use crate::analysis::density::{DensityGrid, DensityParams};
use crate::color::Rgba;
use crate::session::{ContourSpec, MapPoints};

/// Most categories with contours of their own, the largest first, and among so many points.
const MOST_CATEGORIES: usize = 24;
const FEW_CATEGORIES: usize = 6;
const MANY_POINTS: usize = 3_000_000;
/// Cells along the longer side of the density that contours are drawn from.
const CELLS: usize = 512;
/// Points that the place of a name is found from.
const SAMPLE: usize = 100_000;
/// Cells along each side in which the densest place of a category is looked for.
const LABEL_CELLS: usize = 48;

/// A line around a share of the points.
#[derive(Debug, Clone, PartialEq)]
pub struct Contour {
    /// Vertices in world coordinates; a closed line ends where it began.
    pub line: Vec<[f64; 2]>,
    /// Colour of the category; `None` for a line around all points.
    pub color: Option<Rgba>,
}

/// A name on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct MapLabel {
    /// Where its category is densest, world coordinates.
    pub position: [f64; 2],
    /// The category.
    pub text: String,
    /// Its colour.
    pub color: Rgba,
    /// Its points on the map.
    pub count: usize,
    /// Catalogue row of one of its objects there.
    pub row: usize,
}

/// Lines around the given shares of the points that are drawn.
#[must_use]
pub fn contours(
    points: &MapPoints,
    colored: &Colored,
    spec: &ContourSpec,
    cancelled: &dyn Fn() -> bool,
) -> Vec<Contour> {
    let shown = drawn_entries(colored);
    let most = if points.len() > MANY_POINTS {
        FEW_CATEGORIES
    } else {
        MOST_CATEGORIES
    };
    let colors: Vec<Option<Rgba>> = if spec.by_category && shown.len() > 1 {
        shown
            .iter()
            .take(most)
            .map(|(_, color, _)| Some(*color))
            .collect()
    } else {
        vec![None]
    };
    let of_place = colored.colors();
    let mut lines = Vec::new();
    for color in colors {
        let drawn = |place: usize| {
            of_place[place][3] != 0 && color.is_none_or(|color| of_place[place][..3] == color[..3])
        };
        let params = DensityParams {
            cells: CELLS,
            times: f64::from(spec.smoothing),
            ..DensityParams::default()
        };
        let grid = DensityGrid::estimate(points.tree().points(), drawn, params, cancelled);
        let Some(grid) = grid else { continue };
        for level in grid.levels(&spec.fractions) {
            lines.extend(grid.contours(level).into_iter().map(|polyline| {
                let mut line = polyline.points;
                if polyline.closed {
                    line.extend(line.first().copied());
                }
                Contour { line, color }
            }));
        }
    }
    lines
}

/// Name, colour and number of the categories that are drawn, the largest first.
fn drawn_entries(colored: &Colored) -> Vec<(String, Rgba, usize)> {
    let Legend::Categories(entries) = &colored.legend else {
        return Vec::new();
    };
    let mut shown: Vec<_> = entries
        .iter()
        .filter(|e| !e.hidden && !e.name.is_empty())
        .map(|e| (e.name.clone(), e.color, e.count))
        .collect();
    shown.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
    shown
}

/// A name for each category that is drawn, where it is densest; from a sample of the points where
/// there are many.
#[must_use]
pub fn labels(points: &MapPoints, colored: &Colored) -> Vec<MapLabel> {
    let sample = points.tree().sample(SAMPLE);
    if sample.is_empty() {
        return Vec::new();
    }
    let colors = colored.colors();
    let positions = points.tree().points();
    drawn_entries(colored)
        .into_iter()
        .filter_map(|(text, color, count)| {
            let own = |place: &usize| colors[*place][3] != 0 && colors[*place][..3] == color[..3];
            let own: Vec<usize> = sample.iter().map(|&p| p as usize).filter(own).collect();
            // Its far outliers do not widen the cells.
            let limits = [0, 1].map(|i| {
                let mut values: Vec<f32> = own.iter().map(|&p| positions[p][i]).collect();
                values.sort_unstable_by(f32::total_cmp);
                let at = |q: f64| values.get((values.len().saturating_sub(1) as f64 * q) as usize);
                let at = |q: f64| at(q).map_or(0.0, |v| f64::from(*v));
                (at(0.02), at(0.98))
            });
            let cell = |position: [f32; 2]| {
                [0, 1].map(|i| {
                    let (low, high) = limits[i];
                    let t = (f64::from(position[i]) - low) / (high - low).max(f64::MIN_POSITIVE);
                    ((t * LABEL_CELLS as f64).clamp(0.0, LABEL_CELLS as f64 - 1.0)) as usize
                })
            };
            let mut cells = vec![(0_u32, [0.0_f64; 2], 0_usize); LABEL_CELLS * LABEL_CELLS];
            for place in own {
                let [x, y] = cell(positions[place]);
                let (n, sum, last) = &mut cells[y * LABEL_CELLS + x];
                (*n, *last) = (*n + 1, place);
                for i in 0..2 {
                    sum[i] += f64::from(positions[place][i]);
                }
            }
            // A place in the middle of a dense region, not its single densest cell.
            let around = |x: usize, y: usize| -> u32 {
                let rows = y.saturating_sub(2)..(y + 3).min(LABEL_CELLS);
                let columns = x.saturating_sub(2)..(x + 3).min(LABEL_CELLS);
                rows.map(|row| {
                    let row = &cells[row * LABEL_CELLS..][columns.clone()];
                    row.iter().map(|c| c.0).sum::<u32>()
                })
                .sum()
            };
            let (best, _) = (0..cells.len())
                .filter(|&i| cells[i].0 > 0)
                .map(|i| (i, around(i % LABEL_CELLS, i / LABEL_CELLS)))
                .max_by_key(|(_, n)| *n)?;
            let (n, sum, place) = cells[best];
            Some(MapLabel {
                position: sum.map(|s| s / f64::from(n)),
                text,
                color,
                count,
                row: points.row(place),
            })
        })
        .collect()
}
