//! The strip over the map: tools, modes, and one line about the selection.

use eframe::egui::{
    self, Align2, Color32, Frame, Pos2, Rect, RichText, Role, Sense, Shape, Stroke, Ui, Vec2,
    WidgetInfo,
};

use super::super::super::action::Action;
use super::super::super::theme::{STEP, tokens};
use super::super::super::widgets::counted;
use super::Scene;
use super::tools::{Selecting, Tool};
use crate::subset::CombineMode;

const BUTTON: Vec2 = Vec2::new(28.0, 26.0);

/// Draws the strip into the upper left corner of `rect`; `selected` is the number of objects that
/// are selected, or would be by what is being drawn.
pub(super) fn ui(
    ui: &Ui,
    rect: Rect,
    scene: &Scene<'_>,
    selecting: &mut Selecting,
    selected: Option<usize>,
    actions: &mut Vec<Action>,
) {
    let frame = |ui: &Ui| {
        Frame::popup(ui.style())
            .inner_margin(STEP)
            .shadow(egui::Shadow::NONE)
    };
    egui::Area::new(egui::Id::unique("map tools"))
        .order(egui::Order::Middle)
        .fixed_pos(rect.min + Vec2::splat(2.5 * STEP))
        .show(ui.ctx(), |ui| {
            frame(ui).show(ui, |ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                ui.horizontal(|ui| {
                    let turns = scene.shown.turns;
                    let tools = Tool::ALL.into_iter();
                    for tool in tools.filter(|tool| match tool {
                        Tool::Orbit => turns,
                        Tool::Decode => scene.session.embedding().is_some(),
                        _ => true,
                    }) {
                        if tool_button(ui, tool, selecting.tool == tool) {
                            selecting.cancel();
                            selecting.tool = tool;
                        }
                    }
                    if selecting.tool.selects() {
                        ui.separator();
                        for mode in CombineMode::ALL {
                            if mode_button(ui, mode, selecting.mode == mode) {
                                selecting.mode = mode;
                            }
                        }
                    }
                });
            });
        });
    let Some(count) = selected else { return };
    let shown = scene.session.selection().is_some() && !selecting.is_drawing();
    egui::Area::new(egui::Id::unique("selection line"))
        .order(egui::Order::Middle)
        .pivot(Align2::CENTER_BOTTOM)
        .fixed_pos(Pos2::new(rect.center().x, rect.bottom() - 3.0 * STEP))
        .show(ui.ctx(), |ui| {
            frame(ui)
                .inner_margin(egui::Margin::symmetric(10, 4))
                .show(ui, |ui| {
                    ui.horizontal(|ui| {
                        let strong = tokens(ui.ctx()).strong;
                        let text = format!("{} selected", counted(count, "object", "objects"));
                        ui.label(RichText::new(text).color(strong));
                        ui.add_enabled_ui(shown, |ui| {
                            for (name, tip, action) in [
                                ("Zoom", "Show all of them (F)", Action::ZoomToSelection),
                                ("Invert", "All others (Ctrl+I)", Action::InvertSelection),
                                (
                                    "Export…",
                                    "Ids, all columns and places, as Parquet or CSV (Ctrl+Shift+E)",
                                    Action::ExportSelectionDialog,
                                ),
                                ("Clear", "Select nothing (Ctrl+D)", Action::ClearSelection),
                            ] {
                                if ui.small_button(name).on_hover_text(tip).clicked() {
                                    actions.push(action);
                                }
                            }
                        });
                    });
                });
        });
}

fn button(ui: &mut Ui, name: &str, tip: &str, chosen: bool) -> (bool, Rect, Color32) {
    let (rect, response) = ui.allocate_exact_size(BUTTON, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, name));
    let colors = tokens(ui.ctx());
    let ground = if chosen {
        colors.accent.gamma_multiply(0.28)
    } else if response.hovered() {
        colors.raised_more
    } else {
        Color32::TRANSPARENT
    };
    ui.painter().rect_filled(rect, 4.0, ground);
    let ink = if chosen { colors.strong } else { colors.muted };
    (response.on_hover_text(tip).clicked(), rect, ink)
}

