//! Reduction: from `n x d` vectors to a map of 2 or 3 dimensions.
//!
//! Every method fits parameters that are checked, offers linfa's `Fit` and
//! `Transformer`, and reports progress.

mod datasets;
mod edges;
mod inverse;
mod model;
mod pca;
mod rows;
pub mod tsne;
pub mod umap;

pub use inverse::interpolated;
pub use model::{MapModel, ModelError};
pub use pca::{Moments, Pca, PcaParams};
pub use rows::{InMemory, Rows};

use super::points::{InputError, Metric, Points};
use crate::data::{DataError, Embedding, Projection, Provenance};
use crate::progress::{Cancelled, Progress};
use model::Fitted;
use tsne::TsneParams;
use umap::{Start, UmapError, UmapParams};

/// Why a reduction failed.
#[derive(Debug, thiserror::Error)]
pub enum ReduceError {
    /// Fewer vectors than the method needs.
    #[error("a {method} map needs at least {needed} vectors; there are {found}")]
    TooFewVectors {
        /// The method.
        method: &'static str,
        /// How many it needs.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// The vectors are shorter than the map.
    #[error(
        "a map of {dims} dimensions needs vectors of at least {dims} values; these have {found}"
    )]
    TooShort {
        /// Dimensions of the map.
        dims: usize,
        /// Length of the vectors.
        found: usize,
    },
    /// Two parts of a data set hold vectors of different lengths.
    #[error("vectors of {dim} and of {found} values do not belong together; encode both alike")]
    Unlike {
        /// Length of those of one.
        dim: usize,
        /// Length of those of the other.
        found: usize,
    },
    /// A value in the input is NaN or infinite.
    #[error("vector {row} holds NaN or infinity; leave it out or replace it")]
    NotFinite {
        /// First such row.
        row: usize,
    },
    /// The eigen-solver did not converge.
    #[error(
        "the eigenvalues of the covariance were not found; check the vectors for extreme values"
    )]
    NoConvergence,
    /// The vectors cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A parameter out of its range.
    #[error("{0}")]
    Params(String),
    /// linfa refused the data set.
    #[error(transparent)]
    Linfa(#[from] linfa::error::Error),
    /// The result does not hold together.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The owner asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<UmapError> for ReduceError {
    fn from(error: UmapError) -> Self {
        match error {
            UmapError::Input(error) => Self::Input(error),
            UmapError::Cancelled(error) => Self::Cancelled(error),
            UmapError::Guide => Self::Params(error.to_string()),
        }
    }
}

/// How a map is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Principal components (Pearson 1901): linear, exact, without parameters.
    Pca,
    /// Uniform manifold approximation (`McInnes` et al. 2018): neighbours stay neighbours.
    Umap,
    /// t-distributed neighbour embedding (van der Maaten & Hinton 2008): neighbours stay neighbours, in
    /// evenly filled islands; cannot place further objects.
    Tsne,
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 3] = [Self::Pca, Self::Umap, Self::Tsne];

    /// Name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pca => "PCA",
            Self::Umap => "UMAP",
            Self::Tsne => "t-SNE",
        }
    }

    /// Whether a fitted map can place further objects.
    #[must_use]
    pub fn has_model(self) -> bool {
        self != Self::Tsne
    }
}

/// What to compute.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ReduceParams {
    /// The method.
    pub method: Method,
    /// Dimensions of the map, 2 or 3.
    pub dims: usize,
    /// Seed of random numbers; PCA of vectors of up to 2048 values uses none.
    pub seed: u64,
    /// UMAP: size of a neighbourhood, the point itself included; 2 to 200.
    pub neighbors: usize,
    /// UMAP: how near points may come to one another on the map; 0 to `spread`.
    pub min_dist: f64,
    /// UMAP: the scale of the map; above 0, at most 10.
    pub spread: f64,
    /// UMAP: passes over the graph, 1 to 10000; by the number of points (500 to 200) when `None`.
    /// t-SNE: steps of the descent, 750 when `None`.
    pub epochs: Option<u32>,
    /// UMAP and t-SNE: how near two vectors are.
    pub metric: Metric,
    /// t-SNE: effective number of neighbours, 2 to 100.
    pub perplexity: f64,
    /// UMAP with classes: how much they count, from 0 to 1.
    pub label_weight: f64,
    /// UMAP: where the points start, when not like on an earlier map.
    pub start: Start,
    /// UMAP: how strongly local densities are kept (densMAP, Narayan et al. 2021, its lambda); 0 to 10,
    /// 0 for not at all.
    pub density: f64,
    /// UMAP that starts like an earlier map: how strongly its points are held there, from 0 to 1.
    pub hold: f64,
}

