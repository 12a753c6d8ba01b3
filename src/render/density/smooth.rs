//! Counts on their way to a density: smoothed, under a wide Gaussian from merged cells.

use rayon::prelude::*;

use crate::smooth::Gaussian;

/// The widest Gaussian, in cells, that is added up tap by tap; under wider ones cells are merged first.
const WIDEST: f32 = 4.0;
/// Standard deviations up to which a Gaussian reaches.
const REACH: f32 = 3.0;

/// A Gaussian over cells, some of them merged.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Smoothing {
    /// Cells along each side of those that are merged into one.
    side: usize,
    gaussian: Gaussian,
}

impl Smoothing {
    /// Of a standard deviation in cells.
    pub fn new(sigma: f32) -> Self {
        let (mut side, mut sigma) = (1, sigma.clamp(0.0, 4096.0));
        while sigma > WIDEST {
            side *= 2;
            sigma /= 2.0;
        }
        let gaussian = Gaussian::new(sigma, REACH);
        Self { side, gaussian }
    }

    /// Cells along each side of those that are merged into one.
    pub fn side(&self) -> usize {
        self.side
    }

    /// What a lone point leaves in its own cell.
    pub fn peak(&self) -> f32 {
        self.gaussian.peak() / (self.side * self.side) as f32
    }

    /// Smooths one channel of `width x height` cells; what is merged is averaged. Beyond the edges nothing is
    /// known: cells beside them show the mean of what is.
    pub fn smooth<const N: usize>(
        &self,
        cells: &[[f32; N]],
        [width, height]: [usize; 2],
        channel: usize,
        smoothed: &mut Vec<f32>,
    ) {
        let size = [width, height].map(|length| length.div_ceil(self.side));
        let fill = |row: usize, out: &mut [f32]| self.merge(cells, width, row, channel, out);
        self.gaussian.smooth(size, fill, smoothed);
        let [columns, rows] = size.map(|length| self.gaussian.inside(length));
        let lines = smoothed.par_chunks_exact_mut(columns.len().max(1));
        lines.zip(&rows).for_each(|(line, row)| {
            for (value, column) in line.iter_mut().zip(&columns) {
                *value /= row * column;
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
        out.fill(0.0);
        let lines = rows.len();
        for row in rows {
            for (out, merged) in out.iter_mut().zip(row.chunks(side)) {
                let share = 1.0 / (lines * merged.len()) as f32;
                *out += share * merged.iter().map(|cell| cell[channel]).sum::<f32>();
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
            let smoothing = Smoothing::new(sigma);
            let mut smoothed = Vec::new();
            smoothing.smooth(&cells, [width, height], 1, &mut smoothed);
            let side = smoothing.side();
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
    fn what_is_even_stays_so_up_to_the_edges() {
        for sigma in [0.0, 1.5, 7.0, 15.0] {
            let (width, height) = (61, 47);
            let mut smoothed = Vec::new();
            let cells = vec![[3.0]; width * height];
            Smoothing::new(sigma).smooth(&cells, [width, height], 0, &mut smoothed);
            assert!(smoothed.iter().all(|v| (v - 3.0).abs() < 1e-4), "{sigma}");
        }
    }

    #[test]
    fn no_width_is_refused() {
        for sigma in [f32::NAN, -1.0, f32::INFINITY] {
            let smoothing = Smoothing::new(sigma);
            let mut smoothed = Vec::new();
            smoothing.smooth(&[[1.0]; 12], [4, 3], 0, &mut smoothed);
            assert!(smoothed.iter().all(|v| v.is_finite()), "{sigma}");
        }
    }
}
