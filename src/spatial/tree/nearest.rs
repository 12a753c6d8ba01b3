//! The point nearest to a place of the plane.

use super::TileTree;

impl TileTree {
    /// The place of the point nearest to `at`, no farther than `reach`, among those that count:
    /// `node_counts` tells whether a node holds any (it may say yes wrongly), `counts` whether a
    /// place does. Of equally near points the one with the lowest index.
    #[must_use]
    pub fn nearest(
        &self,
        at: [f64; 2],
        reach: f64,
        node_counts: impl Fn(usize) -> bool,
        counts: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut best: Option<(f64, u32, usize)> = None;
        let mut limit = reach * reach;
        // Nodes to look at, the nearest last.
        let mut open: Vec<(f64, usize)> = Vec::with_capacity(64);
        if let Some(root) = self.root() {
            open.push((root.distance_squared(at), 0));
        }
        while let Some((distance, index)) = open.pop() {
            if distance > limit || !node_counts(index) {
                continue;
            }
            let node = &self.nodes()[index];
            let own = if node.is_leaf() { node.places() } else { 0..0 };
            for place in own {
                let offset = [0, 1].map(|i| f64::from(self.points()[place][i]) - at[i]);
                let distance = offset[0] * offset[0] + offset[1] * offset[1];
                let candidate = (distance, self.order()[place], place);
                if distance <= limit
                    && best.is_none_or(|b| (candidate.0, candidate.1) < (b.0, b.1))
                    && counts(place)
                {
                    best = Some(candidate);
                    limit = distance;
                }
            }
            let first = open.len();
            open.extend(
                node.children()
                    .map(|child| (self.nodes()[child].distance_squared(at), child))
                    .filter(|(distance, _)| *distance <= limit),
            );
            open[first..].sort_by(|a, b| b.0.total_cmp(&a.0));
        }
        best.map(|(_, _, place)| place)
    }
}
