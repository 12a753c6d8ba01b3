//! All pairs, by differences: exact, for small sets.

use super::best::{NONE, insert, key};
use super::cells::Rows;
use crate::analysis::simd;
use crate::progress::{Cancelled, Progress};
use rayon::prelude::*;

/// For each row the sorted keys of its `k` nearest others (k < rows).
pub fn all_pairs(rows: Rows<'_>, k: usize, progress: &Progress) -> Result<Vec<u64>, Cancelled> {
    let mut lists = vec![NONE; rows.len() * k];
    lists.par_chunks_mut(k).enumerate().for_each(|(i, list)| {
        if progress.is_cancelled() {
            return;
        }
        let own = rows.row(i);
        for j in (0..rows.len()).filter(|&j| j != i) {
            insert(list, key(simd::dist2(own, rows.row(j)), j as u32));
        }
    });
    progress.check()?;
    Ok(lists)
}
