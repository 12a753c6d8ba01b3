//! `latentarium select`: the objects in a region of a map, or those for which a condition holds.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{ArgGroup, Args};
use serde_json::json;

use super::bar::Bar;
use super::{Answer, Output, caret, four_numbers, note};
use crate::io;
use crate::job::{JobError, SELECTION_FORMATS, evaluate_subset, open_edit, write_selection};
use crate::session::{Edit, Selection, Session};
use crate::subset::{CombineMode, Region, Roi, SubsetExpr};

/// Largest file with a region, bytes.
const LARGEST_REGION: u64 = 64 << 20;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true))]
pub(super) struct SelectArgs {
    /// A projection, as `reduce` writes it; for --where any table
    input: PathBuf,
    /// JSON file with a polygon (a list of vertices, or `GeoJSON`) or another region, in map
    /// coordinates; on a map of 3 dimensions a `plane` says in which plane, two rows for right and up
    #[arg(long, value_name = "FILE", group = "what")]
    lasso: Option<PathBuf>,
    /// Rectangle from one corner to the opposite one
    #[arg(long, value_name = "X0,Y0,X1,Y1", group = "what", value_parser = four_numbers, allow_hyphen_values = true)]
    rect: Option<[f64; 4]>,
    /// Ellipse: centre, half width and half height
    #[arg(long, value_name = "X,Y,RX,RY", group = "what", value_parser = four_numbers, allow_hyphen_values = true)]
    ellipse: Option<[f64; 4]>,
    /// SQL condition on the columns, such as "z > 1 AND survey = 'JWST-like'"; where several are
    /// given, all must hold
    #[arg(long, value_name = "SQL", group = "what")]
    r#where: Option<String>,
    /// All others
    #[arg(long)]
    invert: bool,
    #[command(flatten)]
    pub output: Output,
}

pub(super) fn run(args: &SelectArgs) -> Result<Answer> {
    let inputs = [Some(&args.input), args.lasso.as_ref()];
    let inputs: Vec<&Path> = inputs.into_iter().flatten().map(PathBuf::as_path).collect();
    args.output.check(&inputs)?;
    io::check_format(&args.output.out, &SELECTION_FORMATS)?;
    let expr = expression(args)?;
    let bar = Bar::start();
    let opening = bar.progress().stage("Opening", 0.0..0.7);
    let (edit, notices) = open_edit(&args.input, None, &opening)?;
    let mut session = Session::default();
    session.apply(edit);
    let data = session.data().context("nothing was opened")?;
    let needs_map = args.lasso.is_some() || args.rect.is_some() || args.ellipse.is_some();
    if needs_map && session.map().is_none() {
        bail!(
            "{} holds no map; make one with `latentarium reduce`",
            args.input.display()
        );
    }
    let points = session.map().map(|map| &*map.points);
    let rows = evaluate_subset(&expr, &data.dataset.catalog, points).map_err(|e| match e {
        JobError::Filter(e) => caret(&e, args.r#where.as_deref().unwrap_or_default()),
        e => e.into(),
    })?;
    let all = data.dataset.catalog.len();
    session.apply(Edit::SetSelection(Some(Selection { expr, rows })));
    let writing = bar.progress().stage("Writing", 0.7..1.0);
    let count = write_selection(
        &session,
        &args.output.out,
        args.output.overwrite(),
        &writing,
    )?;
    drop(bar);
    note(&notices);
    Ok(Answer {
        text: format!("{count} of {all} objects: {}", args.output.out.display()),
        json: json!({ "out": args.output.out.display().to_string(), "selected": count, "objects": all }),
    })
}

/// The region in a file.
fn region(path: &Path) -> Result<Region> {
    let refuse = |why: String| anyhow::anyhow!("{why}: {}", path.display());
    let cannot = |e: std::io::Error| refuse(format!("the file of the region cannot be read ({e})"));
    let about = std::fs::metadata(path).map_err(cannot)?;
    if !about.is_file() {
        return Err(refuse(
            "not a file of a region; name a JSON file with a polygon".to_owned(),
        ));
    }
    if about.len() > LARGEST_REGION {
        return Err(refuse("too large for a region (64 MiB at most)".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(cannot)?;
    Region::from_json(text.trim_start_matches('\u{feff}')).map_err(|e| refuse(e.to_string()))
}

/// All conditions together.
fn expression(args: &SelectArgs) -> Result<SubsetExpr> {
    let mut parts = Vec::new();
    if let Some(path) = &args.lasso {
        parts.push(SubsetExpr::Region(region(path)?));
    }
    if let Some([x0, y0, x1, y1]) = args.rect {
        let (from, to) = ([x0, y0], [x1, y1]);
        parts.push(SubsetExpr::Region(Roi::Rectangle { from, to }.into()));
    }
    if let Some([x, y, rx, ry]) = args.ellipse {
        let (center, radii) = ([x, y], [rx, ry]);
        let roi = Roi::Ellipse { center, radii }.checked();
        let roi = roi.map_err(|e| anyhow::anyhow!("--ellipse: {e}"))?;
        parts.push(SubsetExpr::Region(roi.into()));
    }
    parts.extend(
        args.r#where
            .iter()
            .map(|sql| SubsetExpr::Where(sql.clone())),
    );
    let all = parts
        .into_iter()
        .reduce(|all, part| CombineMode::Intersect.join(Some(all), part));
    let all = all.context("say what to select: --lasso, --rect, --ellipse or --where")?;
    Ok(if args.invert {
        SubsetExpr::Not(Box::new(all))
    } else {
        all
    })
}