/// What leads a UMAP map besides the vectors of an embedding.
#[derive(Debug, Clone, Default)]
pub struct Guide {
    /// By vector: where it starts, on a map of as many dimensions; `None` where that is not known.
    pub start: Option<Vec<Option<[f32; 3]>>>,
    /// By vector: its class; `None` where that is not known.
    pub labels: Option<Vec<Option<u16>>>,
    /// What the map says of it.
    pub told: Provenance,
}

impl Guide {
    fn of<const D: usize>(&self) -> umap::Guide<D> {
        let place = |p: &Option<[f32; 3]>| p.map(|p| std::array::from_fn(|d| p[d]));
        umap::Guide {
            start: self.start.as_ref().map(|s| s.iter().map(place).collect()),
            labels: self.labels.clone(),
        }
    }
}

impl Default for ReduceParams {
    fn default() -> Self {
        Self {
            method: Method::Pca,
            dims: 2,
            seed: 1,
            neighbors: 15,
            min_dist: 0.1,
            spread: 1.0,
            epochs: None,
            metric: Metric::Euclidean,
            perplexity: 30.0,
            label_weight: 0.5,
            start: Start::Principal,
            density: 0.0,
            hold: 0.1,
        }
    }
}

impl ReduceParams {
    /// Refuses values out of their ranges.
    ///
    /// # Errors
    /// Names the parameter and its range.
    pub fn check(&self) -> Result<(), ReduceError> {
        let refuse = |what: &str| Err(ReduceError::Params(what.to_owned()));
        if !(2..=3).contains(&self.dims) {
            return refuse("a map has 2 or 3 dimensions");
        }
        if !(2..=200).contains(&self.neighbors) {
            return refuse("the number of neighbours must be 2 to 200");
        }
        if !(self.spread > 0.0 && self.spread <= 10.0) {
            return refuse("the spread must be above 0 and at most 10");
        }
        if !(self.min_dist >= 0.0 && self.min_dist <= self.spread) {
            return refuse("the least distance must be 0 to the spread");
        }
        if self.epochs.is_some_and(|e| !(1..=10_000).contains(&e)) {
            return refuse("the number of epochs must be 1 to 10000");
        }
        if !(2.0..=100.0).contains(&self.perplexity) {
            return refuse("the perplexity must be 2 to 100");
        }
        if !(0.0..=10.0).contains(&self.density) {
            return refuse("the weight of densities must be 0 to 10");
        }
        let share = 0.0..=1.0;
        if !share.contains(&self.label_weight) || !share.contains(&self.hold) {
            return refuse("the weight of classes and the hold of an earlier map must be 0 to 1");
        }
        Ok(())
    }

    fn tsne(&self) -> TsneParams {
        TsneParams {
            perplexity: self.perplexity,
            metric: self.metric,
            steps: self.epochs,
            seed: self.seed,
        }
    }

    fn umap(&self) -> UmapParams {
        UmapParams {
            n_neighbors: self.neighbors,
            metric: self.metric,
            min_dist: self.min_dist,
            spread: self.spread,
            epochs: self.epochs,
            seed: self.seed,
            label_weight: self.label_weight,
            start: self.start,
            density: self.density,
            drift_penalty: self.hold as f32,
            ..UmapParams::default()
        }
    }
}

/// Told of a map in the making: what gives its points as they are now, and the share `0..=1` that is
/// done. Returns whether to go on; the map is kept as it is when not.
pub type Forming<'a> = &'a mut dyn FnMut(&dyn Fn() -> Result<Projection, ReduceError>, f32) -> bool;

/// Share of the variance along each component, as a projection's provenance records it; empty when
/// it does not.
#[must_use]
pub fn variance_ratio(provenance: &Provenance) -> Vec<f64> {
    let text = provenance.get(VARIANCE_RATIO).unwrap_or_default();
    text.split(',')
        .filter_map(|ratio| ratio.parse().ok())
        .collect()
}

/// The fact that says of which objects alone a map was made, a condition in SQL.
pub const FIT_WHERE: &str = "fit_where";
const VARIANCE_RATIO: &str = "variance_ratio";
/// Components whose share of the variance is recorded for the scree plot.
const RECORDED_COMPONENTS: usize = 32;

/// A map, and what places further vectors on it.
pub struct Reduction {
    /// The map.
    pub projection: Projection,
    /// The fitted model; t-SNE has none.
    pub model: Option<MapModel>,
}

