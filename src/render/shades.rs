//! The colour of every point and, for a crowd too dense to tell apart, of every node of the tree.

use std::sync::Arc;

use rayon::prelude::*;

use crate::color::Rgba;
use crate::spatial::{Node, TileTree};

/// What a node looks like from afar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shade {
    /// Its points that are drawn.
    pub count: u32,
    /// Their mean colour.
    pub rgb: [u8; 3],
}

/// Colours of the points of a tree, or of one class of them.
#[derive(Debug, Clone)]
pub struct Shades {
    points: Arc<Vec<Rgba>>,
    class: Option<(Arc<Vec<u8>>, u8)>,
    nodes: Vec<Shade>,
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
        };
        let of_leaf = |node: &Node| {
            if !node.is_leaf() {
                return Shade::default();
            }
            let drawn = node.places().filter(|&place| shades.draws(place));
            mean(drawn.map(|place| {
                let [r, g, b, _] = shades.points[place];
                (1, [r, g, b])
            }))
        };
        let mut nodes: Vec<Shade> = tree
            .nodes()
            .par_iter()
            .with_min_len(CHUNK)
            .map(of_leaf)
            .collect();
        // Children come after their parents.
        for (at, node) in tree.nodes().iter().enumerate().rev() {
            if !node.is_leaf() {
                nodes[at] = mean(nodes[node.children()].iter().map(|s| (s.count, s.rgb)));
            }
        }
        shades.nodes = nodes;
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

    /// Number of points that are drawn.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes.first().map_or(0, |root| root.count as usize)
    }
}

fn mean(parts: impl Iterator<Item = (u32, [u8; 3])>) -> Shade {
    let (mut count, mut sum) = (0_u32, [0_u64; 3]);
    for (n, rgb) in parts {
        count += n;
        for (sum, value) in sum.iter_mut().zip(rgb) {
            *sum += u64::from(n) * u64::from(value);
        }
    }
    let half = u64::from(count / 2);
    Shade {
        count,
        rgb: sum.map(|s| ((s + half) / u64::from(count.max(1))) as u8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
