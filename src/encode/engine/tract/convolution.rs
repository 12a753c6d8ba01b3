//! Convolutions of pictures, on which the compiled-in engine spends most of its time.
//!
//! No patches are gathered: a tile of output values, a few vectors of channels at each of a few positions,
//! stays in registers while every value that the kernel sees from those positions is multiplied with its
//! weights (after Zhang, Franchetti & Low 2018, "High Performance Zero-Memory Overhead Direct Convolutions").

#![expect(
    unsafe_code,
    reason = "the innermost loop reads at offsets that were checked before"
)]
#![expect(
    clippy::inline_always,
    reason = "compiled once for each kind of vectors"
)]

use std::cell::RefCell;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use wide::f32x4;

/// Vectors of channels in a tile.
const VECTORS: usize = 3;
/// Positions whose sums are kept in the processor's cache.
const BLOCK: usize = 256;
/// Taps whose weights are kept in it, for as many channels as a tile holds.
const TAPS: usize = 128;
/// Values in a line of its cache: vectors that straddle two take twice as long.
const LINE: usize = 16;

/// How a kernel moves over a picture; all in rows and columns.
#[derive(Debug, Clone)]
pub(super) struct Window {
    pub(super) kernel: [usize; 2],
    pub(super) strides: [usize; 2],
    pub(super) dilations: [usize; 2],
    /// Zeros before the first and after the last row and column.
    pub(super) padding: [[usize; 2]; 2],
}

/// A convolution of pictures of one size, its weights in the order in which this processor reads them.
#[derive(Debug)]
pub(super) struct Convolution {
    arch: Arch,
    /// Channels, rows and columns.
    input: [usize; 3],
    output: [usize; 3],
    /// Zeros before the first row and column, and the size with all zeros.
    before: [usize; 2],
    padded: [usize; 2],
    /// Where, from a position's first value, the value of each weight of a channel lies.
    taps: Vec<usize>,
    /// Where the first value lies that the kernel sees from each position of as many pictures as are
    /// done together.
    positions: Vec<usize>,
    /// The largest position of one picture and the largest tap together.
    reach: usize,
    groups: Vec<Group>,
}

/// The channels that one tile holds.
#[derive(Debug)]
struct Group {
    /// The first one, and how many.
    channels: Range<usize>,
    vectors: usize,
    /// Taps x lanes of the vectors, from `aligned` on.
    weights: Vec<f32>,
    aligned: usize,
    /// Lanes of the vectors.
    bias: Vec<f32>,
}

