//! Encoding a data set.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::devices::open_encoder;
use super::{JobError, Report, cache_folder, make_map};
use crate::data::{Catalog, CutoutRead as _, Embedding, Provenance, Segment, SpectrumRead as _};
use crate::encode::{
    AutoChoice, Collector, EncodeOptions, Encoder, Findings, ModelCard, ModelInput, Objects,
    Predicted, encode_segments,
};
use crate::hash::Hash;
use crate::io::{
    self, CutoutSource, Dataset, Earlier, Journal, Overwrite, Shape, SpectrumSource, VectorSource,
};
use crate::progress::Progress;
use crate::session::{Edit, Encoded, EncoderChoice, MapRecipe, OpenData};

/// What an encoder made of a data set.
pub struct EncodedDataset {
    /// The vectors.
    pub encoded: Encoded,
    /// The catalogue with what the encoder predicts, where it predicts anything.
    pub catalog: Option<Catalog>,
    /// Rows that an earlier, interrupted run had worked on.
    pub taken_up: usize,
}

/// What [`encode_file`] wrote.
#[derive(Debug)]
pub struct EncodedFile {
    /// Rows that were asked for.
    pub rows: usize,
    /// How many of them have a vector.
    pub encoded: usize,
    /// Length of a vector.
    pub dim: usize,
    /// The engine and where it ran.
    pub engine: String,
    /// Why it ran there, when the device was `auto`.
    pub device_reason: Option<AutoChoice>,
    /// Catalogue row and sentence, by row.
    pub warnings: Vec<(u32, String)>,
    /// Rows that an earlier, interrupted run had worked on.
    pub taken_up: usize,
    /// Whether an interrupted run of something else was dropped.
    pub dropped: bool,
}

/// Runs an encoder over the pictures or spectra of `dataset`, or over columns of its catalogue. What is
/// found is kept in the folder `unfinished` until the run ends: after an interruption the same call goes
/// on where the last one ended, with the same result. Where it cannot be kept the run goes on without.
///
/// # Errors
/// When there are no such objects, the encoder cannot be used, or no object could be encoded.
pub fn encode_dataset(
    dataset: &Dataset,
    choice: &EncoderChoice,
    options: &EncodeOptions,
    unfinished: &Path,
    progress: &Progress,
) -> Result<EncodedDataset, JobError> {
    let card = choice.card()?;
    let objects = objects(dataset, &card)?;
    let mut encoder = open_encoder(&card, choice.device()?)?;
    progress.check()?;
    let rows = options.limit.unwrap_or(usize::MAX).min(objects.len());
    let key = run_key(dataset, &encoder, options, rows);
    let (mut journal, mut found) = Found::taken_up(unfinished, &key, &encoder, &card);
    let taken_up = journal.as_ref().map_or(0, Journal::done);
    let mut keep = |segment: Segment| {
        let full = journal
            .as_mut()
            .is_some_and(|journal| journal.append(&segment).is_err());
        if let Some(journal) = journal.take_if(|_| full) {
            let _ = journal.remove();
        }
        found.add(&segment);
        Ok::<_, JobError>(())
    };
    encode_segments(
        objects,
        &mut encoder,
        options,
        taken_up,
        progress,
        &mut keep,
    )?;
    if let Some(journal) = journal {
        // What stays is dropped by the next run that is kept there.
        let _ = journal.remove();
    }
    let Found { collector, vectors } = found;
    let Findings {
        rows,
        predictions,
        warnings,
    } = collector.finish(dataset.catalog.len())?;
    let (dim, facts) = (encoder.dim(), encoder.provenance());
    let embedding = Embedding::new(vectors, dim, rows, dataset.catalog.len(), facts)?;
    Ok(EncodedDataset {
        catalog: with_predictions(&dataset.catalog, &card, &predictions)?,
        encoded: Encoded {
            embedding,
            warnings,
            encoder: Some(choice.clone()),
            device_reason: encoder.auto_choice().cloned(),
        },
        taken_up,
    })
}

/// Where the user's runs are kept until they end: in the cache folder, so that deleting it costs a run.
#[must_use]
pub fn unfinished_of_user() -> PathBuf {
    cache_folder().join("unfinished")
}

/// What a run has found so far.
struct Found<'a> {
    collector: Collector<'a>,
    vectors: Vec<f32>,
}

impl<'a> Found<'a> {
    fn new(card: &'a ModelCard) -> Self {
        Self {
            collector: Collector::new(card),
            vectors: Vec::new(),
        }
    }

    fn add(&mut self, segment: &Segment) {
        self.collector.add(segment);
        self.vectors.extend_from_slice(&segment.vectors);
    }

    /// The journal of the run of that key in `folder`, where one can be kept, and what it holds.
    fn taken_up(
        folder: &Path,
        key: &str,
        encoder: &Encoder,
        card: &'a ModelCard,
    ) -> (Option<Journal>, Self) {
        forget_old(folder);
        let mut found = Self::new(card);
        let output = folder.join(&key[..key.len().min(32)]);
        let shape = Shape {
            dim: encoder.dim(),
            predictions: encoder.predictions(),
        };
        let take = &mut |segment: &Segment| found.add(segment);
        let journal =
            io::create_folder(folder).and_then(|()| Journal::open(&output, key, shape, take));
        match journal {
            Ok((journal, _)) => (Some(journal), found),
            Err(_) => (None, Self::new(card)),
        }
    }
}

