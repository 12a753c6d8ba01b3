//! A marker's coverage of the pixels around it, for middles on a fine lattice.

use super::super::shape::Shape;

/// Middles along each side of a pixel.
const STEPS: usize = 4;

/// Coverage tables.
pub(super) struct Stamp {
    /// Pixels from the middle's pixel that the marker can reach.
    pub margin: usize,
    tables: Vec<Table>,
}

/// Coverage around one middle; rows and columns that it does not reach are left out.
pub(super) struct Table {
    /// First column and row, px from the pixel of the middle.
    pub first: [isize; 2],
    pub columns: usize,
    pub rows: usize,
    weights: Vec<f32>,
}

impl Stamp {
    pub fn new(shape: Shape, radius_px: f32) -> Self {
        let radius = f64::from(radius_px);
        let margin = shape.reach(radius).ceil() as usize;
        let middle = |i: usize| (i as f64 + 0.5) / STEPS as f64;
        let tables = (0..STEPS * STEPS)
            .map(|i| {
                Table::new(
                    shape,
                    radius,
                    margin,
                    [middle(i % STEPS), middle(i / STEPS)],
                )
            })
            .collect();
        Self { margin, tables }
    }

    /// The table of the middle at `x, y`, each `0..1` within its pixel.
    #[inline]
    pub fn around(&self, x: f32, y: f32) -> &Table {
        let step = |v: f32| ((v * STEPS as f32) as usize).min(STEPS - 1);
        &self.tables[step(y) * STEPS + step(x)]
    }
}

impl Table {
    fn new(shape: Shape, radius: f64, margin: usize, middle: [f64; 2]) -> Self {
        let reached = |i: usize| {
            let reach = shape.reach(radius);
            let offset = |pixel: isize| (pixel as f64 + 0.5 - middle[i]).abs();
            let margin = margin as isize;
            let mut pixels = (-margin..=margin).filter(move |p| offset(*p) < reach);
            let first = pixels.next().unwrap_or(0);
            first..pixels.next_back().unwrap_or(first) + 1
        };
        let (columns, rows) = (reached(0), reached(1));
        let mut weights = Vec::new();
        for y in rows.clone() {
            for x in columns.clone() {
                let offset = |p: isize, i: usize| p as f64 + 0.5 - middle[i];
                weights.push(shape.coverage(radius, offset(x, 0), offset(y, 1)) as f32);
            }
        }
        Self {
            first: [columns.start, rows.start],
            columns: columns.len(),
            rows: rows.len(),
            weights,
        }
    }

    /// The rows of a table of that many columns.
    #[inline]
    pub fn weights<const COLUMNS: usize>(&self) -> impl Iterator<Item = &[f32; COLUMNS]> {
        self.weights.as_chunks().0.iter()
    }

    #[inline]
    pub fn row(&self, y: usize) -> &[f32] {
        &self.weights[y * self.columns..(y + 1) * self.columns]
    }
}
