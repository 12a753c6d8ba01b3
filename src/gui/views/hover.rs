//! The hover card: the picture and a few facts of the object under the cursor.

use eframe::egui::{self, Align2, Color32, Frame, Sense, Ui, Vec2};

use super::super::objects::{self, ObjectPicture};
use super::super::panels::inspector;
use super::super::theme::STEP;
use crate::scene::CutoutStyle;
use crate::session::{OpenData, Part, Session};

const SIDE: f32 = 172.0;
/// Room that the card needs beside and below the cursor.
const ROOM: Vec2 = Vec2::new(SIDE + 60.0, SIDE + 100.0);

pub(in crate::gui) fn ui(
    ui: &Ui,
    session: &Session,
    data: &Part<OpenData>,
    row: usize,
    picture: &mut ObjectPicture,
) {
    let Some(cursor) = ui.ctx().pointer_hover_pos() else {
        return;
    };
    picture.update(ui.ctx(), data, row, CutoutStyle::default());
    // It opens towards the side that has room for it.
    let free = ui.ctx().content_rect().max - cursor;
    let (right, below) = (free.x > ROOM.x, free.y > ROOM.y);
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
    egui::Area::new(egui::Id::unique("hover card"))
        .order(egui::Order::Tooltip)
        .interactable(false)
        .pivot(pivot)
        .fixed_pos(cursor + offset)
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style())
                .inner_margin(1.5 * STEP)
                .show(ui, |ui| {
                    ui.set_width(SIDE);
                    if data.dataset.cutouts.is_some() {
                        let (place, _) = ui.allocate_exact_size(Vec2::splat(SIDE), Sense::hover());
                        ui.painter().rect_filled(place, 4.0, Color32::BLACK);
                        if let Some(texture) = picture.texture((data.revision(), row)) {
                            objects::paint(ui, place, texture, 4.0);
                        }
                    }
                    inspector::card(ui, session, data, row);
                });
        });
}
