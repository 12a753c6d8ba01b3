//! The normalisations of a model card, applied to a prepared picture in place.

use super::super::card::{Method, Normalisation, Sky};
use super::asinh;
use super::percentile::{median, percentile};

/// The median absolute deviation of a normal distribution times this is its standard deviation.
const SIGMA_FROM_MAD: f32 = 1.4826;
const CONSTANT: &str = "all its pixels have the same value";

/// Normalises planes of finite pixels of this width and number of pixels, and `beside`, any number of them, in the same way
/// as the first group of bands that share statistics.
///
/// A band without contrast becomes zeros beside others; a picture without any is refused by the
/// methods that measure it.
pub(super) fn run(
    normalisation: &Normalisation,
    (width, plane): (usize, usize),
    picture: &mut [f32],
    mut beside: &mut [f32],
    scratch: &mut Vec<f32>,
) -> Result<(), String> {
    match normalisation.method() {
        Method::None => return Ok(()),
        Method::MeanStd { mean, std } => {
            // One value stands for all bands.
            let bands = picture
                .chunks_exact_mut(plane)
                .zip(mean.iter().cycle())
                .zip(std.iter().cycle());
            for ((band, mean), std) in bands {
                each(band, |v| (v - mean) / std);
                each(std::mem::take(&mut beside), |v| (v - mean) / std);
            }
            return Ok(());
        }
        Method::Asinh { .. } | Method::Max | Method::Percentile { .. } => {}
    }
    if picture
        .windows(2)
        .all(|pair| pair[0].total_cmp(&pair[1]).is_eq())
    {
        return Err(CONSTANT.to_owned());
    }
    let group = if normalisation.joint() {
        picture.len()
    } else {
        plane
    };
    for group in picture.chunks_exact_mut(group) {
        let beside = std::mem::take(&mut beside);
        match *normalisation.method() {
            Method::Asinh {
                scale,
                sky,
                divide_by,
            } => {
                let (median, sigma) = sky_statistics(group, (width, plane), sky, scratch);
                asinh::stretch(group, median, 1.0 / (scale * sigma), 1.0 / divide_by);
                asinh::stretch(beside, median, 1.0 / (scale * sigma), 1.0 / divide_by);
            }
            Method::Max => {
                let max = group.iter().copied().fold(f32::MIN, f32::max);
                if max > 0.0 {
                    each(group, |v| v / max);
                    each(beside, |v| v / max);
                } else if group.iter().any(|&v| v != 0.0) {
                    return Err("its brightest pixel is not above zero".to_owned());
                }
            }
            Method::Percentile { lo, hi } => {
                scratch.clear();
                scratch.extend_from_slice(group);
                let (low, high) = (percentile(scratch, lo), percentile(scratch, hi));
                let range = high - low;
                let to_unit = |v: f32| {
                    if range > 0.0 {
                        ((v - low) / range).clamp(0.0, 1.0)
                    } else {
                        0.0
                    }
                };
                each(group, to_unit);
                each(beside, to_unit);
            }
            Method::None | Method::MeanStd { .. } => {}
        }
    }
    Ok(())
}

/// Replaces every value.
fn each(values: &mut [f32], change: impl Fn(f32) -> f32) {
    for value in values {
        *value = change(*value);
    }
}

/// Median and robust sigma of the sky.
///
/// More than half of the sky pixels may be equal (empty frames of mosaics, JPEG backgrounds); the
/// deviation is then that of all pixels, at last their standard deviation.
fn sky_statistics(
    group: &[f32],
    (size, plane): (usize, usize),
    sky: Sky,
    scratch: &mut Vec<f32>,
) -> (f32, f32) {
    scratch.clear();
    match sky {
        Sky::All => scratch.extend_from_slice(group),
        Sky::Border => {
            let width = (size / 10).max(1);
            let height = plane / size;
            let is_edge = |i: usize| i < width || i >= height.saturating_sub(width);
            for (row, pixels) in group.chunks_exact(size).enumerate() {
                if is_edge(row % height) {
                    scratch.extend_from_slice(pixels);
                } else {
                    scratch.extend_from_slice(&pixels[..width]);
                    scratch.extend_from_slice(&pixels[size - width..]);
                }
            }
        }
    }
    let center = median(scratch);
    let mut sigma = SIGMA_FROM_MAD * deviation(scratch, center);
    if sigma <= 0.0 {
        scratch.clear();
        scratch.extend_from_slice(group);
        sigma = SIGMA_FROM_MAD * deviation(scratch, center);
    }
    if sigma <= 0.0 {
        let sum: f64 = group.iter().map(|&v| f64::from(v - center).powi(2)).sum();
        sigma = (sum / group.len() as f64).sqrt() as f32;
    }
    (center, if sigma > 0.0 { sigma } else { 1.0 })
}

/// Median distance from `center`; overwrites the values with distances.
fn deviation(values: &mut [f32], center: f32) -> f32 {
    each(values, |v| (v - center).abs());
    median(values)
}
