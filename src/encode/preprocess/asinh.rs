//! Stretching pixels by the inverse hyperbolic sine, without branches, so that the compiler works on several at a time.
//!
//! asinh(x) is log(1 + t) with t = |x| + x² / (1 + √(1 + x²)), which loses nothing near zero. The logarithm
//! takes 1 + t apart into 2^k (1 + f), with 1 + f between √½ and √2, and sums the series that Cephes fitted
//! for log(1 + f) in single precision (Moshier 1989, logf). The f is made from t rather than from the sum
//! 1 + t, whose rounding would be felt near zero.

use std::f32::consts::{FRAC_1_SQRT_2, LN_2};

/// Beyond this, asinh(x) is log(2 |x|) to the last bit, and x² might overflow.
const LARGE: f32 = 1e9;

/// [`stretch`], compiled for wider registers than every processor has.
#[cfg(target_arch = "x86_64")]
type Stretch = unsafe fn(&mut [f32], f32, f32, f32);

/// Replaces each value v by asinh((v - origin) * stretch) * share.
pub(super) fn stretch(values: &mut [f32], origin: f32, stretch: f32, share: f32) {
    #[cfg(target_arch = "x86_64")]
    {
        let widest: Option<Stretch> = if std::arch::is_x86_feature_detected!("avx512f") {
            Some(stretch_avx512)
        } else if std::arch::is_x86_feature_detected!("avx2") {
            Some(stretch_avx2)
        } else {
            None
        };
        if let Some(widest) = widest {
            #[expect(
                unsafe_code,
                reason = "a function for wider registers is called after the processor was asked"
            )]
            // SAFETY: the processor has the registers for which the function is compiled.
            unsafe {
                widest(values, origin, stretch, share);
            }
            return;
        }
    }
    stretch_portable(values, origin, stretch, share);
}

/// The same operations on sixteen values at a time, with the same results.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn stretch_avx512(values: &mut [f32], origin: f32, stretch: f32, share: f32) {
    stretch_portable(values, origin, stretch, share);
}

/// On eight.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn stretch_avx2(values: &mut [f32], origin: f32, stretch: f32, share: f32) {
    stretch_portable(values, origin, stretch, share);
}

#[expect(
    clippy::inline_always,
    reason = "compiled once for each kind of processor"
)]
#[inline(always)]
fn stretch_portable(values: &mut [f32], origin: f32, stretch: f32, share: f32) {
    for value in values {
        *value = asinh((*value - origin) * stretch) * share;
    }
}

/// Within two units in the last place; of what is not finite, itself.
#[expect(
    clippy::inline_always,
    reason = "compiled once for each kind of processor"
)]
#[inline(always)]
fn asinh(x: f32) -> f32 {
    let size = x.abs();
    let is_large = size > LARGE;
    let near = if is_large { 0.0 } else { size };
    let square = near * near;
    let t = near + square / (1.0 + (1.0 + square).sqrt());
    // log(2 |x|) is log(|x| / 4) + log 8: no power of two that is left over is too large for a float.
    let (t, more) = if is_large {
        (0.25 * size, 3.0 * LN_2)
    } else {
        (t, 0.0)
    };
    let value = log_1p(t) + more;
    let value = if size < f32::INFINITY { value } else { size };
    value.copysign(x)
}

/// log(1 + t), of t from zero to a quarter of the largest float.
#[inline(always)]
fn log_1p(t: f32) -> f32 {
    const EXPONENT_BITS: u32 = 23;
    const BIAS: i32 = 127;
    /// log 2 in two parts, the first with so few bits that its products with exponents are exact.
    const LN_2_PARTS: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    /// Of f^3 and the powers above, the lowest first.
    const SERIES: [f32; 9] = [
        3.333_333e-1,
        -2.499_999_4e-1,
        2.000_071_5e-1,
        -1.666_805_7e-1,
        1.424_932_3e-1,
        -1.242_014_1e-1,
        1.167_699_9e-1,
        -1.151_461e-1,
        7.037_683_6e-2,
    ];
    // Counted from √½ on, so that f lies around zero.
    let from_root = (1.0 + t).to_bits().wrapping_sub(FRAC_1_SQRT_2.to_bits());
    let k = (from_root as i32) >> EXPONENT_BITS;
    let unit = f32::from_bits(((BIAS - k) as u32) << EXPONENT_BITS);
    let f = unit * t + (unit - 1.0);
    // By halves (Estrin 1960), so that products do not wait for one another.
    let [c0, c1, c2, c3, c4, c5, c6, c7, c8] = SERIES;
    let (k, square) = (k as f32, f * f);
    let fourth = square * square;
    let low = (c0 + c1 * f) + (c2 + c3 * f) * square;
    let high = (c4 + c5 * f) + (c6 + c7 * f) * square;
    let series = low + (high + c8 * fourth) * fourth;
    let tail = series * f * square + k * LN_2_PARTS[1] - 0.5 * square;
    f + tail + k * LN_2_PARTS[0]
}

#[cfg(test)]
mod tests {
    use super::{asinh, stretch, stretch_portable};

    #[test]
    fn all_magnitudes_agree_with_double_precision() {
        let floats = (0..f32::INFINITY.to_bits())
            .step_by(9973)
            .map(f32::from_bits);
        for x in floats.chain([f32::MAX, 1e9, 1.000_001e9]) {
            let wide = f64::from(x);
            // The standard library's own loses digits near zero.
            let expected = if x < 1e-4 {
                wide - wide.powi(3) / 6.0
            } else {
                wide.asinh()
            };
            let found = asinh(x);
            let error = (f64::from(found) - expected).abs();
            let least = f64::from(f32::from_bits(1));
            assert!(
                error <= (2.0 * expected * f64::from(f32::EPSILON)).max(least),
                "{x}"
            );
            assert_eq!(asinh(-x).to_bits(), (-found).to_bits(), "{x}");
        }
    }

    #[test]
    fn every_processor_gives_the_same_bits() {
        let values: Vec<f32> = (0..997).map(|i| (i as f32 - 300.0).powi(3) / 7.0).collect();
        let (mut fast, mut plain) = (values.clone(), values);
        stretch(&mut fast, 3.0, 0.7, 0.25);
        stretch_portable(&mut plain, 3.0, 0.7, 0.25);
        assert_eq!(fast, plain);
    }

    #[test]
    fn what_is_not_finite_stays() {
        assert_eq!(asinh(f32::NEG_INFINITY), f32::NEG_INFINITY);
        assert!(asinh(f32::NAN).is_nan());
    }
}
