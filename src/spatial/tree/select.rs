//! All points of a region, exactly.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Node, TileTree};
use crate::mask::Mask;
use crate::spatial::{Narrowed, Region};

const WORD: usize = 64;
/// Nodes of fewer points are not worth another thread.
const PARALLEL: usize = 20_000;

impl TileTree {
    /// The places inside `region`: a node inside or outside as a whole is answered at once, only the
    /// points along the outline are looked at one by one.
    #[must_use]
    pub fn select(&self, region: &impl Region) -> Mask {
        let mut words = Vec::new();
        words.resize_with(self.points().len().div_ceil(WORD), AtomicU64::default);
        if let Some(root) = self.root() {
            self.select_in(root, region, &region.whole(), &words);
        }
        let words = words.into_iter().map(AtomicU64::into_inner).collect();
        Mask::from_words(words, self.points().len())
    }

    /// The corners of the smallest box around the places of `mask`; `None` when it has none. Nodes
    /// inside what is known already are passed over.
    #[must_use]
    pub fn corners_of(&self, mask: &Mask) -> Option<([f32; 2], [f32; 2])> {
        let (mut min, mut max) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        let mut open = if self.nodes().is_empty() {
            vec![]
        } else {
            vec![0]
        };
        while let Some(at) = open.pop() {
            let node = &self.nodes()[at];
            let known = (0..2).all(|i| node.min[i] >= min[i] && node.max[i] <= max[i]);
            let count = if known {
                0
            } else {
                mask.count_in(node.places())
            };
            let mut around = |low: [f32; 2], high: [f32; 2]| {
                min = [0, 1].map(|i| min[i].min(low[i]));
                max = [0, 1].map(|i| max[i].max(high[i]));
            };
            if count == 0 {
                continue;
            }
            if count == node.count() {
                around(node.min, node.max);
            } else if node.is_leaf() {
                let chosen = node.places().filter(|place| mask.contains(*place));
                chosen.for_each(|place| around(self.points()[place], self.points()[place]));
            } else {
                open.extend(node.children());
            }
        }
        (min[0] <= max[0]).then_some((min, max))
    }

    fn select_in<R: Region>(&self, node: &Node, region: &R, part: &R::Part, words: &[AtomicU64]) {
        match region.narrow(part, node.min, node.max) {
            Narrowed::Outside => {}
            Narrowed::Inside => set(words, node.places().start, node.places().end),
            Narrowed::Open(part) if node.is_leaf() => {
                for place in node.places() {
                    if region.contains(&part, self.points()[place]) {
                        words[place / WORD].fetch_or(1 << (place % WORD), Ordering::Relaxed);
                    }
                }
            }
            Narrowed::Open(part) => {
                let children = &self.nodes()[node.children()];
                if node.count() > PARALLEL {
                    rayon::scope(|scope| {
                        for child in children {
                            let part = &part;
                            scope.spawn(move |_| self.select_in(child, region, part, words));
                        }
                    });
                } else {
                    for child in children {
                        self.select_in(child, region, &part, words);
                    }
                }
            }
        }
    }
}

/// Sets the bits `start..end`. Words are shared with neighbouring nodes at both ends.
fn set(words: &[AtomicU64], start: usize, end: usize) {
    let mut at = start;
    while at < end {
        let stop = end.min((at / WORD + 1) * WORD);
        let bits = (u64::MAX >> (WORD - (stop - at))) << (at % WORD);
        words[at / WORD].fetch_or(bits, Ordering::Relaxed);
        at = stop;
    }
}
