//! `latentarium render`: a map as PNG, SVG or PDF, by the same drawing as the window's.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::bar::Bar;
use super::{Answer, Output, caret, four_numbers, note};
use crate::color::{Colormap, ScaleKind};
use crate::data::{Catalog, ColumnKind, Plane};
use crate::io;
use crate::job::{FIGURE_FORMATS, FigureRequest, JobError, open_edit, write_figure};
use crate::render::{Bounds, DensityScale};
use crate::session::{Edit, LayerKind, Session, ViewSpec};

#[derive(Debug, Args)]
pub(super) struct RenderArgs {
    /// A projection, as `reduce` writes it
    input: PathBuf,
    /// Width and height of the map in pixels
    #[arg(long, value_name = "WxH", default_value = "1280x800", value_parser = parse_size)]
    size: (u32, u32),
    /// Pixels for each of these pixels: 3 for print
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = parse_scale)]
    scale: f32,
    /// Layers from the lowest to the uppermost; may be repeated
    #[arg(long = "mode", value_enum, value_name = "LAYER", default_values_t = [ModeArg::Points])]
    modes: Vec<ModeArg>,
    /// Folder that the catalogue's picture names are relative to, if not its own
    #[arg(long, value_name = "DIR")]
    cutouts: Option<PathBuf>,
    /// Only the objects for which this SQL condition holds
    #[arg(long, value_name = "SQL")]
    r#where: Option<String>,
    /// The part of the map to show
    #[arg(long, value_name = "X0,Y0,X1,Y1", value_parser = four_numbers, allow_hyphen_values = true)]
    view: Option<[f64; 4]>,
    /// Turn a map of 3 dimensions: to the right about its upright second axis, then down, in
    /// degrees; --view is then in the plane that is seen
    #[arg(long, value_name = "YAW,PITCH", value_parser = parse_turn, allow_hyphen_values = true)]
    turn: Option<[f64; 2]>,
    #[command(flatten)]
    color: ColorArgs,
    /// Column of categories that gives the points their marker
    #[arg(long, value_name = "COL")]
    marker_by: Option<String>,
    /// Column of numbers that gives the points their size
    #[arg(long, value_name = "COL")]
    size_by: Option<String>,
    /// Times the automatic size of the points
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = parse_point_size)]
    point_size: f32,
    /// Opacity of the points, 0.02 to 1
    #[arg(long, value_name = "X", value_parser = parse_opacity)]
    opacity: Option<f32>,
    /// How density spreads over its colours
    #[arg(long, value_enum, default_value = "log")]
    density_scale: DensityArg,
    /// Colours of the density; `mixed` takes those of the points
    #[arg(long, value_enum, default_value = "magma")]
    density_map: MapArg,
    /// Shares of the points that contours surround
    #[arg(long, value_name = "F,F", value_delimiter = ',', default_values_t = [0.5, 0.9], value_parser = parse_fraction)]
    contour_fractions: Vec<f64>,
    /// Times the automatic width of the smoothing under contours: less for many small clusters
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = parse_smoothing)]
    contour_smoothing: f32,
    /// With axes
    #[arg(long)]
    axes: bool,
    /// With a legend
    #[arg(long)]
    legend: bool,
    /// Colour of the ground
    #[arg(long, value_enum, default_value = "dark")]
    theme: ThemeArg,
    #[command(flatten)]
    pub output: Output,
}

