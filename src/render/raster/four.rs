//! Four points at a time on their way from the world to their pixels.

use wide::{f64x2, i16x8, i32x4, i32x8, u64x2};

use super::fixed::{Lattice, SUBPIXEL_BITS, SUBPIXELS};
use super::tile::Area;
use super::{TILE_HEIGHT, TILE_WIDTH};

/// Pixels on each side of a tile up to which the pixels of its area are numbered in 16 bits.
pub(super) const MOST_MARGIN: usize = 16;

const _: () = {
    let area = (TILE_WIDTH + 2 * MOST_MARGIN) * (TILE_HEIGHT + 2 * MOST_MARGIN);
    assert!(area <= i16::MAX as usize);
};

/// Where four points lie.
pub(super) struct Four {
    cells: [u16; 8],
    places: [u16; 8],
}

impl Four {
    /// Of points that lie in the area, whose margin is no larger than [`MOST_MARGIN`].
    #[inline]
    pub fn of(points: &[[f32; 2]; 4], lattice: &Lattice, area: &Area) -> Self {
        let corner = i32x4::new([
            area.corner[0],
            area.corner[0],
            area.corner[1],
            area.corner[1],
        ]);
        // x of both, then y of both.
        let pair = |i: usize| {
            let [a, b] = [points[i], points[i + 1]].map(|point| {
                let point = f64x2::new(point.map(f64::from));
                bytemuck::cast::<_, u64x2>(lattice.whole(point))
            });
            let both = (a & u64x2::splat(u64::from(u32::MAX))) | (b << 32);
            bytemuck::cast::<_, i32x4>(both) - corner
        };
        let pairs = [pair(0), pair(2)];
        let narrow =
            |lanes: [i32x4; 2]| i16x8::from_i32x8_saturate(bytemuck::cast::<_, i32x8>(lanes));
        let pixels = narrow(pairs.map(|pair| pair >> SUBPIXEL_BITS as i32));
        let width = area.width as i16;
        let steps = pixels * i16x8::new([1, 1, width, width, 1, 1, width, width]);
        let rows: i16x8 = bytemuck::cast(bytemuck::cast::<_, u64x2>(steps) >> 32);
        let places = narrow(pairs.map(|pair| pair & i32x4::splat(SUBPIXELS - 1)));
        Self {
            cells: bytemuck::cast(steps + rows),
            places: bytemuck::cast(places),
        }
    }

    /// Of the point `i`, the index of its pixel in the area and its place in that, 1/256 px.
    #[inline]
    pub fn get(&self, i: usize) -> (usize, [u8; 2]) {
        let x = i + (i & 2);
        let place = [x, x + 2].map(|lane| self.places[lane] as u8);
        (usize::from(self.cells[x]), place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::camera::PxFromWorld;

    #[test]
    fn four_points_lie_where_each_does() {
        let px_from_world = PxFromWorld {
            scale: 41.3,
            offset: [312.7, 95.1],
        };
        let lattice = Lattice::new(px_from_world);
        let area = Area::new([256, 64], [TILE_WIDTH, TILE_HEIGHT], MOST_MARGIN);
        let mut inside = 0;
        for i in 0..16_000_u16 {
            let points = [0, 1, 2, 3].map(|k| {
                let at = f32::from(i * 4 + k);
                [at * 0.618 % 6.0 - 1.2, at * 0.414 % 2.0 - 0.4]
            });
            let expected = points.map(|point| area.inside(lattice.at(point)));
            let [Some(_), Some(_), Some(_), Some(_)] = expected else {
                continue;
            };
            let four = Four::of(&points, &lattice, &area);
            for (k, at) in expected.into_iter().flatten().enumerate() {
                assert_eq!(four.get(k), (area.cell(at), at.map(|v| v as u8)));
                inside += 1;
            }
        }
        assert!(inside > 1000, "{inside}");
    }
}
