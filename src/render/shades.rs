//! The colour of every point and, for a crowd too dense to tell apart, of every node of the tree.

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::*;
use wide::f32x4;

use crate::color::Rgba;
use crate::mask::Mask;
use crate::spatial::{Node, TileTree};

/// What a node looks like from afar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shade {
    /// Its points that are drawn.
    pub count: u32,
    /// Their mean colour.
    pub rgb: [u8; 3],
    /// The largest distance from a position in the node's box to the nearest point that is drawn, or
    /// more, in parts of the box's diagonal.
    hole: u8,
}

/// Parts of a diagonal.
const HOLE_PARTS: f32 = 254.0;

impl Shade {
    /// From every position in the box of `node`, whose shade this is, a point that is drawn is no
    /// farther away than this, in the units of the world.
    #[must_use]
    #[inline]
    pub fn hole(&self, node: &Node) -> f32 {
        f32::from(self.hole) / HOLE_PARTS * diagonal(node)
    }

    /// The same in parts of the diagonal of the node's box, or a trifle more.
    #[must_use]
    #[inline]
    pub fn hole_of_diagonal(&self) -> f32 {
        f32::from(self.hole) * (1.000_01 / HOLE_PARTS)
    }

    fn with_hole(self, node: &Node, hole: f32) -> Self {
        // What is not a number becomes 0 parts of a diagonal that is not finite.
        let parts = hole / diagonal(node) * HOLE_PARTS * 1.000_01;
        let whole = parts as u8;
        let more = u8::from(f32::from(whole) < parts);
        Self {
            hole: whole.saturating_add(more),
            ..self
        }
    }
}

#[inline]
fn length(x: f32, y: f32) -> f32 {
    let (x, y) = (f64::from(x), f64::from(y));
    (x * x + y * y).sqrt() as f32
}

fn diagonal(node: &Node) -> f32 {
    length(node.max[0] - node.min[0], node.max[1] - node.min[1])
}

/// The four quarters of a node's box, and how far from each position in them a point is, at most.
struct Quarters {
    from: [f32x4; 2],
    to: [f32x4; 2],
    nearest: f32x4,
}

impl Quarters {
    #[inline]
    fn of(node: &Node) -> Self {
        let middle = [0, 1].map(|i| f32::midpoint(node.min[i], node.max[i]));
        let ([left, low], [right, high], [x, y]) = (node.min, node.max, middle);
        Self {
            from: [[left, x, left, x], [low, low, y, y]].map(f32x4::new),
            to: [[x, right, x, right], [y, y, high, high]].map(f32x4::new),
            nearest: f32x4::splat(f32::INFINITY),
        }
    }

    /// There is a box such that from each position in it a point is no farther away than `hole`.
    #[inline]
    fn serve(&mut self, min: [f32; 2], max: [f32; 2], hole: f32) {
        let away = |i: usize| {
            let (before, behind) = (
                f32x4::splat(min[i]) - self.from[i],
                self.to[i] - f32x4::splat(max[i]),
            );
            before.fast_max(behind).fast_max(f32x4::ZERO)
        };
        let (x, y) = (away(0), away(1));
        // At least the length of the vector, and at most 8 % more: an octagon around the circle.
        let tilt = f32x4::splat(std::f32::consts::SQRT_2 - 0.999_99);
        let length = x.fast_max(y) + tilt * x.fast_min(y);
        self.nearest = self.nearest.fast_min(length + f32x4::splat(hole));
    }

    /// The largest distance from a position in the box to the nearest point, or more: each quarter has
    /// what serves it best.
    #[inline]
    fn hole(&self) -> f32 {
        self.nearest.to_array().into_iter().fold(0.0, f32::max)
    }
}

/// Colours of the points of a tree, or of one class of them.
#[derive(Debug, Clone)]
pub struct Shades {
    points: Arc<Vec<Rgba>>,
    class: Option<(Arc<Vec<u8>>, u8)>,
    nodes: Vec<Shade>,
    /// The places that are drawn; `None` where all are.
    drawn: Option<Mask>,
}

