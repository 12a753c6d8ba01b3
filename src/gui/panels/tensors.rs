//! The tensors inside a model, found by name, to choose the one that becomes the embedding.

use eframe::egui::{Align, Layout, RichText, ScrollArea, TextEdit, Ui};

use super::super::chosen::Listed;
use super::super::theme::{STEP, tokens};
use crate::encode::{Pooling, TensorInfo};

const HEIGHT: f32 = 220.0;

/// The list; returns the tensor that was clicked.
pub(super) fn ui<'a>(
    ui: &mut Ui,
    listed: Option<&'a Listed>,
    query: &mut String,
    chosen: Option<&str>,
) -> Option<&'a TensorInfo> {
    let colors = tokens(ui.ctx());
    let all = match listed {
        Some(Ok(all)) => all,
        Some(Err(reason)) => {
            ui.label(RichText::new(reason).color(colors.warning));
            return None;
        }
        None => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label(RichText::new("Reading the model").color(colors.muted));
            });
            return None;
        }
    };
    let edit = TextEdit::singleline(query).hint_text("Find by name, operation or shape");
    ui.add(edit.desired_width(f32::INFINITY));
    let wanted = query.trim().to_lowercase();
    let line = |tensor: &TensorInfo| {
        let shape = tensor.shape.as_deref().unwrap_or("shape unknown");
        format!("{shape} · {}", tensor.op)
    };
    let matches = |tensor: &&TensorInfo| {
        let text = || format!("{} {}", tensor.name, line(tensor));
        wanted.is_empty() || text().to_lowercase().contains(&wanted)
    };
    let found: Vec<&TensorInfo> = all.iter().filter(matches).collect();
    if found.is_empty() {
        ui.label(RichText::new("No tensor of that name").color(colors.muted));
        return None;
    }
    let mut clicked = None;
    let height = ui.spacing().interact_size.y;
    ScrollArea::vertical()
        .id_salt("tensors")
        .max_height(HEIGHT)
        .min_scrolled_height(HEIGHT)
        .show_rows(ui, height, found.len(), |ui, rows| {
            for tensor in &found[rows] {
                ui.horizontal(|ui| {
                    // The shape keeps its place; a long name is cut off.
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.add_space(2.0 * STEP);
                        ui.label(RichText::new(line(tensor)).small().color(colors.muted));
                        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                            ui.set_clip_rect(ui.max_rect().intersect(ui.clip_rect()));
                            let is_chosen = chosen == Some(&*tensor.name);
                            let row = ui.selectable_label(is_chosen, &tensor.name);
                            if row.on_hover_text(&tensor.name).clicked() {
                                clicked = Some(*tensor);
                            }
                        });
                    });
                });
            }
        });
    clicked
}

/// How the tokens or positions of the tensor become one vector.
pub(super) fn pooling(ui: &mut Ui, pooling: &mut Pooling) {
    for (which, tip) in [
        (Pooling::None, "The tensor is batch x d already"),
        (Pooling::Mean, "The mean over tokens or positions"),
        (Pooling::Cls, "The first token"),
    ] {
        ui.selectable_value(pooling, which, which.name())
            .on_hover_text(tip);
    }
}
