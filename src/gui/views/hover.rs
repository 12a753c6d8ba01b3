//! The hover card: the picture or the spectrum, and a few facts of the object under the cursor.

use eframe::egui::{Sense, Ui, Vec2};

use super::super::objects::{self, ObjectPicture};
use super::super::panels::{inspector, spectrum};
use super::{at_cursor, picture_ground};
use crate::scene::CutoutStyle;
use crate::session::{OpenData, Part, Session};

const SIDE: f32 = 172.0;
/// Of the sketch of a spectrum.
const HEIGHT: f32 = 64.0;

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
        } else if data.dataset.spectra.is_some() {
            picture.update_spectrum(ui.ctx(), data, row);
            let (place, _) = ui.allocate_exact_size(Vec2::new(SIDE, HEIGHT), Sense::hover());
            if let Some(Ok(found)) = picture.spectrum((data.revision(), row)) {
                spectrum::sketch(ui, place.shrink(2.0), found);
            }
        }
        inspector::card(ui, session, data, row);
    });
}
