//! Text as outlines: glyphs of the shipped fonts, one advance after the other; the fonts carry no
//! kerning.

use std::sync::OnceLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::canvas::Segment;

static REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
static SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");

fn face(bold: bool) -> Option<&'static Face<'static>> {
    static FACES: OnceLock<[Option<Face<'static>>; 2]> = OnceLock::new();
    FACES.get_or_init(|| [REGULAR, SEMIBOLD].map(|data| Face::parse(data, 0).ok()))
        [usize::from(bold)]
    .as_ref()
}

/// Width of one line of text in pt; `size` in pt. Zero for an empty text or a size that is not a
/// positive number.
#[must_use]
pub fn text_width(text: &str, size: f32, bold: bool) -> f32 {
    let mut end = 0.0;
    layout(text, size, bold, |_, _, _, x| end = x);
    end
}

/// The outlines of one line of text that starts at the origin, y down; sizes in pt.
pub(super) fn outlines(text: &str, size: f32, bold: bool) -> Vec<Segment> {
    let mut segments = Vec::new();
    layout(text, size, bold, |face, glyph, x, _| {
        let Some(glyph) = glyph else { return };
        let scale = size / f32::from(face.units_per_em());
        face.outline_glyph(
            glyph,
            &mut Pen {
                segments: &mut segments,
                scale,
                x,
                last: [0.0; 2],
            },
        );
    });
    segments
}

/// Calls `place` with each glyph, none for a bare space, the pt at which it starts and at which the next one does.
fn layout(
    text: &str,
    size: f32,
    bold: bool,
    mut place: impl FnMut(&'static Face<'static>, Option<GlyphId>, f32, f32),
) {
    let Some(face) = face(bold).filter(|_| size.is_finite() && size > 0.0) else {
        return;
    };
    let scale = size / f32::from(face.units_per_em());
    let mut x = 0.0;
    for c in text.chars() {
        let c = if c.is_whitespace() { plain_space(c) } else { c };
        if let Some(share) = space_width(c) {
            let end = x + share * size;
            place(face, None, x, end);
            x = end;
            continue;
        }
        // the font's own box stands for a letter that it lacks
        let glyph = face.glyph_index(c).unwrap_or(GlyphId(0));
        let end = x + f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
        place(face, Some(glyph), x, end);
        x = end;
    }
}

/// A line break or a tabulator inside one line of text is a space.
fn plain_space(c: char) -> char {
    if c.is_control() || c == '\u{2028}' || c == '\u{2029}' {
        ' '
    } else {
        c
    }
}

/// Width of a space that the fonts lack, over the type size.
fn space_width(c: char) -> Option<f32> {
    match c {
        '\u{2009}' | '\u{202f}' => Some(0.18),
        '\u{200a}' => Some(0.1),
        _ => None,
    }
}

/// Collects a glyph's outline in pt, y down.
struct Pen<'a> {
    segments: &'a mut Vec<Segment>,
    scale: f32,
    x: f32,
    last: [f32; 2],
}

impl Pen<'_> {
    fn at(&self, x: f32, y: f32) -> [f32; 2] {
        [self.x + x * self.scale, -y * self.scale]
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.last = self.at(x, y);
        self.segments.push(Segment::Move(self.last));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.last = self.at(x, y);
        self.segments.push(Segment::Line(self.last));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (control, end) = (self.at(x1, y1), self.at(x, y));
        let toward =
            |from: [f32; 2]| [0, 1].map(|i| from[i] + (control[i] - from[i]) * (2.0 / 3.0));
        self.segments
            .push(Segment::Cubic(toward(self.last), toward(end), end));
        self.last = end;
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (a, b) = (self.at(x1, y1), self.at(x2, y2));
        self.last = self.at(x, y);
        self.segments.push(Segment::Cubic(a, b, self.last));
    }

    fn close(&mut self) {
        self.segments.push(Segment::Close);
    }
}

/// Most letters of a text that is cut.
const LONGEST: usize = 400;

/// The text, cut with an ellipsis to be at most `width` pt wide.
pub(super) fn shorten(text: &str, size: f32, bold: bool, width: f32) -> String {
    let short = text.len() <= LONGEST;
    if short && text_width(text, size, bold) <= width {
        return text.to_owned();
    }
    // No wider than a line of anything, so that the rest is soon cut.
    let mut kept: String = text.chars().take(LONGEST).collect();
    while kept.pop().is_some() {
        let shorter = format!("{}…", kept.trim_end());
        if text_width(&shorter, size, bold) <= width {
            return shorter;
        }
    }
    String::new()
}

/// The text in lines of at most `width` pt, broken at plain spaces: thin ones hold a number together.
pub(super) fn wrap(text: &str, size: f32, bold: bool, width: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_ascii_whitespace() {
        if let Some(line) = lines.last_mut() {
            let longer = format!("{line} {word}");
            if text_width(&longer, size, bold) <= width {
                *line = longer;
                continue;
            }
        }
        lines.push(shorten(word, size, bold, width));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_the_font() {
        let face = face(false).expect("the font parses");
        let em = f32::from(face.units_per_em());
        let glyph = face.glyph_index('0').expect("a digit");
        let advance = f32::from(face.glyph_hor_advance(glyph).expect("an advance"));
        assert!((text_width("0", 20.0, false) - 20.0 * advance / em).abs() < 1e-4);
        assert!(text_width("Wide", 11.0, true) > text_width("Wide", 11.0, false));
        assert_eq!(text_width("", 11.0, false), 0.0);
        assert_eq!(text_width("a", f32::NAN, false), 0.0);
        assert_eq!(text_width("a", -1.0, false), 0.0);
    }

    #[test]
    fn letters_that_the_font_lacks_are_boxes() {
        assert!(!outlines("\u{1f30c}", 11.0, false).is_empty());
        assert!(!outlines("\u{0}", 11.0, false).is_empty());
        assert!(outlines(" \n\u{2009}", 11.0, false).is_empty());
        assert!(text_width("\u{2009}", 11.0, false) < text_width(" ", 11.0, false));
    }

    #[test]
    fn text_is_cut_and_wrapped_to_its_width() {
        let cut = shorten("a rather long name of a class", 11.0, false, 60.0);
        assert!(cut.ends_with('…') && text_width(&cut, 11.0, false) <= 60.0);
        assert_eq!(shorten("x", 11.0, false, 0.0), "");
        let lines = wrap("one two three four five six", 11.0, false, 60.0);
        assert!(lines.len() > 1);
        assert_eq!(lines.join(" "), "one two three four five six");
        assert!(wrap(" \n ", 11.0, false, 60.0).is_empty());
        assert_eq!(wrap("9\u{2009}000", 11.0, false, 60.0), ["9\u{2009}000"]);
    }
}
