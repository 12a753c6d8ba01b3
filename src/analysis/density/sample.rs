//! An unbiased sample of the points for order statistics that need no more.

use rayon::prelude::*;

/// Points of a sample: quantiles are then good to about 0.1 % of the distribution.
const SAMPLE: usize = 200_000;
/// A sample drawn blindly must keep at least this many points.
const ENOUGH: usize = 20_000;

/// Finite points for which `use_point` is true, each with the same chance, about 200 000 of
/// them, or all where there are fewer.
///
/// One index is drawn from each of 200 000 equal runs of the list: no order of the list can
/// favour some points as a fixed stride would. Where the selection leaves few of these, all
/// points are visited and kept with one probability. The draw is a hash of the index and thus
/// the same in every run.
pub(super) fn draw(
    points: &[[f32; 2]],
    use_point: &(impl Fn(usize) -> bool + Sync),
) -> Vec<[f32; 2]> {
    let usable = |i: &usize| {
        points
            .get(*i)
            .is_some_and(|p| p[0].is_finite() && p[1].is_finite())
            && use_point(*i)
    };
    if points.len() <= SAMPLE {
        return (0..points.len())
            .filter(usable)
            .map(|i| points[i])
            .collect();
    }
    let run = points.len() as f64 / SAMPLE as f64;
    let sample: Vec<[f32; 2]> = (0..SAMPLE)
        .into_par_iter()
        .map(|k| ((k as f64 + uniform(k as u64)) * run) as usize)
        .filter(usable)
        .map(|i| points[i])
        .collect();
    if sample.len() >= ENOUGH {
        return sample;
    }
    // An upper estimate of the selected points bounds the memory of the visit to all.
    let kept = sample.len() as f64;
    let selected = (kept + 3.0 * kept.sqrt() + 9.0) * run;
    let chance = SAMPLE as f64 / selected;
    (0..points.len())
        .into_par_iter()
        .filter(|i| uniform(*i as u64) < chance)
        .filter(usable)
        .map(|i| points[i])
        .collect()
}

/// A number within 0 and 1 that is a hash of `seed` (`SplitMix64`; Steele, Lea & Flood 2014).
pub(super) fn uniform(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    (z >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_is_unbiased_on_a_periodic_list() {
        // A stride of 5, as 1 000 000 / 200 000, would see one value only.
        let points: Vec<[f32; 2]> = (0..1_000_000).map(|i| [(i % 5) as f32, 0.0]).collect();
        let sample = draw(&points, &|_| true);
        assert_eq!(sample.len(), SAMPLE);
        for value in 0..5 {
            let share = sample.iter().filter(|p| p[0] == value as f32).count();
            assert!((39_000..41_000).contains(&share), "{value}: {share}");
        }
    }

    #[test]
    fn sparse_selection_is_found() {
        let points: Vec<[f32; 2]> = (0..1_000_000).map(|i| [i as f32, 0.0]).collect();
        assert_eq!(draw(&points, &|i| i % 100_000 == 7).len(), 10);
        let half_percent = draw(&points, &|i| i % 200 == 3);
        assert_eq!(half_percent.len(), 5000);
        assert!(draw(&points, &|_| false).is_empty());
    }
}