#[derive(Default)]
struct Scratch {
    padded: Vec<f32>,
    sums: Vec<f32>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Convolution {
    /// `weights`: output channels x input channels x kernel; `bias`: output channels. `None` when the kernel
    /// does not fit the picture, or the lengths do not fit together.
    pub(super) fn new(
        input: [usize; 3],
        window: &Window,
        weights: &[f32],
        bias: &[f32],
    ) -> Option<Self> {
        Self::on(Arch::new(), input, window, weights, bias)
    }

    fn on(
        arch: Arch,
        input: [usize; 3],
        window: &Window,
        weights: &[f32],
        bias: &[f32],
    ) -> Option<Self> {
        let [channels, height, width] = input;
        let Window {
            kernel,
            strides,
            dilations,
            padding,
        } = window;
        let padded = [
            height + padding[0][0] + padding[0][1],
            width + padding[1][0] + padding[1][1],
        ];
        let side = |axis: usize| {
            let seen = (kernel[axis].checked_sub(1)?) * dilations[axis] + 1;
            Some(padded[axis].checked_sub(seen)?.checked_div(strides[axis])? + 1)
        };
        let output = [bias.len(), side(0)?, side(1)?];
        let depth = channels * kernel[0] * kernel[1];
        if input.contains(&0)
            || depth == 0
            || bias.is_empty()
            || weights.len() != depth * bias.len()
        {
            return None;
        }
        let at = |channel: usize, row: usize, column: usize| {
            (channel * padded[0] + row) * padded[1] + column
        };
        let taps: Vec<usize> = (0..depth)
            .map(|tap| {
                let (row, column) = (tap / kernel[1] % kernel[0], tap % kernel[1]);
                let channel = tap / (kernel[0] * kernel[1]);
                at(channel, row * dilations[0], column * dilations[1])
            })
            .collect();
        let own = (0..output[1] * output[2])
            .map(|i| at(0, i / output[2] * strides[0], i % output[2] * strides[1]));
        let together = (BLOCK / (output[1] * output[2])).max(1);
        let positions = (0..together)
            .flat_map(|picture| {
                own.clone()
                    .map(move |at| picture * channels * padded[0] * padded[1] + at)
            })
            .collect();
        Some(Self {
            arch,
            input,
            output,
            before: [padding[0][0], padding[1][0]],
            padded,
            reach: own.max()? + taps.iter().max()?,
            taps,
            positions,
            groups: groups(weights, bias, lanes(arch)),
        })
    }

    /// Channels, rows and columns.
    pub(super) fn output(&self) -> [usize; 3] {
        self.output
    }

    /// Any number of pictures; `added`, of the output's shape, is added to what is found, and values below
    /// zero become zero if it is to be `rectified`. NaN stays NaN.
    ///
    /// # Panics
    /// When lengths are not those of as many pictures.
    pub(super) fn run(
        &self,
        pictures: &[f32],
        added: Option<&[f32]>,
        rectified: bool,
        out: &mut [f32],
    ) {
        let len = |shape: [usize; 3]| shape.iter().product::<usize>();
        let (len_in, len_out) = (len(self.input), len(self.output));
        assert_eq!(out.len() % len_out, 0);
        assert_eq!(pictures.len(), out.len() / len_out * len_in);
        assert!(added.is_none_or(|added| added.len() == out.len()));
        let together = self.positions.len() / (self.output[1] * self.output[2]);
        let sheets = pictures.chunks(together * len_in);
        SCRATCH.with_borrow_mut(|Scratch { padded, sums }| {
            sums.resize(BLOCK * VECTORS * lanes(self.arch), 0.0);
            for (sheet, out) in sheets.zip(out.chunks_mut(together * len_out)).enumerate() {
                let (pictures, out) = out;
                let pictures = if self.padded == self.input[1..] {
                    pictures
                } else {
                    self.pad(pictures, padded);
                    padded.as_slice()
                };
                let count = out.len() / len_out;
                assert!(pictures.len() > (count - 1) * self.stride() + self.reach);
                self.arch.dispatch(Run {
                    of: self,
                    pictures,
                    added: added.map(|added| &added[sheet * together * len_out..][..out.len()]),
                    rectified,
                    positions: &self.positions[..count * self.output[1] * self.output[2]],
                    sums,
                    out,
                });
            }
        });
    }

    /// From one picture with its zeros to the next.
    fn stride(&self) -> usize {
        self.input[0] * self.padded[0] * self.padded[1]
    }

    fn pad(&self, pictures: &[f32], padded: &mut Vec<f32>) {
        let [channels, height, width] = self.input;
        let count = pictures.len() / (channels * height * width);
        let ([above, left], [_, padded_width]) = (self.before, self.padded);
        padded.resize(count * self.stride(), 0.0);
        for (from, to) in pictures
            .chunks_exact(height * width)
            .zip(padded.chunks_exact_mut(self.padded[0] * padded_width))
        {
            let (top, to) = to.split_at_mut(above * padded_width);
            let (to, bottom) = to.split_at_mut(height * padded_width);
            top.fill(0.0);
            bottom.fill(0.0);
            for (from, to) in from
                .chunks_exact(width)
                .zip(to.chunks_exact_mut(padded_width))
            {
                to[..left].fill(0.0);
                to[left..left + width].copy_from_slice(from);
                to[left + width..].fill(0.0);
            }
        }
    }
}

fn groups(weights: &[f32], bias: &[f32], lanes: usize) -> Vec<Group> {
    let depth = weights.len() / bias.len();
    let all = bias.len().div_ceil(lanes);
    let count = all.div_ceil(VECTORS);
    // Three each, or two where three would leave a lone one.
    let bounds = (0..=count).map(|group| group * all / count * lanes);
    let bounds: Vec<usize> = bounds.collect();
    bounds
        .windows(2)
        .map(|bound| {
            let (first, width) = (bound[0], bound[1] - bound[0]);
            let channels = first..bound[1].min(bias.len());
            let mut packed = vec![0.0_f32; depth * width + LINE];
            let aligned = packed
                .as_ptr()
                .align_offset(LINE * size_of::<f32>())
                .min(LINE);
            let mut packed_bias = vec![0.0; width];
            for (lane, channel) in channels.clone().enumerate() {
                packed_bias[lane] = bias[channel];
                let row = &weights[channel * depth..][..depth];
                for (to, weight) in packed[aligned..].chunks_exact_mut(width).zip(row) {
                    to[lane] = *weight;
                }
            }
            Group {
                channels,
                vectors: width / lanes,
                weights: packed,
                aligned,
                bias: packed_bias,
            }
        })
        .collect()
}

/// Values in a vector.
fn lanes(arch: Arch) -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    arch.dispatch(Lanes)
}

