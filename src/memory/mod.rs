//! How much memory there is left, how much this process holds, the pages that it is in, and asking for it early.

mod pages;
mod prefetch;

pub use prefetch::prefetch;

#[global_allocator]
static ALLOCATOR: pages::LargePages = pages::LargePages;

/// Bytes that can still be had without pushing others out: what Linux calls available, and no more
/// than the control group of this process has left. `None` where nobody tells.
#[must_use]
pub fn available_bytes() -> Option<u64> {
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok()?;
    let free = available_of(&meminfo)?;
    let group = || {
        let number = |name: &str| {
            let text = std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
            text.trim().parse::<u64>().ok()
        };
        Some(number("memory.max")?.saturating_sub(number("memory.current")?))
    };
    Some(group().map_or(free, |group| free.min(group)))
}

/// Bytes of memory that this process holds. `None` where nobody tells.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    bytes_of(&status, "VmRSS:")
}

fn available_of(meminfo: &str) -> Option<u64> {
    bytes_of(meminfo, "MemAvailable:")
}

/// The amount in the line that begins with `name`.
fn bytes_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// Such as "3.2 GB".
#[must_use]
pub fn in_words(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b => format!("{:.0} MB", (b / 1e6).max(1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_says_is_understood() {
        let text = "MemTotal:       24614444 kB\nMemAvailable:    1000000 kB\n";
        assert_eq!(available_of(text), Some(1_024_000_000));
        assert_eq!(available_of("MemAvailable: many kB"), None);
        assert_eq!(
            bytes_of("VmHWM:  9 kB\nVmRSS:\t 3 kB\n", "VmRSS:"),
            Some(3072)
        );
        assert_eq!(in_words(3_210_000_000), "3.2 GB");
        assert_eq!(in_words(12), "1 MB");
    }
}
