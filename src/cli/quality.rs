//! `latentarium quality`: how faithful a map is to its vectors.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::Args;
use serde_json::json;

use super::bar::Bar;
use super::reduce::MetricArg;
use super::{Answer, apart, overwrite};
use crate::analysis::quality::QualityParams;
use crate::io;
use crate::job::{JobError, judge_map};

#[derive(Debug, Args)]
pub(super) struct QualityArgs {
    /// A file with vectors
    vectors: PathBuf,
    /// A map of these vectors, as `reduce` writes it
    map: PathBuf,
    /// Neighbours of a point
    #[arg(long, value_name = "K", default_value_t = QualityParams::default().neighbors as u32, value_parser = clap::value_parser!(u32).range(1..))]
    neighbors: u32,
    /// Points that are asked for their neighbours, among all points; a large number asks all
    #[arg(long, value_name = "N", default_value_t = QualityParams::default().queries as u32, value_parser = clap::value_parser!(u32).range(1..))]
    queries: u32,
    /// How far apart vectors are
    #[arg(long, value_enum, default_value = "euclidean")]
    metric: MetricArg,
    /// Seed of the samples
    #[arg(long, default_value_t = QualityParams::default().seed)]
    seed: u64,
    /// Column of labels, of either file: how often neighbours tell the label of a point
    #[arg(long, value_name = "COLUMN")]
    labels: Option<String>,
    /// Parquet file to write with the preservation and trust of each point that was asked
    #[arg(long, value_name = "FILE")]
    per_point: Option<PathBuf>,
    /// Map to write with the preservation and trust of each point that was asked as columns, to colour by
    #[arg(long, value_name = "FILE")]
    map_out: Option<PathBuf>,
    /// Replace the files if they exist
    #[arg(long)]
    force: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

pub(super) fn run(args: &QualityArgs) -> Result<Answer> {
    let overwrite = overwrite(args.force);
    for path in args.per_point.iter().chain(&args.map_out) {
        io::check_output(path, overwrite)?;
        apart(path, &[&args.vectors, &args.map])?;
    }
    let bar = Bar::start();
    let opening = bar.progress().stage("Opening", 0.0..0.3);
    let vectors = io::open(&args.vectors, None, &opening.part(0.0..0.8))?;
    let map = io::open(&args.map, None, &opening.part(0.8..1.0))?;
    let params = QualityParams {
        neighbors: args.neighbors as usize,
        queries: args.queries as usize,
        seed: args.seed,
        metric: args.metric.into(),
    };
    let counting = bar.progress().stage("Counting", 0.3..0.99);
    let judged = judge_map(&vectors, &map, args.labels.as_deref(), &params, &counting).map_err(
        |e| match e {
            JobError::Quality(e) => anyhow!("{e}: {}", args.map.display()),
            e => e.into(),
        },
    )?;
    if let Some(path) = &args.per_point {
        judged.write_points(path, overwrite)?;
    }
    let writing = bar.progress().stage("Writing", 0.99..1.0);
    let notes = match &args.map_out {
        Some(path) => judged.write_map(path, &map, overwrite, &writing)?,
        None => Vec::new(),
    };
    drop(bar);
    let quality = &judged.quality;
    let asked = quality.of_points.len();
    let mut lines = vec![
        format!(
            "{} neighbours of {}, ranked among {} points",
            quality.neighbors,
            if asked == quality.points {
                "all points".to_owned()
            } else {
                format!("{asked} sampled points")
            },
            quality.points
        ),
        format!("trustworthiness  {:.4}", quality.trustworthiness),
        format!("continuity       {:.4}", quality.continuity),
        format!("preservation     {:.4}", quality.preservation),
        quality.spearman.map_or_else(
            || "Spearman         none: all distances are the same".to_owned(),
            |v| {
                format!(
                    "Spearman         {v:.4}, distances of {} points",
                    quality.correlated
                )
            },
        ),
        quality.density.map_or_else(
            || "density          none: all local radii are the same".to_owned(),
            |v| format!("density          {v:.4}, correlation of local radii"),
        ),
    ];
    if let (Some(labels), Some(column)) = (&quality.labels, &args.labels) {
        lines.push(format!(
            "{column:<16} {:.4} right by neighbours on the map, {:.4} by the vectors, of {}",
            labels.map, labels.vectors, labels.points
        ));
    }
    let written = args.per_point.iter().chain(&args.map_out);
    lines.extend(written.map(|p| p.display().to_string()));
    lines.extend(notes.iter().map(|note| format!("note: {note}")));
    Ok(Answer {
        text: lines.join("\n"),
        json: json!({
            "points": quality.points, "queries": asked, "neighbors": quality.neighbors,
            "metric": params.metric, "seed": params.seed,
            "trustworthiness": quality.trustworthiness, "continuity": quality.continuity,
            "preservation": quality.preservation,
            "density": quality.density,
            "spearman": quality.spearman, "spearman_points": quality.correlated,
            "labels": quality.labels.map(|labels| json!({
                "column": args.labels, "map": labels.map, "vectors": labels.vectors, "points": labels.points,
            })),
            "map_out": args.map_out.as_ref().map(|p| p.display().to_string()), "notes": notes,
            "per_point": args.per_point.as_ref().map(|p| p.display().to_string()),
        }),
    })
}
