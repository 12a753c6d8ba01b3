//! Rows cut into blocks, which are worked on by all threads and summed in their order.
//!
//! Where blocks begin depends on nothing but the place of a row, so sums are the same to the bit
//! however the rows arrive and on any number of threads.

use ndarray::Array2;
use rayon::prelude::*;

use crate::analysis::medians::medians;
use crate::analysis::reduce::ReduceError;
use crate::progress::Progress;

/// Rows multiplied at a time.
const BLOCK_ROWS: usize = 1024;
/// Values of the blocks in flight, as long as these are neither few nor many.
const WAVE_VALUES: usize = 4 << 20;
/// A row is far out when its squared length is so many times the median of its block: products of
/// others would drown in its rounding.
const FAR: f64 = 1e4;

/// A block of rows, less the shift.
pub(super) struct Block {
    /// `b x d`; rows that lie far out are zero.
    pub near: Array2<f32>,
    /// Those rows, `f x d`.
    pub far: Array2<f64>,
    /// Sum of all rows.
    sum: Vec<f64>,
    /// Sum of their squared lengths.
    squares: f64,
}

/// What is summed over rows of `d` values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Blocks {
    pub dim: usize,
    /// Rows that were summed.
    pub count: usize,
    /// Taken off every row, against cancellation: the medians of the first block, which one wild row
    /// does not move.
    pub shift: Vec<f32>,
    /// Sum of the shifted rows.
    pub sum: Vec<f64>,
    /// Sum of their squared lengths.
    pub squares: f64,
    /// Rows that wait for others.
    waiting: Vec<f32>,
}

impl Blocks {
    pub fn new(dim: usize) -> Self {
        Self {
            dim,
            count: 0,
            shift: Vec::new(),
            sum: vec![0.0; dim],
            squares: 0.0,
            waiting: Vec::new(),
        }
    }

    /// Rows that were added, summed or not.
    pub fn rows(&self) -> usize {
        self.count + self.waiting.len() / self.dim
    }

    /// Adds rows: `part` is worked out for whole blocks on all threads, `add` gets the parts in
    /// order. Some rows wait until there are enough of them, or for [`finish`](Self::finish).
    pub fn push<P: Send>(
        &mut self,
        mut rows: &[f32],
        progress: &Progress,
        part: impl Fn(&Block) -> P + Sync,
        mut add: impl FnMut(Vec<P>),
    ) -> Result<(), ReduceError> {
        let block = BLOCK_ROWS * self.dim;
        let wave = block * (WAVE_VALUES / block).clamp(4, 32);
        while self.waiting.len() + rows.len() >= wave {
            let taken = wave - self.waiting.len();
            if self.waiting.is_empty() {
                self.wave(&rows[..taken], progress, &part, &mut add)?;
            } else {
                let mut all = std::mem::take(&mut self.waiting);
                all.extend_from_slice(&rows[..taken]);
                self.wave(&all, progress, &part, &mut add)?;
                all.clear();
                self.waiting = all;
            }
            rows = &rows[taken..];
        }
        self.waiting.extend_from_slice(rows);
        Ok(())
    }

    /// Sums the rows that wait.
    pub fn finish<P: Send>(
        &mut self,
        progress: &Progress,
        part: impl Fn(&Block) -> P + Sync,
        mut add: impl FnMut(Vec<P>),
    ) -> Result<(), ReduceError> {
        let waiting = std::mem::take(&mut self.waiting);
        self.wave(&waiting, progress, &part, &mut add)
    }

    fn wave<P: Send>(
        &mut self,
        rows: &[f32],
        progress: &Progress,
        part: &(impl Fn(&Block) -> P + Sync),
        add: &mut impl FnMut(Vec<P>),
    ) -> Result<(), ReduceError> {
        let length = BLOCK_ROWS * self.dim;
        if self.shift.is_empty() {
            self.shift = medians(&rows[..rows.len().min(length)], self.dim);
        }
        let done: Vec<(P, Vec<f64>, f64)> = rows
            .par_chunks(length)
            .enumerate()
            .map(|(index, rows)| {
                progress.check()?;
                let block = self.block(rows, self.count + index * BLOCK_ROWS)?;
                Ok((part(&block), block.sum, block.squares))
            })
            .collect::<Result<_, ReduceError>>()?;
        let mut parts = Vec::with_capacity(done.len());
        for (part, sum, squares) in done {
            self.sum.iter_mut().zip(sum).for_each(|(all, s)| *all += s);
            self.squares += squares;
            parts.push(part);
        }
        add(parts);
        self.count += rows.len() / self.dim;
        Ok(())
    }

    /// `first` is the place of the first row.
    fn block(&self, rows: &[f32], first: usize) -> Result<Block, ReduceError> {
        let (dim, count) = (self.dim, rows.len() / self.dim);
        let mut near = rows.to_vec();
        let mut lengths = Vec::with_capacity(count);
        for row in near.chunks_exact_mut(dim) {
            row.iter_mut().zip(&self.shift).for_each(|(v, s)| *v -= s);
            lengths.push(squared_length(row));
        }
        let limit = FAR * median(&mut lengths.clone());
        let (mut far, mut squares) = (Vec::new(), 0.0);
        for (index, length) in lengths.into_iter().enumerate() {
            // The other way also where it is no number.
            if length <= limit {
                squares += length;
                continue;
            }
            let here = index * dim..(index + 1) * dim;
            near[here.clone()].fill(0.0);
            for (value, shift) in rows[here].iter().zip(&self.shift) {
                if !value.is_finite() {
                    return Err(ReduceError::NotFinite { row: first + index });
                }
                let exact = f64::from(*value) - f64::from(*shift);
                squares += exact * exact;
                far.push(exact);
            }
        }
        let mut sum = vec![0.0_f64; dim];
        for row in near.chunks_exact(dim) {
            let values = sum.iter_mut().zip(row);
            values.for_each(|(sum, v)| *sum += f64::from(*v));
        }
        for row in far.chunks_exact(dim) {
            sum.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
        }
        let shape = |_| ReduceError::NoConvergence;
        Ok(Block {
            near: Array2::from_shape_vec((count, dim), near).map_err(shape)?,
            far: Array2::from_shape_vec((far.len() / dim, dim), far).map_err(shape)?,
            sum,
            squares,
        })
    }
}

fn squared_length(row: &[f32]) -> f64 {
    let (eights, rest) = row.as_chunks::<8>();
    let mut lanes = [0.0_f64; 8];
    for eight in eights {
        for (lane, v) in lanes.iter_mut().zip(eight) {
            *lane += f64::from(*v) * f64::from(*v);
        }
    }
    let rest = rest.iter().map(|v| f64::from(*v) * f64::from(*v));
    lanes.into_iter().chain(rest).sum()
}

/// The middle one; 0 of none.
fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}
