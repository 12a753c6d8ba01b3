//! The bar for one SQL condition: what it keeps, counted while one types; an error with a caret under
//! its place.

use eframe::egui::{self, FontId, RichText, TextEdit, Ui};

use super::super::action::Action;
use super::super::filtering::Filtering;
use super::super::theme::{STEP, tokens};
use super::super::widgets::{counted, grouped};
use crate::session::Session;

/// Draws the bar; `text` is what stands in it.
pub(in crate::gui) fn ui(
    ui: &mut Ui,
    session: &Session,
    filtering: &Filtering,
    text: &mut String,
    actions: &mut Vec<Action>,
) {
    let Some(data) = session.data() else { return };
    let colors = tokens(ui.ctx());
    let rows = data.dataset.catalog.len();
    let answer = filtering.answer(data.revision(), text);
    ui.horizontal(|ui| {
        ui.label(RichText::new("Filter").color(colors.muted));
        let said = match (&answer, text.trim().is_empty()) {
            (_, true) => counted(rows, "object", "objects"),
            (Some(Ok(mask)), _) => format!("{} of {}", grouped(mask.count()), grouped(rows)),
            (Some(Err(_)), _) => "not a condition yet".to_owned(),
            (None, _) => "…".to_owned(),
        };
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let failed = matches!(answer, Some(Err(_))) && !text.trim().is_empty();
            let color = if failed { colors.warning } else { colors.muted };
            ui.label(RichText::new(said).color(color));
            let clear = ui.add_enabled(!text.is_empty(), egui::Button::new("×").small());
            clear.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, true, "Clear the filter")
            });
            if clear.clicked() {
                text.clear();
            }
            let edit = TextEdit::singleline(text)
                .font(FontId::monospace(12.0))
                .hint_text("a SQL condition, such as  z > 1 AND survey = 'JWST-like'")
                .desired_width(f32::INFINITY);
            let response = ui.add(edit);
            let hint = "a SQL condition";
            response.widget_info(|| egui::WidgetInfo {
                label: Some("Filter condition".to_owned()),
                ..egui::WidgetInfo::text_edit(true, text.as_str(), text.as_str(), hint)
            });
        });
    });
    if let (Some(Err(error)), false) = (&answer, text.trim().is_empty()) {
        ui.add_space(STEP / 2.0);
        let caret = RichText::new(error.caret(text)).font(FontId::monospace(12.0));
        ui.label(caret.color(colors.muted));
        ui.label(RichText::new(error.to_string()).color(colors.warning));
    }
    // What holds becomes part of the view; what does not leaves the last good filter in place.
    let wanted = Some(text.trim())
        .filter(|t| !t.is_empty())
        .map(str::to_owned);
    let holds = wanted.is_none() || matches!(answer, Some(Ok(_)));
    if holds && wanted != session.view().filter {
        let mut view = session.view().clone();
        view.filter = wanted;
        let gesture = Some(egui::Id::unique("filter"));
        actions.push(Action::SetView { view, gesture });
    }
}
