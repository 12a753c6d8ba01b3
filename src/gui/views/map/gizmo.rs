//! How a map of three dimensions is turned: its axes in a corner, each to be looked along.

use eframe::egui::{
    self, Align2, FontId, Id, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo,
};

use super::super::super::theme::{STEP, strong_family, tokens};
use crate::data::Plane;
use crate::scene::{axis_names, axis_tips};
use crate::session::MapPoints;

/// Side of the corner, length of an axis and radius of its end, points of the user interface.
const SIDE: f32 = 92.0;
const AXIS: f32 = 29.0;
const END: f32 = 9.0;

/// Draws the axes into the lower left corner of `rect`; returns the plane that was asked for.
pub(super) fn ui(ui: &Ui, rect: Rect, points: &MapPoints) -> Option<Plane> {
    let corner = rect.left_bottom() + Vec2::new(2.5 * STEP, -2.5 * STEP - SIDE);
    let area = egui::Area::new(Id::unique("orientation"))
        .order(egui::Order::Middle)
        .fixed_pos(corner)
        .constrain(false);
    area.show(ui.ctx(), |ui| axes(ui, points)).inner
}

fn axes(ui: &mut Ui, points: &MapPoints) -> Option<Plane> {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(SIDE), Sense::hover());
    let colors = tokens(ui.ctx());
    let middle = rect.center();
    ui.painter()
        .circle_filled(middle, SIDE / 2.0, colors.panel.gamma_multiply(0.6));
    let plane = points.plane();
    let (tips, toward) = (axis_tips(plane), plane.toward());
    let names = axis_names(points.projection(), None);
    let (yaw, pitch) = plane.angles();
    // The farthest first.
    let mut order = [0, 1, 2];
    order.sort_by(|a, b| toward[*a].total_cmp(&toward[*b]));
    let mut wanted = None;
    for axis in order {
        let tip: Pos2 = middle + Vec2::new(tips[axis][0], -tips[axis][1]) * AXIS;
        let hit = Rect::from_center_size(tip, Vec2::splat(2.0 * END));
        let response = ui.interact(hit, ui.scope_id().with(axis), Sense::click());
        let name = format!("Look along {}", names[axis]);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        let near = f32::midpoint(toward[axis] as f32, 1.0);
        let ink = if response.hovered() {
            colors.accent
        } else {
            colors.strong.gamma_multiply(0.35 + 0.65 * near)
        };
        let painter = ui.painter();
        painter.line_segment([middle, tip], Stroke::new(1.6, ink));
        painter.circle_filled(tip, END, colors.raised);
        painter.circle_filled(tip, END, ink.gamma_multiply(0.22));
        painter.circle_stroke(tip, END, Stroke::new(1.2, ink));
        let font = FontId::new(10.5, strong_family());
        painter.text(tip, Align2::CENTER_CENTER, letter(&names[axis]), font, ink);
        let tip = format!("{name}, again from the other side\nNow --turn {yaw:.1},{pitch:.1}");
        if response.on_hover_text(tip).clicked() {
            wanted = Some(along(axis, toward[axis] > 0.999));
        }
    }
    wanted
}

/// The last sign of an axis' name: 1 of PCA 1, x of x.
fn letter(name: &str) -> String {
    name.chars().last().into_iter().collect()
}

/// The plane in which an axis points at the viewer, or away.
fn along(axis: usize, away: bool) -> Plane {
    match (axis, away) {
        (0, false) => Plane::turned(-90.0, 0.0),
        (0, true) => Plane::turned(90.0, 0.0),
        (1, false) => Plane::turned(0.0, 90.0),
        (1, true) => Plane::turned(0.0, -90.0),
        (_, false) => Plane::FRONT,
        (_, true) => Plane::turned(180.0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_axis_is_looked_along_from_both_sides() {
        for axis in 0..3 {
            assert!((along(axis, false).toward()[axis] - 1.0).abs() < 1e-12);
            assert!((along(axis, true).toward()[axis] + 1.0).abs() < 1e-12);
        }
        assert_eq!([letter("PCA 2"), letter("x")], ["2", "x"]);
    }
}
