//! The display list that every writer draws: images, paths and text in pt, y down from the top
//! left corner.

pub use crate::color::Rgba;

/// A rectangle in pt, y down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Left edge, pt.
    pub x: f32,
    /// Top edge, pt.
    pub y: f32,
    /// Width, pt.
    pub width: f32,
    /// Height, pt.
    pub height: f32,
}

impl Rect {
    /// A rectangle from its top left corner and its size, in pt.
    #[must_use]
    pub fn new(x: f32, y: f32, width: f32, height: f32) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// The right edge, pt.
    #[must_use]
    pub fn right(&self) -> f32 {
        self.x + self.width
    }

    /// The bottom edge, pt.
    #[must_use]
    pub fn bottom(&self) -> f32 {
        self.y + self.height
    }

    /// The rectangle with each edge moved out by `by` pt; a negative value shrinks it.
    #[must_use]
    pub fn expand(&self, by: f32) -> Self {
        Self::new(
            self.x - by,
            self.y - by,
            self.width + 2.0 * by,
            self.height + 2.0 * by,
        )
    }

    /// Whether the two share an area.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }

    /// Whether it covers an area and every number is finite.
    pub(super) fn is_drawable(&self) -> bool {
        [self.x, self.y, self.width, self.height]
            .iter()
            .all(|v| v.is_finite())
            && self.width > 0.0
            && self.height > 0.0
    }
}

/// Pixels: RGBA8 with straight alpha, rows from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitmap {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Bitmap {
    /// A bitmap of `width` x `height` pixels; `None` unless `pixels` holds four bytes for each
    /// and there is at least one.
    #[must_use]
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Option<Self> {
        let bytes = u64::from(width) * u64::from(height) * 4;
        (bytes > 0 && bytes == pixels.len() as u64).then_some(Self {
            width,
            height,
            pixels,
        })
    }

    /// Columns, at least 1.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows, at least 1.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes, four for each pixel.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

/// One step of an outline, in pt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Segment {
    /// Starts a new outline.
    Move([f32; 2]),
    /// A straight line.
    Line([f32; 2]),
    /// A cubic Bézier curve: two control points and the end.
    Cubic([f32; 2], [f32; 2], [f32; 2]),
    /// A straight line back to the start.
    Close,
}

/// How an outline is stroked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub color: Rgba,
    /// Width in pt, over 0.
    pub width: f32,
    /// Lengths of dash and gap in pt; solid when `None`.
    pub dash: Option<[f32; 2]>,
    /// Round ends and corners; square ends and mitred corners otherwise.
    pub round: bool,
}

impl Stroke {
    /// A solid line with square ends, its width in pt.
    #[must_use]
    pub fn solid(color: Rgba, width: f32) -> Self {
        Self {
            color,
            width,
            dash: None,
            round: false,
        }
    }
}

/// Outlines, filled by the non-zero winding rule, then stroked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Path {
    /// The outlines.
    pub segments: Vec<Segment>,
    /// Colour of the inside.
    pub fill: Option<Rgba>,
    /// The line along the outlines.
    pub stroke: Option<Stroke>,
    /// Nothing is drawn outside this rectangle.
    pub clip: Option<Rect>,
}

/// Which point of a text its position names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anchor {
    /// The left end.
    #[default]
    Start,
    /// The middle.
    Middle,
    /// The right end.
    End,
}

/// One line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// Where the anchor lies, pt.
    pub x: f32,
    /// The baseline, pt.
    pub y: f32,
    /// Size of the em square, pt.
    pub size: f32,
    /// What is written.
    pub text: String,
    /// Colour of the letters.
    pub color: Rgba,
    /// Which point of the text lies at `x`, `y`.
    pub anchor: Anchor,
    /// In the semibold face.
    pub bold: bool,
    /// Turned a quarter counter-clockwise about its position: reads upwards.
    pub rotate_quarter: bool,
    /// Colour of an outline behind the letters.
    pub halo: Option<Rgba>,
}

impl Text {
    /// Regular text that starts at `x` on the baseline `y`, all in pt.
    #[must_use]
    pub fn new(x: f32, y: f32, size: f32, color: Rgba, text: impl Into<String>) -> Self {
        Self {
            x,
            y,
            size,
            text: text.into(),
            color,
            anchor: Anchor::Start,
            bold: false,
            rotate_quarter: false,
            halo: None,
        }
    }

    /// The same text with another point of it at its position.
    #[must_use]
    pub fn anchored(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// The same text in the semibold face.
    #[must_use]
    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }
}

/// One thing to draw.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// Pixels stretched over a rectangle.
    Image {
        /// Where it lies, pt.
        rect: Rect,
        /// What it shows.
        bitmap: Bitmap,
    },
    /// Outlines.
    Path(Path),
    /// One line of text.
    Text(Text),
}

/// A figure as a list of things to draw, first at the back.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// Width in pt; 1 pt is 1 px at scale 1 and 1/72 inch on paper.
    pub width: f32,
    /// Height in pt.
    pub height: f32,
    /// Colour of the ground; transparent when its alpha is 0.
    pub background: Rgba,
    /// What is drawn, in order.
    pub items: Vec<Item>,
}

impl Drawing {
    /// An empty drawing, its size in pt.
    #[must_use]
    pub fn new(width: f32, height: f32, background: Rgba) -> Self {
        Self {
            width,
            height,
            background,
            items: Vec::new(),
        }
    }

    /// Adds a path on top.
    pub fn path(&mut self, path: Path) {
        self.items.push(Item::Path(path));
    }

    /// Adds text on top.
    pub fn text(&mut self, text: Text) {
        self.items.push(Item::Text(text));
    }

    /// Adds an image on top.
    pub fn image(&mut self, rect: Rect, bitmap: Bitmap) {
        self.items.push(Item::Image { rect, bitmap });
    }
}
