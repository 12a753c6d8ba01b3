//! From how many markers lie over a pixel to how strongly it is painted.

/// Opacity of a pixel by the number of markers over it.
///
/// With few points about, markers cover one another as glass does: `1 - (1 - opacity)^n`. With many,
/// that would be white everywhere; there, opacity grows with the logarithm of the number up to what
/// crowds of this view hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tone {
    opacity: f32,
    /// Opacity of one marker.
    single: f32,
    /// 1 / ln(markers over a crowded pixel).
    per_log: f32,
    /// Opacity and brightness for numbers of markers in steps of less than a hundredth.
    table: Vec<(f32, f32)>,
}

/// Bits of a number's binary form that one step of the table spans, and the first and last steps.
const STEP_BITS: u32 = 16;
const LEAST: f32 = 1.0 / 1024.0;
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
        let mut tone = Self {
            opacity,
            single: opacity * (1.0 - (1.0 - LONE) * crowded),
            per_log: 1.0 / crowd.max(CROWDED).ln(),
            table: Vec::new(),
        };
        let steps = step(LEAST)..=step(MOST);
        let of = |step: u32| {
            // The middle of the step.
            let markers = f32::from_bits((step << STEP_BITS) | (1 << (STEP_BITS - 1)));
            (tone.alpha(markers), tone.crowding(markers).powi(2))
        };
        tone.table = steps.map(of).collect();
        tone
    }

    /// Opacity, `0..=1`, of a pixel under `markers` (fractions count), and how bright it shines in
    /// the crowd, `0..=1`.
    #[inline]
    pub fn of(&self, markers: f32) -> (f32, f32) {
        self.table[(step(markers.clamp(LEAST, MOST)) - step(LEAST)) as usize]
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

#[inline]
fn step(markers: f32) -> u32 {
    markers.to_bits() >> STEP_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_markers_never_paint_less() {
        for opacity in [0.02, 0.5, 0.8, 1.0] {
            for crowd in [0.1, 1.0, 5.0, 40.0, 1e6] {
                let tone = Tone::new(opacity, crowd);
                let mut last = 0.0;
                for i in 0..400 {
                    let (alpha, shine) = tone.of(10_f32.powf(i as f32 * 0.02 - 2.0));
                    assert!((0.0..=1.0).contains(&shine));
                    assert!((4.0 / 255.0..=1.0).contains(&alpha) && alpha >= last - 1e-5);
                    last = alpha;
                }
                assert!((tone.alpha(1.0) - tone.single).abs() < 0.02);
            }
        }
    }
}