/// Removes what runs have left behind that were interrupted long ago.
fn forget_old(folder: &Path) {
    const LONG: Duration = Duration::from_hours(30 * 24);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let changed = entry.metadata().and_then(|about| about.modified()).ok();
        let age = changed.and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > LONG) && Journal::is_named(&entry.path()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Runs an encoder as [`encode_dataset`] does, into an embedding file. Vectors stay on the disk: what is
/// found is appended to `OUT.unfinished` as it comes. After an interruption the same call goes on where
/// the last one ended, and ends with the same file; it begins anew when the model, its card, the engine,
/// the size of batches or the objects are not the same.
///
/// # Errors
/// Those of [`encode_dataset`]; when the output exists and may not be replaced, the disk is full, or
/// another run is writing that output.
pub fn encode_file(
    dataset: &Dataset,
    choice: &EncoderChoice,
    options: &EncodeOptions,
    out: &Path,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<EncodedFile, JobError> {
    io::check_output(out, overwrite)?;
    let card = choice.card()?;
    let objects = objects(dataset, &card)?;
    let mut encoder = open_encoder(&card, choice.device()?)?;
    progress.check()?;
    let rows = options.limit.unwrap_or(usize::MAX).min(objects.len());
    let shape = Shape {
        dim: encoder.dim(),
        predictions: encoder.predictions(),
    };
    let key = run_key(dataset, &encoder, options, rows);
    let mut collector = Collector::new(&card);
    let (mut journal, earlier) =
        Journal::open(out, &key, shape, &mut |segment| collector.add(segment))?;
    let taken_up = journal.done();
    let encoding = progress.part(0.0..0.97);
    let keep = &mut |segment| {
        journal.append(&segment)?;
        collector.add(&segment);
        Ok::<_, JobError>(())
    };
    encode_segments(objects, &mut encoder, options, taken_up, &encoding, keep)?;
    let findings = match collector.finish(dataset.catalog.len()) {
        Ok(findings) => findings,
        Err(e) => {
            // Nothing worth going on with.
            journal.remove()?;
            return Err(e.into());
        }
    };
    let catalog = with_predictions(&dataset.catalog, &card, &findings.predictions)?;
    let catalog = catalog.as_ref().unwrap_or(&dataset.catalog).first(rows);
    let vectors = Vectors {
        source: &journal,
        warnings: &findings.warnings,
        facts: &encoder.provenance(),
    };
    let writing = progress.stage("Writing", 0.97..1.0);
    write_vectors(out, dataset, &catalog, &vectors, overwrite, &writing)?;
    journal.remove()?;
    let Findings {
        rows: done,
        warnings,
        ..
    } = findings;
    Ok(EncodedFile {
        rows,
        encoded: done.len(),
        dim: shape.dim,
        engine: encoder.describe(),
        device_reason: encoder.auto_choice().cloned(),
        warnings,
        taken_up,
        dropped: earlier == Earlier::Dropped,
    })
}

/// What the encoder of `card` runs over.
fn objects<'a>(dataset: &'a Dataset, card: &ModelCard) -> Result<Objects<'a>, JobError> {
    match card.input() {
        ModelInput::Sed(_) => Ok(Objects::Columns(&dataset.catalog)),
        ModelInput::Image(_) => {
            let cutouts = dataset.cutouts.as_ref().ok_or_else(|| {
                JobError::Missing(format!(
                    "{} has no pictures to encode; open a folder or table of cutouts, or pass --cutouts DIR",
                    dataset.path.display()
                ))
            })?;
            debug_assert_eq!(cutouts.len(), dataset.catalog.len());
            Ok(Objects::Pictures(cutouts))
        }
        ModelInput::Spectrum(_) => {
            let spectra = dataset.spectra.as_ref().ok_or_else(|| {
                JobError::Missing(format!(
                    "{} has no spectra to encode; open a FITS file or a folder of spectra, or a table with the column \
                     `spectrum_file`, or pass --cutouts DIR to say where they lie",
                    dataset.path.display()
                ))
            })?;
            debug_assert_eq!(spectra.len(), dataset.catalog.len());
            Ok(Objects::Spectra(spectra))
        }
    }
}

/// Encodes the open data and makes a map like the one before.
pub(super) fn run(
    data: &OpenData,
    choice: &EncoderChoice,
    then: Option<MapRecipe>,
    progress: &Progress,
    report: &mut dyn FnMut(Report),
) -> Result<(), JobError> {
    let encoding = progress.stage("Encoding", 0.0..0.98);
    let options = EncodeOptions::default();
    let kept = unfinished_of_user();
    let EncodedDataset {
        encoded,
        catalog,
        taken_up,
    } = encode_dataset(&data.dataset, choice, &options, &kept, &encoding)?;
    if taken_up > 0 {
        report(Report::Notice(format!(
            "{taken_up} objects were taken over from the run that was interrupted"
        )));
    }
    summary(&encoded, data.dataset.catalog.len())
        .into_iter()
        .for_each(|n| report(Report::Notice(n)));
    let reducing = progress.stage("Making the map", 0.98..1.0);
    let vectors = Some(&encoded.embedding);
    let map = then
        .map(|recipe| make_map(&data.dataset, vectors, &recipe, &reducing))
        .transpose()?;
    report(Report::Edit(Edit::SetEmbedding {
        encoded,
        map,
        data: catalog.map(|catalog| data.with_catalog(catalog)),
    }));
    Ok(())
}

