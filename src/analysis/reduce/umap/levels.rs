//! A layout by levels: of a large set a sample is laid out first, which takes little time and finds
//! the large order, and the others start among those they are near (Walshaw 2003, J. Graph
//! Algorithms Appl. 7, 253).

use super::curve::Curve;
use super::fuzzy::fuzzy_edges;
use super::guide;
use super::init::principal_start;
use super::layout::{Layout, LayoutParams, Springs, interleave};
use super::spectral::spectral_start;
use super::{Guide, Start, UmapError, UmapParams};
use crate::analysis::neighbors::{KnnGraph, knn_graph};
use crate::analysis::points::{Points, Space};
use crate::progress::Progress;
use rayon::prelude::*;

/// Points whose neighbours move in different rounds: one in this many. Those of the first round are
/// the sample.
const ROUNDS: usize = 16;
/// Step size at the start, relative to one-by-one updates: forces that act together overshoot at
/// full size, and a slower start keeps more of the order of the start positions.
const STEP: f32 = 0.5;
/// The same where a sample has been laid out before: the large order is there, and large steps would
/// shake it. Half the epochs with such steps make more faithful maps than all of them without a sample.
const FINE_STEP: f32 = 0.2;

/// Epochs of a sample: small ones cost little, and what they part need not be parted later.
fn sample_epochs(points: usize) -> u32 {
    if points <= 50_000 { 500 } else { 250 }
}

/// A layout of points, and that of a sample of them while it lasts.
pub struct Level<const D: usize> {
    layout: Layout<D>,
    /// Point of each vertex.
    order: Vec<u32>,
    /// Of the vertices of the first round.
    sample: Option<Box<Level<D>>>,
    /// Epochs of the points of this level and those of the sample's, times how many points there are.
    work: [f64; 2],
}

/// Epochs unless told otherwise: the more points, the sooner a map stands.
fn default_epochs(points: usize, sampled: bool) -> u32 {
    match points {
        0..=10_000 => 500,
        10_001..=100_000 => 250,
        _ if sampled => 100,
        _ => 200,
    }
}

impl<const D: usize> Level<D> {
    /// `start` by point, for those of a sample.
    pub fn new(
        points: Points<'_>,
        graph: &KnnGraph,
        params: &UmapParams,
        guide: &Guide<D>,
        start: Option<&[[f32; D]]>,
        progress: &Progress,
    ) -> Result<Self, UmapError> {
        let (order, rounds) = interleave(&graph.order, ROUNDS);
        let mut fuzzy = fuzzy_edges(graph, params.n_neighbors.max(2) - 1, &order, progress)?;
        if let Some(labels) = &guide.labels {
            guide::supervise(&mut fuzzy, &by_vertex(labels, &order), params.label_weight);
        }
        let anchors = match &guide.start {
            Some(start) => by_vertex(start, &order),
            None => Vec::new(),
        };
        let led = anchors.iter().any(Option::is_some);
        let mut positions = match start {
            _ if led => Vec::new(),
            Some(start) => by_vertex(start, &order),
            None => principal_start(&Space::new(points, params.metric), &order, params.seed),
        };
        progress.check()?;
        let sample = if led || points.len() <= params.sampled_beyond {
            None
        } else {
            let chosen = &order[..rounds[1] as usize];
            let start = &positions[..chosen.len()];
            Some(Self::of_sample(
                points, chosen, params, guide, start, progress,
            )?)
        };
        if !led && sample.is_none() && params.start == Start::Spectral {
            positions = spectral_start(&fuzzy, positions, &order, params.seed, progress)?;
        }
        let default = default_epochs(points.len(), sample.is_some());
        let epochs = params.epochs.unwrap_or(default);
        let springs = Springs::new(fuzzy, epochs);
        if led {
            let middle = vec![guide::middle(&anchors); points.len()];
            positions = spread(anchors.clone(), &springs, &middle);
        }
        let work = sample.as_ref().map_or(0.0, |s| s.work[0] + s.work[1]);
        let step = if sample.is_some() { FINE_STEP } else { STEP };
        let layout = LayoutParams {
            curve: Curve::fit(params.min_dist, params.spread),
            epochs,
            negatives: params.negative_sample_rate,
            learning_rate: params.learning_rate * step,
            pull: params.drift_penalty,
            seed: params.seed,
        };
        let mut layout = Layout::new(springs, rounds, positions, anchors, layout);
        if params.density > 0.0 {
            layout.keep_densities(params.density, |u, v| {
                graph.distance(order[u as usize], order[v as usize])
            });
            progress.check()?;
        }
        Ok(Self {
            layout,
            work: [points.len() as f64 * f64::from(epochs), work],
            order,
            sample,
        })
    }

