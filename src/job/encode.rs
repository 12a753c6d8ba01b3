//! Encoding a data set.

use std::path::Path;

use super::JobError;
use crate::data::{Catalog, CutoutRead, Provenance};
use crate::encode::{EncodeOptions, Encoder, encode};
use crate::io::{self, Dataset, Overwrite};
use crate::progress::Progress;
use crate::session::{Encoded, EncoderChoice};

/// How much to encode, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmbedOptions {
    /// Pictures in a batch.
    pub batch: Option<usize>,
    /// Only this many first rows.
    pub limit: Option<usize>,
}

/// Runs an encoder over the pictures of `dataset`.
///
/// # Errors
/// When there are no pictures, the encoder cannot be used, or no picture could be encoded.
pub fn encode_dataset(
    dataset: &Dataset,
    choice: &EncoderChoice,
    options: &EmbedOptions,
    progress: &Progress,
) -> Result<Encoded, JobError> {
    let cutouts = dataset.cutouts.as_ref().ok_or_else(|| {
        JobError::Missing(format!(
            "{} has no pictures to encode; open a folder or table of cutouts, or pass --cutouts DIR",
            dataset.path.display()
        ))
    })?;
    let mut encoder = Encoder::open(&choice.card()?, choice.device()?)?;
    progress.check()?;
    let options = EncodeOptions {
        batch: options.batch,
        limit: options.limit,
    };
    debug_assert_eq!(cutouts.len(), dataset.catalog.len());
    let encoded = encode(cutouts, &mut encoder, &options, progress)?;
    Ok(Encoded {
        embedding: encoded.embedding,
        warnings: encoded.warnings,
        encoder: Some(choice.clone()),
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

/// What to tell about objects that were left out or repaired.
pub(super) fn summary(encoded: &Encoded) -> Vec<String> {
    match encoded.warnings.as_slice() {
        [] => Vec::new(),
        [(row, text)] => vec![format!("Row {row}: {text}")],
        [(row, text), ..] => vec![format!(
            "{} objects were left out or repaired; the first, row {row}: {text}",
            encoded.warnings.len()
        )],
    }
}
