//! Kernels of 3 x 3 that move by one: sixteen output values of a channel by 36 products rather than 144
//! (Winograd 1980; Lavin & Gray 2016, arXiv:1509.09308, F(4 x 4, 3 x 3)).
//!
//! Each patch of 6 x 6 input values is turned into 36 others, of which each is multiplied with a weight of its own
//! and summed over the channels; the sums are turned into 4 x 4 output values.

#![expect(
    unsafe_code,
    reason = "the innermost loop reads at offsets that were checked before"
)]

use pulp::{Arch, Simd};
use wide::f32x4;

use super::kernel::{ByGroup, Finish, Group, each_group, four, groups, lanes, tile};
use super::{Kept, Window};

/// Output values along each side of a patch, and input values.
const OUT: usize = 4;
const IN: usize = 6;
/// Polynomials are taken at 0, P, -P, Q, -Q and infinity: points around 1, of which no power is much larger than
/// another, so that little is lost by rounding (Barabasz et al. 2020, arXiv:1803.10986).
const P: f32 = 0.625;
const Q: f32 = 1.5;
/// Values of a patch after it was turned.
const PLANES: usize = IN * IN;
/// Patches whose sums are kept in the processor's cache, if not in one row of patches there are more.
const PATCHES: usize = 16;
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
        Some(Self {
            channels,
            planes: (0..PLANES).map(plane).collect(),
            taps: (0..channels)
                .map(|channel| channel * most.next_multiple_of(QUAD))
                .collect(),
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
            let mut block = Block {
                of: self,
                pictures,
                rows: first..all.min(first + together),
                across,
                down,
                kept,
                finish: &mut finish,
            };
            block.spread();
            each_group(simd, &self.planes[0], &mut block);
        }
    }
}

/// Patches that are turned together.
const QUAD: usize = 4;

/// Some rows of patches, of one picture or several.
struct Block<'a, 'b> {
    of: &'a Winograd,
    pictures: &'a [f32],
    /// Of all rows of patches of the pictures.
    rows: std::ops::Range<usize>,
    across: usize,
    down: usize,
    kept: &'a mut Kept,
    finish: &'a mut Finish<'b>,
}

impl Block<'_, '_> {
    /// From one channel of the turned patches to the next.
    fn stride(&self) -> usize {
        self.of.taps.get(1).copied().unwrap_or(QUAD)
    }

