//! Convolutions of pictures, on which the compiled-in engine spends most of its time.

#![expect(
    clippy::inline_always,
    reason = "compiled once for each kind of vectors"
)]

mod direct;
mod kernel;
#[cfg(test)]
mod tests;
mod winograd;

use std::cell::RefCell;

use pulp::{Arch, Simd, WithSimd};

use direct::Direct;
use kernel::Finish;
use winograd::Winograd;

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
    /// Pictures that are done together.
    together: usize,
    method: Method,
}

#[derive(Debug)]
enum Method {
    Direct(Direct),
    Winograd(Winograd),
}

#[derive(Default)]
struct Scratch {
    padded: Vec<f32>,
    /// What the methods keep.
    kept: Kept,
}

/// Memory that is used again from picture to picture.
#[derive(Default)]
struct Kept {
    spread: Vec<f32>,
    products: Vec<f32>,
    sums: Vec<f32>,
    starts: Vec<usize>,
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
        let (method, padded, together) =
            if let Some(winograd) = Winograd::new(arch, channels, output, window, weights, bias) {
                (
                    Method::Winograd(winograd),
                    winograd::padded(output),
                    winograd::together(output),
                )
            } else {
                let direct = Direct::new(arch, (channels, padded), output, window, weights, bias)?;
                (Method::Direct(direct), padded, direct::together(output))
            };
        Some(Self {
            arch,
            input,
            output,
            before: [padding[0][0], padding[1][0]],
            padded,
            together,
            method,
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
        let sheets = pictures.chunks(self.together * len_in);
        SCRATCH.with_borrow_mut(|Scratch { padded, kept }| {
            for (sheet, out) in sheets
                .zip(out.chunks_mut(self.together * len_out))
                .enumerate()
            {
                let (pictures, out) = out;
                let pictures = if self.padded == self.input[1..] {
                    pictures
                } else {
                    self.pad(pictures, padded);
                    padded.as_slice()
                };
                let first = sheet * self.together * len_out;
                self.arch.dispatch(Run {
                    method: &self.method,
                    count: out.len() / len_out,
                    pictures,
                    kept,
                    finish: Finish {
                        output: self.output,
                        added: added.map(|added| &added[first..][..out.len()]),
                        rectified,
                        out,
                    },
                });
            }
        });
    }

    fn pad(&self, pictures: &[f32], padded: &mut Vec<f32>) {
        let [channels, height, width] = self.input;
        let count = pictures.len() / (channels * height * width);
        let ([above, left], [padded_height, padded_width]) = (self.before, self.padded);
        let plane = padded_height * padded_width;
        padded.resize(count * channels * plane + MOST_ZEROS, 0.0);
        let (zeros, rows) = padded.split_at_mut(above * padded_width + left);
        zeros.fill(0.0);
        let gap = padded_width - width;
        for (i, from) in pictures.chunks_exact(height * width).enumerate() {
            let rows = &mut rows[i * plane..];
            match (width, gap <= MOST_ZEROS) {
                (4, true) => pad_rows::<4>(from, rows, padded_width),
                (8, true) => pad_rows::<8>(from, rows, padded_width),
                (16, true) => pad_rows::<16>(from, rows, padded_width),
                (32, true) => pad_rows::<32>(from, rows, padded_width),
                _ => {
                    for (row, from) in from.chunks_exact(width).enumerate() {
                        let (to, behind) = rows[row * padded_width..].split_at_mut(width);
                        to.copy_from_slice(from);
                        let gap = gap.min(behind.len());
                        behind[..gap].fill(0.0);
                    }
                }
            }
            // All that is before the first row of the next one.
            let end = plane.min(rows.len());
            rows[height * padded_width - gap..end].fill(0.0);
        }
    }
}

/// Most zeros between two rows of which so many are written whether they are needed or not.
const MOST_ZEROS: usize = 8;

/// Writes rows with zeros behind them, which are those before the next one too, of so few values that calls which
/// copy and fill would take longer than this.
#[inline(always)]
fn pad_rows<const WIDTH: usize>(from: &[f32], to: &mut [f32], padded_width: usize) {
    for (row, from) in from.as_chunks::<WIDTH>().0.iter().enumerate() {
        let to = &mut to[row * padded_width..][..WIDTH + MOST_ZEROS];
        if let Some((to, zeros)) = to.split_first_chunk_mut::<WIDTH>() {
            *to = *from;
            zeros.copy_from_slice(&[0.0; MOST_ZEROS]);
        }
    }
}

/// A convolution of `count` pictures with their zeros.
struct Run<'a> {
    method: &'a Method,
    count: usize,
    pictures: &'a [f32],
    kept: &'a mut Kept,
    finish: Finish<'a>,
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            method,
            count,
            pictures,
            kept,
            finish,
        } = self;
        match method {
            Method::Direct(direct) => direct.run(simd, pictures, count, kept, finish),
            Method::Winograd(winograd) => winograd.run(simd, pictures, count, kept, finish),
        }
    }
}
