//! The sentence across the top: Data › Encoder › Map. Each word opens its settings and shows what
//! is running.

use eframe::egui::{
    Align, Button, Layout, Popup, PopupCloseBehavior, RichText, Role, Ui, WidgetInfo,
};

use super::super::action::Action;
use super::super::active::Running;
use super::super::app::Drafts;
use super::super::theme::{STEP, strong_family, tokens};
use super::super::widgets::counted;
use super::{data, encoder, projection};
use crate::session::{History, Session};

const POPUP_WIDTH: f32 = 340.0;

pub(in crate::gui) fn ui(
    ui: &mut Ui,
    history: &History,
    drafts: &mut Drafts,
    running: Option<&Running>,
    actions: &mut Vec<Action>,
) {
    let session = history.session();
    let colors = tokens(ui.ctx());
    ui.horizontal_centered(|ui| {
        ui.label(
            RichText::new("Latentarium")
                .family(strong_family())
                .size(15.0)
                .color(colors.strong),
        );
        if let Some(data) = session.data() {
            ui.add(
                eframe::egui::Label::new(RichText::new(data.name()).color(colors.muted)).truncate(),
            );
        }
        ui.add_space(6.0 * STEP);
        word(ui, "Data", &data_text(session), |ui| {
            data::ui(ui, session, drafts, actions);
        });
        arrow(ui);
        word(ui, "Encoder", &encoder_text(session), |ui| {
            encoder::ui(ui, session, drafts, actions);
        });
        arrow(ui);
        word(ui, "Map", &map_text(session), |ui| {
            projection::ui(ui, session, drafts, actions);
        });
        if let Some(running) = running {
            ui.add_space(2.0 * STEP);
            ui.add(eframe::egui::Spinner::new().size(14.0));
            ui.label(RichText::new(&running.name).color(colors.muted));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let theme = if ui.visuals().dark_mode {
                "Light"
            } else {
                "Dark"
            };
            if ui
                .button(theme)
                .on_hover_text("Switch the theme (Ctrl+T)")
                .clicked()
            {
                actions.push(Action::ToggleTheme);
            }
            if ui
                .button("Commands")
                .on_hover_text("Find a command by name (Ctrl+K)")
                .clicked()
            {
                actions.push(Action::TogglePalette);
            }
            let mut step = |ui: &mut Ui,
                            text: &str,
                            name: Option<&'static str>,
                            keys: &str,
                            action: Action| {
                let button = ui.add_enabled(name.is_some(), Button::new(text));
                let verb = if action == Action::Undo {
                    "Undo"
                } else {
                    "Redo"
                };
                button.widget_info(|| WidgetInfo::labeled(Role::Button, name.is_some(), verb));
                let tip = name.map_or_else(
                    || format!("Nothing to {}", verb.to_lowercase()),
                    |n| format!("{verb}: {n} ({keys})"),
                );
                if button
                    .on_hover_text(tip.clone())
                    .on_disabled_hover_text(tip)
                    .clicked()
                {
                    actions.push(action);
                }
            };
            step(ui, "↻", history.redoable(), "Ctrl+Shift+Z", Action::Redo);
            step(ui, "↺", history.undoable(), "Ctrl+Z", Action::Undo);
        });
    });
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
                |on| format!("{method} · fitted on {on}"),
            )
        },
    )
}
