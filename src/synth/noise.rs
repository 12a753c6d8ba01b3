//! Sky and detector noise of a deep `NIRCam` mosaic: about 29 AB at five sigma for a point.
//!
//! Photon noise of source and sky and read noise are drawn pixel by pixel in the limit of many
//! photons, then spread a little over neighbours, as resampling to small pixels does: the noise of
//! large areas is kept. A faint residual of the sky subtraction remains.

use rand_chacha::ChaCha8Rng;

use super::SIZE_PX;
use super::rng::{fill_normal, normal};

/// Detected electrons for each nJy.
const GAIN: [f64; 3] = [130.0, 250.0, 390.0];
/// Sky brightness, nJy in a pixel.
const SKY_NJY: [f64; 3] = [3.2, 1.9, 2.1];
/// Read noise, nJy in a pixel.
const READ_NJY: [f64; 3] = [0.10, 0.155, 0.175];
/// Weight that resampling gives to each neighbour along an axis.
const SPREAD: [f32; 3] = [0.08, 0.17, 0.17];
/// Sky residual over the noise of one pixel.
const SKY_RESIDUAL: f64 = 0.06;

/// Variance of a pixel that receives `source` nJy, nJy squared.
pub(super) fn variance_njy2(band: usize, source: f64) -> f64 {
    (SKY_NJY[band] + source.max(0.0)) / GAIN[band] + READ_NJY[band] * READ_NJY[band]
}

/// Adds noise to a picture in nJy per pixel.
pub(super) fn add(picture: &mut [f32], band: usize, rng: &mut ChaCha8Rng) {
    const SIDE: usize = SIZE_PX + 2;
    let mut white = vec![0.0; SIDE * SIDE];
    fill_normal(rng, &mut white);
    let inverse_gain = (1.0 / GAIN[band]) as f32;
    let floor = variance_njy2(band, 0.0) as f32;
    for y in 0..SIDE {
        for x in 0..SIDE {
            let inside = |v: usize| v.clamp(1, SIZE_PX) - 1;
            let source = picture[inside(y) * SIZE_PX + inside(x)].max(0.0);
            white[y * SIDE + x] *= (floor + source * inverse_gain).sqrt();
        }
    }
    let sigma = f64::from(floor).sqrt();
    let sky = normal(rng, 0.0, SKY_RESIDUAL * sigma) as f32;
    let slope_x = normal(rng, 0.0, SKY_RESIDUAL * sigma) as f32;
    let slope_y = normal(rng, 0.0, SKY_RESIDUAL * sigma) as f32;
    let side = SPREAD[band];
    let centre = 1.0 - 2.0 * side;
    let smooth = |a: f32, b: f32, c: f32| side * (a + c) + centre * b;
    for (y, row) in picture.chunks_exact_mut(SIZE_PX).enumerate() {
        let line = |k: usize| &white[(y + k) * SIDE..(y + k + 1) * SIDE];
        let (below, here, above) = (line(0), line(1), line(2));
        for (x, pixel) in row.iter_mut().enumerate() {
            let column = |k: usize| smooth(below[x + k], here[x + k], above[x + k]);
            let offset = |v: usize| v as f32 / SIZE_PX as f32 - 0.5;
            *pixel += smooth(column(0), column(1), column(2))
                + sky
                + slope_x * offset(x)
                + slope_y * offset(y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rng::{Purpose, stream};
    use super::*;

    #[test]
    fn empty_sky_has_the_stated_noise() {
        for (band, side) in SPREAD.into_iter().enumerate() {
            let mut picture = vec![0.0; SIZE_PX * SIZE_PX];
            add(&mut picture, band, &mut stream(1, 0, Purpose::Noise));
            let mean: f32 = picture.iter().sum::<f32>() / picture.len() as f32;
            let variance: f32 =
                picture.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / picture.len() as f32;
            // Resampling narrows single pixels by the same factor along each axis.
            let narrowing = (1.0 - 2.0 * side).powi(2) + 2.0 * side.powi(2);
            let expected = variance_njy2(band, 0.0).sqrt() as f32 * narrowing;
            assert!((variance.sqrt() / expected - 1.0).abs() < 0.08);
        }
    }
}
