//! How the parts of a legend are drawn in a column of a given width.

use super::canvas::{Anchor, Bitmap, Drawing, Path, Rect, Rgba, Segment, Stroke, Text};
use super::font::{shorten, text_width};
use super::legend::{BAR, BAR_LABEL, INDENT, LINE};
use super::legend::{Category, rows, title_height, widest};
use super::theme::{CAP_HEIGHT, SMALL, STEP, Theme};

/// Radius of a marker, pt.
const MARKER: f32 = 4.0;
/// Height of a capital, pt.
const CAP: f32 = SMALL * CAP_HEIGHT;

/// A column that a legend is drawn in.
pub(super) struct Column<'a> {
    pub drawing: &'a mut Drawing,
    pub theme: Theme,
    /// Its left edge, pt.
    pub x: f32,
    /// pt.
    pub width: f32,
}

impl Column<'_> {
    /// Adds a title and returns where what it names starts.
    pub(super) fn title(&mut self, title: &str, top: f32) -> f32 {
        let title = shorten(title.trim(), SMALL, true, self.width);
        let text = Text::new(self.x, top + CAP, SMALL, self.theme.text, title.as_str());
        self.drawing.text(text.bold());
        top + title_height(&title)
    }

    pub(super) fn categories(&mut self, entries: &[Category], limit: usize, top: f32) {
        let right = self.x + self.width;
        for (i, row) in rows(entries, limit).into_iter().enumerate() {
            let baseline = top + i as f32 * LINE + CAP;
            let middle = baseline - CAP / 2.0;
            let color = if let Some((marker, color)) = row.marker {
                let path = Path::marker(marker, self.x + MARKER, middle, MARKER, color);
                self.drawing.path(path);
                self.theme.text
            } else {
                self.theme.muted
            };
            let mut space = self.width - INDENT;
            if !row.count.is_empty() {
                space -= text_width(&row.count, SMALL, false) + 2.0 * STEP;
                let count = Text::new(right, baseline, SMALL, self.theme.muted, row.count);
                self.drawing.text(count.anchored(Anchor::End));
            }
            let name = shorten(&row.name, SMALL, false, space);
            let name = Text::new(self.x + INDENT, baseline, SMALL, color, name);
            self.drawing.text(name);
        }
    }

    pub(super) fn bar(
        &mut self,
        colors: &[Rgba],
        ticks: &[(f32, String)],
        top: f32,
        vertical: bool,
    ) {
        let rect = if vertical {
            Rect::new(self.x + 1.0, top + 1.0, BAR.1, BAR.0)
        } else {
            // the outer labels stand centred under the ends
            let inset = widest(ticks) / 2.0;
            Rect::new(self.x + inset, top + 1.0, self.width - 2.0 * inset, BAR.1)
        };
        let Some(bitmap) = strip(colors, vertical).filter(|_| rect.width > 0.0) else {
            return;
        };
        self.drawing.image(rect, bitmap);
        let line = Stroke::solid(self.theme.muted, 1.0);
        let mut marks = Vec::new();
        let mut end = f32::NEG_INFINITY;
        for (position, label) in ticks {
            if !(0.0..=1.0).contains(position) {
                continue;
            }
            let [x, y] = if vertical {
                let y = rect.bottom() - position * rect.height;
                marks.push(Segment::Move([rect.right(), y]));
                marks.push(Segment::Line([rect.right() + 1.0 + STEP, y]));
                [rect.right() + BAR_LABEL, y + CAP / 2.0]
            } else {
                let x = rect.x + position * rect.width;
                marks.push(Segment::Move([x, rect.bottom()]));
                marks.push(Segment::Line([x, rect.bottom() + 1.0 + STEP]));
                [x, rect.bottom() + BAR_LABEL + CAP]
            };
            let text = Text::new(x, y, SMALL, self.theme.text, label.as_str());
            if vertical {
                self.drawing.text(text);
                continue;
            }
            // labels that would touch the one before are left out
            let half = text_width(label, SMALL, false) / 2.0;
            if x - half > end + STEP {
                end = x + half;
                self.drawing.text(text.anchored(Anchor::Middle));
            }
        }
        self.drawing.path(Path {
            segments: marks,
            stroke: Some(line),
            ..Path::default()
        });
        self.drawing
            .path(Path::rect(rect.expand(0.5)).stroked(line));
    }
}

/// The colours along a bar. It is some pixels wide, as readers of SVG fade the edge of an image.
fn strip(colors: &[Rgba], vertical: bool) -> Option<Bitmap> {
    const WIDE: usize = 12;
    let length = u32::try_from(colors.len()).ok()?;
    if vertical {
        let rows = colors.iter().rev().flat_map(|color| color.repeat(WIDE));
        Bitmap::new(WIDE as u32, length, rows.collect())
    } else {
        Bitmap::new(length, WIDE as u32, colors.concat().repeat(WIDE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_end_of_a_bar_is_above_or_to_the_right() {
        let (low, high) = ([1, 1, 1, 255], [2, 2, 2, 255]);
        let vertical = strip(&[low, high], true).expect("a strip");
        assert_eq!((vertical.width(), vertical.height()), (12, 2));
        assert_eq!(vertical.pixels()[..4], high);
        let across = strip(&[low, high], false).expect("a strip");
        assert_eq!((across.width(), across.height()), (2, 12));
        assert_eq!(across.pixels()[..8], [low, high].concat());
        assert!(strip(&[], true).is_none());
    }
}
