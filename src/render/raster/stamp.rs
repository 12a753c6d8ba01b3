//! A marker's coverage of the pixels around it, for middles on a fine lattice.

use wide::f32x4;

use super::super::shape::Shape;

/// Middles along each side of a pixel.
const STEPS: usize = 4;
/// One for every middle.
pub(super) const TABLES: usize = STEPS * STEPS;

/// Coverage tables.
pub(super) struct Stamp {
    /// Pixels from the middle's pixel that the marker can reach, wherever in that the middle lies.
    pub margin: usize,
    /// Pixels along each side of the tables, an odd number.
    pub side: usize,
    /// Table after table, row after row; 0 where the marker does not reach, so that all have one size.
    weights: Vec<f32>,
    /// The mean of the tables.
    pub mean: Vec<f32>,
    /// All but that in all lanes, where a table has three rows.
    splats: Option<Box<[[[f32x4; 3]; 3]; TABLES]>>,
}

impl Stamp {
    pub fn new(shape: Shape, radius_px: f32) -> Self {
        let radius = f64::from(radius_px);
        let middle = |i: usize| (i as f64 + 0.5) / STEPS as f64;
        // From the pixel's middle, the farthest middle of a marker is that of the last step.
        let aside = middle(STEPS - 1) - 0.5;
        let half = (shape.reach(radius) + aside).ceil() as isize - 1;
        let around = |middle: [f64; 2]| {
            let square = (-half..=half).flat_map(move |y| (-half..=half).map(move |x| [x, y]));
            square.map(move |pixel| {
                let [x, y] = [0, 1].map(|i| pixel[i] as f64 + 0.5 - middle[i]);
                shape.coverage(radius, x, y) as f32
            })
        };
        let weights: Vec<f32> = (0..TABLES)
            .flat_map(|table| around([table % STEPS, table / STEPS].map(middle)))
            .collect();
        let splat = |table: usize| {
            let weight = |i: usize| f32x4::splat(weights[table * 9 + i]);
            [0, 3, 6].map(|first| [0, 1, 2].map(|i| weight(first + i)))
        };
        Self {
            splats: (half == 1).then(|| Box::new(std::array::from_fn(splat))),
            margin: (shape.reach(radius) + 0.5).ceil() as usize - 1,
            side: 2 * half as usize + 1,
            mean: (0..weights.len() / TABLES)
                .map(|i| {
                    let tables = weights.chunks(weights.len() / TABLES);
                    tables.map(|table| table[i]).sum::<f32>() / TABLES as f32
                })
                .collect(),
            weights,
        }
    }

    /// Which of the tables is that of a middle whose place in its pixel, `0..1` along each axis, is
    /// the mean of `count` whose sums are in the first two lanes of `sums`.
    #[inline]
    pub fn table(sums: f32x4, count: f32) -> usize {
        let steps = sums * f32x4::splat(STEPS as f32 / count);
        let last = f32x4::splat(STEPS as f32 - 0.5);
        let [x, y, ..] = steps.fast_min(last).fast_trunc_int().to_array();
        (y as usize * STEPS + x as usize) % TABLES
    }

    /// The rows of a table.
    #[inline]
    pub fn weights(&self, table: usize) -> &[f32] {
        let length = self.side * self.side;
        &self.weights[table * length..][..length]
    }

    /// All tables, each weight in all lanes; `None` for larger markers.
    #[inline]
    pub fn splats(&self) -> Option<&[[[f32x4; 3]; 3]; TABLES]> {
        self.splats.as_deref()
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
                for step in 0..TABLES {
                    let middle = [step % STEPS, step / STEPS].map(|i| (i as f32 + 0.5) / 4.0);
                    let sums = f32x4::new([middle[0] * 3.0, middle[1] * 3.0, 0.0, 0.0]);
                    assert_eq!(Stamp::table(sums, 3.0), step);
                    let table = stamp.weights(step);
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
