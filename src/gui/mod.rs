//! The window: panels read the session and push actions; `App::logic` applies them.
//!
//! The UI thread does no I/O and never waits: files are read by jobs, cutouts and colours by
//! newest-request-wins workers (`latest`).

mod action;
mod active;
mod app;
mod commands;
mod dialogs;
mod filtering;
mod latest;
mod moving;
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

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui;

pub use app::App;
pub use settings::Settings;

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

/// Opens the window; returns when it is closed.
///
/// # Errors
/// When there is no display or no graphics adapter that can draw a window.
pub fn run(start: Start) -> Result<(), String> {
    let settings = Settings::load();
    let mut setup = eframe::egui_wgpu::WgpuSetupCreateNew::without_display_handle();
    setup.device_descriptor = Arc::new(crate::render::device_descriptor);
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Latentarium")
            .with_app_id("latentarium")
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([720.0, 480.0])
            .with_drag_and_drop(true),
        renderer: eframe::Renderer::Wgpu,
        wgpu_options: eframe::egui_wgpu::WgpuConfiguration {
            wgpu_setup: setup.into(),
            ..Default::default()
        },
        ..Default::default()
    };
    eframe::run_native(
        "latentarium",
        options,
        Box::new(move |creation| Ok(Box::new(App::new(creation, settings, start)))),
    )
    .map_err(|e| {
        format!(
            "the window cannot be opened ({e}); run `latentarium doctor` to see what is missing, or use the commands, \
             see --help"
        )
    })
}
