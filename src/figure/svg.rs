//! The SVG writer: text as outlines with its wording as a label, images as embedded PNG.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::canvas::{Bitmap, Drawing, Path, Rect, Rgba, Segment};
use super::lower::{Mark, lower};
use super::raster::bitmap_png;

/// The drawing as an SVG 1.1 document with the size of the PDF.
#[must_use]
pub fn svg(drawing: &Drawing) -> String {
    let [width, height] = [drawing.width, drawing.height]
        .map(|side| if side.is_finite() { side.max(1.0) } else { 1.0 });
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
         width=\"{0}pt\" height=\"{1}pt\" viewBox=\"0 0 {0} {1}\">\n",
        number(width),
        number(height)
    );
    if drawing.background[3] > 0 {
        let _ = write!(out, "<rect width=\"100%\" height=\"100%\"");
        color(&mut out, "fill", drawing.background);
        out.push_str("/>\n");
    }
    let mut clips = Vec::new();
    for mark in lower(drawing) {
        match mark {
            Mark::Image(bitmap, rect) => image(&mut out, bitmap, rect),
            Mark::Path(path) => draw(&mut out, &mut clips, &path),
            Mark::Text(paths, text) => {
                let label = escape(text);
                let _ = writeln!(out, "<g role=\"img\" aria-label=\"{label}\">");
                for path in &paths {
                    draw(&mut out, &mut clips, path);
                }
                out.push_str("</g>\n");
            }
        }
    }
    out.push_str("</svg>\n");
    out
}

fn image(out: &mut String, bitmap: &Bitmap, rect: Rect) {
    out.push_str("<image");
    placed(out, rect);
    out.push_str(" preserveAspectRatio=\"none\" xlink:href=\"data:image/png;base64,");
    STANDARD.encode_string(bitmap_png(bitmap), out);
    out.push_str("\"/>\n");
}

fn draw(out: &mut String, clips: &mut Vec<Rect>, path: &Path) {
    let clip = path.clip.map(|clip| {
        clips.iter().position(|c| *c == clip).unwrap_or_else(|| {
            let _ = write!(out, "<clipPath id=\"clip{}\"><rect", clips.len());
            placed(out, clip);
            out.push_str("/></clipPath>\n");
            clips.push(clip);
            clips.len() - 1
        })
    });
    out.push_str("<path d=\"");
    outline(out, &path.segments);
    out.push('"');
    match path.fill {
        Some(fill) => color(out, "fill", fill),
        None => out.push_str(" fill=\"none\""),
    }
    if let Some(stroke) = path.stroke {
        color(out, "stroke", stroke.color);
        let _ = write!(out, " stroke-width=\"{}\"", number(stroke.width));
        if stroke.round {
            out.push_str(" stroke-linecap=\"round\" stroke-linejoin=\"round\"");
        }
        if let Some([dash, gap]) = stroke.dash {
            let (dash, gap) = (number(dash), number(gap));
            let _ = write!(out, " stroke-dasharray=\"{dash} {gap}\"");
        }
    }
    if let Some(clip) = clip {
        let _ = write!(out, " clip-path=\"url(#clip{clip})\"");
    }
    out.push_str("/>\n");
}

fn outline(out: &mut String, segments: &[Segment]) {
    let mut points = |letter: char, points: &[[f32; 2]]| {
        out.push(letter);
        for (i, [x, y]) in points.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            let _ = write!(out, "{gap}{} {}", number(*x), number(*y));
        }
    };
    for segment in segments {
        match *segment {
            Segment::Move(p) => points('M', &[p]),
            Segment::Line(p) => points('L', &[p]),
            Segment::Cubic(a, b, c) => points('C', &[a, b, c]),
            Segment::Close => points('Z', &[]),
        }
    }
}

fn placed(out: &mut String, rect: Rect) {
    let _ = write!(
        out,
        " x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        number(rect.x),
        number(rect.y),
        number(rect.width),
        number(rect.height)
    );
}

