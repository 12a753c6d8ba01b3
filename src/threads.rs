//! Threads apart from those that all other work shares. Work of those is taken up by one thread after the other, and a
//! long piece of it would keep what was asked for later waiting.

use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Does work that somebody waits for, and that is soon done, such as a frame, on threads kept for such work.
pub fn promptly<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    static THREADS: OnceLock<Option<ThreadPool>> = OnceLock::new();
    on(THREADS.get_or_init(threads).as_ref(), work)
}

/// Does long work on threads of its own.
pub fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    on(threads().as_ref(), work)
}

/// As many as the processor has; `None` where the system gives none.
fn threads() -> Option<ThreadPool> {
    ThreadPoolBuilder::new().build().ok()
}

fn on<T: Send>(threads: Option<&ThreadPool>, work: impl FnOnce() -> T + Send) -> T {
    match threads {
        Some(threads) => threads.install(work),
        None => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    /// Shared threads that are all busy keep nothing else waiting.
    #[test]
    fn long_work_does_not_hold_up_what_is_soon_done() {
        let over = AtomicBool::new(false);
        let begun = Instant::now();
        let waits = |over: &AtomicBool| {
            while !over.load(Ordering::Relaxed) && begun.elapsed() < Duration::from_mins(1) {
                thread::sleep(Duration::from_millis(1));
            }
        };
        let sum = || (0..1000_u64).into_par_iter().sum::<u64>();
        let many = 4 * rayon::current_num_threads();
        thread::scope(|scope| {
            scope.spawn(|| (0..many).into_par_iter().for_each(|_| waits(&over)));
            scope.spawn(|| apart(|| (0..many).into_par_iter().for_each(|_| waits(&over))));
            thread::sleep(Duration::from_millis(20));
            assert_eq!(promptly(sum), 499_500);
            assert_eq!(apart(sum), 499_500);
            over.store(true, Ordering::Relaxed);
        });
        assert!(begun.elapsed() < Duration::from_mins(1));
    }
}
