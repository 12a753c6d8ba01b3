//! The nearest candidates of one point, kept sorted.

/// Distance and index in one ordered number: the bits of a non-negative float sort like it.
#[inline(always)]
#[must_use]
pub fn key(dist2: f32, index: u32) -> u64 {
    u64::from(dist2.to_bits()) << 32 | u64::from(index)
}

#[inline(always)]
#[must_use]
pub fn key_dist2(key: u64) -> f32 {
    f32::from_bits((key >> 32) as u32)
}

#[inline(always)]
#[must_use]
pub fn key_index(key: u64) -> u32 {
    key as u32
}

/// What an empty place holds: farther than anything.
pub const NONE: u64 = (f32::INFINITY.to_bits() as u64) << 32 | 0xffff_ffff;

/// Inserts into a sorted list of fixed length, dropping its last; a key that is not below the
/// last, or is there already, changes nothing. Returns the new last distance.
#[inline]
pub fn insert(list: &mut [u64], new: u64) -> f32 {
    let mut at = list.len() - 1;
    if new < list[at] {
        while at > 0 && list[at - 1] > new {
            at -= 1;
        }
        if at == 0 || list[at - 1] != new {
            let last = list.len() - 1;
            list.copy_within(at..last, at + 1);
            list[at] = new;
        }
    }
    key_dist2(list[list.len() - 1])
}
