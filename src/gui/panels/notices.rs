//! Failures and remarks, one line each, until they are taken away.

use eframe::egui::{self, Align2, Area, Frame, RichText, Ui};

use super::super::action::Action;
use super::super::app::Notice;
use super::super::theme::{STEP, tokens};

const WIDTH: f32 = 460.0;
/// More than this at a time would cover the map.
const SHOWN: usize = 4;

pub(in crate::gui) fn ui(ui: &Ui, notices: &[Notice], actions: &mut Vec<Action>) {
    if notices.is_empty() {
        return;
    }
    let colors = tokens(ui.ctx());
    Area::new(egui::Id::unique("notices"))
        .anchor(Align2::RIGHT_BOTTOM, [-4.0 * STEP, -10.0 * STEP])
        .order(egui::Order::Foreground)
        .show(ui.ctx(), |ui| {
            let first = notices.len().saturating_sub(SHOWN);
            for (index, notice) in notices.iter().enumerate().skip(first) {
                Frame::window(ui.style())
                    .inner_margin(2.5 * STEP)
                    .show(ui, |ui| {
                        ui.set_width(WIDTH);
                        ui.horizontal_top(|ui| {
                            let color = if notice.failure {
                                colors.warning
                            } else {
                                colors.text
                            };
                            ui.vertical(|ui| {
                                ui.set_width(WIDTH - 40.0);
                                ui.add(
                                    egui::Label::new(RichText::new(&notice.text).color(color))
                                        .wrap(),
                                );
                            });
                            let button = ui.small_button("×").on_hover_text("Take this away");
                            button.widget_info(|| {
                                egui::WidgetInfo::labeled(
                                    egui::Role::Button,
                                    true,
                                    "Take this away",
                                )
                            });
                            if button.clicked() {
                                actions.push(Action::Dismiss(index));
                            }
                        });
                    });
            }
        });
}
