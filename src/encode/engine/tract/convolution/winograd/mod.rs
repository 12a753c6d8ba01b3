//! Kernels of 3 x 3 that move by one: sixteen output values of a channel by 36 products rather than 144
//! (Winograd 1980; Lavin & Gray 2016, arXiv:1509.09308, F(4 x 4, 3 x 3)).
//!
//! Each patch of 6 x 6 input values is turned into 36 others, of which each is multiplied with a weight of its own
//! and summed over the channels; the sums are turned into 4 x 4 output values. Of kernels that move by two, even and
//! odd values could be turned apart, for 81 products: no faster for reading nine times as many weights.

#![expect(
    unsafe_code,
    reason = "the innermost loops read and write at offsets that were checked before"
)]

mod turn;

use std::ops::Range;

use pulp::{Arch, Simd};
use wide::f32x4;

use super::kernel::{ByGroup, Finish, Group, LINE, each_group, groups, lanes, tile};
use super::{Kept, Window};
use turn::{IN, OUT, turn_sums, turn_values, turn_weights};

/// Values of a patch after it was turned.
const PLANES: usize = IN * IN;
/// Patches whose sums are kept in the processor's cache, if not in one row of patches there are more.
const PATCHES: usize = 16;
/// Patches that are turned together.
const QUAD: usize = 4;
/// Fewest channels for which the products outweigh the turning.
const FEWEST: usize = 16;
/// Most turned weights, which are four times as many as the kernels': 16 MiB.
const MOST_WEIGHTS: usize = 1 << 22;

/// Patches along each axis of an output.
fn patches(output: [usize; 3]) -> [usize; 2] {
    [1, 2].map(|axis| output[axis].div_ceil(OUT))
}

/// The size of a picture with so many zeros that it holds whole patches.
pub(super) fn padded(output: [usize; 3]) -> [usize; 2] {
    patches(output).map(|count| count * OUT + IN - OUT)
}

/// Rows of patches that are done together.
fn rows_together(output: [usize; 3]) -> usize {
    (PATCHES / patches(output)[1]).max(1)
}

/// Pictures that are done together.
pub(super) fn together(output: [usize; 3]) -> usize {
    (rows_together(output) / patches(output)[0]).max(1)
}

#[derive(Debug)]
pub(super) struct Winograd {
    channels: usize,
    /// The weights of each value of a turned patch; the channels are divided in the same way in all of them.
    planes: Vec<Vec<Group>>,
    /// Where in the turned patches of one value each channel lies.
    taps: Vec<usize>,
    /// From the turned patches of one value to those of the next.
    plane: usize,
}

impl Winograd {
    /// `None` for other kernels, and where there is little to win.
    pub(super) fn new(
        arch: Arch,
        channels: usize,
        output: [usize; 3],
        window: &Window,
        weights: &[f32],
        bias: &[f32],
    ) -> Option<Self> {
        let fits =
            window.kernel == [3; 2] && window.strides == [1; 2] && window.dilations == [1; 2];
        let [height, width] = patches(output).map(|count| count * OUT);
        let wasted = height * width > output[1] * output[2] * 3 / 2;
        let heavy = PLANES * channels * output[0] > MOST_WEIGHTS;
        if !fits || wasted || heavy || channels.min(output[0]) < FEWEST {
            return None;
        }
        let turned: Vec<[f64; PLANES]> = weights.as_chunks().0.iter().map(turn_weights).collect();
        let lanes = lanes(arch);
        let plane = |plane: usize| {
            let weights: Vec<f32> = turned.iter().map(|turned| turned[plane] as f32).collect();
            groups(&weights, bias, lanes)
        };
        let most = rows_together(output) * patches(output)[1];
        let step = most.next_multiple_of(QUAD);
        Some(Self {
            channels,
            planes: (0..PLANES).map(plane).collect(),
            taps: (0..channels).map(|channel| channel * step).collect(),
            plane: apart(channels * step, LINE),
        })
    }

    /// `count` pictures.
    #[inline(always)]
    pub(super) fn run<S: Simd>(
        &self,
        simd: S,
        pictures: &[f32],
        count: usize,
        kept: &mut Kept,
        mut finish: Finish<'_>,
    ) {
        let [down, across] = patches(finish.output);
        let (all, together) = (count * down, rows_together(finish.output));
        for first in (0..all).step_by(together) {
            let rows = first..all.min(first + together);
            let mut block = Block {
                of: self,
                patches: rows.len() * across,
                rows,
                across,
                down,
                kept,
                finish: &mut finish,
            };
            block.spread(pictures);
            each_group(simd, &self.planes[0], &mut block);
        }
    }
}

/// At least that many values, so many that those which follow one another do not share sets of the cache: an odd
/// number of its lines.
fn apart(values: usize, line: usize) -> usize {
    (values.div_ceil(line) | 1) * line
}

/// Some rows of patches, of one picture or several.
struct Block<'a, 'b> {
    of: &'a Winograd,
    /// Of all rows of patches of the pictures.
    rows: Range<usize>,
    across: usize,
    down: usize,
    /// How many patches they are.
    patches: usize,
    kept: &'a mut Kept,
    finish: &'a mut Finish<'b>,
}

