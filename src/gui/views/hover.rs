//! The hover card: the picture and a few facts of the object under the cursor.

use eframe::egui::Ui;

use super::super::objects::{self, ObjectPicture};
use super::super::panels::inspector;
use super::{at_cursor, picture_ground};
use crate::scene::CutoutStyle;
use crate::session::{OpenData, Part, Session};

const SIDE: f32 = 172.0;

pub(in crate::gui) fn ui(
    ui: &Ui,
    session: &Session,
    data: &Part<OpenData>,
    row: usize,
    picture: &mut ObjectPicture,
) {
    picture.update(ui.ctx(), data, row, CutoutStyle::default());
    at_cursor(ui, "hover card", SIDE, |ui| {
        if data.dataset.cutouts.is_some() {
            let place = picture_ground(ui, SIDE);
            if let Some(texture) = picture.texture((data.revision(), row)) {
                objects::paint(ui, place, texture, 4.0);
            }
        }
        inspector::card(ui, session, data, row);
    });
}
