//! Settings of the map: how it is made, and how much of the variance it shows.

use eframe::egui::{self, Button, DragValue, Ui, UiKind};
use egui_plot::{Bar, BarChart, Plot};

use super::super::action::{Action, Dialog};
use super::super::app::{Drafts, MapDraft};
use super::super::theme::tokens;
use super::super::widgets::{class_column, fact, grouped, grouped_text, labelled, section};
use crate::analysis::points::Metric;
use crate::analysis::reduce::umap::Start;
use crate::analysis::reduce::{Method, ReduceParams, variance_ratio};
use crate::data::Column;
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
                fact(ui, name, grouped_text(value));
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
        let draft = &mut drafts.map;
        for (method, tip) in [
            (
                Method::Pca,
                "Principal components: linear, exact, the same every time",
            ),
            (
                Method::Umap,
                "Neighbours stay neighbours: clusters part, distances between them mean little",
            ),
            (
                Method::Tsne,
                "Neighbours stay neighbours, in evenly filled islands; no further objects can be placed",
            ),
        ] {
            let chosen = !draft.by_columns && draft.reduce.method == method;
            let label = ui.selectable_label(chosen, method.name());
            if label.on_hover_text(tip).clicked() {
                (draft.by_columns, draft.reduce.method) = (false, method);
            }
        }
        let columns = ui.selectable_label(draft.by_columns, "Columns");
        let tip = "Two or three columns of the catalogue as they are; nothing is computed";
        if columns.on_hover_text(tip).clicked() {
            draft.by_columns = true;
        }
        ui.separator();
        dimensions(ui, drafts);
    });
    let draft = &mut drafts.map;
    if draft.by_columns {
        axes(ui, session, draft);
    } else if draft.reduce.method != Method::Pca {
        settings(ui, &mut draft.reduce);
        if draft.reduce.method == Method::Umap {
            guides(ui, session, draft, actions);
        }
    }
    ui.add_space(8.0);
    let (ready, why) = if draft.by_columns {
        let chosen = &draft.columns[..draft.reduce.dims];
        let chosen = chosen.iter().all(|name| !name.is_empty());
        (chosen, "Choose the columns first")
    } else {
        (session.embedding().is_some(), "Encode the data first")
    };
    let button = ui.add_enabled(ready, Button::new(draft.name()));
    if button.on_disabled_hover_text(why).clicked() {
        actions.push(Action::MakeMap(draft.recipe()));
        // The map forms in view.
        ui.close_kind(UiKind::Popup);
    }
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let place = ui.add_enabled(
            session.embedding().is_some(),
            Button::new("Place on an earlier map…"),
        );
        let place = place.on_disabled_hover_text("Encode the data first");
        let tip =
            "Put these objects where the kept model of another map says; the map stays as it was";
        if place.on_hover_text(tip).clicked() {
            actions.push(Action::Ask(Dialog::Model));
        }
        if session.map().is_some_and(|map| map.model.is_some()) {
            let keep = ui.button("Keep the model…");
            let tip = "A file that places further objects on this map";
            if keep.on_hover_text(tip).clicked() {
                actions.push(Action::Ask(Dialog::KeepModel));
            }
        }
    });
}

/// Which columns are the axes.
fn axes(ui: &mut Ui, session: &Session, draft: &mut MapDraft) {
    let Some(data) = session.data() else { return };
    let dims = draft.reduce.dims;
    labelled("axes").show(ui, |ui| {
        for (axis, chosen) in ["x", "y", "z"]
            .into_iter()
            .zip(&mut draft.columns)
            .take(dims)
        {
            ui.label(axis);
            egui::ComboBox::from_id_salt(axis)
                .selected_text(if chosen.is_empty() {
                    "choose…"
                } else {
                    chosen.as_str()
                })
                .show_ui(ui, |ui| {
                    let columns = data.dataset.catalog.columns();
                    for column in columns.filter(Column::is_numeric) {
                        let name = column.name();
                        ui.selectable_value(chosen, name.to_owned(), name);
                    }
                });
            ui.end_row();
        }
    });
}

/// What leads a UMAP map besides the vectors.
fn guides(ui: &mut Ui, session: &Session, draft: &mut MapDraft, actions: &mut Vec<Action>) {
    let Some(data) = session.data() else { return };
    labelled("guides").show(ui, |ui| {
        ui.label("Classes");
        class_column(ui, "Classes", data, &mut draft.labels)
            .on_hover_text("A column whose classes are kept together on the map");
        ui.end_row();
        ui.label("Start like");
        ui.horizontal(|ui| {
            let name = draft.like.as_ref().and_then(|path| path.file_name());
            let name = name.map_or("no earlier map…".into(), |name| name.to_string_lossy());
            let tip = "Objects begin at their places on an earlier map and are held near them, so that the two maps can be compared";
            if ui.button(name).on_hover_text(tip).clicked() {
                actions.push(Action::Ask(Dialog::EarlierMap));
            }
            let taken = draft.like.is_some();
            if taken && ui.button("×").on_hover_text("Start afresh").clicked() {
                draft.like = None;
            }
        });
        ui.end_row();
        if draft.labels.is_some() {
            ui.label("Classes count");
            ui.add(egui::Slider::new(&mut draft.reduce.label_weight, 0.0..=1.0))
                .on_hover_text("From not at all to nothing else");
            ui.end_row();
        }
        if draft.like.is_none() {
            let start = &mut draft.reduce.start;
            ui.label("Start at");
            egui::ComboBox::from_id_salt("start")
                .selected_text(start.name())
                .show_ui(ui, |ui| {
                    for by in Start::ALL {
                        ui.selectable_value(start, by, by.name());
                    }
                })
                .response
                .on_hover_text(
                    "Principal components keep the large scale; spectral unfolds the graph of neighbours",
                );
            ui.end_row();
        }
        ui.label("Keep densities");
        ui.add(
            DragValue::new(&mut draft.reduce.density)
                .range(0.0..=10.0)
                .speed(0.05),
        )
        .on_hover_text("How strongly crowded places stay crowded (densMAP): 0 not at all, 2 as usual");
        ui.end_row();
        if draft.like.is_some() {
            ui.label("Hold");
            ui.add(egui::Slider::new(&mut draft.reduce.hold, 0.0..=1.0))
                .on_hover_text("How strongly objects are held at their places on the earlier map");
            ui.end_row();
        }
    });
}

/// Settings of UMAP and t-SNE.
fn settings(ui: &mut Ui, params: &mut ReduceParams) {
    labelled("settings").show(ui, |ui| {
        if params.method == Method::Tsne {
            ui.label("Perplexity");
            ui.add(DragValue::new(&mut params.perplexity).range(2.0..=100.0))
                .on_hover_text("Effective number of neighbours: small ones show detail");
            ui.end_row();
        } else {
            ui.label("Neighbours");
            ui.add(DragValue::new(&mut params.neighbors).range(2..=200))
                .on_hover_text(
                    "Size of a neighbourhood: small ones show detail, large ones the whole",
                );
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
        }
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
        ui.selectable_value(&mut drafts.map.reduce.dims, dims, name)
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
