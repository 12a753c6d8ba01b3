//! What an encoder returns: the embedding, and pictures that its model or a second one makes.

use serde::{Deserialize, Serialize};

use super::fault::{Fault, check_file};

/// How the vector is taken from the graph.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingOutput {
    /// Graph tensor, an output or one on the way to it; the only output when `None`.
    pub name: Option<String>,
    /// How positions or tokens become one vector.
    #[serde(default)]
    pub pooling: Pooling,
    /// Length of the vector, when the card states it.
    pub dimension: Option<usize>,
    /// Whether vectors are scaled to unit length.
    #[serde(default)]
    pub l2_normalised: bool,
}

/// How an output with more than one vector for each object becomes one vector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The output is `batch x d` already.
    #[default]
    None,
    /// The mean over tokens (`batch x tokens x d`) or positions (`batch x d x h x w`).
    Mean,
    /// The first token of `batch x tokens x d`.
    Cls,
}

impl Pooling {
    /// As in a card.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Mean => "mean",
            Self::Cls => "cls",
        }
    }
}

/// A second model that turns vectors back into pictures, normalised as the encoder takes them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decoder {
    /// The `.onnx` file, in the card's folder.
    pub file: String,
    /// Graph tensor that takes the vectors, `batch x d`.
    pub input: String,
    /// Graph tensor of the pictures, `batch x channels x size x size`.
    pub output: String,
}

/// A further output that is the picture in another band, `batch x 1 x size x size`, in the units of the
/// input's normalisation with the statistics of the input bands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// Graph tensor.
    pub tensor: String,
    /// The band it predicts.
    pub band: String,
    /// The `.onnx` file in the card's folder that holds the tensor; the encoder's own when `None`.
    pub file: Option<String>,
}

impl EmbeddingOutput {
    pub(super) fn check(&self) -> Result<(), Fault> {
        Fault::unless(
            self.dimension.is_none_or(|dimension| dimension > 0),
            "output.dimension",
            "must be at least 1",
        )
    }
}

impl Decoder {
    pub(super) fn check(&self) -> Result<(), Fault> {
        check_file("decoder.file", Some(&self.file))?;
        check_given("decoder.input", &self.input)?;
        check_given("decoder.output", &self.output)
    }
}

impl Prediction {
    pub(super) fn check(&self) -> Result<(), Fault> {
        check_file("prediction.file", self.file.as_deref())?;
        check_given("prediction.tensor", &self.tensor)?;
        check_given("prediction.band", &self.band)
    }
}

fn check_given(key: &str, value: &str) -> Result<(), Fault> {
    Fault::unless(!value.trim().is_empty(), key, "must not be empty")
}
