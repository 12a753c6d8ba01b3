//! `latentarium reduce`: vectors to a map.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::bar::Bar;
use super::{Answer, Output};
use crate::analysis::points::Metric;
use crate::analysis::reduce::{Method, ReduceParams, variance_ratio};
use crate::data::Provenance;
use crate::io;
use crate::job::{self, JobError};
use crate::session::MapPoints;

#[derive(Debug, Args)]
pub(super) struct ReduceArgs {
    /// A file with vectors: Parquet from `embed` or elsewhere, FITS, or NPY
    input: PathBuf,
    /// How the map is made
    #[arg(long, value_enum, default_value = "pca")]
    method: MethodArg,
    /// Dimensions of the map
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=3))]
    dims: u8,
    /// UMAP: size of a neighbourhood, the point itself included
    #[arg(long, value_name = "K", default_value_t = ReduceParams::default().neighbors)]
    neighbors: usize,
    /// UMAP: how near points may come to one another on the map
    #[arg(long, value_name = "X", default_value_t = ReduceParams::default().min_dist)]
    min_dist: f64,
    /// UMAP: scale of the map
    #[arg(long, value_name = "X", default_value_t = ReduceParams::default().spread)]
    spread: f64,
    /// UMAP: passes over the graph; by the number of objects when not given
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// UMAP: how near two vectors are
    #[arg(long, value_enum, default_value = "euclidean")]
    metric: MetricArg,
    /// Seed of random numbers
    #[arg(long, default_value_t = ReduceParams::default().seed)]
    seed: u64,
    /// Folder that the catalogue's picture names are relative to, if not its own
    #[arg(long, value_name = "DIR")]
    cutouts: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MethodArg {
    /// Principal components
    Pca,
    /// Neighbours stay neighbours
    Umap,
}

impl From<MethodArg> for Method {
    fn from(method: MethodArg) -> Self {
        match method {
            MethodArg::Pca => Self::Pca,
            MethodArg::Umap => Self::Umap,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum MetricArg {
    /// Length of the difference
    Euclidean,
    /// Angle
    Cosine,
    /// Scalar product of vectors of unit length
    Dot,
}

impl From<MetricArg> for Metric {
    fn from(metric: MetricArg) -> Self {
        match metric {
            MetricArg::Euclidean => Self::Euclidean,
            MetricArg::Cosine => Self::Cosine,
            MetricArg::Dot => Self::Dot,
        }
    }
}

pub(super) fn run(args: &ReduceArgs) -> Result<Answer> {
    io::check_output(&args.output.out, args.output.overwrite())?;
    let bar = Bar::start();
    let params = ReduceParams {
        method: args.method.into(),
        dims: usize::from(args.dims),
        seed: args.seed,
        neighbors: args.neighbors,
        min_dist: args.min_dist,
        spread: args.spread,
        epochs: args.epochs,
        metric: args.metric.into(),
    };
    params.check()?;
    let reducing = bar.progress().part(0.0..0.9);
    let (mut dataset, projection) =
        job::reduce_file(&args.input, args.cutouts.as_deref(), &params, &reducing).map_err(
            |e| match e {
                JobError::Reduce(e) => anyhow!("{e}: {}", args.input.display()),
                e => e.into(),
            },
        )?;
    let root = dataset
        .cutouts
        .as_ref()
        .map(|c| c.root().to_owned())
        .or(dataset.cutouts_elsewhere.take());
    let pictures: Provenance = root
        .map(|root| io::cutouts_provenance(&root, &args.output.out))
        .unwrap_or_default();
    let provenance = dataset.provenance.clone().merged(&pictures);
    let points = MapPoints::new(projection);
    let writing = bar.progress().stage("Writing", 0.9..1.0);
    let notes = job::write_map(
        &args.output.out,
        &dataset.catalog,
        &points,
        &provenance,
        args.output.overwrite(),
        &writing,
    )?;
    drop(bar);
    dataset.warnings.extend(notes);
    let projection = points.projection();

    let mut ratios = variance_ratio(projection.provenance());
    ratios.truncate(params.dims);
    let explained: f64 = ratios.iter().sum();
    let explains = match params.method {
        Method::Pca => format!(", {:.1} % of the variance", explained * 100.0),
        Method::Umap => String::new(),
    };
    let mut lines = vec![format!(
        "{} points in {} dimensions{explains}: {}",
        projection.len(),
        params.dims,
        args.output.out.display()
    )];
    lines.extend(
        dataset
            .warnings
            .iter()
            .map(|warning| format!("note: {warning}")),
    );
    Ok(Answer {
        text: lines.join("\n"),
        json: json!({
            "out": args.output.out.display().to_string(), "method": params.method, "dims": params.dims, "points": projection.len(),
            "rows": dataset.catalog.len(), "variance_ratio": ratios,
            "notes": dataset.warnings,
        }),
    })
}
