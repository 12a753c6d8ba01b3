//! The views in the middle of the window.

pub(super) mod decoded;
pub(super) mod hover;
pub(super) mod map;

use eframe::egui::{self, Align2, Color32, Frame, Rect, Sense, Ui, Vec2};

use super::theme::STEP;

/// Shows a card of a picture and some text, `side` wide, beside the cursor, on the side that has room.
fn at_cursor(ui: &Ui, name: &'static str, side: f32, contents: impl FnOnce(&mut Ui)) {
    let Some(cursor) = ui.ctx().pointer_hover_pos() else {
        return;
    };
    let free = ui.ctx().content_rect().max - cursor;
    let (right, below) = (free.x > side + 60.0, free.y > side + 100.0);
    let pivot = match (right, below) {
        (true, true) => Align2::LEFT_TOP,
        (true, false) => Align2::LEFT_BOTTOM,
        (false, true) => Align2::RIGHT_TOP,
        (false, false) => Align2::RIGHT_BOTTOM,
    };
    let offset = Vec2::new(
        if right { 18.0 } else { -18.0 },
        if below { 12.0 } else { -12.0 },
    );
    egui::Area::new(egui::Id::unique(name))
        .order(egui::Order::Tooltip)
        .interactable(false)
        .pivot(pivot)
        .fixed_pos(cursor + offset)
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style())
                .inner_margin(1.5 * STEP)
                .show(ui, |ui| {
                    ui.set_width(side);
                    contents(ui);
                });
        });
}

/// The black ground of a picture as wide as its card.
fn picture_ground(ui: &mut Ui, side: f32) -> Rect {
    let (place, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    ui.painter().rect_filled(place, 4.0, Color32::BLACK);
    place
}
