//! The line at the bottom: how many objects, whether all are drawn, engine, adapter, time.

use eframe::egui::{Align, Layout, RichText, Ui};

use super::super::shown::{Shown, Why};
use super::super::theme::tokens;
use super::super::widgets::{counted, grouped};
use crate::session::Session;

pub(in crate::gui) fn ui(
    ui: &mut Ui,
    session: &Session,
    shown: Option<&Shown>,
    adapter: &str,
    frame_ms: f32,
) {
    let colors = tokens(ui.ctx());
    let muted = |text: String| RichText::new(text).small().color(colors.muted);
    ui.horizontal_centered(|ui| {
        if let Some(data) = session.data() {
            let rows = data.dataset.catalog.len();
            let objects = counted(rows, "object", "objects");
            let mut drawn = String::new();
            if let Some(sample) = shown.and_then(|shown| shown.sample) {
                drawn = format!(
                    " · {}: {} of {} points shown",
                    match sample.why {
                        Why::Turning => "turning",
                        Why::Moving => "moving",
                    },
                    grouped(sample.points),
                    grouped(sample.of)
                );
            } else if let Some(shown) = shown {
                let points = shown.points.len();
                let hidden = points - shown.look.colored.shown();
                let view = session.view();
                let by = match (view.filter.is_some(), view.color.hidden.is_empty()) {
                    (true, true) => "left out by the filter",
                    (true, false) => "left out by filter and legend",
                    (false, _) => "hidden in the legend",
                };
                drawn = match (rows - points, hidden) {
                    (0, 0) => " · all drawn".to_owned(),
                    (0, hidden) => format!(" · {} {by}", grouped(hidden)),
                    (off, 0) => format!(" · {} without a place on the map", grouped(off)),
                    (off, hidden) => format!(
                        " · {} without a place on the map, {} {by}",
                        grouped(off),
                        grouped(hidden)
                    ),
                };
            }
            ui.label(RichText::new(objects + &drawn).small().color(colors.text));
            if data.synthetic {
                ui.label(RichText::new("· synthetic").small().color(colors.warning));
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if frame_ms > 0.0 {
                ui.label(muted(format!("{frame_ms:.1} ms a frame")));
                ui.label(muted("·".to_owned()));
            }
            ui.label(muted(adapter.to_owned()));
            if let Some(encoded) = session.embedding()
                && let Some(engine) = encoded.embedding.provenance().get("engine")
            {
                ui.label(muted("·".to_owned()));
                let label = ui.label(muted(engine.to_owned()));
                if let Some(reason) = &encoded.device_reason {
                    label.on_hover_text(reason.to_string());
                }
            }
        });
    });
}
