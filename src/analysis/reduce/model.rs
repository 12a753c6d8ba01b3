//! A fitted map: what places further vectors where they belong, now or from a file.

use super::umap::{self, Placer};
use super::{FIT_WHERE, Method, Pca, ReduceError, ReduceParams, Rows};
use crate::analysis::points::{InputError, Points};
use crate::data::{Arrays, ArraysError, Embedding, Provenance};
use crate::progress::Progress;

/// Vectors placed at a time.
const BATCH: usize = 1 << 14;
/// What the file says it is.
const VERSION: (&str, &str) = ("latentarium.map_model", "1");
const PARAMS: &str = "params";
const VECTORS: &str = "vectors";
/// Facts of the vectors that the map was made from.
const SOURCE: &str = "source.";

/// A map with all that it takes to place vectors on it. Where a vector belongs is a function of the
/// vector and the model alone: not of what else is placed, of their order, or of the number of threads.
pub struct MapModel {
    params: ReduceParams,
    dim: usize,
    fitted_on: usize,
    source: Provenance,
    fitted: Fitted,
}

pub(super) enum Fitted {
    Pca(Pca),
    Flat(Embedding, umap::Model<2>),
    Solid(Embedding, umap::Model<3>),
}

/// Why arrays are no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Some other file.
    #[error("this is no model of a map; make one with `latentarium reduce --model-out`")]
    NoModel,
    /// A later version.
    #[error(
        "the model is of version {found}, and this program reads version 1; use a newer one, or make the model again"
    )]
    Version {
        /// Its version.
        found: String,
    },
    /// Its parts do not hold together.
    #[error("the model is damaged: {0}; make it again")]
    Damaged(String),
}

impl From<ArraysError> for ModelError {
    fn from(error: ArraysError) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl MapModel {
    pub(super) fn new(
        params: ReduceParams,
        dim: usize,
        fitted_on: usize,
        source: &Provenance,
        fitted: Fitted,
    ) -> Self {
        Self {
            params,
            dim,
            fitted_on,
            source: source.clone(),
            fitted,
        }
    }

    pub(super) fn fitted(&self) -> &Fitted {
        &self.fitted
    }

    /// Whether coordinates are linear in the vectors.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        matches!(self.fitted, Fitted::Pca(_))
    }

    /// How the map was made.
    #[must_use]
    pub fn params(&self) -> &ReduceParams {
        &self.params
    }

    /// Length of the vectors, `d`.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// How many vectors the map was made from.
    #[must_use]
    pub fn fitted_on(&self) -> usize {
        self.fitted_on
    }

    /// How the vectors that the map was made from came about.
    #[must_use]
    pub fn source(&self) -> &Provenance {
        &self.source
    }

