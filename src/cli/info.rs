//! `latentarium info`: what a file or folder holds.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::Answer;
use crate::data::{ColumnKind, CutoutRead, SpectrumError, SpectrumRead};
use crate::io::{self, CutoutSource, Dataset, SpectrumSource};
use crate::progress::Progress;
use crate::session::SessionFile;

#[derive(Debug, Args)]
pub(super) struct InfoArgs {
    /// A table, FITS file, folder, model, model card or session
    file: PathBuf,
    /// Folder that the catalogue's picture names are relative to, if not its own
    #[arg(long, value_name = "DIR")]
    cutouts: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

pub(super) fn run(args: &InfoArgs) -> Result<Answer> {
    let extension = args
        .file
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    match extension {
        "onnx" | "toml" => super::model::describe(&args.file),
        "latentarium" => session(&args.file),
        _ => Ok(dataset(&io::open(
            &args.file,
            args.cutouts.as_deref(),
            &Progress::new(),
        )?)),
    }
}

fn dataset(dataset: &Dataset) -> Answer {
    let catalog = &dataset.catalog;
    let mut lines = vec![format!(
        "{}: {} objects",
        dataset.path.display(),
        catalog.len()
    )];
    let columns: Vec<Value> = catalog
        .columns()
        .map(|c| {
            let kind = match c.kind() {
                ColumnKind::Continuous => "continuous",
                ColumnKind::Categorical => "categorical",
                ColumnKind::Opaque => "opaque",
            };
            json!({ "name": c.name(), "type": c.values().data_type().to_string(), "unit": c.unit(), "ucd": c.ucd(), "kind": kind })
        })
        .collect();
    lines.push(format!("columns ({}):", columns.len()));
    for column in catalog.columns() {
        let first = if catalog.is_empty() {
            String::new()
        } else {
            column.text(0)
        };
        let first: String = first.chars().take(40).collect();
        lines.push(format!(
            "  {:<28} {:<10} {first}",
            column.label(),
            column.values().data_type().to_string()
        ));
    }
    let cutouts = dataset.cutouts.as_ref();
    let cutouts = cutouts.map(|source| cutouts_of(source, &mut lines));
    let spectra = dataset.spectra.as_ref();
    let spectra = spectra.map(|source| spectra_of(source, &mut lines));
    let embedding = dataset.embedding.as_ref().map(|e| {
        lines.push(format!(
            "embedding: {} vectors of {} values",
            e.len(),
            e.dim()
        ));
        json!({ "vectors": e.len(), "dimension": e.dim() })
    });
    let projection = dataset.projection.as_ref().map(|p| {
        lines.push(format!(
            "projection: {} points in {} dimensions",
            p.len(),
            p.dims()
        ));
        json!({ "points": p.len(), "dims": p.dims() })
    });
    let provenance: serde_json::Map<String, Value> = dataset
        .provenance
        .iter()
        .map(|(k, v)| (k.to_owned(), json!(v)))
        .collect();
    if !provenance.is_empty() {
        lines.push("made by:".to_owned());
        lines.extend(
            dataset
                .provenance
                .iter()
                .map(|(key, value)| format!("  {key:<28} {value}")),
        );
    }
    lines.extend(dataset.warnings.iter().map(|w| format!("note: {w}")));
    Answer {
        text: lines.join("\n"),
        json: json!({
            "path": shown(&dataset.path), "objects": catalog.len(), "columns": columns, "cutouts": cutouts, "spectra": spectra,
            "embedding": embedding, "projection": projection, "provenance": provenance, "warnings": dataset.warnings,
        }),
    }
}

fn session(path: &Path) -> Result<Answer> {
    let file = SessionFile::read(path)?;
    Ok(Answer {
        text: format!("a session over {}", file.data.display()),
        json: serde_json::to_value(&file).unwrap_or_else(|e| json!({ "error": e.to_string() })),
    })
}

/// A path as JSON can hold it: paths need not be UTF-8.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// What the first picture is like.
fn cutouts_of(source: &CutoutSource, lines: &mut Vec<String>) -> Value {
    match source.read(0) {
        Ok(cutout) => {
            lines.push(format!(
                "cutouts: {} x {} px, bands {}{}{}",
                cutout.width(),
                cutout.height(),
                cutout.bands().join(" "),
                cutout
                    .pixel_scale_arcsec()
                    .map_or(String::new(), |s| format!(", {s:.3} arcsec/px")),
                cutout.unit().map_or(String::new(), |u| format!(", {u}")),
            ));
            json!({
                "root": shown(source.root()), "width": cutout.width(), "height": cutout.height(), "bands": cutout.bands(),
                "pixel_scale_arcsec": cutout.pixel_scale_arcsec(), "unit": cutout.unit(),
            })
        }
        Err(e) => {
            lines.push(format!("cutouts: the first cannot be read: {e}"));
            json!({ "root": shown(source.root()), "error": e.to_string() })
        }
    }
}

/// What the first spectrum that can be read is like, of a few.
fn spectra_of(source: &SpectrumSource, lines: &mut Vec<String>) -> Value {
    const TRIED: usize = 16;
    let mut tried = (0..source.len().min(TRIED)).map(|row| source.read(row));
    let first = tried.next();
    let found = match first {
        Some(Err(e)) => tried.find(Result::is_ok).unwrap_or(Err(e)),
        Some(Ok(spectrum)) => Ok(spectrum),
        None => Err(SpectrumError("there are none".to_owned())),
    };
    match found {
        Ok(spectrum) => {
            let at = spectrum.wavelengths();
            let (count, first, last) = (at.len(), at[0], at[at.len() - 1]);
            lines.push(format!(
                "spectra: {count} fluxes from {first:.0} to {last:.0} angstrom{}",
                spectrum.unit().map_or(String::new(), |u| format!(", {u}")),
            ));
            json!({
                "root": shown(source.root()), "fluxes": count, "first_angstrom": first, "last_angstrom": last,
                "unit": spectrum.unit(),
            })
        }
        Err(e) => {
            lines.push(format!("spectra: the first cannot be read: {e}"));
            json!({ "root": shown(source.root()), "error": e.to_string() })
        }
    }
}
