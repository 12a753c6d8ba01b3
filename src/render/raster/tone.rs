//! From how many markers lie over a pixel to how strongly it is painted.

use wide::{f32x4, u64x2};

use super::super::steps::Steps;
use super::PointStyle;

/// Opacity of a pixel by the number of markers over it.
///
/// With few points about, markers cover one another as glass does: `1 - (1 - opacity)^n`. With many,
/// that would be white everywhere; there, opacity grows with the logarithm of the number up to what
/// crowds of this view hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tone {
    opacity: f32,
    /// Opacity of one marker.
    single: f32,
    /// 1 / ln(markers over a crowded pixel).
    per_log: f32,
}

/// What a pixel under a number of markers shows.
#[derive(Debug, Clone, Copy)]
struct Ink {
    /// Times the sum of its colours; 0 in the last lane.
    color: f32x4,
    /// And this.
    light: f32x4,
}

/// From sums over markers to premultiplied colours.
pub(super) struct Inks {
    /// By number of markers.
    by_number: Steps<Ink>,
    /// How much of their colour, `0..=1`, points keep.
    pub dim: f32,
}

impl Inks {
    /// Of points that keep `dim` of their colour and opacity.
    pub fn new(tone: &Tone, style: &PointStyle, dim: f32) -> Self {
        let of = |markers: f32| {
            let alpha = (tone.alpha(markers) * dim).max(4.0 / 255.0);
            let shine = style.glow * tone.crowding(markers).powi(2) * dim;
            let color = alpha * style.shade * (1.0 - shine) / markers;
            let light = alpha * style.shade * shine * 255.0;
            Ink {
                color: f32x4::new([color, color, color, 0.0]),
                light: f32x4::new([light, light, light, alpha * 255.0]),
            }
        };
        Self {
            by_number: Steps::new(LEAST, MOST, of),
            dim,
        }
    }

    /// Red, green, blue and opacity, `0..=255`, of pixels with these sums of colours and numbers of markers
    /// (fractions count).
    #[inline]
    pub fn of(&self, sums: &[f32x4; 4]) -> [f32x4; 4] {
        let inks = self.by_number.four(numbers(sums));
        std::array::from_fn(|i| sums[i] * inks[i].color + inks[i].light)
    }
}

/// What the last lanes hold.
#[inline]
pub(super) fn numbers([a, b, c, d]: &[f32x4; 4]) -> f32x4 {
    let [ab, cd]: [u64x2; 2] = bytemuck::cast([a.unpack_hi(*b), c.unpack_hi(*d)]);
    bytemuck::cast(ab.unpack_hi(cd))
}

/// Between these numbers of markers, inks differ.
const LEAST: f32 = 1.0 / 65_536.0;
const MOST: f32 = 16_777_216.0;

/// Markers over a pixel from which a view counts as crowded.
const CROWDED: f32 = 4.0;
/// Share of the opacity that a lone marker keeps in the most crowded views.
const LONE: f32 = 0.42;
/// A lit pixel shows at least this much.
const FAINTEST: f32 = 0.07;

impl Tone {
    /// For a view whose crowds hold `crowd` markers over a pixel.
    pub fn new(opacity: f32, crowd: f32) -> Self {
        let crowded = (crowd.max(1.0).ln() / CROWDED.ln() - 1.0).clamp(0.0, 1.0);
        Self {
            opacity,
            single: opacity * (1.0 - (1.0 - LONE) * crowded),
            per_log: 1.0 / crowd.max(CROWDED).ln(),
        }
    }

    /// How far, `0..=1`, a pixel under `markers` (fractions count) is on the way to a crowd.
    fn crowding(&self, markers: f32) -> f32 {
        (markers.max(1.0).ln() * self.per_log).min(1.0)
    }

    /// Opacity, `0..=1`.
    fn alpha(&self, markers: f32) -> f32 {
        let glass = 1.0 - (1.0 - self.single).powf(markers.min(64.0));
        let crowd = self.single + (self.opacity.sqrt() - self.single) * self.crowding(markers);
        let alpha = if markers < 1.0 {
            glass
        } else {
            // Both agree on one marker.
            let weight = (self.single / self.opacity).clamp(0.0, 1.0);
            glass * weight * weight + crowd * (1.0 - weight * weight)
        };
        alpha.max(FAINTEST * self.opacity).clamp(4.0 / 255.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_markers_never_paint_less() {
        for opacity in [0.02, 0.5, 0.8, 1.0] {
            for crowd in [0.1, 1.0, 5.0, 40.0, 1e6] {
                let tone = Tone::new(opacity, crowd);
                let style = PointStyle {
                    opacity,
                    radius_px: 1.0,
                    glow: 0.2,
                    shade: 1.0,
                };
                let inks = Inks::new(&tone, &style, 1.0);
                let mut last = 0.0;
                for i in 0..400 {
                    let markers = 10_f32.powf(i as f32 * 0.02 - 2.0);
                    let sums = f32x4::new([200.0 * markers, 0.0, 0.0, markers]);
                    let [r, _, _, alpha] = inks.of(&[sums; 4])[i % 4].to_array();
                    let alpha = alpha / 255.0;
                    assert!(r >= 199.0 * alpha && r <= 255.01 * alpha);
                    assert!((3.99 / 255.0..=1.0).contains(&alpha) && alpha >= last - 1e-5);
                    last = alpha;
                }
                assert!((tone.alpha(1.0) - tone.single).abs() < 0.02);
            }
        }
    }
}
