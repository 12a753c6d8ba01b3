//! The command line: subcommands become jobs, in order.
//!
//! A contract: results on stdout (`--json` for machines), progress and messages on stderr; exit
//! status 0 for success, 1 for failure, 2 for wrong usage; an existing file is replaced only with
//! `--force`; outputs appear whole or not at all.

mod bar;
mod card;
mod check;
mod decode;
mod demo;
mod doctor;
mod embed;
mod encoder;
mod info;
mod knn;
mod model;
mod quality;
mod reduce;
mod render;
mod retrieve;
mod select;
mod window;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand};

use crate::io::{self, Overwrite};
use crate::subset::FilterError;

/// Exit status of a failure; clap exits with 2 on wrong usage.
const FAILURE: u8 = 1;

/// A planetarium for latent spaces: see what a foundation model has learned about galaxies.
///
/// Without a command, opens the window.
#[derive(Debug, Parser)]
#[command(name = "latentarium", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    window: window::WindowArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the synthetic demo survey: FITS cutouts and a Parquet catalogue
    Demo(demo::DemoArgs),
    /// Say what a file or folder holds
    Info(info::InfoArgs),
    /// Run an encoder over cutouts: one vector for each object
    Embed(embed::EmbedArgs),
    /// Draw what a model says objects look like: its reconstruction, a walk between two, a place of a map
    Decode(decode::DecodeArgs),
    /// Say whether a model can be used: runs it on synthetic objects
    Check(check::CheckArgs),
    /// Write the card of a model that has none
    Card(card::CardArgs),
    /// Reduce vectors to a map
    Reduce(reduce::ReduceArgs),
    /// Say how faithful a map is to its vectors
    Quality(quality::QualityArgs),
    /// Find the nearest neighbours of every object
    Knn(knn::KnnArgs),
    /// Look up the objects of one file among those of another, by vectors of one space
    Retrieve(retrieve::RetrieveArgs),
    /// Draw a map as PNG, SVG or PDF
    Render(render::RenderArgs),
    /// Write the objects in a region of a map, or those for which a condition holds
    Select(select::SelectArgs),
    /// Say what this machine offers: graphics, display, ONNX engines
    Doctor(doctor::DoctorArgs),
}

/// Where results go.
#[derive(Debug, Args)]
struct Output {
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Output {
    /// Looks at the output before any work is done.
    fn check(&self, inputs: &[&Path]) -> Result<()> {
        io::check_output(&self.out, self.overwrite())?;
        apart(&self.out, inputs)
    }

    fn overwrite(&self) -> Overwrite {
        overwrite(self.force)
    }
}

/// Refuses an output that is one of the inputs.
fn apart(out: &Path, inputs: &[&Path]) -> Result<()> {
    let Ok(there) = out.canonicalize() else {
        return Ok(());
    };
    for input in inputs {
        if input.canonicalize().is_ok_and(|input| input == there) {
            bail!(
                "the output would replace what is read; choose another name: {}",
                out.display()
            );
        }
    }
    Ok(())
}

/// What was tolerated, on stderr.
fn note(notices: &[String]) {
    for notice in notices {
        say(&format!("note: {notice}"));
    }
}

fn overwrite(force: bool) -> Overwrite {
    if force {
        Overwrite::Replace
    } else {
        Overwrite::Refuse
    }
}

/// A result for people and for machines.
struct Answer {
    text: String,
    json: serde_json::Value,
}

impl Answer {
    /// Prints to stdout. A reader that has gone away (`| head`) is no failure.
    fn print(&self, as_json: bool) {
        let mut stdout = std::io::stdout().lock();
        let text = if as_json {
            format!("{:#}", self.json)
        } else {
            self.text.trim_end().to_owned()
        };
        let _ = writeln!(stdout, "{text}");
    }
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    without_telemetry();
    leave_nothing_behind();
    let cli = Cli::parse();
    let result = match cli.command {
        None => window::run(&cli.window),
        Some(Command::Demo(args)) => demo::run(&args).map(|answer| answer.print(args.json)),
        Some(Command::Info(args)) => info::run(&args).map(|answer| answer.print(args.json)),
        Some(Command::Embed(args)) => {
            embed::run(&args).map(|answer| answer.print(args.output.json))
        }
        Some(Command::Decode(args)) => {
            decode::run(&args).map(|answer| answer.print(args.output.json))
        }
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Card(args)) => card::run(&args).map(|answer| answer.print(args.json)),
        Some(Command::Reduce(args)) => {
            reduce::run(&args).map(|answer| answer.print(args.output.json))
        }
        Some(Command::Quality(args)) => quality::run(&args).map(|answer| answer.print(args.json)),
        Some(Command::Knn(args)) => knn::run(&args).map(|answer| answer.print(args.output.json)),
        Some(Command::Retrieve(args)) => {
            retrieve::run(&args).map(|answer| answer.print(args.output.json))
        }
        Some(Command::Render(args)) => {
            render::run(&args).map(|answer| answer.print(args.output.json))
        }
        Some(Command::Select(args)) => {
            select::run(&args).map(|answer| answer.print(args.output.json))
        }
        Some(Command::Doctor(args)) => {
            doctor::run().print(args.json);
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("latentarium: {error}"));
            ExitCode::from(FAILURE)
        }
    }
}

/// Keeps ONNX Runtime from setting up a store for usage reports in the user's home: switching
/// telemetry off once it is loaded is too late for that.
#[expect(
    unsafe_code,
    reason = "the environment is changed before any other thread runs"
)]
fn without_telemetry() {
    // SAFETY: this is the first thing the program does.
    unsafe { std::env::set_var("ORT_DISABLE_TELEMETRY", "1") };
}

/// Removes what is half written before a signal ends the program.
fn leave_nothing_behind() {
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGINT, SIGTERM};
        use signal_hook::iterator::Signals;
        use signal_hook::low_level::emulate_default_handler;
        // Without them the program ends as any other. A hang-up is left to whoever ignores it (`nohup`).
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else {
            return;
        };
        std::thread::spawn(move || {
            for signal in signals.forever() {
                io::discard_unfinished();
                drop(emulate_default_handler(signal));
            }
        });
    }
}

/// Four numbers with commas between them.
fn four_numbers(text: &str) -> Result<[f64; 4], String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
    numbers
        .and_then(|n| <[f64; 4]>::try_from(n).ok())
        .filter(|n| n.iter().all(|v| v.is_finite()))
        .ok_or_else(|| "four numbers with commas between them, such as -1,-2,3.5,4".to_owned())
}

/// A condition in SQL that cannot be used, with a caret under the place.
fn caret(error: &FilterError, sql: &str) -> anyhow::Error {
    anyhow::anyhow!("{error}\n{}", error.caret(sql))
}

/// A line on stderr; a closed stderr is no failure.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
