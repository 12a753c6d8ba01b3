//! `latentarium reduce`: vectors to a map.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::bar::Bar;
use super::{Answer, Output};
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
}

impl From<MethodArg> for Method {
    fn from(method: MethodArg) -> Self {
        match method {
            MethodArg::Pca => Self::Pca,
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
    };
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
    let mut lines = vec![format!(
        "{} points in {} dimensions, {:.1} % of the variance: {}",
        projection.len(),
        params.dims,
        explained * 100.0,
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
