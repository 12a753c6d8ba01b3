//! A picture that was observed, what a model makes of it, and the difference, to be looked at side by
//! side: one scale for both, so that what differs on the screen differs in the numbers.

use super::Rgb;
use super::picture::{CutoutStyle, paint_like, upright};
use crate::color::diverging;
use crate::color::stretch::{Limits, Stretch};
use crate::data::Cutout;
use crate::encode::Comparison;

/// Values are asinh of brightness already, or what the encoder takes in its place.
const STYLE: CutoutStyle = CutoutStyle {
    view: super::CutoutView::Rgb,
    stretch: Stretch::Linear,
    quantiles: (0.25, 0.998),
};

/// Pictures side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What was observed.
    pub observed: Option<Rgb>,
    /// What the model makes.
    pub made: Rgb,
    /// Observed minus made, the mean over bands: orange where there is more than the model says, blue
    /// where there is less; half of the range of the pictures is full colour.
    pub residual: Option<Rgb>,
}

/// Paints a comparison.
#[must_use]
pub fn paint_comparison(comparison: &Comparison) -> Compared {
    let Comparison { observed, made } = comparison;
    let like = observed.as_ref().unwrap_or(made);
    Compared {
        observed: observed.as_ref().map(|o| paint_like(o, o, &STYLE)),
        made: paint_like(made, like, &STYLE),
        residual: comparison
            .residual()
            .map(|residual| paint_residual(&residual, like)),
    }
}

/// Paints a picture that a model makes, where there is nothing to compare it with.
#[must_use]
pub fn paint_made(made: &Cutout) -> Rgb {
    paint_like(made, made, &STYLE)
}

fn paint_residual(residual: &[f32], like: &Cutout) -> Rgb {
    let (low, high) = STYLE.quantiles;
    let limits = Limits::quantiles(like.pixels(), low, high);
    let full = ((limits.high - limits.low) / 2.0).max(f32::MIN_POSITIVE);
    let plane = like.width() * like.height();
    let bands = residual.len() / plane;
    let mean = |i: usize| residual[i..].iter().step_by(plane).sum::<f32>() / bands as f32;
    let pixels = (0..plane).map(|i| diverging(mean(i) / full)).collect();
    upright(pixels, like)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::RowOrder;

    fn picture(values: [f32; 4]) -> Cutout {
        Cutout::new(
            values.to_vec(),
            vec!["F356W".into()],
            2,
            2,
            RowOrder::TopDown,
        )
        .unwrap()
    }

    #[test]
    fn one_scale_for_both_and_the_sign_of_the_difference() {
        let comparison = Comparison {
            observed: Some(picture([0.0, 0.0, 0.0, 2.0])),
            made: picture([0.0, 0.0, 1.0, 1.0]),
        };
        let Compared {
            observed,
            made,
            residual,
        } = paint_comparison(&comparison);
        assert_eq!(observed.unwrap().pixels[3], [255; 4]);
        // Half as bright, although it is the brightest of its own picture.
        let level = made.pixels[3][0];
        assert!((120..136).contains(&level), "{level}");
        let residual = residual.unwrap().pixels;
        assert_eq!((residual[0], residual[3]), ([0, 0, 0, 255], diverging(1.0)));
        assert_eq!(residual[2], diverging(-1.0));
    }
}
