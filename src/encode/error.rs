//! What can go wrong between an object and its vector: one sentence each, with the file and the remedy.

use std::path::PathBuf;

use crate::data::DataError;
use crate::progress::Cancelled;

/// Why an encoder could not be opened or run.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The owner asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A file could not be read.
    #[error("{what} cannot be read: {source} ({})", path.display())]
    Read {
        /// What the file is, such as "the model card".
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A bare `.onnx` file has no card beside it.
    #[error(
        "there is no model card beside the model: write {} with `latentarium card`, or state how pixels are normalised",
        path.with_extension("toml").display()
    )]
    NoCard {
        /// The model.
        path: PathBuf,
    },
    /// A model card says something that cannot be.
    #[error("model card: {key}: {reason} ({})", path.display())]
    Card {
        /// The card.
        path: PathBuf,
        /// The key at fault, such as `input.size`.
        key: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The normalisation asked for cannot be.
    #[error("normalisation: {key}: {reason}")]
    Normalisation {
        /// The key at fault, such as `std`.
        key: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// An ONNX file that cannot be used.
    #[error("the model cannot be used: {reason} ({})", path.display())]
    Model {
        /// The model.
        path: PathBuf,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A device that was asked for by name cannot be used.
    #[error("the device `{device}` cannot be used: {reason}")]
    Device {
        /// As named on the command line.
        device: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// The engine failed on a batch.
    #[error("{engine} failed: {reason} ({})", path.display())]
    Run {
        /// The engine, such as "ONNX Runtime 1.31.1 CPU".
        engine: String,
        /// Its reason.
        reason: String,
        /// The model.
        path: PathBuf,
    },
    /// The encoder takes another kind of input than it was given.
    #[error("the encoder `{encoder}` takes {takes}, not {given}")]
    Modality {
        /// Its name.
        encoder: String,
        /// Such as "pictures".
        takes: &'static str,
        /// Such as "columns of a catalogue".
        given: &'static str,
    },
    /// The catalogue lacks a column that the encoder reads.
    #[error("the encoder `{encoder}` reads the column `{column}`, {reason}")]
    Column {
        /// Its name.
        encoder: String,
        /// The column.
        column: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// Not one object could be encoded.
    #[error("none of the {rows} objects could be encoded; row {first_row}: {reason}")]
    NothingEncoded {
        /// Number of rows tried.
        rows: usize,
        /// The first of them.
        first_row: u32,
        /// What was wrong with it.
        reason: String,
    },
    /// The data set holds no objects.
    #[error("there are no objects to encode: open a data set that has some")]
    NoObjects,
    /// Not enough memory for a batch.
    #[error("there is not enough memory for a batch of {mebibytes} MiB: choose a smaller batch")]
    Memory {
        /// Size of one batch, MiB.
        mebibytes: usize,
    },
    /// The vectors do not form an embedding.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl From<Cancelled> for EncodeError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}
