//! Reduction: from `n x d` vectors to a map of 2 or 3 dimensions.
//!
//! Every method fits parameters that are valid by construction, offers linfa's `Fit` and
//! `Transformer`, and reports progress.

mod pca;
mod rows;
pub mod umap;

pub use pca::{Moments, Pca, PcaParams};
pub use rows::{InMemory, Rows};

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
    /// Seed of random numbers; PCA of vectors of up to 2048 values uses none.
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

/// Where objects lie on a map, and how that came about.
#[derive(Debug, Clone)]
pub struct Reduced {
    /// `n x dims` coordinates, row-major.
    pub coords: Vec<f32>,
    /// The method, and for PCA how much of the variance each component explains (`variance_ratio`,
    /// comma-separated, the first 32 components).
    pub provenance: Provenance,
}

/// Maps vectors by principal components, wherever the vectors are, in two passes; in six where they
/// are longer than 2048 values.
///
/// # Errors
/// When the vectors are too few, too short or cannot be had, or the work was cancelled.
pub fn reduce_by_pca<S: Rows>(
    source: &mut S,
    params: &ReduceParams,
    progress: &Progress,
) -> Result<Reduced, S::Error> {
    let pca = PcaParams::new(params.dims)
        .with_seed(params.seed)
        .fit_from(source, &progress.part(0.0..0.6))?;
    let coords = pca.transform_from(source, &progress.part(0.6..1.0))?;
    let ratios = pca.explained_variance_ratio();
    let text: Vec<String> = ratios
        .iter()
        .take(RECORDED_COMPONENTS)
        .map(|r| format!("{r:.6}"))
        .collect();
    let facts = Provenance::default().with(VARIANCE_RATIO, text.join(","));
    let provenance = described(facts, params, coords.len() / params.dims);
    Ok(Reduced { coords, provenance })
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
) -> Result<Projection, ReduceError> {
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
) -> Result<Projection, ReduceError> {
    params.check()?;
    let placed = |reduced: Reduced| {
        let provenance = embedding.provenance().clone().merged(&reduced.provenance);
        let rows = embedding.rows().to_vec();
        Projection::new(reduced.coords, params.dims, rows, catalog_rows, provenance)
            .map_err(ReduceError::from)
    };
    match (params.method, params.dims) {
        (Method::Pca, _) => {
            let mut source = InMemory {
                values: embedding.values(),
                dim: embedding.dim(),
            };
            placed(reduce_by_pca(&mut source, params, progress)?)
        }
        (Method::Umap, 2) => reduce_by_umap::<2>(embedding, params, progress, &placed, forming),
        (Method::Umap, _) => reduce_by_umap::<3>(embedding, params, progress, &placed, forming),
    }
}

fn reduce_by_umap<const D: usize>(
    embedding: &Embedding,
    params: &ReduceParams,
    progress: &Progress,
    placed: &dyn Fn(Reduced) -> Result<Projection, ReduceError>,
    forming: Forming<'_>,
) -> Result<Projection, ReduceError> {
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
        placed(Reduced {
            coords: fit.positions().into_flattened(),
            provenance: described(facts, params, embedding.len()),
        })
    };
    while !fit.finished() {
        fit.step(1, &layout)?;
        let done = fit.epoch() as f32 / fit.epochs() as f32;
        if !forming(&|| now(&fit), done) {
            break;
        }
    }
    now(&fit)
}
