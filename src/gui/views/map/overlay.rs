//! What lies over the picture of the map: names of categories, rings around single objects.

use eframe::egui::{Align2, Color32, FontId, Rect, Stroke, StrokeKind, Ui, Vec2};

use super::super::super::look::Look;
use super::super::super::theme::{data_color, strong_family, tokens};
use super::super::super::thumbnails::Thumbnails;
use super::Viewport;
use crate::session::{LayerKind, MapPoints, Session};

const LABEL_SIZE: f32 = 13.0;
/// Room kept between two names.
const APART: f32 = 4.0;

pub(super) struct Overlay<'a> {
    pub session: &'a Session,
    pub map: &'a MapPoints,
    pub look: &'a Look,
    pub viewport: &'a Viewport,
    pub thumbnails: &'a Thumbnails,
    /// Of a marker, points of the user interface.
    pub radius: f32,
}

impl Overlay<'_> {
    pub fn paint(&self, ui: &Ui, focus: Option<usize>, hovered: Option<usize>) {
        self.labels(ui);
        if let Some(row) = focus {
            self.ring(ui, row, 2.0, tokens(ui.ctx()).strong);
        }
        if let Some(row) = hovered {
            self.ring(ui, row, 1.5, tokens(ui.ctx()).accent);
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
        let Some(position) = self.map.position_of_row(row) else {
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

    /// Names of the categories, the largest first; one that would cover another is left out.
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
        let ground = painter.ctx().global_style().visuals.extreme_bg_color;
        let on_pictures = self.session.view().shows(LayerKind::Thumbnails);
        let mut taken: Vec<Rect> = Vec::new();
        for label in &self.look.labels {
            let at = self.viewport.pos(label.position);
            let color = data_color(ui.ctx(), label.color).gamma_multiply(layer.opacity);
            let galley = painter.layout_no_wrap(label.text.clone(), font.clone(), color);
            let rect = Align2::CENTER_CENTER
                .anchor_size(at, galley.size())
                .expand(APART);
            if !self.viewport.rect.contains_rect(rect) || taken.iter().any(|r| r.intersects(rect)) {
                continue;
            }
            taken.push(rect);
            if on_pictures {
                painter.rect_filled(rect, APART, ground.gamma_multiply(0.8 * layer.opacity));
            }
            let min = rect.min + Vec2::splat(APART);
            // A halo of the ground keeps the name readable over points.
            for offset in [
                (-1.0, 0.0),
                (1.0, 0.0),
                (0.0, -1.0),
                (0.0, 1.0),
                (0.7, 0.7),
                (-0.7, -0.7),
            ] {
                let shadow = ground.gamma_multiply(0.85 * layer.opacity);
                let galley = painter.layout_no_wrap(label.text.clone(), font.clone(), shadow);
                painter.galley(min + Vec2::from(offset) * 1.2, galley, shadow);
            }
            painter.galley(min, galley, color);
        }
    }
}
