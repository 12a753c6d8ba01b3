//! Settings of the encoder: which one, on what device, which tensor is the embedding.

use eframe::egui::{Button, RichText, TextEdit, Ui};

use super::super::action::{Action, Dialog};
use super::super::app::Drafts;
use super::super::theme::tokens;
use super::super::widgets::{fact, grouped, section};
use super::tensors;
use crate::encode::shipped;
use crate::session::{Encoded, EncoderChoice, ModelRef, Session, Tap};

const DEVICES: [(&str, &str); 4] = [
    (
        "auto",
        "The fastest of ONNX Runtime on its first accelerator that works and on the processor, and the compiled-in engine",
    ),
    ("cpu", "ONNX Runtime on the processor"),
    ("tract", "The compiled-in engine"),
    ("cuda", "ONNX Runtime on an NVIDIA GPU"),
];
/// Notes listed; the file has them all.
const NOTES_SHOWN: usize = 200;

pub(in crate::gui) fn ui(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    actions: &mut Vec<Action>,
) {
    if let Some(encoded) = session.embedding() {
        let rows = session.data().map_or(0, |d| d.dataset.catalog.len());
        vectors(ui, encoded, rows);
    }
    section(ui, "Encoder");
    choice(ui, drafts, actions);
    let lacks_card = matches!(
        drafts.chosen.missing(&drafts.encoder),
        Some(Ok(Some(_)) | Err(_))
    );
    if !lacks_card {
        embedding(ui, drafts);
    }
    section(ui, "Device");
    ui.horizontal(|ui| {
        for (device, tip) in DEVICES {
            let chosen = drafts.encoder.device == device;
            if ui
                .selectable_label(chosen, device)
                .on_hover_text(tip)
                .clicked()
            {
                device.clone_into(&mut drafts.encoder.device);
            }
        }
    });
    ui.add_space(8.0);
    // A file may be an encoder of columns, which needs no pictures; the job looks into it.
    let needs_pictures = matches!(drafts.encoder.model, ModelRef::Shipped(_));
    let ready = session
        .data()
        .is_some_and(|d| d.dataset.cutouts.is_some() || !needs_pictures);
    ui.horizontal(|ui| {
        let button = Button::new(format!("Encode with {}", drafts.encoder.name()));
        let button = ui.add_enabled(ready && !lacks_card, button);
        let why = if lacks_card {
            "Fill in the card of the model first"
        } else {
            "Open data with pictures first"
        };
        if button.on_disabled_hover_text(why).clicked() {
            actions.push(Action::Encode(drafts.encoder.clone()));
        }
        let tip = "Runs it on two synthetic objects: whether it can be used, how fast it is and what it needs";
        let check = ui.add_enabled(!lacks_card, Button::new("Check"));
        if check.on_hover_text(tip).clicked() {
            actions.push(Action::CheckEncoder);
        }
    });
}

/// The vectors there are, and what went wrong on the way to them.
fn vectors(ui: &mut Ui, encoded: &Encoded, rows: usize) {
    let provenance = encoded.embedding.provenance();
    section(ui, "Vectors");
    fact(ui, "Objects encoded", grouped(encoded.embedding.len()));
    fact(ui, "Values each", grouped(encoded.embedding.dim()));
    for (name, key) in [
        ("Encoder", "encoder"),
        ("Engine", "engine"),
        ("Preprocessing", "preprocessing"),
    ] {
        if let Some(value) = provenance.get(key) {
            fact(ui, name, value);
        }
    }
    if let Some(reason) = &encoded.device_reason {
        let text = RichText::new(format!("Device chosen: {reason}"));
        ui.label(text.small().color(tokens(ui.ctx()).muted));
    }
    let missing = rows.saturating_sub(encoded.embedding.len());
    if missing > 0 {
        let text = format!("{} objects have no vector", grouped(missing));
        ui.label(RichText::new(text).color(tokens(ui.ctx()).warning));
    }
    if !encoded.warnings.is_empty() {
        ui.collapsing(format!("{} notes", encoded.warnings.len()), |ui| {
            eframe::egui::ScrollArea::vertical()
                .max_height(120.0)
                .show(ui, |ui| {
                    for (row, text) in encoded.warnings.iter().take(NOTES_SHOWN) {
                        ui.label(RichText::new(format!("row {row}: {text}")).small());
                    }
                });
        });
    }
}

