//! `latentarium knn`: the nearest neighbours of every object.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::Args;
use serde_json::json;

use super::bar::Bar;
use super::reduce::MetricArg;
use super::{Answer, Output};
use crate::analysis::neighbors::{KnnParams, knn_graph, recall};
use crate::analysis::points::Points;
use crate::io;

/// Objects whose neighbours are compared with the true ones.
const ASKED: usize = 500;

#[derive(Debug, Args)]
pub(super) struct KnnArgs {
    /// A file with vectors: Parquet from `embed` or elsewhere, FITS, or NPY
    input: PathBuf,
    /// Neighbours of each object, itself not among them
    #[arg(short, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=1000))]
    k: u16,
    /// How near two vectors are
    #[arg(long, value_enum, default_value = "euclidean")]
    metric: MetricArg,
    /// Seed of random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    pub output: Output,
}

pub(super) fn run(args: &KnnArgs) -> Result<Answer> {
    args.output.check(&[&args.input])?;
    let bar = Bar::start();
    let opening = bar.progress().stage("Opening", 0.0..0.2);
    let dataset = io::open(&args.input, None, &opening)?;
    let named = |error: &dyn std::fmt::Display| anyhow!("{error}: {}", args.input.display());
    let embedding = dataset.vectors()?;
    let points = Points::new(embedding.values(), embedding.dim());
    let points = points.and_then(|points| points.suited_to(args.metric.into()));
    let points = points.map_err(|e| named(&e))?;
    let params = KnnParams {
        k: usize::from(args.k),
        metric: args.metric.into(),
        seed: args.seed,
        ..KnnParams::default()
    };
    let searching = bar.progress().stage("Finding neighbours", 0.2..0.8);
    let (graph, _) = knn_graph(points, &params, &searching).map_err(|e| named(&e))?;
    let asked = ASKED.min(graph.len());
    let checking = bar.progress().stage("Checking", 0.8..0.9);
    let recall = recall(points, &graph, &params, asked, &checking)?;
    let writing = bar.progress().stage("Writing", 0.9..1.0);
    let table = io::NeighborTable {
        rows: embedding.rows(),
        k: graph.k,
        indices: &graph.indices,
        distances: &graph.distances,
    };
    io::write_neighbors(
        &args.output.out,
        &dataset.catalog,
        &table,
        &dataset
            .provenance
            .clone()
            .merged(embedding.provenance())
            .with("k", graph.k.to_string())
            .with("metric", params.metric.name()),
        args.output.overwrite(),
        &writing,
    )?;
    drop(bar);
    Ok(Answer {
        text: format!(
            "{} neighbours of each of {} objects, {:.2} % of the true ones (of {asked} objects asked): {}",
            graph.k,
            graph.len(),
            recall * 100.0,
            args.output.out.display()
        ),
        json: json!({
            "out": args.output.out.display().to_string(), "k": graph.k, "objects": graph.len(),
            "metric": params.metric.name(), "recall": recall, "asked": asked,
        }),
    })
}
