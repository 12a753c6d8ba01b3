//! Large blocks of memory in large pages, where the system gives them on request (Linux).
//!
//! A map of ten million points has half a gigabyte in a dozen blocks. In pages of 4 KB, a quarter of
//! the time that opening it takes goes into the system's handing them out one by one.

use std::alloc::{GlobalAlloc, Layout, System};

/// Smaller blocks are left as they are: fewer than two large pages.
const LARGE: usize = 4 << 20;

/// The allocator of the system, which is asked for large pages where a block is large.
pub(super) struct LargePages;

#[expect(
    unsafe_code,
    reason = "that is what an allocator is; all of it is the system's"
)]
// SAFETY: every call is handed on as it is, and a request for large pages changes no content.
unsafe impl GlobalAlloc for LargePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's.
        large(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's.
        large(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's.
        large(unsafe { System.realloc(block, layout, size) }, size)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(block, layout) }
    }
}

#[inline]
fn large(block: *mut u8, size: usize) -> *mut u8 {
    if size >= LARGE && !block.is_null() {
        ask(block, size);
    }
    block
}

#[cfg(target_os = "linux")]
#[cold]
fn ask(block: *mut u8, size: usize) {
    const PAGE: usize = 4096;
    let before = block.addr() % PAGE;
    let whole = (size + before) / PAGE * PAGE;
    // A system that has no large pages says so, and all is as it was.
    #[expect(unsafe_code, reason = "a call to the C library")]
    // SAFETY: the pages are those of the block, the first one from its beginning, and advice does not
    // change what they hold.
    unsafe {
        libc::madvise(block.sub(before).cast(), whole, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
fn ask(_: *mut u8, _: usize) {}

#[cfg(test)]
mod tests {
    #[test]
    fn a_large_block_keeps_its_content_when_it_grows() {
        let mut numbers: Vec<u64> = (0..super::LARGE as u64 / 4).collect();
        numbers.extend(numbers.clone());
        numbers.shrink_to(0);
        assert!(
            (0..super::LARGE as u64 / 4)
                .chain(0..super::LARGE as u64 / 4)
                .eq(numbers)
        );
        let zeros = vec![0_u64; super::LARGE];
        assert!(zeros.iter().all(|&zero| zero == 0));
    }
}
