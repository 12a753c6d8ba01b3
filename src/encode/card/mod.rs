//! Model cards: what an encoder expects and returns, as a TOML file beside its `.onnx`.
//!
//! A [`ModelCard`] is valid by construction: [`ModelCard::load`] checks every key, and the engines
//! and the preprocessing check nothing again.

mod draft;
mod fault;
mod file;
mod head;
mod input;
mod normalisation;
mod output;
mod write;

use std::path::{Path, PathBuf};

pub use draft::{CardDraft, NormalisationDraft};
pub use fault::Fault as CardFault;
pub use head::{Activation, Head};
pub use input::{ImageInput, ModelInput, SedInput, Spacing, SpectrumInput, WavelengthGrid};
pub use normalisation::{Method, Normalisation, Sky};
pub use output::{Decoder, EmbeddingOutput, Pooling, Prediction};

use super::EncodeError;

/// Sides longer than this are refused, px.
pub(super) const MAX_SIZE: usize = 4096;
/// More bands than this are refused.
pub(super) const MAX_BANDS: usize = 64;
/// More columns than this are refused.
const MAX_COLUMNS: usize = 4096;
/// Longer spectra are refused.
pub(super) const MAX_SAMPLES: usize = 1 << 16;

/// What an encoder is, what it expects and what it returns.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCard {
    about: About,
    space: Option<String>,
    input: ModelInput,
    output: EmbeddingOutput,
    decoder: Option<Decoder>,
    prediction: Option<Prediction>,
    heads: Vec<Head>,
    model_path: PathBuf,
    sha256: Option<String>,
}

/// Where an encoder comes from; only `name` is certain to be filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Short name, such as `simclr`.
    pub name: String,
    /// Version of the weights.
    pub version: String,
    /// Paper that describes it.
    pub paper: String,
    /// Licence of the weights.
    pub licence: String,
    /// What it was trained on.
    pub training_data: String,
}

impl ModelCard {
    /// Reads a card, given as `.toml` or as the `.onnx` it lies beside.
    ///
    /// # Errors
    /// [`EncodeError::NoCard`] for an `.onnx` without a card; otherwise the key at fault.
    pub fn load(path: &Path) -> Result<Self, EncodeError> {
        if !has_extension(path, "onnx") {
            return file::load(path);
        }
        let card_path = path.with_extension("toml");
        if !card_path.exists() {
            return Err(EncodeError::NoCard {
                path: path.to_owned(),
            });
        }
        let card = file::load(&card_path)?;
        if card.model_path == path {
            Ok(card)
        } else {
            Err(EncodeError::Card {
                path: card_path,
                key: "file".to_owned(),
                reason: format!(
                    "names another model, {}: open that one, or the card itself",
                    card.model_file()
                ),
            })
        }
    }

    /// This card with another tensor of the graph as the embedding. What the card says of its own
    /// output no longer holds, so that length, space, heads, prediction and decoder are gone.
    #[must_use]
    pub fn tapped(mut self, tensor: &str, pooling: Pooling) -> Self {
        self.output = EmbeddingOutput {
            name: Some(tensor.to_owned()),
            pooling,
            ..EmbeddingOutput::default()
        };
        self.space = None;
        self.decoder = None;
        self.prediction = None;
        self.heads.clear();
        self
    }

    /// The card as TOML for a file at `path`, in the folder of its model; reading that file gives this
    /// card again.
    #[must_use]
    pub fn to_toml(&self, path: &Path) -> String {
        write::to_toml(self, path)
    }

    /// Name, version and origin.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The space that its vectors lie in, where encoders of other inputs share it.
    #[must_use]
    pub fn space(&self) -> Option<&str> {
        self.space.as_deref()
    }

    /// What the model expects.
    #[must_use]
    pub fn input(&self) -> &ModelInput {
        &self.input
    }

    /// What it returns.
    #[must_use]
    pub fn output(&self) -> &EmbeddingOutput {
        &self.output
    }

    /// The model that turns its vectors back into pictures.
    #[must_use]
    pub fn decoder(&self) -> Option<&Decoder> {
        self.decoder.as_ref()
    }

    /// The picture in another band, where it makes one.
    #[must_use]
    pub fn prediction(&self) -> Option<&Prediction> {
        self.prediction.as_ref()
    }

    /// What it predicts beside its vectors.
    #[must_use]
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// The `.onnx` file.
    #[must_use]
    pub fn model_path(&self) -> &Path {
        &self.model_path
    }

    /// The name of the `.onnx` file without its folder.
    #[must_use]
    pub fn model_file(&self) -> String {
        self.model_path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }

    /// What the `.onnx` file must hash to, when the card states it: 64 lower-case hex digits.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }
}

/// Whether a path ends in `.extension`, in any case.
fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case(extension))
}
