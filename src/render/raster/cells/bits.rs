//! A bit for each of many pixels, from what their cells hold.

use wide::{i8x16, i16x8, u16x8};

/// Pixels in a word of bits.
pub(super) const WORD: usize = 64;

/// Both, in bytes.
#[inline]
fn narrow(low: i16x8, high: i16x8) -> i8x16 {
    i8x16::from_i16x16_saturate(bytemuck::cast([low, high]))
}

/// At most 64 masks, the others empty.
#[inline]
pub(super) fn word(masks: &[u16]) -> [i16x8; WORD / 8] {
    let mut word = [i16x8::ZERO; WORD / 8];
    let lanes: &mut [u16] = bytemuck::cast_slice_mut(&mut word);
    lanes[..masks.len()].copy_from_slice(masks);
    word
}

/// The highest bit of each of 64 masks.
#[inline]
pub(super) fn signs(masks: &[i16x8; WORD / 8]) -> u64 {
    let mut signs = 0;
    for (i, [low, high]) in masks.as_chunks::<2>().0.iter().enumerate() {
        signs |= u64::from(narrow(*low, *high).to_bitmask()) << (16 * i);
    }
    signs
}

/// Whether the highest bit of a lane is set.
#[inline]
pub(super) fn any_highest(lanes: u16x8) -> bool {
    const HIGHEST: u32 = 0xaaaa;
    bytemuck::cast::<_, i8x16>(lanes).to_bitmask() & HIGHEST != 0
}
