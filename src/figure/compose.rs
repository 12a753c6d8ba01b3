//! Lays out a figure: the map with its lines and labels, axes, legend, title and caption.

use super::axes::{Axes, Bounds, Margins, TickSide};
use super::canvas::{Anchor, Bitmap, Drawing, Path, Rect, Rgba, Stroke, Text};
use super::font::{shorten, text_width, wrap};
use super::legend::LegendSpec;
use super::theme::{CAP_HEIGHT, HEADING, SMALL, STEP, Theme, with_alpha};

/// Polylines of one look, such as the contours of a level.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// Points in world coordinates; repeat the first at the end to close a line.
    pub polylines: Vec<Vec<[f64; 2]>>,
    /// Their colour.
    pub color: Rgba,
    /// Their width, pt.
    pub width: f32,
}

/// A name on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Its middle in world coordinates; one outside the map or under the legend is left out.
    pub position: [f64; 2],
    /// What it says.
    pub text: String,
    /// Its colour; a halo of the ground keeps it readable.
    pub color: Rgba,
}

/// What a figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureSpec {
    /// The map as pixels.
    pub map: Bitmap,
    /// Pixels of the map for each pt, over 0: written as PNG at the same scale, they land one for
    /// one.
    pub scale: f32,
    /// World coordinates of the map's edges: left and right, bottom and top.
    pub bounds: Bounds,
    /// On the dark ground instead of the light one.
    pub dark: bool,
    /// Titles of the x and the y axis; without them no axes are drawn.
    pub axes: Option<(String, String)>,
    /// Where the ticks point.
    pub ticks: TickSide,
    /// What colours and markers mean.
    pub legend: Option<LegendSpec>,
    /// A heading above the map.
    pub title: Option<String>,
    /// Small print below it, such as "synthetic".
    pub caption: Option<String>,
    /// Lines on the map, first at the back.
    pub lines: Vec<Lines>,
    /// Names on the map.
    pub labels: Vec<Label>,
}

impl FigureSpec {
    /// A bare map: light ground, nothing around it.
    #[must_use]
    pub fn new(map: Bitmap, scale: f32, bounds: Bounds) -> Self {
        Self {
            map,
            scale,
            bounds,
            dark: false,
            axes: None,
            ticks: TickSide::Outer,
            legend: None,
            title: None,
            caption: None,
            lines: Vec::new(),
            labels: Vec::new(),
        }
    }
}

/// Space around everything, pt.
const MARGIN: f32 = 4.0 * STEP;
/// Share of the map's width that a name in it may take.
const LONGEST_NAME: f32 = 0.4;
/// Between the map and its legend, pt.
const LEGEND_GAP: f32 = 5.0 * STEP;
/// Height of a line of the title and of the caption, pt.
const TITLE_LINE: f32 = 5.0 * STEP;
const CAPTION_LINE: f32 = 4.0 * STEP;

/// The figure as a drawing.
///
/// Without axes, legend, title and caption it is the map itself, of the same size, on a
/// transparent ground.
#[must_use]
pub fn compose(spec: FigureSpec) -> Drawing {
    let scale = if spec.scale.is_finite() && spec.scale > 0.0 {
        spec.scale
    } else {
        1.0
    };
    let theme = Theme::new(spec.dark);
    let size = [spec.map.width(), spec.map.height()].map(|side| side as f32 / scale);
    let said = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
    let (title, caption) = (said(&spec.title), said(&spec.caption));
    let legend = spec.legend.filter(|legend| !legend.is_empty());
    let overlay = Overlay {
        bounds: spec.bounds,
        lines: &spec.lines,
        labels: &spec.labels,
        theme,
    };
    if spec.axes.is_none() && legend.is_none() && title.is_none() && caption.is_none() {
        let mut drawing = Drawing::new(size[0], size[1], [0; 4]);
        let rect = Rect::new(0.0, 0.0, size[0], size[1]);
        drawing.image(rect, spec.map);
        overlay.draw(&mut drawing, rect, None);
        return drawing;
    }

    let axes = spec.axes.map(|titles| Axes {
        bounds: spec.bounds,
        titles,
        side: spec.ticks,
    });
    // without axes the frame alone lies around the map
    let around = axes.as_ref().map_or(
        Margins {
            left: 1.0,
            top: 1.0,
            right: 1.0,
            bottom: 1.0,
        },
        |axes| axes.margins(size[0], size[1]),
    );
    // the map starts on a pixel, so that its own land on those of the picture
    let snap = |v: f32| (v * scale).ceil() / scale;
    let left = snap(MARGIN + around.left);
    let bare = Rect::new(left, 0.0, size[0], size[1]);
    let column = legend
        .as_ref()
        .filter(|legend| legend.corner(bare).is_none())
        .map(LegendSpec::size);
    let right = column.map_or(around.right, |[width, _]| {
        around.right.max(LEGEND_GAP + width)
    });
    let width = snap(left + size[0] + right + MARGIN);
    let text_space = width - left - MARGIN;
    let heading = title.map_or(Vec::new(), |t| wrap(&t, HEADING, true, text_space));
    let small = caption.map_or(Vec::new(), |t| wrap(&t, SMALL, false, text_space));

    let mut top = MARGIN + around.top;
    if !heading.is_empty() {
        top = MARGIN + heading.len() as f32 * TITLE_LINE + STEP;
    }
    let rect = Rect::new(left, snap(top), size[0], size[1]);
    let below = column.map_or(0.0, |[_, height]| rect.y + height);
    let body = below.max(rect.bottom() + around.bottom);
    let caption_top = body + if small.is_empty() { 0.0 } else { 3.0 * STEP };
    let height = snap(caption_top + small.len() as f32 * CAPTION_LINE + MARGIN);

    let mut drawing = Drawing::new(width, height, theme.ground);
    drawing.image(rect, spec.map);
    let corner = legend.as_ref().and_then(|legend| legend.corner(rect));
    overlay.draw(&mut drawing, rect, corner);
    match &axes {
        Some(axes) => axes.draw(&mut drawing, rect, spec.dark),
        None => drawing.path(Path::rect(rect.expand(0.5)).stroked(Stroke::solid(theme.line, 1.0))),
    }
    if let Some(legend) = &legend {
        match corner {
            Some(corner) => legend.draw_box(&mut drawing, corner, spec.dark),
            None => legend.draw_column(&mut drawing, rect.right() + LEGEND_GAP, rect.y, spec.dark),
        }
    }
    for (i, line) in heading.into_iter().enumerate() {
        let y = MARGIN + i as f32 * TITLE_LINE + HEADING * CAP_HEIGHT;
        drawing.text(Text::new(left, y, HEADING, theme.text, line).bold());
    }
    for (i, line) in small.into_iter().enumerate() {
        let y = caption_top + i as f32 * CAPTION_LINE + SMALL * CAP_HEIGHT;
        drawing.text(Text::new(left, y, SMALL, theme.muted, line));
    }
    drawing
}