/// What the points are coloured by, and how.
#[derive(Debug, Args)]
struct ColorArgs {
    /// Column of the catalogue that colours the points
    #[arg(long, value_name = "COL")]
    color_by: Option<String>,
    /// How numbers spread over the colours
    #[arg(long, value_name = "SCALE", requires = "color_by", value_parser = named(ScaleKind::ALL, ScaleKind::name))]
    color_scale: Option<ScaleKind>,
    /// Numbers at the two ends of the colours; percentiles 1 and 99 when not given
    #[arg(long, value_name = "LOW,HIGH", requires = "color_by", value_parser = parse_limits, allow_hyphen_values = true)]
    color_limits: Option<(f64, f64)>,
    /// Colours of numbers
    #[arg(long, value_name = "MAP", requires = "color_by", value_parser = named(Colormap::ALL, Colormap::name))]
    color_map: Option<Colormap>,
    /// The colours from the other end
    #[arg(long, requires = "color_by")]
    color_invert: bool,
    /// Whole numbers of which there are few as numbers, not as categories
    #[arg(long, requires = "color_by")]
    color_numbers: bool,
    /// A category that is not drawn; may be repeated, and is empty for objects without a value
    #[arg(long, value_name = "NAME", requires = "color_by")]
    hide: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ModeArg {
    /// Every point
    Points,
    /// How densely the points lie
    Density,
    /// Lines around shares of the points
    Contours,
    /// Pictures in place of points, where there is room
    Thumbnails,
    /// Names of the categories
    Labels,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DensityArg {
    /// By the logarithm
    Log,
    /// By the square root
    Sqrt,
    /// Equalised: every colour covers the same area
    EqHist,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MapArg {
    /// Blue-green-yellow
    Viridis,
    /// Black-purple-white
    Magma,
    /// Black-red-yellow
    Inferno,
    /// Blue-yellow
    Cividis,
    /// The points' own colours
    Mixed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ThemeArg {
    /// Light points on dark
    Dark,
    /// Dark points on light
    Light,
}

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let parse = || {
        let (width, height) = text.split_once(['x', 'X', '×'])?;
        Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
    };
    parse()
        .filter(|&(w, h): &(u32, u32)| w > 0 && h > 0)
        .ok_or_else(|| "a width and a height in pixels, such as 1280x800".to_owned())
}

/// One of several, by the name that the window shows.
fn named<T: Copy + Send + Sync + 'static, const N: usize>(
    all: [T; N],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.map(name)).try_map(move |text| {
        let wanted = all.into_iter().find(|one| name(*one) == text);
        wanted.ok_or("no such name")
    })
}

fn parse_point_size(text: &str) -> Result<f32, String> {
    between(text, 0.2, 5.0)
}

fn parse_opacity(text: &str) -> Result<f32, String> {
    between(text, 0.02, 1.0)
}

fn between(text: &str, low: f32, high: f32) -> Result<f32, String> {
    let number = text.parse().ok().filter(|n| (low..=high).contains(n));
    number.ok_or_else(|| format!("a number from {low} to {high}"))
}

fn parse_smoothing(text: &str) -> Result<f32, String> {
    between(text, 0.1, 3.0)
}

fn parse_fraction(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|n| *n > 0.0 && *n < 1.0);
    number.ok_or_else(|| "a number between 0 and 1".to_owned())
}

fn parse_scale(text: &str) -> Result<f32, String> {
    between(text, 0.1, 16.0)
}

fn parse_limits(text: &str) -> Result<(f64, f64), String> {
    let parse = || {
        let (low, high) = text.split_once(',')?;
        Some((low.trim().parse().ok()?, high.trim().parse().ok()?))
    };
    parse()
        .filter(|(low, high): &(f64, f64)| low < high && low.is_finite() && high.is_finite())
        .ok_or_else(|| "two numbers, the lower first, such as 0,2.5".to_owned())
}

fn parse_turn(text: &str) -> Result<[f64; 2], String> {
    let parse = || {
        let (yaw, pitch) = text.split_once(',')?;
        Some([yaw.trim().parse().ok()?, pitch.trim().parse().ok()?])
    };
    parse()
        .filter(|angles: &[f64; 2]| angles.iter().all(|v| v.abs() <= 360.0))
        .ok_or_else(|| "two angles in degrees, such as 30,-15".to_owned())
}

