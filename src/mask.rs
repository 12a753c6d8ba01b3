//! A set of numbered things, one bit each: which points are selected, which rows pass a filter.

use std::ops::Range;

use rayon::prelude::*;

const WORD: usize = 64;
/// Words for which the count before them is kept.
const BLOCK: usize = 8;

/// `len` bits with constant-time counting in any range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    words: Vec<u64>,
    len: usize,
    /// Bits set before each block of words.
    before: Vec<u32>,
    count: usize,
}

impl Mask {
    /// No bit set.
    #[must_use]
    pub fn none(len: usize) -> Self {
        Self::from_words(vec![0; len.div_ceil(WORD)], len)
    }

    /// From 64 bits a word, lowest first; bits beyond `len` are dropped, missing words are zero.
    #[must_use]
    pub fn from_words(mut words: Vec<u64>, len: usize) -> Self {
        words.resize(len.div_ceil(WORD), 0);
        if !len.is_multiple_of(WORD)
            && let Some(last) = words.last_mut()
        {
            *last &= (1 << (len % WORD)) - 1;
        }
        let mut count = 0_usize;
        let before = words
            .chunks(BLOCK)
            .map(|block| {
                let here = count as u32;
                count += block.iter().map(|w| w.count_ones() as usize).sum::<usize>();
                here
            })
            .collect();
        Self {
            words,
            len,
            before,
            count,
        }
    }

    /// The bits for which `test` holds.
    #[must_use]
    pub fn from_fn(len: usize, test: impl Fn(usize) -> bool + Sync) -> Self {
        /// Words that are worth a task.
        const TASK: usize = 1024;
        let word = |w: usize| {
            (w * WORD..len.min((w + 1) * WORD))
                .fold(0, |bits, i| bits | (u64::from(test(i)) << (i % WORD)))
        };
        let words = (0..len.div_ceil(WORD)).into_par_iter().with_min_len(TASK);
        Self::from_words(words.map(word).collect(), len)
    }

    /// Number of bits, set or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no bit is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Number of bits set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether bit `i` is set; `false` beyond the end.
    #[must_use]
    pub fn contains(&self, i: usize) -> bool {
        self.words
            .get(i / WORD)
            .is_some_and(|w| w >> (i % WORD) & 1 == 1)
    }

    /// Bits set before `i`.
    fn rank(&self, i: usize) -> usize {
        let word = i / WORD;
        let block = word / BLOCK;
        let Some(&before) = self.before.get(block) else {
            return self.count;
        };
        let whole: u32 = self.words[block * BLOCK..word]
            .iter()
            .map(|w| w.count_ones())
            .sum();
        let part = self
            .words
            .get(word)
            .map_or(0, |w| (w & ((1 << (i % WORD)) - 1)).count_ones());
        (before + whole + part) as usize
    }

    /// Bits set in `range`.
    #[must_use]
    pub fn count_in(&self, range: Range<usize>) -> usize {
        let end = range.end.min(self.len);
        self.rank(end) - self.rank(range.start.min(end))
    }

    /// The bits set, in increasing order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(w, &bits)| {
            std::iter::successors((bits != 0).then_some(bits), |b| {
                let rest = b & (b - 1);
                (rest != 0).then_some(rest)
            })
            .map(move |b| w * WORD + b.trailing_zeros() as usize)
        })
    }

    fn zip(&self, other: &Self, join: impl Fn(u64, u64) -> u64) -> Self {
        let len = self.len.max(other.len);
        let word = |mask: &Self, i: usize| mask.words.get(i).copied().unwrap_or(0);
        let words = (0..len.div_ceil(WORD)).map(|i| join(word(self, i), word(other, i)));
        Self::from_words(words.collect(), len)
    }

    /// Bits set in both; beyond the end of the shorter none are, here and below.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    /// Bits set in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    /// Bits set here and not there.
    #[must_use]
    pub fn and_not(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    /// Bits that are not set here.
    #[must_use]
    pub fn not(&self) -> Self {
        Self::from_words(self.words.iter().map(|w| !w).collect(), self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_combinations_are_those_of_a_plain_set() {
        for len in [0, 1, 63, 64, 65, 511, 512, 513, 5000] {
            let third = Mask::from_fn(len, |i| i % 3 == 0);
            let big = Mask::from_fn(len, |i| i > 100);
            assert_eq!(
                third.iter().collect::<Vec<_>>(),
                (0..len).step_by(3).collect::<Vec<_>>()
            );
            assert_eq!(third.count(), len.div_ceil(3));
            for (a, b) in [(0, len), (1, len / 2), (len / 3, len), (len, len + 70)] {
                let expected = (a..b.min(len)).filter(|i| i % 3 == 0).count();
                assert_eq!(third.count_in(a..b), expected, "{len} {a}..{b}");
            }
            let of = |mask: &Mask, test: &(dyn Fn(usize) -> bool + Sync)| {
                assert_eq!(*mask, Mask::from_fn(len, test));
            };
            of(&third.and(&big), &|i| i % 3 == 0 && i > 100);
            of(&third.or(&big), &|i| i % 3 == 0 || i > 100);
            of(&third.and_not(&big), &|i| i % 3 == 0 && i <= 100);
            of(&third.not(), &|i| i % 3 != 0);
            assert!(!third.contains(len) && Mask::none(len).is_empty());
            let longer = Mask::from_fn(len + 100, |i| i + 50 > len);
            let both = third.or(&longer);
            let expected = Mask::from_fn(len + 100, |i| i % 3 == 0 && i < len || i + 50 > len);
            assert_eq!((both.len(), both), (len + 100, expected));
        }
    }
}
