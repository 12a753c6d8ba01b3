//! Which picture lies in which slot of an atlas: the one that was not used for longest makes room.

use std::collections::HashMap;
use std::hash::Hash;

/// Slots by key.
#[derive(Debug)]
pub(super) struct Slots<K> {
    of: HashMap<K, usize>,
    /// Key and the turn in which it was last used, by slot.
    used: Vec<(K, u64)>,
    capacity: usize,
    turn: u64,
}

impl<K: Copy + Eq + Hash> Slots<K> {
    pub fn new(capacity: usize) -> Self {
        Self {
            of: HashMap::new(),
            used: Vec::new(),
            capacity,
            turn: 0,
        }
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Begins a turn: what is used in it makes no room before the next.
    pub fn begin_turn(&mut self) {
        self.turn += 1;
    }

    pub fn holds(&self, key: &K) -> bool {
        self.of.contains_key(key)
    }

    /// The slot of a key, used in this turn.
    pub fn get(&mut self, key: &K) -> Option<usize> {
        let slot = *self.of.get(key)?;
        self.used[slot].1 = self.turn;
        Some(slot)
    }

    /// A slot for a key, used in this turn; `None` when all others were used in it as well.
    pub fn put(&mut self, key: K) -> Option<usize> {
        if let Some(slot) = self.get(&key) {
            return Some(slot);
        }
        let slot = if self.used.len() < self.capacity {
            self.used.push((key, self.turn));
            self.used.len() - 1
        } else {
            let ages = self.used.iter().enumerate();
            let (oldest, (old, turn)) = ages.min_by_key(|(_, (_, turn))| *turn)?;
            if *turn == self.turn {
                return None;
            }
            self.of.remove(old);
            self.used[oldest] = (key, self.turn);
            oldest
        };
        self.of.insert(key, slot);
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_that_was_not_used_for_longest_makes_room() {
        let mut slots = Slots::new(3);
        for key in 0..3 {
            slots.begin_turn();
            assert_eq!(slots.put(key), Some(key));
        }
        slots.begin_turn();
        assert_eq!(slots.get(&0), Some(0));
        assert_eq!(slots.put(7), Some(1));
        assert!(!slots.holds(&1) && slots.holds(&0) && slots.holds(&2));
        assert_eq!(slots.get(&1), None);
        // What is in use stays.
        assert_eq!(slots.put(8), Some(2));
        assert_eq!(slots.put(9), None);
        assert!(slots.holds(&0) && slots.holds(&7) && slots.holds(&8));
        slots.begin_turn();
        assert_eq!(slots.put(9), Some(0));
        assert_eq!(slots.put(9), Some(0));
    }

    #[test]
    fn no_room_at_all() {
        let mut slots = Slots::new(0);
        slots.begin_turn();
        assert_eq!(slots.put(1), None);
    }
}
