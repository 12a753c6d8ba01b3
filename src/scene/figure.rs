//! A map as a figure: its picture with axes, legend, contours and names.

use super::{Colored, Contour, LINE_WIDTH, Legend, MapImage, MapLabel, precise_number, tick_texts};
use crate::color::{ColorScale, Colormap, MISSING, Rgba};
use crate::data::Catalog;
use crate::figure::canvas::Bitmap;
use crate::figure::legend::{Block, Category, LegendSpec, Place};
use crate::figure::{FigureSpec, Label, Lines, Marker, axes::TickSide, text_width};
use crate::render::Shape;
use crate::session::{LayerKind, MapPoints, ViewSpec};

/// From the lower left corner of a turned map to where its axes meet, and their length, pt.
const AXES_AT: f32 = 84.0;
const AXIS: f32 = 40.0;
/// Size of their names, pt.
const SMALL: f32 = 11.0;
/// Categories listed in a legend.
const MOST_LISTED: usize = 24;
/// What a figure is made of.
pub struct FigureParts<'a> {
    /// The objects.
    pub catalog: &'a Catalog,
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
    /// Lines around shares of the points; those that lie below something are in the picture already.
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
    let names = super::axis_names(parts.points.projection(), Some(parts.catalog));
    let turned = !plane.is_front();
    let titles = if turned {
        let (yaw, pitch) = plane.angles();
        let angle = |degrees: f64| precise_number((degrees * 10.0).round() / 10.0);
        let text = format!("turned view: yaw {}°, pitch {}°", angle(yaw), angle(pitch));
        (text, String::new())
    } else {
        let [x, y, _] = names.clone();
        (x, y)
    };
    let over = if super::lines_lie_below(parts.view) {
        &[][..]
    } else {
        parts.contours
    };
    let mut lines: Vec<Lines> = over.iter().map(line).collect();
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
            // Before the others, which make room for them.
            labels.insert(
                0,
                Label {
                    position: at([end[0] + beyond[0], end[1] + beyond[1]]),
                    text: name,
                    color,
                },
            );
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

fn bar(title: String, (map, invert): (Colormap, bool), ticks: Vec<(f32, String)>) -> Block {
    let at = |i: usize| if invert { 255 - i } else { i } as f32 / 255.0;
    Block::Bar {
        title,
        colors: (0..256).map(|i| map.at(at(i))).collect(),
        ticks,
    }
}

/// The colours of a block as the map shows them.
fn as_shown(block: Block, shaded: impl Fn(Rgba) -> Rgba) -> Block {
    match block {
        Block::Bar {
            title,
            colors,
            ticks,
        } => Block::Bar {
            title,
            colors: colors.into_iter().map(shaded).collect(),
            ticks,
        },
        block @ Block::Categories { .. } => block,
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
    // Markers are then those of the colours' own entries.
    let same = parts.view.marker_by.as_ref() == parts.view.color.column.as_ref()
        && matches!(parts.colored.legend, Legend::Categories(_));
    match &parts.colored.legend {
        Legend::Plain => {}
        Legend::Categories(entries) => {
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
            missing,
        } => {
            let ticks = ticks(scale);
            let bar = bar(label.clone(), (*map, *invert), ticks);
            blocks.push(as_shown(bar, &shaded));
            if *missing > 0 {
                let entry = Category {
                    name: "no value".to_owned(),
                    color: shaded(MISSING),
                    marker: Marker::Disc,
                    count: Some(*missing as u64),
                };
                blocks.push(categories(String::new(), vec![entry]));
            }
        }
    }
    let grey = |name: String, marker: Marker| Category {
        name,
        color: super::line_color(None, parts.image.dark),
        marker,
        count: None,
    };
    if let Some(column) = parts.view.marker_by.as_ref().filter(|_| !same) {
        let markers = parts.colored.markers.iter();
        let entries = markers.map(|(name, shape)| grey(name.clone(), marker(*shape)));
        blocks.push(categories(column.clone(), entries.collect()));
    }
    if let Some((label, low, high)) = &parts.colored.sizes {
        let ends = tick_texts(&[*low, *high]);
        let entries = ["small", "large"].iter().zip(ends);
        let entries = entries.map(|(size, end)| grey(format!("{size}: {end}"), Marker::Disc));
        blocks.push(categories(label.clone(), entries.collect()));
    }
    if parts.view.shows(LayerKind::Density)
        && let Some(map) = parts.view.density.map
    {
        let ticks = vec![(0.0, "sparse".to_owned()), (1.0, "dense".to_owned())];
        let title = format!("density, {} scale", parts.view.density.scale.name());
        blocks.push(bar(title, (map, !parts.image.dark), ticks));
    }
    blocks
}

/// Numbers along a colour bar; one alone where it has but one.
fn ticks(scale: &ColorScale) -> Vec<(f32, String)> {
    let (low, high) = scale.limits();
    if low == high {
        return vec![(0.5, precise_number(low))];
    }
    let places = [0.0, 0.25, 0.5, 0.75, 1.0];
    let texts = tick_texts(&places.map(|t| scale.value_at(t)));
    places.iter().map(|t| *t as f32).zip(texts).collect()
}

#[cfg(test)]
mod tests {
    use super::{ColorScale, ticks};
    use crate::color::ScaleKind;

    #[test]
    fn a_constant_has_one_tick() {
        let constant = ColorScale::fit(ScaleKind::Linear, &[3.0; 4], None);
        assert_eq!(ticks(&constant), [(0.5, "3".to_owned())]);
    }
}
