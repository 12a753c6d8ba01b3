//! A uniform grid over the plane: which points lie in a small rectangle.

/// Points sorted into the cells of a uniform grid. Points that are not finite are in no cell.
#[derive(Debug, Clone)]
pub struct Grid {
    min: [f32; 2],
    cells_per_unit: [f32; 2],
    side: usize,
    /// Where each cell begins in `members`; one more entry than cells.
    starts: Vec<u32>,
    members: Vec<u32>,
}

/// Points for each cell, on average.
const POINTS_PER_CELL: usize = 4;
/// Most cells along a side.
const LONGEST_SIDE: usize = 4096;

impl Grid {
    /// Sorts `points` into cells; members of a cell keep their order.
    #[must_use]
    pub fn new(points: &[[f32; 2]]) -> Self {
        let finite = |p: &[f32; 2]| p[0].is_finite() && p[1].is_finite();
        let (mut min, mut max) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        for p in points.iter().filter(|p| finite(p)) {
            for i in 0..2 {
                min[i] = min[i].min(p[i]);
                max[i] = max[i].max(p[i]);
            }
        }
        let side = ((points.len() / POINTS_PER_CELL) as f64).sqrt().ceil() as usize;
        let side = side.clamp(1, LONGEST_SIDE);
        let cells_per_unit = [0, 1].map(|i| {
            let extent = f64::from(max[i]) - f64::from(min[i]);
            if extent > 0.0 {
                (side as f64 / extent) as f32
            } else {
                0.0
            }
        });
        let mut grid = Self {
            min,
            cells_per_unit,
            side,
            starts: vec![0; side * side + 1],
            members: Vec::new(),
        };
        // Counting sort: count, add up, place.
        let cells: Vec<Option<usize>> = points
            .iter()
            .map(|p| finite(p).then(|| grid.cell_of(*p)))
            .collect();
        for cell in cells.iter().flatten() {
            grid.starts[cell + 1] += 1;
        }
        for cell in 0..side * side {
            grid.starts[cell + 1] += grid.starts[cell];
        }
        let mut next = grid.starts.clone();
        grid.members = vec![0; grid.starts[side * side] as usize];
        for (index, cell) in cells.iter().enumerate() {
            if let Some(cell) = *cell {
                grid.members[next[cell] as usize] = index as u32;
                next[cell] += 1;
            }
        }
        grid
    }

    fn axis_cell(&self, axis: usize, value: f32) -> usize {
        // Saturating: what lies outside, and NaN, falls into a border cell.
        (((value - self.min[axis]) * self.cells_per_unit[axis]) as usize).min(self.side - 1)
    }

    fn cell_of(&self, point: [f32; 2]) -> usize {
        self.axis_cell(1, point[1]) * self.side + self.axis_cell(0, point[0])
    }

    /// Indices of points whose cells touch the rectangle: all that lie in it, and some around it.
    pub fn near(&self, low: [f32; 2], high: [f32; 2]) -> impl Iterator<Item = u32> + '_ {
        let columns = (self.axis_cell(0, low[0]), self.axis_cell(0, high[0]));
        let rows = (self.axis_cell(1, low[1]), self.axis_cell(1, high[1]));
        (rows.0..=rows.1).flat_map(move |row| {
            let first = self.starts[row * self.side + columns.0] as usize;
            let last = self.starts[row * self.side + columns.1 + 1] as usize;
            self.members[first..last].iter().copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_point_of_a_rectangle() {
        let mut state = 7_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0
        };
        let mut points: Vec<[f32; 2]> = (0..5000)
            .map(|_| [random() * 10.0, random() * random() * 3.0 - 50.0])
            .collect();
        points.extend([[f32::NAN, 0.0], [f32::INFINITY, 1.0]]);
        let grid = Grid::new(&points);
        for _ in 0..100 {
            let low = [random() * 10.0, random() * 3.0 - 50.0];
            let high = [low[0] + random(), low[1] + random()];
            let inside = |p: &[f32; 2]| (0..2).all(|i| (low[i]..=high[i]).contains(&p[i]));
            let near: std::collections::HashSet<u32> = grid.near(low, high).collect();
            for (index, point) in points.iter().enumerate() {
                assert!(
                    !inside(point) || near.contains(&(index as u32)),
                    "{point:?}"
                );
            }
            assert!(!near.contains(&5000) && !near.contains(&5001));
        }
    }

    #[test]
    fn degenerate_points_are_fine() {
        assert_eq!(Grid::new(&[]).near([0.0; 2], [1.0; 2]).count(), 0);
        let same = vec![[2.0, 2.0]; 100];
        assert_eq!(Grid::new(&same).near([1.9; 2], [2.1; 2]).count(), 100);
        assert_eq!(
            Grid::new(&[[1e38, -1e38], [-1e38, 1e38]])
                .near([-3e38; 2], [3e38; 2])
                .count(),
            2
        );
    }
}
