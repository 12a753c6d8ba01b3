//! The window: panels read the session and push actions; `App::logic` applies them.
//!
//! The UI thread does no I/O and never waits: files are read by jobs, cutouts and colours by
//! newest-request-wins workers (`latest`).

mod action;
mod active;
mod app;
mod chosen;
mod commands;
mod decoding;
mod dialogs;
mod filtering;
mod judgements;
mod latest;
mod moving;
mod nearest;
mod objects;
mod panels;
mod settings;
mod shown;
mod stage;
mod theme;
mod thumbnails;
mod turning;
mod views;
mod widgets;
mod window;

pub use app::App;
pub use settings::Settings;

use std::path::PathBuf;

/// What the window begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// The start screen.
    Empty,
    /// The synthetic demo survey.
    Demo,
    /// A file or folder.
    Open {
        /// What to open.
        path: PathBuf,
        /// Where its pictures lie, if not beside it.
        cutouts: Option<PathBuf>,
    },
}

/// Opens the window; returns when it is closed. A graphics device that is lost is started again, with
/// everything as it was.
///
/// # Errors
/// When there is no display or no graphics adapter that can draw a window.
pub fn run(start: Start) -> Result<(), String> {
    window::run(start)
}
