//! All objects of a data set through an encoder.
//!
//! ```text
//! workers: read, preprocess ──▶ full batches (bounded) ──▶ calling thread: run ──▶ segments in order
//!         ▲                                                      │
//!         └──────────────── empty buffers ◀──────────────────────┘
//! ```
//!
//! A worker fills whole batches of consecutive rows, so reading overlaps with inference and the
//! composition of every batch, hence the result, is the same whatever the timing. Memory is
//! bounded by the number of buffers, which go round. A run may begin at the end of any segment of an
//! earlier one: what comes after is the same.

mod collect;
mod feed;
mod order;
mod source;

use std::ops::Range;
use std::sync::mpsc::sync_channel;
use std::thread;

pub use collect::{Collector, Findings, Predicted};

use super::EncodeError;
use super::card::ModelInput;
use super::encoder::{Answers, Encoder};
use crate::data::{Catalog, CutoutRead, Embedding, Segment, SpectrumRead};
use crate::progress::Progress;
use feed::Feed;
use order::Order;
use source::{Columns, Pictures, Source, Spectra};

/// How to run an encoder over a data set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EncodeOptions {
    /// Objects in a batch; chosen by input size and device when `None`.
    pub batch: Option<usize>,
    /// Encode only this many first rows.
    pub limit: Option<usize>,
}

/// What an encoder runs over.
#[derive(Clone, Copy)]
pub enum Objects<'a> {
    /// Pictures, row `i` being catalogue row `i`.
    Pictures(&'a dyn CutoutRead),
    /// Spectra, row `i` being catalogue row `i`.
    Spectra(&'a dyn SpectrumRead),
    /// Rows of a catalogue, by the columns that the encoder's card names.
    Columns(&'a Catalog),
}

/// Vectors of a data set, and what went wrong on the way.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// The vectors, in the order of their rows.
    pub embedding: Embedding,
    /// What the heads of the encoder predict, in the order of its card.
    pub predictions: Vec<Predicted>,
    /// As [`Findings::warnings`].
    pub warnings: Vec<(u32, String)>,
}

impl Objects<'_> {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Pictures(cutouts) => cutouts.len(),
            Self::Spectra(spectra) => spectra.len(),
            Self::Columns(catalog) => catalog.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Pictures(_) => PICTURES,
            Self::Spectra(_) => SPECTRA,
            Self::Columns(_) => COLUMNS,
        }
    }
}

const PICTURES: &str = "pictures";
const SPECTRA: &str = "spectra";
const COLUMNS: &str = "columns of a catalogue";

/// Encodes objects, all of them at once in memory.
///
/// Rows that cannot be read, prepared or encoded are left out and listed in the warnings.
///
/// # Errors
/// Those of [`encode_segments`]; [`EncodeError::NothingEncoded`] with the first row's reason when all
/// rows fail.
pub fn encode(
    objects: Objects<'_>,
    encoder: &mut Encoder,
    options: &EncodeOptions,
    progress: &Progress,
) -> Result<Encoded, EncodeError> {
    let card = encoder.card().clone();
    let mut collector = Collector::new(&card);
    let mut vectors = Vec::new();
    encode_segments(objects, encoder, options, 0, progress, &mut |segment| {
        collector.add(&segment);
        vectors.extend_from_slice(&segment.vectors);
        Ok::<_, EncodeError>(())
    })?;
    let Findings {
        rows,
        predictions,
        warnings,
    } = collector.finish(objects.len())?;
    let facts = encoder.provenance();
    let embedding = Embedding::new(vectors, encoder.dim(), rows, objects.len(), facts)?;
    Ok(Encoded {
        embedding,
        predictions,
        warnings,
    })
}

/// Encodes objects from row `first` on and hands their segments to `each`, in order. The composition of
/// batches is that of a whole run when `first` is the end of one of its segments.
///
/// # Errors
/// [`EncodeError::Modality`] for an encoder of something else; [`EncodeError::Column`] for a column that
/// is missing or holds no numbers; [`EncodeError::Cancelled`] within one batch of the owner's wish;
/// whatever stops the engine; what `each` returns.
pub fn encode_segments<E: From<EncodeError>>(
    objects: Objects<'_>,
    encoder: &mut Encoder,
    options: &EncodeOptions,
    first: usize,
    progress: &Progress,
    each: &mut dyn FnMut(Segment) -> Result<(), E>,
) -> Result<(), E> {
    let card = encoder.card().clone();
    let rows = options.limit.unwrap_or(usize::MAX).min(objects.len());
    if rows == 0 {
        return Err(EncodeError::NoObjects.into());
    }
    let rows = first..rows;
    match (objects, card.input()) {
        (Objects::Pictures(cutouts), ModelInput::Image(input)) => run(
            &Pictures { cutouts, input },
            rows,
            encoder,
            options,
            progress,
            each,
        ),
        (Objects::Columns(catalog), ModelInput::Sed(input)) => {
            let source = Columns::new(catalog, &card, input)?;
            run(&source, rows, encoder, options, progress, each)
        }
        (Objects::Spectra(spectra), ModelInput::Spectrum(input)) => {
            let source = Spectra { spectra, input };
            run(&source, rows, encoder, options, progress, each)
        }
        (objects, input) => {
            let takes = match input {
                ModelInput::Image(_) => PICTURES,
                ModelInput::Spectrum(_) => SPECTRA,
                ModelInput::Sed(_) => COLUMNS,
            };
            Err(EncodeError::Modality {
                encoder: card.about().name.clone(),
                takes,
                given: objects.kind(),
            }
            .into())
        }
    }
}

/// What the buffers of a long run take, bytes.
pub(super) fn buffer_bytes(encoder: &Encoder) -> u64 {
    let values = encoder.batch(None) * encoder.object_len();
    let buffers = feed::workers(usize::MAX, values) + 1;
    (buffers * values * size_of::<f32>()) as u64
}

fn run<E: From<EncodeError>>(
    source: &dyn Source,
    rows: Range<usize>,
    encoder: &mut Encoder,
    options: &EncodeOptions,
    progress: &Progress,
    each: &mut dyn FnMut(Segment) -> Result<(), E>,
) -> Result<(), E> {
    let check = |progress: &Progress| progress.check().map_err(EncodeError::from);
    check(progress)?;
    let batch = encoder.batch(options.batch);
    let object_len = encoder.object_len();
    let workers = feed::workers(rows.len().div_ceil(batch), batch * object_len);
    let (full_sender, full) = sync_channel(workers);
    let feed = Feed::new(source, object_len, rows.clone(), batch, progress);
    // Each worker fills one buffer while another waits for the engine or is in it.
    let empty = feed.open(workers + 1, || encoder.buffer(batch))?;
    let mut order = Order::new(rows.start, encoder.dim());

    thread::scope(|scope| {
        for _ in 0..workers {
            let sender = full_sender.clone();
            let feed = &feed;
            scope.spawn(move || feed.work(&sender));
        }
        drop(full_sender);
        // Both ends are dropped when this returns, early or not, which ends the workers.
        let (full, empty) = (full, empty);
        let mut done = rows.start;
        for mut batch in full {
            let answers = if batch.rows.is_empty() {
                Answers::default()
            } else {
                encoder.run(&batch.values, batch.rows.len())?
            };
            done += batch.span.len();
            order.add(&mut batch, &answers);
            // A worker that has left needs no buffer.
            let _ = empty.send(batch.values);
            while let Some(segment) = order.next() {
                each(segment)?;
            }
            progress.set(done, rows.end).map_err(EncodeError::from)?;
        }
        check(progress)?;
        Ok(())
    })
}
