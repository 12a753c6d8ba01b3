//! The document: what is open, how it was made, how it is shown; and every change to it.
//!
//! A [`Session`] is a handful of shared parts, each with a [`Revision`] that changes whenever the
//! part does, so that whatever is derived from it knows when to be derived again. Cloning is cheap;
//! undo is a stack of clones ([`History`]). Changes are [`Edit`]s, nothing else.

mod edit;
mod encoder;
mod file;
mod history;
mod map;
mod space;
mod view;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use edit::Edit;
pub use encoder::{EncoderChoice, ModelRef, SHIPPED_ENCODER, Tap};
pub use file::{SessionFile, SessionFileError, fingerprint};
pub use history::History;
pub use map::MapPoints;
pub use view::{ColorBy, ContourSpec, DensitySpec, LayerKind, LayerSpec, ViewSpec};

use crate::analysis::reduce::{MapModel, ReduceParams};
use crate::data::{Catalog, ColumnKind, Embedding};
use crate::encode::AutoChoice;
use crate::io::Dataset;
use crate::mask::Mask;
use crate::subset::SubsetExpr;

/// Identifies one state of one part; never used twice in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(u64);

impl Revision {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// A number of its own.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// A shared value and the revision it appeared with.
#[derive(Debug)]
pub struct Part<T> {
    value: Arc<T>,
    revision: Revision,
}

impl<T> Part<T> {
    fn new(value: T) -> Self {
        Self {
            value: Arc::new(value),
            revision: Revision::next(),
        }
    }

    /// The state this is.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The value, shared.
    #[must_use]
    pub fn share(&self) -> Arc<T> {
        Arc::clone(&self.value)
    }
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        Self {
            value: self.share(),
            revision: self.revision,
        }
    }
}

impl<T> std::ops::Deref for Part<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// An opened data set with what is worked out about it once.
pub struct OpenData {
    /// The data.
    pub dataset: Dataset,
    /// How each column can colour the map, in the order of the catalogue.
    pub kinds: Vec<ColumnKind>,
    /// Whether the data were synthesised; shown wherever they are.
    pub synthetic: bool,
}

impl OpenData {
    /// What a column can be used for.
    #[must_use]
    pub fn kind_of(&self, name: &str) -> Option<ColumnKind> {
        let mut columns = self.dataset.catalog.columns();
        let place = columns.position(|column| column.name() == name)?;
        self.kinds.get(place).copied()
    }

    /// Looks through the columns; long work for a long catalogue.
    #[must_use]
    pub fn new(dataset: Dataset) -> Self {
        Self {
            kinds: dataset.catalog.columns().map(|c| c.kind()).collect(),
            synthetic: dataset.provenance.get("synthetic").is_some(),
            dataset,
        }
    }

    /// The same objects with other columns.
    #[must_use]
    pub fn with_catalog(&self, catalog: Catalog) -> Self {
        Self::new(Dataset {
            catalog,
            ..self.dataset.clone()
        })
    }

    /// What the window calls the data.
    #[must_use]
    pub fn name(&self) -> String {
        if self.synthetic {
            return "demo survey (synthetic)".to_owned();
        }
        let name = self
            .dataset
            .path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned());
        name.unwrap_or_else(|| self.dataset.path.display().to_string())
    }

    /// The column that tells the surveys, or else the groups, of the data apart: what the map is
    /// coloured by until told otherwise.
    #[must_use]
    pub fn grouping_column(&self) -> Option<String> {
        const PREFERRED: [&str; 7] = [
            "survey", "domain", "sample", "dataset", "class", "field", "folder",
        ];
        let categorical = |name: &str| {
            self.dataset
                .catalog
                .columns()
                .zip(&self.kinds)
                .any(|(c, k)| c.name() == name && *k == ColumnKind::Categorical)
        };
        PREFERRED
            .iter()
            .find(|name| categorical(name))
            .map(|&name| name.to_owned())
    }
}

/// An embedding and how it was made here, if it was.
pub struct Encoded {
    /// The vectors.
    pub embedding: Embedding,
    /// Row and reason of objects that were left out or repaired.
    pub warnings: Vec<(u32, String)>,
    /// What made it; `None` when it came with the file.
    pub encoder: Option<EncoderChoice>,
    /// Why it ran where it did, when the device was `auto`.
    pub device_reason: Option<AutoChoice>,
}

/// How a map comes about.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MapRecipe {
    /// The vectors are reduced.
    Reduce(ReduceRecipe),
    /// The vectors are placed on an earlier map, by the model in this file.
    Place(PathBuf),
    /// Two or three columns of the catalogue are its axes.
    Columns(Vec<String>),
}

impl Default for MapRecipe {
    fn default() -> Self {
        Self::Reduce(ReduceRecipe::default())
    }
}

/// How vectors are reduced.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ReduceRecipe {
    /// UMAP: the column of classes that are kept together.
    #[serde(default)]
    pub labels: Option<String>,
    /// UMAP: the file of an earlier map; objects of the same `id` start at their places on it.
    #[serde(default)]
    pub like: Option<PathBuf>,
    /// The method and its settings.
    pub params: ReduceParams,
}

impl From<ReduceParams> for ReduceRecipe {
    fn from(params: ReduceParams) -> Self {
        Self {
            params,
            ..Self::default()
        }
    }
}

/// A map and how it was made here, if it was.
pub struct Mapped {
    /// The points.
    pub points: Arc<MapPoints>,
    /// What made it; `None` when it came with the file.
    pub recipe: Option<MapRecipe>,
    /// What places further vectors on it, while it is at hand.
    pub model: Option<Arc<MapModel>>,
}

impl Mapped {
    /// A map that came with a file.
    #[must_use]
    pub fn given(points: Arc<MapPoints>) -> Self {
        Self {
            points,
            recipe: None,
            model: None,
        }
    }
}

/// Objects that are selected, and how they were asked for.
pub struct Selection {
    /// The expression; its regions belong to the map it was drawn on.
    pub expr: SubsetExpr,
    /// The rows of the catalogue; they stay when another map is made.
    pub rows: Mask,
}

/// The document.
#[derive(Clone, Default)]
pub struct Session {
    data: Option<Part<OpenData>>,
    embedding: Option<Part<Encoded>>,
    map: Option<Part<Mapped>>,
    selection: Option<Part<Selection>>,
    view: ViewSpec,
}

impl Session {
    /// What is open.
    #[must_use]
    pub fn data(&self) -> Option<&Part<OpenData>> {
        self.data.as_ref()
    }

    /// Its vectors.
    #[must_use]
    pub fn embedding(&self) -> Option<&Part<Encoded>> {
        self.embedding.as_ref()
    }

    /// Its map.
    #[must_use]
    pub fn map(&self) -> Option<&Part<Mapped>> {
        self.map.as_ref()
    }

    /// What of it is selected.
    #[must_use]
    pub fn selection(&self) -> Option<&Part<Selection>> {
        self.selection.as_ref()
    }

    /// How it is shown.
    #[must_use]
    pub fn view(&self) -> &ViewSpec {
        &self.view
    }
}
