//! Settings of the data: what is open, opening something else.

use std::path::PathBuf;

use eframe::egui::{RichText, TextEdit, Ui};

use super::super::action::{Action, Dialog};
use super::super::app::Drafts;
use super::super::theme::tokens;
use super::super::widgets::{fact, grouped, section};
use crate::session::Session;

pub(in crate::gui) fn ui(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    actions: &mut Vec<Action>,
) {
    if let Some(data) = session.data() {
        let dataset = &data.dataset;
        section(ui, "Open now");
        fact(ui, "Objects", grouped(dataset.catalog.len()));
        fact(ui, "Columns", grouped(dataset.catalog.columns().len()));
        fact(
            ui,
            "Pictures",
            if dataset.cutouts.is_some() {
                "yes"
            } else {
                "none"
            },
        );
        if dataset.spectra.is_some() {
            fact(ui, "Spectra", "yes");
        }
        let path = dataset.path.display().to_string();
        fact(ui, "From", RichText::new(&path).small());
        if data.synthetic {
            let color = tokens(ui.ctx()).warning;
            ui.label(
                RichText::new("Synthetic: simulated on this machine, not observed").color(color),
            );
        }
        if let Some(folder) = &dataset.cutouts_elsewhere
            && ui
                .button(format!("Use the pictures in {}", folder.display()))
                .clicked()
        {
            actions.push(Action::UseCutouts(folder.clone()));
        }
    }
    section(ui, "Open");
    ui.horizontal(|ui| {
        if ui
            .button("File…")
            .on_hover_text("A table, FITS file, embedding, projection or session")
            .clicked()
        {
            actions.push(Action::Ask(Dialog::Data));
        }
        if ui
            .button("Folder…")
            .on_hover_text("A folder of FITS, PNG or JPEG cutouts")
            .clicked()
        {
            actions.push(Action::Ask(Dialog::Folder));
        }
        if ui
            .button("Demo")
            .on_hover_text("Two synthetic surveys, made on this machine")
            .clicked()
        {
            actions.push(Action::OpenDemo);
        }
    });
    ui.horizontal(|ui| {
        let edit = TextEdit::singleline(&mut drafts.path)
            .hint_text("or type a path")
            .desired_width(250.0);
        let response = ui.add(edit);
        let entered =
            response.lost_focus() && ui.input(|i| i.key_pressed(eframe::egui::Key::Enter));
        if (ui.button("Open").clicked() || entered) && !drafts.path.trim().is_empty() {
            actions.push(Action::open(PathBuf::from(drafts.path.trim())));
        }
    });
    section(ui, "Session");
    ui.horizontal(|ui| {
        if ui
            .add_enabled(
                session.data().is_some(),
                eframe::egui::Button::new("Save session…"),
            )
            .clicked()
        {
            actions.push(Action::Ask(Dialog::Session));
        }
        if ui
            .add_enabled(session.data().is_some(), eframe::egui::Button::new("Close"))
            .clicked()
        {
            actions.push(Action::Close);
        }
    });
}
