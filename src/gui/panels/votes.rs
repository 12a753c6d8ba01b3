//! What the heads of an encoder predict of one object: bars, question by question.

use eframe::egui::{Align2, FontId, RichText, Sense, Ui, Vec2};

use super::super::theme::{STEP, tokens};
use super::super::widgets::section;
use crate::data::{Catalog, Column};
use crate::session::Session;

const BAR: f32 = 18.0;

/// The heads whose predictions are shares of a whole: their names, by what the vectors say of how they
/// were made.
fn questions(session: &Session) -> Vec<String> {
    let embedding = session.embedding().map(|encoded| &encoded.embedding);
    let heads = embedding
        .and_then(|e| e.provenance().get("heads"))
        .unwrap_or_default();
    let question = |head: &str| {
        let (name, activation) = head.rsplit_once(" (")?;
        matches!(activation, "dirichlet)" | "softmax)").then(|| name.to_owned())
    };
    heads.split(", ").filter_map(question).collect()
}

/// The answers of a question, and the columns that hold them.
fn answers<'a>(catalog: &'a Catalog, question: &str) -> Vec<(String, Column<'a>)> {
    let start = format!("{question}_");
    catalog
        .columns()
        .filter(|column| column.predicted_by().is_some())
        .filter_map(|column| Some((column.name().strip_prefix(&start)?.to_owned(), column)))
        .collect()
}

/// Bars for each question, from 0 to 1.
pub(super) fn ui(ui: &mut Ui, session: &Session, catalog: &Catalog, row: usize) {
    for question in questions(session) {
        let answers = answers(catalog, &question);
        let shares: Vec<(String, f32)> = answers
            .iter()
            .filter_map(|(name, column)| Some((name.clone(), column.text(row).parse().ok()?)))
            .collect();
        if shares.is_empty() {
            continue;
        }
        section(ui, &sentence(&question));
        let most = shares.iter().map(|(_, share)| *share).fold(0.0, f32::max);
        for (name, share) in shares {
            bar(ui, &sentence(&name), share, share >= most);
        }
        ui.add_space(STEP);
    }
}

fn bar(ui: &mut Ui, name: &str, share: f32, leads: bool) {
    let colors = tokens(ui.ctx());
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), BAR), Sense::hover());
    response.widget_info(|| {
        eframe::egui::WidgetInfo::labeled(
            eframe::egui::Role::Label,
            true,
            format!("{name} {share:.2}"),
        )
    });
    let painter = ui.painter();
    let whole = rect.shrink2(Vec2::new(0.0, 1.0));
    painter.rect_filled(whole, 3.0, colors.raised);
    let mut filled = whole;
    filled.set_width(whole.width() * share.clamp(0.0, 1.0));
    let strength = if leads { 0.55 } else { 0.28 };
    painter.rect_filled(filled, 3.0, colors.accent.gamma_multiply(strength));
    let font = FontId::proportional(11.0);
    let ink = if leads { colors.strong } else { colors.text };
    let left = whole.left_center() + Vec2::new(6.0, 0.0);
    painter.text(left, Align2::LEFT_CENTER, name, font.clone(), ink);
    let right = whole.right_center() - Vec2::new(6.0, 0.0);
    painter.text(
        right,
        Align2::RIGHT_CENTER,
        format!("{share:.2}"),
        font,
        ink,
    );
    response.on_hover_ui(|ui| {
        let text =
            format!("{name}: the expected share of votes, {share:.4}, as the encoder predicts it");
        ui.label(RichText::new(text));
    });
}

/// `smooth-or-featured` as one reads it.
fn sentence(name: &str) -> String {
    let name = name.replace(['-', '_'], " ");
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
