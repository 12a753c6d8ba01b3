//! A map as a figure: its picture with axes, legend, contours and names.

use super::{Colored, Contour, Legend, MapImage, MapLabel};
use crate::color::{Colormap, Rgba};
use crate::figure::canvas::Bitmap;
use crate::figure::legend::{Block, Category, LegendSpec, Place};
use crate::figure::{FigureSpec, Label, Lines, Marker, axes::TickSide, text_width};
use crate::render::Shape;
use crate::session::{LayerKind, MapPoints, ViewSpec};

/// Width of a contour, pt.
const LINE_WIDTH: f32 = 1.4;
/// From the lower left corner of a turned map to where its axes meet, and their length, pt.
const AXES_AT: f32 = 84.0;
const AXIS: f32 = 40.0;
/// Size of their names, pt.
const SMALL: f32 = 11.0;
/// Categories listed in a legend.
const MOST_LISTED: usize = 24;
/// What a figure is made of.
pub struct FigureParts<'a> {
    /// The map.
    pub points: &'a MapPoints,
    /// Its colours.
    pub colored: &'a Colored,
    /// How it is shown.
    pub view: &'a ViewSpec,
    /// What picture was drawn.
    pub image: &'a MapImage,
    /// The picture that `draw_map` gave.
    pub map: Bitmap,
    /// Lines around shares of the points.
    pub contours: &'a [Contour],
    /// Names of categories.
    pub labels: &'a [MapLabel],
    /// With axes.
    pub axes: bool,
    /// With a legend.
    pub legend: bool,
    /// Whether the data are synthetic, which the figure then says.
    pub synthetic: bool,
}

/// The figure, ready to be laid out.
#[must_use]
pub fn figure_spec(parts: &FigureParts<'_>) -> FigureSpec {
    let image = parts.image;
    let size = [image.width as f32, image.height as f32];
    // The map works in offsets from an origin; its axes do not.
    let [x, y] = parts.points.origin();
    let world = |p: [f64; 2]| [p[0] + x, p[1] + y];
    let shown = image.camera(parts.points).bounds(size);
    let (low, high) = (world(shown.min), world(shown.max));
    let bounds = ([low[0], high[0]], [low[1], high[1]]);
    let shade = super::shade(image.dark);
    let shaded = |[r, g, b, a]: Rgba| {
        let of = |c: u8| (f32::from(c) * shade) as u8;
        [of(r), of(g), of(b), a]
    };
    let opacity = |kind: LayerKind| parts.view.layer(kind).map_or(1.0, |l| l.opacity);
    let line = |contour: &Contour| {
        let [r, g, b, _] = super::line_color(contour.color, image.dark);
        Lines {
            polylines: vec![contour.line.iter().map(|p| world(*p)).collect()],
            color: [r, g, b, (255.0 * opacity(LayerKind::Contours)) as u8],
            width: LINE_WIDTH,
        }
    };
    let label = |label: &MapLabel| Label {
        position: world(label.position),
        text: label.text.clone(),
        color: shaded(label.color),
    };
    let plane = parts.points.plane();
    let names = super::axis_names(parts.points.projection());
    let turned = !plane.is_front();
    let titles = if turned {
        let (yaw, pitch) = plane.angles();
        let angle = |degrees: f64| short((degrees * 10.0).round() / 10.0);
        let text = format!("turned view: yaw {}°, pitch {}°", angle(yaw), angle(pitch));
        (text, String::new())
    } else {
        let [x, y, _] = names.clone();
        (x, y)
    };
    let mut lines: Vec<Lines> = parts.contours.iter().map(line).collect();
    let mut labels: Vec<Label> = parts.labels.iter().map(label).collect();
    if turned && parts.axes {
        let at = |pt: [f32; 2]| {
            let px = [pt[0] * image.scale, size[1] - pt[1] * image.scale];
            world(image.camera(parts.points).world_from_px(px, size))
        };
        let color = super::line_color(None, image.dark);
        for (name, [x, y]) in names.into_iter().zip(super::axis_tips(plane)) {
            let length = x.hypot(y).max(f32::EPSILON);
            // Beyond its end, and clear of it by the width of the name.
            let beyond = [
                x / length * (text_width(&name, SMALL, true) / 2.0 + 4.0),
                y / length * 9.0,
            ];
            let end = [AXES_AT + x * AXIS, AXES_AT + y * AXIS];
            lines.push(Lines {
                polylines: vec![vec![at([AXES_AT; 2]), at(end)]],
                color,
                width: LINE_WIDTH,
            });
            labels.push(Label {
                position: at([end[0] + beyond[0], end[1] + beyond[1]]),
                text: name,
                color,
            });
        }
    }
    let blocks = if parts.legend {
        blocks(parts, shaded)
    } else {
        Vec::new()
    };
    FigureSpec {
        dark: image.dark,
        axes: parts.axes.then_some(titles),
        ticks: if turned {
            TickSide::None
        } else {
            TickSide::default()
        },
        legend: (!blocks.is_empty()).then_some(LegendSpec {
            blocks,
            place: Place::Right,
        }),
        caption: (parts.synthetic && (parts.axes || parts.legend))
            .then(|| "synthetic data".to_owned()),
        lines,
        labels,
        ..FigureSpec::new(parts.map.clone(), image.scale, bounds)
    }
}

