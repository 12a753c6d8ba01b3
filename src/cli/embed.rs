//! `latentarium embed`: objects to vectors.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::bar::Bar;
use super::encoder::EncoderArgs;
use super::{Answer, Output};
use crate::encode::EncodeOptions;
use crate::io;
use crate::job::encode_file;

#[derive(Debug, Args)]
pub(super) struct EmbedArgs {
    /// A catalogue that names its pictures, a FITS file of cutouts, or a folder of pictures; for an
    /// encoder of SEDs a catalogue with its columns
    input: PathBuf,
    /// A model card (.toml), a model (.onnx), or the name of a shipped encoder
    #[arg(long, value_name = "CARD|ONNX")]
    encoder: String,
    #[command(flatten)]
    how: EncoderArgs,
    /// Objects in a batch; chosen by size when not given
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=4096))]
    batch: Option<u32>,
    /// Encode only the first so many rows
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Folder that the catalogue's picture names are relative to, if not its own
    #[arg(long, value_name = "DIR")]
    cutouts: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

pub(super) fn run(args: &EmbedArgs) -> Result<Answer> {
    args.output.check(&[&args.input])?;
    let choice = args.how.choice(&args.encoder);
    // What is wrong with the encoder is said before a large folder is read.
    choice.card()?;
    choice.device()?;
    let bar = Bar::start();
    let opening = bar.progress().stage("Opening", 0.0..0.05);
    let dataset = io::open(&args.input, args.cutouts.as_deref(), &opening)?;
    let options = EncodeOptions {
        batch: args.batch.map(|b| b as usize),
        limit: args.limit.map(|l| l as usize),
    };
    let encoding = bar.progress().stage("Encoding", 0.05..1.0);
    let (out, overwrite) = (&args.output.out, args.output.overwrite());
    let done = encode_file(&dataset, &choice, &options, out, overwrite, &encoding)?;
    drop(bar);

    let failed = done.rows - done.encoded;
    let mut lines = vec![format!(
        "{} vectors of {} values by {}: {}",
        done.encoded,
        done.dim,
        done.engine,
        out.display()
    )];
    let reason = done.device_reason.as_ref().map(ToString::to_string);
    lines.extend(reason.iter().map(|reason| format!("device: {reason}")));
    if done.taken_up > 0 {
        lines.push(format!(
            "{} rows were taken over from the run that was interrupted",
            done.taken_up
        ));
    }
    if done.dropped {
        lines.push("an interrupted run of another model, card or input was dropped".to_owned());
    }
    if failed > 0 {
        lines.push(format!(
            "{failed} of {} objects could not be encoded; the column `warning` says why",
            done.rows
        ));
    }
    lines.extend(
        dataset
            .warnings
            .iter()
            .map(|warning| format!("note: {warning}")),
    );
    Ok(Answer {
        text: lines.join("\n"),
        json: json!({
            "out": out.display().to_string(), "rows": done.rows, "encoded": done.encoded, "failed": failed,
            "dimension": done.dim, "engine": done.engine, "device_reason": reason, "taken_up": done.taken_up,
            "warnings": done.warnings.iter().map(|(row, reason)| json!({ "row": row, "reason": reason })).collect::<Vec<_>>(),
            "notes": dataset.warnings,
        }),
    })
}