/// Nodes shaded by one thread at a time.
const CHUNK: usize = 4096;

impl Shades {
    /// `colors` by place; those with an alpha of 0 are not drawn, and other alphas are not looked
    /// at. Places without a colour are not drawn.
    #[must_use]
    pub fn new(tree: &TileTree, mut colors: Vec<Rgba>) -> Self {
        colors.resize(tree.points().len(), [0; 4]);
        Self::shaded(tree, Arc::new(colors), None)
    }

    /// The same for the points of each class alone: the shades of class `k` draw the places where
    /// `classes` holds `k`. They share the memory of the colours.
    #[must_use]
    pub fn by_class(tree: &TileTree, mut colors: Vec<Rgba>, classes: &Arc<Vec<u8>>) -> Vec<Self> {
        colors.resize(tree.points().len().min(classes.len()), [0; 4]);
        let colors = Arc::new(colors);
        let last = classes.iter().copied().max().unwrap_or(0);
        let of = |class| {
            Self::shaded(
                tree,
                Arc::clone(&colors),
                Some((Arc::clone(classes), class)),
            )
        };
        (0..=last).map(of).collect()
    }

    fn shaded(tree: &TileTree, colors: Arc<Vec<Rgba>>, class: Option<(Arc<Vec<u8>>, u8)>) -> Self {
        let mut shades = Self {
            points: colors,
            class,
            nodes: Vec::new(),
            drawn: None,
        };
        let of_leaf = |node: &Node| {
            let (mut mean, mut quarters) = (Mean::default(), Quarters::of(node));
            let points = &tree.points()[node.places()];
            let colors = &shades.points[node.places()];
            for ((place, point), &[r, g, b, _]) in node.places().zip(points).zip(colors) {
                if shades.draws(place) {
                    mean.add(1, [r, g, b]);
                    quarters.serve(*point, *point, 0.0);
                }
            }
            mean.shade().with_hole(node, quarters.hole())
        };
        let mut nodes = vec![Shade::default(); tree.nodes().len()];
        // Children come after their parents.
        for level in tree.levels().into_iter().rev() {
            let (here, below) = nodes.split_at_mut(level.end);
            let first_below = level.end;
            let of = |node: &Node| {
                if node.is_leaf() {
                    return of_leaf(node);
                }
                let below = &below[node.children().start - first_below..][..node.children().len()];
                let (mut mean, mut quarters) = (Mean::default(), Quarters::of(node));
                for (child, shade) in tree.nodes()[node.children()].iter().zip(below) {
                    if shade.count > 0 {
                        mean.add(shade.count, shade.rgb);
                        quarters.serve(child.min, child.max, shade.hole(child));
                    }
                }
                mean.shade().with_hole(node, quarters.hole())
            };
            here[level.clone()]
                .par_iter_mut()
                .zip(&tree.nodes()[level])
                .with_min_len(CHUNK)
                .for_each(|(shade, node)| *shade = of(node));
        }
        shades.nodes = nodes;
        let count = shades.points.len();
        if shades.count() < count {
            let draws = |place: usize| shades.draws(place);
            shades.drawn = Some(Mask::from_fn(count, draws));
        }
        shades
    }

    /// Colours by place.
    #[must_use]
    pub fn points(&self) -> &[Rgba] {
        &self.points
    }

    /// Shades by node.
    #[must_use]
    pub fn nodes(&self) -> &[Shade] {
        &self.nodes
    }

    /// Whether the point at `place` is drawn.
    #[must_use]
    #[inline]
    pub fn draws(&self, place: usize) -> bool {
        self.points[place][3] != 0
            && self
                .class
                .as_ref()
                .is_none_or(|(classes, class)| classes[place] == *class)
    }

