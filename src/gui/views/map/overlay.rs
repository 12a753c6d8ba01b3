//! What lies over the picture of the map: names of categories, rings around single objects.

use eframe::egui::{Align2, Color32, FontId, Rect, Stroke, StrokeKind, Ui, Vec2};

use super::super::super::shown::Shown;
use super::super::super::theme::{data_color, strong_family, tokens};
use super::super::super::thumbnails::Thumbnails;
use super::Viewport;
use crate::session::{LayerKind, Session};

const LABEL_SIZE: f32 = 12.0;
/// Diameter of the dot that shows the category's colour.
const DOT: f32 = 7.0;
/// Room kept between two names.
const APART: f32 = 3.0;

pub(super) struct Overlay<'a> {
    pub session: &'a Session,
    pub shown: &'a Shown,
    pub viewport: &'a Viewport,
    pub thumbnails: &'a Thumbnails,
    /// Of a marker, points of the user interface.
    pub radius: f32,
}

impl Overlay<'_> {
    pub fn paint(&self, ui: &Ui, focus: Option<usize>, hovered: Option<usize>) {
        self.labels(ui);
        self.selected_thumbnails(ui);
        if let Some(row) = focus {
            self.ring(ui, row, 2.0, tokens(ui.ctx()).strong);
        }
        if let Some(row) = hovered {
            self.ring(ui, row, 1.5, tokens(ui.ctx()).accent);
        }
    }

    /// Frames the pictures of selected objects.
    fn selected_thumbnails(&self, ui: &Ui) {
        let Some(selection) = self.session.selection() else {
            return;
        };
        let painter = ui.painter().with_clip_rect(self.viewport.rect);
        let stroke = Stroke::new(2.0, tokens(ui.ctx()).accent);
        for (row, rect, corner) in self.thumbnails.rects(self.viewport) {
            if selection.rows.contains(row) {
                painter.rect_stroke(rect, corner, stroke, StrokeKind::Inside);
            }
        }
    }

    fn ring(&self, ui: &Ui, row: usize, width: f32, color: Color32) {
        let halo = Stroke::new(width + 3.0, Color32::from_black_alpha(150));
        if let Some((rect, corner)) = self.thumbnails.rect(row, self.viewport) {
            let painter = ui.painter().with_clip_rect(self.viewport.rect);
            for stroke in [halo, Stroke::new(width + 0.5, color)] {
                painter.rect_stroke(rect, corner, stroke, StrokeKind::Middle);
            }
            return;
        }
        let Some(position) = self.shown.points.position_of_row(row) else {
            return;
        };
        let center = self.viewport.pos(position.map(f64::from));
        if self.viewport.rect.contains(center) {
            let radius = self.radius + 3.5;
            ui.painter().circle_stroke(center, radius, halo);
            ui.painter()
                .circle_stroke(center, radius, Stroke::new(width, color));
        }
    }

    /// Names of the categories, the largest first; one that would cover another moves above or below it, or is left out.
    fn labels(&self, ui: &Ui) {
        let Some(layer) = self
            .session
            .view()
            .layer(LayerKind::Labels)
            .filter(|l| l.shown)
        else {
            return;
        };
        let painter = ui.painter().with_clip_rect(self.viewport.rect);
        let font = FontId::new(LABEL_SIZE, strong_family());
        let colors = tokens(ui.ctx());
        let mut taken: Vec<Rect> = Vec::new();
        for label in &self.shown.look.labels {
            let at = self.viewport.pos(label.position);
            let ink = colors.strong.gamma_multiply(layer.opacity);
            let galley = painter.layout_no_wrap(label.text.clone(), font.clone(), ink);
            let size = galley.size() + Vec2::new(DOT + 3.0 * APART, 0.0);
            let rect = Align2::CENTER_CENTER.anchor_size(at, size).expand(APART);
            let free = |rect: &Rect| {
                self.viewport.rect.contains_rect(*rect)
                    && !taken.iter().any(|r| r.intersects(*rect))
            };
            let step = rect.height() + 2.0 * APART;
            let places = [0.0, -step, step].map(|by| rect.translate(Vec2::new(0.0, by)));
            let Some(rect) = places.into_iter().find(free) else {
                continue;
            };
            taken.push(rect.expand(APART));
            let ground = colors.panel.gamma_multiply(0.82 * layer.opacity);
            painter.rect_filled(rect, rect.height() / 2.0, ground);
            let dot = rect.left_center() + Vec2::new(2.0 * APART + DOT / 2.0, 0.0);
            let color = data_color(ui.ctx(), label.color).gamma_multiply(layer.opacity);
            painter.circle_filled(dot, DOT / 2.0, color);
            let text = rect.min + Vec2::new(3.0 * APART + DOT, APART);
            painter.galley(text, galley, ink);
        }
    }
}