/// Fits principal components to vectors wherever they are, in one pass; in five where they are longer
/// than 2048 values. `made_by` is how the vectors came about.
///
/// # Errors
/// When the vectors are too few, too short or cannot be had, or the work was cancelled.
pub fn fit_pca<S: Rows>(
    source: &mut S,
    made_by: &Provenance,
    params: &ReduceParams,
    progress: &Progress,
) -> Result<MapModel, S::Error> {
    let mut counted = Counted { source, count: 0 };
    let pca = PcaParams::new(params.dims)
        .with_seed(params.seed)
        .fit_from(&mut counted, progress)?;
    let (dim, count) = (counted.dim(), counted.count);
    Ok(MapModel::new(
        *params,
        dim,
        count,
        made_by,
        Fitted::Pca(pca),
    ))
}

/// Counts the vectors of the last pass.
struct Counted<'a, S> {
    source: &'a mut S,
    count: usize,
}

impl<S: Rows> Rows for Counted<'_, S> {
    type Error = S::Error;

    fn dim(&self) -> usize {
        self.source.dim()
    }

    fn expected(&self) -> usize {
        self.source.expected()
    }

    fn pass(
        &mut self,
        each: &mut dyn FnMut(&[f32]) -> Result<(), ReduceError>,
    ) -> Result<(), Self::Error> {
        let (dim, count) = (self.source.dim().max(1), &mut self.count);
        *count = 0;
        self.source.pass(&mut |rows| {
            *count += rows.len() / dim;
            each(rows)
        })
    }
}

/// What every map says of itself.
fn described(facts: Provenance, params: &ReduceParams, fitted_on: usize) -> Provenance {
    facts
        .with("method", params.method.name())
        .with("dims", params.dims.to_string())
        .with("seed", params.seed.to_string())
        .with("fitted_on", format!("{fitted_on} objects"))
        .with("latentarium_version", env!("CARGO_PKG_VERSION"))
}

fn pca_facts(pca: &Pca) -> Provenance {
    let ratios = pca.explained_variance_ratio();
    let text: Vec<String> = ratios
        .iter()
        .take(RECORDED_COMPONENTS)
        .map(|r| format!("{r:.6}"))
        .collect();
    Provenance::default().with(VARIANCE_RATIO, text.join(","))
}

fn umap_facts(params: &ReduceParams) -> Provenance {
    let mut facts = Provenance::default()
        .with("neighbors", params.neighbors.to_string())
        .with("min_dist", params.min_dist.to_string())
        .with("spread", params.spread.to_string())
        .with("metric", params.metric.name());
    if params.start != Start::Principal {
        facts = facts.with("start", params.start.name());
    }
    if params.density > 0.0 {
        facts = facts.with("densmap", params.density.to_string());
    }
    facts
}

/// Reduces `embedding`; the projection's provenance says how, and for PCA how much variance each
/// component explains (`variance_ratio`, comma-separated, the first 32 components).
///
/// # Errors
/// When a parameter is out of its range, the vectors are too few or too short, or the work was
/// cancelled.
pub fn reduce(
    embedding: &Embedding,
    catalog_rows: usize,
    params: &ReduceParams,
    progress: &Progress,
) -> Result<Reduction, ReduceError> {
    let guide = Guide::default();
    reduce_live(
        embedding,
        catalog_rows,
        params,
        &guide,
        progress,
        &mut |_, _| true,
    )
}

/// The same, led by a guide; a map that forms step by step is shown to `forming` on its way.
///
/// # Errors
/// As [`reduce`].
pub fn reduce_live(
    embedding: &Embedding,
    catalog_rows: usize,
    params: &ReduceParams,
    guide: &Guide,
    progress: &Progress,
    forming: Forming<'_>,
) -> Result<Reduction, ReduceError> {
    params.check()?;
    let umap = UmapWork {
        embedding,
        params,
        catalog_rows,
        guide,
    };
    match (params.method, params.dims) {
        (Method::Pca, _) => {
            let mut source = InMemory {
                values: embedding.values(),
                dim: embedding.dim(),
            };
            let made_by = embedding.provenance();
            let model = fit_pca(&mut source, made_by, params, &progress.part(0.0..0.6))?;
            let coords = model.place_from(&mut source, &progress.part(0.6..1.0))?;
            let projection = placed(embedding, coords, params, catalog_rows, &model.provenance())?;
            Ok(Reduction {
                projection,
                model: Some(model),
            })
        }
        (Method::Tsne, 2) => {
            reduce_by_tsne::<2>(embedding, params, catalog_rows, progress, forming)
        }
        (Method::Tsne, _) => {
            reduce_by_tsne::<3>(embedding, params, catalog_rows, progress, forming)
        }
        (Method::Umap, 2) => umap.run::<2>(progress, forming, Fitted::Flat),
        (Method::Umap, _) => umap.run::<3>(progress, forming, Fitted::Solid),
    }
}

