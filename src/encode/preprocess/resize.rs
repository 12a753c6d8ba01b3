//! Separable cubic resampling with antialiasing.
//!
//! Catmull-Rom's kernel (Keys 1981, a = -1/2), widened by the reduction when pictures get smaller
//! and cut and renormalised at the edges: what Pillow calls `BICUBIC`. Pictures of bytes are rounded
//! and clipped after each pass, as there.

/// Weights for one pair of sides, kept while pictures have the same side.
pub(super) struct Resampler {
    eight_bit: bool,
    from: usize,
    to: usize,
    /// For each target pixel, the first source pixel and the span of its weights.
    taps: Vec<Tap>,
    weights: Vec<f32>,
    /// `from x to`, after the horizontal pass.
    rows: Vec<f32>,
}

struct Tap {
    first: usize,
    weights: std::ops::Range<usize>,
}

impl Resampler {
    /// With `eight_bit`, pictures keep to whole numbers of `0..=255`.
    pub(super) fn new(eight_bit: bool) -> Self {
        Self {
            eight_bit,
            from: 0,
            to: 0,
            taps: Vec::new(),
            weights: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Resamples a `from x from` plane to `to x to`.
    pub(super) fn run(&mut self, source: &[f32], from: usize, target: &mut [f32], to: usize) {
        if from == to {
            target.copy_from_slice(source);
            return;
        }
        self.prepare(from, to);
        self.rows.resize(from * to, 0.0);
        for (row, out) in source
            .chunks_exact(from)
            .zip(self.rows.chunks_exact_mut(to))
        {
            for (tap, value) in self.taps.iter().zip(out) {
                let weights = &self.weights[tap.weights.clone()];
                let pixels = &row[tap.first..tap.first + weights.len()];
                *value = weights.iter().zip(pixels).map(|(w, v)| w * v).sum();
            }
        }
        if self.eight_bit {
            to_bytes(&mut self.rows);
        }
        for (tap, out) in self.taps.iter().zip(target.chunks_exact_mut(to)) {
            out.fill(0.0);
            let rows = self.rows.chunks_exact(to).skip(tap.first);
            for (weight, row) in self.weights[tap.weights.clone()].iter().zip(rows) {
                for (value, pixel) in out.iter_mut().zip(row) {
                    *value += weight * pixel;
                }
            }
        }
        if self.eight_bit {
            to_bytes(target);
        }
    }

    fn prepare(&mut self, from: usize, to: usize) {
        if (self.from, self.to) == (from, to) {
            return;
        }
        (self.from, self.to) = (from, to);
        self.taps.clear();
        self.weights.clear();
        let scale = from as f64 / to as f64;
        let stretch = scale.max(1.0);
        let support = 2.0 * stretch;
        for index in 0..to {
            let center = (index as f64 + 0.5) * scale;
            let first = (center - support + 0.5).max(0.0) as usize;
            let last = ((center + support + 0.5) as usize).min(from);
            let raw = |pixel: usize| cubic((pixel as f64 - center + 0.5) / stretch);
            let sum: f64 = (first..last).map(raw).sum();
            let start = self.weights.len();
            self.weights
                .extend((first..last).map(|pixel| (raw(pixel) / sum) as f32));
            self.taps.push(Tap {
                first,
                weights: start..self.weights.len(),
            });
        }
    }
}

/// Rounds to whole numbers of `0..=255`.
fn to_bytes(values: &mut [f32]) {
    for value in values {
        // The cast cuts off and saturates.
        *value = f32::from((*value + 0.5) as u8);
    }
}

fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}