fn tool_button(ui: &mut Ui, tool: Tool, chosen: bool) -> bool {
    let (name, key) = tool.name();
    let (clicked, rect, ink) = button(ui, name, &format!("{name} ({key})"), chosen);
    let at = |x: f32, y: f32| rect.center() + Vec2::new(x, y);
    let stroke = Stroke::new(1.4, ink);
    let painter = ui.painter();
    match tool {
        Tool::Pan => {
            for (x, y) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
                let (tip, side) = (Vec2::new(x, y) * 7.5, Vec2::new(-y, x) * 2.6);
                let back = Vec2::new(x, y) * 4.6;
                painter.line_segment([at(0.0, 0.0), at(0.0, 0.0) + tip], stroke);
                painter.line_segment([at(0.0, 0.0) + back + side, at(0.0, 0.0) + tip], stroke);
                painter.line_segment([at(0.0, 0.0) + back - side, at(0.0, 0.0) + tip], stroke);
            }
        }
        Tool::Orbit => {
            painter.circle_stroke(at(0.0, 0.0), 4.2, stroke);
            // An orbit around it, open where it passes behind, with its direction.
            let along = |i: i32| {
                let angle = (150.0 - 10.0 * i as f32).to_radians();
                at(8.5 * angle.cos(), 3.4 * angle.sin() + 1.0)
            };
            painter.add(Shape::line((-9..=18).map(along).collect(), stroke));
            let tip = along(-9);
            painter.line_segment([tip, tip + Vec2::new(-3.2, 0.4)], stroke);
            painter.line_segment([tip, tip + Vec2::new(0.6, 3.2)], stroke);
        }
        Tool::Decode => {
            // A picture with a galaxy in it.
            let frame = Rect::from_center_size(rect.center(), Vec2::splat(14.0));
            painter.rect_stroke(frame, 2.0, stroke, egui::StrokeKind::Middle);
            let spiral = |i: i32| {
                let angle = i as f32 * 0.45;
                at(0.55 * angle * angle.cos(), 0.4 * angle * angle.sin())
            };
            painter.add(Shape::line((0..=18).map(spiral).collect(), stroke));
        }
        Tool::Rectangle => {
            let rect = Rect::from_center_size(rect.center(), Vec2::new(14.0, 10.0));
            painter.rect_stroke(rect, 0.0, stroke, egui::StrokeKind::Middle);
        }
        Tool::Ellipse => {
            let shape =
                egui::epaint::EllipseShape::stroke(rect.center(), Vec2::new(8.0, 5.5), stroke);
            painter.add(shape);
        }
        Tool::Lasso => {
            let around = |i: i32| {
                let angle = i as f32 / 24.0 * std::f32::consts::TAU;
                at(
                    7.5 * angle.cos(),
                    -1.5 + (4.5 + 0.8 * (3.0 * angle).sin()) * angle.sin(),
                )
            };
            painter.add(Shape::closed_line((0..24).map(around).collect(), stroke));
            painter.add(Shape::line(
                vec![at(-4.0, 2.5), at(-5.0, 5.0), at(-3.0, 7.5)],
                stroke,
            ));
        }
        Tool::Polygon => {
            let corners = [
                (-7.0, 2.0),
                (-3.0, -6.0),
                (6.0, -4.0),
                (7.0, 4.0),
                (-1.0, 6.0),
            ];
            let corners: Vec<Pos2> = corners.iter().map(|(x, y)| at(*x, *y)).collect();
            painter.add(Shape::closed_line(corners.clone(), stroke));
            for corner in corners {
                painter.circle_filled(corner, 1.8, ink);
            }
        }
        Tool::Brush => {
            painter.circle_filled(at(0.0, 0.0), 5.5, ink.gamma_multiply(0.45));
            painter.circle_stroke(at(0.0, 0.0), 5.5, stroke);
        }
    }
    clicked
}

/// Two squares, filled where the mode selects.
fn mode_button(ui: &mut Ui, mode: CombineMode, chosen: bool) -> bool {
    let tip = match mode {
        CombineMode::Replace => "A new selection takes the place of the old",
        CombineMode::Add => "Add to the selection (hold Shift)",
        CombineMode::Subtract => "Take away from the selection (hold Alt)",
        CombineMode::Intersect => "Keep what is in both (hold Shift and Alt)",
    };
    let (clicked, rect, ink) = button(ui, mode.name(), tip, chosen);
    let square =
        |dx: f32| Rect::from_center_size(rect.center() + Vec2::splat(dx), Vec2::splat(9.0));
    let (old, new) = (square(-2.5), square(2.5));
    let painter = ui.painter();
    let fill = ink.gamma_multiply(0.6);
    match mode {
        CombineMode::Replace => {
            painter.rect_filled(new, 0.0, fill);
        }
        CombineMode::Add => {
            painter.rect_filled(old, 0.0, fill);
            painter.rect_filled(new, 0.0, fill);
        }
        CombineMode::Subtract => {
            painter.rect_filled(old, 0.0, fill);
            painter.rect_filled(new, 0.0, tokens(ui.ctx()).panel);
        }
        CombineMode::Intersect => {
            painter.rect_filled(old.intersect(new), 0.0, fill);
        }
    }
    for square in [old, new] {
        painter.rect_stroke(square, 0.0, Stroke::new(1.0, ink), egui::StrokeKind::Middle);
    }
    clicked
}
