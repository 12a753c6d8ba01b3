//! How faithful the map is to its vectors: measured when asked, by a sample.

use eframe::egui::{Button, ComboBox, DragValue, RichText, Ui};

use super::super::action::Action;
use super::super::app::Drafts;
use super::super::theme::tokens;
use super::super::widgets::{class_column, fact, grouped, labelled, named_list, section};
use crate::analysis::quality::Quality;
use crate::job::{Judged, QualityRequest};
use crate::session::Session;

const QUERIES: [(usize, &str); 3] = [(500, "500"), (2000, "2,000"), (usize::MAX, "all")];

/// The word's state.
pub(in crate::gui) fn state(session: &Session, judged: Option<&Judged>) -> String {
    match judged {
        Some(judged) => format!("trust {:.3}", judged.quality.trustworthiness),
        None if measurable(session).is_ok() => "measure…".to_owned(),
        None => String::new(),
    }
}

pub(in crate::gui) fn ui(
    ui: &mut Ui,
    session: &Session,
    judged: Option<&Judged>,
    drafts: &mut Drafts,
    actions: &mut Vec<Action>,
) {
    if let Some(judged) = judged {
        section(ui, "This map and its vectors");
        figures(ui, &judged.quality);
        if let (Some(labels), Some(name)) = (&judged.quality.labels, &judged.labels) {
            fact(
                ui,
                &format!("{name} told by neighbours"),
                format!("{:.3} (vectors {:.3})", labels.map, labels.vectors),
            );
        }
        let quality = &judged.quality;
        let asked = quality.of_points.len();
        let whom = if asked == quality.points {
            format!("all {} objects", grouped(asked))
        } else {
            format!(
                "{} objects drawn from {}",
                grouped(asked),
                grouped(quality.points)
            )
        };
        let k = quality.neighbors;
        let metric = judged.metric.name();
        let text = format!("{k} neighbours of {whom}; vectors by {metric} distance");
        let text = RichText::new(text).small();
        ui.label(text.color(tokens(ui.ctx()).muted));
        ui.add_space(4.0);
        let tip = "Adds the columns trust and preservation to the table; objects that were not asked have none";
        if ui
            .button("Colour the map by trust")
            .on_hover_text(tip)
            .clicked()
        {
            actions.push(Action::ColorByTrust);
        }
    }
    section(ui, "Measure");
    let draft = &mut drafts.quality;
    let points = session.map().map_or(0, |map| map.points.len());
    let most = (points.saturating_sub(1) / 2).clamp(1, 200);
    draft.neighbors = draft.neighbors.clamp(1, most);
    settings(ui, session, draft, most);
    ui.add_space(8.0);
    let ready = measurable(session);
    let button = ui.add_enabled(ready.is_ok(), Button::new("Measure the quality"));
    let button = match ready {
        Err(why) => button.on_disabled_hover_text(why),
        Ok(()) => button.on_hover_text("Neighbours and distances on the map and among the vectors"),
    };
    if button.clicked() {
        actions.push(Action::Judge(draft.clone()));
    }
}

/// Whether there is something to measure; why not.
fn measurable(session: &Session) -> Result<(), &'static str> {
    match (session.map(), session.embedding()) {
        (None, _) => Err("Make a map first"),
        (Some(_), None) => Err("The objects have no vectors to compare the map with"),
        (Some(map), Some(_)) if map.points.len() < 3 => Err("The map has too few points"),
        (Some(_), Some(_)) => Ok(()),
    }
}

fn figures(ui: &mut Ui, quality: &Quality) {
    let optional = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.3}"));
    for (name, value, tip) in [
        (
            "Trustworthiness",
            format!("{:.4}", quality.trustworthiness),
            "1 where all neighbours on the map are neighbours among the vectors",
        ),
        (
            "Continuity",
            format!("{:.4}", quality.continuity),
            "1 where all neighbours among the vectors stay neighbours on the map",
        ),
        (
            "Neighbours kept",
            format!("{:.1} %", quality.preservation * 100.0),
            "Share of the nearest vectors that are among the nearest on the map",
        ),
        (
            "Distances",
            optional(quality.spearman),
            "Rank correlation of distances between far and near: what the map says of the large scale",
        ),
        (
            "Densities",
            optional(quality.density),
            "Correlation of local radii: whether crowded places are crowded on the map",
        ),
    ] {
        let row = ui.scope(|ui| fact(ui, name, value));
        row.response.on_hover_text(tip);
    }
}

fn settings(ui: &mut Ui, session: &Session, draft: &mut QualityRequest, most: usize) {
    labelled("quality").show(ui, |ui| {
        ui.label("Neighbours");
        ui.add(DragValue::new(&mut draft.neighbors).range(1..=most))
            .on_hover_text("Of each object, without itself");
        ui.end_row();
        ui.label("Objects asked");
        let said = QUERIES.iter().find(|(n, _)| *n == draft.queries);
        let list = ComboBox::from_id_salt("queries")
            .selected_text(said.map_or("", |(_, name)| name))
            .show_ui(ui, |ui| {
                for (queries, name) in QUERIES {
                    ui.selectable_value(&mut draft.queries, queries, name);
                }
            });
        named_list(&list.response, "Objects asked");
        ui.end_row();
        let Some(data) = session.data() else { return };
        ui.label("Labels");
        let list = class_column(ui, "Labels", data, &mut draft.labels);
        list.on_hover_text("A column: how often the neighbours of an object tell what it says");
        ui.end_row();
    });
}
