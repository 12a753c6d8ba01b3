//! A cutout as a picture on the screen: bands, stretch, limits, upright.

use crate::color::Rgba;
use crate::color::stretch::{self, Limits, Stretch};
use crate::data::{Cutout, RowOrder};

/// Which bands make the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CutoutView {
    /// Colour from three bands, the reddest as red; grey when there is one band.
    #[default]
    Rgb,
    /// One band in grey.
    Band(usize),
}

/// How a cutout is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CutoutStyle {
    /// Which bands.
    pub view: CutoutView,
    /// How brightness becomes grey.
    pub stretch: Stretch,
    /// Quantiles of the pixels shown as black and white, `0..=1`.
    pub quantiles: (f32, f32),
}

impl Default for CutoutStyle {
    fn default() -> Self {
        Self {
            view: CutoutView::Rgb,
            stretch: Stretch::Asinh,
            quantiles: (0.25, 0.998),
        }
    }
}

/// An upright picture, top row first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rgb {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// Row-major.
    pub pixels: Vec<Rgba>,
}

/// Pictures that were made for the screen are shown as they are.
fn is_display_picture(cutout: &Cutout) -> bool {
    matches!(cutout.bands(), [one] if one == "grey")
        || matches!(cutout.bands(), [r, g, b] if r == "R" && g == "G" && b == "B")
}

/// Paints `cutout`.
#[must_use]
pub fn paint_cutout(cutout: &Cutout, style: &CutoutStyle) -> Rgb {
    paint_like(cutout, cutout, style)
}

/// Paints `cutout` between the limits that `like`, of the same bands, is shown with.
pub(super) fn paint_like(cutout: &Cutout, like: &Cutout, style: &CutoutStyle) -> Rgb {
    let count = cutout.bands().len();
    let as_is = is_display_picture(cutout) && *style == CutoutStyle::default();
    let (stretch, quantiles) = if as_is {
        (Stretch::Linear, None)
    } else {
        (style.stretch, Some(style.quantiles))
    };
    let deep = like.pixels().iter().any(|v| *v > 255.0);
    let limits = |band: usize| match quantiles {
        Some((low, high)) => Limits::quantiles(like.band(band), low, high),
        None => Limits {
            low: 0.0,
            high: if deep { 65_535.0 } else { 255.0 },
        },
    };
    let pixels = match style.view {
        CutoutView::Band(band) if band < count => {
            stretch::grey(cutout.band(band), stretch, limits(band))
        }
        _ if count == 1 => stretch::grey(cutout.band(0), stretch, limits(0)),
        _ if as_is => {
            let level = |band: usize, i: usize| {
                (limits(band).place(cutout.band(band)[i]).clamp(0.0, 1.0) * 255.0) as u8
            };
            (0..cutout.band(0).len())
                .map(|i| [level(0, i), level(1, i), level(2, i), 255])
                .collect()
        }
        _ => {
            let [r, g, b] = color_bands(cutout);
            // Each band its own sky, all bands one range: colours are those of the fluxes.
            let own = [r, g, b].map(limits);
            let range = own.iter().map(|l| l.high - l.low).sum::<f32>() / 3.0;
            let limits = own.map(|l| Limits {
                low: l.low,
                high: l.low + range,
            });
            stretch::color(
                cutout.band(r),
                cutout.band(g),
                cutout.band(b),
                stretch,
                limits,
            )
        }
    };
    upright(pixels, cutout)
}

/// Pixels in the order of a cutout's rows as a picture.
pub(super) fn upright(pixels: Vec<Rgba>, cutout: &Cutout) -> Rgb {
    let (width, height) = (cutout.width(), cutout.height());
    let pixels = match cutout.row_order() {
        RowOrder::TopDown => pixels,
        RowOrder::BottomUp => pixels.rchunks(width).flatten().copied().collect(),
    };
    Rgb {
        width,
        height,
        pixels,
    }
}

/// The bands shown as red, green and blue. R, G, B are taken as named; other bands are in order of
/// wavelength, so the last is the reddest.
fn color_bands(cutout: &Cutout) -> [usize; 3] {
    let count = cutout.bands().len();
    if is_display_picture(cutout) && count == 3 {
        return [0, 1, 2];
    }
    [count - 1, (count - 1) / 2, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fits_row_is_at_the_bottom() {
        let pixels = vec![0.0, 0.0, 9.0, 9.0];
        let fits = Cutout::new(pixels, vec!["F356W".into()], 2, 2, RowOrder::BottomUp).unwrap();
        let style = CutoutStyle {
            quantiles: (0.0, 1.0),
            ..CutoutStyle::default()
        };
        let picture = paint_cutout(&fits, &style);
        assert_eq!(picture.pixels[0], [255; 4]);
        assert_eq!(picture.pixels[2], [0, 0, 0, 255]);
    }

    #[test]
    fn pictures_made_for_the_screen_are_left_alone() {
        let pixels = vec![10.0, 20.0, 30.0];
        let jpeg = Cutout::new(
            pixels,
            vec!["R".into(), "G".into(), "B".into()],
            1,
            1,
            RowOrder::TopDown,
        )
        .unwrap();
        assert_eq!(
            paint_cutout(&jpeg, &CutoutStyle::default()).pixels,
            [[10, 20, 30, 255]]
        );
    }

    #[test]
    fn the_reddest_band_is_red() {
        let bands = ["F200W", "F277W", "F356W"].map(str::to_owned).to_vec();
        let mut pixels = vec![0.0; 12];
        pixels[8] = 1.0;
        let cutout = Cutout::new(pixels, bands, 2, 2, RowOrder::TopDown).unwrap();
        let style = CutoutStyle {
            quantiles: (0.0, 1.0),
            ..CutoutStyle::default()
        };
        let [r, g, b, _] = paint_cutout(&cutout, &style).pixels[0];
        assert!(r > 100 && g == 0 && b == 0, "{r} {g} {b}");
    }
}
