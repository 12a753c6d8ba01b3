//! Local densities that the map keeps: densMAP (Narayan, Berger & Cho 2021, Nature Biotechnology 39, 765).
//!
//! The local radius of a point is the mean squared distance to the points it is tied to, weighted by
//! their memberships: among the vectors by those of the fuzzy graph, on the map by the curve's. The
//! correlation of the logarithms of both radii, over all points, is added to what the layout
//! maximises, in the last part of its epochs. Each point moves along the gradient of all its edges
//! at once, where the reference implementation samples them.

#![expect(
    unsafe_code,
    reason = "functions for AVX2 are called after the processor was asked"
)]

use rayon::prelude::*;

use super::curve::Curve;
use super::forces::{CLIP, power, total};
use super::layout::Springs;
use crate::progress::{Cancelled, Progress};

/// The share of all epochs, at their end, in which densities count.
const LAST: f32 = 0.3;
/// Added to radii, so that copies of one point have a logarithm.
const LEAST: f32 = 1e-8;
/// Added to the variance of the radii on the map.
const SHIFT: f64 = 0.1;
/// A point moves at most by this share of the root of its radius on the map at a time. All forces on it
/// act at once and would overshoot; of what was measured (0.1 to 1 and no bound), this keeps
/// densities as well as the reference implementation, and neighbours better.
const FARTHEST: f32 = 0.4;
/// Edges handled together, and vertices by one task.
const LANES: usize = 8;
const TASK: usize = 1024;

/// The wanted radii, and how the map stands to them.
pub struct Densities {
    strength: f64,
    a: f32,
    b: f32,
    /// By vertex: the logarithm of the radius among the vectors, with mean 0 and deviation 1.
    wanted: Vec<f32>,
    /// By vertex, as the map was when it was last looked at: the gradient of the correlation with
    /// respect to the radius, over the sum of memberships; and the same over the radius too.
    slopes: Vec<[f32; 2]>,
}

impl Densities {
    /// `distance` of the vectors of two vertices that an edge joins; `strength` as the paper's lambda.
    /// `None` where there is nothing to keep: all radii are the same.
    pub fn new(
        springs: &Springs,
        distance: impl Fn(u32, u32) -> f32 + Sync,
        curve: Curve,
        strength: f64,
    ) -> Option<Self> {
        let radius = |v: u32| {
            let (mut sum, mut weights) = (0.0, 0.0);
            let (tails, ticks) = springs.of(v as usize);
            for (&tail, &weight) in tails.iter().zip(ticks) {
                sum += f64::from(weight) * f64::from(distance(v, tail)).powi(2);
                weights += f64::from(weight);
            }
            (weights > 0.0).then(|| (f64::from(LEAST) + sum / weights).ln())
        };
        let vertices = (0..springs.len() as u32).into_par_iter();
        let radii: Vec<Option<f64>> = vertices.map(radius).collect();
        let known = || radii.iter().flatten();
        let count = known().count() as f64;
        let mean = known().sum::<f64>() / count;
        let variance = known().map(|r| (r - mean).powi(2)).sum::<f64>() / count;
        let deviation = variance.sqrt();
        let wanted = |r: &Option<f64>| r.map_or(0.0, |r| ((r - mean) / deviation) as f32);
        // also when there are none
        (deviation > 1e-6).then(|| Self {
            strength,
            a: curve.a as f32,
            b: curve.b as f32,
            wanted: radii.iter().map(wanted).collect(),
            slopes: Vec::new(),
        })
    }

    /// Whether densities count in this epoch.
    pub fn count_in(epoch: u32, epochs: u32) -> bool {
        (epoch + 1) as f32 > (1.0 - LAST) * epochs as f32
    }

    /// Looks at the map as it is now.
    pub fn observe<const D: usize>(
        &mut self,
        springs: &Springs,
        positions: &[[f32; D]],
        progress: &Progress,
    ) -> Result<(), Cancelled> {
        let mut slopes = std::mem::take(&mut self.slopes);
        slopes.resize(positions.len(), [0.0; 2]);
        slopes
            .par_chunks_mut(TASK)
            .enumerate()
            .for_each(|(task, out)| {
                if !progress.is_cancelled() {
                    self.radii(springs, positions, task * TASK, out);
                }
            });
        progress.check()?;
        let there = || slopes.iter().zip(&self.wanted).filter(|(s, _)| s[1] > 0.0);
        let (mut count, mut sum) = (0.0, 0.0);
        for ([radius, _], _) in there() {
            count += 1.0;
            sum += f64::from(radius.ln());
        }
        let mean = sum / count;
        let (mut squares, mut products) = (0.0, 0.0);
        for ([radius, _], wanted) in there() {
            let off = f64::from(radius.ln()) - mean;
            squares += off * off;
            products += off * f64::from(*wanted);
        }
        let (variance, covariance) = (squares / count + SHIFT, products / count);
        // The mean gradient of an edge's samples, each of which moves both ends; two for each tick.
        let scale = 4.0 * self.strength * springs.ticks_of_edges() / (count * variance.sqrt());
        slopes
            .par_iter_mut()
            .zip(&self.wanted)
            .for_each(|(slope, wanted)| {
                let [radius, memberships] = *slope;
                *slope = [0.0; 2];
                if memberships > 0.0 {
                    let off = f64::from(radius.ln()) - mean;
                    let worth = f64::from(*wanted) - covariance * off / variance;
                    let own = (scale * worth) as f32 / memberships;
                    *slope = [own, own / radius];
                }
            });
        self.slopes = slopes;
        Ok(())
    }

