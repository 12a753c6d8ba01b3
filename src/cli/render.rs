//! `latentarium render`: a map as a PNG, by the same drawing as the window's.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::bar::Bar;
use super::{Answer, Output};
use crate::data::{Column, ColumnKind};
use crate::io;
use crate::job::open_edit;
use crate::scene::{MapImage, color_points, draw_map};
use crate::session::{Edit, Session};

#[derive(Debug, Args)]
pub(super) struct RenderArgs {
    /// A projection, as `reduce` writes it
    input: PathBuf,
    /// Width and height in pixels
    #[arg(long, value_name = "WxH", default_value = "1280x800", value_parser = parse_size)]
    size: (u32, u32),
    /// Column of the catalogue that colours the points
    #[arg(long, value_name = "COL")]
    color_by: Option<String>,
    /// Colour of the ground
    #[arg(long, value_enum, default_value = "dark")]
    theme: ThemeArg,
    #[command(flatten)]
    pub output: Output,
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

pub(super) fn run(args: &RenderArgs) -> Result<Answer> {
    io::check_output(&args.output.out, args.output.overwrite())?;
    let bar = Bar::start();
    let opening = bar.progress().stage("Opening", 0.0..0.7);
    let (edit, _) = open_edit(&args.input, None, &opening)?;
    let mut session = Session::default();
    session.apply(edit);
    if let Some(column) = &args.color_by {
        let data = session.data().context("nothing was opened")?;
        if data.dataset.catalog.column(column).is_none() {
            let names: Vec<&str> = data.dataset.catalog.columns().map(|c| c.name()).collect();
            bail!(
                "{} has no column {column}; it has {}",
                args.input.display(),
                names.join(", ")
            );
        }
        let opaque = |c: &Column<'_>| c.kind() == ColumnKind::Opaque;
        if data
            .dataset
            .catalog
            .column(column)
            .as_ref()
            .is_some_and(opaque)
        {
            bail!(
                "the column {column} has too many different texts to colour by: {}",
                args.input.display()
            );
        }
        let mut view = session.view().clone();
        view.color.column = Some(column.clone());
        session.apply(Edit::SetView(view));
    }
    let drawing = bar.progress().stage("Drawing", 0.7..1.0);
    let (Some(data), Some(map)) = (session.data(), session.map()) else {
        bail!(
            "{} holds no map; make one with `latentarium reduce`",
            args.input.display()
        );
    };
    let colored = color_points(&data.dataset.catalog, &map.points, session.view(), None);
    let (width, height) = args.size;
    let image = MapImage {
        width,
        height,
        scale: 1.0,
        dark: args.theme == ThemeArg::Dark,
        bounds: None,
    };
    let (rgba, adapter) = draw_map(&map.points, &colored, session.view(), &image)?;
    drawing.set(1, 2)?;
    io::write_png(
        &args.output.out,
        width,
        height,
        &rgba,
        args.output.overwrite(),
    )?;
    drop(bar);
    Ok(Answer {
        text: format!(
            "{} points drawn by {}: {}",
            colored.shown(),
            adapter.name,
            args.output.out.display()
        ),
        json: json!({ "out": args.output.out.display().to_string(), "width": width, "height": height, "points": colored.shown(), "adapter": adapter }),
    })
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn sizes_are_two_positive_numbers() {
        assert_eq!(parse_size("1280x800"), Ok((1280, 800)));
        for wrong in ["", "1280", "0x10", "axb", "-1x3", "1x2x3"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
