//! Reduction: from `n x d` vectors to a map of 2 or 3 dimensions.
//!
//! Every method fits parameters that are valid by construction, offers linfa's `Fit` and
//! `Transformer`, and reports progress.

mod pca;
mod rows;

pub use pca::{Moments, Pca, PcaParams};
pub use rows::{InMemory, Rows};

use crate::data::{DataError, Embedding, Projection, Provenance};
use crate::progress::{Cancelled, Progress};

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

/// How a map is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Principal components (Pearson 1901): linear, exact, without parameters.
    Pca,
}

impl Method {
    /// Name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pca => "PCA",
        }
    }
}

/// What to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReduceParams {
    /// The method.
    pub method: Method,
    /// Dimensions of the map, 2 or 3.
    pub dims: usize,
    /// Seed of random numbers; PCA of vectors of up to 2048 values uses none.
    pub seed: u64,
}

impl Default for ReduceParams {
    fn default() -> Self {
        Self {
            method: Method::Pca,
            dims: 2,
            seed: 1,
        }
    }
}

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

/// Reduces `embedding`; the projection's provenance says how.
///
/// # Errors
/// When the vectors are too few or too short, or the work was cancelled.
pub fn reduce(
    embedding: &Embedding,
    catalog_rows: usize,
    params: &ReduceParams,
    progress: &Progress,
) -> Result<Projection, ReduceError> {
    let Reduced { coords, provenance } = match params.method {
        Method::Pca => {
            let mut source = InMemory {
                values: embedding.values(),
                dim: embedding.dim(),
            };
            reduce_by_pca(&mut source, params, progress)?
        }
    };
    Ok(Projection::new(
        coords,
        params.dims,
        embedding.rows().to_vec(),
        catalog_rows,
        embedding.provenance().clone().merged(&provenance),
    )?)
}
