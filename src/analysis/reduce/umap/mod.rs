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
mod parts;
mod spectral;
#[cfg(test)]
mod tests;
mod transform;

use crate::analysis::neighbors::{Index, KnnError, KnnGraph, KnnParams, knn_graph};
use crate::analysis::points::{InputError, Metric, Points, Space};
use crate::progress::{Cancelled, Progress};
use curve::Curve;
use fuzzy::fuzzy_edges;
use layout::{Layout, LayoutParams, interleave};

pub use guide::Guide;
pub(super) use init::principal_start;
use spectral::spectral_start;
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
    /// None: 500 up to 10,000 points, 250 up to 100,000, else 200.
    pub epochs: Option<u32>,
    /// Samples that repel, for each neighbour that attracts.
    pub negative_sample_rate: f32,
    /// Where points without a place in the guide start.
    pub start: Start,
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
            learning_rate: 1.0,
            seed: 0,
            drift_penalty: 0.0,
            label_weight: 0.5,
            density: 0.0,
            knn: KnnParams::default(),
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

/// Epochs unless told otherwise: the more points, the sooner a map stands.
fn default_epochs(points: usize) -> u32 {
    match points {
        0..=10_000 => 500,
        10_001..=100_000 => 250,
        _ => 200,
    }
}

/// Points whose neighbours move in different rounds: one in this many.
const ROUNDS: usize = 16;

/// A map in the making.
pub struct Fit<const D: usize> {
    layout: Layout<D>,
    /// Point of each vertex.
    order: Vec<u32>,
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
        let k = params.n_neighbors.max(2) - 1;
        let knn = KnnParams {
            k,
            metric: params.metric,
            seed: params.seed,
            ..params.knn.clone()
        };
        let (graph, index) = knn_graph(points, &knn, progress)?;
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
        let (order, rounds) = interleave(&graph.order, ROUNDS);
        let mut fuzzy = fuzzy_edges(&graph, params.n_neighbors.max(2) - 1, &order, progress)?;
        if let Some(labels) = &guide.labels {
            let labels: Vec<Option<u16>> = order.iter().map(|&i| labels[i as usize]).collect();
            guide::supervise(&mut fuzzy, &labels, params.label_weight);
        }
        let anchors: Vec<Option<[f32; D]>> = match &guide.start {
            Some(start) => order.iter().map(|&i| start[i as usize]).collect(),
            None => Vec::new(),
        };
        let positions = if let Some(start) = guide::start(&anchors, &fuzzy) {
            start
        } else {
            let space = Space::new(points, params.metric);
            let principal = principal_start(&space, &order, params.seed);
            match params.start {
                Start::Principal => principal,
                Start::Spectral => {
                    spectral_start(&fuzzy, principal, &order, params.seed, progress)?
                }
            }
        };
        progress.check()?;
        let layout = LayoutParams {
            curve: Curve::fit(params.min_dist, params.spread),
            epochs: params.epochs.unwrap_or(default_epochs(points.len())),
            negatives: params.negative_sample_rate,
            learning_rate: params.learning_rate,
            pull: params.drift_penalty,
            seed: params.seed,
        };
        let mut layout = Layout::new(fuzzy, rounds, positions, anchors, layout);
        if params.density > 0.0 {
            layout.keep_densities(params.density, |u, v| {
                graph.distance(order[u as usize], order[v as usize])
            });
            progress.check()?;
        }
        Ok(Self {
            layout,
            order,
            graph,
            index,
            params: params.clone(),
        })
    }

    /// Up to `epochs` more. After `Err` the fit must not be continued.
    ///
    /// # Errors
    /// When the work was cancelled.
    pub fn step(&mut self, epochs: u32, progress: &Progress) -> Result<(), UmapError> {
        Ok(self.layout.step(epochs, progress)?)
    }

    /// Whether all epochs are done.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.layout.finished()
    }

    /// Epochs that are done.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.layout.epoch()
    }

    /// Epochs in all.
    #[must_use]
    pub fn epochs(&self) -> u32 {
        self.layout.epochs()
    }

    /// Positions by point, as they are now.
    #[must_use]
    pub fn positions(&self) -> Vec<[f32; D]> {
        let mut out = vec![[0f32; D]; self.order.len()];
        for (p, &i) in self.layout.positions().iter().zip(&self.order) {
            out[i as usize] = *p;
        }
        out
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
    let epochs = fit.epochs();
    fit.step(epochs, progress)?;
    Ok(fit.finish())
}
