//! A projection prepared for drawing and picking.

use crate::data::Projection;
use crate::render::Bounds;
use crate::spatial::Grid;

/// The points of a projection in the order in which they are drawn.
///
/// The order is shuffled, always the same way, so that no survey lies on top of another because of
/// its place in the file.
pub struct MapPoints {
    projection: Projection,
    order: Vec<u32>,
    /// The inverse of `order`.
    place: Vec<u32>,
    xy: Vec<[f32; 2]>,
    bounds: Option<Bounds>,
    grid: Grid,
}

impl MapPoints {
    /// Shuffles and indexes; long work for many points.
    #[must_use]
    pub fn new(projection: Projection) -> Self {
        let mut order: Vec<u32> = (0..projection.len() as u32).collect();
        order.sort_by_key(|&index| scrambled(u64::from(index)));
        let mut place = vec![0; order.len()];
        for (index, &point) in order.iter().enumerate() {
            place[point as usize] = index as u32;
        }
        let all: Vec<[f32; 2]> = projection.xy().collect();
        let xy: Vec<[f32; 2]> = order.iter().map(|&i| all[i as usize]).collect();
        Self {
            bounds: Bounds::around(xy.iter().copied()),
            grid: Grid::new(&xy),
            order,
            place,
            xy,
            projection,
        }
    }

    /// The projection.
    #[must_use]
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// Position of each point, in drawing order: later ones lie on top.
    #[must_use]
    pub fn xy(&self) -> &[[f32; 2]] {
        &self.xy
    }

    /// The rectangle around all points; `None` without points.
    #[must_use]
    pub fn bounds(&self) -> Option<Bounds> {
        self.bounds
    }

    /// Which points lie where, by drawing order.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Catalogue row of the point drawn at place `index`.
    #[must_use]
    pub fn row(&self, index: usize) -> usize {
        self.projection.rows()[self.order[index] as usize] as usize
    }

    /// Place in the drawing order of a catalogue row, if it is on the map.
    #[must_use]
    pub fn index_of_row(&self, row: usize) -> Option<usize> {
        let point = self
            .projection
            .rows()
            .binary_search(&u32::try_from(row).ok()?)
            .ok()?;
        Some(self.place[point] as usize)
    }
}

/// The finaliser of `SplitMix64` (Steele et al. 2014).
fn scrambled(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Provenance;

    #[test]
    fn drawing_order_and_rows_belong_together() {
        let rows: Vec<u32> = (0..100).map(|i| i * 3).collect();
        let coords: Vec<f32> = rows.iter().flat_map(|&r| [r as f32, -(r as f32)]).collect();
        let projection = Projection::new(coords, 2, rows, 400, Provenance::default()).unwrap();
        let points = MapPoints::new(projection);
        for index in 0..100 {
            let row = points.row(index);
            assert_eq!(points.xy()[index], [row as f32, -(row as f32)]);
            assert_eq!(points.index_of_row(row), Some(index));
        }
        assert_eq!(points.index_of_row(1), None);
        let in_file_order = (0..99)
            .filter(|&i| points.row(i) < points.row(i + 1))
            .count();
        assert!((30..70).contains(&in_file_order));
    }
}
