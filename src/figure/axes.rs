//! The axes of a map: frame, ticks with labels, and titles around a rectangle of world
//! coordinates.

use super::canvas::{Anchor, Drawing, Path, Rect, Segment, Stroke, Text};
use super::font::{shorten, text_width};
use super::theme::{BODY, CAP_HEIGHT, SMALL, STEP, Theme};
use super::ticks::ticks;

pub use super::ticks::{Tick, ticks as tick_positions};

/// World coordinates that a map shows: left and right edge, bottom and top edge.
pub type Bounds = ([f64; 2], [f64; 2]);

/// Where the ticks of a frame point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TickSide {
    /// Out of the map, on the two labelled sides.
    #[default]
    Outer,
    /// Into the map, on all four sides.
    Inner,
    /// Nowhere: there are none, since the coordinates of the map say nothing.
    None,
}

/// Space around a map in pt.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Margins {
    /// To the left, pt.
    pub left: f32,
    /// Above, pt.
    pub top: f32,
    /// To the right, pt.
    pub right: f32,
    /// Below, pt.
    pub bottom: f32,
}

/// The axes of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Axes {
    /// What the map shows; an axis without finite bounds has no ticks.
    pub bounds: Bounds,
    /// Titles of the x and the y axis with their units; an empty one takes no space.
    pub titles: (String, String),
    /// Where the ticks point.
    pub side: TickSide,
}

/// Length of a tick, and between it and its label, pt.
const TICK: f32 = STEP;
/// Between a label and the title of its axis, pt.
const TITLE_GAP: f32 = 2.0 * STEP;

impl Axes {
    /// The space that ticks, labels and titles take around a map of this size in pt.
    #[must_use]
    pub fn margins(&self, width: f32, height: f32) -> Margins {
        let (x, y) = self.ticks(width, height);
        let title = |text: &str| {
            if text.trim().is_empty() {
                0.0
            } else {
                TITLE_GAP + BODY * CAP_HEIGHT + STEP
            }
        };
        let out = self.label_distance();
        let labels = if x.is_empty() {
            0.0
        } else {
            SMALL * CAP_HEIGHT
        };
        Margins {
            left: out + widest(&y) + title(&self.titles.1),
            // half a label reaches over the corner
            top: SMALL / 2.0,
            right: x.last().map_or(0.0, |last| last.width() / 2.0),
            bottom: out + labels + title(&self.titles.0),
        }
    }

    /// Adds the axes around the map at `rect`.
    pub fn draw(&self, drawing: &mut Drawing, rect: Rect, dark: bool) {
        let theme = Theme::new(dark);
        let line = Stroke::solid(theme.muted, 1.0);
        // the frame lies outside the map: not one of its pixels is covered
        let frame = rect.expand(0.5);
        let (left, bottom) = (frame.x, frame.bottom());
        let (x, y) = self.ticks(rect.width, rect.height);
        let mut marks = Vec::new();
        let mut mark = |from: [f32; 2], to: [f32; 2]| {
            marks.extend([Segment::Move(from), Segment::Line(to)]);
        };
        for placed in &x {
            let x = rect.x + placed.at;
            match self.side {
                TickSide::Outer => mark([x, bottom], [x, bottom + TICK]),
                TickSide::Inner => {
                    mark([x, rect.bottom()], [x, rect.bottom() - TICK]);
                    mark([x, rect.y], [x, rect.y + TICK]);
                }
                TickSide::None => {}
            }
        }
        for placed in &y {
            let y = rect.bottom() - placed.at;
            match self.side {
                TickSide::Outer => mark([left, y], [left - TICK, y]),
                TickSide::Inner => {
                    mark([rect.x, y], [rect.x + TICK, y]);
                    mark([rect.right(), y], [rect.right() - TICK, y]);
                }
                TickSide::None => {}
            }
        }
        drawing.path(Path {
            segments: marks,
            stroke: Some(line),
            ..Path::default()
        });
        drawing.path(Path::rect(frame).stroked(line));

        let cap = SMALL * CAP_HEIGHT;
        let out = self.label_distance();
        let baseline = rect.bottom() + out + cap;
        for placed in &x {
            let text = Text::new(
                rect.x + placed.at,
                baseline,
                SMALL,
                theme.text,
                placed.label(),
            );
            drawing.text(text.anchored(Anchor::Middle));
        }
        for placed in &y {
            let baseline = rect.bottom() - placed.at + cap / 2.0;
            let text = Text::new(rect.x - out, baseline, SMALL, theme.text, placed.label());
            drawing.text(text.anchored(Anchor::End));
        }

        let title = |text: &str, x: f32, y: f32, length: f32| {
            let text = shorten(text.trim(), BODY, false, length);
            Text::new(x, y, BODY, theme.text, text).anchored(Anchor::Middle)
        };
        let below = baseline + TITLE_GAP + BODY * CAP_HEIGHT;
        let middle = rect.x + rect.width / 2.0;
        drawing.text(title(&self.titles.0, middle, below, rect.width));
        let beside = rect.x - out - widest(&y) - TITLE_GAP;
        let middle = rect.y + rect.height / 2.0;
        drawing.text(Text {
            rotate_quarter: true,
            ..title(&self.titles.1, beside, middle, rect.height)
        });
    }

