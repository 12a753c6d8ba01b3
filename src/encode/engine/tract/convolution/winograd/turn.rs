//! The transforms of weights, values and sums, each along one axis.

use pulp::Simd;
use wide::f32x4;

/// Output values along each side of a patch, weights along each side of a kernel, and input values along each side of
/// a patch.
pub(super) const OUT: usize = 4;
const TAPS: usize = 3;
pub(super) const IN: usize = OUT + TAPS - 1;
/// Polynomials are taken at 0, P, -P, Q, -Q and infinity: points around 1, of which no power is much larger than
/// another, so that little is lost by rounding (Barabasz et al. 2020, arXiv:1803.10986).
const P: f32 = 0.625;
const Q: f32 = 1.5;

/// Turns the weights of a kernel: rows x columns.
pub(super) fn turn_weights(weights: &[f32; TAPS * TAPS]) -> [f64; IN * IN] {
    let at = |x: f64, [a, b, c]: [f64; TAPS]| a + b * x + c * x * x;
    let turn = |values: [f64; TAPS]| {
        let (p, q) = (f64::from(P), f64::from(Q));
        let (p2, q2) = (p * p, q * q);
        [
            values[0] / (p2 * q2),
            at(p, values) / (2.0 * p2 * (p2 - q2)),
            at(-p, values) / (2.0 * p2 * (p2 - q2)),
            at(q, values) / (2.0 * q2 * (q2 - p2)),
            at(-q, values) / (2.0 * q2 * (q2 - p2)),
            values[2],
        ]
    };
    let rows: [[f64; IN]; TAPS] = std::array::from_fn(|row| {
        turn(std::array::from_fn(|i| f64::from(weights[row * TAPS + i])))
    });
    let columns: [[f64; IN]; IN] =
        std::array::from_fn(|column| turn(std::array::from_fn(|row| rows[row][column])));
    std::array::from_fn(|i| columns[i % IN][i / IN])
}

/// Turns values in a row, of four patches.
#[inline(always)]
pub(super) fn turn_values([a, b, c, d, e, f]: [f32x4; IN]) -> [f32x4; IN] {
    let (p, q) = (f32x4::splat(P), f32x4::splat(Q));
    let (p2, q2) = (f32x4::splat(P * P), f32x4::splat(Q * Q));
    let (product, sum) = (p2 * q2, p2 + q2);
    let (even, odd) = (e - q2 * c, p * (d - q2 * b));
    let (outer, inner) = (e - p2 * c, q * (d - p2 * b));
    [
        product * a - sum * c + e,
        even + odd,
        even - odd,
        outer + inner,
        outer - inner,
        product * b - sum * d + f,
    ]
}

/// Turns sums into output values.
#[inline(always)]
pub(super) fn turn_sums<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; IN]) -> [S::f32s; OUT] {
    let add = |a, b| simd.add_f32s(a, b);
    let times = |factor: f32, a| simd.mul_f32s(simd.splat_f32s(factor), a);
    let times_add = |factor: f32, a, b| simd.mul_add_e_f32s(simd.splat_f32s(factor), a, b);
    let (even, odd) = (add(b, c), simd.sub_f32s(b, c));
    let (outer, inner) = (add(d, e), simd.sub_f32s(d, e));
    [
        add(add(a, even), outer),
        times_add(P, odd, times(Q, inner)),
        times_add(P * P, even, times(Q * Q, outer)),
        times_add(P * P * P, odd, times_add(Q * Q * Q, inner, f)),
    ]
}
