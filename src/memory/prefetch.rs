//! Asking for memory before it is read.

/// Bytes that a processor fetches at a time.
const LINE: usize = 64;

/// Asks for values that are soon to be read, where the processor can be asked: those that lie scattered are then
/// fetched side by side, rather than waited for one after another.
#[inline]
pub fn prefetch<T>(values: &[T]) {
    let bytes = size_of_val(values);
    let first = values.as_ptr().cast::<i8>();
    for offset in (0..bytes).step_by(LINE) {
        line(first.wrapping_add(offset));
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn line(at: *const i8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    #[expect(unsafe_code, reason = "a hint to the processor")]
    // SAFETY: every x86-64 processor takes the hint, at whatever address, and it changes nothing.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(at);
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn line(_: *const i8) {}
