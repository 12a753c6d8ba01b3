//! All pictures of a data set through an encoder.
//!
//! ```text
//! workers: read, preprocess ──▶ full batches (bounded) ──▶ calling thread: run ──▶ rows in order
//!         ▲                                                      │
//!         └──────────────── empty buffers ◀──────────────────────┘
//! ```
//!
//! A worker fills whole batches of consecutive rows, so reading overlaps with inference and the
//! composition of every batch, hence the result, is the same whatever the timing. Memory is
//! bounded by the number of buffers, which go round.

mod collect;
mod feed;

use std::sync::mpsc::sync_channel;
use std::thread;

pub use collect::Encoded;

use super::EncodeError;
use super::encoder::Encoder;
use crate::data::CutoutRead;
use crate::progress::Progress;
use collect::Collector;
use feed::Feed;

/// How to run an encoder over a data set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EncodeOptions {
    /// Pictures in a batch; chosen by picture size and device when `None`.
    pub batch: Option<usize>,
    /// Encode only this many first rows.
    pub limit: Option<usize>,
}

/// Encodes the pictures of `cutouts`, row `i` being catalogue row `i`.
///
/// Rows that cannot be read, prepared or encoded are left out and listed in the warnings.
///
/// # Errors
/// [`EncodeError::Cancelled`] within one batch of the owner's wish; [`EncodeError::NothingEncoded`]
/// with the first row's reason when all rows fail; whatever stops the engine.
pub fn encode(
    cutouts: &dyn CutoutRead,
    encoder: &mut Encoder,
    options: &EncodeOptions,
    progress: &Progress,
) -> Result<Encoded, EncodeError> {
    let rows = options
        .limit
        .map_or(cutouts.len(), |limit| limit.min(cutouts.len()));
    if rows == 0 {
        return Err(EncodeError::NoCutouts);
    }
    progress.check()?;
    let batch = encoder.batch(options.batch);
    let card = encoder.card().clone();
    let workers = feed::workers(rows.div_ceil(batch), batch * encoder.picture_len());
    let (full_sender, full) = sync_channel(workers);
    let feed = Feed::new(cutouts, card.input(), rows, batch, progress);
    // Each worker fills one buffer while another waits for the engine or is in it.
    let empty = feed.open(workers + 1, || encoder.buffer(batch))?;
    let mut collector = Collector::new(rows, encoder.dim());

    thread::scope(|scope| {
        for _ in 0..workers {
            let sender = full_sender.clone();
            let feed = &feed;
            scope.spawn(move || feed.work(&sender));
        }
        drop(full_sender);
        // Both ends are dropped when this returns, early or not, which ends the workers.
        let (full, empty) = (full, empty);
        let mut done = 0;
        for batch in full {
            let vectors = if batch.rows.is_empty() {
                Vec::new()
            } else {
                encoder.run(&batch.pixels, batch.rows.len())?
            };
            done += batch.span;
            collector.add(&batch, vectors);
            // A worker that has left needs no buffer.
            let _ = empty.send(batch.pixels);
            progress.set(done, rows)?;
        }
        progress.check()?;
        Ok::<_, EncodeError>(())
    })?;
    collector.finish(cutouts.len(), encoder.provenance(), card.input())
}
