//! UMAP (`McInnes`, Healy & Melville 2018): a map in two or three dimensions in which neighbours
//! stay neighbours.
//!
//! [`Fit`] is built from vectors, advanced epoch by epoch (its positions can be shown on the way)
//! and becomes a [`Model`], which places new vectors.

mod curve;
mod densmap;
mod forces;
mod fuzzy;
mod guide;
mod init;
mod layout;
mod levels;
mod parts;
mod spectral;
#[cfg(test)]
mod tests;
mod transform;

use crate::analysis::neighbors::{Index, KnnError, KnnGraph, KnnParams, knn_graph};
use crate::analysis::points::{InputError, Metric, Points};
use crate::progress::{Cancelled, Progress};
use levels::Level;

pub use guide::Guide;
pub(super) use init::principal_start;
pub use transform::Placer;

/// Where the points of a map start.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// At their principal components: quick, and what is far apart among the vectors begins far apart.
    #[default]
    Principal,
    /// At the slowest eigenvectors of the graph of neighbours, which unfold it.
    Spectral,
}

impl Start {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Principal, Self::Spectral];

    /// Name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Principal => "principal components",
            Self::Spectral => "spectral",
        }
    }
}

/// What the map looks like. `Default` follows the reference implementation.
#[derive(Clone, Debug)]
pub struct UmapParams {
    /// Size of a neighbourhood, the point itself included.
    pub n_neighbors: usize,
    /// How near two vectors are.
    pub metric: Metric,
    /// How near points may come to one another on the map.
    pub min_dist: f64,
    /// Scale of the map.
    pub spread: f64,
    /// None: 500 up to 10,000 points, 250 up to 100,000, beyond that 100 after those of a sample, or 200
    /// without a sample.
    pub epochs: Option<u32>,
    /// Samples that repel, for each neighbour that attracts.
    pub negative_sample_rate: f32,
    /// Where points start that have no place in the guide; of a large set, those of the sample.
    pub start: Start,
    /// Of sets of more points a sample is laid out first.
    pub sampled_beyond: usize,
    /// Size of the first steps; they fall to 0.
    pub learning_rate: f32,
    /// Of random numbers.
    pub seed: u64,
    /// With given start positions: how strongly points are held near them (0: not).
    pub drift_penalty: f32,
    /// With classes: how much they count, from 0 (not at all) to 1 (nothing else does).
    pub label_weight: f64,
    /// How strongly local densities are kept (densMAP, its lambda; 0: not at all).
    pub density: f64,
    /// How the neighbour graph is built; its `k`, `metric` and `seed` follow from the above.
    pub knn: KnnParams,
}

impl Default for UmapParams {
    fn default() -> Self {
        Self {
            n_neighbors: 15,
            metric: Metric::Euclidean,
            min_dist: 0.1,
            spread: 1.0,
            epochs: None,
            negative_sample_rate: 5.0,
            start: Start::Principal,
            // smaller ones gain nothing that can be told (Fashion-MNIST)
            sampled_beyond: 100_000,
            learning_rate: 1.0,
            seed: 0,
            drift_penalty: 0.0,
            label_weight: 0.5,
            density: 0.0,
            knn: KnnParams::default(),
        }
    }
}

impl UmapParams {
    /// How the neighbour graph is built.
    fn knn(&self) -> KnnParams {
        KnnParams {
            k: self.n_neighbors.max(2) - 1,
            metric: self.metric,
            seed: self.seed,
            ..self.knn.clone()
        }
    }
}

/// Why there is no map.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum UmapError {
    /// The vectors cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Start positions or classes for another number of points, or positions that are not finite.
    #[error("the guide of the map does not fit its points; make it for the same objects")]
    Guide,
    /// The owner asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<KnnError> for UmapError {
    fn from(error: KnnError) -> Self {
        match error {
            KnnError::Input(error) => Self::Input(error),
            KnnError::Cancelled(error) => Self::Cancelled(error),
        }
    }
}

/// A map in the making.
pub struct Fit<const D: usize> {
    level: Level<D>,
    graph: KnnGraph,
    index: Index,
    params: UmapParams,
}

impl<const D: usize> Fit<D> {
    /// Finds the neighbours and the start positions: those of the guide, else by `params.start`.
    ///
    /// # Errors
    /// When the guide does not fit the points, or the work was cancelled.
    pub fn new(
        points: Points<'_>,
        params: &UmapParams,
        guide: &Guide<D>,
        progress: &Progress,
    ) -> Result<Self, UmapError> {
        let (graph, index) = knn_graph(points, &params.knn(), progress)?;
        Self::from_graph(points, graph, index, params, guide, progress)
    }

    /// The same from a graph that is there already.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_graph(
        points: Points<'_>,
        graph: KnnGraph,
        index: Index,
        params: &UmapParams,
        guide: &Guide<D>,
        progress: &Progress,
    ) -> Result<Self, UmapError> {
        if !guide.fits(points.len()) {
            return Err(UmapError::Guide);
        }
        let level = Level::new(points, &graph, params, guide, None, progress)?;
        Ok(Self {
            level,
            graph,
            index,
            params: params.clone(),
        })
    }

    /// One more epoch, of a sample first where there are many points. After `Err` the fit must not be
    /// continued.
    ///
    /// # Errors
    /// When the work was cancelled.
    pub fn step(&mut self, progress: &Progress) -> Result<(), UmapError> {
        self.level.step(progress)?;
        progress.report(self.done());
        Ok(())
    }

    /// Whether all epochs are done.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.level.finished()
    }

    /// The share of the work that is done, `0..=1`.
    #[must_use]
    pub fn done(&self) -> f32 {
        self.level.done()
    }

    /// Epochs that are done, without those of samples.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.level.epoch()
    }

    /// Epochs in all, without those of samples.
    #[must_use]
    pub fn epochs(&self) -> u32 {
        self.level.epochs()
    }

    /// Positions by point, as they are now.
    #[must_use]
    pub fn positions(&self) -> Vec<[f32; D]> {
        self.level.positions()
    }

    /// The map as it is now, ready to place new vectors.
    #[must_use]
    pub fn finish(self) -> Model<D> {
        let positions = self.positions();
        Model {
            positions,
            graph: self.graph,
            index: self.index,
            params: self.params,
        }
    }
}

/// A finished map.
pub struct Model<const D: usize> {
    /// By point.
    pub positions: Vec<[f32; D]>,
    /// The neighbours of the points.
    pub graph: KnnGraph,
    /// For looking up the neighbours of new vectors.
    pub index: Index,
    /// What made it.
    pub params: UmapParams,
}

/// All of it at once.
///
/// # Errors
/// As [`Fit::new`].
pub fn umap<const D: usize>(
    points: Points<'_>,
    params: &UmapParams,
    progress: &Progress,
) -> Result<Model<D>, UmapError> {
    let mut fit = Fit::new(points, params, &Guide::default(), progress)?;
    while !fit.finished() {
        fit.step(progress)?;
    }
    Ok(fit.finish())
}
