//! Sky brightness to pictures: limits, stretch, and colour from three bands.
//!
//! Input pixels are linear, in any unit, and may be NaN (masked); masked pixels come out in
//! [`MASKED`]. Output is row-major RGBA in the order of the input.

use super::Rgba;

/// Neutral colour of a masked pixel.
pub const MASKED: Rgba = [0x3a, 0x40, 0x4d, 255];

/// How brightness between the limits becomes grey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stretch {
    /// Inverse hyperbolic sine: faint linear, bright logarithmic.
    #[default]
    Asinh,
    /// In proportion.
    Linear,
    /// Logarithm.
    Log,
    /// Square root.
    Sqrt,
}

impl Stretch {
    /// All stretches, in the order menus show them.
    pub const ALL: [Self; 4] = [Self::Asinh, Self::Linear, Self::Log, Self::Sqrt];

    /// Name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Asinh => "asinh",
            Self::Linear => "linear",
            Self::Log => "log",
            Self::Sqrt => "sqrt",
        }
    }

    /// Maps `0..=1` onto `0..=1`.
    #[must_use]
    pub fn apply(self, t: f32) -> f32 {
        let t = t.clamp(0.0, 1.0);
        match self {
            Self::Asinh => (t * 10.0).asinh() / 10.0_f32.asinh(),
            Self::Linear => t,
            Self::Log => (1.0 + 1000.0 * t).ln() / 1001.0_f32.ln(),
            Self::Sqrt => t.sqrt(),
        }
    }
}

/// Brightness shown as black and as white.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Black.
    pub low: f32,
    /// White.
    pub high: f32,
}

impl Limits {
    /// The `low` and `high` quantile (`0..=1`) of the finite pixels.
    #[must_use]
    pub fn quantiles(pixels: &[f32], low: f32, high: f32) -> Self {
        let mut finite: Vec<f32> = pixels.iter().copied().filter(|v| v.is_finite()).collect();
        if finite.is_empty() {
            return Self {
                low: 0.0,
                high: 1.0,
            };
        }
        finite.sort_unstable_by(f32::total_cmp);
        let at = |q: f32| finite[((finite.len() - 1) as f32 * q.clamp(0.0, 1.0)).round() as usize];
        Self {
            low: at(low),
            high: at(high),
        }
    }

    /// Place of `value` between the limits; not clamped.
    #[must_use]
    pub fn place(self, value: f32) -> f32 {
        let range = self.high - self.low;
        if range > 0.0 {
            (value - self.low) / range
        } else {
            0.0
        }
    }
}

/// One band in grey.
#[must_use]
pub fn grey(pixels: &[f32], stretch: Stretch, limits: Limits) -> Vec<Rgba> {
    pixels
        .iter()
        .map(|&v| {
            if !v.is_finite() {
                return MASKED;
            }
            let level = (stretch.apply(limits.place(v)) * 255.0).round() as u8;
            [level, level, level, 255]
        })
        .collect()
}

/// Three bands in colour after Lupton et al. (2004): the stretch acts on the mean intensity, so
/// that hue does not depend on brightness; a channel that would overflow scales all three down.
#[must_use]
pub fn color(
    red: &[f32],
    green: &[f32],
    blue: &[f32],
    stretch: Stretch,
    limits: [Limits; 3],
) -> Vec<Rgba> {
    red.iter()
        .zip(green)
        .zip(blue)
        .map(|((&r, &g), &b)| {
            if !(r.is_finite() && g.is_finite() && b.is_finite()) {
                return MASKED;
            }
            let [r, g, b] =
                [limits[0].place(r), limits[1].place(g), limits[2].place(b)].map(|t| t.max(0.0));
            let intensity = (r + g + b) / 3.0;
            if intensity <= 0.0 {
                return [0, 0, 0, 255];
            }
            let gain = stretch.apply(intensity) / intensity;
            let [r, g, b] = [r * gain, g * gain, b * gain];
            let peak = r.max(g).max(b).max(1.0);
            let level = |c: f32| (c / peak * 255.0).round() as u8;
            [level(r), level(g), level(b), 255]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_keep_the_ends_and_the_order() {
        for stretch in Stretch::ALL {
            assert!(stretch.apply(0.0).abs() < 1e-6 && (stretch.apply(1.0) - 1.0).abs() < 1e-6);
            assert!(stretch.apply(0.3) < stretch.apply(0.6));
            assert!(stretch.apply(7.0) <= 1.0 + 1e-6);
        }
    }

    #[test]
    fn masked_pixels_are_neutral_and_limits_ignore_them() {
        let pixels = [f32::NAN, 0.0, 1.0, 2.0, f32::INFINITY];
        let limits = Limits::quantiles(&pixels, 0.0, 1.0);
        assert_eq!(
            limits,
            Limits {
                low: 0.0,
                high: 2.0
            }
        );
        let grey = grey(&pixels, Stretch::Linear, limits);
        assert_eq!(grey[0], MASKED);
        assert_eq!(grey[3], [255; 4]);
    }

    #[test]
    fn hue_does_not_depend_on_brightness() {
        let limits = [Limits {
            low: 0.0,
            high: 1.0,
        }; 3];
        for brightness in [0.05, 0.3, 2.0] {
            let [r, g, b, _] = color(
                &[brightness],
                &[brightness / 2.0],
                &[brightness / 4.0],
                Stretch::Asinh,
                limits,
            )[0];
            let ratio = f32::from(r) / f32::from(g);
            assert!((ratio - 2.0).abs() < 0.1, "{r} {g} {b}");
        }
    }
}
