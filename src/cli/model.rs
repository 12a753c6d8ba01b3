//! What a model is and what lies inside it: `latentarium info` of a card or an `.onnx` file.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::Answer;
use super::info::shown;
use crate::encode::{EncodeError, ModelCard, ModelInput, TensorInfo, tensors};

/// The card, if there is one; for an `.onnx` file its tensors too.
pub(super) fn describe(path: &Path) -> Result<Answer> {
    let card = match ModelCard::load(path) {
        Err(EncodeError::NoCard { .. }) => None,
        card => Some(card?),
    };
    let is_model = path.extension().is_some_and(|e| e == "onnx");
    let tensors = if is_model { tensors(path)? } else { Vec::new() };
    let mut lines = match &card {
        Some(card) => facts(path, card),
        None => vec![format!(
            "{}: a model without a card; `latentarium card` writes one, or say how pixels are normalised with --normalise",
            path.display()
        )],
    };
    if is_model {
        lines.push(format!("tensors ({}), for --tap:", tensors.len()));
        lines.extend(tensors.iter().map(line));
    }
    let mut json = card.as_ref().map_or_else(|| json!({}), machine);
    if is_model {
        json["tensors"] = tensors
            .iter()
            .map(|t| json!({ "name": t.name, "op": t.op, "shape": t.shape, "output": t.is_output }))
            .collect();
    }
    Ok(Answer {
        text: lines.join("\n"),
        json,
    })
}

fn line(tensor: &TensorInfo) -> String {
    format!(
        "  {:<40} {:<20} {}{}",
        tensor.name,
        tensor.op,
        tensor.shape.as_deref().unwrap_or("?"),
        if tensor.is_output { "  (output)" } else { "" }
    )
}

fn facts(path: &Path, card: &ModelCard) -> Vec<String> {
    let about = card.about();
    let input = match card.input() {
        ModelInput::Image(image) if image.bands.is_empty() => {
            format!("{} bands, {} px", image.channels, image.size)
        }
        ModelInput::Image(image) => {
            format!("bands {}, {} px", image.bands.join(" "), image.size)
        }
        ModelInput::Spectrum(spectrum) => spectrum.wavelength.map_or_else(
            || format!("spectrum of {} fluxes", spectrum.size),
            |grid| {
                let (first, last) = (grid.first, grid.last);
                format!(
                    "spectrum of {} fluxes, {first} to {last} angstrom",
                    spectrum.size
                )
            },
        ),
        ModelInput::Sed(sed) => format!("columns {}", sed.columns.join(" ")),
    };
    let dimension = card.output().dimension;
    let mut lines = vec![
        format!("{} {} ({})", about.name, about.version, path.display()),
        format!("paper: {}", dash(&about.paper)),
        format!("licence: {}", dash(&about.licence)),
        format!("training data: {}", dash(&about.training_data)),
        format!("model: {}", card.model_path().display()),
        format!("input: {input}"),
        format!(
            "output: {}",
            dimension.map_or_else(|| "-".to_owned(), |d| format!("{d} values"))
        ),
    ];
    lines.extend(card.space().map(|space| format!("space: {space}")));
    lines.extend(card.heads().iter().map(|head| {
        let columns: Vec<String> = head.column_names().collect();
        format!(
            "head: {} ({}): {}",
            head.name,
            head.activation.name(),
            columns.join(" ")
        )
    }));
    lines.extend(card.decoder().map(|d| format!("decoder: {}", d.file)));
    lines.extend(card.prediction().map(|p| format!("predicts: {}", p.band)));
    lines
}

fn machine(card: &ModelCard) -> Value {
    let about = card.about();
    let heads: Vec<Value> = card
        .heads()
        .iter()
        .map(
            |head| json!({ "name": head.name, "columns": head.column_names().collect::<Vec<_>>() }),
        )
        .collect();
    json!({
        "name": about.name, "version": about.version, "model": shown(card.model_path()),
        "size": card.input().image().map(|image| image.size),
        "fluxes": card.input().spectrum().map(|spectrum| spectrum.size),
        "columns": card.input().sed().map(|sed| &sed.columns),
        "dimension": card.output().dimension, "space": card.space(), "heads": heads,
        "decoder": card.decoder().map(|d| &d.file), "predicts": card.prediction().map(|p| &p.band),
    })
}

fn dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}
