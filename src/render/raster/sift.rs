//! What becomes of the nodes of one level of the tree: many at a time and without a branch for each, whose outcome
//! could not be foreseen.

use wide::{f32x4, i32x4, u32x4};

use super::super::shades::Shade;
use super::fixed::{PxBox, SUBPIXELS};
use super::tile::Area;
use super::{Frame, Pass};

/// A node no larger than this along either side, 1/256 px, is taken as a whole.
const CROWD: i32 = SUBPIXELS * 9 / 8;
/// A node no larger than this along either side, 1/256 px, is taken as a whole and spread over its pixels
/// where it is so full that it lights all of them.
pub(super) const FULL: i32 = 4 * SUBPIXELS;
/// Fewest points of a node that is spread: their places are no longer seen.
pub(super) const MANY: u32 = 12;
/// Parts of pixels that each point has, at least, of a node whose points are looked at one by one: six on a pixel.
const PARTS_FOR_EACH: f32 = (SUBPIXELS * SUBPIXELS) as f32 / 6.0;
/// A node no larger than this along either side, 1/256 px, may lie partly outside for that.
pub(super) const SMALL: i32 = 64 * SUBPIXELS;
/// Points of such a node that may lie outside: so many are passed over as quickly as they are left out further down.
const BESIDE: f32 = 80.0;

/// A node on the picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub at: u32,
    /// Points that are drawn, at least one.
    pub count: u32,
    pub boxed: PxBox,
    /// How far around its box, 1/256 px, every pixel is lit; below 0 where there may be holes between its points.
    pub around: i32,
}

const NOTHING: Placed = Placed {
    at: 0,
    count: 0,
    boxed: PxBox {
        min: [0; 2],
        max: [0; 2],
    },
    around: -1,
};

/// What becomes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing of it is seen.
    Gone,
    /// Its children are looked at.
    Divided,
    /// It lies in one pixel, or nearly.
    Tiny,
    /// It is spread over its pixels, all of which it lights.
    Spread,
    /// Its points are drawn where they lie.
    Points,
}

const FATES: usize = Fate::Points as usize + 1;

/// Where the answers to four questions lead: whether something of it is seen, it is tiny, full, its points are drawn.
const OUTCOMES: [Fate; 16] = {
    let mut outcomes = [Fate::Gone; 16];
    let mut answers = 1;
    while answers < 16 {
        outcomes[answers] = if answers & 2 != 0 {
            Fate::Tiny
        } else if answers & 4 != 0 {
            Fate::Spread
        } else if answers & 8 != 0 {
            Fate::Points
        } else {
            Fate::Divided
        };
        answers += 2;
    }
    outcomes
};

/// Nodes that are looked at in one step.
const LANES: usize = 4;

/// Nodes that are sifted together.
pub(super) const TOGETHER: usize = 256;

/// Nodes by what becomes of them, each kind in the order in which they were looked at.
pub(super) struct Sieve {
    /// Room for [`TOGETHER`] of each kind.
    nodes: Vec<Placed>,
    counts: [usize; FATES],
}

impl Default for Sieve {
    fn default() -> Self {
        Self {
            nodes: vec![NOTHING; TOGETHER * FATES],
            counts: [0; FATES],
        }
    }
}

impl Sieve {
    pub fn of(&self, fate: Fate) -> &[Placed] {
        &self.nodes[fate as usize * TOGETHER..][..self.counts[fate as usize]]
    }

    /// Sifts at most [`TOGETHER`] nodes.
    pub fn sift(&mut self, open: &[u32], frame: &Frame<'_>, pass: &Pass<'_>, area: &Area) {
        self.counts = [0; FATES];
        let (fours, rest) = open.as_chunks();
        for four in fours {
            self.four(*four, LANES, frame, pass, area);
        }
        if let Some(&last) = rest.last() {
            let mut four = [last; LANES];
            four[..rest.len()].copy_from_slice(rest);
            self.four(four, rest.len(), frame, pass, area);
        }
    }