    /// The level of the `chosen` points.
    fn of_sample(
        points: Points<'_>,
        chosen: &[u32],
        params: &UmapParams,
        guide: &Guide<D>,
        start: &[[f32; D]],
        progress: &Progress,
    ) -> Result<Box<Self>, UmapError> {
        let rows = chosen.iter().flat_map(|&i| points.row(i as usize));
        let values: Vec<f32> = rows.copied().collect();
        let points = Points::new(&values, points.dim())?;
        let params = UmapParams {
            epochs: Some(sample_epochs(chosen.len())),
            density: 0.0,
            ..params.clone()
        };
        let guide = Guide {
            start: None,
            labels: guide.labels.as_ref().map(|l| by_vertex(l, chosen)),
        };
        let (graph, _) = knn_graph(points, &params.knn(), progress)?;
        let level = Self::new(points, &graph, &params, &guide, Some(start), progress)?;
        Ok(Box::new(level))
    }

    /// One more epoch: of the sample, and of all once the sample's are done.
    pub fn step(&mut self, progress: &Progress) -> Result<(), UmapError> {
        let Some(sample) = &mut self.sample else {
            return Ok(self.layout.step(progress)?);
        };
        sample.step(progress)?;
        if sample.finished() {
            let places = self.places();
            self.layout.place(places);
            self.sample = None;
        }
        Ok(())
    }

    /// Epochs of this level that are done.
    pub fn epoch(&self) -> u32 {
        self.layout.epoch()
    }

    /// Epochs of this level.
    pub fn epochs(&self) -> u32 {
        self.layout.epochs()
    }

    pub fn finished(&self) -> bool {
        self.sample.is_none() && self.epoch() >= self.epochs()
    }

    /// The share of the work that is done, that on the sample included.
    pub fn done(&self) -> f32 {
        let [own, before] = self.work;
        let done = match &self.sample {
            Some(sample) => before * f64::from(sample.done()),
            None => before + own * f64::from(self.epoch()) / f64::from(self.epochs().max(1)),
        };
        (done / (own + before).max(1.0)) as f32
    }

    /// By point.
    pub fn positions(&self) -> Vec<[f32; D]> {
        let places = self.places();
        let mut out = vec![[0f32; D]; places.len()];
        for (place, &i) in places.iter().zip(&self.order) {
            out[i as usize] = *place;
        }
        out
    }

    /// By vertex; those outside of the sample, while it lasts, among its points.
    fn places(&self) -> Vec<[f32; D]> {
        let start = self.layout.positions();
        let Some(sample) = &self.sample else {
            return start.to_vec();
        };
        let mut places: Vec<Option<[f32; D]>> = sample.positions().into_iter().map(Some).collect();
        places.resize(start.len(), None);
        spread(places, self.layout.springs(), start)
    }
}

/// The values of points by vertex.
fn by_vertex<T: Copy>(values: &[T], order: &[u32]) -> Vec<T> {
    order.iter().map(|&i| values[i as usize]).collect()
}

/// All places: from sweep to sweep, a vertex without one gets the mean of those of its neighbours that have
/// one, each as often as its edge is drawn on; what no edge leads to, its place in `otherwise`.
fn spread<const D: usize>(
    mut places: Vec<Option<[f32; D]>>,
    springs: &Springs,
    otherwise: &[[f32; D]],
) -> Vec<[f32; D]> {
    let among = |places: &[Option<[f32; D]>], v: usize| {
        let (mut sum, mut total) = ([0f32; D], 0f32);
        let (tails, ticks) = springs.of(v);
        for (&tail, &ticks) in tails.iter().zip(ticks) {
            if let Some(place) = places[tail as usize] {
                let often = Springs::often(ticks);
                (0..D).for_each(|d| sum[d] += often * place[d]);
                total += often;
            }
        }
        (total > 0.0).then(|| sum.map(|s| s / total))
    };
    let mut open: Vec<usize> = (0..places.len()).collect();
    loop {
        open.retain(|&v| places[v].is_none());
        let found = open.par_iter();
        let found = found.filter_map(|&v| Some((v, among(&places, v)?)));
        let found: Vec<(usize, [f32; D])> = found.collect();
        if found.is_empty() {
            break;
        }
        for (v, place) in found {
            places[v] = Some(place);
        }
    }
    let all = places.iter().zip(otherwise);
    all.map(|(place, other)| place.unwrap_or(*other)).collect()
}
