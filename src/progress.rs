//! Progress and cancellation of long work: one handle that every job, reader and fit takes.
//!
//! A [`Progress`] covers a span of the whole (`0..1`). [`Progress::stage`] hands out a part of that
//! span, so that a function reports `0..1` without knowing where in a longer job it runs. The front
//! end holds a clone, reads [`Progress::snapshot`] and may [`cancel`](Progress::cancel).

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The work was cancelled by its owner. Not an error to show: whoever cancelled knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

#[derive(Debug, Default)]
struct Shared {
    cancelled: AtomicBool,
    enough: AtomicBool,
    /// f32 bits; non-negative floats order like their bits, so `fetch_max` keeps the bar monotone.
    fraction_bits: AtomicU32,
    stage: Mutex<String>,
}

/// A handle on one piece of long work. Clones share the same state.
#[derive(Debug, Clone)]
pub struct Progress {
    shared: Arc<Shared>,
    span: Range<f32>,
}

/// What a progress bar shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// What is being done, such as "Encoding".
    pub stage: String,
    /// Share of the whole that is done, `0..=1`, never decreasing.
    pub fraction: f32,
}

/// Too early to tell how long work will take.
const TOO_EARLY: Duration = Duration::from_secs(2);

impl Snapshot {
    /// About how long the rest will take, once that can be told.
    #[must_use]
    pub fn remaining(&self, elapsed: Duration) -> Option<Duration> {
        let known = elapsed >= TOO_EARLY && self.fraction >= 0.02;
        known.then(|| elapsed.mul_f32((1.0 - self.fraction) / self.fraction))
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            shared: Arc::default(),
            span: 0.0..1.0,
        }
    }
}

impl Progress {
    /// A fresh handle over the whole span.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a named stage that takes up `part` (within `0..1`) of this handle's span.
    #[must_use]
    pub fn stage(&self, name: &str, part: Range<f32>) -> Self {
        let mut stage = self
            .shared
            .stage
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        name.clone_into(&mut stage);
        drop(stage);
        let stage = self.part(part);
        stage.report(0.0);
        stage
    }

    /// A handle over `part` of this span, without renaming the stage.
    #[must_use]
    pub fn part(&self, part: Range<f32>) -> Self {
        let length = self.span.end - self.span.start;
        Self {
            shared: Arc::clone(&self.shared),
            span: self.span.start + part.start * length..self.span.start + part.end * length,
        }
    }

    /// Reports `done` of `total` units of this span.
    ///
    /// # Errors
    /// [`Cancelled`] when the owner asked to stop.
    pub fn set(&self, done: usize, total: usize) -> Result<(), Cancelled> {
        #[expect(clippy::cast_precision_loss, reason = "a progress bar")]
        self.report(done as f32 / total.max(1) as f32);
        self.check()
    }

    /// Returns early when the owner asked to stop.
    ///
    /// # Errors
    /// [`Cancelled`] when the owner asked to stop.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }

    /// Asks the work to stop at its next check.
    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the owner asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.shared.cancelled.load(Ordering::Relaxed)
    }

    /// Asks work that gets better as it goes on to end with what it has.
    pub fn suffice(&self) {
        self.shared.enough.store(true, Ordering::Relaxed);
    }

    /// Whether what there is suffices.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.shared.enough.load(Ordering::Relaxed)
    }

    /// The current stage and fraction.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            stage: self
                .shared
                .stage
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            fraction: f32::from_bits(self.shared.fraction_bits.load(Ordering::Relaxed)),
        }
    }

    /// Reports the fraction, `0..=1`, of this span that is done.
    pub fn report(&self, fraction: f32) {
        let whole = self.span.start + fraction.clamp(0.0, 1.0) * (self.span.end - self.span.start);
        self.shared
            .fraction_bits
            .fetch_max(whole.clamp(0.0, 1.0).to_bits(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_nest_and_never_go_back() {
        let whole = Progress::new();
        let first = whole.stage("first", 0.0..0.5);
        first.set(1, 2).unwrap();
        assert!((whole.snapshot().fraction - 0.25).abs() < 1e-6);
        let second = whole.stage("second", 0.5..1.0);
        assert_eq!(whole.snapshot().stage, "second");
        first.set(0, 2).unwrap();
        assert!((whole.snapshot().fraction - 0.5).abs() < 1e-6);
        second.part(0.0..0.5).set(1, 1).unwrap();
        assert!((whole.snapshot().fraction - 0.75).abs() < 1e-6);
    }

    #[test]
    fn cancelling_one_clone_stops_all() {
        let whole = Progress::new();
        let stage = whole.stage("work", 0.2..0.4);
        whole.cancel();
        assert_eq!(stage.set(1, 10), Err(Cancelled));
    }
}
