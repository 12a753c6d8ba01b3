use super::*;

/// All kinds of vectors that this processor has.
fn kinds() -> Vec<Arch> {
    let mut kinds = vec![Arch::Scalar, Arch::new()];
    #[cfg(target_arch = "x86_64")]
    kinds.extend(pulp::x86::V3::try_new().map(Arch::V3));
    kinds
}

fn values(count: usize, seed: usize) -> Vec<f32> {
    let value = |i: usize| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0;
    (0..count).map(value).collect()
}

/// By the definition, in f64.
fn defined(
    input: [usize; 3],
    window: &Window,
    picture: &[f32],
    weights: &[f32],
    channels: usize,
) -> Vec<f64> {
    let Window {
        kernel,
        strides,
        dilations,
        padding,
    } = window;
    let side = |a: usize| {
        (input[a + 1] + padding[a][0] + padding[a][1] - (kernel[a] - 1) * dilations[a] - 1)
            / strides[a]
            + 1
    };
    let mut out = Vec::new();
    for (channel, row, column) in (0..channels)
        .flat_map(|c| (0..side(0)).flat_map(move |y| (0..side(1)).map(move |x| (c, y, x))))
    {
        let mut sum = 0.0;
        for (c, i, j) in (0..input[0])
            .flat_map(|c| (0..kernel[0]).flat_map(move |i| (0..kernel[1]).map(move |j| (c, i, j))))
        {
            let y = (row * strides[0] + i * dilations[0]).checked_sub(padding[0][0]);
            let x = (column * strides[1] + j * dilations[1]).checked_sub(padding[1][0]);
            let (Some(y), Some(x)) = (y, x) else { continue };
            if y < input[1] && x < input[2] {
                let weight = weights[((channel * input[0] + c) * kernel[0] + i) * kernel[1] + j];
                sum += f64::from(weight) * f64::from(picture[(c * input[1] + y) * input[2] + x]);
            }
        }
        out.push(sum);
    }
    out
}

#[test]
fn every_shape_follows_the_definition() {
    let window = |kernel, stride, dilation, padding| Window {
        kernel,
        strides: [stride; 2],
        dilations: [dilation; 2],
        padding,
    };
    for (input, window, channels) in [
        ([3, 17, 19], window([5, 5], 2, 1, [[2, 2], [2, 2]]), 24),
        ([2, 9, 7], window([3, 2], 1, 2, [[1, 0], [2, 1]]), 7),
        ([1, 2, 2], window([1, 1], 1, 1, [[0, 0], [0, 0]]), 1),
        ([70, 20, 18], window([3, 3], 1, 1, [[1, 1], [1, 1]]), 100),
        ([5, 6, 6], window([6, 6], 3, 1, [[0, 0], [0, 0]]), 49),
        ([70, 20, 18], window([3, 3], 2, 1, [[1, 1], [1, 1]]), 100),
        ([16, 4, 4], window([3, 3], 1, 1, [[1, 1], [1, 1]]), 17),
        ([17, 9, 14], window([3, 3], 1, 1, [[0, 0], [0, 0]]), 33),
        ([20, 8, 70], window([3, 3], 1, 1, [[2, 0], [0, 2]]), 16),
        ([33, 9, 23], window([3, 3], 2, 1, [[0, 1], [2, 0]]), 40),
        ([32, 8, 8], window([3, 3], 2, 1, [[0, 0], [0, 0]]), 32),
        ([34, 16, 16], window([3, 3], 2, 1, [[1, 1], [1, 1]]), 35),
        ([2, 5, 4], window([3, 20], 1, 1, [[1, 0], [9, 11]]), 5),
    ] {
        let len: usize = input.iter().product();
        let pictures = values(11 * len, 1);
        let weights = values(channels * input[0] * window.kernel[0] * window.kernel[1], 2);
        let bias = values(channels, 3);
        let plain: Vec<f64> = pictures
            .chunks_exact(len)
            .flat_map(|picture| defined(input, &window, picture, &weights, channels))
            .collect();
        let added = values(plain.len(), 4);
        let positions = plain.len() / channels / 11;
        for arch in kinds() {
            let convolution = Convolution::on(arch, input, &window, &weights, &bias).unwrap();
            let mut out = vec![f32::NAN; plain.len()];
            for (added, rectified) in [
                (None, false),
                (None, true),
                (Some(&added), false),
                (Some(&added), true),
            ] {
                convolution.run(&pictures, added.map(Vec::as_slice), rectified, &mut out);
                for (i, (found, plain)) in out.iter().zip(&plain).enumerate() {
                    let whole = plain
                        + f64::from(bias[i / positions % channels])
                        + added.map_or(0.0, |a| f64::from(a[i]));
                    let expected = if rectified { whole.max(0.0) } else { whole };
                    assert!(
                        (f64::from(*found) - expected).abs() < 1e-4,
                        "{window:?} {i}: {found} {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_is_not_a_number_is_not_rectified_away() {
    let window = Window {
        kernel: [1, 1],
        strides: [1, 1],
        dilations: [1, 1],
        padding: [[0, 0], [0, 0]],
    };
    for arch in kinds() {
        let convolution = Convolution::on(arch, [1, 1, 5], &window, &[1.0; 5], &[0.0; 5]).unwrap();
        let mut out = [0.0; 25];
        convolution.run(&[f32::NAN; 5], None, true, &mut out);
        assert!(out.iter().all(|value| value.is_nan()));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let window = |kernel, stride| Window {
        kernel,
        strides: [stride; 2],
        dilations: [1, 1],
        padding: [[0, 0], [0, 0]],
    };
    for (input, window, weights, bias) in [
        ([1, 2, 2], window([3, 1], 1), 3, 1),
        ([1, 2, 2], window([0, 1], 1), 0, 1),
        ([1, 2, 2], window([1, 1], 0), 1, 1),
        ([1, 2, 2], window([1, 1], 1), 2, 1),
        ([1, 2, 2], window([1, 1], 1), 0, 0),
    ] {
        assert!(Convolution::new(input, &window, &values(weights, 1), &values(bias, 1)).is_none());
    }
}