/// A map of the objects of an embedding.
fn placed(
    embedding: &Embedding,
    coords: Vec<f32>,
    params: &ReduceParams,
    catalog_rows: usize,
    facts: &Provenance,
) -> Result<Projection, ReduceError> {
    let provenance = embedding.provenance().clone().merged(facts);
    let rows = embedding.rows().to_vec();
    let made = Projection::new(coords, params.dims, rows, catalog_rows, provenance)?;
    Ok(made)
}

/// A UMAP map that is asked for.
struct UmapWork<'a> {
    embedding: &'a Embedding,
    params: &'a ReduceParams,
    catalog_rows: usize,
    guide: &'a Guide,
}

impl UmapWork<'_> {
    fn run<const D: usize>(
        &self,
        progress: &Progress,
        forming: Forming<'_>,
        fitted: impl Fn(Embedding, umap::Model<D>) -> Fitted,
    ) -> Result<Reduction, ReduceError> {
        let (embedding, params) = (self.embedding, self.params);
        let points = points_of(embedding, params)?;
        let neighbors = progress.stage("Finding neighbours", 0.0..0.3);
        let guide = self.guide.of::<D>();
        let mut fit = umap::Fit::<D>::new(points, &params.umap(), &guide, &neighbors)?;
        let layout = progress.stage("Laying out the map", 0.3..1.0);
        while !fit.finished() {
            fit.step(&layout)?;
            if !forming(&|| self.now(&fit), fit.done()) {
                break;
            }
        }
        let projection = self.now(&fit)?;
        let made_by = embedding.provenance().clone().merged(&self.guide.told);
        let fitted = fitted(embedding.clone(), fit.finish());
        let model = MapModel::new(*params, embedding.dim(), points.len(), &made_by, fitted);
        Ok(Reduction {
            projection,
            model: Some(model),
        })
    }

    /// The map as it is.
    fn now<const D: usize>(&self, fit: &umap::Fit<D>) -> Result<Projection, ReduceError> {
        let epochs = format!("{} of {}", fit.epoch(), fit.epochs());
        let facts = umap_facts(self.params).with("epochs", epochs);
        let facts = described(facts, self.params, self.embedding.len()).merged(&self.guide.told);
        let coords = fit.positions().into_flattened();
        placed(
            self.embedding,
            coords,
            self.params,
            self.catalog_rows,
            &facts,
        )
    }
}

/// The vectors, at least two of them.
fn points_of<'a>(
    embedding: &'a Embedding,
    params: &ReduceParams,
) -> Result<Points<'a>, ReduceError> {
    let points = Points::new(embedding.values(), embedding.dim())?.suited_to(params.metric)?;
    if points.len() < 2 {
        return Err(ReduceError::TooFewVectors {
            method: params.method.name(),
            needed: 2,
            found: points.len(),
        });
    }
    Ok(points)
}

fn reduce_by_tsne<const D: usize>(
    embedding: &Embedding,
    params: &ReduceParams,
    catalog_rows: usize,
    progress: &Progress,
    forming: Forming<'_>,
) -> Result<Reduction, ReduceError> {
    let points = points_of(embedding, params)?;
    if points.len() > tsne::MOST_POINTS {
        return Err(ReduceError::Params(format!(
            "t-SNE takes up to {} objects and these are {}; use UMAP, or a part of them",
            tsne::MOST_POINTS,
            points.len()
        )));
    }
    let neighbors = progress.stage("Finding neighbours", 0.0..0.2);
    let fit = tsne::Fit::<D>::new(points, &params.tsne(), &neighbors);
    let mut fit = fit.map_err(UmapError::from)?;
    let layout = progress.stage("Laying out the map", 0.2..1.0);
    let now = |fit: &tsne::Fit<D>| {
        let facts = Provenance::default()
            .with("perplexity", params.perplexity.to_string())
            .with("metric", params.metric.name())
            .with("steps", format!("{} of {}", fit.steps_done(), fit.steps()));
        let facts = described(facts, params, embedding.len());
        let coords = fit.positions().into_flattened();
        placed(embedding, coords, params, catalog_rows, &facts)
    };
    while !fit.finished() {
        fit.step(&layout)?;
        let done = fit.steps_done() as f32 / fit.steps() as f32;
        if !forming(&|| now(&fit), done) {
            break;
        }
    }
    Ok(Reduction {
        projection: now(&fit)?,
        model: None,
    })
}
