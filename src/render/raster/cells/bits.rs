//! A bit for each of many pixels, from what their cells hold.

use wide::{i8x16, u16x8};

/// Pixels in a word of bits.
pub(super) const WORD: usize = 64;

/// The highest bit of each of 64 bytes.
#[inline]
pub(super) fn signs(bytes: [u8; WORD]) -> u64 {
    let bytes: [i8x16; WORD / 16] = bytemuck::cast(bytes);
    let mut signs = 0;
    for (i, bytes) in bytes.iter().enumerate() {
        signs |= u64::from(bytes.to_bitmask()) << (16 * i);
    }
    signs
}

/// Whether the highest bit of a lane is set.
#[inline]
pub(super) fn any_highest(lanes: u16x8) -> bool {
    const HIGHEST: u32 = 0xaaaa;
    bytemuck::cast::<_, i8x16>(lanes).to_bitmask() & HIGHEST != 0
}
