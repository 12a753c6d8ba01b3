//! A marker's coverage of the pixels around it, for middles on a fine lattice.

use super::super::shape::Shape;

/// Middles along each side of a pixel.
const STEPS: usize = 4;

/// Coverage tables.
pub(super) struct Stamp {
    /// Pixels from the middle's pixel that the marker can reach.
    pub margin: usize,
    /// Pixels along each side of the tables, an odd number.
    pub side: usize,
    /// Table after table, row after row; 0 where the marker does not reach, so that all have one size.
    weights: Vec<f32>,
}

impl Stamp {
    pub fn new(shape: Shape, radius_px: f32) -> Self {
        let radius = f64::from(radius_px);
        let middle = |i: usize| (i as f64 + 0.5) / STEPS as f64;
        // From the pixel's middle, the farthest middle of a marker is that of the last step.
        let aside = middle(STEPS - 1) - 0.5;
        let half = (shape.reach(radius) + aside).ceil() as isize - 1;
        let mut weights = Vec::new();
        for table in 0..STEPS * STEPS {
            let middle = [table % STEPS, table / STEPS].map(middle);
            for y in -half..=half {
                for x in -half..=half {
                    let offset = |p: isize, i: usize| p as f64 + 0.5 - middle[i];
                    weights.push(shape.coverage(radius, offset(x, 0), offset(y, 1)) as f32);
                }
            }
        }
        Self {
            margin: shape.reach(radius).ceil() as usize,
            side: 2 * half as usize + 1,
            weights,
        }
    }

    /// The rows of the table of the middle at `x, y`, each `0..1` within its pixel.
    #[inline]
    pub fn around(&self, x: f32, y: f32) -> &[f32] {
        let step = |v: f32| ((v * STEPS as f32) as usize).min(STEPS - 1);
        let length = self.side * self.side;
        &self.weights[(step(y) * STEPS + step(x)) * length..][..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Around every middle the table holds all that the marker covers, and the margin holds the table.
    #[test]
    fn tables_hold_whole_markers() {
        for shape in Shape::ALL {
            for radius in [0.1, 0.5, 0.75, 1.0, 1.49, 2.5, 4.0, 7.3] {
                let stamp = Stamp::new(shape, radius);
                assert!(stamp.side <= 2 * stamp.margin + 1);
                for step in 0..STEPS * STEPS {
                    let middle = [step % STEPS, step / STEPS].map(|i| (i as f32 + 0.5) / 4.0);
                    let table = stamp.around(middle[0], middle[1]);
                    let held: f64 = table.iter().map(|&share| f64::from(share)).sum();
                    let margin = stamp.margin as i32 + 1;
                    let mut all = 0.0;
                    for y in -margin..=margin {
                        for x in -margin..=margin {
                            let offset =
                                |p: i32, i: usize| f64::from(p) + 0.5 - f64::from(middle[i]);
                            all += shape.coverage(radius.into(), offset(x, 0), offset(y, 1));
                        }
                    }
                    assert!((held - all).abs() < 1e-4, "{shape:?} {radius}");
                }
            }
        }
    }
}
