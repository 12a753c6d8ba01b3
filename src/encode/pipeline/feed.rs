//! The reading half of the pipeline: threads that turn rows into full batches.

use std::num::NonZero;
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;

use super::super::EncodeError;
use super::super::preprocess::Notes;
use super::source::{Prepare, Source};
use crate::progress::Progress;
use crate::quiet::catch;

/// Buffers together stay below this unless one batch alone needs more, 256 MiB.
const MAX_VALUES: usize = 64 << 20;

/// Prepared objects of consecutive rows; those that failed take no slot.
pub(super) struct Batch {
    /// The rows that it stands for.
    pub(super) span: Range<usize>,
    /// `rows.len()` objects, then leftovers.
    pub(super) values: Vec<f32>,
    /// The row of each object and what was tolerated in it.
    pub(super) rows: Vec<(u32, Notes)>,
    /// Rows that could not be prepared and why.
    pub(super) failed: Vec<(u32, String)>,
}

/// What the workers share.
pub(super) struct Feed<'a> {
    source: &'a dyn Source,
    /// Number of values in one object.
    object_len: usize,
    /// End of the rows to read.
    end: usize,
    batch: usize,
    progress: &'a Progress,
    queue: Mutex<Queue>,
}

/// Empty buffers, and the first row of the next batch to fill.
struct Queue {
    next: usize,
    empty: Option<Receiver<Vec<f32>>>,
}

/// Number of threads that read and prepare.
pub(super) fn workers(batches: usize, batch_values: usize) -> usize {
    let affordable = (MAX_VALUES / batch_values.max(1)).saturating_sub(1);
    available_parallelism()
        .map_or(1, NonZero::get)
        .min(batches)
        .min(affordable)
        .max(1)
}

impl<'a> Feed<'a> {
    pub(super) fn new(
        source: &'a dyn Source,
        object_len: usize,
        rows: Range<usize>,
        batch: usize,
        progress: &'a Progress,
    ) -> Self {
        Self {
            source,
            object_len,
            end: rows.end,
            batch,
            progress,
            queue: Mutex::new(Queue {
                next: rows.start,
                empty: None,
            }),
        }
    }

    /// Puts buffers into circulation and returns the end by which they come back.
    pub(super) fn open(
        &self,
        buffers: usize,
        make: impl Fn() -> Result<Vec<f32>, EncodeError>,
    ) -> Result<Sender<Vec<f32>>, EncodeError> {
        let (sender, receiver) = channel();
        for _ in 0..buffers {
            // The receiver is alive, so this cannot fail.
            let _ = sender.send(make()?);
        }
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .empty = Some(receiver);
        Ok(sender)
    }

    /// Fills batches until none is left, the work is cancelled or nobody wants them any more.
    pub(super) fn work(&self, full: &SyncSender<Batch>) {
        let mut preparer = self.source.preparer();
        while let Some((span, values)) = self.take() {
            let Some(batch) = self.fill(span, values, preparer.as_mut()) else {
                return;
            };
            if full.send(batch).is_err() {
                return;
            }
        }
    }

    /// The rows of the next batch and a buffer for it.
    ///
    /// Rows are checked before a buffer is taken: a worker that leaves must not keep one.
    fn take(&self) -> Option<(Range<usize>, Vec<f32>)> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let span = queue.next..self.end.min(queue.next + self.batch);
        if span.is_empty() {
            return None;
        }
        let values = queue.empty.as_ref()?.recv().ok()?;
        queue.next = span.end;
        Some((span, values))
    }

    /// `None` when cancelled.
    fn fill(
        &self,
        span: Range<usize>,
        mut values: Vec<f32>,
        preparer: &mut dyn Prepare,
    ) -> Option<Batch> {
        let (mut filled, mut failed) = (Vec::with_capacity(span.len()), Vec::new());
        for row in span.clone() {
            if self.progress.is_cancelled() {
                return None;
            }
            let start = filled.len() * self.object_len;
            let slot = &mut values[start..start + self.object_len];
            // Readers of foreign files may panic; that costs this row and not the run.
            let result = catch(|| preparer.prepare(row, slot));
            match result.and_then(|result| result) {
                Ok(notes) => filled.push((row as u32, notes)),
                Err(reason) => failed.push((row as u32, reason)),
            }
        }
        Some(Batch {
            span,
            values,
            rows: filled,
            failed,
        })
    }
}
