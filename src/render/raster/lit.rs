//! Which pixels of a tile are lit: one bit each.

use super::fixed::{Marker, PxBox, SUBPIXEL_BITS, SUBPIXELS};
use super::{TILE_HEIGHT, TILE_WIDTH};

pub(super) const WORDS: usize = TILE_WIDTH / 64;
pub(super) const HALF: i32 = SUBPIXELS / 2;

/// The lit pixels of one tile.
pub(super) struct Lit {
    rows: [[u64; WORDS]; TILE_HEIGHT],
}

impl Default for Lit {
    fn default() -> Self {
        Self {
            rows: [[0; WORDS]; TILE_HEIGHT],
        }
    }
}

/// Pixels whose middles lie between two positions, both included, of a row of `length` pixels.
#[inline]
fn pixels(from: i32, to: i32, length: usize) -> (usize, usize) {
    let low = (from + SUBPIXELS - 1 - HALF) >> SUBPIXEL_BITS;
    let high = ((to - HALF) >> SUBPIXEL_BITS) + 1;
    (low.max(0) as usize, high.clamp(0, length as i32) as usize)
}

impl Lit {
    pub fn clear(&mut self) {
        self.rows = [[0; WORDS]; TILE_HEIGHT];
    }

    pub fn row(&self, y: usize) -> &[u64; WORDS] {
        &self.rows[y]
    }

    #[inline]
    pub fn get(&self, x: usize, y: usize) -> bool {
        self.rows[y][x / 64] >> (x % 64) & 1 == 1
    }

    /// The pixels around which all pixels within `reach` along both axes are lit. What lies beyond
    /// `width` and `height` counts as lit. None where they reach farther than the words beside a pixel's own.
    pub fn surrounded(&self, reach: usize, width: usize, height: usize) -> Self {
        if reach > 63 {
            return Self::default();
        }
        let mut along = self.rows;
        for (y, row) in along.iter_mut().enumerate() {
            if y >= height {
                *row = [u64::MAX; WORDS];
                continue;
            }
            for (word, bits) in row.iter_mut().enumerate() {
                let inside = width.saturating_sub(word * 64).min(64);
                if inside < 64 {
                    *bits |= u64::MAX << inside;
                }
            }
            let whole = *row;
            for by in 1..=reach {
                for word in 0..WORDS {
                    let before = if word > 0 { whole[word - 1] } else { u64::MAX };
                    let after = if word + 1 < WORDS {
                        whole[word + 1]
                    } else {
                        u64::MAX
                    };
                    row[word] &= whole[word] << by | before >> (64 - by);
                    row[word] &= whole[word] >> by | after << (64 - by);
                }
            }
        }
        let mut rows = along;
        for (y, row) in rows.iter_mut().enumerate() {
            for near in &along[y.saturating_sub(reach)..(y + reach + 1).min(TILE_HEIGHT)] {
                (0..WORDS).for_each(|word| row[word] &= near[word]);
            }
        }
        Self { rows }
    }

    /// Visits the spans of pixels, in the tile that begins at `origin`, that the marker covers
    /// around *every* point of the box (`SURELY`), or around *any* of them; stops when `visit` says
    /// so. For a box without size both are the pixels of the marker. What every point of a box
    /// lights, any of its points lights; what a point of it lights, it lights with the box.
    #[inline]
    fn spans<const SURELY: bool>(
        boxed: &PxBox,
        marker: &Marker,
        origin: [i32; 2],
        mut visit: impl FnMut(usize, usize, usize) -> bool,
    ) {
        let min = [0, 1].map(|i| boxed.min[i] - origin[i]);
        let max = [0, 1].map(|i| boxed.max[i] - origin[i]);
        let reach = marker.reach();
        let (first, last) = pixels(min[1] - reach, max[1] + reach, TILE_HEIGHT);
        for y in first..last {
            let middle = ((y as i32) << SUBPIXEL_BITS) + HALF;
            let (above, below) = (middle - min[1], max[1] - middle);
            let dy = if SURELY {
                above.abs().max(below.abs())
            } else {
                (-above).max(-below).max(0)
            };
            let Some(width) = marker.half_width(dy) else {
                continue;
            };
            let (low, high) = if SURELY {
                pixels(max[0] - width, min[0] + width, TILE_WIDTH)
            } else {
                pixels(min[0] - width, max[0] + width, TILE_WIDTH)
            };
            if low < high && visit(y, low, high) {
                return;
            }
        }
    }

    /// Lights the pixels that are covered wherever in the box a point lies.
    #[inline]
    pub fn light(&mut self, boxed: &PxBox, marker: &Marker, origin: [i32; 2]) {
        Self::spans::<true>(boxed, marker, origin, |y, low, high| {
            self.light_row(y, low, high);
            false
        });
    }

    /// Lights the pixels `low..high`, not empty, of a row.
    #[inline]
    pub fn light_row(&mut self, y: usize, low: usize, high: usize) {
        for word in low / 64..=(high - 1) / 64 {
            self.rows[y][word] |= bits(word, low, high);
        }
    }

    /// Lights pixels of a row of 64.
    #[inline]
    pub fn light_word(&mut self, y: usize, word: usize, bits: u64) {
        self.rows[y][word] |= bits;
    }

