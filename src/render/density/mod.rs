//! How densely points lie, as a picture: counts smoothed and put on a colour map.

mod smooth;

use rayon::prelude::*;

use super::COUNT_CELL;
use super::steps::{Histogram, Steps};
use crate::color::Colormap;
use smooth::Smoothing;

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

/// The least density that is shown, in parts of the peak of a lone point: so far do skirts reach, at every
/// size of the picture alike.
const SKIRT: f32 = 0.1;
/// So much of the scale is taken by fading into the ground.
const FADE: f32 = 0.12;
/// The scale is found from about so many cells.
const MOST_RANKED: usize = 40_000;
/// Share of the occupied cells that may be brighter than the end of the scale.
const CLIPPED: f64 = 0.002;

/// The picture of the density; its memory serves frame after frame.
#[derive(Debug, Default)]
pub(super) struct DensityPixels {
    /// Premultiplied RGBA, row-major.
    pub rgba: Vec<u8>,
    /// Its width and height, cells.
    pub size: [usize; 2],
    /// Side of a cell, px.
    pub cell_px: usize,
    /// Smoothed sums of red, green and blue, and the number of points.
    planes: [Vec<f32>; 4],
}

/// How a density is painted.
#[derive(Debug, Clone, Copy, Default)]
struct Ink {
    rgba: [u8; 4],
    /// Times the points' own colours, to be added.
    own: f32,
}

impl DensityPixels {
    /// Paints the counts of `size` cells.
    pub fn paint(&mut self, counts: &[[f32; 4]], size: [usize; 2], style: &DensityStyle) {
        let smoothing = Smoothing::new(style.smoothing_px / COUNT_CELL as f32);
        self.size = size.map(|length| length.div_ceil(smoothing.side()));
        self.cell_px = smoothing.side() * COUNT_CELL;
        // Red, green and blue are needed only where the points' own colours are shown.
        let channels = if style.map.is_some() { 3..4 } else { 0..4 };
        for channel in channels {
            smoothing.smooth(counts, size, channel, &mut self.planes[channel]);
        }
        let [red, green, blue, number] = &self.planes;
        let inks = inks(number, SKIRT * smoothing.peak(), style);
        let width = self.size[0];
        self.rgba.resize(4 * number.len(), 0);
        let rows = self.rgba.par_chunks_exact_mut((4 * width).max(1));
        rows.enumerate().for_each(|(y, row)| {
            let start = y * width;
            let (pixels, _) = row.as_chunks_mut::<4>();
            for ((i, pixel), n) in (start..).zip(pixels).zip(&number[start..]) {
                let ink = inks.at(*n);
                *pixel = ink.rgba;
                if ink.own > 0.0 {
                    let own = ink.own / n;
                    for (byte, plane) in pixel.iter_mut().zip([red, green, blue]) {
                        *byte = (plane[i] * own + 0.5) as u8;
                    }
                }
            }
        });
    }
}

/// From the number of points in a cell to how it is painted.
fn inks(numbers: &[f32], lowest: f32, style: &DensityStyle) -> Steps<Ink> {
    let (high, place) = scale(numbers, lowest, style.scale);
    let start = place(lowest);
    // The first step is that of too little.
    Steps::new(0.99 * lowest, high, |n| {
        let t = place(n);
        if n < lowest || t <= start {
            return Ink::default();
        }
        let alpha = ((t - start) / FADE).min(1.0);
        let mut ink = Ink::default();
        match style.map {
            Some(map) => {
                let color = map.at(if style.invert { 1.0 - t } else { t });
                ink.rgba = color.map(|v| (f32::from(v) * style.shade * alpha + 0.5) as u8);
            }
            None => ink.own = (0.35 + 0.65 * t) * style.shade * alpha,
        }
        ink.rgba[3] = (255.0 * alpha + 0.5) as u8;
        ink
    })
}

/// The density at the end of the scale of this view, and the place, `0..=1`, of any.
///
/// Less than `lowest` came from the tails of the smoothing alone: that is no density.
fn scale(numbers: &[f32], lowest: f32, scale: DensityScale) -> (f32, Box<dyn Fn(f32) -> f32>) {
    let occupied = |each: usize| {
        let mut occupied = Histogram::new(lowest);
        let sample = numbers.iter().step_by(each);
        sample
            .filter(|n| **n > lowest)
            .for_each(|n| occupied.add(*n, 1));
        occupied
    };
    let occupied = match occupied((numbers.len() / MOST_RANKED).max(1)) {
        // A few lone points without smoothing may lie between those that are looked at.
        few if few.total() == 0 => occupied(1),
        many => many,
    };
    let last = occupied.total().saturating_sub(1) as f64;
    let Some(high) = occupied.ranked((last * (1.0 - CLIPPED)) as u64) else {
        return (lowest, Box::new(|_| 0.0));
    };
    let high = high.max(2.0 * lowest);
    let place: Box<dyn Fn(f32) -> f32> = match scale {
        DensityScale::Log => {
            // Counts below one are the skirts of lone points: they begin the scale.
            let per_log = 1.0 / (1.0 + high / lowest / 8.0).ln();
            Box::new(move |n| ((1.0 + n / lowest / 8.0).ln() * per_log).min(1.0))
        }
        DensityScale::Sqrt => Box::new(move |n| (n / high).sqrt().min(1.0)),
        DensityScale::EqHist => {
            // Ranks by a table over the logarithm.
            const STEPS: usize = 512;
            let (low, span) = (lowest.ln(), (high / lowest).ln());
            let step = move |n: f32| {
                let at = (n.max(lowest).ln() - low) / span * (STEPS - 1) as f32;
                (at as usize).min(STEPS - 1)
            };
            let mut ranks = [0.0_f32; STEPS];
            for (n, count) in occupied.numbers() {
                ranks[step(n)] += count as f32 / occupied.total() as f32;
            }
            for i in 1..STEPS {
                ranks[i] += ranks[i - 1];
            }
            Box::new(move |n| {
                if n > lowest {
                    ranks[step(n)].min(1.0)
                } else {
                    0.0
                }
            })
        }
    };
    (high, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However large the picture, and so the smoothing, is.
    #[test]
    fn a_lone_point_is_seen_at_every_size() {
        let size = [200, 150];
        let mut counts = vec![[0.0; 4]; size[0] * size[1]];
        counts[70 * size[0] + 90] = [200.0, 10.0, 10.0, 1.0];
        let mut pixels = DensityPixels::default();
        for scale in DensityScale::ALL {
            for smoothing_px in [0.0, 1.0, 3.0, 12.0, 48.0] {
                for map in [None, Some(Colormap::Magma)] {
                    let style = DensityStyle {
                        scale,
                        map,
                        smoothing_px,
                        invert: false,
                        shade: 1.0,
                    };
                    pixels.paint(&counts, size, &style);
                    let cell = 4 * (pixels.cell_px / COUNT_CELL).pow(2);
                    let shown = pixels.rgba.chunks_exact(4).filter(|p| p[3] > 0).count() * cell;
                    let radius = (shown as f32 / std::f32::consts::PI).sqrt();
                    assert!(
                        shown > 0 && radius < 2.0 + 2.5 * smoothing_px,
                        "{style:?}: {radius}"
                    );
                }
            }
        }
    }

    #[test]
    fn denser_cells_are_never_darker() {
        let numbers: Vec<f32> = (0..1000).map(|i| (i * i) as f32).collect();
        for kind in DensityScale::ALL {
            let (_, place) = scale(&numbers, 0.01, kind);
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
