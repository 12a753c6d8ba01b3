//! `latentarium [FILE...]`: the window; without a display the demo is made all the same, and drawn
//! into a file.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use super::bar::Bar;
use super::{doctor, say};
use crate::io::{self, Overwrite};
use crate::job::{Job, Report, demo_folder};
use crate::scene::{MapImage, color_points, draw_map};
use crate::session::Session;
use crate::synth::SurveyParams;

#[derive(Debug, Args)]
pub(super) struct WindowArgs {
    /// Data to open: a table, a FITS file, a folder of pictures, or a session
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Open the synthetic demo survey
    #[arg(long, conflicts_with = "files")]
    demo: bool,
    /// Folder that the catalogue's picture names are relative to, if not its own
    #[arg(long, value_name = "DIR")]
    cutouts: Option<PathBuf>,
}

pub(super) fn run(args: &WindowArgs) -> Result<()> {
    if let Some(missing) = args.files.iter().find(|f| !f.exists()) {
        return Err(io::IoError::Missing {
            path: missing.clone(),
        }
        .into());
    }
    match doctor::display() {
        Ok(_) => open_window(args),
        Err(_) if args.demo => demo_without_display(),
        Err(reason) => bail!(
            "there is no display for the window ({reason}); the commands work without one, see --help"
        ),
    }
}

#[cfg(feature = "gui")]
fn open_window(args: &WindowArgs) -> Result<()> {
    use crate::gui::{self, Start};
    let start = match args.files.split_first() {
        None if args.demo => Start::Demo,
        None => Start::Empty,
        Some((first, others)) => {
            for other in others {
                say(&format!(
                    "latentarium: one data set at a time; {} was not opened",
                    other.display()
                ));
            }
            Start::Open {
                path: first.clone(),
                cutouts: args.cutouts.clone(),
            }
        }
    };
    gui::run(start).map_err(anyhow::Error::msg)
}

#[cfg(not(feature = "gui"))]
fn open_window(_args: &WindowArgs) -> Result<()> {
    bail!(
        "this program was built without its window; build it with the feature `gui`, or use the commands, see --help"
    )
}

/// The way from galaxies to a map, headless.
fn demo_without_display() -> Result<()> {
    say("There is no display: the demo is made without the window.");
    let params = SurveyParams::default();
    let folder = demo_folder(&params);
    let job = Job::Demo {
        folder: folder.clone(),
        params,
    };
    let bar = Bar::start();
    let mut session = Session::default();
    job.run(bar.progress(), &mut |report| match report {
        Report::Edit(edit) => session.apply(edit),
        Report::Forming(_) | Report::Encoder(_) | Report::Judged(_) => {}
        Report::Notice(text) => say(&text),
    })?;
    drop(bar);
    let (Some(data), Some(map)) = (session.data(), session.map()) else {
        bail!("the demo made no map");
    };
    let catalog = &data.dataset.catalog;
    let colored = color_points(catalog, &map.points, session.view(), None, true);
    let image = MapImage {
        width: 1600,
        height: 1000,
        scale: 1.0,
        dark: true,
        bounds: None,
    };
    let (rgba, adapter) = draw_map(&map.points, &colored, session.view(), &image, &[], &[])?;
    let path = folder.join("map.png");
    io::write_png(&path, image.width, image.height, &rgba, Overwrite::Replace)?;
    say(&format!(
        "{} synthetic galaxies, encoded and mapped, drawn by {}.\nThe map: {}",
        colored.shown(),
        adapter.name,
        path.display()
    ));
    Ok(())
}