    /// Radius and sum of memberships of the vertices from `first` on.
    fn radii<const D: usize>(
        &self,
        springs: &Springs,
        positions: &[[f32; D]],
        first: usize,
        out: &mut [[f32; 2]],
    ) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, the feature `radii_avx2` is compiled for.
            return unsafe { radii_avx2(self, springs, positions, first, out) };
        }
        radii_any(self, springs, positions, first, out);
    }

    /// How far the densities move vertex `v` from `point`, at so large a learning rate.
    #[inline(always)]
    pub fn force<const D: usize>(
        &self,
        springs: &Springs,
        positions: &[[f32; D]],
        v: usize,
        point: &[f32; D],
        rate: f32,
    ) -> [f32; D] {
        let (tails, ticks) = springs.of(v);
        let own = self.slopes[v];
        let mut sums = [[0f32; LANES]; D];
        let (mut memberships, mut moments) = ([0f32; LANES], [0f32; LANES]);
        for (tails, ticks) in tails.chunks(LANES).zip(ticks.chunks(LANES)) {
            let edges = Group::new(point, tails, ticks, positions);
            let mut other = [[0f32; LANES]; 2];
            for (l, &tail) in tails.iter().enumerate() {
                for s in 0..2 {
                    other[s][l] = self.slopes[tail as usize][s];
                }
            }
            let mut pull = [0f32; LANES];
            for l in 0..LANES {
                // d ln r / d q = phi / P ((1 - b (1 - phi)) / r + b (1 - phi) / q), at both ends
                let phi = 1.0 / (1.0 + self.a * power(edges.dist2[l], self.b));
                let fall = self.b * (1.0 - phi);
                let there = if edges.often[l] > 0.0 { phi } else { 0.0 };
                memberships[l] += there;
                moments[l] += there * edges.dist2[l];
                pull[l] = phi
                    * ((1.0 - fall) * (own[1] + other[1][l])
                        + fall / edges.dist2[l] * (own[0] + other[0][l]));
            }
            for d in 0..D {
                for l in 0..LANES {
                    let most = 2.0 * CLIP * edges.often[l];
                    sums[d][l] += (pull[l] * edges.delta[d][l]).clamp(-most, most);
                }
            }
        }
        let force = sums.map(total);
        let length = force.iter().map(|f| f * f).sum::<f32>().sqrt();
        let radius = (total(moments) / total(memberships).max(f32::MIN_POSITIVE)).sqrt();
        let share = (FARTHEST * radius / (rate * length).max(f32::MIN_POSITIVE)).min(1.0);
        force.map(|f| rate * share * f)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn radii_avx2<const D: usize>(
    densities: &Densities,
    springs: &Springs,
    positions: &[[f32; D]],
    first: usize,
    out: &mut [[f32; 2]],
) {
    radii_any(densities, springs, positions, first, out);
}

#[inline(always)]
fn radii_any<const D: usize>(
    densities: &Densities,
    springs: &Springs,
    positions: &[[f32; D]],
    first: usize,
    out: &mut [[f32; 2]],
) {
    for (i, slot) in out.iter_mut().enumerate() {
        let (tails, ticks) = springs.of(first + i);
        let (mut memberships, mut moments) = ([0f32; LANES], [0f32; LANES]);
        for (tails, ticks) in tails.chunks(LANES).zip(ticks.chunks(LANES)) {
            let edges = Group::new(&positions[first + i], tails, ticks, positions);
            for l in 0..LANES {
                let there = if edges.often[l] > 0.0 { 1.0 } else { 0.0 };
                let phi = there / (1.0 + densities.a * power(edges.dist2[l], densities.b));
                memberships[l] += phi;
                moments[l] += phi * edges.dist2[l];
            }
        }
        let memberships = total(memberships);
        let radius = LEAST + total(moments) / memberships.max(f32::MIN_POSITIVE);
        *slot = [radius, memberships];
    }
}

/// Some of the edges of a vertex; lanes without one are not drawn on.
struct Group<const D: usize> {
    delta: [[f32; LANES]; D],
    dist2: [f32; LANES],
    /// How often an epoch draws on the edge, from each end.
    often: [f32; LANES],
}

impl<const D: usize> Group<D> {
    #[inline(always)]
    fn new(point: &[f32; D], tails: &[u32], ticks: &[u16], positions: &[[f32; D]]) -> Self {
        let mut group = Self {
            delta: [[0.0; LANES]; D],
            dist2: [0.0; LANES],
            often: [0.0; LANES],
        };
        for (l, (&tail, &ticks)) in tails.iter().zip(ticks).enumerate() {
            let other = positions[tail as usize];
            for d in 0..D {
                group.delta[d][l] = point[d] - other[d];
            }
            group.often[l] = Springs::often(ticks);
        }
        for d in 0..D {
            for l in 0..LANES {
                group.dist2[l] += group.delta[d][l] * group.delta[d][l];
            }
        }
        group.dist2 = group.dist2.map(|q| q.clamp(1e-12, 1e12));
        group
    }
}
