//! A bit for each of many pixels, from what their cells hold.

use wide::{i8x16, i16x8, i32x4, u16x8, u64x2};

/// Pixels in a word of bits.
pub(super) const WORD: usize = 64;

/// A bit for each of at most 64 pixels in which there are single points.
#[inline]
pub(super) fn occupied(singles: &[u16x8]) -> u64 {
    /// Pixels that are looked at together: bytes of a vector.
    const TOGETHER: usize = 16;
    let (groups, rest) = singles.as_chunks::<TOGETHER>();
    let mut bits = 0;
    for (i, group) in groups.iter().enumerate() {
        bits |= u64::from(sixteen(group)) << (TOGETHER * i);
    }
    if !rest.is_empty() {
        let mut group = [u16x8::ZERO; TOGETHER];
        group[..rest.len()].copy_from_slice(rest);
        bits |= u64::from(sixteen(&group)) << (TOGETHER * groups.len());
    }
    bits
}

/// The same for sixteen pixels.
#[inline]
fn sixteen(singles: &[u16x8; 16]) -> u32 {
    // Whatever has a number is not empty, and its lanes stay above 0 when they are narrowed: no highest bit is set.
    let sums = |i: usize| -> i16x8 {
        let [a, b]: [u64x2; 2] = bytemuck::cast([singles[i], singles[i + 1]]);
        bytemuck::cast(a.unpack_lo(b))
    };
    let four = |i: usize| -> i32x4 { bytemuck::cast(narrow(sums(i), sums(i + 2))) };
    let eight = |i: usize| i16x8::from_i32x8_saturate(bytemuck::cast([four(i), four(i + 4)]));
    narrow(eight(0), eight(8)).simd_gt(i8x16::ZERO).to_bitmask()
}

/// Both, in bytes.
#[inline]
fn narrow(low: i16x8, high: i16x8) -> i8x16 {
    i8x16::from_i16x16_saturate(bytemuck::cast([low, high]))
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