/// Shipped encoders, or a file; a model without a card asks for one.
fn choice(ui: &mut Ui, drafts: &mut Drafts, actions: &mut Vec<Action>) {
    for name in shipped::NAMES {
        let choice = EncoderChoice {
            model: ModelRef::Shipped(name.to_owned()),
            device: drafts.encoder.device.clone(),
            ..EncoderChoice::default()
        };
        if ui
            .selectable_label(
                drafts.encoder.model == choice.model,
                format!("{name} (shipped)"),
            )
            .clicked()
        {
            drafts.encoder = choice;
        }
    }
    if let ModelRef::File(path) = &drafts.encoder.model {
        let _ = ui.selectable_label(true, path.display().to_string());
    }
    ui.horizontal(|ui| {
        let edit = TextEdit::singleline(&mut drafts.encoder_path)
            .hint_text("card (.toml) or model (.onnx)");
        let response = ui.add(edit.desired_width(210.0));
        let entered =
            response.lost_focus() && ui.input(|i| i.key_pressed(eframe::egui::Key::Enter));
        let used = ui.button("Use").clicked() || entered;
        if used && !drafts.encoder_path.trim().is_empty() {
            actions.push(Action::ChooseEncoder(drafts.encoder_path.trim().into()));
        }
        if ui.button("File…").clicked() {
            actions.push(Action::Ask(Dialog::Encoder));
        }
    });
    match drafts.chosen.missing(&drafts.encoder) {
        None | Some(Ok(None)) => {}
        Some(Ok(Some(_))) => {
            ui.horizontal(|ui| {
                let color = tokens(ui.ctx()).warning;
                ui.label(RichText::new("The model has no card").color(color));
                if ui.button("Fill it in…").clicked() {
                    drafts.chosen.fill_in(&drafts.encoder);
                }
            });
        }
        Some(Err(reason)) => {
            ui.label(RichText::new(reason).color(tokens(ui.ctx()).warning));
        }
    }
}

/// The tensor that becomes the embedding: the card's, or another inside the model.
fn embedding(ui: &mut Ui, drafts: &mut Drafts) {
    let Drafts {
        encoder, chosen, ..
    } = drafts;
    section(ui, "Embedding");
    ui.horizontal(|ui| {
        if ui
            .selectable_label(encoder.tap.is_none(), "As the card says")
            .clicked()
        {
            encoder.tap = None;
            chosen.listing = false;
        }
        let text = encoder.tap.as_ref().map(|tap| tap.tensor.as_str());
        let another = text.map_or("Another tensor…".to_owned(), |text| format!("{text}…"));
        if ui.selectable_label(text.is_some(), another).clicked() {
            chosen.listing = !chosen.listing;
        }
    });
    if chosen.listing {
        let mut query = std::mem::take(&mut chosen.query);
        let listed = chosen.tensors(ui.ctx(), encoder);
        let tap = encoder.tap.as_ref().map(|tap| tap.tensor.as_str());
        if let Some(tensor) = tensors::ui(ui, listed, &mut query, tap) {
            encoder.tap = Some(Tap {
                tensor: tensor.name.clone(),
                pooling: tensor.suitable_pooling(),
            });
        }
        chosen.query = query;
    }
    if let Some(tap) = &mut encoder.tap {
        ui.horizontal(|ui| {
            ui.label(RichText::new("Pooling").color(tokens(ui.ctx()).muted));
            tensors::pooling(ui, &mut tap.pooling);
        });
    }
}