    /// Turns the patches: values x channels x patches.
    #[inline(always)]
    fn spread(&mut self) {
        let (channels, stride) = (self.of.channels, self.stride());
        let [height, width] = padded(self.finish.output);
        let patches = self.rows.len() * self.across;
        let spread = &mut self.kept.spread;
        spread.resize(PLANES * channels * stride, 0.0);
        let start = |patch: usize| {
            let row = self.rows.start + patch.min(patches - 1) / self.across;
            let column = patch.min(patches - 1) % self.across;
            let (picture, row) = (row / self.down, row % self.down);
            (picture * channels * height + row * OUT) * width + column * OUT
        };
        for first in (0..patches).step_by(QUAD) {
            let starts: [usize; QUAD] = std::array::from_fn(|i| start(first + i));
            for channel in 0..channels {
                let rows: [[f32x4; IN]; IN] = std::array::from_fn(|row| {
                    let at = (channel * height + row) * width;
                    let [a, b, c, d] = load(self.pictures, &starts, at);
                    let [_, _, e, f] = load(self.pictures, &starts, at + IN - QUAD);
                    turn_values([a, b, c, d, e, f])
                });
                #[expect(
                    clippy::needless_range_loop,
                    reason = "of all rows, and all that is to stay in registers"
                )]
                for column in 0..IN {
                    let turned = turn_values(std::array::from_fn(|row| rows[row][column]));
                    for (row, values) in turned.iter().enumerate() {
                        let at = ((row * IN + column) * channels + channel) * stride + first;
                        spread[at..at + QUAD].copy_from_slice(values.as_array());
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
        let (depth, stride) = (self.of.channels, self.stride());
        let patches = self.rows.len() * self.across;
        let room = patches.next_multiple_of(N);
        let Kept {
            spread,
            products,
            sums,
        } = &mut *self.kept;
        products.resize((PLANES * room * V * S::F32_LANES).max(products.len()), 0.0);
        let products = S::as_mut_simd_f32s(products).0;
        for (plane, groups) in self.of.planes.iter().enumerate() {
            let turned = &spread[plane * depth * stride..][..depth * stride];
            let weights = groups[group].weights::<S>();
            let products = &mut products[plane * room * V..][..room * V];
            for (tile_of, products) in products.chunks_exact_mut(N * V).enumerate() {
                let at = std::array::from_fn(|p| (tile_of * N + p).min(patches - 1));
                // SAFETY: no patch is beyond the stride, and the largest tap is a stride less than the length.
                unsafe {
                    tile::<S, V, N, true>(
                        simd,
                        turned,
                        &at,
                        &self.of.taps,
                        &weights[..depth * V],
                        products,
                    );
                }
            }
        }
        let [_, height, width] = self.finish.output;
        let channels = &self.of.planes[0][group];
        let row_len = OUT * width * V;
        sums.resize(
            (self.rows.len() * row_len * S::F32_LANES).max(sums.len()),
            0.0,
        );
        let all = S::as_mut_simd_f32s(sums).0;
        let biases = S::as_simd_f32s(&channels.bias).0;
        for (row, sums) in all
            .chunks_exact_mut(row_len)
            .take(self.rows.len())
            .enumerate()
        {
            for column in 0..self.across {
                let patch = row * self.across + column;
                for v in 0..V {
                    let at = |plane: usize| products[(plane * room + patch) * V + v];
                    let half: [[S::f32s; OUT]; IN] = std::array::from_fn(|column| {
                        turn_sums(simd, std::array::from_fn(|row| at(row * IN + column)))
                    });
                    for y in 0..OUT {
                        let values = turn_sums(simd, std::array::from_fn(|column| half[column][y]));
                        let first = column * OUT;
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

/// Turns the weights of a kernel.
fn turn_weights(weights: &[f32; 9]) -> [f64; PLANES] {
    let at = |x: f64, [a, b, c]: [f64; 3]| a + b * x + c * x * x;
    let turn = |values: [f64; 3]| {
        let (p, q) = (f64::from(P), f64::from(Q));
        let (p2, q2) = (p * p, q * q);
        [
            values[0] / (p2 * q2),
            at(p, values) / (2.0 * p2 * (p2 - q2)),
            at(-p, values) / (2.0 * p2 * (p2 - q2)),
            at(q, values) / (2.0 * q2 * (q2 - p2)),
            at(-q, values) / (2.0 * q2 * (q2 - p2)),
            values[2],
        ]
    };
    let rows: [[f64; IN]; 3] =
        std::array::from_fn(|row| turn(std::array::from_fn(|i| f64::from(weights[row * 3 + i]))));
    let columns: [[f64; IN]; IN] =
        std::array::from_fn(|column| turn(std::array::from_fn(|row| rows[row][column])));
    std::array::from_fn(|i| columns[i % IN][i / IN])
}

/// Four values in a row of four patches, which begin at `starts`, turned: a vector for each column.
#[inline(always)]
fn load(pictures: &[f32], [a, b, c, d]: &[usize; QUAD], at: usize) -> [f32x4; QUAD] {
    f32x4::transpose([
        four(&pictures[a + at..]),
        four(&pictures[b + at..]),
        four(&pictures[c + at..]),
        four(&pictures[d + at..]),
    ])
}

/// Turns six values in a row, of four patches.
#[inline(always)]
fn turn_values([a, b, c, d, e, f]: [f32x4; IN]) -> [f32x4; IN] {
    let [p, q, p2, q2] = [P, Q, P * P, Q * Q].map(f32x4::splat);
    let (product, sum) = (p2 * q2, p2 + q2);
    let (even, odd) = (e - q2 * c, p * (d - q2 * b));
    let (outer, inner) = (e - p2 * c, q * (d - p2 * b));
    [
        product * a - sum * c + e,
        even + odd,
        even - odd,
        outer + inner,
        outer - inner,
        product * b - sum * d + f,
    ]
}

/// Turns six sums into four values.
#[inline(always)]
fn turn_sums<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; IN]) -> [S::f32s; OUT] {
    let add = |a, b| simd.add_f32s(a, b);
    let times = |factor: f32, a| simd.mul_f32s(simd.splat_f32s(factor), a);
    let times_add = |factor: f32, a, b| simd.mul_add_e_f32s(simd.splat_f32s(factor), a, b);
    let (even, odd) = (add(b, c), simd.sub_f32s(b, c));
    let (outer, inner) = (add(d, e), simd.sub_f32s(d, e));
    [
        add(add(a, even), outer),
        times_add(P, odd, times(Q, inner)),
        times_add(P * P, even, times(Q * Q, outer)),
        times_add(P * P * P, odd, times_add(Q * Q * Q, inner, f)),
    ]
}
