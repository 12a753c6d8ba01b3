//! By the definition of a convolution.
//!
//! No patches are gathered: a tile of output values, a few vectors of channels at each of a few positions,
//! stays in registers while every value that the kernel sees from those positions is multiplied with its
//! weights (after Zhang, Franchetti & Low 2018, "High Performance Zero-Memory Overhead Direct Convolutions").

#![expect(
    unsafe_code,
    reason = "the innermost loop reads at offsets that were checked before"
)]

use pulp::{Arch, Simd};

use super::kernel::{ByGroup, Finish, Group, VECTORS, each_group, groups, lanes, tile};
use super::{Kept, Window};

/// Positions whose sums are kept in the processor's cache.
const BLOCK: usize = 256;
/// Taps whose weights are kept in it, for as many channels as a tile holds.
const TAPS: usize = 128;

/// Pictures that are done together.
pub(super) fn together(output: [usize; 3]) -> usize {
    (BLOCK / (output[1] * output[2])).max(1)
}

#[derive(Debug)]
pub(super) struct Direct {
    /// Where, from a position's first value, the value of each weight of a channel lies.
    taps: Vec<usize>,
    /// Where the first value lies that the kernel sees from each position of as many pictures as are
    /// done together.
    positions: Vec<usize>,
    /// The largest position of one picture and the largest tap together.
    reach: usize,
    /// From one picture with its zeros to the next.
    stride: usize,
    groups: Vec<Group>,
}

impl Direct {
    /// Of pictures of so many channels and of that size with their zeros.
    pub(super) fn new(
        arch: Arch,
        (channels, padded): (usize, [usize; 2]),
        output: [usize; 3],
        window: &Window,
        weights: &[f32],
        bias: &[f32],
    ) -> Option<Self> {
        let Window {
            kernel,
            strides,
            dilations,
            ..
        } = window;
        let at = |channel: usize, row: usize, column: usize| {
            (channel * padded[0] + row) * padded[1] + column
        };
        let taps: Vec<usize> = (0..channels * kernel[0] * kernel[1])
            .map(|tap| {
                let (row, column) = (tap / kernel[1] % kernel[0], tap % kernel[1]);
                let channel = tap / (kernel[0] * kernel[1]);
                at(channel, row * dilations[0], column * dilations[1])
            })
            .collect();
        let own = (0..output[1] * output[2])
            .map(|i| at(0, i / output[2] * strides[0], i % output[2] * strides[1]));
        let stride = channels * padded[0] * padded[1];
        let positions = (0..together(output))
            .flat_map(|picture| own.clone().map(move |at| picture * stride + at))
            .collect();
        Some(Self {
            reach: own.max()? + taps.iter().max()?,
            taps,
            positions,
            stride,
            groups: groups(weights, bias, lanes(arch)),
        })
    }

    /// `count` pictures.
    #[inline(always)]
    pub(super) fn run<S: Simd>(
        &self,
        simd: S,
        pictures: &[f32],
        count: usize,
        Kept { sums, .. }: &mut Kept,
        finish: Finish<'_>,
    ) {
        assert!(pictures.len() > (count - 1) * self.stride + self.reach);
        sums.resize(BLOCK * VECTORS * S::F32_LANES, 0.0);
        let all = finish.output[1] * finish.output[2];
        let mut run = Run {
            of: self,
            pictures,
            positions: &self.positions[..count * all],
            sums,
            finish,
        };
        each_group(simd, &self.groups, &mut run);
    }
}

struct Run<'a> {
    of: &'a Direct,
    pictures: &'a [f32],
    positions: &'a [usize],
    sums: &'a mut [f32],
    finish: Finish<'a>,
}

impl ByGroup for Run<'_> {
    /// All positions.
    #[inline(always)]
    fn group<S: Simd, const V: usize, const P: usize>(&mut self, simd: S, index: usize) {
        let group = &self.of.groups[index];
        let taps = &self.of.taps;
        let weights = group.weights::<S>();
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
                    // SAFETY: it was seen to in `Direct::run` that the pictures reach that far.
                    unsafe {
                        tile::<S, V, P, false>(simd, self.pictures, &at, taps, weights, sums);
                    };
                }
            }
            let all = self.finish.output[1] * self.finish.output[2];
            let (mut first, end) = (block * BLOCK, block * BLOCK + positions.len());
            while first < end {
                let count = (all - first % all).min(end - first);
                let width = V * S::F32_LANES;
                let sums = &self.sums[(first - block * BLOCK) * width..];
                self.finish.rows(sums, width, &group.channels, first, count);
                first += count;
            }
        }
    }
}
