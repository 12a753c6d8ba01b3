//! Where the grid lies and how large its cells are.

use super::extent::Bounds;

/// Cells of a side.
const CELLS: (usize, usize) = (32, 2048);
/// Cells left empty beyond the reach of the kernel, both borders together.
const BORDER: usize = 4;
/// Cells per bandwidth above which a finer grid shows nothing more.
const FINEST: f64 = 16.0;
/// Bandwidth of identical points as a part of their largest coordinate.
const POINT_LIKE: f64 = 1e-5;
/// Least bandwidth as a part of the largest coordinate: cells stay far above rounding.
const RESOLVED: f64 = 1e-9;
/// Range of any bandwidth; coordinates of single precision lie within.
const RANGE: (f64, f64) = (1e-60, 1e60);

/// Place, cells and kernel of a grid.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    /// Lower left corner of the first cell, world units.
    pub(super) min: [f64; 2],
    /// Side of a cell, world units.
    pub(super) cell: f64,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Standard deviation of the kernel, world units; at least `cell`.
    pub(super) bandwidth: f64,
}

impl Frame {
    /// The grid for points within `bounds`: `cells` along the longer side, a margin of four
    /// bandwidths and two cells on all sides. A `bandwidth` of 0 stands for a tiny one.
    pub(super) fn new(bounds: &Bounds, bandwidth: f64, cells: usize) -> Self {
        let cells = cells.clamp(CELLS.0, CELLS.1);
        let low = bounds.low.map(f64::from);
        let high = bounds.high.map(f64::from);
        let span = [high[0] - low[0], high[1] - low[1]];
        let longest = span[0].max(span[1]);
        let largest = low
            .iter()
            .chain(&high)
            .fold(0.0_f64, |largest, v| largest.max(v.abs()));

        let wanted = if bandwidth > 0.0 {
            bandwidth
        } else if largest > 0.0 {
            POINT_LIKE * largest
        } else {
            POINT_LIKE
        };
        // With h one cell: longest + 8 h = (cells - BORDER) h.
        let one_cell = longest / (cells - BORDER - 8) as f64;
        let h = wanted
            .max(one_cell)
            .max(RESOLVED * largest)
            .clamp(RANGE.0, RANGE.1);
        let cell = ((longest + 8.0 * h) / (cells - BORDER) as f64).max(h / FINEST);
        let [width, height] = span.map(|s| ((s + 8.0 * h) / cell).ceil() as usize + BORDER);
        let centred =
            |axis: usize, side: usize| low[axis] + 0.5 * (span[axis] - side as f64 * cell);
        Self {
            min: [centred(0, width), centred(1, height)],
            cell,
            width,
            height,
            bandwidth: h,
        }
    }

    /// Standard deviation, in cells, of the kernel to apply to counts by cell: counting has
    /// already spread each point evenly over a cell, which has a variance of 1/12.
    pub(super) fn sigma_cells(&self) -> f64 {
        ((self.bandwidth / self.cell).powi(2) - 1.0 / 12.0)
            .max(0.25)
            .sqrt()
    }

    /// World coordinates of a place in cells, where the centre of the first cell is `[0, 0]`.
    pub(super) fn world_of_centre(&self, place: [f64; 2]) -> [f64; 2] {
        [
            self.min[0] + (place[0] + 0.5) * self.cell,
            self.min[1] + (place[1] + 0.5) * self.cell,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(low: [f32; 2], high: [f32; 2], h: f64, cells: usize) -> Frame {
        let bounds = Bounds {
            low,
            high,
            inside: 1,
            used: 1,
        };
        Frame::new(&bounds, h, cells)
    }

    #[test]
    fn frames_are_sane_for_any_input() {
        let m = f32::MAX;
        let boxes = [
            ([0.0, 0.0], [1.0, 0.5]),
            ([0.0, 0.0], [0.0, 0.0]),
            ([-m, -m], [m, m]),
            ([1e-45, 0.0], [1e-45, 3e-45]),
            ([m, 0.0], [m, 1e-45]),
            ([-m, 0.0], [m, 0.0]),
        ];
        for (low, high) in boxes {
            for h in [0.0, 1e-300, 1e-3, 1.0, 1e300] {
                for cells in [0, 512, usize::MAX] {
                    let f = frame(low, high, h, cells);
                    let about = format!("{low:?} {high:?} {h} {cells} {f:?}");
                    assert!(f.cell > 0.0 && f.cell.is_finite(), "{about}");
                    assert!(f.bandwidth >= f.cell * 0.999_999, "{about}");
                    assert!(f.width.max(f.height) <= 2050, "{about}");
                    assert!(f.width.min(f.height) >= 12, "{about}");
                    for axis in 0..2 {
                        let size = [f.width, f.height][axis] as f64;
                        let a = (f64::from(low[axis]) - f.min[axis]) / f.cell;
                        let b = (f64::from(high[axis]) - f.min[axis]) / f.cell;
                        let margin = 4.0 * f.bandwidth / f.cell + 1.99;
                        assert!(a >= margin && b <= size - margin, "{about}");
                    }
                }
            }
        }
    }

    #[test]
    fn longest_side_has_the_cells_asked_for() {
        let f = frame([0.0, 0.0], [10.0, 5.0], 0.1, 512);
        assert!((511..=513).contains(&f.width), "{f:?}");
        assert!((260..290).contains(&f.height), "{f:?}");
    }
}
