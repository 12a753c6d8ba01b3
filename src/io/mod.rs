//! Files: one module for each format, each to and from `data`.
//!
//! [`open`] looks at what a path holds (a folder, or the first bytes of a file; the extension only
//! decides between kinds of text) and returns a [`Dataset`]. Everything read is hostile until
//! parsed: errors are one sentence that names the file and the remedy, sizes are checked before
//! memory is taken, and names inside files never lead outside the folder that the user named.

mod atomic;
mod axes;
mod csv;
mod cutouts;
mod dataset;
mod fits;
mod folder;
mod journal;
mod jpeg;
mod named;
mod npy;
mod parquet;
mod raster;
mod safetensors;
mod spectra;
mod stream;
mod table;
mod tiles;
mod vectors;

use std::path::{Path, PathBuf};

pub use atomic::{
    AtomicFile, Overwrite, check_format, check_output, create_folder, discard_unfinished,
    write_whole,
};
pub use axes::columns_as_map;
pub use csv::write_csv;
pub use cutouts::CutoutSource;
pub use dataset::{Dataset, cutouts_provenance, open, open_streamed};
pub use fits::{CutoutChunkWriter, SkyPosition};
pub use journal::{Earlier, Journal, Shape};
pub use parquet::{
    NeighborTable, write_catalog, write_embedding, write_neighbors, write_projection,
};
pub use raster::write_png;
pub use safetensors::{read_arrays, write_arrays};
pub use spectra::SpectrumSource;
pub use stream::VectorStream;
pub use tiles::{remove_tiles, tiles_path, write_tiles};
pub use vectors::{VectorRows, VectorSource};

use crate::data::DataError;
use crate::progress::Cancelled;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum IoError {
    /// A file without vectors.
    #[error("{} holds no vectors; make them with `latentarium embed`", path.display())]
    NoVectors {
        /// The file.
        path: PathBuf,
    },
    /// Objects that cannot be told apart.
    #[error(
        "the id {id} stands in more than one row of {}; give each object its own",
        path.display()
    )]
    RepeatedId {
        /// The file.
        path: PathBuf,
        /// The id.
        id: String,
    },
    /// Nothing there.
    #[error("there is no file or folder {}; check the name", path.display())]
    Missing {
        /// What was asked for.
        path: PathBuf,
    },
    /// The content is not what it should be.
    #[error("{reason}: {}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The output exists.
    #[error("{} exists already; pass --force to replace it, or choose another name", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What was tried, such as "write".
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The owner asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl IoError {
    pub(crate) fn content(path: &Path, reason: impl Into<String>) -> Self {
        Self::Content {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    fn data(path: &Path, error: &DataError) -> Self {
        Self::content(path, error.to_string())
    }

    fn system(path: &Path, action: &'static str, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::NotFound && action == "read" {
            return Self::Missing {
                path: path.to_owned(),
            };
        }
        Self::System {
            path: path.to_owned(),
            action,
            source,
        }
    }
}
