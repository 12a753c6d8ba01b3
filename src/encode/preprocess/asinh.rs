//! Stretching pixels by the inverse hyperbolic sine, without branches, so that the compiler works on several at a time.
//!
//! asinh(x) is log(1 + t) with t = |x| + x² / (1 + √(1 + x²)), which loses nothing near zero. The logarithm
//! takes 1 + t apart into 2^k (1 + f), with 1 + f between √½ and √2, and sums the series that Cephes fitted
//! for log(1 + f) in single precision (Moshier 1989, logf). The f is made from t rather than from the sum
//! 1 + t, whose rounding would be felt near zero.

#![expect(
    clippy::inline_always,
    reason = "compiled once for each kind of processor"
)]

use std::f32::consts::{FRAC_1_SQRT_2, LN_2};

use pulp::{Arch, Simd, WithSimd};

/// Beyond this, asinh(x) is log(2 |x|) to the last bit, and x² might overflow.
const LARGE: f32 = 1e9;

/// Replaces each value v by asinh((v - origin) * stretch) * share.
pub(super) fn stretch(values: &mut [f32], origin: f32, stretch: f32, share: f32) {
    Arch::new().dispatch(Each {
        values,
        origin,
        stretch,
        share,
    });
}

struct Each<'a> {
    values: &'a mut [f32],
    origin: f32,
    stretch: f32,
    share: f32,
}

impl WithSimd for Each<'_> {
    type Output = ();

    /// Compiled for the registers of each kind of processor.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for value in self.values {
            *value = asinh((*value - self.origin) * self.stretch, fuses::<S>()) * self.share;
        }
    }
}

/// Whether a processor with such vectors multiplies and adds in one operation, which rounds once: with it the last bit
/// may be another, and without it the operation would take a hundred times as long.
fn fuses<S: Simd>() -> bool {
    S::F32_LANES > 1
}

#[inline(always)]
fn multiply_add(a: f32, b: f32, c: f32, fused: bool) -> f32 {
    if fused { a.mul_add(b, c) } else { a * b + c }
}

/// Within two units in the last place; of what is not finite, itself.
#[inline(always)]
fn asinh(x: f32, fused: bool) -> f32 {
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
    let value = log_1p(t, fused) + more;
    let value = if size < f32::INFINITY { value } else { size };
    value.copysign(x)
}

/// log(1 + t), of t from zero to a quarter of the largest float.
#[inline(always)]
fn log_1p(t: f32, fused: bool) -> f32 {
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
    let multiply_add = |a, b, c| multiply_add(a, b, c, fused);
    // Counted from √½ on, so that f lies around zero.
    let from_root = (1.0 + t).to_bits().wrapping_sub(FRAC_1_SQRT_2.to_bits());
    let k = (from_root as i32) >> EXPONENT_BITS;
    let unit = f32::from_bits(((BIAS - k) as u32) << EXPONENT_BITS);
    let f = multiply_add(unit, t, unit - 1.0);
    // By halves (Estrin 1960), so that products do not wait for one another.
    let [c0, c1, c2, c3, c4, c5, c6, c7, c8] = SERIES;
    let (k, square) = (k as f32, f * f);
    let fourth = square * square;
    let pair = |low, high| multiply_add(high, f, low);
    let low = multiply_add(pair(c2, c3), square, pair(c0, c1));
    let high = multiply_add(pair(c6, c7), square, pair(c4, c5));
    let series = multiply_add(multiply_add(c8, fourth, high), fourth, low);
    let tail = multiply_add(series, f * square, k * LN_2_PARTS[1]);
    let tail = multiply_add(-0.5, square, tail);
    multiply_add(k, LN_2_PARTS[0], f + tail)
}

#[cfg(test)]
mod tests {
    use super::{asinh, stretch};

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
            let least = f64::from(f32::from_bits(1));
            for fused in [false, true] {
                let found = asinh(x, fused);
                let error = (f64::from(found) - expected).abs();
                assert!(
                    error <= (2.0 * expected * f64::from(f32::EPSILON)).max(least),
                    "{x} {fused}"
                );
                assert_eq!(asinh(-x, fused).to_bits(), (-found).to_bits(), "{x}");
            }
        }
    }

    #[test]
    fn every_value_is_stretched() {
        let values: Vec<f32> = (0..997).map(|i| (i as f32 - 300.0).powi(3) / 7.0).collect();
        let mut found = values.clone();
        stretch(&mut found, 3.0, 0.7, 0.25);
        for (value, found) in values.iter().zip(found) {
            let expected = asinh((value - 3.0) * 0.7, true) * 0.25;
            assert!((found - expected).abs() <= expected.abs() * 4.0 * f32::EPSILON);
        }
    }

    #[test]
    fn what_is_not_finite_stays() {
        assert_eq!(asinh(f32::NEG_INFINITY, true), f32::NEG_INFINITY);
        assert!(asinh(f32::NAN, true).is_nan());
    }
}
