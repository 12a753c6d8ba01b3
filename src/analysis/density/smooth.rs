//! Separable Gaussian smoothing of a grid of counts.

use rayon::prelude::*;

/// Convolves `counts` (rows of `width`) with a Gaussian of standard deviation `sigma` cells.
///
/// The kernel is cut at four standard deviations and then normalised, so that the sum of counts
/// at least that far from the border is kept up to rounding. Each row of the result is summed
/// in one fixed order: the number of threads does not change it.
pub(super) fn gaussian(counts: &[u32], width: usize, sigma: f64) -> Vec<f32> {
    let kernel = kernel(sigma);
    let radius = kernel.len() / 2;
    let mut across = vec![0.0_f32; counts.len()];
    across
        .par_chunks_mut(width)
        .zip(counts.par_chunks(width))
        .for_each_init(
            || vec![0.0_f32; width + 2 * radius],
            |padded, (out, row)| {
                if row.iter().all(|count| *count == 0) {
                    return;
                }
                for (to, count) in padded[radius..].iter_mut().zip(row) {
                    *to = *count as f32;
                }
                for (k, weight) in kernel.iter().enumerate() {
                    add_scaled(out, &padded[k..], *weight);
                }
            },
        );

    let rows: Vec<Option<&[f32]>> = across
        .chunks(width)
        .map(|row| row.iter().any(|v| *v > 0.0).then_some(row))
        .collect();
    let mut values = vec![0.0_f32; counts.len()];
    values
        .par_chunks_mut(width)
        .enumerate()
        .for_each(|(y, out)| {
            for (k, weight) in kernel.iter().enumerate() {
                let source = (y + k).checked_sub(radius).and_then(|j| rows.get(j));
                if let Some(Some(row)) = source {
                    add_scaled(out, row, *weight);
                }
            }
        });
    values
}

/// Adds `weight` times `from` to `to`.
fn add_scaled(to: &mut [f32], from: &[f32], weight: f32) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += weight * from;
    }
}

/// Weights of a Gaussian at whole cells out to four standard deviations; their sum is 1.
fn kernel(sigma: f64) -> Vec<f32> {
    let radius = (4.0 * sigma).ceil() as i32;
    let weights: Vec<f64> = (-radius..=radius)
        .map(|i| (-0.5 * (f64::from(i) / sigma).powi(2)).exp())
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| (w / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_count_becomes_the_gaussian() {
        let (width, height, sigma) = (61, 71, 5.0_f64);
        let mut counts = vec![0; width * height];
        counts[33 * width + 30] = 1000;
        let values = gaussian(&counts, width, sigma);
        let mass: f64 = values.iter().map(|v| f64::from(*v)).sum();
        assert!((mass - 1000.0).abs() < 1e-2, "{mass}");
        for (i, value) in values.iter().enumerate() {
            let (dx, dy) = ((i % width) as f64 - 30.0, (i / width) as f64 - 33.0);
            let exact = 1000.0 / (std::f64::consts::TAU * sigma * sigma)
                * (-0.5 * (dx * dx + dy * dy) / (sigma * sigma)).exp();
            // What is cut beyond four deviations raises the rest by about 1e-4.
            assert!((f64::from(*value) - exact).abs() < 3e-4 * 6.4, "{dx} {dy}");
        }
    }

    #[test]
    fn border_is_harmless() {
        let values = gaussian(&[7; 6], 3, 9.0);
        assert!(values.iter().all(|v| v.is_finite() && *v > 0.0 && *v < 7.0));
    }
}