fn color(out: &mut String, name: &str, [r, g, b, a]: Rgba) {
    let _ = write!(out, " {name}=\"#{r:02x}{g:02x}{b:02x}\"");
    if a < 255 {
        let _ = write!(out, " {name}-opacity=\"{}\"", number(f32::from(a) / 255.0));
    }
}

/// A number to a thousandth, as short as it can be said.
fn number(value: f32) -> f64 {
    // adding zero turns a negative zero into a plain one
    (f64::from(value) * 1000.0).round() / 1000.0 + 0.0
}

/// Text for an attribute; what XML 1.0 cannot hold becomes the replacement character.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::canvas::{Stroke, Text};

    /// The elements' names in order; fails where the document is not well formed.
    fn elements(document: &str) -> Vec<String> {
        let mut names = Vec::new();
        let mut open: Vec<String> = Vec::new();
        let mut rest = document;
        while let Some(start) = rest.find('<') {
            assert!(!rest[..start].contains(['"', '&']), "stray text");
            let end = start + rest[start..].find('>').expect("a tag that ends");
            let tag = &rest[start + 1..end];
            rest = &rest[end + 1..];
            assert!(!tag.contains('<'));
            assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
            for reference in tag.split('&').skip(1) {
                let name = reference.split(';').next().expect("a reference");
                assert!(["lt", "gt", "amp", "quot"].contains(&name), "{name}");
            }
            assert!(
                tag.chars()
                    .all(|c| (' '..'\u{fffe}').contains(&c) || c > '\u{ffff}')
            );
            let name = tag.split(' ').next().unwrap_or_default().to_owned();
            if let Some(closed) = name.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(closed));
            } else if !tag.starts_with('?') {
                names.push(name.clone());
                if !tag.ends_with('/') {
                    open.push(name);
                }
            }
        }
        assert!(open.is_empty() && rest.trim().is_empty());
        names
    }

    #[test]
    fn every_item_becomes_an_element() {
        let mut drawing = Drawing::new(40.0, 20.0, [1, 2, 3, 255]);
        let bitmap = Bitmap::new(1, 1, vec![7, 8, 9, 10]).expect("a bitmap");
        drawing.image(Rect::new(0.0, 0.0, 4.0, 4.0), bitmap);
        let clip = Rect::new(1.0, 1.0, 9.0, 9.0);
        for x in [1.0, 2.0] {
            drawing.path(
                Path::disc(x, 5.0, 2.0)
                    .filled([255, 0, 0, 51])
                    .clipped(clip),
            );
        }
        let dashed = Stroke {
            dash: Some([3.0, 2.0]),
            ..Stroke::solid([0, 255, 0, 255], 0.75)
        };
        drawing.path(Path::polyline(&[[0.0, 0.0], [9.5, -0.0001]], false).stroked(dashed));
        drawing.text(Text::new(5.0, 15.0, 11.0, [9; 4], "a < b & \"c\u{0}"));
        let document = svg(&drawing);
        assert_eq!(
            elements(&document),
            [
                "svg", "rect", "image", "clipPath", "rect", "path", "path", "path", "g", "path"
            ]
        );
        assert!(document.contains("width=\"40pt\" height=\"20pt\" viewBox=\"0 0 40 20\""));
        assert!(
            document.contains("fill=\"#ff0000\" fill-opacity=\"0.2\" clip-path=\"url(#clip0)\"")
        );
        assert!(document.contains("d=\"M0 0L9.5 0\" fill=\"none\" stroke=\"#00ff00\""));
        assert!(document.contains("stroke-width=\"0.75\" stroke-dasharray=\"3 2\""));
        assert!(document.contains("aria-label=\"a &lt; b &amp; &quot;c\u{fffd}\""));
        assert!(document.contains("base64,iVBORw0KGgo"));
    }

    #[test]
    fn a_drawing_of_no_size_is_still_a_document() {
        let document = svg(&Drawing::new(f32::NAN, -3.0, [0; 4]));
        assert_eq!(elements(&document), ["svg"]);
    }
}
