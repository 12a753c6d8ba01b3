//! The TOML of a model card and the checks that turn it into a [`ModelCard`].

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::normalisation::NormalisationTable;
use super::{
    About, EmbeddingOutput, ImageInput, MAX_BANDS, MAX_SIZE, ModelCard, Normalisation, Pooling,
    has_extension,
};
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
    sha256: Option<String>,
    file: Option<String>,
    input: InputTable,
    #[serde(default)]
    output: OutputTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InputTable {
    name: Option<String>,
    #[serde(default)]
    modality: Modality,
    #[serde(default)]
    bands: Vec<String>,
    channels: Option<usize>,
    size: usize,
    pixel_scale_arcsec: Option<f32>,
    #[serde(default)]
    eight_bit: bool,
    normalisation: NormalisationTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutputTable {
    name: Option<String>,
    #[serde(default)]
    pooling: Pooling,
    dimension: Option<usize>,
    #[serde(default)]
    l2_normalised: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Modality {
    #[default]
    Image,
}

/// A key at fault and why.
struct Fault {
    key: &'static str,
    reason: String,
}

impl Fault {
    fn unless(holds: bool, key: &'static str, reason: impl Into<String>) -> Result<(), Self> {
        if holds {
            Ok(())
        } else {
            Err(Self {
                key,
                reason: reason.into(),
            })
        }
    }
}

/// Reads and checks a card.
pub(super) fn load(path: &Path) -> Result<ModelCard, EncodeError> {
    let refuse = |key: &str, reason: String| EncodeError::Card {
        path: path.to_owned(),
        key: key.to_owned(),
        reason,
    };
    let in_table = |e| match e {
        EncodeError::Normalisation { key, reason } => {
            refuse(&format!("input.normalisation.{key}"), reason)
        }
        other => other,
    };
    let card = read(path)?;
    let channels = card
        .check()
        .map_err(|fault| refuse(fault.key, fault.reason))?;
    let normalisation = Normalisation::try_from(card.input.normalisation).map_err(in_table)?;
    normalisation.check_channels(channels).map_err(in_table)?;
    let Modality::Image = card.input.modality;
    Ok(ModelCard {
        about: About {
            name: card.name,
            version: card.version,
            paper: card.paper,
            licence: card.licence,
            training_data: card.training_data,
        },
        input: ImageInput {
            name: card.input.name,
            bands: card.input.bands,
            channels,
            size: card.input.size,
            pixel_scale_arcsec: card.input.pixel_scale_arcsec,
            eight_bit: card.input.eight_bit,
            normalisation,
        },
        output: EmbeddingOutput {
            name: card.output.name,
            pooling: card.output.pooling,
            dimension: card.output.dimension,
            l2_normalised: card.output.l2_normalised,
        },
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
    /// Checks everything but the normalisation and returns the number of channels.
    fn check(&self) -> Result<usize, Fault> {
        Fault::unless(!self.name.trim().is_empty(), "name", "must not be empty")?;
        Fault::unless(
            self.sha256.as_deref().is_none_or(is_sha256),
            "sha256",
            "must be 64 hexadecimal digits",
        )?;
        Fault::unless(
            self.file.as_deref().is_none_or(is_plain_onnx_name),
            "file",
            "must name an .onnx file in the card's own folder, without a path",
        )?;
        Fault::unless(
            (1..=MAX_SIZE).contains(&self.input.size),
            "input.size",
            format!("must be 1 to {MAX_SIZE} px"),
        )?;
        Fault::unless(
            self.input
                .pixel_scale_arcsec
                .is_none_or(|scale| scale.is_finite() && scale > 0.0),
            "input.pixel_scale_arcsec",
            "must be a positive number",
        )?;
        Fault::unless(
            self.output.dimension.is_none_or(|dimension| dimension > 0),
            "output.dimension",
            "must be at least 1",
        )?;
        check_bands(&self.input.bands, self.input.channels)
    }
}

/// The number of channels, from the names of the bands or stated outright.
fn check_bands(bands: &[String], channels: Option<usize>) -> Result<usize, Fault> {
    for (i, band) in bands.iter().enumerate() {
        Fault::unless(
            !band.trim().is_empty(),
            "input.bands",
            "must not hold an empty name",
        )?;
        Fault::unless(
            !bands[..i].contains(band),
            "input.bands",
            format!("holds `{band}` twice"),
        )?;
    }
    let number = match (bands.len(), channels) {
        (0, None) => {
            return Err(Fault {
                key: "input.bands",
                reason: "is missing: list the bands, or give their number as `channels`".to_owned(),
            });
        }
        (0, Some(channels)) => channels,
        (named, stated) => {
            Fault::unless(
                stated.is_none_or(|stated| stated == named),
                "input.channels",
                format!("does not agree with the {named} names in `bands`: remove it"),
            )?;
            named
        }
    };
    Fault::unless(
        (1..=MAX_BANDS).contains(&number),
        "input.channels",
        format!("must be 1 to {MAX_BANDS}"),
    )?;
    Ok(number)
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether a name stays in its folder on every system.
fn is_plain_onnx_name(name: &str) -> bool {
    !name.contains(['/', '\\', ':', '\0'])
        && !name.contains("..")
        && has_extension(Path::new(name), "onnx")
}