/// The view that the arguments ask for.
fn view(args: &RenderArgs, mut view: ViewSpec, catalog: &Catalog) -> Result<ViewSpec> {
    let named = |name: &Option<String>, fits: fn(ColumnKind) -> bool, what: &str| {
        let Some(name) = name else { return Ok(None) };
        let Some(column) = catalog.column(name) else {
            let names: Vec<&str> = catalog.columns().map(|c| c.name()).collect();
            bail!(
                "{} has no column {name}; it has {}",
                args.input.display(),
                names.join(", ")
            );
        };
        if !fits(column.kind()) {
            bail!("the column {name} {what}: {}", args.input.display());
        }
        Ok(Some(name.clone()))
    };
    let few = "has more than 255 different texts; colour by another, or write fewer kinds into one";
    if let Some(column) = named(&args.color.color_by, |k| k != ColumnKind::Opaque, few)? {
        view.color.column = Some(column);
        view.color.scale = args.color.color_scale.unwrap_or(view.color.scale);
        view.color.map = args.color.color_map.unwrap_or(view.color.map);
        view.color.invert = args.color.color_invert;
        view.color.limits = args.color.color_limits;
        view.color.as_numbers = args.color.color_numbers;
        view.color.hidden = args.color.hide.iter().cloned().collect();
    }
    view.marker_by = named(
        &args.marker_by,
        |k| k == ColumnKind::Categorical,
        "is no category",
    )?;
    view.size_by = named(
        &args.size_by,
        |k| k != ColumnKind::Opaque,
        "holds no numbers",
    )?;
    view.filter.clone_from(&args.r#where);
    view.point_size = args.point_size;
    view.density.scale = match args.density_scale {
        DensityArg::Log => DensityScale::Log,
        DensityArg::Sqrt => DensityScale::Sqrt,
        DensityArg::EqHist => DensityScale::EqHist,
    };
    view.density.map = match args.density_map {
        MapArg::Viridis => Some(Colormap::Viridis),
        MapArg::Magma => Some(Colormap::Magma),
        MapArg::Inferno => Some(Colormap::Inferno),
        MapArg::Cividis => Some(Colormap::Cividis),
        MapArg::Mixed => None,
    };
    view.contours.fractions.clone_from(&args.contour_fractions);
    view.contours.smoothing = args.contour_smoothing;
    for layer in &mut view.layers {
        layer.shown = false;
    }
    let mut layers = Vec::new();
    for mode in &args.modes {
        let kind = match mode {
            ModeArg::Points => LayerKind::Points,
            ModeArg::Density => LayerKind::Density,
            ModeArg::Contours => LayerKind::Contours,
            ModeArg::Thumbnails => LayerKind::Thumbnails,
            ModeArg::Labels => LayerKind::Labels,
        };
        if let Some(mut layer) = view.layer(kind).copied() {
            layer.shown = true;
            if let (LayerKind::Points, Some(opacity)) = (kind, args.opacity) {
                layer.opacity = opacity;
            }
            layers.push(layer);
        }
    }
    layers.append(&mut view.layers);
    view.layers = layers;
    Ok(view)
}

pub(super) fn run(args: &RenderArgs) -> Result<Answer> {
    args.output.check(&[&args.input])?;
    io::check_format(&args.output.out, &FIGURE_FORMATS)?;
    let bar = Bar::start();
    let opening = bar.progress().stage("Opening", 0.0..0.7);
    let (edit, notices) = open_edit(&args.input, args.cutouts.as_deref(), &opening)?;
    let mut session = Session::default();
    session.apply(edit);
    let data = session.data().context("nothing was opened")?;
    if session.map().is_none() {
        bail!(
            "{} holds no map; make one with `latentarium reduce`",
            args.input.display()
        );
    }
    if args.turn.is_some() && session.map().is_some_and(|map| !map.points.turns()) {
        bail!(
            "--turn needs a map of 3 dimensions, and {} has 2; make one with `latentarium reduce --dims 3`",
            args.input.display()
        );
    }
    let view = view(args, session.view().clone(), &data.dataset.catalog)?;
    session.apply(Edit::SetView(view));
    let request = FigureRequest {
        size: args.size,
        scale: args.scale,
        dark: args.theme == ThemeArg::Dark,
        plane: args
            .turn
            .map_or(Plane::FRONT, |[yaw, pitch]| Plane::turned(yaw, pitch)),
        bounds: args.view.map(|[x0, y0, x1, y1]| Bounds {
            min: [x0.min(x1), y0.min(y1)],
            max: [x0.max(x1), y0.max(y1)],
        }),
        axes: args.axes,
        legend: args.legend,
    };
    let drawing = bar.progress().stage("Drawing", 0.7..1.0);
    let out = &args.output.out;
    let report =
        write_figure(&session, &request, out, args.output.overwrite(), &drawing).map_err(|e| {
            match e {
                JobError::Filter(e) => caret(&e, args.r#where.as_deref().unwrap_or_default()),
                e => e.into(),
            }
        })?;
    drop(bar);
    note(&notices);
    let (width, height) = report.size_px;
    Ok(Answer {
        text: format!(
            "{} points drawn by {}: {}",
            report.points,
            report.adapter.name,
            out.display()
        ),
        json: json!({ "out": out.display().to_string(), "width": width, "height": height, "points": report.points, "adapter": report.adapter }),
    })
}

#[cfg(test)]
mod tests {
    use super::{parse_size, parse_turn};

    #[test]
    fn turns_are_two_angles() {
        assert_eq!(parse_turn("30, -15.5"), Ok([30.0, -15.5]));
        for wrong in ["", "30", "30,a", "nan,0", "1,2,3", "1e9,0"] {
            assert!(parse_turn(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_two_positive_numbers() {
        assert_eq!(parse_size("1280x800"), Ok((1280, 800)));
        for wrong in ["", "1280", "0x10", "axb", "-1x3", "1x2x3"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