    /// Sifts the first `len` of four nodes.
    #[inline]
    fn four(
        &mut self,
        four: [u32; LANES],
        len: usize,
        frame: &Frame<'_>,
        pass: &Pass<'_>,
        area: &Area,
    ) {
        let nodes = four.map(|at| &frame.tree.nodes()[at as usize]);
        let shades = four.map(|at| &pass.shades.nodes()[at as usize]);
        let whole = |count: u32| count.min(i32::MAX as u32) as i32;
        let all = i32x4::new(shades.map(|shade| whole(shade.count)));
        let counts = match &pass.only {
            None => all,
            Some(mask) => i32x4::new([0, 1, 2, 3].map(|i| match shades[i].count {
                0 => 0,
                _ => whole(mask.count_in(nodes[i].places()) as u32),
            })),
        };
        let boxes = nodes.map(|node| frame.lattice.boxed(node));
        let lanes = u32x4::transpose(bytemuck::cast(boxes));
        let [left, top, right, bottom]: [i32x4; 4] = bytemuck::cast(lanes);
        let (width, height) = (right - left, bottom - top);
        let exceeds =
            |side: i32| width.simd_gt(i32x4::splat(side)) | height.simd_gt(i32x4::splat(side));
        let [first, end] = [area.corner, area.far].map(|corner| corner.map(i32x4::splat));
        let outside = first[0].simd_gt(right)
            | first[1].simd_gt(bottom)
            | !end[0].simd_gt(left)
            | !end[1].simd_gt(top);
        let reaches_out = first[0].simd_gt(left)
            | first[1].simd_gt(top)
            | !end[0].simd_gt(right)
            | !end[1].simd_gt(bottom);
        // The box itself may be larger by less than one part, as may be its holes.
        let side = |side: i32x4| (side + i32x4::ONE).round_float();
        let diagonal = (side(width) * side(width) + side(height) * side(height)).sqrt();
        let holes = f32x4::new(shades.map(Shade::hole_of_diagonal));
        let around = f32x4::splat(pass.tables.inner_reach) - holes * diagonal;
        let sure: i32x4 = bytemuck::cast(around.simd_ge(f32x4::ZERO));
        let sure = sure & counts.simd_eq(all);
        // A lone point of a leaf is drawn where it lies.
        let lone = !counts.simd_gt(i32x4::ONE) & exceeds(0);
        let seen = counts.simd_gt(i32x4::ZERO) & !outside;
        let tiny = !exceeds(CROWD) & !lone;
        let full = !exceeds(FULL) & counts.simd_gt(i32x4::splat(MANY as i32 - 1)) & sure;
        // Then its points are as quickly looked at one by one as the nodes that hold them.
        let pixel = i32x4::splat(SUBPIXELS);
        let parts = (width + pixel).round_float() * (height + pixel).round_float();
        let held = f32x4::new(nodes.map(|node| node.count() as f32));
        let sparse: i32x4 = bytemuck::cast(parts.simd_ge(held * f32x4::splat(PARTS_FOR_EACH)));
        let within = |low: i32x4, high: i32x4, i: usize| {
            let [first, end] = [first[i], end[i]].map(|edge: i32x4| edge.round_float());
            let inside = high.round_float().fast_min(end) - low.round_float().fast_max(first);
            inside + pixel.round_float()
        };
        let inside = within(left, right, 0) * within(top, bottom, 1);
        let beside = (parts - inside) * held;
        let beside: i32x4 = bytemuck::cast(beside.simd_gt(parts * f32x4::splat(BESIDE)));
        let sparse = sparse & !((exceeds(SMALL) | beside) & reaches_out);
        let leaf = i32x4::new(nodes.map(|node| -i32::from(node.is_leaf())));
        let answers = (seen & i32x4::splat(1))
            | (tiny & i32x4::splat(2))
            | (full & i32x4::splat(4))
            | ((leaf | sparse) & i32x4::splat(8));
        let around = (around.fast_trunc_int() & sure) | !sure;
        let (answers, counts, around) = (answers.to_array(), counts.to_array(), around.to_array());
        for i in 0..len {
            let fate = OUTCOMES[answers[i] as usize % OUTCOMES.len()] as usize;
            let count = &mut self.counts[fate];
            self.nodes[fate * TOGETHER + *count] = Placed {
                at: four[i],
                count: counts[i] as u32,
                boxed: boxes[i],
                around: around[i],
            };
            *count += 1;
        }
    }
}
