//! Reduction: from `n x d` vectors to a map of 2 or 3 dimensions.
//!
//! Every method fits parameters that are valid by construction, offers linfa's `Fit` and
//! `Transformer`, and reports progress.

mod pca;
pub mod umap;

pub use pca::{Pca, PcaParams};

use super::points::{InputError, Metric, Points};
use crate::data::{DataError, Embedding, Projection, Provenance};
use crate::progress::{Cancelled, Progress};
use umap::{UmapError, UmapParams};

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
    /// The vectors are too long for an exact covariance.
    #[error(
        "vectors of {found} values are too long for PCA (at most {most}); encode to fewer dimensions first"
    )]
    TooLong {
        /// Length of the vectors.
        found: usize,
        /// The longest that is handled.
        most: usize,
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
            UmapError::Start => Self::Params(error.to_string()),
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
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 2] = [Self::Pca, Self::Umap];

    /// Name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pca => "PCA",
            Self::Umap => "UMAP",
        }
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
    /// Seed of random numbers; PCA uses none.
    pub seed: u64,
    /// UMAP: size of a neighbourhood, the point itself included; 2 to 200.
    pub neighbors: usize,
    /// UMAP: how near points may come to one another on the map; 0 to `spread`.
    pub min_dist: f64,
    /// UMAP: the scale of the map; above 0, at most 10.
    pub spread: f64,
    /// UMAP: passes over the graph, 1 to 10000; by the number of points (500 to 200) when `None`.
    pub epochs: Option<u32>,
    /// UMAP: how near two vectors are.
    pub metric: Metric,
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
        Ok(())
    }

    fn umap(&self) -> UmapParams {
        UmapParams {
            n_neighbors: self.neighbors,
            metric: self.metric,
            min_dist: self.min_dist,
            spread: self.spread,
            epochs: self.epochs,
            seed: self.seed,
            ..UmapParams::default()
        }
    }
}

/// What a reduction has learned, ready to place new vectors.
pub enum Fitted {
    /// Mean and components.
    Pca(Pca),
    /// A map of two dimensions.
    Umap2(Box<umap::Model<2>>),
    /// A map of three dimensions.
    Umap3(Box<umap::Model<3>>),
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

const VARIANCE_RATIO: &str = "variance_ratio";
/// Components whose share of the variance is recorded for the scree plot.
const RECORDED_COMPONENTS: usize = 32;

/// Reduces `embedding`; the projection's provenance says how, and for PCA how much variance each
/// component explains (`variance_ratio`, comma-separated, the first 32 components).
///
/// # Errors
/// When a parameter is out of its range, the vectors are too few, too short or too long, or the work
/// was cancelled.
pub fn reduce(
    embedding: &Embedding,
    catalog_rows: usize,
    params: &ReduceParams,
    progress: &Progress,
) -> Result<(Projection, Fitted), ReduceError> {
    reduce_live(embedding, catalog_rows, params, progress, &mut |_, _| true)
}

/// The same; a map that forms step by step is shown to `forming` on its way.
///
/// # Errors
/// As [`reduce`].
pub fn reduce_live(
    embedding: &Embedding,
    catalog_rows: usize,
    params: &ReduceParams,
    progress: &Progress,
    forming: Forming<'_>,
) -> Result<(Projection, Fitted), ReduceError> {
    params.check()?;
    match (params.method, params.dims) {
        (Method::Pca, _) => pca_map(embedding, catalog_rows, params, progress),
        (Method::Umap, 2) => {
            let (projection, model) =
                umap_map::<2>(embedding, catalog_rows, params, progress, forming)?;
            Ok((projection, Fitted::Umap2(Box::new(model))))
        }
        (Method::Umap, _) => {
            let (projection, model) =
                umap_map::<3>(embedding, catalog_rows, params, progress, forming)?;
            Ok((projection, Fitted::Umap3(Box::new(model))))
        }
    }
}

fn pca_map(
    embedding: &Embedding,
    catalog_rows: usize,
    params: &ReduceParams,
    progress: &Progress,
) -> Result<(Projection, Fitted), ReduceError> {
    let (values, dim) = (embedding.values(), embedding.dim());
    let pca = PcaParams::new(params.dims).fit_rows(values, dim, &progress.part(0.0..0.9))?;
    let coords = pca.transform_rows(values, &progress.part(0.9..1.0))?;
    let ratios = pca.explained_variance_ratio();
    let text: Vec<String> = ratios
        .iter()
        .take(RECORDED_COMPONENTS)
        .map(|r| format!("{r:.6}"))
        .collect();
    let facts = Provenance::default().with(VARIANCE_RATIO, text.join(","));
    let projection = projection(embedding, catalog_rows, params, coords, &facts)?;
    Ok((projection, Fitted::Pca(pca)))
}

fn umap_map<const D: usize>(
    embedding: &Embedding,
    catalog_rows: usize,
    params: &ReduceParams,
    progress: &Progress,
    forming: Forming<'_>,
) -> Result<(Projection, umap::Model<D>), ReduceError> {
    let points = Points::new(embedding.values(), embedding.dim())?;
    if points.len() < 2 {
        return Err(ReduceError::TooFewVectors {
            method: Method::Umap.name(),
            needed: 2,
            found: points.len(),
        });
    }
    let neighbors = progress.stage("Finding neighbours", 0.0..0.3);
    let mut fit = umap::Fit::<D>::new(points, &params.umap(), None, &neighbors)?;
    let layout = progress.stage("Laying out the map", 0.3..1.0);
    let now = |fit: &umap::Fit<D>| {
        let facts = Provenance::default()
            .with("neighbors", params.neighbors.to_string())
            .with("min_dist", params.min_dist.to_string())
            .with("spread", params.spread.to_string())
            .with("metric", params.metric.name())
            .with("epochs", format!("{} of {}", fit.epoch(), fit.epochs()));
        let coords = fit.positions().into_flattened();
        projection(embedding, catalog_rows, params, coords, &facts)
    };
    while !fit.finished() {
        fit.step(1, &layout)?;
        let done = fit.epoch() as f32 / fit.epochs() as f32;
        if !forming(&|| now(&fit), done) {
            break;
        }
    }
    Ok((now(&fit)?, fit.finish()))
}

/// The map with its provenance.
fn projection(
    embedding: &Embedding,
    catalog_rows: usize,
    params: &ReduceParams,
    coords: Vec<f32>,
    facts: &Provenance,
) -> Result<Projection, ReduceError> {
    let provenance = facts
        .clone()
        .with("method", params.method.name())
        .with("dims", params.dims.to_string())
        .with("seed", params.seed.to_string())
        .with("fitted_on", format!("{} objects", embedding.len()))
        .with("latentarium_version", env!("CARGO_PKG_VERSION"));
    let provenance = embedding.provenance().clone().merged(&provenance);
    let rows = embedding.rows().to_vec();
    Ok(Projection::new(
        coords,
        params.dims,
        rows,
        catalog_rows,
        provenance,
    )?)
}
