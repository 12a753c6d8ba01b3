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
    read(path)?.into_card(path).map_err(refuse)
}

/// The card of these tables, which would lie at `path`; the key at fault.
pub(super) fn of_tables(tables: toml::Table, path: &Path) -> Result<ModelCard, Fault> {
    let card: CardFile = tables
        .try_into()
        .map_err(|e: toml::de::Error| Fault::new("the card", e.message().replace('\n', " ")))?;
    card.into_card(path)
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
    fn into_card(self, path: &Path) -> Result<ModelCard, Fault> {
        self.check()?;
        Ok(ModelCard {
            about: About {
                name: self.name,
                version: self.version,
                paper: self.paper,
                licence: self.licence,
                training_data: self.training_data,
            },
            space: self.space,
            input: self.input.try_into()?,
            output: self.output,
            decoder: self.decoder,
            prediction: self.prediction,
            heads: self.heads,
            model_path: self.file.map_or_else(
                || path.with_extension("onnx"),
                |name| path.with_file_name(name),
            ),
            sha256: self.sha256.map(|hash| hash.to_ascii_lowercase()),
        })
    }

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
