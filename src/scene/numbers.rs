//! Numbers as texts.

/// Digits that matter, of a number alone.
const DIGITS: i32 = 4;

/// Numbers along a scale, with as many digits as tell neighbours apart.
#[must_use]
pub fn tick_texts(values: &[f64]) -> Vec<String> {
    let steps = values.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let step = steps
        .filter(|step| *step > 0.0)
        .fold(f64::INFINITY, f64::min);
    let largest = values.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    // Two digits of the step between them.
    let digits = (largest / step).log10().ceil() as i32 + 1;
    let text = |value: &f64| short(*value, digits.clamp(DIGITS, 16));
    values.iter().map(text).collect()
}

/// A number with up to four digits that matter.
#[must_use]
pub fn precise_number(value: f64) -> String {
    short(value, DIGITS)
}

/// A number with up to so many digits that matter.
fn short(value: f64, digits: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let after = (digits - 1 - value.abs().log10().floor() as i32).clamp(0, 17) as usize;
    let large = 10_f64.powi(digits.max(6));
    let text = if value.abs() >= large || value.abs() < 1e-4 {
        let digits = digits as usize - 1;
        let text = format!("{value:.digits$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{}e{exponent}", without_zeros(mantissa))
    } else {
        without_zeros(&format!("{value:.after$}")).to_owned()
    };
    text.replace('-', "\u{2212}")
}

/// A number without the zeros that end it after its point.
fn without_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_along_a_scale_are_told_apart() {
        let dates = [58_849.0, 58_849.002_5, 58_849.005];
        assert_eq!(tick_texts(&dates), ["58849", "58849.0025", "58849.005"]);
        assert_eq!(tick_texts(&[1.0, 2.0]), ["1", "2"]);
        assert_eq!(tick_texts(&[3.0, 3.0]), ["3", "3"]);
        assert!(tick_texts(&[]).is_empty());
    }

    #[test]
    fn numbers_keep_the_digits_that_matter() {
        for (value, text) in [
            (0.0, "0"),
            (12.0, "12"),
            (-0.25, "\u{2212}0.25"),
            (1234.56, "1235"),
            (0.012_345, "0.01235"),
            (2.5e9, "2.5e9"),
            (-1.25e-7, "\u{2212}1.25e\u{2212}7"),
        ] {
            assert_eq!(precise_number(value), text);
        }
    }
}
