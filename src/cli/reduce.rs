//! `latentarium reduce`: vectors to a map.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, ensure};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::bar::Bar;
use super::{Answer, Output, apart};
use crate::analysis::points::Metric;
use crate::analysis::reduce::umap::Start;
use crate::analysis::reduce::{MapModel, Method, ReduceParams, variance_ratio};
use crate::io;
use crate::job::{self, JobError, MappedFile, VectorFile};
use crate::progress::Progress;
use crate::session::{MapPoints, ReduceRecipe};

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
    /// UMAP: passes over the graph, by the number of objects when not given; t-SNE: steps, 750
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// t-SNE: effective number of neighbours
    #[arg(long, value_name = "P", default_value_t = ReduceParams::default().perplexity)]
    perplexity: f64,
    /// UMAP and t-SNE: how near two vectors are
    #[arg(long, value_enum, default_value = "euclidean")]
    metric: MetricArg,
    /// Seed of random numbers
    #[arg(long, default_value_t = ReduceParams::default().seed)]
    seed: u64,
    /// UMAP: keep together the classes in this column
    #[arg(long, value_name = "COLUMN")]
    labels: Option<String>,
    /// UMAP with classes: how much they count, from 0 to 1
    #[arg(long, value_name = "W", default_value_t = ReduceParams::default().label_weight)]
    label_weight: f64,
    /// UMAP: where the points start
    #[arg(long, value_enum, default_value = "principal")]
    start: StartArg,
    /// UMAP: keep local densities too, as densMAP does; how strongly, from 0 to 10
    #[arg(
        long, value_name = "LAMBDA", num_args = 0..=1, require_equals = true,
        default_value_t = ReduceParams::default().density, default_missing_value = "2"
    )]
    densmap: f64,
    /// UMAP: start like this earlier map, so that the two can be compared; objects are matched by id
    #[arg(long, value_name = "MAP.parquet", conflicts_with = "start")]
    like: Option<PathBuf>,
    /// UMAP like an earlier map: how strongly objects are held at their places there, from 0 to 1
    #[arg(long, value_name = "H", default_value_t = ReduceParams::default().hold)]
    hold: f64,
    /// Columns that are the axes (method identity), two or three
    #[arg(long, value_name = "X,Y", value_delimiter = ',')]
    columns: Vec<String>,
    /// Make the map of the objects for which this condition holds, and place the others on it
    #[arg(long, value_name = "SQL")]
    fit_where: Option<String>,
    /// Keep what places further objects on the map in this file (safetensors)
    #[arg(long, value_name = "FILE")]
    model_out: Option<PathBuf>,
    /// Place the objects on an earlier map, by the model kept with --model-out
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "method", "dims", "neighbors", "min_dist", "spread", "epochs", "perplexity", "metric", "seed",
            "labels", "label_weight", "start", "densmap", "like", "hold", "columns", "fit_where", "model_out"
        ]
    )]
    model: Option<PathBuf>,
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
    /// Neighbours stay neighbours, in evenly filled islands; up to 250 000 objects
    Tsne,
    /// My own columns, see --columns
    Identity,
}

