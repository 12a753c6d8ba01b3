//! `latentarium demo`: the synthetic survey as files.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::bar::Bar;
use super::{Answer, overwrite};
use crate::job;
use crate::synth::SurveyParams;

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Folder to write into; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Number of galaxies, half of each survey
    #[arg(long, default_value_t = SurveyParams::default().galaxies, value_parser = galaxies)]
    galaxies: usize,
    /// The same seed gives the same sky
    #[arg(long, default_value_t = SurveyParams::default().seed)]
    seed: u64,
    /// Replace the survey if it exists
    #[arg(long)]
    force: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// At least two, one of each survey; FITS files are numbered with three digits and more.
fn galaxies(text: &str) -> Result<usize, String> {
    const MOST: usize = 10_000_000;
    match text.parse() {
        Ok(n) if (2..=MOST).contains(&n) => Ok(n),
        _ => Err(format!("a number from 2 to {MOST}")),
    }
}

pub(super) fn run(args: &DemoArgs) -> Result<Answer> {
    let params = SurveyParams {
        galaxies: args.galaxies,
        seed: args.seed,
    };
    let bar = Bar::start();
    let stage = bar.progress().stage("Synthesising galaxies", 0.0..1.0);
    let catalog = job::synthesise(&args.out, &params, overwrite(args.force), &stage)?;
    drop(bar);
    Ok(Answer {
        text: format!(
            "{} synthetic galaxies (seed {}) with FITS cutouts: {}",
            params.galaxies,
            params.seed,
            catalog.display()
        ),
        json: json!({ "catalog": catalog.display().to_string(), "galaxies": params.galaxies, "seed": params.seed, "synthetic": true }),
    })
}
