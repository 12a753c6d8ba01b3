//! What all methods share: weights of a few vectors of channels, their products with values at a few positions, and
//! what becomes of the sums.

#![expect(
    unsafe_code,
    reason = "the innermost loop reads at offsets that were checked before"
)]

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use wide::f32x4;

/// Vectors of channels in a tile.
pub(super) const VECTORS: usize = 3;
/// Values in a line of the processor's cache: vectors that straddle two take twice as long.
pub(super) const LINE: usize = 16;

/// The channels that one tile holds.
#[derive(Debug)]
pub(super) struct Group {
    /// The first one, and how many.
    pub(super) channels: Range<usize>,
    pub(super) vectors: usize,
    /// Taps x lanes of the vectors, from `aligned` on.
    weights: Vec<f32>,
    aligned: usize,
    /// Lanes of the vectors.
    pub(super) bias: Vec<f32>,
}

impl Group {
    /// Taps x vectors.
    #[inline(always)]
    pub(super) fn weights<S: Simd>(&self) -> &[S::f32s] {
        S::as_simd_f32s(&self.weights[self.aligned..]).0
    }
}

/// The channels of some weights, `bias.len()` times as many as each has, by groups.
pub(super) fn groups(weights: &[f32], bias: &[f32], lanes: usize) -> Vec<Group> {
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
            packed.truncate(aligned + depth * width);
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
pub(super) fn lanes(arch: Arch) -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    arch.dispatch(Lanes)
}

/// Where sums go.
pub(super) struct Finish<'a> {
    /// Channels, rows and columns.
    pub(super) output: [usize; 3],
    pub(super) added: Option<&'a [f32]>,
    pub(super) rectified: bool,
    pub(super) out: &'a mut [f32],
}

impl Finish<'_> {
    /// Turns sums of `width` channels for each of `count` positions of one picture into rows of positions
    /// for each channel.
    #[inline(always)]
    pub(super) fn rows(
        &mut self,
        sums: &[f32],
        width: usize,
        channels: &Range<usize>,
        first: usize,
        count: usize,
    ) {
        let all = self.output[1] * self.output[2];
        let (picture, position) = (first / all, first % all);
        let start = (picture * self.output[0] + channels.start) * all + position;
        let sums = &sums[..count * width];
        let channels = channels.len();
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
pub(super) fn four(values: &[f32]) -> f32x4 {
    f32x4::new(values.as_chunks().0[0])
}

/// What is done for the channels of one group, compiled for each number of its vectors and of positions in a tile.
pub(super) trait ByGroup {
    /// Group `index`, of `V` vectors, `P` positions at a time.
    fn group<S: Simd, const V: usize, const P: usize>(&mut self, simd: S, index: usize);
}

/// All groups, one after the other.
#[inline(always)]
pub(super) fn each_group<S: Simd>(simd: S, groups: &[Group], work: &mut impl ByGroup) {
    for (index, group) in groups.iter().enumerate() {
        // Sixteen registers hold twelve sums, thirty-two twenty-four.
        let narrow = S::F32_LANES == 8 || S::F32_LANES == 1;
        match (group.vectors, narrow) {
            (1, true) => work.group::<S, 1, 4>(simd, index),
            (2, true) => work.group::<S, 2, 4>(simd, index),
            (_, true) => work.group::<S, VECTORS, 4>(simd, index),
            (1, false) => work.group::<S, 1, 8>(simd, index),
            (2, false) => work.group::<S, 2, 8>(simd, index),
            (_, false) => work.group::<S, VECTORS, 8>(simd, index),
        }
    }
}

/// Adds to the sums of `P` positions, or to nothing, what all taps contribute to `V` vectors of channels.
///
/// # Safety
/// `picture` must reach beyond the sum of the largest position and the largest tap.
#[inline(always)]
pub(super) unsafe fn tile<S: Simd, const V: usize, const P: usize, const TO_NOTHING: bool>(
    simd: S,
    picture: &[f32],
    at: &[usize; P],
    taps: &[usize],
    weights: &[S::f32s],
    sums: &mut [S::f32s],
) {
    let mut tile: [[S::f32s; V]; P] = if TO_NOTHING {
        [[simd.splat_f32s(0.0); V]; P]
    } else {
        std::array::from_fn(|p| std::array::from_fn(|v| sums[p * V + v]))
    };
    for (weights, &tap) in weights.as_chunks::<V>().0.iter().zip(taps) {
        let weights = *weights;
        for p in 0..P {
            // SAFETY: the caller has seen to it.
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