    /// Lights the pixels whose middles lie in the box or no farther than `around` from it, 1/256 px.
    pub fn light_near(&mut self, boxed: &PxBox, around: i32, origin: [i32; 2]) {
        let min = [0, 1].map(|i| boxed.min[i] - origin[i]);
        let max = [0, 1].map(|i| boxed.max[i] - origin[i]);
        let (first, last) = pixels(min[1] - around, max[1] + around, TILE_HEIGHT);
        if first >= last {
            return;
        }
        // Beside the box all rows are alike.
        let (from, to) = pixels(min[1], max[1], TILE_HEIGHT);
        let from = from.clamp(first, last);
        let to = to.clamp(from, last);
        let (low, high) = pixels(min[0] - around, max[0] + around, TILE_WIDTH);
        if low < high {
            for word in low / 64..=(high - 1) / 64 {
                let bits = bits(word, low, high);
                self.rows[from..to]
                    .iter_mut()
                    .for_each(|row| row[word] |= bits);
            }
        }
        for y in (first..from).chain(to..last) {
            let middle = ((y as i32) << SUBPIXEL_BITS) + HALF;
            let dy = (min[1] - middle).max(middle - max[1]);
            let square = |side: i32| i64::from(side) * i64::from(side);
            let aside = ((square(around) - square(dy)) as f32).sqrt() as i32;
            let (low, high) = pixels(min[0] - aside, max[0] + aside, TILE_WIDTH);
            if low < high {
                self.light_row(y, low, high);
            }
        }
    }

    /// Whether every pixel that a point of the box could light is lit already.
    #[inline]
    pub fn settled(&self, boxed: &PxBox, marker: &Marker, origin: [i32; 2]) -> bool {
        let mut settled = true;
        Self::spans::<false>(boxed, marker, origin, |y, low, high| {
            for word in low / 64..=(high - 1) / 64 {
                settled &= bits(word, low, high) & !self.rows[y][word] == 0;
            }
            !settled
        });
        settled
    }
}

/// The bits of `low..high` that lie in a word.
#[inline]
fn bits(word: usize, low: usize, high: usize) -> u64 {
    let first = low.saturating_sub(word * 64);
    let count = (high - word * 64).min(64) - first;
    (u64::MAX >> (64 - count)) << first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Shape;

    fn lit(boxes: &[PxBox], marker: &Marker) -> Vec<[u64; WORDS]> {
        let mut lit = Lit::default();
        boxes.iter().for_each(|b| lit.light(b, marker, [0, 0]));
        lit.rows.to_vec()
    }

    /// What all points of a box light is lit around each; what is settled is lit by none anew.
    #[test]
    fn boxes_bound_what_their_points_light() {
        let (x0, y0) = (5000, 3000);
        for shape in Shape::ALL {
            for radius in [0.5, 1.0, 2.7] {
                let marker = Marker::new(shape, radius);
                for (w, h) in [(0, 0), (200, 0), (0, 255), (256, 256), (700, 300)] {
                    let boxed = PxBox {
                        min: [x0, y0],
                        max: [x0 + w, y0 + h],
                    };
                    let sure = lit(&[boxed], &marker);
                    let mut any = Lit::default();
                    for i in 0..=16 {
                        for j in 0..=16 {
                            let point = PxBox::at([x0 + w * i / 16, y0 + h * j / 16]);
                            let own = lit(&[point], &marker);
                            for (own, sure) in own.iter().zip(&sure) {
                                assert!((0..WORDS).all(|k| sure[k] & !own[k] == 0));
                            }
                            any.light(&point, &marker, [0, 0]);
                        }
                    }
                    let mut possible = Lit::default();
                    Lit::spans::<false>(&boxed, &marker, [0, 0], |y, low, high| {
                        (low..high).for_each(|x| possible.rows[y][x / 64] |= 1 << (x % 64));
                        false
                    });
                    for (any, possible) in any.rows.iter().zip(&possible.rows) {
                        assert!((0..WORDS).all(|k| any[k] & !possible[k] == 0));
                    }
                    assert!(possible.settled(&boxed, &marker, [0, 0]));
                }
            }
        }
    }

    #[test]
    fn surrounded_pixels_have_lit_neighbours_only() {
        let (width, height) = (TILE_WIDTH - 22, 20);
        let mut lit = Lit::default();
        for y in 0..height {
            for x in (0..width).filter(|x| (x * 7 + y * 13) % 41 != 0) {
                lit.light_row(y, x, x + 1);
            }
        }
        for reach in 1..4 {
            let surrounded = lit.surrounded(reach, width, height);
            for y in 0..height {
                for x in 0..width {
                    let rows = y.saturating_sub(reach)..(y + reach + 1).min(height);
                    let columns = x.saturating_sub(reach)..(x + reach + 1).min(width);
                    let all = rows
                        .into_iter()
                        .all(|y| columns.clone().all(|x| lit.get(x, y)));
                    assert_eq!(surrounded.get(x, y), all, "{x} {y}");
                }
            }
        }
    }

    #[test]
    fn a_point_lights_the_pixels_that_its_marker_covers() {
        for shape in Shape::ALL {
            let marker = Marker::new(shape, 2.3);
            let point = [20 * 256 + 77, 15 * 256 + 201];
            let rows = lit(&[PxBox::at(point)], &marker);
            for (y, row) in rows.iter().enumerate() {
                for x in 0..64 {
                    let offset = |pixel: usize, at: i32| pixel as f64 + 0.5 - f64::from(at) / 256.0;
                    let share = shape.coverage(2.3, offset(x, point[0]), offset(y, point[1]));
                    assert_eq!(row[0] >> x & 1 == 1, share > 0.0, "{shape:?} {x} {y}");
                }
            }
        }
    }
}
