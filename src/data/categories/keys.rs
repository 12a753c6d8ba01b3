//! Values as keys that are compared and looked up quickly.

use std::hash::{Hash, Hasher};

/// What tells values apart.
pub(super) trait Key: Clone + Eq + Hash {
    /// A number other than 0 that no other key has; 0 where there is none.
    fn word(&self) -> u128;
}

macro_rules! number {
    ($($kind:ty, $unsigned:expr;)*) => {$(
        impl Key for $kind {
            #[inline]
            fn word(&self) -> u128 {
                1 << 127 | u128::from($unsigned(*self))
            }
        }
    )*};
}

number!(
    bool, u64::from;
    u8, u64::from;
    u16, u64::from;
    u32, u64::from;
    u64, u64::from;
    i8, i8::cast_unsigned;
    i16, i16::cast_unsigned;
    i32, i32::cast_unsigned;
    i64, i64::cast_unsigned;
);

impl Key for String {
    fn word(&self) -> u128 {
        0
    }
}

/// A text: its bytes and its length in one number where they fit, which is compared at once.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    /// 0 for a long text.
    short: u128,
    long: &'a [u8],
}

impl PartialEq for Text<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.short == other.short && (self.short != 0 || self.long == other.long)
    }
}

impl Eq for Text<'_> {}

impl Key for Text<'_> {
    #[inline]
    fn word(&self) -> u128 {
        self.short
    }
}

impl Hash for Text<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.short == 0 {
            state.write(self.long);
        } else {
            state.write_u128(self.short);
        }
    }
}

/// The text of `length` bytes at `start`; `None` for none.
#[inline]
pub(super) fn text(bytes: &[u8], start: usize, length: usize) -> Option<Text<'_>> {
    const SHORT: usize = 15;
    if length == 0 {
        return None;
    }
    if length > SHORT {
        let long = &bytes[start..start + length];
        return Some(Text { short: 0, long });
    }
    let word = if let Some(word) = bytes.get(start..).and_then(<[u8]>::first_chunk::<16>) {
        *word
    } else {
        let mut word = [0; 16];
        word[..length].copy_from_slice(&bytes[start..start + length]);
        word
    };
    let own = u128::from_le_bytes(word) & ((1 << (8 * length)) - 1);
    Some(Text {
        short: own | (length as u128) << 120,
        long: &[],
    })
}

/// A hash of a few bytes in a few cycles. There are never more than 65 535 keys, and a caller who
/// makes them collide waits for his own file.
#[derive(Default)]
pub(super) struct Quick(u64);

impl Quick {
    fn add(&mut self, word: u64) {
        let mixed = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u128(&mut self, value: u128) {
        self.add(value as u64);
        self.add((value >> 64) as u64);
    }

    fn write_u64(&mut self, value: u64) {
        self.add(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.add(value as u64);
    }

    fn write_u8(&mut self, value: u8) {
        self.add(u64::from(value));
    }

    fn finish(&self) -> u64 {
        // The table takes its groups from the low bits and its tags from the high ones.
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32)
    }
}
