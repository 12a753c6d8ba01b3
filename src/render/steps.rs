//! Functions of positive numbers by table: steps of less than a hundredth, as numbers lie in their bits.

use wide::{f32x4, i16x8, u32x4};

/// Bits of a number that one step spans.
const BITS: u32 = 16;
/// Steps of all positive numbers.
pub(super) const ALL: usize = 1 << (32 - BITS - 1);

/// The step that a number of 0 or more lies in.
#[inline]
pub(super) fn step(number: f32) -> u32 {
    number.to_bits() >> BITS
}

/// The middle of a step.
pub(super) fn middle(step: u32) -> f32 {
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

#[cfg(test)]
mod tests {
    use super::*;

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
