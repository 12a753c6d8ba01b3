//! What leads a map besides the vectors: where points start, and classes that keep together.

use crate::analysis::reduce::edges::Edges;

/// What leads a map of `n` points besides their vectors.
#[derive(Clone, Debug, Default)]
pub struct Guide<const D: usize> {
    /// By point: where it starts and is held near, such as its place on an earlier map; one that has
    /// none starts among its neighbours.
    pub start: Option<Vec<Option<[f32; D]>>>,
    /// By point: its class, if that is known. Points of one class are drawn together, as in the
    /// supervised UMAP of the reference implementation.
    pub labels: Option<Vec<Option<u16>>>,
}

impl<const D: usize> Guide<D> {
    pub(super) fn fits(&self, n: usize) -> bool {
        let finite = |p: &Option<[f32; D]>| p.is_none_or(|p| p.iter().all(|v| v.is_finite()));
        let start = self.start.as_ref();
        start.is_none_or(|s| s.len() == n && s.iter().all(finite))
            && self.labels.as_ref().is_none_or(|labels| labels.len() == n)
    }
}

/// A membership of points of unknown class is divided by e to this power.
const UNKNOWN: f32 = 1.0;
/// Memberships weaker than that are of no effect.
const WEAKEST: f32 = 1e-9;

/// Weakens edges between different classes, by e to the power 2.5 / (1 - `weight`), and those of
/// unknown class, then makes each point's strongest edge certain again.
pub(super) fn supervise(edges: &mut Edges, labels: &[Option<u16>], weight: f64) {
    let apart = (2.5 / (1.0 - weight.clamp(0.0, 1.0)).max(1e-6)) as f32;
    let weight_of = |own: Option<u16>, other: Option<u16>| match (own, other) {
        (Some(a), Some(b)) if a == b => 1.0,
        (Some(_), Some(_)) => (-apart).exp(),
        _ => (-UNKNOWN).exp(),
    };
    let mut strongest = vec![0f32; labels.len()];
    for v in 0..labels.len() {
        for e in edges.bounds[v] as usize..edges.bounds[v + 1] as usize {
            let w = edges.weights[e] * weight_of(labels[v], labels[edges.tails[e] as usize]);
            edges.weights[e] = if w < WEAKEST { 0.0 } else { w };
            strongest[v] = strongest[v].max(edges.weights[e]);
        }
    }
    let share = |w: f32, v: usize| {
        if strongest[v] > 0.0 {
            w / strongest[v]
        } else {
            0.0
        }
    };
    for v in 0..labels.len() {
        for e in edges.bounds[v] as usize..edges.bounds[v + 1] as usize {
            let w = edges.weights[e];
            let (own, other) = (share(w, v), share(w, edges.tails[e] as usize));
            edges.weights[e] = own + other - own * other;
        }
    }
}

/// The mean of the anchors.
pub(super) fn middle<const D: usize>(anchors: &[Option<[f32; D]>]) -> [f32; D] {
    let (mut sum, mut count) = ([0f64; D], 0.0);
    for place in anchors.iter().flatten() {
        (0..D).for_each(|d| sum[d] += f64::from(place[d]));
        count += 1.0;
    }
    sum.map(|s| (s / count) as f32)
}
