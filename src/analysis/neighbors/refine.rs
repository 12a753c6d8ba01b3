//! One round of NN-descent (Dong, Moses & Li 2011): a neighbour of a neighbour is likely a
//! neighbour. Every point reads the lists as they were before the round, so the result does not
//! depend on the order of the work.

use super::best::{NONE, insert, key, key_dist2, key_index};
use super::cells::Rows;
use crate::analysis::simd;
use crate::progress::{Cancelled, Progress};
use rayon::prelude::*;

/// Compares each row with the first `breadth` neighbours of its first `breadth` neighbours.
pub fn refine(
    rows: Rows<'_>,
    breadth: usize,
    keep: usize,
    lists: &mut [u64],
    progress: &Progress,
) -> Result<(), Cancelled> {
    let breadth = breadth.min(keep);
    let mut heads = vec![u32::MAX; rows.len() * breadth];
    heads
        .par_chunks_mut(breadth)
        .zip(lists.par_chunks(keep))
        .for_each(|(h, l)| {
            for (h, &v) in h.iter_mut().zip(l) {
                *h = key_index(v);
            }
        });
    progress.check()?;
    lists
        .par_chunks_mut(keep)
        .enumerate()
        .with_min_len(64)
        .for_each_init(Seen::default, |seen, (r, list)| {
            if progress.is_cancelled() {
                return;
            }
            seen.clear();
            seen.first_time(r as u32);
            for &v in list.iter() {
                seen.first_time(key_index(v));
            }
            let own = rows.row(r);
            let mut limit = key_dist2(list[keep - 1]);
            let near = &heads[r * breadth..(r + 1) * breadth];
            for &b in near.iter().filter(|&&b| b != u32::MAX) {
                for &c in &heads[b as usize * breadth..(b as usize + 1) * breadth] {
                    if c != u32::MAX && seen.first_time(c) {
                        let d = simd::dist2(own, rows.row(c as usize));
                        if d < limit {
                            limit = insert(list, key(d, c));
                        }
                    }
                }
            }
            debug_assert!(list.windows(2).all(|w| w[0] < w[1] || w[1] == NONE));
        });
    progress.check()
}

/// A set of row numbers, small and quickly emptied. It may forget under pressure (two rounds of a
/// full table), which only costs a comparison made twice.
struct Seen {
    slots: Vec<(u32, u32)>,
    stamp: u32,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            slots: vec![(0, 0); 2048],
            stamp: 0,
        }
    }
}

impl Seen {
    fn clear(&mut self) {
        self.stamp = self.stamp.wrapping_add(1);
        if self.stamp == 0 {
            self.slots.fill((0, 0));
            self.stamp = 1;
        }
    }

    #[inline]
    fn first_time(&mut self, c: u32) -> bool {
        let mask = self.slots.len() - 1;
        let mut at = (c.wrapping_mul(0x9e37_79b9) >> 16) as usize & mask;
        for _ in 0..16 {
            let slot = self.slots[at];
            if slot.1 != self.stamp {
                self.slots[at] = (c, self.stamp);
                return true;
            }
            if slot.0 == c {
                return false;
            }
            at = (at + 1) & mask;
        }
        true
    }
}
