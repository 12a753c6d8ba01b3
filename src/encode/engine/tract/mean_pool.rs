//! Means over windows of a picture, the other operation of convolutional networks that tract does value by
//! value.

/// Windows without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MeanPool {
    /// Rows and columns.
    pub(super) input: [usize; 2],
    pub(super) kernel: [usize; 2],
    pub(super) strides: [usize; 2],
}

impl MeanPool {
    /// Rows and columns.
    pub(super) fn output(&self) -> [usize; 2] {
        [0, 1].map(|axis| (self.input[axis] - self.kernel[axis]) / self.strides[axis] + 1)
    }

    /// Any number of planes.
    pub(super) fn run(&self, planes: &[f32], out: &mut [f32]) {
        let ([height, width], [rows, columns]) = (self.input, self.output());
        let by_twos = [self.kernel, self.strides] == [[2; 2]; 2];
        let mut sums = vec![0.0; width];
        for (plane, out) in planes
            .chunks_exact(height * width)
            .zip(out.chunks_exact_mut(rows * columns))
        {
            for (row, out) in out.chunks_exact_mut(columns).enumerate() {
                let seen = &plane[row * self.strides[0] * width..][..self.kernel[0] * width];
                if by_twos {
                    quarters(seen.split_at(width), out);
                } else {
                    self.row(seen, &mut sums, out);
                }
            }
        }
    }

    /// The means of one row of windows, which sees as many rows as a window has.
    fn row(&self, seen: &[f32], sums: &mut [f32], out: &mut [f32]) {
        let width = sums.len();
        sums.copy_from_slice(&seen[..width]);
        for more in seen.chunks_exact(width).skip(1) {
            for (sum, value) in sums.iter_mut().zip(more) {
                *sum += value;
            }
        }
        let share = 1.0 / (self.kernel[0] * self.kernel[1]) as f32;
        for (column, out) in out.iter_mut().enumerate() {
            let sums = &sums[column * self.strides[1]..][..self.kernel[1]];
            *out = sums.iter().sum::<f32>() * share;
        }
    }
}

/// The means of two values in each of two rows: several at a time, since nothing has to be asked.
fn quarters((above, below): (&[f32], &[f32]), out: &mut [f32]) {
    let pairs = above
        .as_chunks::<2>()
        .0
        .iter()
        .zip(below.as_chunks::<2>().0);
    for (out, ([a, b], [c, d])) in out.iter_mut().zip(pairs) {
        *out = ((a + c) + (b + d)) * 0.25;
    }
}

#[cfg(test)]
mod tests {
    use super::MeanPool;

    #[test]
    fn every_window_has_its_mean() {
        for (input, kernel, strides) in [
            ([4, 6], [2, 2], [2, 2]),
            ([5, 7], [2, 2], [2, 2]),
            ([6, 5], [3, 2], [1, 3]),
            ([3, 3], [3, 3], [1, 1]),
        ] {
            let pool = MeanPool {
                input,
                kernel,
                strides,
            };
            let len = input[0] * input[1];
            let planes: Vec<f32> = (0..3 * len).map(|i| (i * i % 17) as f32).collect();
            let [rows, columns] = pool.output();
            let mut out = vec![f32::NAN; 3 * rows * columns];
            pool.run(&planes, &mut out);
            for (i, found) in out.iter().enumerate() {
                let (plane, row, column) = (i / (rows * columns), i / columns % rows, i % columns);
                let mut sum = 0.0;
                for y in row * strides[0]..row * strides[0] + kernel[0] {
                    for x in column * strides[1]..column * strides[1] + kernel[1] {
                        sum += planes[plane * len + y * input[1] + x];
                    }
                }
                assert!(
                    (found - sum / (kernel[0] * kernel[1]) as f32).abs() < 1e-5,
                    "{pool:?} {i}"
                );
            }
        }
    }
}
