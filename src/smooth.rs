//! Separable smoothing of a grid by a Gaussian: behind the density of the map and its contours.

use rayon::prelude::*;

/// Rows that one thread smooths at a time.
const BAND: usize = 32;

/// A Gaussian over cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussian {
    /// From the middle outwards; with both sides their sum is 1.
    weights: Vec<f32>,
}

/// What a thread keeps from band to band.
#[derive(Default)]
struct Scratch {
    /// One row, with room for the taps at both ends.
    line: Vec<f32>,
    /// Rows smoothed along themselves.
    along: Vec<f32>,
}

impl Gaussian {
    /// Of a finite standard deviation `sigma`, cells, cut at `reach` of them and then normalised, so that the sum of
    /// what lies at least that far from the border is kept up to rounding. What is not a number, or below 0,
    /// does not smooth.
    #[must_use]
    pub fn new(sigma: f32, reach: f32) -> Self {
        let sigma = sigma.max(1e-3);
        let radius = (reach * sigma).ceil() as usize;
        let weight = |i: usize| (-0.5 * (i as f32 / sigma).powi(2)).exp();
        let mut weights: Vec<f32> = (0..=radius).map(weight).collect();
        let total = 2.0 * weights.iter().sum::<f32>() - weights[0];
        weights.iter_mut().for_each(|w| *w /= total);
        Self { weights }
    }

    /// Of each of `length` cells in a row, the share of the weights around it that lie in the row.
    pub fn inside(&self, length: usize) -> Vec<f32> {
        let radius = self.weights.len() - 1;
        let weight = |from: usize, to: usize| self.weights[from.abs_diff(to)];
        let around = |i: usize| i.saturating_sub(radius)..(i + radius + 1).min(length);
        let share = |i: usize| around(i).map(|j| weight(i, j)).sum::<f32>();
        (0..length).map(share).collect()
    }

    /// What a lone 1 leaves in its own cell.
    #[must_use]
    pub fn peak(&self) -> f32 {
        self.weights[0].powi(2)
    }

    /// Smooths a grid, given by a function that fills in one of its rows; beyond the edges there is nothing.
    /// Sums are made in a fixed order, whatever the number of threads.
    pub fn smooth(
        &self,
        [columns, rows]: [usize; 2],
        fill: impl Fn(usize, &mut [f32]) + Sync,
        smoothed: &mut Vec<f32>,
    ) {
        smoothed.resize(columns * rows, 0.0);
        let weights = &self.weights;
        let radius = weights.len() - 1;
        // A wide one reaches over many rows: no more are smoothed twice than once.
        let band_rows = BAND.max(2 * radius);
        let bands = smoothed.par_chunks_mut((band_rows * columns).max(1));
        bands
            .enumerate()
            .for_each_init(Scratch::default, |scratch, (band, out)| {
                // From the first row that it reaches to the last, by number of the band's first row.
                let (first, count) = (band * band_rows, out.len() / columns);
                let Scratch { line, along } = scratch;
                line.clear();
                line.resize(columns + 2 * radius, 0.0);
                along.resize((count + 2 * radius) * columns, 0.0);
                for (i, row) in along.chunks_exact_mut(columns).enumerate() {
                    let inner = &mut line[radius..][..columns];
                    match (first + i).checked_sub(radius).filter(|y| *y < rows) {
                        Some(y) => fill(y, inner),
                        None => inner.fill(0.0),
                    }
                    add_up(weights, row, line, 1);
                }
                for (y, row) in out.chunks_exact_mut(columns).enumerate() {
                    add_up(weights, row, &along[y * columns..], columns);
                }
            });
    }
}

/// Adds up the taps, each as long as `out`, by their weights from the middle outwards; one begins `stride`
/// values after another.
#[inline]
fn add_up(weights: &[f32], out: &mut [f32], values: &[f32], stride: usize) {
    let (radius, length) = (weights.len() - 1, out.len());
    let tap = |i: usize| &values[i * stride..][..length];
    for (out, value) in out.iter_mut().zip(tap(radius)) {
        *out = weights[0] * value;
    }
    for (i, weight) in weights.iter().enumerate().skip(1) {
        let both = tap(radius - i).iter().zip(tap(radius + i));
        for (out, (before, after)) in out.iter_mut().zip(both) {
            *out += weight * (before + after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_count_becomes_the_gaussian() {
        let (width, height, sigma) = (61, 71, 5.0_f64);
        let mut values = Vec::new();
        let lone = |y: usize, row: &mut [f32]| {
            row.fill(0.0);
            if y == 33 {
                row[30] = 1000.0;
            }
        };
        Gaussian::new(sigma as f32, 4.0).smooth([width, height], lone, &mut values);
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
        let mut values = Vec::new();
        Gaussian::new(9.0, 4.0).smooth([3, 2], |_, row| row.fill(7.0), &mut values);
        assert!(values.iter().all(|v| v.is_finite() && *v > 0.0 && *v < 7.0));
    }

    #[test]
    fn bands_leave_no_seams() {
        let (width, height) = (50, 3 * BAND + 5);
        let cell = |x: usize, y: usize| ((y * width + x).pow(2) % 97) as f32;
        let fill = |y: usize, row: &mut [f32]| {
            row.iter_mut()
                .enumerate()
                .for_each(|(x, v)| *v = cell(x, y));
        };
        let gaussian = Gaussian::new(2.3, 3.0);
        let mut smoothed = Vec::new();
        gaussian.smooth([width, height], fill, &mut smoothed);
        let weight = |d: usize| gaussian.weights.get(d).copied().unwrap_or(0.0);
        for (x, y) in [(0, 0), (20, BAND - 1), (20, BAND), (49, 3 * BAND + 4)] {
            let all = (0..height).flat_map(|j| (0..width).map(move |i| (i, j)));
            let expected: f32 = all
                .map(|(i, j)| weight(i.abs_diff(x)) * weight(j.abs_diff(y)) * cell(i, j))
                .sum();
            assert!((smoothed[y * width + x] - expected).abs() < 1e-3 * expected);
        }
    }
}
