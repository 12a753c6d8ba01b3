//! Random numbers by address: every galaxy and purpose has its own `ChaCha8` stream, so that any
//! row can be drawn alone, in any order, on any thread.

use std::f64::consts::TAU;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream is for. Separate purposes never share draws, so changing one leaves the rest.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Which rows are rare or have no counterpart.
    Assignment,
    /// The parameters of one galaxy.
    Truth,
    /// The structure of one galaxy: arms, clumps, tails.
    Light,
    /// Its neighbours on the sky.
    Neighbours,
    /// Detector and sky noise.
    Noise,
    /// Detector and image faults.
    Artefact,
}

const PURPOSES: u64 = 8;

/// The stream of galaxy `index` for one purpose.
pub(super) fn stream(seed: u64, index: usize, purpose: Purpose) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(index as u64 * PURPOSES + purpose as u64);
    rng
}

/// A number uniform in `low..high`.
pub(super) fn uniform(rng: &mut ChaCha8Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

/// Whether an event of that probability happens.
pub(super) fn chance(rng: &mut ChaCha8Rng, probability: f64) -> bool {
    rng.random::<f64>() < probability
}

/// An integer uniform in `low..=high`.
pub(super) fn count(rng: &mut ChaCha8Rng, low: usize, high: usize) -> usize {
    rng.random_range(low..=high)
}

/// A normal deviate (Box & Muller 1958).
pub(super) fn normal(rng: &mut ChaCha8Rng, mean: f64, sigma: f64) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    mean + sigma * radius * (TAU * rng.random::<f64>()).cos()
}

/// Fills `values` with standard normal deviates, two for each pair of draws.
pub(super) fn fill_normal(rng: &mut ChaCha8Rng, values: &mut [f32]) {
    for pair in values.chunks_mut(2) {
        let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
        let (sin, cos) = (std::f32::consts::TAU * rng.random::<f32>()).sin_cos();
        pair[0] = radius * cos;
        if let Some(second) = pair.get_mut(1) {
            *second = radius * sin;
        }
    }
}

/// One of `items`, by weight.
pub(super) fn pick<T: Copy>(rng: &mut ChaCha8Rng, items: &[(T, f64)]) -> T {
    let total: f64 = items.iter().map(|(_, weight)| weight).sum();
    let mut left = uniform(rng, 0.0, total);
    for &(item, weight) in items {
        left -= weight;
        if left < 0.0 {
            return item;
        }
    }
    items[items.len() - 1].0
}