fn marker(shape: Shape) -> Marker {
    match shape {
        Shape::Disc => Marker::Disc,
        Shape::Square => Marker::Square,
        Shape::Diamond => Marker::Diamond,
        Shape::Plus => Marker::Plus,
    }
}

fn bar(title: String, map: Colormap, invert: bool, ticks: Vec<(f32, String)>) -> Block {
    let at = |i: usize| if invert { 255 - i } else { i } as f32 / 255.0;
    Block::Bar {
        title,
        colors: (0..256).map(|i| map.at(at(i))).collect(),
        ticks,
    }
}

fn blocks(parts: &FigureParts<'_>, shaded: impl Fn(Rgba) -> Rgba) -> Vec<Block> {
    let mut blocks = Vec::new();
    let column = parts.view.color.column.clone().unwrap_or_default();
    let categories = |title: String, entries: Vec<Category>| Block::Categories {
        title,
        entries,
        limit: MOST_LISTED,
    };
    match &parts.colored.legend {
        Legend::Plain => {}
        Legend::Categories(entries) => {
            let same = parts.view.marker_by.as_ref() == parts.view.color.column.as_ref();
            let entry = |entry: &super::LegendEntry| Category {
                name: if entry.name.is_empty() {
                    "no value".to_owned()
                } else {
                    entry.name.clone()
                },
                color: shaded(entry.color),
                marker: parts
                    .colored
                    .markers
                    .iter()
                    .find(|(name, _)| same && *name == entry.name)
                    .map_or(Marker::Disc, |(_, shape)| marker(*shape)),
                count: Some(entry.count as u64),
            };
            let shown = entries.iter().filter(|e| !e.hidden).map(entry).collect();
            blocks.push(categories(column, shown));
        }
        Legend::Scale {
            label,
            map,
            invert,
            scale,
            ..
        } => {
            let tick = |i: usize| {
                let t = i as f64 / 4.0;
                (t as f32, short(scale.value_at(t)))
            };
            blocks.push(bar(
                label.clone(),
                *map,
                *invert,
                (0..5).map(tick).collect(),
            ));
        }
    }
    if parts.view.shows(LayerKind::Density)
        && let Some(map) = parts.view.density.map
    {
        let ticks = vec![(0.0, "sparse".to_owned()), (1.0, "dense".to_owned())];
        let title = format!("density, {} scale", parts.view.density.scale.name());
        blocks.push(bar(title, map, !parts.image.dark, ticks));
    }
    blocks
}

/// A number with up to four digits that matter.
fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = (3 - value.abs().log10().floor() as i32).clamp(0, 8) as usize;
    if value.abs() >= 1e6 || value.abs() < 1e-4 {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_keep_the_digits_that_matter() {
        for (value, text) in [
            (0.0, "0"),
            (12.0, "12"),
            (-0.25, "\u{2212}0.25"),
            (1234.56, "1235"),
            (0.012_345, "0.01235"),
            (2.5e9, "2.50e9"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
