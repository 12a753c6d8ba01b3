//! Empty states: what to do next, with a button that does it.

use eframe::egui::{Button, ProgressBar, RichText, Ui};

use super::super::action::{Action, Dialog};
use super::super::active::Running;
use super::super::app::Drafts;
use super::super::settings::Settings;
use super::super::theme::{STEP, strong_family, tokens};
use super::super::widgets::{counted, section};
use crate::session::Session;

const WIDTH: f32 = 420.0;

/// Fills the middle of the window while there is no map.
pub(in crate::gui) fn ui(
    ui: &mut Ui,
    session: &Session,
    settings: &Settings,
    drafts: &mut Drafts,
    running: Option<&Running>,
    actions: &mut Vec<Action>,
) {
    let colors = tokens(ui.ctx());
    let left = ((ui.available_width() - WIDTH) / 2.0).max(16.0);
    ui.add_space(ui.available_height() * 0.26);
    ui.horizontal(|ui| {
        ui.add_space(left);
        ui.vertical(|ui| {
            ui.set_width(WIDTH);
            if let Some(running) = running {
                heading(ui, &running.name);
                return progress(ui, running, actions);
            }
            match (session.data(), session.embedding()) {
                (None, _) => start(ui, settings, actions),
                (Some(data), None) if data.dataset.cutouts.is_some() => {
                    heading(ui, &counted(data.dataset.catalog.len(), "cutout", "cutouts"));
                    ui.label(RichText::new("An encoder turns each picture into a vector.").color(colors.muted));
                    ui.add_space(3.0 * STEP);
                    if big(ui, &format!("Encode with {}", drafts.encoder.name())) {
                        actions.push(Action::Encode(drafts.encoder.clone()));
                    }
                    if ui.button("Choose another encoder…").clicked() {
                        actions.push(Action::Ask(Dialog::Encoder));
                    }
                }
                (Some(data), None) if data.dataset.spectra.is_some() => {
                    heading(ui, &counted(data.dataset.catalog.len(), "spectrum", "spectra"));
                    ui.label(RichText::new("An encoder of spectra turns each of them into a vector.").color(colors.muted));
                    ui.add_space(3.0 * STEP);
                    if big(ui, "Choose an encoder…") {
                        actions.push(Action::Ask(Dialog::Encoder));
                    }
                }
                (Some(data), None) => {
                    heading(ui, &counted(data.dataset.catalog.len(), "object", "objects"));
                    let text = "These data hold neither vectors nor pictures that can be found. Open a file with an embedding or a \
                                projection, or a folder of cutouts.";
                    ui.label(RichText::new(text).color(colors.muted));
                    ui.add_space(3.0 * STEP);
                    if let Some(folder) = &data.dataset.cutouts_elsewhere
                        && big(ui, &format!("Use the pictures in {}", folder.display()))
                    {
                        actions.push(Action::UseCutouts(folder.clone()));
                    }
                    if ui.button("Open file…").clicked() {
                        actions.push(Action::Ask(Dialog::Data));
                    }
                }
                (Some(_), Some(encoded)) => {
                    heading(ui, &format!("{} of {} values", counted(encoded.embedding.len(), "vector", "vectors"), encoded.embedding.dim()));
                    ui.label(RichText::new("A map shows them in two dimensions, or in three that turn.").color(colors.muted));
                    ui.add_space(3.0 * STEP);
                    ui.horizontal(|ui| super::projection::dimensions(ui, drafts));
                    ui.add_space(STEP);
                    if big(ui, &drafts.map.name()) {
                        actions.push(Action::MakeMap(drafts.map.recipe()));
                    }
                }
            }
        });
    });
}

fn heading(ui: &mut Ui, text: &str) {
    let color = tokens(ui.ctx()).strong;
    ui.label(
        RichText::new(text)
            .family(strong_family())
            .size(22.0)
            .color(color),
    );
    ui.add_space(STEP);
}

/// The one thing to do next.
fn big(ui: &mut Ui, text: &str) -> bool {
    let colors = tokens(ui.ctx());
    let text = RichText::new(text)
        .family(strong_family())
        .color(colors.panel);
    let clicked = ui
        .add(
            Button::new(text)
                .fill(colors.accent)
                .min_size([0.0, 32.0].into()),
        )
        .clicked();
    ui.add_space(STEP);
    clicked
}

fn start(ui: &mut Ui, settings: &Settings, actions: &mut Vec<Action>) {
    let colors = tokens(ui.ctx());
    heading(ui, "A planetarium for latent spaces");
    let text = "Open an embedding, a projection, a catalogue with cutouts or a folder of pictures; or drop it onto this window.";
    ui.label(RichText::new(text).color(colors.muted));
    ui.add_space(4.0 * STEP);
    if big(ui, "Explore the demo survey") {
        actions.push(Action::OpenDemo);
    }
    ui.horizontal(|ui| {
        if ui.button("Open file…").clicked() {
            actions.push(Action::Ask(Dialog::Data));
        }
        if ui.button("Open folder…").clicked() {
            actions.push(Action::Ask(Dialog::Folder));
        }
    });
    if settings.recent.is_empty() {
        return;
    }
    section(ui, "Recent");
    for path in &settings.recent {
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        let folder = path
            .parent()
            .map(|p| p.display().to_string())
            .unwrap_or_default();
        ui.horizontal(|ui| {
            if ui.link(name).clicked() {
                actions.push(Action::open(path.clone()));
            }
            ui.add(
                eframe::egui::Label::new(RichText::new(folder).small().color(colors.muted))
                    .truncate(),
            );
        });
    }
}

/// The bar of the running job, with a way out.
pub(in crate::gui) fn progress(ui: &mut Ui, running: &Running, actions: &mut Vec<Action>) {
    let colors = tokens(ui.ctx());
    let bar = ProgressBar::new(running.snapshot.fraction)
        .desired_height(8.0)
        .corner_radius(4.0)
        .fill(colors.accent);
    ui.add(bar);
    ui.horizontal(|ui| {
        let percent = running.snapshot.fraction * 100.0;
        let text = format!(
            "{} · {percent:.0} %{}",
            running.snapshot.stage,
            running.remaining()
        );
        ui.label(RichText::new(text).color(colors.muted));
        ui.with_layout(
            eframe::egui::Layout::right_to_left(eframe::egui::Align::Center),
            |ui| {
                if ui.button("Cancel").clicked() {
                    actions.push(Action::CancelJob);
                }
            },
        );
    });
}
