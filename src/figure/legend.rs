//! The legend of a map: classes with their colours and counts, and colour bars with their ticks,
//! stacked in a column beside the map or in a box in one of its corners.

use super::canvas::{Drawing, Path, Rect, Rgba, Stroke};
use super::font::text_width;
use super::legend_column::Column;
use super::shapes::Marker;
use super::theme::{CAP_HEIGHT, SMALL, STEP, Theme, with_alpha};

/// One class of a legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// Its name.
    pub name: String,
    /// Colour of its marker.
    pub color: Rgba,
    /// Shape of its marker.
    pub marker: Marker,
    /// How many objects it has.
    pub count: Option<u64>,
}

/// One part of a legend.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Classes, one to a line.
    Categories {
        /// What the classes are of; may be empty.
        title: String,
        /// The classes in order.
        entries: Vec<Category>,
        /// How many are listed; the rest becomes "and 12 more".
        limit: usize,
    },
    /// A colour bar of a quantity or of a density.
    Bar {
        /// The quantity and its unit; may be empty.
        title: String,
        /// Colours from the low to the high end, usually 256.
        colors: Vec<Rgba>,
        /// Positions from 0 to 1 and their labels; those outside are left out.
        ticks: Vec<(f32, String)>,
    },
}

/// Where a legend stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// In a column to the right of the map.
    #[default]
    Right,
    /// In the map's upper left corner; like each corner, only where it fits there.
    TopLeft,
    /// In the map's upper right corner.
    TopRight,
    /// In the map's lower left corner.
    BottomLeft,
    /// In the map's lower right corner.
    BottomRight,
}

/// A legend: what it says and where.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LegendSpec {
    /// Its parts from the top.
    pub blocks: Vec<Block>,
    /// Where it stands.
    pub place: Place,
}

/// The widest column, pt; longer names are cut.
const MAX_WIDTH: f32 = 220.0;
/// Height of one line, pt.
pub(super) const LINE: f32 = 4.0 * STEP;
/// Between two parts, pt.
const BLOCK_GAP: f32 = 4.0 * STEP;
/// From the left edge to the names of classes, pt.
pub(super) const INDENT: f32 = 4.0 * STEP;
/// Length and thickness of a colour bar, pt.
pub(super) const BAR: (f32, f32) = (32.0 * STEP, 3.0 * STEP);
/// From a colour bar to its labels, pt.
pub(super) const BAR_LABEL: f32 = 1.0 + 2.0 * STEP;
/// Inside the box in a corner, and from it to the map's edges, pt.
const PADDING: f32 = 3.0 * STEP;
const INSET: f32 = 3.0 * STEP;

impl LegendSpec {
    /// Whether it has nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.iter().all(|block| match block {
            Block::Categories { entries, .. } => entries.is_empty(),
            Block::Bar { colors, .. } => colors.is_empty(),
        })
    }

    /// Width and height in pt of the column to the right of a map.
    #[must_use]
    pub fn size(&self) -> [f32; 2] {
        self.measure(true)
    }

    /// The rectangle that the box takes in its corner of the map at `rect`; `None` to the right,
    /// and where it would not fit.
    #[must_use]
    pub fn corner(&self, rect: Rect) -> Option<Rect> {
        let [width, height] = self.measure(false).map(|side| side + 2.0 * PADDING);
        let (left, top) = (rect.x + INSET, rect.y + INSET);
        let (right, bottom) = (rect.right() - INSET - width, rect.bottom() - INSET - height);
        let [x, y] = match self.place {
            Place::Right => return None,
            Place::TopLeft => [left, top],
            Place::TopRight => [right, top],
            Place::BottomLeft => [left, bottom],
            Place::BottomRight => [right, bottom],
        };
        (right >= left && bottom >= top).then(|| Rect::new(x, y, width, height))
    }

    /// Adds it as a column whose upper left corner is at `x`, `y` pt.
    pub fn draw_column(&self, drawing: &mut Drawing, x: f32, y: f32, dark: bool) {
        self.draw(drawing, [x, y], true, dark);
    }

    /// Adds it as a box at `rect`, which [`Self::corner`] gave.
    pub fn draw_box(&self, drawing: &mut Drawing, rect: Rect, dark: bool) {
        let theme = Theme::new(dark);
        let ground = Path::rounded_rect(rect, STEP).filled(with_alpha(theme.ground, 0.94));
        drawing.path(ground.stroked(Stroke::solid(theme.line, 1.0)));
        self.draw(drawing, [rect.x + PADDING, rect.y + PADDING], false, dark);
    }

    fn measure(&self, vertical: bool) -> [f32; 2] {
        let mut width = 0.0_f32;
        let mut height = 0.0;
        for (i, block) in self.blocks.iter().enumerate() {
            let [w, h] = block.size(vertical);
            width = width.max(w);
            height += h + if i == 0 { 0.0 } else { BLOCK_GAP };
        }
        [width.min(MAX_WIDTH).ceil(), height]
    }

    fn draw(&self, drawing: &mut Drawing, [x, mut y]: [f32; 2], vertical: bool, dark: bool) {
        let [width, _] = self.measure(vertical);
        let mut column = Column {
            drawing,
            theme: Theme::new(dark),
            x,
            width,
        };
        for block in &self.blocks {
            match block {
                Block::Categories {
                    title,
                    entries,
                    limit,
                } => {
                    let top = column.title(title, y);
                    column.categories(entries, *limit, top);
                }
                Block::Bar {
                    title,
                    colors,
                    ticks,
                } => {
                    let top = column.title(title, y);
                    column.bar(colors, ticks, top, vertical);
                }
            }
            y += block.size(vertical)[1] + BLOCK_GAP;
        }
    }
}

