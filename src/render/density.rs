//! How densely points lie, as a picture: counts smoothed and put on a colour map.

use rayon::prelude::*;

use super::{COUNT_CELL, PointPixels};
use crate::color::Colormap;

/// How density spreads over the colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DensityScale {
    /// By the logarithm of the number of points.
    #[default]
    Log,
    /// By its square root.
    Sqrt,
    /// By rank among the cells of the view, so that every colour covers the same area (histogram
    /// equalisation).
    EqHist,
}

impl DensityScale {
    /// All scales, in the order menus show them.
    pub const ALL: [Self; 3] = [Self::Log, Self::Sqrt, Self::EqHist];

    /// Name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Sqrt => "square root",
            Self::EqHist => "equalised",
        }
    }
}

/// How density looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DensityStyle {
    /// From density to colour.
    pub scale: DensityScale,
    /// The colours; those of the points themselves, mixed, when `None`.
    pub map: Option<Colormap>,
    /// Standard deviation of the smoothing, px.
    pub smoothing_px: f32,
    /// The colours from the other end: on a light ground, where crowds should be dark.
    pub invert: bool,
    /// Times the colours.
    pub shade: f32,
}

/// The least number of points in a cell that is shown.
const LOWEST: f32 = 0.01;
/// Density below this share of the scale fades into the ground.
const FADE: f32 = 0.12;
/// The scale is found from about so many cells.
const MOST_RANKED: usize = 40_000;
/// Share of the occupied cells that may be brighter than the end of the scale.
const CLIPPED: f64 = 0.002;

/// Paints the counts of `width x height` cells as premultiplied RGBA.
pub(super) fn paint(pixels: &mut PointPixels, width: usize, height: usize, style: &DensityStyle) {
    let PointPixels {
        counts, density, ..
    } = pixels;
    let sigma = style.smoothing_px / COUNT_CELL as f32;
    // Red, green and blue are needed only where the points' own colours are shown.
    let channels = if style.map.is_some() { 3..4 } else { 0..4 };
    let planes: Vec<Vec<f32>> = channels
        .into_par_iter()
        .map(|channel| {
            let mut plane: Vec<f32> = counts.iter().map(|c| c[channel]).collect();
            smooth(&mut plane, width, height, sigma);
            plane
        })
        .collect();
    let Some(number) = planes.last() else {
        return;
    };
    let place = scale(number, style.scale);
    density.clear();
    density.resize(4 * counts.len(), 0);
    let rows = density.par_chunks_exact_mut((4 * width).max(1)).enumerate();
    rows.for_each(|(y, row)| {
        for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
            let n = number[y * width + x];
            let t = place(n);
            if n < LOWEST || t <= 0.0 {
                continue;
            }
            let rgb = match style.map {
                Some(map) => {
                    let [r, g, b, _] = map.at(if style.invert { 1.0 - t } else { t });
                    [r, g, b].map(f32::from)
                }
                None => [0, 1, 2].map(|c| planes[c][y * width + x] / n * (0.35 + 0.65 * t)),
            };
            let alpha = (t / FADE).min(1.0);
            for c in 0..3 {
                pixel[c] = (rgb[c] * style.shade * alpha + 0.5) as u8;
            }
            pixel[3] = (255.0 * alpha + 0.5) as u8;
        }
    });
}

/// The place, `0..=1`, of a density on the scale of this view.
///
/// Less than `LOWEST` points came from the tails of the smoothing alone: that is no density.
fn scale(numbers: &[f32], scale: DensityScale) -> Box<dyn Fn(f32) -> f32 + Sync> {
    let step = (numbers.len() / MOST_RANKED).max(1);
    let sample = numbers.iter().copied().step_by(step);
    let mut occupied: Vec<f32> = sample.filter(|n| *n > LOWEST).collect();
    if occupied.is_empty() {
        return Box::new(|_| 0.0);
    }
    let high = ((occupied.len() - 1) as f64 * (1.0 - CLIPPED)) as usize;
    let high = *occupied.select_nth_unstable_by(high, f32::total_cmp).1;
    let high = high.max(2.0 * LOWEST);
    match scale {
        DensityScale::Log => {
            // Counts below one are the skirts of lone points: they begin the scale.
            let per_log = 1.0 / (1.0 + high / LOWEST / 8.0).ln();
            Box::new(move |n| ((1.0 + n / LOWEST / 8.0).ln() * per_log).min(1.0))
        }
        DensityScale::Sqrt => Box::new(move |n| (n / high).sqrt().min(1.0)),
        DensityScale::EqHist => {
            // Ranks by a table over the logarithm.
            const STEPS: usize = 512;
            let (low, span) = (LOWEST.ln(), (high / LOWEST).ln());
            let step = move |n: f32| {
                let at = (n.max(LOWEST).ln() - low) / span * (STEPS - 1) as f32;
                (at as usize).min(STEPS - 1)
            };
            let mut ranks = [0.0_f32; STEPS];
            for n in &occupied {
                ranks[step(*n)] += 1.0 / occupied.len() as f32;
            }
            for i in 1..STEPS {
                ranks[i] += ranks[i - 1];
            }
            Box::new(move |n| {
                if n > LOWEST {
                    ranks[step(n)].min(1.0)
                } else {
                    0.0
                }
            })
        }
    }
}

