//! A closed polygon, by the non-zero winding rule; exact.

use robust::{Coord, orient2d};

use super::{Narrowed, Region};

/// A polygon, which may cross itself: inside is what it winds around (non-zero rule), its edges and
/// vertices included. Sides of edges are told by exact predicates (Shewchuk 1997).
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    vertices: Vec<[f64; 2]>,
}

/// The edges that matter in a box, and how often the others wind around all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    edges: Vec<u32>,
    winding: i32,
}

impl Polygon {
    /// A polygon through `vertices`, closed from the last to the first. Vertices that are not finite
    /// are left out; fewer than three hold at most what lies on them.
    #[must_use]
    pub fn new(vertices: &[[f64; 2]]) -> Self {
        let finite = |v: &&[f64; 2]| v[0].is_finite() && v[1].is_finite();
        Self {
            vertices: vertices.iter().filter(finite).copied().collect(),
        }
    }

    /// The vertices.
    #[must_use]
    pub fn vertices(&self) -> &[[f64; 2]] {
        &self.vertices
    }

    fn edge(&self, index: u32) -> ([f64; 2], [f64; 2]) {
        let index = index as usize;
        (
            self.vertices[index],
            self.vertices[(index + 1) % self.vertices.len()],
        )
    }

    /// Whether a point lies inside or on the outline: the sum over all edges.
    #[must_use]
    pub fn encloses(&self, point: [f64; 2]) -> bool {
        self.winds(&self.whole(), point)
    }

    fn winds(&self, part: &Part, p: [f64; 2]) -> bool {
        let mut winding = part.winding;
        for &index in &part.edges {
            let (a, b) = self.edge(index);
            if p[1] < a[1].min(b[1]) || p[1] > a[1].max(b[1]) || p[0] > a[0].max(b[0]) {
                continue;
            }
            let side = side(a, b, p);
            if side == 0.0 && p[0] >= a[0].min(b[0]) {
                return true;
            }
            winding += crossing(a, b, p[1], side);
        }
        winding != 0
    }
}

/// Above zero where `p` lies to the left of the way from `a` to `b`; exact in sign.
fn side(a: [f64; 2], b: [f64; 2], p: [f64; 2]) -> f64 {
    let coord = |v: [f64; 2]| Coord { x: v[0], y: v[1] };
    orient2d(coord(a), coord(b), coord(p))
}

/// What the edge adds to the winding number of a point at height `y` that lies on `side` of it: the
/// ray from the point towards larger x crosses it upwards or downwards.
fn crossing(a: [f64; 2], b: [f64; 2], y: f64, side: f64) -> i32 {
    if a[1] <= y && y < b[1] && side > 0.0 {
        1
    } else if b[1] <= y && y < a[1] && side < 0.0 {
        -1
    } else {
        0
    }
}

impl Region for Polygon {
    type Part = Part;

    fn whole(&self) -> Part {
        Part {
            edges: (0..self.vertices.len() as u32).collect(),
            winding: 0,
        }
    }

    fn narrow(&self, part: &Part, min: [f32; 2], max: [f32; 2]) -> Narrowed<Part> {
        let (low, high) = (min.map(f64::from), max.map(f64::from));
        let mut open = Part {
            edges: Vec::new(),
            winding: part.winding,
        };
        let mut touched = false;
        for &index in &part.edges {
            let (a, b) = self.edge(index);
            let bottom = a[1].min(b[1]);
            let top = a[1].max(b[1]);
            // Above, below or to the left of the box: no ray to the right meets it.
            if top < low[1] || bottom > high[1] || a[0].max(b[0]) < low[0] {
                continue;
            }
            let sides = [low, high, [low[0], high[1]], [high[0], low[1]]].map(|p| side(a, b, p));
            let left = sides.iter().all(|s| *s > 0.0);
            let right = sides.iter().all(|s| *s < 0.0);
            let beyond = a[0].min(b[0]) > high[0];
            if (left || right || beyond) && bottom <= low[1] && high[1] < top {
                // It meets the rays of all points of the box, or of none.
                open.winding += crossing(a, b, low[1], sides[0]);
                continue;
            }
            touched |= !(left || right || beyond);
            open.edges.push(index);
        }
        if touched {
            Narrowed::Open(open)
        } else if self.winds(&open, low) {
            Narrowed::Inside
        } else {
            Narrowed::Outside
        }
    }

    fn contains(&self, part: &Part, point: [f32; 2]) -> bool {
        self.winds(part, point.map(f64::from))
    }
}
