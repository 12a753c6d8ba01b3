//! Percentiles of pixels, of which there are thousands in each picture.

/// Values that tell in advance between which two a percentile lies (Floyd & Rivest 1975), and how many
/// of them on each side are kept clear: three times the deviation of a rank among them.
const SAMPLE: usize = 128;
const MARGIN: usize = 17;
/// Fewer values are ordered as they are.
const MANY: usize = 1024;

/// The median of finite values, the mean of the middle two when their number is even; 0 of none.
/// Reorders them.
pub(super) fn median(values: &mut [f32]) -> f32 {
    percentile(values, 50.0)
}

/// A percentile with linear interpolation between neighbours. Reorders the values.
pub(super) fn percentile(values: &mut [f32], percent: f32) -> f32 {
    let Some(last) = values.len().checked_sub(1) else {
        return 0.0;
    };
    let position = f64::from(percent) / 100.0 * last as f64;
    let rank = (position.floor() as usize).min(last);
    let (low, high) = bracketed(values, rank).unwrap_or_else(|| at_rank(values, rank));
    let part = position - rank as f64;
    (f64::from(low) * (1.0 - part) + f64::from(high) * part) as f32
}

/// The value of this rank and the next, or the same again at the end.
fn at_rank(values: &mut [f32], rank: usize) -> (f32, f32) {
    let (_, &mut low, above) = values.select_nth_unstable_by(rank, f32::total_cmp);
    let high = above.iter().copied().min_by(f32::total_cmp).unwrap_or(low);
    (low, high)
}

/// The same, by ordering only the values between two of a sample; `None` where these are few, or do not lie
/// between.
fn bracketed(values: &[f32], rank: usize) -> Option<(f32, f32)> {
    if values.len() < MANY {
        return None;
    }
    let step = values.len() / SAMPLE;
    let mut sample: [i32; SAMPLE] = std::array::from_fn(|i| ordered(values[i * step]));
    sample.sort_unstable();
    let at = rank * SAMPLE / values.len();
    let from = at.checked_sub(MARGIN).map_or(i32::MIN, |i| sample[i]);
    let to = sample.get(at + MARGIN).copied().unwrap_or(i32::MAX);
    let mut between: Vec<i32> = values.iter().copied().map(ordered).collect();
    let below: usize = between.iter().map(|v| usize::from(*v < from)).sum();
    // without a branch, which noise would mislead
    let (width, mut count) = (to.wrapping_sub(from).cast_unsigned(), 0);
    for i in 0..between.len() {
        let value = between[i];
        between[count] = value;
        count += usize::from(value.wrapping_sub(from).cast_unsigned() <= width);
    }
    let rank = rank.checked_sub(below)?;
    let between = &mut between[..count];
    // the next one has to be among them as well
    if rank + 1 >= between.len() {
        return None;
    }
    let (_, &mut low, above) = between.select_nth_unstable(rank);
    let high = above.iter().copied().min().unwrap_or(low);
    Some((value(low), value(high)))
}

/// A number that is ordered as the float is (IEEE 754, totalOrder).
fn ordered(value: f32) -> i32 {
    let bits = value.to_bits().cast_signed();
    bits ^ ((bits >> 31).cast_unsigned() >> 1).cast_signed()
}

/// The float of such a number.
fn value(ordered: i32) -> f32 {
    let bits = ordered ^ ((ordered >> 31).cast_unsigned() >> 1).cast_signed();
    f32::from_bits(bits.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn a_bracket_changes_nothing() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for round in 0..200 {
            let count = rng.random_range(MANY..3 * MANY);
            let mut values: Vec<f32> = (0..count)
                .map(|i| match round % 5 {
                    // noise about nothing, a ramp, few values, one value, a crowd with outliers
                    0 => rng.random::<f32>() - 0.5,
                    1 => i as f32 - 700.0,
                    2 => (rng.random::<f32>() * 4.0).round() - 2.0,
                    3 => 7.0,
                    _ if i % 97 == 0 => 1e30 * (rng.random::<f32>() - 0.5),
                    _ => rng.random::<f32>().powi(8),
                })
                .collect();
            for percent in [0.0, 0.5, 25.0, 50.0, 99.5, 100.0] {
                let rank = (percent / 100.0 * (count - 1) as f64) as usize;
                if let Some(found) = bracketed(&values, rank) {
                    assert_eq!(
                        found,
                        at_rank(&mut values.clone(), rank),
                        "{round} {percent}"
                    );
                }
            }
            assert!(
                round % 5 == 3 || bracketed(&values, count / 2).is_some(),
                "{round}"
            );
            let mut sorted = values.clone();
            sorted.sort_by(f32::total_cmp);
            let middle = f32::midpoint(sorted[(count - 1) / 2], sorted[count / 2]);
            assert!((median(&mut values) - middle).abs() <= middle.abs() * 1e-6);
        }
        assert_eq!(median(&mut []), 0.0);
    }
}
