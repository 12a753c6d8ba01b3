//! What a round brush has touched.

use super::{Narrowed, Region};

/// All within `radius` of a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Brush {
    /// The path; one position is a disc.
    pub path: Vec<[f64; 2]>,
    /// World units.
    pub radius: f64,
}

impl Brush {
    fn segment(&self, index: u32) -> ([f64; 2], [f64; 2]) {
        let index = index as usize;
        let last = self.path.len() - 1;
        (self.path[index], self.path[(index + 1).min(last)])
    }

    fn distance(&self, index: u32, p: [f64; 2]) -> f64 {
        let (a, b) = self.segment(index);
        let along = [b[0] - a[0], b[1] - a[1]];
        let length_squared = along[0] * along[0] + along[1] * along[1];
        let offset = [p[0] - a[0], p[1] - a[1]];
        let t = if length_squared > 0.0 {
            ((offset[0] * along[0] + offset[1] * along[1]) / length_squared).clamp(0.0, 1.0)
        } else {
            0.0
        };
        (offset[0] - t * along[0]).hypot(offset[1] - t * along[1])
    }
}

impl Region for Brush {
    type Part = Vec<u32>;

    fn whole(&self) -> Vec<u32> {
        (0..self.path.len() as u32).collect()
    }

    fn narrow(&self, part: &Vec<u32>, min: [f32; 2], max: [f32; 2]) -> Narrowed<Vec<u32>> {
        let (low, high) = (min.map(f64::from), max.map(f64::from));
        let center = [0, 1].map(|i| f64::midpoint(low[i], high[i]));
        // A little more than the box, so that rounding cannot lose a point.
        let half_diagonal = (high[0] - low[0]).hypot(high[1] - low[1]) * 0.500_001;
        let slack = self.radius * 1e-9;
        let mut near = Vec::new();
        for &index in part {
            let distance = self.distance(index, center);
            if distance + half_diagonal < self.radius - slack {
                return Narrowed::Inside;
            }
            if distance - half_diagonal <= self.radius + slack {
                near.push(index);
            }
        }
        if near.is_empty() {
            Narrowed::Outside
        } else {
            Narrowed::Open(near)
        }
    }

    fn contains(&self, part: &Vec<u32>, point: [f32; 2]) -> bool {
        let point = point.map(f64::from);
        part.iter()
            .any(|&index| self.distance(index, point) <= self.radius)
    }
}