    /// What a map of further vectors says of itself.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        let facts = match &self.fitted {
            Fitted::Pca(pca) => super::pca_facts(pca),
            Fitted::Flat(..) | Fitted::Solid(..) => super::umap_facts(&self.params),
        };
        let facts = match self.source.get(FIT_WHERE) {
            Some(sql) => facts.with(FIT_WHERE, sql),
            None => facts,
        };
        super::described(facts, &self.params, self.fitted_on)
    }

    /// Coordinates (`n x dims`, row-major) of vectors wherever they are. UMAP leaves those that it was
    /// fitted to where they are.
    ///
    /// # Errors
    /// Vectors of another length; values that cannot be used; cancellation; what the source returns.
    pub fn place_from<S: Rows>(
        &self,
        source: &mut S,
        progress: &Progress,
    ) -> Result<Vec<f32>, S::Error> {
        if source.dim() != self.dim {
            let error = InputError::Dimension {
                expected: self.dim,
                got: source.dim(),
            };
            return Err(ReduceError::from(error).into());
        }
        match &self.fitted {
            Fitted::Pca(pca) => pca.transform_from(source, progress),
            Fitted::Flat(vectors, model) => place(vectors, model, source, progress),
            Fitted::Solid(vectors, model) => place(vectors, model, source, progress),
        }
    }

    /// The model as arrays.
    #[must_use]
    pub fn arrays(&self) -> Arrays<'_> {
        let mut arrays = Arrays::default();
        match &self.fitted {
            Fitted::Pca(pca) => pca.put(&mut arrays),
            Fitted::Flat(vectors, model) => {
                put(vectors, &mut arrays);
                model.put(&mut arrays);
            }
            Fitted::Solid(vectors, model) => {
                put(vectors, &mut arrays);
                model.put(&mut arrays);
            }
        }
        let params = serde_json::to_string(&self.params).unwrap_or_default();
        let facts = std::mem::take(&mut arrays.facts)
            .with(VERSION.0, VERSION.1)
            .with(PARAMS, params)
            .with("dim", self.dim.to_string())
            .with("fitted_on", self.fitted_on.to_string());
        let source = self.source.iter();
        let source: Provenance = source
            .map(|(name, text)| (format!("{SOURCE}{name}"), text.to_owned()))
            .collect();
        arrays.facts = facts.merged(&source);
        arrays
    }

    /// The model from its arrays, which need not be trusted.
    ///
    /// # Errors
    /// When they are none of a model, of another version, or do not hold together.
    pub fn from_arrays(mut arrays: Arrays<'_>) -> Result<Self, ModelError> {
        match arrays.facts.get(VERSION.0) {
            None => return Err(ModelError::NoModel),
            Some(version) if version != VERSION.1 => {
                let found = version.chars().take(20).collect();
                return Err(ModelError::Version { found });
            }
            Some(_) => {}
        }
        let damaged = |e: &dyn std::fmt::Display| ModelError::Damaged(e.to_string());
        let text = arrays.facts.get(PARAMS).unwrap_or_default();
        let params: ReduceParams = serde_json::from_str(text).map_err(|e| damaged(&e))?;
        params.check().map_err(|e| damaged(&e))?;
        let (dim, n) = (arrays.fact("dim")?, arrays.fact("fitted_on")?);
        let source = arrays.facts.iter();
        let source: Provenance = source
            .filter_map(|(name, text)| {
                Some((name.strip_prefix(SOURCE)?.to_owned(), text.to_owned()))
            })
            .collect();
        let arrays = &mut arrays;
        let mut vectors = || -> Result<Embedding, ModelError> {
            let values: Vec<f32> = arrays.take(VECTORS, &[n, dim])?;
            Points::new(&values, dim).map_err(|e| damaged(&e))?;
            let rows = (0..n as u32).collect();
            Embedding::new(values, dim, rows, n, Provenance::default()).map_err(|e| damaged(&e))
        };
        let fitted = match (params.method, params.dims) {
            (Method::Pca, dims) => Fitted::Pca(Pca::take(arrays, dim, dims)?),
            (Method::Umap, 2) => {
                let vectors = vectors()?;
                Fitted::Flat(vectors, umap::Model::take(arrays, n, dim, params.umap())?)
            }
            (Method::Tsne, _) => return Err(damaged(&"t-SNE has no model")),
            (Method::Umap, _) => {
                let vectors = vectors()?;
                Fitted::Solid(vectors, umap::Model::take(arrays, n, dim, params.umap())?)
            }
        };
        Ok(Self {
            params,
            dim,
            fitted_on: n,
            source,
            fitted,
        })
    }
}

fn put<'a>(vectors: &'a Embedding, arrays: &mut Arrays<'a>) {
    let shape = [vectors.len(), vectors.dim()];
    arrays.put(VECTORS, &shape, vectors.values());
}

fn place<const D: usize, S: Rows>(
    vectors: &Embedding,
    model: &umap::Model<D>,
    source: &mut S,
    progress: &Progress,
) -> Result<Vec<f32>, S::Error> {
    let fitted = Points::new(vectors.values(), vectors.dim()).map_err(ReduceError::from)?;
    let placer = Placer::new(fitted, model);
    let (dim, expected) = (source.dim(), source.expected());
    let mut coords = Vec::new();
    source.pass(&mut |rows| {
        for rows in rows.chunks(BATCH * dim) {
            let points = Points::new(rows, dim)?.suited_to(model.params.metric)?;
            let placed = placer.place(points, progress)?;
            coords.extend_from_slice(placed.as_flattened());
            progress.set(coords.len() / D, expected)?;
        }
        Ok(())
    })?;
    Ok(coords)
}
