//! `latentarium check`: whether a model can be used, how fast it is and what it needs.

use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;

use super::Answer;
use super::bar::Bar;
use super::encoder::EncoderArgs;
use crate::job::check_encoder;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// A model card (.toml), a model (.onnx), or the name of a shipped encoder
    model: String,
    #[command(flatten)]
    how: EncoderArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Prints what was found; fails when something is wrong.
pub(super) fn run(args: &CheckArgs) -> Result<()> {
    let choice = args.how.choice(&args.model);
    let bar = Bar::start();
    let checked = check_encoder(&choice, &bar.progress().stage("Checking", 0.0..1.0))?;
    drop(bar);
    let reason = checked.device_reason.as_ref().map(ToString::to_string);
    let mut lines = vec![format!(
        "{}: vectors of {} values by {}",
        choice.name(),
        checked.dim,
        checked.engine
    )];
    lines.extend(reason.iter().map(|reason| format!("device: {reason}")));
    lines.extend(checked.findings.iter().map(|finding| {
        let (mark, said) = match &finding.said {
            Ok(said) => ("yes", said),
            Err(said) => ("no ", said),
        };
        format!("  {mark}  {}: {said}", finding.what)
    }));
    let findings = checked.findings.iter().map(|finding| {
        let said = finding.said.as_ref();
        json!({ "what": finding.what, "passed": said.is_ok(), "said": said.unwrap_or_else(|e| e) })
    });
    let answer = Answer {
        text: lines.join("\n"),
        json: json!({
            "model": choice.name(), "engine": checked.engine, "device_reason": reason, "passed": checked.fault().is_none(),
            "dimension": checked.dim, "objects_per_second": checked.objects_per_second,
            "memory_bytes": checked.memory_bytes, "findings": findings.collect::<Vec<_>>(),
        }),
    };
    answer.print(args.json);
    match checked.fault() {
        Some(wrong) => bail!("{} should not be used as it is: {wrong}", choice.name()),
        None => Ok(()),
    }
}
