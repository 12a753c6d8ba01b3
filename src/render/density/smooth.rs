//! Separable Gaussian smoothing of counts.

use rayon::prelude::*;

/// The widest Gaussian, in cells, that is added up tap by tap; under wider ones cells are merged first.
const WIDEST: f32 = 4.0;
/// Standard deviations up to which a Gaussian reaches.
const REACH: f32 = 3.0;
/// Rows that one thread smooths at a time.
const BAND: usize = 32;

/// A Gaussian over cells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gaussian {
    /// Cells along each side of those that are merged into one.
    side: usize,
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
    /// Of a standard deviation in cells.
    pub fn new(sigma: f32) -> Self {
        let (mut side, mut sigma) = (1, sigma.clamp(0.0, 4096.0));
        while sigma > WIDEST {
            side *= 2;
            sigma /= 2.0;
        }
        let radius = (REACH * sigma).ceil() as usize;
        let weight = |i: usize| (-0.5 * (i as f32 / sigma.max(1e-3)).powi(2)).exp();
        let mut weights: Vec<f32> = (0..=radius).map(weight).collect();
        let total = 2.0 * weights.iter().sum::<f32>() - weights[0];
        weights.iter_mut().for_each(|w| *w /= total);
        Self { side, weights }
    }

    /// Cells along each side of those that are merged into one.
    pub fn side(&self) -> usize {
        self.side
    }

    /// What a lone point leaves in its own cell.
    pub fn peak(&self) -> f32 {
        (self.weights[0] / self.side as f32).powi(2)
    }

    /// Smooths one channel of `width x height` cells; what is merged is averaged. Beyond the edges there is
    /// nothing.
    pub fn smooth<const N: usize>(
        &self,
        cells: &[[f32; N]],
        [width, height]: [usize; 2],
        channel: usize,
        smoothed: &mut Vec<f32>,
    ) {
        let [columns, rows] = [width, height].map(|length| length.div_ceil(self.side));
        smoothed.resize(columns * rows, 0.0);
        let radius = self.weights.len() - 1;
        let bands = smoothed.par_chunks_mut((BAND * columns).max(1)).enumerate();
        bands.for_each_init(Scratch::default, |scratch, (band, out)| {
            // From the first row that it reaches to the last, by number of the band's first row.
            let (first, count) = (band * BAND, out.len() / columns);
            let Scratch { line, along } = scratch;
            line.clear();
            line.resize(columns + 2 * radius, 0.0);
            along.resize((count + 2 * radius) * columns, 0.0);
            for (i, row) in along.chunks_exact_mut(columns).enumerate() {
                let inner = &mut line[radius..][..columns];
                match (first + i).checked_sub(radius).filter(|y| *y < rows) {
                    Some(y) => self.merge(cells, width, y, channel, inner),
                    None => inner.fill(0.0),
                }
                self.add_up(row, line, 1);
            }
            for (y, row) in out.chunks_exact_mut(columns).enumerate() {
                self.add_up(row, &along[y * columns..], columns);
            }
        });
    }

    /// One row of merged cells.
    fn merge<const N: usize>(
        &self,
        cells: &[[f32; N]],
        width: usize,
        row: usize,
        channel: usize,
        out: &mut [f32],
    ) {
        let side = self.side;
        let rows = cells.chunks_exact(width).skip(row * side).take(side);
        if side == 1 {
            for (out, cell) in out.iter_mut().zip(rows.flatten()) {
                *out = cell[channel];
            }
            return;
        }
        let share = 1.0 / (side * side) as f32;
        out.fill(0.0);
        for row in rows {
            for (out, merged) in out.iter_mut().zip(row.chunks(side)) {
                *out += share * merged.iter().map(|cell| cell[channel]).sum::<f32>();
            }
        }
    }

    /// Adds up the taps, each as long as `out`, by their weights; one begins `stride` values after another.
    #[inline]
    fn add_up(&self, out: &mut [f32], values: &[f32], stride: usize) {
        let radius = self.weights.len() - 1;
        let length = out.len();
        let tap = |i: usize| &values[i * stride..][..length];
        for (out, value) in out.iter_mut().zip(tap(radius)) {
            *out = self.weights[0] * value;
        }
        for (i, weight) in self.weights.iter().enumerate().skip(1) {
            let both = tap(radius - i).iter().zip(tap(radius + i));
            for (out, (before, after)) in out.iter_mut().zip(both) {
                *out += weight * (before + after);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The middle, the total and the standard deviation along x, in cells of the input.
    fn moments(smoothed: &[f32], columns: usize, side: usize) -> (f32, f32, f32) {
        let total: f32 = smoothed.iter().sum();
        let at = |i: usize| ((i % columns) as f32 + 0.5) * side as f32;
        let mean = |of: &dyn Fn(usize) -> f32| {
            (0..smoothed.len())
                .map(|i| smoothed[i] * of(i) / total)
                .sum::<f32>()
        };
        let middle = mean(&at);
        let variance = mean(&|i| (at(i) - middle).powi(2));
        (middle, total * (side * side) as f32, variance.sqrt())
    }

    #[test]
    fn smoothing_keeps_the_number_of_points_and_spreads_them() {
        for sigma in [0.0, 0.7, 1.5, 3.2, 7.0, 15.0] {
            let (width, height) = (211, 197);
            let mut cells = vec![[0.0; 2]; width * height];
            cells[100 * width + 96][1] = 100.0;
            let gaussian = Gaussian::new(sigma);
            let mut smoothed = Vec::new();
            gaussian.smooth(&cells, [width, height], 1, &mut smoothed);
            let side = gaussian.side();
            let (middle, total, spread) = moments(&smoothed, width.div_ceil(side), side);
            assert!((total - 100.0).abs() < 0.01, "{sigma}: {total}");
            assert!(
                (middle - 96.5).abs() <= side as f32 / 2.0,
                "{sigma}: {middle}"
            );
            assert!(
                (spread - sigma).abs() < 0.03 * sigma + 1e-3,
                "{sigma}: {spread}"
            );
        }
    }

    #[test]
    fn bands_leave_no_seams() {
        let (width, height) = (50, 3 * BAND + 5);
        let cells: Vec<[f32; 1]> = (0..width * height).map(|i| [(i * i % 97) as f32]).collect();
        let gaussian = Gaussian::new(2.3);
        let mut smoothed = Vec::new();
        gaussian.smooth(&cells, [width, height], 0, &mut smoothed);
        let weight = |d: usize| gaussian.weights.get(d).copied().unwrap_or(0.0);
        for (x, y) in [(0, 0), (20, BAND - 1), (20, BAND), (49, 3 * BAND + 4)] {
            let all = (0..height).flat_map(|j| (0..width).map(move |i| (i, j)));
            let expected: f32 = all
                .map(|(i, j)| {
                    weight(i.abs_diff(x)) * weight(j.abs_diff(y)) * cells[j * width + i][0]
                })
                .sum();
            assert!((smoothed[y * width + x] - expected).abs() < 1e-3 * expected);
        }
    }

    #[test]
    fn no_width_is_refused() {
        for sigma in [f32::NAN, -1.0, f32::INFINITY] {
            let gaussian = Gaussian::new(sigma);
            let mut smoothed = Vec::new();
            gaussian.smooth(&[[1.0]; 12], [4, 3], 0, &mut smoothed);
            assert!(smoothed.iter().all(|v| v.is_finite()), "{sigma}");
        }
    }
}
