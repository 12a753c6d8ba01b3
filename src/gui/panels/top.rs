//! The sentence across the top: Data › Encoder › Map › Quality. Each word opens its settings and shows what
//! is running.

use eframe::egui::{
    Align, Button, Layout, Popup, PopupCloseBehavior, RichText, Role, Ui, WidgetInfo,
};

use super::super::action::Action;
use super::super::active::Running;
use super::super::app::Drafts;
use super::super::theme::{STEP, strong_family, tokens};
use super::super::widgets::{counted, grouped_text};
use super::{data, encoder, projection, quality};
use crate::job::Judged;
use crate::session::{History, Session};

const POPUP_WIDTH: f32 = 380.0;
/// Widths that leave room for what the words say, and for the name of the data.
const STATES_FROM: f32 = 600.0;
const NAME_FROM: f32 = 800.0;

pub(in crate::gui) fn ui(
    ui: &mut Ui,
    history: &History,
    judged: Option<&Judged>,
    drafts: &mut Drafts,
    running: Option<&Running>,
    actions: &mut Vec<Action>,
) {
    let session = history.session();
    let colors = tokens(ui.ctx());
    // The buttons at the right keep their place; what does not fit of the rest is cut off.
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        buttons(ui, history, actions);
        ui.add_space(2.0 * STEP);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.set_clip_rect(ui.max_rect().intersect(ui.clip_rect()));
            ui.label(
                RichText::new("Latentarium")
                    .family(strong_family())
                    .size(15.0)
                    .color(colors.strong),
            );
            // In a narrow window the words stay, what they say goes.
            let width = ui.available_width();
            let state = |text: String| {
                if width > STATES_FROM {
                    text
                } else {
                    String::new()
                }
            };
            if let Some(data) = session.data().filter(|_| width > NAME_FROM) {
                ui.label(RichText::new(data.name()).color(colors.muted));
            }
            ui.add_space(3.0 * STEP);
            word(ui, "Data", &state(data_text(session)), |ui| {
                data::ui(ui, session, drafts, actions);
            });
            arrow(ui);
            word(ui, "Encoder", &state(encoder_text(session)), |ui| {
                encoder::ui(ui, session, drafts, actions);
            });
            arrow(ui);
            word(ui, "Map", &state(map_text(session)), |ui| {
                projection::ui(ui, session, drafts, actions);
            });
            if session.map().is_some() {
                arrow(ui);
                word(
                    ui,
                    "Quality",
                    &state(quality::state(session, judged)),
                    |ui| {
                        quality::ui(ui, session, judged, drafts, actions);
                    },
                );
            }
            if let Some(running) = running {
                ui.add_space(2.0 * STEP);
                ui.add(eframe::egui::Spinner::new().size(14.0));
                let percent = running.snapshot.fraction * 100.0;
                let cancel = ui.small_button("×").on_hover_text("Cancel");
                cancel.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Cancel the work"));
                if cancel.clicked() {
                    actions.push(Action::CancelJob);
                }
                let keep = running.forming
                    && ui
                        .small_button("Keep")
                        .on_hover_text("End the map with what there is")
                        .clicked();
                if keep {
                    actions.push(Action::KeepMap);
                }
                let text = format!("{percent:.0} % · {}{}", running.name, running.remaining());
                let text = RichText::new(text).color(colors.muted);
                ui.add(eframe::egui::Label::new(text).truncate());
            }
        });
    });
}

/// Theme, commands, redo and undo, from the right.
fn buttons(ui: &mut Ui, history: &History, actions: &mut Vec<Action>) {
    let theme = if ui.visuals().dark_mode {
        "Light"
    } else {
        "Dark"
    };
    for (text, tip, action) in [
        (theme, "Switch the theme (Ctrl+T)", Action::ToggleTheme),
        (
            "Commands",
            "Find a command by name (Ctrl+K)",
            Action::TogglePalette,
        ),
    ] {
        if ui.button(text).on_hover_text(tip).clicked() {
            actions.push(action);
        }
    }
    for (text, verb, keys, name, action) in [
        (
            "↻",
            "Redo",
            "Ctrl+Shift+Z",
            history.redoable(),
            Action::Redo,
        ),
        ("↺", "Undo", "Ctrl+Z", history.undoable(), Action::Undo),
    ] {
        let button = ui.add_enabled(name.is_some(), Button::new(text));
        button.widget_info(|| WidgetInfo::labeled(Role::Button, name.is_some(), verb));
        let tip = name.map_or_else(
            || format!("Nothing to {}", verb.to_lowercase()),
            |name| format!("{verb}: {name} ({keys})"),
        );
        let button = button.on_hover_text(&tip).on_disabled_hover_text(&tip);
        if button.clicked() {
            actions.push(action);
        }
    }
}

fn word(ui: &mut Ui, name: &str, state: &str, settings: impl FnOnce(&mut Ui)) {
    let colors = tokens(ui.ctx());
    let mut text = eframe::egui::text::LayoutJob::default();
    let format = |family, color| {
        eframe::egui::TextFormat::simple(eframe::egui::FontId::new(13.0, family), color)
    };
    text.append(
        name,
        0.0,
        format(eframe::egui::FontFamily::Proportional, colors.text),
    );
    text.append(state, 6.0, format(strong_family(), colors.strong));
    let button = ui.add(
        Button::new(text)
            .corner_radius(14.0)
            .min_size(eframe::egui::vec2(0.0, 28.0)),
    );
    Popup::from_toggle_button_response(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .width(POPUP_WIDTH)
        .show(|ui| {
            ui.set_width(POPUP_WIDTH);
            settings(ui);
        });
}

fn arrow(ui: &mut Ui) {
    let color = tokens(ui.ctx()).muted;
    ui.label(RichText::new("›").color(color));
}

fn data_text(session: &Session) -> String {
    session.data().map_or_else(
        || "open…".to_owned(),
        |data| {
            let n = data.dataset.catalog.len();
            if data.dataset.cutouts.is_some() {
                counted(n, "cutout", "cutouts")
            } else if data.dataset.spectra.is_some() {
                counted(n, "spectrum", "spectra")
            } else {
                counted(n, "object", "objects")
            }
        },
    )
}

fn encoder_text(session: &Session) -> String {
    if let Some(encoded) = session.embedding() {
        let name = encoded
            .encoder
            .as_ref()
            .map(crate::session::EncoderChoice::name);
        let name = name.or_else(|| {
            encoded
                .embedding
                .provenance()
                .get("encoder")
                .map(str::to_owned)
        });
        format!(
            "{} · {}-d",
            name.unwrap_or_else(|| "from file".to_owned()),
            encoded.embedding.dim()
        )
    } else {
        let recorded = session
            .map()
            .and_then(|m| m.points.projection().provenance().get("encoder"));
        recorded.map_or_else(
            || "choose…".to_owned(),
            |name| format!("{name} (in the file)"),
        )
    }
}

fn map_text(session: &Session) -> String {
    session.map().map_or_else(
        || "make…".to_owned(),
        |map| {
            let facts = map.points.projection().provenance();
            let method = facts.get("method").unwrap_or("from file");
            facts.get("fitted_on").map_or_else(
                || method.to_owned(),
                |on| format!("{method} · fitted on {}", grouped_text(on)),
            )
        },
    )
}