impl Block<'_, '_> {
    /// Turns the patches: values x channels x patches.
    #[inline(always)]
    fn spread(&mut self, pictures: &[f32]) {
        let Winograd {
            channels,
            taps,
            plane,
            ..
        } = self.of;
        let [height, width] = padded(self.finish.output);
        let Kept { spread, starts, .. } = &mut *self.kept;
        starts.clear();
        starts.extend((0..self.patches.next_multiple_of(QUAD)).map(|patch| {
            let patch = patch.min(self.patches - 1);
            let (row, column) = (self.rows.start + patch / self.across, patch % self.across);
            let (picture, row) = (row / self.down, row % self.down);
            (picture * channels * height + row * OUT) * width + column * OUT
        }));
        spread.resize(PLANES * plane, 0.0);
        let reach = (channels - 1) * height * width + (IN - 1) * (width + 1);
        assert!(starts.iter().all(|start| start + reach < pictures.len()));
        assert!(taps[channels - 1] + starts.len() <= *plane);
        let mut rows = [[f32x4::ZERO; IN]; IN];
        for (channel, tap) in taps.iter().enumerate() {
            for (quad, starts) in starts.as_chunks::<QUAD>().0.iter().enumerate() {
                for (row, turned) in rows.iter_mut().enumerate() {
                    let at = (channel * height + row) * width;
                    // SAFETY: it was seen to that the last value of the last channel is within the pictures.
                    let ([a, b, c, d], [_, _, e, f]) = unsafe {
                        (
                            load(pictures, starts, at),
                            load(pictures, starts, at + IN - QUAD),
                        )
                    };
                    *turned = turn_values([a, b, c, d, e, f]);
                }
                #[expect(
                    clippy::needless_range_loop,
                    reason = "of all rows, and all that is to stay in registers"
                )]
                for column in 0..IN {
                    let mut values = [f32x4::ZERO; IN];
                    for row in 0..IN {
                        values[row] = rows[row][column];
                    }
                    for (row, values) in turn_values(values).iter().enumerate() {
                        let at = (row * IN + column) * plane + tap + quad * QUAD;
                        // SAFETY: it was seen to that a plane holds the patches of the last channel.
                        unsafe {
                            let to = spread.as_mut_ptr().add(at).cast::<[f32; QUAD]>();
                            *to = *values.as_array();
                        }
                    }
                }
            }
        }
    }
}

impl ByGroup for Block<'_, '_> {
    /// All patches.
    #[inline(always)]
    fn group<S: Simd, const V: usize, const N: usize>(&mut self, simd: S, group: usize) {
        let Winograd {
            planes,
            taps,
            plane,
            ..
        } = self.of;
        let room = self.patches.next_multiple_of(N) * V;
        let step = apart(room, (LINE / S::F32_LANES).max(1));
        let Kept {
            spread,
            products,
            sums,
            ..
        } = &mut *self.kept;
        products.resize((PLANES * step * S::F32_LANES).max(products.len()), 0.0);
        let products = S::as_mut_simd_f32s(products).0;
        for ((groups, turned), products) in planes
            .iter()
            .zip(spread.chunks_exact(*plane))
            .zip(products.chunks_exact_mut(step))
        {
            let weights = groups[group].weights::<S>();
            for (tile_of, products) in products[..room].chunks_exact_mut(N * V).enumerate() {
                let mut at = [0; N];
                for (p, at) in at.iter_mut().enumerate() {
                    *at = (tile_of * N + p).min(self.patches - 1);
                }
                // SAFETY: no patch is beyond the step of the taps, and a plane holds the patches of the largest.
                unsafe {
                    tile::<S, V, N, true>(simd, turned, &at, taps, weights, products);
                }
            }
        }
        let [_, height, width] = self.finish.output;
        let channels = &planes[0][group];
        let row_len = OUT * width * V;
        sums.resize(
            (self.rows.len() * row_len * S::F32_LANES).max(sums.len()),
            0.0,
        );
        let all = S::as_mut_simd_f32s(sums).0;
        let biases = S::as_simd_f32s(&channels.bias).0;
        let mut half = [[simd.splat_f32s(0.0); IN]; OUT];
        for (row, sums) in all
            .chunks_exact_mut(row_len)
            .take(self.rows.len())
            .enumerate()
        {
            for column in 0..self.across {
                let products = &products[(row * self.across + column) * V..];
                for v in 0..V {
                    for column in 0..IN {
                        let mut values = [simd.splat_f32s(0.0); IN];
                        for (row, value) in values.iter_mut().enumerate() {
                            *value = products[(row * IN + column) * step + v];
                        }
                        for (half, value) in half.iter_mut().zip(turn_sums(simd, values)) {
                            half[column] = value;
                        }
                    }
                    let first = column * OUT;
                    for (y, half) in half.iter().enumerate() {
                        let values = turn_sums(simd, *half);
                        for (x, value) in (first..width.min(first + OUT)).zip(values) {
                            sums[(y * width + x) * V + v] = simd.add_f32s(value, biases[v]);
                        }
                    }
                }
            }
        }
        let lanes = V * S::F32_LANES;
        for (i, row) in self.rows.clone().enumerate() {
            let (picture, y) = (row / self.down, row % self.down * OUT);
            let count = (height - y).min(OUT) * width;
            let first = picture * height * width + y * width;
            let sums = &sums[i * OUT * width * lanes..];
            self.finish
                .rows(sums, lanes, &channels.channels, first, count);
        }
    }
}

/// Four values in a row of four patches, which begin at `starts`, turned: a vector for each column.
///
/// # Safety
/// Those of the last patch must be within the pictures.
#[inline(always)]
unsafe fn load(pictures: &[f32], starts: &[usize; QUAD], at: usize) -> [f32x4; QUAD] {
    let mut rows = [f32x4::ZERO; QUAD];
    for (row, start) in rows.iter_mut().zip(starts) {
        let values = pictures.as_ptr().wrapping_add(start + at);
        // SAFETY: the caller has seen to it.
        *row = f32x4::new(unsafe { *values.cast::<[f32; QUAD]>() });
    }
    f32x4::transpose(rows)
}