/// Half widths of three box means that together are nearly a Gaussian (Kovesi 2010).
fn boxes(sigma: f32) -> [usize; 3] {
    let variance = 12.0 * sigma * sigma;
    // The odd width just below the ideal one, and how many boxes have it.
    let ideal = (variance / 3.0 + 1.0).sqrt() as usize;
    let narrow = if ideal.is_multiple_of(2) {
        ideal.saturating_sub(1)
    } else {
        ideal
    }
    .max(1);
    let w = narrow as f32;
    let count = (variance - 3.0 * w * w - 12.0 * w - 9.0) / (-4.0 * w - 4.0);
    let count = count.round().clamp(0.0, 3.0) as usize;
    [0, 1, 2].map(|i| narrow / 2 + usize::from(i >= count))
}

/// Smooths by a Gaussian of `sigma` cells; beyond the edges there is nothing.
fn smooth(plane: &mut [f32], width: usize, height: usize, sigma: f32) {
    let boxes = boxes(sigma);
    if boxes == [0; 3] || width == 0 || height == 0 {
        return;
    }
    plane.par_chunks_mut(width).for_each_init(
        || vec![0.0; width],
        |line, row| {
            for radius in boxes {
                line.copy_from_slice(row);
                means(line, row, radius);
            }
        },
    );
    let mut source = vec![0.0; plane.len()];
    for radius in boxes {
        source.copy_from_slice(plane);
        let bands = plane.par_chunks_mut(BAND * width).enumerate();
        bands.for_each(|(band, out)| means_of_rows(&source, out, width, band * BAND, radius));
    }
}

/// Rows that are smoothed by one thread at a time.
const BAND: usize = 64;

/// Running means along the columns, for the rows of `out`, which begin at row `first` of `source`.
fn means_of_rows(source: &[f32], out: &mut [f32], width: usize, first: usize, radius: usize) {
    let share = 1.0 / (2 * radius + 1) as f64;
    let row = |y: usize| source.get(y * width..(y + 1) * width);
    // Sums in double precision: what has left the window leaves no trace.
    let mut sums = vec![0.0_f64; width];
    let add = |sums: &mut [f64], y: Option<usize>, sign: f64| {
        if let Some(row) = y.and_then(row) {
            let pairs = sums.iter_mut().zip(row);
            pairs.for_each(|(sum, v)| *sum += sign * f64::from(*v));
        }
    };
    for y in first.saturating_sub(radius)..first + radius {
        add(&mut sums, Some(y), 1.0);
    }
    for (y, out) in (first..).zip(out.chunks_exact_mut(width)) {
        add(&mut sums, Some(y + radius), 1.0);
        if y > first {
            add(&mut sums, (y - 1).checked_sub(radius), -1.0);
        }
        out.iter_mut()
            .zip(&sums)
            .for_each(|(out, sum)| *out = (sum * share).max(0.0) as f32);
    }
}

/// Running means over `2 * radius + 1` values; beyond the ends there is nothing.
fn means(values: &[f32], out: &mut [f32], radius: usize) {
    let share = 1.0 / (2 * radius + 1) as f64;
    let value = |i: usize| values.get(i).map_or(0.0, |v| f64::from(*v));
    let mut sum: f64 = (0..radius).map(value).sum();
    for (i, out) in out.iter_mut().enumerate() {
        sum += value(i + radius);
        if i > radius {
            sum -= value(i - radius - 1);
        }
        *out = (sum * share).max(0.0) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_the_number_of_points_and_spreads_them() {
        let (width, height) = (80, 60);
        let mut plane = vec![0.0; width * height];
        plane[30 * width + 40] = 100.0;
        smooth(&mut plane, width, height, 3.2);
        let total: f32 = plane.iter().sum();
        assert!((total - 100.0).abs() < 0.1, "{total}");
        let variance: f32 = (0..plane.len())
            .map(|i| plane[i] * ((i % width) as f32 - 40.0).powi(2) / total)
            .sum();
        assert!((variance.sqrt() - 3.2).abs() < 0.25, "{}", variance.sqrt());
    }

    #[test]
    fn denser_cells_are_never_darker() {
        let numbers: Vec<f32> = (0..1000).map(|i| (i * i) as f32).collect();
        for kind in DensityScale::ALL {
            let place = scale(&numbers, kind);
            let places: Vec<f32> = numbers.iter().map(|n| place(*n)).collect();
            assert!(
                places
                    .windows(2)
                    .all(|p| p[1] >= p[0] && (0.0..=1.0).contains(&p[1]))
            );
            assert_eq!(places[0], 0.0);
            assert!(places[990] > 0.9, "{kind:?}");
        }
    }
}
