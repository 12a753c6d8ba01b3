//! The largest value of each plane of a picture, or the sum of all, which tract finds value by value.

/// What is found of each plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlaneReduce {
    Max,
    Sum,
}

/// Values that are worked on together.
const LANES: usize = 8;

impl PlaneReduce {
    /// Of planes of as many values each as there are more of them than of results. NaN stays NaN.
    pub(super) fn run(self, planes: &[f32], out: &mut [f32]) {
        let length = planes.len() / out.len().max(1);
        for (plane, out) in planes.chunks_exact(length.max(1)).zip(out) {
            *out = match self {
                Self::Max => {
                    let max = fold(plane, f32::NEG_INFINITY, |a, b| if b > a { b } else { a });
                    // Of no comparison with NaN there is a larger one.
                    let is_number = plane.iter().fold(true, |all, v| all & !v.is_nan());
                    if is_number { max } else { f32::NAN }
                }
                Self::Sum => fold(plane, 0.0, |a, b| a + b),
            };
        }
    }
}

fn fold(values: &[f32], first: f32, join: impl Fn(f32, f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [first; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = join(*lane, *value);
        }
    }
    let all = lanes.iter().chain(rest).copied();
    all.fold(first, join)
}

#[cfg(test)]
mod tests {
    use super::PlaneReduce;

    #[test]
    fn planes_of_every_length_have_their_sums_and_largest_values() {
        for length in 1..40 {
            let value = |i: usize| (i * 7919 % 101) as f32 - 70.0;
            let planes: Vec<f32> = (0..3 * length).map(value).collect();
            let (mut sums, mut largest) = ([0.0; 3], [0.0; 3]);
            PlaneReduce::Sum.run(&planes, &mut sums);
            PlaneReduce::Max.run(&planes, &mut largest);
            for (i, plane) in planes.chunks(length).enumerate() {
                assert_eq!(sums[i], plane.iter().sum::<f32>());
                assert_eq!(largest[i], plane.iter().copied().fold(f32::MIN, f32::max));
            }
        }
        let mut out = [0.0; 2];
        PlaneReduce::Max.run(&[1.0, f32::NAN, 2.0, 3.0], &mut out);
        assert!(out[0].is_nan() && out[1] == 3.0);
    }
}
