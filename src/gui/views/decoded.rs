//! Pictures that a model makes: under the cursor, and along the line between two objects.

use eframe::egui::{self, Align2, Frame, Rect, RichText, Sense, TextureHandle, Ui, Vec2};

use super::super::action::Action;
use super::super::decoding::{Answer, Place};
use super::super::objects;
use super::super::panels::inspector;
use super::super::theme::{STEP, tokens};
use super::{at_cursor, picture_ground};
use crate::session::{OpenData, Part};

const SIDE: f32 = 148.0;
const SMALL: f32 = 84.0;
const NONE: &str = "No decoder: choose the encoder of these vectors under Encoder, or encode with one \
                    that has a decoder, such as models/autoencoder.toml";

/// The picture under the cursor.
pub(in crate::gui) fn card(ui: &Ui, found: &Place<'_>) {
    let colors = tokens(ui.ctx());
    at_cursor(ui, "decoded card", SIDE, |ui| match found {
        Place::Picture(texture) => {
            let place = picture_ground(ui, SIDE);
            if let Some(texture) = texture {
                objects::paint(ui, place, texture, 4.0);
            }
            let text = RichText::new("Decoded, not observed");
            ui.label(text.small().color(colors.muted));
        }
        Place::NoDecoder => {
            ui.label(RichText::new(NONE).small().color(colors.muted));
        }
        Place::Failed(reason) => {
            ui.label(RichText::new(reason).small().color(colors.warning));
        }
    });
}

/// The pictures along a line between two objects, at the foot of the map.
pub(in crate::gui) fn strip(
    ui: &Ui,
    rect: Rect,
    data: &Part<OpenData>,
    ends: [usize; 2],
    found: &Answer<&[Option<TextureHandle>]>,
    actions: &mut Vec<Action>,
) {
    let colors = tokens(ui.ctx());
    let side = SMALL.min((rect.width() - 80.0) / super::super::decoding::STEPS as f32 - 4.0);
    egui::Area::new(egui::Id::unique("walk"))
        .order(egui::Order::Middle)
        .pivot(Align2::CENTER_BOTTOM)
        .fixed_pos(rect.center_bottom() - Vec2::new(0.0, 12.0 * STEP))
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style())
                .inner_margin(2.0 * STEP)
                .show(ui, |ui| {
                    ui.horizontal(|ui| {
                        let [from, to] = ends.map(|row| inspector::title(data, row));
                        let text =
                            format!("{from} to {to}: decoded along the line between their vectors");
                        ui.label(RichText::new(text).color(colors.text));
                        if ui.small_button("Close").clicked() {
                            actions.push(Action::Walk(None));
                        }
                    });
                    match found {
                        Ok(Some(pictures)) => {
                            ui.spacing_mut().item_spacing.x = 4.0;
                            ui.horizontal(|ui| {
                                ui.set_min_height(side);
                                for texture in pictures.iter().flatten() {
                                    let (place, _) =
                                        ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
                                    objects::paint(ui, place, texture, 3.0);
                                }
                            });
                        }
                        Ok(None) => {
                            ui.label(RichText::new(NONE).small().color(colors.muted));
                        }
                        Err(reason) => {
                            ui.label(RichText::new(reason).small().color(colors.warning));
                        }
                    }
                });
        });
}
