//! CPU time, as Linux counts it: user and system, all threads.

/// CPU seconds of this process so far.
pub fn own_seconds() -> f64 {
    ticks(11) + ticks(12)
}

/// CPU seconds of the children of this process that have ended.
pub fn children_seconds() -> f64 {
    ticks(13) + ticks(14)
}

/// A field of `/proc/self/stat` after the name, in seconds; NaN where there is no such file.
fn ticks(field: usize) -> f64 {
    const PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let value = after_name
        .split_whitespace()
        .nth(field)
        .and_then(|f| f.parse::<f64>().ok());
    value.map_or(f64::NAN, |ticks| ticks / PER_SECOND)
}
