//! What all writers share: text turned into outlines, and everything that cannot be drawn dropped.

use std::borrow::Cow;

use super::canvas::{Anchor, Bitmap, Drawing, Item, Path, Rect, Segment, Stroke, Text};
use super::font::{outlines, text_width};

/// Width of the outline behind letters over the type size.
const HALO: f32 = 0.26;

/// One thing that a writer draws as it stands; every number in it is finite.
pub(super) enum Mark<'a> {
    Image(&'a Bitmap, Rect),
    Path(Cow<'a, Path>),
    /// The outlines of a text and the text itself, for screen readers.
    Text(Vec<Path>, &'a str),
}

/// The drawing's items in order, ready for a writer.
pub(super) fn lower(drawing: &Drawing) -> impl Iterator<Item = Mark<'_>> {
    drawing.items.iter().filter_map(|item| match item {
        Item::Image { rect, bitmap } => rect.is_drawable().then_some(Mark::Image(bitmap, *rect)),
        Item::Path(path) => is_drawable(path).then_some(Mark::Path(Cow::Borrowed(path))),
        Item::Text(text) => {
            let paths = letters(text);
            (!paths.is_empty()).then_some(Mark::Text(paths, &text.text))
        }
    })
}

fn is_drawable(path: &Path) -> bool {
    let finite = |p: &[f32; 2]| p.iter().all(|v| v.is_finite());
    matches!(path.segments.first(), Some(Segment::Move(_)))
        && path.segments.iter().all(|segment| match segment {
            Segment::Move(p) | Segment::Line(p) => finite(p),
            Segment::Cubic(a, b, c) => finite(a) && finite(b) && finite(c),
            Segment::Close => true,
        })
        && path.clip.is_none_or(|clip| clip.is_drawable())
        && path.stroke.is_none_or(|s| {
            s.width.is_finite()
                && s.width > 0.0
                && s.dash
                    .is_none_or(|dash| dash.iter().all(|d| d.is_finite() && *d > 0.0))
        })
}

/// The outlines of a text where it stands: the halo, if it has one, then the letters.
fn letters(text: &Text) -> Vec<Path> {
    if ![text.x, text.y].iter().all(|v| v.is_finite()) {
        return Vec::new();
    }
    let mut segments = outlines(&text.text, text.size, text.bold);
    if segments.is_empty() {
        return Vec::new();
    }
    let shift = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => 0.5,
        Anchor::End => 1.0,
    } * text_width(&text.text, text.size, text.bold);
    let place = |p: &mut [f32; 2]| {
        let [x, y] = [p[0] - shift, p[1]];
        *p = if text.rotate_quarter {
            [text.x + y, text.y - x]
        } else {
            [text.x + x, text.y + y]
        };
    };
    for segment in &mut segments {
        match segment {
            Segment::Move(p) | Segment::Line(p) => place(p),
            Segment::Cubic(a, b, c) => [a, b, c].into_iter().for_each(place),
            Segment::Close => {}
        }
    }
    let letters = Path {
        segments,
        fill: Some(text.color),
        ..Path::default()
    };
    let halo = text.halo.map(|color| Path {
        fill: None,
        stroke: Some(Stroke {
            round: true,
            ..Stroke::solid(color, text.size * HALO)
        }),
        ..letters.clone()
    });
    halo.into_iter().chain([letters]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(paths: &[Path]) -> [f32; 4] {
        let mut out = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
        for segment in paths.iter().flat_map(|p| &p.segments) {
            if let Segment::Move(p) | Segment::Line(p) | Segment::Cubic(_, _, p) = segment {
                out = [
                    out[0].min(p[0]),
                    out[1].min(p[1]),
                    out[2].max(p[0]),
                    out[3].max(p[1]),
                ];
            }
        }
        out
    }

    #[test]
    fn anchors_and_the_quarter_turn_place_the_letters() {
        let at = |anchor, rotate_quarter| {
            let text = Text::new(50.0, 80.0, 20.0, [0; 4], "HHH").anchored(anchor);
            extent(&letters(&Text {
                rotate_quarter,
                ..text
            }))
        };
        let [left, top, right, bottom] = at(Anchor::Start, false);
        assert!(left > 50.0 && right > 70.0 && top < 70.0 && (bottom - 80.0).abs() < 0.5);
        let [left, _, right, _] = at(Anchor::Middle, false);
        assert!((f32::midpoint(left, right) - 50.0).abs() < 0.5);
        let [_, _, right, _] = at(Anchor::End, false);
        assert!(right < 50.0);
        // reads upwards, the letters to the left of the baseline
        let [left, top, right, bottom] = at(Anchor::Middle, true);
        assert!((right - 50.0).abs() < 0.5 && left < 40.0);
        assert!((f32::midpoint(top, bottom) - 80.0).abs() < 0.5);
    }

    #[test]
    fn what_has_no_place_is_dropped() {
        let mut drawing = Drawing::new(10.0, 10.0, [0; 4]);
        drawing.path(Path::disc(f32::NAN, 0.0, 1.0).filled([0; 4]));
        drawing.path(Path::default().filled([0; 4]));
        drawing.path(Path::disc(1.0, 1.0, 1.0).stroked(Stroke::solid([0; 4], 0.0)));
        drawing.text(Text::new(f32::INFINITY, 0.0, 11.0, [0; 4], "a"));
        drawing.text(Text::new(0.0, 0.0, 11.0, [0; 4], ""));
        assert_eq!(lower(&drawing).count(), 0);
    }
}
