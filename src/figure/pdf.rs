//! The PDF writer: one page, vectors as they are, images as Flate streams with a soft mask.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{LineCapStyle, LineJoinStyle};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect as PageRect, Ref};

use super::canvas::{Bitmap, Drawing, Path, Rect, Rgba, Segment};
use super::lower::{Mark, lower};

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const PAGE: Ref = Ref::new(3);
const CONTENT: Ref = Ref::new(4);
/// The first reference that nothing else uses.
const FREE: i32 = 5;

/// The drawing as a PDF of one page, its size in pt that of the drawing.
#[must_use]
pub fn pdf(drawing: &Drawing) -> Vec<u8> {
    let [width, height] = [drawing.width, drawing.height]
        .map(|side| if side.is_finite() { side.max(1.0) } else { 1.0 });
    let mut page = Page {
        pdf: Pdf::new(),
        content: Content::new(),
        next: FREE,
        images: Vec::new(),
        alphas: BTreeMap::new(),
    };
    // y down from the top, as in the drawing
    page.content
        .transform([1.0, 0.0, 0.0, -1.0, 0.0, round(height)]);
    if drawing.background[3] > 0 {
        let ground = Path::rect(Rect::new(0.0, 0.0, width, height));
        page.path(&ground.filled(drawing.background));
    }
    for mark in lower(drawing) {
        match mark {
            Mark::Image(bitmap, rect) => page.image(bitmap, rect),
            Mark::Path(path) => page.path(&path),
            Mark::Text(paths, _) => paths.iter().for_each(|path| page.path(path)),
        }
    }
    page.finish(width, height)
}

/// The page in the making.
struct Page {
    pdf: Pdf,
    content: Content,
    next: i32,
    images: Vec<(String, Ref)>,
    /// Graphics states by the alpha of fill and stroke.
    alphas: BTreeMap<(u8, u8), (String, Ref)>,
}

impl Page {
    fn reference(&mut self) -> Ref {
        self.next += 1;
        Ref::new(self.next - 1)
    }

    fn image(&mut self, bitmap: &Bitmap, rect: Rect) {
        let id = self.reference();
        let pixels = bitmap.pixels().chunks_exact(4);
        let colors: Vec<u8> = pixels.clone().flat_map(|p| [p[0], p[1], p[2]]).collect();
        let alphas: Vec<u8> = pixels.map(|p| p[3]).collect();
        let mask = alphas.iter().any(|a| *a < 255).then(|| self.reference());
        let (width, height) = (bitmap.width() as i32, bitmap.height() as i32);

        let colors = deflate(&colors);
        let mut image = self.pdf.image_xobject(id, &colors);
        image.filter(Filter::FlateDecode);
        image.width(width).height(height).bits_per_component(8);
        image.color_space().device_rgb();
        if let Some(mask) = mask {
            image.s_mask(mask);
        }
        image.finish();
        if let Some(mask) = mask {
            let alphas = deflate(&alphas);
            let mut image = self.pdf.image_xobject(mask, &alphas);
            image.filter(Filter::FlateDecode);
            image.width(width).height(height).bits_per_component(8);
            image.color_space().device_gray();
        }

        let name = format!("I{}", self.images.len());
        self.set_alpha(255, 255);
        self.content.save_state();
        let placed = [rect.width, 0.0, 0.0, -rect.height, rect.x, rect.bottom()];
        self.content.transform(placed.map(round));
        self.content.x_object(Name(name.as_bytes()));
        self.content.restore_state();
        self.images.push((name, id));
    }

    fn set_alpha(&mut self, fill: u8, stroke: u8) {
        if !self.alphas.contains_key(&(fill, stroke)) {
            let state = (format!("A{}", self.alphas.len()), self.reference());
            self.alphas.insert((fill, stroke), state);
        }
        if let Some((name, _)) = self.alphas.get(&(fill, stroke)) {
            self.content.set_parameters(Name(name.as_bytes()));
        }
    }

    fn path(&mut self, path: &Path) {
        if path.fill.is_none() && path.stroke.is_none() {
            return;
        }
        self.content.save_state();
        if let Some(clip) = path.clip {
            let [x, y, width, height] = [clip.x, clip.y, clip.width, clip.height].map(round);
            self.content.rect(x, y, width, height);
            self.content.clip_nonzero().end_path();
        }
        self.set_alpha(
            path.fill.map_or(255, |c| c[3]),
            path.stroke.map_or(255, |s| s.color[3]),
        );
        if let Some(fill) = path.fill {
            let [r, g, b] = rgb(fill);
            self.content.set_fill_rgb(r, g, b);
        }
        if let Some(stroke) = path.stroke {
            let [r, g, b] = rgb(stroke.color);
            self.content.set_stroke_rgb(r, g, b);
            self.content.set_line_width(round(stroke.width));
            if stroke.round {
                self.content.set_line_cap(LineCapStyle::RoundCap);
                self.content.set_line_join(LineJoinStyle::RoundJoin);
            }
            if let Some(dash) = stroke.dash {
                self.content.set_dash_pattern(dash.map(round), 0.0);
            }
        }
        self.outline(&path.segments);
        match (path.fill, path.stroke) {
            (Some(_), Some(_)) => self.content.fill_nonzero_and_stroke(),
            (Some(_), None) => self.content.fill_nonzero(),
            _ => self.content.stroke(),
        };
        self.content.restore_state();
    }

