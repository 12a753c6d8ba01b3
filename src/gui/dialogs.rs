//! File dialogs of the system, without blocking the window.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use eframe::egui::Context;
use rfd::AsyncFileDialog;

use super::action::{Action, Dialog};
use crate::session::MapRecipe;

/// A dialog that is cancelled sooner was never seen.
const FASTEST: Duration = Duration::from_millis(100);

/// Dialogs that are open, and what was chosen in them.
pub(super) struct Dialogs {
    sender: Sender<Action>,
    chosen: Receiver<Action>,
}

impl Default for Dialogs {
    fn default() -> Self {
        let (sender, chosen) = channel();
        Self { sender, chosen }
    }
}

impl Dialogs {
    /// Opens a dialog; what is chosen in it comes by [`poll`](Self::poll).
    pub fn open(&self, ctx: &Context, dialog: Dialog) {
        match dialog {
            Dialog::Data => self.open_file(ctx),
            Dialog::Folder => self.open_folder(ctx),
            Dialog::Encoder => self.open_encoder(ctx),
            Dialog::Session => self.save(ctx),
            Dialog::EarlierMap => self.open_earlier(ctx),
            Dialog::Model => self.open_model(ctx),
            Dialog::KeepModel => self.save_model(ctx),
        }
    }

    /// A file to open.
    fn open_file(&self, ctx: &Context) {
        let dialog = AsyncFileDialog::new()
            .set_title("Open data or a session")
            .add_filter(
                "Data",
                &[
                    "parquet",
                    "fits",
                    "fit",
                    "gz",
                    "fz",
                    "csv",
                    "tsv",
                    "npy",
                    "png",
                    "jpg",
                    "jpeg",
                    "latentarium",
                ],
            )
            .add_filter("All files", &["*"]);
        self.wait(ctx, dialog.pick_file(), Action::open);
    }

    /// A folder to open.
    fn open_folder(&self, ctx: &Context) {
        let dialog = AsyncFileDialog::new().set_title("Open a folder of cutouts");
        self.wait(ctx, dialog.pick_folder(), Action::open);
    }

    /// An encoder.
    fn open_encoder(&self, ctx: &Context) {
        let dialog = AsyncFileDialog::new()
            .set_title("Choose an encoder")
            .add_filter("Model card or model", &["toml", "onnx"]);
        self.wait(ctx, dialog.pick_file(), Action::ChooseEncoder);
    }

    /// Where to save the session.
    fn save(&self, ctx: &Context) {
        let dialog = AsyncFileDialog::new()
            .set_title("Save the session")
            .add_filter("Session", &["latentarium"])
            .set_file_name("session.latentarium");
        self.wait(ctx, dialog.save_file(), Action::Save);
    }

    /// An earlier map that the next one starts like.
    fn open_earlier(&self, ctx: &Context) {
        let dialog = AsyncFileDialog::new()
            .set_title("Choose an earlier map of these objects")
            .add_filter("Map", &["parquet"]);
        self.wait(ctx, dialog.pick_file(), Action::StartLike);
    }

    /// The model of a map, to place the objects by.
    fn open_model(&self, ctx: &Context) {
        let dialog = AsyncFileDialog::new()
            .set_title("Choose the model of a map")
            .add_filter("Model of a map", &["safetensors"])
            .add_filter("All files", &["*"]);
        let place = |path| Action::MakeMap(MapRecipe::Place(path));
        self.wait(ctx, dialog.pick_file(), place);
    }

    /// Where to keep the model of the map.
    fn save_model(&self, ctx: &Context) {
        let dialog = AsyncFileDialog::new()
            .set_title("Keep the model of the map")
            .add_filter("Model of a map", &["safetensors"])
            .set_file_name("map.safetensors");
        self.wait(ctx, dialog.save_file(), Action::SaveModel);
    }

    /// Where to write the selected objects.
    pub fn export_selection(&self, ctx: &Context) {
        let dialog = AsyncFileDialog::new()
            .set_title("Export the selection")
            .add_filter("Parquet", &["parquet"])
            .add_filter("CSV", &["csv"])
            .set_file_name("selection.parquet");
        self.wait(ctx, dialog.save_file(), Action::ExportSelection);
    }

    /// Where to write the map.
    pub fn export_figure(&self, ctx: &Context) {
        let dialog = AsyncFileDialog::new()
            .set_title("Export a figure")
            .add_filter("PNG", &["png"])
            .add_filter("SVG", &["svg"])
            .add_filter("PDF", &["pdf"])
            .set_file_name("map.png");
        self.wait(ctx, dialog.save_file(), Action::ExportFigure);
    }

    /// What was chosen since the last call.
    pub fn poll(&self) -> Vec<Action> {
        self.chosen.try_iter().collect()
    }

    fn wait(
        &self,
        ctx: &Context,
        dialog: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static,
        action: impl FnOnce(PathBuf) -> Action + Send + 'static,
    ) {
        let (sender, ctx) = (self.sender.clone(), ctx.clone());
        thread::spawn(move || {
            let begun = Instant::now();
            let answer = match pollster::block_on(dialog) {
                Some(file) => action(file.path().to_owned()),
                // Nobody is as fast: there was no dialog.
                None if begun.elapsed() < FASTEST => Action::Tell(
                    "This system opened no file dialog; install xdg-desktop-portal or zenity, or give the file on \
                     the command line"
                        .to_owned(),
                ),
                None => return,
            };
            if sender.send(answer).is_ok() {
                ctx.request_repaint();
            }
        });
    }
}