impl Block {
    /// Width and height that it takes, pt.
    fn size(&self, vertical: bool) -> [f32; 2] {
        match self {
            Self::Categories {
                title,
                entries,
                limit,
            } => {
                let rows = rows(entries, *limit);
                let width = rows.iter().map(Row::width).fold(0.0, f32::max);
                [
                    width.max(text_width(title, SMALL, true)),
                    title_height(title) + rows.len() as f32 * LINE - (LINE - SMALL),
                ]
            }
            Self::Bar { title, ticks, .. } => {
                let label = widest(ticks);
                let [width, height] = if vertical {
                    [BAR.1 + BAR_LABEL + label, BAR.0 + STEP]
                } else {
                    [BAR.0 + label, BAR.1 + BAR_LABEL + SMALL * CAP_HEIGHT]
                };
                [
                    width.max(text_width(title, SMALL, true)),
                    title_height(title) + height,
                ]
            }
        }
    }
}

/// A title's line and the gap below it, pt.
pub(super) fn title_height(title: &str) -> f32 {
    if title.trim().is_empty() {
        0.0
    } else {
        SMALL + 2.0 * STEP
    }
}

pub(super) fn widest(ticks: &[(f32, String)]) -> f32 {
    let widths = ticks
        .iter()
        .map(|(_, label)| text_width(label, SMALL, false));
    widths.fold(0.0, f32::max)
}

/// A line of a list of classes.
pub(super) struct Row {
    /// None for the line that stands for the rest.
    pub marker: Option<(Marker, Rgba)>,
    pub name: String,
    pub count: String,
}

impl Row {
    fn width(&self) -> f32 {
        let count = text_width(&self.count, SMALL, false);
        let gap = if count > 0.0 { 4.0 * STEP } else { 0.0 };
        INDENT + text_width(&self.name, SMALL, false) + gap + count
    }
}

pub(super) fn rows(entries: &[Category], limit: usize) -> Vec<Row> {
    let count = |count: Option<u64>| count.map(thousands).unwrap_or_default();
    let shown = entries.len().min(limit);
    let (shown, rest) = entries.split_at(shown);
    let mut rows: Vec<Row> = shown
        .iter()
        .map(|entry| Row {
            marker: Some((entry.marker, entry.color)),
            name: entry.name.clone(),
            count: count(entry.count),
        })
        .collect();
    if !rest.is_empty() {
        let sum = rest
            .iter()
            .map(|entry| entry.count)
            .try_fold(0_u64, |sum, count| sum.checked_add(count?));
        rows.push(Row {
            marker: None,
            name: format!("and {} more", thousands(rest.len() as u64)),
            count: count(sum),
        });
    }
    rows
}

/// A count in groups of three digits, a thin space between them.
#[must_use]
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
#[path = "legend_tests.rs"]
mod tests;