    fn outline(&mut self, segments: &[Segment]) {
        for segment in segments {
            match *segment {
                Segment::Move(p) => {
                    let [x, y] = p.map(round);
                    self.content.move_to(x, y);
                }
                Segment::Line(p) => {
                    let [x, y] = p.map(round);
                    self.content.line_to(x, y);
                }
                Segment::Cubic(a, b, c) => {
                    let ([ax, ay], [bx, by]) = (a.map(round), b.map(round));
                    let [x, y] = c.map(round);
                    self.content.cubic_to(ax, ay, bx, by, x, y);
                }
                Segment::Close => {
                    self.content.close_path();
                }
            }
        }
    }

    fn finish(mut self, width: f32, height: f32) -> Vec<u8> {
        let content = deflate(&self.content.finish());
        self.pdf
            .stream(CONTENT, &content)
            .filter(Filter::FlateDecode);
        for (&(fill, stroke), &(_, id)) in &self.alphas {
            self.pdf
                .ext_graphics(id)
                .non_stroking_alpha(round(f32::from(fill) / 255.0))
                .stroking_alpha(round(f32::from(stroke) / 255.0));
        }
        self.pdf.catalog(CATALOG).pages(PAGES);
        self.pdf.pages(PAGES).kids([PAGE]).count(1);
        let mut page = self.pdf.page(PAGE);
        page.parent(PAGES).contents(CONTENT);
        page.media_box(PageRect::new(0.0, 0.0, round(width), round(height)));
        // blends as sRGB whatever the reader's page colours are
        let mut group = page.group();
        group.transparency().color_space().device_rgb();
        group.finish();
        let mut resources = page.resources();
        let mut images = resources.x_objects();
        for (name, id) in &self.images {
            images.pair(Name(name.as_bytes()), *id);
        }
        images.finish();
        let mut states = resources.ext_g_states();
        for (name, id) in self.alphas.values() {
            states.pair(Name(name.as_bytes()), *id);
        }
        states.finish();
        resources.finish();
        page.finish();
        self.pdf.finish()
    }
}

fn rgb([r, g, b, _]: Rgba) -> [f32; 3] {
    [r, g, b].map(|c| (f32::from(c) / 255.0 * 1e4).round() / 1e4)
}

/// A number to a thousandth: shorter in the file, finer than any printer.
fn round(value: f32) -> f32 {
    ((f64::from(value) * 1000.0).round() / 1000.0) as f32
}

fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // memory takes whatever is written
    let written = encoder.write_all(data);
    debug_assert!(written.is_ok());
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::canvas::{Stroke, Text};

    fn contains(bytes: &[u8], part: &str) -> bool {
        bytes.windows(part.len()).any(|w| w == part.as_bytes())
    }

    fn example(alpha: u8) -> Vec<u8> {
        let mut drawing = Drawing::new(40.0, 20.0, [1, 2, 3, 255]);
        let bitmap = Bitmap::new(1, 1, vec![7, 8, 9, alpha]).expect("a bitmap");
        drawing.image(Rect::new(0.0, 0.0, 4.0, 4.0), bitmap);
        drawing.path(Path::disc(5.0, 5.0, 2.0).stroked(Stroke::solid([0, 0, 0, 51], 1.0)));
        drawing.text(Text::new(5.0, 15.0, 11.0, [9; 4], "<&\"\u{0})("));
        pdf(&drawing)
    }

    #[test]
    fn the_file_has_its_parts_where_the_table_says() {
        let bytes = example(128);
        assert!(bytes.starts_with(b"%PDF-1.7") && bytes.ends_with(b"%%EOF"));
        assert!(contains(&bytes, "/MediaBox [0 0 40 20]"));
        assert!(contains(&bytes, "/SMask") && contains(&bytes, "/CA 0.2"));
        // each entry of the cross-reference table points at its object
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let start = text.rsplit("startxref\n").next().expect("a start");
        let start: usize = start
            .lines()
            .next()
            .expect("a line")
            .parse()
            .expect("an offset");
        let table = String::from_utf8_lossy(&bytes[start..]).into_owned();
        let mut lines = table.lines().skip(1);
        let count: usize = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .expect("a count")
            .parse()
            .expect("a number");
        for (id, line) in lines.take(count).enumerate().skip(1) {
            let at: usize = line[..10].parse().expect("an offset");
            assert!(bytes[at..].starts_with(format!("{id} 0 obj").as_bytes()));
        }
    }

    #[test]
    fn an_opaque_image_needs_no_mask() {
        assert!(!contains(&example(255), "/SMask"));
    }

    #[test]
    fn a_drawing_of_no_size_is_still_a_page() {
        let bytes = pdf(&Drawing::new(f32::NAN, -3.0, [0; 4]));
        assert!(contains(&bytes, "/MediaBox [0 0 1 1]"));
    }
}