/// The catalogue with columns that the encoder predicts; `None` where it predicts none.
fn with_predictions(
    catalog: &Catalog,
    card: &ModelCard,
    predictions: &[Predicted],
) -> Result<Option<Catalog>, JobError> {
    if predictions.is_empty() {
        return Ok(None);
    }
    let columns = predictions
        .iter()
        .map(|column| (column.name.as_str(), column.values.as_slice()));
    let catalog = catalog.with_predictions(&card.about().name, columns)?;
    Ok(Some(catalog))
}

/// A hash of everything that the results of a run depend on.
fn run_key(dataset: &Dataset, encoder: &Encoder, options: &EncodeOptions, rows: usize) -> String {
    let mut hash = Hash::default();
    for (name, value) in encoder.provenance().iter() {
        hash.add(name.as_bytes());
        hash.add(value.as_bytes());
    }
    let card = encoder.card();
    // All that a card says of tensors, whatever becomes a line of the provenance.
    let said = format!("{:?} {:?} {:?}", card.input(), card.output(), card.heads());
    hash.add(said.as_bytes());
    hash.add(&encoder.batch(options.batch).to_le_bytes());
    hash.add(&rows.to_le_bytes());
    match card.input() {
        ModelInput::Image(_) => {
            let pictures = dataset.cutouts.as_ref().map(CutoutSource::fingerprint);
            hash.add(pictures.unwrap_or_default().as_bytes());
        }
        ModelInput::Spectrum(_) => {
            let spectra = dataset.spectra.as_ref().map(SpectrumSource::fingerprint);
            hash.add(spectra.unwrap_or_default().as_bytes());
        }
        ModelInput::Sed(sed) => {
            for name in &sed.columns {
                let values = dataset
                    .catalog
                    .column(name)
                    .and_then(|column| column.numbers());
                let bytes = values
                    .unwrap_or_default()
                    .into_iter()
                    .flat_map(f64::to_le_bytes);
                hash.add(&bytes.collect::<Vec<_>>());
            }
        }
    }
    hash.finish()
}

/// Vectors on their way to a file.
struct Vectors<'a> {
    source: &'a dyn VectorSource,
    warnings: &'a [(u32, String)],
    /// How they were made.
    facts: &'a Provenance,
}

/// Writes vectors as an embedding file that finds its pictures again.
///
/// # Errors
/// When the file exists and may not be replaced, the disk is full, or on cancellation.
pub fn write_encoded(
    path: &Path,
    dataset: &Dataset,
    catalog: &Catalog,
    encoded: &Encoded,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<(), JobError> {
    let vectors = Vectors {
        source: &encoded.embedding,
        warnings: &encoded.warnings,
        facts: encoded.embedding.provenance(),
    };
    write_vectors(path, dataset, catalog, &vectors, overwrite, progress)
}

fn write_vectors(
    path: &Path,
    dataset: &Dataset,
    catalog: &Catalog,
    vectors: &Vectors<'_>,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<(), JobError> {
    let pictures = dataset
        .files_root()
        .map(|root| io::cutouts_provenance(root, path))
        .unwrap_or_default();
    let source = Provenance::default().with("source", dataset.path.display().to_string());
    // What an earlier encoder of the same objects said of its vectors does not hold for these.
    let provenance = dataset.provenance.clone().without("heads").without("space");
    let provenance = provenance.merged(&source).merged(&pictures);
    io::write_embedding(
        path,
        catalog,
        vectors.source,
        vectors.warnings,
        &provenance.merged(vectors.facts),
        overwrite,
        progress,
    )?;
    Ok(())
}

/// What to tell when some of `rows` objects have no vector, or bands were not those of the encoder.
/// What else was tolerated stands among the notes of the encoder.
pub(super) fn summary(encoded: &Encoded, rows: usize) -> Vec<String> {
    let failed = encoded.device_reason.iter();
    let failed = failed.filter(|auto| !auto.failed().is_empty());
    let mut notices: Vec<String> = failed.map(|auto| format!("Device auto: {auto}")).collect();
    let left_out = rows - encoded.embedding.len();
    let told = |warning: &&(u32, String)| left_out > 0 || warning.1.contains("band");
    let first = encoded
        .warnings
        .iter()
        .find(told)
        .map(|(row, text)| format!("row {row}: {text}"));
    notices.extend(match (left_out, first) {
        (0, first) => first,
        (n, first) => Some(format!(
            "{n} of {rows} objects could not be encoded; {}",
            first.unwrap_or_default()
        )),
    });
    notices
}
