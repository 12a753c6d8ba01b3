//! Percentiles of pixels, of which there are thousands in each picture.

#![expect(
    clippy::inline_always,
    reason = "compiled once for each kind of processor"
)]

use pulp::{Arch, Simd, WithSimd};
use wide::f32x8;

/// Values between two of which a percentile is looked for (Floyd & Rivest 1975).
const SAMPLE: usize = 64;
/// Fewer values are ordered as they are.
const MANY: usize = 512;

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
    let (low, high) = if values.len() < MANY {
        at_rank(values, rank)
    } else {
        Arch::new().dispatch(Bracketed { values, rank })
    };
    let part = position - rank as f64;
    (f64::from(low) * (1.0 - part) + f64::from(high) * part) as f32
}

/// The value of this rank and the next, or the same again at the end.
fn at_rank(values: &mut [f32], rank: usize) -> (f32, f32) {
    let (_, &mut low, above) = values.select_nth_unstable_by(rank, f32::total_cmp);
    let high = above.iter().copied().min_by(f32::total_cmp).unwrap_or(low);
    (low, high)
}

/// The same, by ordering only the values between two neighbours of a sample. To find these, values are counted
/// that lie below one of it, many at a time: far sooner done than to take them to their sides.
struct Bracketed<'a> {
    values: &'a [f32],
    rank: usize,
}

impl WithSimd for Bracketed<'_> {
    type Output = (f32, f32);

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> (f32, f32) {
        bracketed(self.values, self.rank)
    }
}

#[inline(always)]
fn bracketed(values: &[f32], rank: usize) -> (f32, f32) {
    let step = values.len() / SAMPLE;
    let mut sample: [f32; SAMPLE] = std::array::from_fn(|i| values[i * step]);
    sample.sort_unstable_by(f32::total_cmp);
    let (mut above, mut before, mut end) = (0, 0, SAMPLE);
    while above < end {
        let middle = usize::midpoint(above, end);
        let count = below(values, sample[middle]);
        if count <= rank {
            (above, before) = (middle + 1, count);
        } else {
            end = middle;
        }
    }
    let least = above
        .checked_sub(1)
        .map_or(f32::NEG_INFINITY, |i| sample[i]);
    let most = sample.get(above).copied().unwrap_or(f32::INFINITY);
    let mut between = Vec::new();
    let (chunks, rest) = values.as_chunks::<8>();
    let (lowest, highest) = (f32x8::splat(least), f32x8::splat(most));
    for chunk in chunks {
        let values = f32x8::new(*chunk);
        let mut found = (values.simd_ge(lowest) & values.simd_le(highest)).to_bitmask();
        while found != 0 {
            between.push(chunk[found.trailing_zeros() as usize]);
            found &= found - 1;
        }
    }
    between.extend(rest.iter().filter(|v| (least..=most).contains(v)));
    let Some(last) = between.len().checked_sub(1) else {
        return (most, most);
    };
    at_rank(&mut between, rank.saturating_sub(before).min(last))
}

/// How many values are smaller than that.
#[inline(always)]
fn below(values: &[f32], limit: f32) -> usize {
    // Not so many that they need more bits.
    let counts = values.chunks(1 << 16).map(|values| {
        let below = values.iter().map(|v| u32::from(*v < limit));
        below.sum::<u32>() as usize
    });
    counts.sum()
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
                    0 if i % 83 == 5 => f32::INFINITY,
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
                assert_eq!(
                    bracketed(&values, rank),
                    at_rank(&mut values.clone(), rank),
                    "{round} {percent}"
                );
            }
            let mut sorted = values.clone();
            sorted.sort_by(f32::total_cmp);
            let middle = f32::midpoint(sorted[(count - 1) / 2], sorted[count / 2]);
            assert!((median(&mut values) - middle).abs() <= middle.abs() * 1e-6);
        }
        assert_eq!(median(&mut []), 0.0);
    }
}
