//! Settings of the map: how it is made, and how much of the variance it shows.

use eframe::egui::{Button, Ui};
use egui_plot::{Bar, BarChart, Plot};

use super::super::action::Action;
use super::super::app::Drafts;
use super::super::theme::tokens;
use super::super::widgets::{fact, grouped, section};
use crate::analysis::reduce::{Method, variance_ratio};
use crate::session::Session;

const SCREE_HEIGHT: f32 = 110.0;

pub(in crate::gui) fn ui(
    ui: &mut Ui,
    session: &Session,
    drafts: &mut Drafts,
    actions: &mut Vec<Action>,
) {
    if let Some(map) = session.map() {
        let projection = map.points.projection();
        section(ui, "This map");
        fact(ui, "Points", grouped(projection.len()));
        for (name, key) in [("Method", "method"), ("Fitted on", "fitted_on")] {
            if let Some(value) = projection.provenance().get(key) {
                fact(ui, name, value);
            }
        }
        let ratios = variance_ratio(projection.provenance());
        if ratios.len() > 2 {
            let shown: f64 = ratios.iter().take(projection.dims()).sum();
            fact(ui, "Variance shown", format!("{:.1} %", shown * 100.0));
            scree(ui, &ratios, projection.dims());
        }
    }
    section(ui, "Make a map");
    ui.horizontal(|ui| {
        ui.selectable_value(&mut drafts.reduce.method, Method::Pca, Method::Pca.name())
            .on_hover_text("Principal components: linear, exact, the same every time");
        ui.separator();
        dimensions(ui, drafts);
    });
    ui.add_space(8.0);
    let ready = session.embedding().is_some();
    let button = ui.add_enabled(
        ready,
        Button::new(format!("Make a {} map", drafts.reduce.method.name())),
    );
    if button
        .on_disabled_hover_text("Encode the data first")
        .clicked()
    {
        actions.push(Action::Reduce(drafts.reduce));
    }
}

/// The choice between a flat map and one that turns.
pub(in crate::gui) fn dimensions(ui: &mut Ui, drafts: &mut Drafts) {
    for (dims, name, tip) in [
        (2, "2-D", "A map of 2 dimensions"),
        (3, "3-D", "A map of 3 dimensions, which turns"),
    ] {
        ui.selectable_value(&mut drafts.reduce.dims, dims, name)
            .on_hover_text(tip);
    }
}

/// Share of the variance of each component; those on the map are bright.
fn scree(ui: &mut Ui, ratios: &[f64], shown: usize) {
    let colors = tokens(ui.ctx());
    let bars = ratios
        .iter()
        .enumerate()
        .map(|(i, ratio)| {
            let color = if i < shown {
                colors.accent
            } else {
                colors.muted.gamma_multiply(0.6)
            };
            Bar::new(i as f64 + 1.0, ratio * 100.0)
                .width(0.75)
                .fill(color)
                .name(format!("component {}", i + 1))
        })
        .collect();
    Plot::new("scree")
        .height(SCREE_HEIGHT)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show_grid([false, true])
        .y_axis_formatter(|mark, _| format!("{:.0} %", mark.value))
        .show_x(false)
        .show(ui, |plot| {
            plot.bar_chart(BarChart::new("variance explained (%)", bars));
        });
}
