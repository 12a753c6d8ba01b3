//! The point spread function: a Gaussian core, an inner wing and a faint halo for each band.
//!
//! The core is chosen so that the sum has the measured full width at half maximum. Convolution is
//! separable: a narrow core on the fine grid, the rest after binning to image pixels.

use super::{PIXEL_SCALE_ARCSEC, SIZE_PX};

/// Full widths at half maximum in F200W, F277W and F356W, arcsec.
pub(super) const FWHM_ARCSEC: [f64; 3] = [0.066, 0.092, 0.116];
/// Light in the wing and in the halo.
const WING_SHARE: f32 = 0.17;
const HALO_SHARE: f32 = 0.05;
/// Standard deviations of wing and halo over that of the core.
const WING_RATIO: f64 = 2.4;
const HALO_RATIO: f64 = 5.5;
/// Core standard deviation over the width of the whole at half maximum, given the above.
const CORE_PER_FWHM: f64 = 0.4154;

/// A Gaussian of this standard deviation, pixels, is well sampled by pixels.
const WIDE_PX: f64 = 1.2;

/// Fine samples along a pixel.
pub(super) const OVERSAMPLE: usize = 2;
/// Pixels drawn beyond each edge of the picture, so that light scatters in.
pub(super) const PAD_PX: usize = 6;
/// Pixels along the padded picture.
const PADDED_PX: usize = SIZE_PX + 2 * PAD_PX;
/// Samples along the fine grid.
pub(super) const FINE: usize = PADDED_PX * OVERSAMPLE;

/// The picture of one band, `SIZE_PX x SIZE_PX`, from light on the fine grid, `FINE x FINE`.
pub(super) fn observe(fine: &[f32], band: usize) -> Vec<f32> {
    let core_px = CORE_PER_FWHM * FWHM_ARCSEC[band] / f64::from(PIXEL_SCALE_ARCSEC);
    // A core much wider than a pixel loses nothing when it is applied to whole pixels.
    let core = if core_px < WIDE_PX {
        bin(&blur(fine, FINE, core_px * OVERSAMPLE as f64))
    } else {
        blur(&bin(fine), PADDED_PX, core_px)
    };
    // Wing and halo contain the core's blur already: variances add.
    let extra = |ratio: f64| core_px * (ratio * ratio - 1.0).sqrt();
    let wing = blur(&core, PADDED_PX, extra(WING_RATIO));
    let halo = blur(
        &wing,
        PADDED_PX,
        core_px * (HALO_RATIO.powi(2) - WING_RATIO.powi(2)).sqrt(),
    );
    let mut picture = Vec::with_capacity(SIZE_PX * SIZE_PX);
    for y in PAD_PX..PAD_PX + SIZE_PX {
        for k in y * PADDED_PX + PAD_PX..y * PADDED_PX + PAD_PX + SIZE_PX {
            let core_share = 1.0 - WING_SHARE - HALO_SHARE;
            picture.push(core_share * core[k] + WING_SHARE * wing[k] + HALO_SHARE * halo[k]);
        }
    }
    picture
}

/// Sums the samples of each pixel.
fn bin(fine: &[f32]) -> Vec<f32> {
    let mut pixels = vec![0.0; PADDED_PX * PADDED_PX];
    for (y, row) in fine.chunks_exact(FINE).enumerate() {
        let out = &mut pixels[y / OVERSAMPLE * PADDED_PX..][..PADDED_PX];
        for (pixel, samples) in out.iter_mut().zip(row.chunks_exact(OVERSAMPLE)) {
            *pixel += samples.iter().sum::<f32>();
        }
    }
    pixels
}

/// Convolves a `side x side` picture with a Gaussian of standard deviation `sigma` samples; light
/// beyond the edge is taken as zero.
pub(super) fn blur(picture: &[f32], side: usize, sigma: f64) -> Vec<f32> {
    let reach = ((3.5 * sigma).ceil() as usize).min(side - 1);
    let kernel: Vec<f64> = (0..=reach)
        .map(|k| (-0.5 * (k as f64 / sigma).powi(2)).exp())
        .collect();
    let total = 2.0 * kernel.iter().sum::<f64>() - kernel[0];
    let kernel: Vec<f32> = kernel.iter().map(|w| (w / total) as f32).collect();

    let mut across = vec![0.0; side * side];
    let mut padded = vec![0.0; side + 2 * reach];
    for (row, out) in picture
        .chunks_exact(side)
        .zip(across.chunks_exact_mut(side))
    {
        padded[reach..reach + side].copy_from_slice(row);
        for (o, &centre) in out.iter_mut().zip(row) {
            *o = kernel[0] * centre;
        }
        for (k, &weight) in kernel.iter().enumerate().skip(1) {
            let left = &padded[reach - k..][..side];
            let right = &padded[reach + k..][..side];
            for ((o, l), r) in out.iter_mut().zip(left).zip(right) {
                *o += weight * (l + r);
            }
        }
    }
    let mut along = vec![0.0; side * side];
    for (y, out) in along.chunks_exact_mut(side).enumerate() {
        for other in y.saturating_sub(reach)..(y + reach + 1).min(side) {
            let weight = kernel[y.abs_diff(other)];
            for (o, v) in out.iter_mut().zip(&across[other * side..][..side]) {
                *o += weight * v;
            }
        }
    }
    along
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_has_the_stated_width_and_keeps_its_light() {
        for (band, fwhm) in FWHM_ARCSEC.iter().enumerate() {
            let sigma = CORE_PER_FWHM * fwhm;
            let core_share = f64::from(1.0 - WING_SHARE - HALO_SHARE);
            let gauss = |r: f64, s: f64| (-0.5 * (r / s).powi(2)).exp() / (s * s);
            let psf = |r: f64| {
                core_share * gauss(r, sigma)
                    + f64::from(WING_SHARE) * gauss(r, sigma * WING_RATIO)
                    + f64::from(HALO_SHARE) * gauss(r, sigma * HALO_RATIO)
            };
            assert!((psf(0.5 * fwhm) / psf(0.0) - 0.5).abs() < 0.01);

            let mut fine = vec![0.0; FINE * FINE];
            fine[FINE / 2 * FINE + FINE / 2] = 1.0;
            let total: f32 = observe(&fine, band).iter().sum();
            assert!((total - 1.0).abs() < 0.02, "{total}");
        }
    }
}
