//! Round positions for the ticks of an axis, 1, 2 or 5 times a power of ten apart, and labels
//! that tell them apart.

/// A position on an axis and its label.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Where it lies, in the axis' own units.
    pub value: f64,
    /// Its label; the minus is U+2212.
    pub label: String,
}

/// More digits than this read as a power of ten.
const DIGITS: i32 = 16;

/// A step between ticks: 1, 2 or 5 times a power of ten.
#[derive(Debug, Clone, Copy)]
struct Step {
    mantissa: f64,
    exponent: i32,
}

impl Step {
    /// The step whose ratio to `raw`, a positive number, is nearest to one.
    fn nearest(raw: f64) -> Self {
        let mut exponent = raw.log10().floor() as i32;
        // the bounds are the geometric means of neighbouring mantissas
        let mantissa = match raw / 10_f64.powi(exponent) {
            part if part < 2_f64.sqrt() => 1.0,
            part if part < 10_f64.sqrt() => 2.0,
            part if part < 50_f64.sqrt() => 5.0,
            _ => {
                exponent += 1;
                1.0
            }
        };
        Self { mantissa, exponent }
    }

    /// The multiple `k` of the step; dividing keeps decimal fractions exact.
    fn times(self, k: f64) -> f64 {
        if self.exponent < 0 && self.exponent > -300 {
            k * self.mantissa / 10_f64.powi(-self.exponent)
        } else {
            k * self.mantissa * 10_f64.powi(self.exponent)
        }
    }
}

/// Ticks inside the range from `low` to `high`, about `target` of them and at most one more than twice
/// as many.
///
/// The ends may be in either order. There is none where an end is not finite, and one where the
/// ends are equal or too close for a number to lie between them.
#[must_use]
pub fn ticks(low: f64, high: f64, target: usize) -> Vec<Tick> {
    if !(high - low).is_finite() {
        return Vec::new();
    }
    let (low, high) = (low.min(high), low.max(high));
    let span = high - low;
    let largest = low.abs().max(high.abs());
    let raw = span / target.max(1) as f64;
    if span <= largest * 1e-13 || !raw.is_normal() || raw < 1e-290 {
        let label = label(low, largest, exponent_of(largest).max(0) - 6);
        return vec![Tick { value: low, label }];
    }
    let step = Step::nearest(raw);
    let size = step.times(1.0);
    // the ends count even where rounding puts a multiple just outside
    let first = (low / size - 1e-6).ceil();
    let last = (high / size + 1e-6).floor();
    (0..=2 * target.max(1))
        .map(|i| first + i as f64)
        .take_while(|k| *k <= last)
        .map(|k| {
            let value = step.times(k).clamp(low, high) + 0.0;
            Tick {
                value,
                label: label(step.times(k), largest, step.exponent),
            }
        })
        .collect()
}

fn exponent_of(value: f64) -> i32 {
    if value > 0.0 {
        value.log10().floor() as i32
    } else {
        0
    }
}

/// A multiple of 10^`step` on an axis whose largest value is `largest`.
fn label(value: f64, largest: f64, step: i32) -> String {
    let top = exponent_of(largest);
    let digits = top - step;
    let decimals = (-step).max(0);
    let tiny = top < -3;
    let round = top >= 6 && digits <= 3;
    if value == 0.0 && (tiny || round) {
        return "0".to_owned();
    }
    if tiny || round || top.max(0) + decimals > DIGITS {
        let decimals = digits.clamp(0, DIGITS) as usize;
        let mantissa = value / 10_f64.powi(top);
        return minus(&format!("{mantissa:.decimals$}×10{}", superscript(top)));
    }
    minus(&format!("{value:.0$}", decimals as usize))
}

/// The text with the true minus sign; none before a zero.
fn minus(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("\u{2212}{rest}"),
        None => text.to_owned(),
    }
}

fn superscript(exponent: i32) -> String {
    exponent
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            c => char::from_u32('⁰' as u32 + c.to_digit(10).unwrap_or(0)).unwrap_or(c),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, target: usize) -> Vec<String> {
        ticks(low, high, target)
            .into_iter()
            .map(|t| t.label)
            .collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(0.0, 10.0, 5), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(labels(-1.0, 1.0, 4), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(0.0, 0.3, 3), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(labels(-7.3, 12.9, 6), ["−5", "0", "5", "10"]);
        assert_eq!(labels(1.0, -1.0, 2), ["−1", "0", "1"]);
        assert_eq!(labels(0.0, 30000.0, 3), ["0", "10000", "20000", "30000"]);
    }

    #[test]
    fn a_large_offset_still_tells_ticks_apart() {
        assert_eq!(
            labels(1e6, 1e6 + 0.003, 3),
            ["1000000.000", "1000000.001", "1000000.002", "1000000.003"]
        );
    }

    #[test]
    fn very_large_and_small_numbers_share_a_power_of_ten() {
        assert_eq!(labels(0.0, 1e9, 2), ["0", "0.5×10⁹", "1.0×10⁹"]);
        assert_eq!(labels(-2e-20, 0.0, 2), ["−2×10⁻²⁰", "−1×10⁻²⁰", "0"]);
    }

    #[test]
    fn every_range_gives_distinct_labels_inside_it() {
        let mut state = 7_u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        for _ in 0..3000 {
            let center = (random() - 0.5) * 10_f64.powf(random() * 40.0 - 20.0);
            let span = center.abs() * 10_f64.powf(random() * 12.0 - 9.0);
            let (low, high) = (center - span, center + span);
            let target = 1 + (random() * 12.0) as usize;
            let ticks = ticks(low, high, target);
            assert!(ticks.len() <= 2 * target + 1 && (target < 3 || !ticks.is_empty()));
            for pair in ticks.windows(2) {
                assert_ne!(pair[0].label, pair[1].label, "{low} to {high}");
                assert!(pair[0].value < pair[1].value);
            }
            for tick in &ticks {
                assert!((low..=high).contains(&tick.value), "{low} to {high}");
            }
        }
    }

    #[test]
    fn odd_ranges_do_no_harm() {
        assert!(ticks(f64::NAN, 1.0, 5).is_empty());
        assert!(ticks(0.0, f64::INFINITY, 5).is_empty());
        assert!(ticks(-f64::MAX, f64::MAX, 5).is_empty());
        assert_eq!(labels(3.0, 3.0, 5), ["3.000000"]);
        assert_eq!(ticks(0.0, 0.0, 5).len(), 1);
        assert_eq!(ticks(0.0, f64::MIN_POSITIVE, 5).len(), 1);
        assert!(ticks(0.0, 1.0, 0).len() <= 2);
        assert_eq!(labels(1e300, 1.1e300, 1), ["1.0×10³⁰⁰", "1.1×10³⁰⁰"]);
    }
}
