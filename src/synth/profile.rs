//! Light profiles: the Sérsic law, its growth curve and its moments.
//!
//! Sérsic (1963), as summarised by Graham & Driver (2005): `I(r) = I_e exp(-b [(r/r_e)^(1/n) - 1])`,
//! with `b` such that `r_e` encloses half the light (Ciotti & Bertin 1999).

use std::f64::consts::PI;

/// `b_n` of the Sérsic law, for `n > 0.36` (Ciotti & Bertin 1999, equation 18).
pub(super) fn sersic_b(n: f64) -> f64 {
    2.0 * n - 1.0 / 3.0
        + 4.0 / (405.0 * n)
        + 46.0 / (25_515.0 * n * n)
        + 131.0 / (1_148_175.0 * n.powi(3))
}

/// Share of the light of a Sérsic profile within `x = r / r_e`.
pub(super) fn sersic_growth(n: f64, x: f64) -> f64 {
    lower_gamma(2.0 * n, sersic_b(n) * x.powf(1.0 / n))
}

/// Mean of `(r / r_e)^2` over the light of a Sérsic profile.
pub(super) fn sersic_mean_square(n: f64) -> f64 {
    (ln_gamma(4.0 * n) - ln_gamma(2.0 * n) - 2.0 * n * sersic_b(n).ln()).exp()
}

/// Central brightness of a Sérsic profile of unit flux, axis ratio 1 and `r_e = 1`.
pub(super) fn sersic_central(n: f64) -> f64 {
    let b = sersic_b(n);
    (2.0 * n * b.ln() - ln_gamma(2.0 * n)).exp() / (2.0 * PI * n)
}

/// Natural logarithm of the gamma function, `x > 0` (Lanczos, as in Numerical Recipes).
fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 6] = [
        76.180_091_729_471_46,
        -86.505_320_329_416_77,
        24.014_098_240_830_91,
        -1.231_739_572_450_155,
        0.001_208_650_973_866_179,
        -0.000_005_395_239_384_953,
    ];
    let shifted = x + 5.5;
    let series: f64 = COEFFICIENTS
        .iter()
        .zip(1..)
        .map(|(c, k)| c / (x + f64::from(k)))
        .sum();
    (x + 0.5) * shifted.ln() - shifted
        + (2.506_628_274_631_000_5 * (1.000_000_000_190_015 + series) / x).ln()
}

/// Regularised lower incomplete gamma function `P(a, x)` by its series.
fn lower_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let mut term = 1.0 / a;
    let mut sum = term;
    let mut k = a;
    while term > sum * 1e-12 && k < a + 500.0 {
        k += 1.0;
        term *= x / k;
        sum += term;
    }
    (sum.ln() + a * x.ln() - x - ln_gamma(a)).exp().min(1.0)
}

/// The smallest `x` in `low..high` where a growing function reaches `target`, by bisection.
pub(super) fn solve(mut low: f64, mut high: f64, target: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if f(middle) < target {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_e_encloses_half_the_light() {
        for n in [0.8, 1.0, 2.5, 4.0] {
            assert!((sersic_growth(n, 1.0) - 0.5).abs() < 2e-4, "n = {n}");
        }
    }

    #[test]
    fn moments_and_centre_agree_with_closed_forms() {
        // An exponential disc: h = r_e / 1.678, <r^2> = 6 h^2, I(0) = 1 / (2 pi h^2).
        let h = 1.0 / 1.678_35;
        assert!((sersic_mean_square(1.0) - 6.0 * h * h).abs() < 1e-3);
        assert!((sersic_central(1.0) - 1.0 / (2.0 * PI * h * h)).abs() < 1e-3);
        let factorial_7: f64 = (1..=7).map(f64::from).product();
        assert!((ln_gamma(8.0) - factorial_7.ln()).abs() < 1e-9);
    }
}