    /// From the edge of the map to the labels, pt.
    fn label_distance(&self) -> f32 {
        match self.side {
            TickSide::Outer => 1.0 + TICK + STEP,
            TickSide::Inner => 1.0 + STEP + STEP / 2.0,
            TickSide::None => 1.0,
        }
    }

    /// The ticks of both axes with their distance in pt from the lower left corner.
    fn ticks(&self, width: f32, height: f32) -> (Vec<Placed>, Vec<Placed>) {
        if self.side == TickSide::None {
            return (Vec::new(), Vec::new());
        }
        let mut wanted = (width / 64.0).clamp(1.0, 10.0) as usize;
        let mut x = place(self.bounds.0, width, wanted);
        // fewer, until the labels stand clear of each other
        while wanted > 1
            && x.windows(2)
                .any(|pair| pair[1].left() - pair[0].right() < 2.0 * STEP)
        {
            wanted -= 1;
            x = place(self.bounds.0, width, wanted);
        }
        let wanted = (height / 56.0).clamp(1.0, 10.0) as usize;
        (x, place(self.bounds.1, height, wanted))
    }
}

/// A tick on its axis.
struct Placed {
    tick: Tick,
    /// Distance from the lower end, pt.
    at: f32,
}

impl Placed {
    fn label(&self) -> &str {
        &self.tick.label
    }

    fn width(&self) -> f32 {
        text_width(self.label(), SMALL, false)
    }

    fn left(&self) -> f32 {
        self.at - self.width() / 2.0
    }

    fn right(&self) -> f32 {
        self.at + self.width() / 2.0
    }
}

fn place([low, high]: [f64; 2], length: f32, wanted: usize) -> Vec<Placed> {
    let mut placed: Vec<Placed> = ticks(low, high, wanted)
        .into_iter()
        .map(|tick| {
            let share = (tick.value - low) / (high - low);
            // an axis of one value has it in the middle
            let share = if share.is_finite() { share } else { 0.5 };
            Placed {
                tick,
                at: share as f32 * length,
            }
        })
        .collect();
    // an axis may run backwards, as right ascension does
    placed.sort_by(|a, b| a.at.total_cmp(&b.at));
    placed
}

fn widest(ticks: &[Placed]) -> f32 {
    ticks.iter().map(Placed::width).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::canvas::Item;

    fn axes(bounds: Bounds) -> Axes {
        Axes {
            bounds,
            titles: ("UMAP 1".to_owned(), "UMAP 2".to_owned()),
            side: TickSide::Outer,
        }
    }

    #[test]
    fn ticks_lie_where_their_values_do() {
        let (x, y) = axes(([10.0, -10.0], [0.0, 4.0])).ticks(400.0, 200.0);
        for placed in x {
            let value: f64 = placed
                .label()
                .replace('\u{2212}', "-")
                .parse()
                .expect("a number");
            assert!((f64::from(placed.at) - (10.0 - value) * 20.0).abs() < 1e-3);
        }
        let labels: Vec<_> = y.iter().map(Placed::label).collect();
        assert_eq!(labels, ["0", "1", "2", "3", "4"]);
        assert_eq!(y[1].at, 50.0);
    }

    #[test]
    fn labels_of_a_narrow_map_stand_clear() {
        let (x, _) = axes(([1e6, 1e6 + 1e-3], [0.0, 1.0])).ticks(160.0, 160.0);
        for pair in x.windows(2) {
            assert!(pair[0].right() < pair[1].left());
        }
    }

    #[test]
    fn everything_stays_within_the_margins() {
        let axes = axes(([-300.0, 300.0], [-0.001, 0.001]));
        let margins = axes.margins(200.0, 100.0);
        let rect = Rect::new(margins.left, margins.top, 200.0, 100.0);
        let mut drawing = Drawing::new(300.0, 200.0, [0; 4]);
        axes.draw(&mut drawing, rect, true);
        for item in &drawing.items {
            if let Item::Text(text) = item
                && !text.rotate_quarter
            {
                let width = text_width(&text.text, text.size, text.bold);
                let left = match text.anchor {
                    Anchor::Start => text.x,
                    Anchor::Middle => text.x - width / 2.0,
                    Anchor::End => text.x - width,
                };
                assert!(left >= 0.0 && left + width <= rect.right() + margins.right + 0.01);
                assert!(text.y <= rect.bottom() + margins.bottom);
            }
        }
    }

    #[test]
    fn odd_bounds_leave_a_frame() {
        for bounds in [
            ([f64::NAN, 1.0], [2.0, 2.0]),
            ([0.0, 0.0], [f64::INFINITY; 2]),
        ] {
            let mut drawing = Drawing::new(300.0, 200.0, [0; 4]);
            axes(bounds).draw(&mut drawing, Rect::new(50.0, 10.0, 200.0, 100.0), false);
            assert!(drawing.items.len() >= 2);
            assert!(axes(bounds).margins(0.0, 0.0).left.is_finite());
        }
    }
}
