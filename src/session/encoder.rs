//! Which encoder, on what device: enough to run it again.

use std::path::{Path, PathBuf};

use crate::encode::{CardDraft, Device, EncodeError, ModelCard, Normalisation, Pooling, shipped};

/// The encoder that the demo uses.
pub const SHIPPED_ENCODER: &str = "simclr";

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelRef {
    /// One that comes with the program, by name.
    Shipped(String),
    /// A card (`.toml`) or model (`.onnx`).
    File(PathBuf),
}

/// An encoder as the user chose it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderChoice {
    /// The model.
    pub model: ModelRef,
    /// For a model without a card, how pixels are normalised: `mean-std mean=127 std=128`.
    #[serde(default)]
    pub normalisation: Option<String>,
    /// For a model without a card, whether pictures are resampled in 8 bits, as Pillow does.
    #[serde(default)]
    pub eight_bit: bool,
    /// As on the command line: `auto`, `cpu`, `tract`, `cuda`, ...
    pub device: String,
    /// A tensor inside the model to take as the embedding, in place of the card's.
    #[serde(default)]
    pub tap: Option<Tap>,
}

/// A tensor inside a model, and how it becomes one vector for each object.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tap {
    /// Its name in the graph.
    pub tensor: String,
    /// How tokens or positions become one vector.
    #[serde(default)]
    pub pooling: Pooling,
}

impl Default for EncoderChoice {
    fn default() -> Self {
        Self {
            model: ModelRef::Shipped(SHIPPED_ENCODER.to_owned()),
            normalisation: None,
            eight_bit: false,
            device: Device::Auto.to_string(),
            tap: None,
        }
    }
}

impl EncoderChoice {
    /// From what a person typed: the name of a shipped encoder, or a file.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let model = if shipped::NAMES.contains(&text) && !Path::new(text).exists() {
            ModelRef::Shipped(text.to_owned())
        } else {
            ModelRef::File(PathBuf::from(text))
        };
        Self {
            model,
            ..Self::default()
        }
    }

    /// Short name for the window.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.model {
            ModelRef::Shipped(name) => name.clone(),
            ModelRef::File(path) => path.file_stem().map_or_else(
                || path.display().to_string(),
                |s| s.to_string_lossy().into_owned(),
            ),
        }
    }

    /// The model that was chosen by itself, not by a card.
    #[must_use]
    pub fn bare_model(&self) -> Option<&Path> {
        match &self.model {
            ModelRef::File(path) if is_onnx(path) => Some(path),
            ModelRef::File(_) | ModelRef::Shipped(_) => None,
        }
    }

    /// The device.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn device(&self) -> Result<Device, EncodeError> {
        self.device.parse()
    }

    /// The model's card, or for a bare model one made from its graph and the normalisation; with the
    /// tensor that was chosen as its output.
    ///
    /// # Errors
    /// When the card or model cannot be used, or a bare model comes without a normalisation.
    pub fn card(&self) -> Result<ModelCard, EncodeError> {
        let card = self.card_of_model()?;
        Ok(match &self.tap {
            Some(tap) => card.tapped(&tap.tensor, tap.pooling),
            None => card,
        })
    }

    fn card_of_model(&self) -> Result<ModelCard, EncodeError> {
        let path = match &self.model {
            ModelRef::Shipped(name) if self.normalisation.is_none() => return shipped::card(name),
            ModelRef::Shipped(name) => return Err(needless(Path::new(name))),
            ModelRef::File(path) => path,
        };
        if !path.is_file() {
            return Err(EncodeError::Model {
                path: path.clone(),
                reason: format!(
                    "there is no such file; check the name, or use a shipped encoder ({})",
                    shipped::NAMES.join(", ")
                ),
            });
        }
        let Some(text) = &self.normalisation else {
            return ModelCard::load(path);
        };
        if !is_onnx(path) || path.with_extension("toml").exists() {
            return Err(needless(path));
        }
        let normalisation: Normalisation = text.parse()?;
        let mut draft = CardDraft::read(path)?;
        draft.normalisation = (&normalisation).into();
        draft.eight_bit = self.eight_bit;
        draft.card()
    }
}

fn is_onnx(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("onnx"))
}

/// A normalisation was given to a model whose card has one.
fn needless(path: &Path) -> EncodeError {
    EncodeError::Normalisation {
        key: "normalise".to_owned(),
        reason: format!(
            "leave it out: the model card of {} states it",
            path.display()
        ),
    }
}
