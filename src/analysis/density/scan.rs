//! A parallel pass over all points that stays cancellable from the calling thread.

use rayon::prelude::*;

/// Points between two questions whether to go on.
const BATCH: usize = 1 << 22;
/// Fewest points worth a thread.
const SLICE: usize = 1 << 14;

/// Runs `work` over all `points` in slices and returns one partial result per thread, or `None`
/// when cancelled.
///
/// `work` gets its partial result, the index of the first point of the slice and the slice.
/// Which slices meet in one partial result depends on the number of threads: only sums of whole
/// numbers, minima and maxima may be gathered this way if the outcome is to be the same always.
pub(super) fn partials<P: Clone + Send + Sync>(
    points: &[[f32; 2]],
    empty: &P,
    cancelled: &dyn Fn() -> bool,
    work: impl Fn(&mut P, usize, &[[f32; 2]]) + Sync,
) -> Option<Vec<P>> {
    let threads = rayon::current_num_threads()
        .min(points.len().div_ceil(SLICE))
        .max(1);
    let mut partials = vec![empty.clone(); threads];
    for (number, batch) in points.chunks(BATCH).enumerate() {
        if cancelled() {
            return None;
        }
        let slice = batch.len().div_ceil(threads);
        partials
            .par_iter_mut()
            .zip(batch.par_chunks(slice))
            .enumerate()
            .for_each(|(i, (partial, part))| work(partial, number * BATCH + i * slice, part));
    }
    Some(partials)
}