struct Run<'a> {
    of: &'a Convolution,
    pictures: &'a [f32],
    added: Option<&'a [f32]>,
    rectified: bool,
    positions: &'a [usize],
    sums: &'a mut [f32],
    out: &'a mut [f32],
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for group in &self.of.groups {
            // Sixteen registers hold twelve sums, thirty-two twenty-four.
            let narrow = S::F32_LANES == 8 || S::F32_LANES == 1;
            match (group.vectors, narrow) {
                (1, true) => self.group::<S, 1, 4>(simd, group),
                (2, true) => self.group::<S, 2, 4>(simd, group),
                (_, true) => self.group::<S, VECTORS, 4>(simd, group),
                (1, false) => self.group::<S, 1, 8>(simd, group),
                (2, false) => self.group::<S, 2, 8>(simd, group),
                (_, false) => self.group::<S, VECTORS, 8>(simd, group),
            }
        }
    }
}

impl Run<'_> {
    /// All positions of a group of `V` vectors, `P` positions at a time.
    #[inline(always)]
    fn group<S: Simd, const V: usize, const P: usize>(&mut self, simd: S, group: &Group) {
        let taps = &self.of.taps;
        let weights = S::as_simd_f32s(&group.weights[group.aligned..]).0;
        let bias = S::as_simd_f32s(&group.bias).0;
        for (block, positions) in self.positions.chunks(BLOCK).enumerate() {
            let sums = S::as_mut_simd_f32s(self.sums).0;
            for (part, taps) in taps.chunks(TAPS).enumerate() {
                let weights = &weights[part * TAPS * V..][..taps.len() * V];
                for (positions, sums) in positions.chunks(P).zip(sums.chunks_exact_mut(P * V)) {
                    if part == 0 {
                        for sums in sums.chunks_exact_mut(V) {
                            sums.copy_from_slice(bias);
                        }
                    }
                    // A last tile that is not full does its last position several times.
                    let last = positions.len() - 1;
                    let at = std::array::from_fn(|p| positions[p.min(last)]);
                    tile::<S, V, P>(simd, self.pictures, &at, taps, weights, sums);
                }
            }
            let all = self.of.output[1] * self.of.output[2];
            let (mut first, end) = (block * BLOCK, block * BLOCK + positions.len());
            while first < end {
                let count = (all - first % all).min(end - first);
                let at = (first - block * BLOCK) * V * S::F32_LANES;
                self.finish(at, V * S::F32_LANES, group, first, count);
                first += count;
            }
        }
    }

    /// Turns sums of `width` channels for each of `count` positions of one picture into rows of positions
    /// for each channel.
    #[inline(always)]
    fn finish(&mut self, at: usize, width: usize, group: &Group, first: usize, count: usize) {
        let all = self.of.output[1] * self.of.output[2];
        let (picture, position) = (first / all, first % all);
        let start = (picture * self.of.output[0] + group.channels.start) * all + position;
        let sums = &self.sums[at..at + count * width];
        let channels = group.channels.len();
        let (whole, quads) = (channels / 4 * 4, count / 4 * 4);
        let (added, rectified) = (self.added, self.rectified);
        let mut put = |at: usize, mut row: f32x4| {
            if let Some(added) = added {
                row += four(&added[at..]);
            }
            if rectified {
                row = row.simd_lt(f32x4::ZERO).select(f32x4::ZERO, row);
            }
            self.out[at..at + 4].copy_from_slice(row.as_array());
        };
        for c in (0..whole).step_by(4) {
            for p in (0..quads).step_by(4) {
                let sums = &sums[p * width + c..];
                let [row0, row1, row2, row3] = f32x4::transpose([
                    four(sums),
                    four(&sums[width..]),
                    four(&sums[2 * width..]),
                    four(&sums[3 * width..]),
                ]);
                let at = start + c * all + p;
                put(at, row0);
                put(at + all, row1);
                put(at + 2 * all, row2);
                put(at + 3 * all, row3);
            }
        }
        for c in 0..channels {
            for p in if c < whole { quads } else { 0 }..count {
                let at = start + c * all + p;
                let value = sums[p * width + c] + added.map_or(0.0, |added| added[at]);
                self.out[at] = if rectified && value < 0.0 { 0.0 } else { value };
            }
        }
    }
}

