//! The TOML of a model card and the checks that turn it into a [`ModelCard`].

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::fault::{Fault, check_file};
use super::head::{self, Head};
use super::input::InputTable;
use super::{About, Decoder, EmbeddingOutput, ModelCard, Prediction, has_extension};
use crate::encode::EncodeError;

/// Cards are short; anything longer is another file.
const MAX_BYTES: u64 = 1 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardFile {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    paper: String,
    #[serde(default)]
    licence: String,
    #[serde(default)]
    training_data: String,
    space: Option<String>,
    sha256: Option<String>,
    file: Option<String>,
    input: InputTable,
    #[serde(default)]
    output: EmbeddingOutput,
    decoder: Option<Decoder>,
    prediction: Option<Prediction>,
    #[serde(default)]
    heads: Vec<Head>,
}

/// Reads and checks a card.
pub(super) fn load(path: &Path) -> Result<ModelCard, EncodeError> {
    let refuse = |Fault { key, reason }| EncodeError::Card {
        path: path.to_owned(),
        key,
        reason,
    };
    let card = read(path)?;
    card.check().map_err(refuse)?;
    Ok(ModelCard {
        about: About {
            name: card.name,
            version: card.version,
            paper: card.paper,
            licence: card.licence,
            training_data: card.training_data,
        },
        space: card.space,
        input: card.input.try_into().map_err(refuse)?,
        output: card.output,
        decoder: card.decoder,
        prediction: card.prediction,
        heads: card.heads,
        model_path: card.file.map_or_else(
            || path.with_extension("onnx"),
            |name| path.with_file_name(name),
        ),
        sha256: card.sha256.map(|hash| hash.to_ascii_lowercase()),
    })
}

/// Reads the TOML without judging its values.
fn read(path: &Path) -> Result<CardFile, EncodeError> {
    let read_error = |source| EncodeError::Read {
        what: "the model card",
        path: path.to_owned(),
        source,
    };
    let refuse = |key: String, reason: String| EncodeError::Card {
        path: path.to_owned(),
        key,
        reason,
    };
    let metadata = fs::metadata(path).map_err(read_error)?;
    if !metadata.is_file() || metadata.len() > MAX_BYTES || !has_extension(path, "toml") {
        return Err(refuse(
            "the file".to_owned(),
            "is not a model card: choose an .onnx model or the .toml beside it".to_owned(),
        ));
    }
    let text = fs::read_to_string(path).map_err(read_error)?;
    toml::from_str(&text).map_err(|e| {
        let lines = |end: usize| text.bytes().take(end).filter(|&byte| byte == b'\n').count();
        let key = e.span().map_or_else(
            || "the file".to_owned(),
            |span| format!("line {}", 1 + lines(span.start)),
        );
        refuse(key, e.message().replace('\n', " "))
    })
}

impl CardFile {
    /// Checks everything but the input.
    fn check(&self) -> Result<(), Fault> {
        Fault::unless(!self.name.trim().is_empty(), "name", "must not be empty")?;
        Fault::unless(
            self.space.as_ref().is_none_or(|s| !s.trim().is_empty()),
            "space",
            "must not be empty: name the space that encoders share, or remove it",
        )?;
        Fault::unless(
            self.sha256.as_deref().is_none_or(is_sha256),
            "sha256",
            "must be 64 hexadecimal digits",
        )?;
        check_file("file", self.file.as_deref())?;
        self.output.check()?;
        self.decoder.as_ref().map_or(Ok(()), Decoder::check)?;
        self.prediction.as_ref().map_or(Ok(()), Prediction::check)?;
        head::check(&self.heads)
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}
