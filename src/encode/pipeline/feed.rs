//! The reading half of the pipeline: threads that turn rows into full batches.

use std::num::NonZero;
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
    /// Position among the batches.
    pub(super) index: usize,
    /// `rows.len()` objects, then leftovers.
    pub(super) values: Vec<f32>,
    /// The row of each object and what was tolerated in it.
    pub(super) rows: Vec<(u32, Notes)>,
    /// Rows that could not be prepared and why.
    pub(super) failed: Vec<(u32, String)>,
    /// Number of rows it stands for.
    pub(super) span: usize,
}

/// What the workers share.
pub(super) struct Feed<'a> {
    source: &'a dyn Source,
    /// Number of values in one object.
    object_len: usize,
    rows: usize,
    batch: usize,
    progress: &'a Progress,
    queue: Mutex<Queue>,
}

/// Empty buffers, and the next batch to fill.
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
        rows: usize,
        batch: usize,
        progress: &'a Progress,
    ) -> Self {
        Self {
            source,
            object_len,
            rows,
            batch,
            progress,
            queue: Mutex::new(Queue {
                next: 0,
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
        while let Some((index, values)) = self.take() {
            let Some(batch) = self.fill(index, values, preparer.as_mut()) else {
                return;
            };
            if full.send(batch).is_err() {
                return;
            }
        }
    }

    /// The next batch's number and a buffer for it.
    ///
    /// The number is checked before a buffer is taken: a worker that leaves must not keep one.
    fn take(&self) -> Option<(usize, Vec<f32>)> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.next * self.batch >= self.rows {
            return None;
        }
        let values = queue.empty.as_ref()?.recv().ok()?;
        queue.next += 1;
        Some((queue.next - 1, values))
    }

    /// `None` when cancelled.
    fn fill(
        &self,
        index: usize,
        mut values: Vec<f32>,
        preparer: &mut dyn Prepare,
    ) -> Option<Batch> {
        let rows = index * self.batch..self.rows.min((index + 1) * self.batch);
        let span = rows.len();
        let (mut filled, mut failed) = (Vec::with_capacity(span), Vec::new());
        for row in rows {
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
            index,
            values,
            rows: filled,
            failed,
            span,
        })
    }
}
