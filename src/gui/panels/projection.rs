//! Settings of the map: how it is made, and how much of the variance it shows.

use eframe::egui::{self, Button, DragValue, Ui};
use egui_plot::{Bar, BarChart, Plot};

use super::super::action::Action;
use super::super::app::Drafts;
use super::super::theme::tokens;
use super::super::widgets::{fact, grouped, section};
use crate::analysis::points::Metric;
use crate::analysis::reduce::{Method, ReduceParams, variance_ratio};
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
        for (method, tip) in [
            (
                Method::Pca,
                "Principal components: linear, exact, the same every time",
            ),
            (
                Method::Umap,
                "Neighbours stay neighbours: clusters part, distances between them mean little",
            ),
        ] {
            ui.selectable_value(&mut drafts.reduce.method, method, method.name())
                .on_hover_text(tip);
        }
        ui.separator();
        dimensions(ui, drafts);
    });
    if drafts.reduce.method == Method::Umap {
        umap(ui, &mut drafts.reduce);
    }
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

/// Settings of UMAP.
fn umap(ui: &mut Ui, params: &mut ReduceParams) {
    egui::Grid::new("umap").num_columns(2).show(ui, |ui| {
        ui.label("Neighbours");
        ui.add(DragValue::new(&mut params.neighbors).range(2..=200))
            .on_hover_text("Size of a neighbourhood: small ones show detail, large ones the whole");
        ui.end_row();
        ui.label("Least distance");
        let most = params.spread;
        ui.add(
            DragValue::new(&mut params.min_dist)
                .range(0.0..=most)
                .speed(0.01),
        )
        .on_hover_text("How near points may come to one another on the map");
        ui.end_row();
        ui.label("Metric");
        egui::ComboBox::from_id_salt("metric")
            .selected_text(params.metric.name())
            .show_ui(ui, |ui| {
                for metric in Metric::ALL {
                    ui.selectable_value(&mut params.metric, metric, metric.name());
                }
            });
        ui.end_row();
        ui.label("Seed");
        ui.add(DragValue::new(&mut params.seed))
            .on_hover_text("The same seed gives the same map, on any number of threads");
        ui.end_row();
    });
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
