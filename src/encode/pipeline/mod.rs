//! All objects of a data set through an encoder.
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
mod source;

use std::sync::mpsc::sync_channel;
use std::thread;

pub use collect::{Encoded, Predicted};

use super::EncodeError;
use super::card::{ModelCard, ModelInput};
use super::encoder::{Answers, Encoder};
use crate::data::{Catalog, CutoutRead};
use crate::progress::Progress;
use collect::Collector;
use feed::Feed;
use source::{Columns, Pictures, Source};

const PICTURES: &str = "pictures";
const COLUMNS: &str = "columns of a catalogue";

/// How to run an encoder over a data set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EncodeOptions {
    /// Objects in a batch; chosen by input size and device when `None`.
    pub batch: Option<usize>,
    /// Encode only this many first rows.
    pub limit: Option<usize>,
}

/// Encodes the pictures of `cutouts`, row `i` being catalogue row `i`.
///
/// Rows that cannot be read, prepared or encoded are left out and listed in the warnings.
///
/// # Errors
/// [`EncodeError::Modality`] for an encoder of something else; [`EncodeError::Cancelled`] within one
/// batch of the owner's wish; [`EncodeError::NothingEncoded`] with the first row's reason when all rows
/// fail; whatever stops the engine.
pub fn encode(
    cutouts: &dyn CutoutRead,
    encoder: &mut Encoder,
    options: &EncodeOptions,
    progress: &Progress,
) -> Result<Encoded, EncodeError> {
    let card = encoder.card().clone();
    let ModelInput::Image(input) = card.input() else {
        return Err(modality(&card, COLUMNS, PICTURES));
    };
    run(
        &Pictures { cutouts, input },
        &card,
        encoder,
        options,
        progress,
    )
}

/// Encodes the rows of `catalog` by the columns that the encoder's card names.
///
/// Rows without a finite number in each of them are left out and listed in the warnings.
///
/// # Errors
/// As [`encode`]; [`EncodeError::Column`] for a column that is missing or holds no numbers.
pub fn encode_columns(
    catalog: &Catalog,
    encoder: &mut Encoder,
    options: &EncodeOptions,
    progress: &Progress,
) -> Result<Encoded, EncodeError> {
    let card = encoder.card().clone();
    let ModelInput::Sed(input) = card.input() else {
        return Err(modality(&card, PICTURES, COLUMNS));
    };
    let source = Columns::new(catalog, &card, input)?;
    run(&source, &card, encoder, options, progress)
}

fn modality(card: &ModelCard, takes: &'static str, given: &'static str) -> EncodeError {
    EncodeError::Modality {
        encoder: card.about().name.clone(),
        takes,
        given,
    }
}

fn run(
    source: &dyn Source,
    card: &ModelCard,
    encoder: &mut Encoder,
    options: &EncodeOptions,
    progress: &Progress,
) -> Result<Encoded, EncodeError> {
    let catalog_rows = source.rows();
    let rows = options
        .limit
        .map_or(catalog_rows, |limit| limit.min(catalog_rows));
    if rows == 0 {
        return Err(EncodeError::NoObjects);
    }
    progress.check()?;
    let batch = encoder.batch(options.batch);
    let object_len = encoder.object_len();
    let workers = feed::workers(rows.div_ceil(batch), batch * object_len);
    let (full_sender, full) = sync_channel(workers);
    let feed = Feed::new(source, object_len, rows, batch, progress);
    // Each worker fills one buffer while another waits for the engine or is in it.
    let empty = feed.open(workers + 1, || encoder.buffer(batch))?;
    let mut collector = Collector::new(rows, encoder.dim(), card.heads());

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
            let answers = if batch.rows.is_empty() {
                Answers::default()
            } else {
                encoder.run(&batch.values, batch.rows.len())?
            };
            done += batch.span;
            collector.add(&batch, answers);
            // A worker that has left needs no buffer.
            let _ = empty.send(batch.values);
            progress.set(done, rows)?;
        }
        progress.check()?;
        Ok::<_, EncodeError>(())
    })?;
    collector.finish(catalog_rows, encoder.provenance(), card)
}
