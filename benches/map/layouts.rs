//! Synthetic maps of any size: clusters, filaments, heavy tails.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub const NAMES: [&str; 3] = ["clustered", "filamentary", "heavy-tailed"];

/// `n` points of a layout, always the same.
pub fn points(name: &str, n: usize) -> Vec<[f32; 2]> {
    let mut rng = ChaCha8Rng::seed_from_u64(20_261_123);
    match name {
        "clustered" => {
            let clusters: Vec<([f32; 2], f32)> = (0..40)
                .map(|_| {
                    let center = [rng.random_range(-10.0..10.0), rng.random_range(-6.0..6.0)];
                    (center, rng.random_range(0.1_f32..1.2))
                })
                .collect();
            (0..n)
                .map(|_| {
                    let (center, size) = clusters[rng.random_range(0..clusters.len())];
                    let [x, y] = normal(&mut rng);
                    [center[0] + size * x, center[1] + size * y * 0.7]
                })
                .collect()
        }
        "filamentary" => (0..n)
            .map(|_| {
                let strand = rng.random_range(0..12) as f32;
                let t = rng.random_range(-3.0_f32..3.0);
                let [x, y] = normal(&mut rng);
                let bend = (t * (1.0 + strand * 0.23) + strand).sin();
                [3.0 * t + 0.04 * x, bend * (1.0 + strand * 0.3) + 0.03 * y]
            })
            .collect(),
        _ => (0..n)
            .map(|_| {
                // Student's t with two degrees of freedom: a dense heart, outliers a million away.
                let [x, y] = normal(&mut rng);
                let scale = (-2.0 * rng.random_range(f32::MIN_POSITIVE..1.0).ln()).sqrt() + 1e-6;
                [x / scale, y / scale]
            })
            .collect(),
    }
}

/// Two independent standard normal numbers (Box & Muller 1958).
fn normal(rng: &mut impl Rng) -> [f32; 2] {
    let radius = (-2.0 * rng.random_range(f32::MIN_POSITIVE..1.0).ln()).sqrt();
    let angle = rng.random_range(0.0..std::f32::consts::TAU);
    [radius * angle.cos(), radius * angle.sin()]
}