impl MethodArg {
    /// The reduction; none for columns, which are taken as they are.
    fn reduction(self) -> Option<Method> {
        match self {
            Self::Pca => Some(Method::Pca),
            Self::Umap => Some(Method::Umap),
            Self::Tsne => Some(Method::Tsne),
            Self::Identity => None,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StartArg {
    /// At their principal components
    Principal,
    /// At the slowest eigenvectors of the graph of neighbours (Laplacian eigenmaps)
    Spectral,
}

impl From<StartArg> for Start {
    fn from(start: StartArg) -> Self {
        match start {
            StartArg::Principal => Self::Principal,
            StartArg::Spectral => Self::Spectral,
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

/// The map that is asked for.
fn mapped(args: &ReduceArgs, progress: &Progress) -> Result<MappedFile, JobError> {
    let file = VectorFile {
        path: &args.input,
        cutouts: args.cutouts.as_deref(),
    };
    if let Some(path) = &args.model {
        let model = job::read_model(path, &progress.stage("Reading the model", 0.0..0.1))?;
        return job::place_file(file, model, &progress.part(0.1..1.0));
    }
    let Some(method) = args.method.reduction() else {
        return job::take_columns(file, &args.columns, progress);
    };
    let params = ReduceParams {
        method,
        dims: usize::from(args.dims),
        seed: args.seed,
        neighbors: args.neighbors,
        min_dist: args.min_dist,
        spread: args.spread,
        epochs: args.epochs,
        metric: args.metric.into(),
        perplexity: args.perplexity,
        label_weight: args.label_weight,
        start: args.start.into(),
        density: args.densmap,
        hold: args.hold,
    };
    params.check()?;
    let recipe = ReduceRecipe {
        labels: args.labels.clone(),
        like: args.like.clone(),
        params,
    };
    job::reduce_file(file, &recipe, args.fit_where.as_deref(), progress)
}

fn check(args: &ReduceArgs) -> Result<()> {
    let inputs = [Some(&args.input), args.like.as_ref(), args.model.as_ref()];
    let inputs: Vec<&Path> = inputs.into_iter().flatten().map(PathBuf::as_path).collect();
    args.output.check(&inputs)?;
    if let Some(path) = &args.model_out {
        io::check_output(path, args.output.overwrite())?;
        apart(path, &inputs)?;
        ensure!(
            *path != args.output.out,
            "--out and --model-out name the same file; choose two"
        );
    }
    let reduction = args.method.reduction();
    if let Some(method) = reduction.filter(|m| !m.has_model()) {
        let none = args.fit_where.is_none() && args.model_out.is_none();
        let name = method.name();
        ensure!(
            none,
            "{name} cannot place further objects on its map; use UMAP or PCA"
        );
    }
    if reduction.is_none() {
        let none = args.fit_where.is_none() && args.model_out.is_none();
        ensure!(
            none,
            "columns are taken as they are; --fit-where and --model-out are for reductions"
        );
    } else {
        ensure!(
            args.columns.is_empty(),
            "--columns belongs to --method identity"
        );
    }
    Ok(())
}

pub(super) fn run(args: &ReduceArgs) -> Result<Answer> {
    check(args)?;
    let bar = Bar::start();
    let MappedFile {
        mut dataset,
        projection,
        model,
    } = mapped(args, &bar.progress().part(0.0..0.85)).map_err(|e| match e {
        JobError::Reduce(e) => anyhow!("{e}: {}", args.input.display()),
        e => e.into(),
    })?;
    if let (Some(path), Some(model)) = (&args.model_out, &model) {
        let keeping = bar.progress().stage("Keeping the model", 0.85..0.9);
        job::write_model(path, model, args.output.overwrite(), &keeping)?;
    }
    let provenance = job::provenance_at(&dataset, &args.output.out);
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

    let (facts, dims) = (projection.provenance(), projection.dims());
    let mut ratios = variance_ratio(facts);
    ratios.truncate(dims);
    let explained: f64 = ratios.iter().sum();
    let explains = if ratios.is_empty() {
        String::new()
    } else {
        format!(", {:.1} % of the variance", explained * 100.0)
    };
    let mut lines = vec![format!(
        "{} points in {dims} dimensions{explains}: {}",
        projection.len(),
        args.output.out.display()
    )];
    if let Some(path) = &args.model_out {
        lines.push(format!(
            "model that places further objects: {}",
            path.display()
        ));
    }
    lines.extend(
        dataset
            .warnings
            .iter()
            .map(|warning| format!("note: {warning}")),
    );
    Ok(Answer {
        text: lines.join("\n"),
        json: json!({
            "out": args.output.out.display().to_string(), "method": facts.get("method"), "dims": dims,
            "points": projection.len(), "rows": dataset.catalog.len(), "variance_ratio": ratios,
            "fitted_on": model.as_ref().map(MapModel::fitted_on),
            "model_out": args.model_out.as_ref().map(|path| path.display().to_string()),
            "notes": dataset.warnings,
        }),
    })
}