    /// Those places of `mask` that are drawn.
    #[must_use]
    pub fn drawn_of<'a>(&self, mask: &'a Mask) -> Cow<'a, Mask> {
        match &self.drawn {
            Some(drawn) => Cow::Owned(mask.and(drawn)),
            None => Cow::Borrowed(mask),
        }
    }

    /// Number of points that are drawn.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes.first().map_or(0, |root| root.count as usize)
    }
}

/// The mean colour of some points.
#[derive(Default)]
struct Mean {
    count: u32,
    sum: [u64; 3],
}

impl Mean {
    #[inline]
    fn add(&mut self, count: u32, rgb: [u8; 3]) {
        self.count += count;
        for (sum, value) in self.sum.iter_mut().zip(rgb) {
            *sum += u64::from(count) * u64::from(value);
        }
    }

    #[inline]
    fn shade(self) -> Shade {
        let part = 1.0 / f64::from(self.count.max(1));
        Shade {
            count: self.count,
            // The sums are below 2^53.
            rgb: self.sum.map(|sum| (sum as f64 * part + 0.5) as u8),
            hole: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_hole_is_larger_than_told() {
        let mut state = 3_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f32 / (1_u64 << 24) as f32
        };
        let points: Vec<[f32; 2]> = (0..3000).map(|_| [next().powi(2), next() * 0.3]).collect();
        let tree = TileTree::new(&points);
        let color = |place: usize| [0, 0, 0, u8::from(!place.is_multiple_of(3))];
        let shades = Shades::new(&tree, (0..3000).map(color).collect());
        let mut told = 0;
        for (node, shade) in tree.nodes().iter().zip(shades.nodes()) {
            if shade.count == 0 || node.count() > 400 {
                continue;
            }
            told += usize::from(shade.hole(node) < 0.5 * diagonal(node));
            for _ in 0..20 {
                let at = [0, 1].map(|i| node.min[i] + next() * (node.max[i] - node.min[i]));
                let distance = |place: usize| {
                    let point = tree.points()[place];
                    (point[0] - at[0]).hypot(point[1] - at[1])
                };
                let drawn = node.places().filter(|&place| shades.draws(place));
                let nearest = drawn.map(distance).fold(f32::INFINITY, f32::min);
                assert!(nearest <= shade.hole(node) * 1.0001 + 1e-6);
            }
        }
        assert!(told > 50, "{told}");
    }

    #[test]
    fn a_node_shows_the_mean_of_what_is_drawn() {
        let points: Vec<[f32; 2]> = (0..1000)
            .map(|i| [(i % 37) as f32, (i % 41) as f32])
            .collect();
        let tree = TileTree::new(&points);
        let color = |place: usize| match tree.order()[place] % 3 {
            0 => [255, 0, 0, 255],
            1 => [0, 0, 255, 255],
            _ => [9, 9, 9, 0],
        };
        let shades = Shades::new(&tree, (0..1000).map(color).collect());
        assert_eq!(shades.count(), 667);
        let root = shades.nodes()[0];
        assert!(root.rgb[0].abs_diff(128) < 3 && root.rgb[1] == 0 && root.rgb[2].abs_diff(127) < 3);
        for (node, shade) in tree.nodes().iter().zip(shades.nodes()) {
            assert_eq!(
                shade.count as usize,
                node.places().filter(|&p| shades.draws(p)).count()
            );
        }
        assert_eq!(Shades::new(&tree, Vec::new()).count(), 0);
        let classes = Arc::new(
            (0..1000)
                .map(|place| (place % 4) as u8)
                .collect::<Vec<u8>>(),
        );
        let by_class = Shades::by_class(&tree, (0..1000).map(color).collect(), &classes);
        assert_eq!(by_class.len(), 4);
        assert_eq!(by_class.iter().map(Shades::count).sum::<usize>(), 667);
        assert!((0..1000).all(|p| by_class[p % 4].draws(p) == shades.draws(p)));
    }
}
