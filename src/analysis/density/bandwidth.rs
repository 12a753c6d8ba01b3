//! Width of the kernel from the spread of the points.

use super::extent::{Fence, order_statistic};

/// The normal-reference bandwidth of a Gaussian kernel in the plane, in the units of the sample.
///
/// Silverman (1986, "Density Estimation for Statistics and Data Analysis", sections 3.4.2 and
/// 4.3.2): `h = s (4 / (d + 2))^(1 / (d + 4)) n^(-1 / (d + 4))`, for `d = 2` thus
/// `h = s n^(-1/6)`, where the spread of an axis is the lesser of its standard deviation and of
/// its interquartile range over 1.34, and `s` is the geometric mean over both axes. `n` is the
/// number of all points, `sample` an unbiased part of them; only what lies within `fence` is
/// measured, so that a few far points do not count. A spread of zero gives way to the other.
/// The result is 0 where both are zero.
pub(super) fn normal_reference(sample: &[[f32; 2]], fence: &Fence, n: u64) -> f64 {
    let [x, y] = [0, 1].map(|axis| {
        let values: Vec<f32> = sample
            .iter()
            .filter(|p| fence.holds(**p))
            .map(|p| p[axis])
            .collect();
        spread(values)
    });
    let s = if x > 0.0 && y > 0.0 {
        x.sqrt() * y.sqrt()
    } else {
        x.max(y)
    };
    s * (n.max(1) as f64).powf(-1.0 / 6.0)
}

/// The lesser of standard deviation and interquartile range / 1.34, or the one above zero.
fn spread(mut values: Vec<f32>) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let n = values.len() as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum();
    let deviation = (squares / (n - 1.0)).sqrt();
    let last = values.len() - 1;
    let upper = f64::from(order_statistic(&mut values, last - last / 4));
    let lower = f64::from(order_statistic(&mut values, last / 4));
    let quartiles = (upper - lower) / 1.34;
    if lower < upper {
        deviation.min(quartiles)
    } else if f64::from(order_statistic(&mut values, 0))
        < f64::from(order_statistic(&mut values, last))
    {
        deviation
    } else {
        // Identical values: what is left in the deviation is rounding of the mean.
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_on_a_known_sample() {
        // x even over 0..1: sd 0.2889, IQR / 1.34 = 0.373; y ten times that.
        let points: Vec<[f32; 2]> = (0..10_001)
            .map(|i| [i as f32 / 10_000.0, (i * 7919 % 10_001) as f32 / 1000.0])
            .collect();
        let fence = Fence::around(&points).unwrap();
        let h = normal_reference(&points, &fence, 1_000_000);
        let sd = (1.0_f64 / 12.0).sqrt();
        let expected = (sd * sd * 10.0).sqrt() * 0.1;
        assert!((h / expected - 1.0).abs() < 1e-3, "{h} {expected}");
    }

    #[test]
    fn zero_spreads() {
        let fence_of = |p: &[[f32; 2]]| Fence::around(p).unwrap();
        let line: Vec<[f32; 2]> = (0..100).map(|i| [0.1, i as f32]).collect();
        let h = normal_reference(&line, &fence_of(&line), 64);
        assert!((h - 0.5 * spread((0..100).map(|i| i as f32).collect())).abs() < 1e-9);
        let same = vec![[0.1_f32, 0.7]; 1000];
        assert!(normal_reference(&same, &fence_of(&same), 1000) == 0.0);
    }
}
