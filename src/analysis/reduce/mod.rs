//! Reduction: from `n x d` vectors to a map of 2 or 3 dimensions.
//!
//! Every method fits parameters that are valid by construction, offers linfa's `Fit` and
//! `Transformer`, and reports progress.

mod pca;

pub use pca::{Pca, PcaParams};

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
    /// Seed of random numbers; PCA uses none.
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

/// Reduces `embedding`; the projection's provenance says how, and how much variance each component
/// explains (`variance_ratio`, comma-separated, the first 32 components).
///
/// # Errors
/// When the vectors are too few, too short or too long, or the work was cancelled.
pub fn reduce(
    embedding: &Embedding,
    catalog_rows: usize,
    params: &ReduceParams,
    progress: &Progress,
) -> Result<Projection, ReduceError> {
    let ReduceParams { method, dims, seed } = *params;
    let (coords, facts) = match method {
        Method::Pca => {
            let pca = PcaParams::new(dims).fit_rows(
                embedding.values(),
                embedding.dim(),
                &progress.part(0.0..0.9),
            )?;
            let coords = pca.transform_rows(embedding.values(), &progress.part(0.9..1.0))?;
            let ratios = pca.explained_variance_ratio();
            let text: Vec<String> = ratios
                .iter()
                .take(RECORDED_COMPONENTS)
                .map(|r| format!("{r:.6}"))
                .collect();
            (
                coords,
                Provenance::default().with(VARIANCE_RATIO, text.join(",")),
            )
        }
    };
    let provenance = facts
        .with("method", method.name())
        .with("dims", dims.to_string())
        .with("seed", seed.to_string())
        .with("fitted_on", format!("{} objects", embedding.len()))
        .with("latentarium_version", env!("CARGO_PKG_VERSION"));
    let provenance = embedding.provenance().clone().merged(&provenance);
    Ok(Projection::new(
        coords,
        dims,
        embedding.rows().to_vec(),
        catalog_rows,
        provenance,
    )?)
}