/// What lies on the map in world coordinates.
struct Overlay<'a> {
    bounds: Bounds,
    lines: &'a [Lines],
    labels: &'a [Label],
    theme: Theme,
}

impl Overlay<'_> {
    fn draw(&self, drawing: &mut Drawing, rect: Rect, covered: Option<Rect>) {
        let ([x0, x1], [y0, y1]) = self.bounds;
        let place = |[x, y]: [f64; 2]| {
            let across = (x - x0) / (x1 - x0) * f64::from(rect.width);
            let up = (y - y0) / (y1 - y0) * f64::from(rect.height);
            [rect.x + across as f32, rect.bottom() - up as f32]
        };
        for lines in self.lines {
            let stroke = Stroke {
                round: true,
                ..Stroke::solid(lines.color, lines.width)
            };
            for polyline in &lines.polylines {
                let mut points: Vec<_> = polyline.iter().map(|&p| place(p)).collect();
                let closed = points.len() > 2 && points.first() == points.last();
                if closed {
                    points.pop();
                }
                drawing.path(
                    Path::polyline(&points, closed)
                        .stroked(stroke)
                        .clipped(rect),
                );
            }
        }
        let mut taken: Vec<Rect> = Vec::new();
        for label in self.labels {
            let name = shorten(&label.text, SMALL, true, LONGEST_NAME * rect.width);
            let [x, y] = place(label.position);
            let inside =
                (rect.x..=rect.right()).contains(&x) && (rect.y..=rect.bottom()).contains(&y);
            if !inside {
                continue;
            }
            // a name near an edge moves inwards
            let half = text_width(&name, SMALL, true) / 2.0 + STEP;
            let (low, high) = (rect.x + half, rect.right() - half);
            let x = if low <= high { x.clamp(low, high) } else { x };
            let tall = SMALL / 2.0 + STEP;
            let (low, high) = (rect.y + tall, rect.bottom() - tall);
            let y = if low <= high { y.clamp(low, high) } else { y };
            // one that would cover another moves above or below it
            let at = |y: f32| Rect::new(x - half, y - tall, 2.0 * half, 2.0 * tall);
            let free = |at: &Rect| !covered.iter().chain(&taken).any(|o| o.overlaps(at));
            let places = [0.0, -2.0 * tall, 2.0 * tall].map(|by| y + by);
            let fits = |place: &f32| *place == y || (low..=high).contains(place);
            let Some(y) = places.into_iter().filter(fits).find(|y| free(&at(*y))) else {
                continue;
            };
            taken.push(at(y));
            let baseline = y + SMALL * CAP_HEIGHT / 2.0;
            drawing.text(Text {
                halo: Some(with_alpha(self.theme.ground, 0.85)),
                ..Text::new(x, baseline, SMALL, label.color, name)
                    .anchored(Anchor::Middle)
                    .bold()
            });
        }
    }
}

#[cfg(test)]
#[path = "compose_tests.rs"]
mod tests;
