//! Encoding a data set.

use std::path::Path;

use super::JobError;
use crate::data::{Catalog, CutoutRead, Provenance};
use crate::encode::{EncodeOptions, Encoder, ModelInput, encode, encode_columns};
use crate::io::{self, Dataset, Overwrite};
use crate::progress::Progress;
use crate::session::{Encoded, EncoderChoice};

/// What an encoder made of a data set.
pub struct EncodedDataset {
    /// The vectors.
    pub encoded: Encoded,
    /// The catalogue with what the encoder predicts, where it predicts anything.
    pub catalog: Option<Catalog>,
}

/// Runs an encoder over the pictures of `dataset`, or over columns of its catalogue.
///
/// # Errors
/// When there are no pictures or columns, the encoder cannot be used, or no object could be encoded.
pub fn encode_dataset(
    dataset: &Dataset,
    choice: &EncoderChoice,
    options: &EncodeOptions,
    progress: &Progress,
) -> Result<EncodedDataset, JobError> {
    let card = choice.card()?;
    let found = match card.input() {
        ModelInput::Sed(_) => {
            let mut encoder = Encoder::open(&card, choice.device()?)?;
            progress.check()?;
            encode_columns(&dataset.catalog, &mut encoder, options, progress)?
        }
        ModelInput::Image(_) => {
            let cutouts = dataset.cutouts.as_ref().ok_or_else(|| {
                JobError::Missing(format!(
                    "{} has no pictures to encode; open a folder or table of cutouts, or pass --cutouts DIR",
                    dataset.path.display()
                ))
            })?;
            let mut encoder = Encoder::open(&card, choice.device()?)?;
            progress.check()?;
            debug_assert_eq!(cutouts.len(), dataset.catalog.len());
            encode(cutouts, &mut encoder, options, progress)?
        }
    };
    let predicted = found
        .predictions
        .iter()
        .map(|column| (column.name.as_str(), column.values.as_slice()));
    let catalog = if found.predictions.is_empty() {
        None
    } else {
        Some(
            dataset
                .catalog
                .with_predictions(&card.about().name, predicted)?,
        )
    };
    Ok(EncodedDataset {
        encoded: Encoded {
            embedding: found.embedding,
            warnings: found.warnings,
            encoder: Some(choice.clone()),
        },
        catalog,
    })
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
    let pictures = dataset
        .cutouts
        .as_ref()
        .map(|source| io::cutouts_provenance(source.root(), path))
        .unwrap_or_default();
    let source = Provenance::default().with("source", dataset.path.display().to_string());
    let provenance = dataset.provenance.clone().merged(&source).merged(&pictures);
    io::write_embedding(
        path,
        catalog,
        &encoded.embedding,
        &encoded.warnings,
        &provenance,
        overwrite,
        progress,
    )?;
    Ok(())
}

/// What to tell when some of `rows` objects have no vector, or bands were not those of the encoder.
/// What else was tolerated stands among the notes of the encoder.
pub(super) fn summary(encoded: &Encoded, rows: usize) -> Vec<String> {
    let left_out = rows - encoded.embedding.len();
    let told = |warning: &&(u32, String)| left_out > 0 || warning.1.contains("band");
    let first = encoded
        .warnings
        .iter()
        .find(told)
        .map(|(row, text)| format!("row {row}: {text}"));
    match (left_out, first) {
        (0, first) => first.into_iter().collect(),
        (n, first) => vec![format!(
            "{n} of {rows} objects could not be encoded; {}",
            first.unwrap_or_default()
        )],
    }
}