#[inline(always)]
fn four(values: &[f32]) -> f32x4 {
    f32x4::new([values[0], values[1], values[2], values[3]])
}

/// Adds to the sums of `P` positions what all taps contribute to `V` vectors of channels.
///
/// `picture` must reach as far as the last position's last tap ([`Convolution::reach`]).
#[inline(always)]
fn tile<S: Simd, const V: usize, const P: usize>(
    simd: S,
    picture: &[f32],
    at: &[usize; P],
    taps: &[usize],
    weights: &[S::f32s],
    sums: &mut [S::f32s],
) {
    let mut tile: [[S::f32s; V]; P] =
        std::array::from_fn(|p| std::array::from_fn(|v| sums[p * V + v]));
    for (weights, &tap) in weights.as_chunks::<V>().0.iter().zip(taps) {
        let weights = *weights;
        for p in 0..P {
            // SAFETY: `Convolution::run` has seen to it that the picture is longer than the sum of the
            // largest position and the largest tap.
            let value = simd.splat_f32s(unsafe { *picture.get_unchecked(at[p] + tap) });
            for v in 0..V {
                tile[p][v] = simd.mul_add_e_f32s(weights[v], value, tile[p][v]);
            }
        }
    }
    for (sums, tile) in sums.chunks_exact_mut(V).zip(tile) {
        sums.copy_from_slice(&tile);
    }
}

#[cfg(test)]
mod tests {
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
            for (c, i, j) in (0..input[0]).flat_map(|c| {
                (0..kernel[0]).flat_map(move |i| (0..kernel[1]).map(move |j| (c, i, j)))
            }) {
                let y = (row * strides[0] + i * dilations[0]).checked_sub(padding[0][0]);
                let x = (column * strides[1] + j * dilations[1]).checked_sub(padding[1][0]);
                let (Some(y), Some(x)) = (y, x) else { continue };
                if y < input[1] && x < input[2] {
                    let weight =
                        weights[((channel * input[0] + c) * kernel[0] + i) * kernel[1] + j];
                    sum +=
                        f64::from(weight) * f64::from(picture[(c * input[1] + y) * input[2] + x]);
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
            let convolution =
                Convolution::on(arch, [1, 1, 5], &window, &[1.0; 5], &[0.0; 5]).unwrap();
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
            assert!(
                Convolution::new(input, &window, &values(weights, 1), &values(bias, 1)).is_none()
            );
        }
    }
}
