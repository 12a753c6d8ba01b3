//! Functions of positive numbers by table: steps of less than a hundredth, as numbers lie in their bits.

use wide::{f32x4, i16x8, u32x4};

/// Bits of a number that one step spans.
const BITS: u32 = 16;
/// Steps of all positive numbers.
const ALL: usize = 1 << (32 - BITS - 1);

/// The step that a number of 0 or more lies in.
#[inline]
fn step(number: f32) -> u32 {
    number.to_bits() >> BITS
}

/// The middle of a step.
fn middle(step: u32) -> f32 {
    f32::from_bits((step << BITS) | (1 << (BITS - 1)))
}

/// What a function gives in each step between two numbers.
#[derive(Debug)]
pub(super) struct Steps<T> {
    first: u32,
    values: Vec<T>,
}

impl<T: Copy> Steps<T> {
    /// Of `function` from `least` to `most`, which are above 0.
    pub fn new(least: f32, most: f32, function: impl Fn(f32) -> T) -> Self {
        let first = step(least);
        let values = (first..=step(most).max(first)).map(|step| function(middle(step)));
        Self {
            first,
            values: values.collect(),
        }
    }

    /// At a number of 0 or more; beyond the ends, at the ends.
    #[inline]
    pub fn at(&self, number: f32) -> T {
        let index = step(number).saturating_sub(self.first) as usize;
        self.values[index.min(self.values.len() - 1)]
    }

    /// At each of four numbers of 0 or more; beyond the ends, at the ends.
    #[inline]
    pub fn four(&self, numbers: f32x4) -> [&T; 4] {
        // No step has more than 15 bits; every other lane is 0.
        let lanes = |index: usize| bytemuck::cast::<_, i16x8>(u32x4::splat(index as u32));
        let steps: i16x8 = bytemuck::cast(bytemuck::cast::<_, u32x4>(numbers) >> BITS);
        let index = steps - lanes(self.first as usize);
        let index = index.max(i16x8::ZERO).min(lanes(self.values.len() - 1));
        let index: u32x4 = bytemuck::cast(index);
        index.to_array().map(|index| &self.values[index as usize])
    }
}

/// How many numbers lie in each step from that of a least one on.
pub(super) struct Histogram {
    first: u32,
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// Of nothing, for numbers of `least`, which is above 0, and more.
    pub fn new(least: f32) -> Self {
        let first = step(least);
        Self {
            first,
            counts: vec![0; ALL - first as usize],
            total: 0,
        }
    }

    /// Counts a number so many times.
    #[inline]
    pub fn add(&mut self, number: f32, times: u64) {
        self.counts[(step(number) - self.first) as usize] += times;
        self.total += times;
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The middles of the steps, each with how many numbers lie in it.
    pub fn numbers(&self) -> impl Iterator<Item = (f32, u64)> {
        let counts = (self.first..).zip(&self.counts);
        let counts = counts.filter(|(_, count)| **count > 0);
        counts.map(|(step, count)| (middle(step), *count))
    }

    /// The middle of the step of the number that `before` others precede in order; the last there is for more.
    pub fn ranked(&self, before: u64) -> Option<f32> {
        let mut upto = 0;
        let mut last = None;
        for (number, count) in self.numbers() {
            upto += count;
            last = Some(number);
            if upto > before {
                break;
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_sorted_numbers() {
        let mut histogram = Histogram::new(2.0);
        assert_eq!(histogram.ranked(0), None);
        let numbers = (0..5000_u32).map(|i| (i * 7919 % 5000) as f32 / 100.0);
        numbers
            .filter(|n| *n > 2.0)
            .for_each(|n| histogram.add(n, 1));
        assert_eq!(histogram.total(), 5000 - 201);
        let counts = histogram.numbers().map(|(_, count)| count);
        assert_eq!(counts.sum::<u64>(), 4799);
        for share in [0.0, 0.1, 0.5, 0.9, 0.998, 1.0] {
            let expected = 2.01 + 47.98 * share;
            let ranked = histogram.ranked((4798.0 * share) as u64).unwrap();
            assert!((f64::from(ranked) / expected - 1.0).abs() < 0.006);
        }
        assert_eq!(histogram.ranked(1_000_000), histogram.ranked(4798));
    }

    #[test]
    fn a_table_is_within_a_hundredth_of_its_function() {
        let roots = Steps::new(0.01, 1e6, f32::sqrt);
        for i in 0..2000 {
            let number = 10_f32.powf(i as f32 * 0.004 - 2.0);
            let expected = number.min(1e6).sqrt();
            assert!((roots.at(number) / expected - 1.0).abs() < 0.005);
        }
        for (number, end) in [(0.0, 0.01), (1e-20, 0.01), (1e20, 1e6), (f32::NAN, 1e6)] {
            let end: f32 = end;
            assert!((roots.at(number) / end.sqrt() - 1.0).abs() < 0.005);
        }
    }
}
