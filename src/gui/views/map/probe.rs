//! The decode tool: the place under the cursor, and a line that is drawn from one object to another.

use eframe::egui::{self, PointerButton, Pos2, Response, Stroke, Ui};

use super::super::super::theme::tokens;
use super::Viewport;

/// Ends of a line are objects at most this far away, points of the user interface.
pub(super) const REACH: f32 = 14.0;

/// Where the decode tool is.
#[derive(Default)]
pub(in crate::gui) struct Probe {
    /// The place under the cursor, offsets.
    at: Option<[f64; 2]>,
    from: Option<[f64; 2]>,
}

impl Probe {
    /// The place under the cursor.
    pub fn at(&self) -> Option<[f64; 2]> {
        self.at
    }

    /// Follows the mouse; returns a line when it is finished.
    pub fn mouse(&mut self, ui: &Ui, response: &Response, view: &Viewport) -> Option<[Pos2; 2]> {
        let world = |pos: Pos2| view.camera.world_from_px(view.px(pos), view.size_px);
        let pos = response.interact_pointer_pos().or(response.hover_pos());
        self.at = pos.map(world);
        if pos.is_some() {
            ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
        }
        if response.drag_started_by(PointerButton::Primary) {
            let origin = ui.input(|i| i.pointer.press_origin());
            self.from = origin.or(pos).map(world);
        }
        if response.drag_stopped_by(PointerButton::Primary) {
            return Some([view.pos(self.from.take()?), pos?]);
        }
        if !response.dragged_by(PointerButton::Primary) {
            self.from = None;
        }
        None
    }

    /// Forgets where it was.
    pub fn leave(&mut self) {
        *self = Self::default();
    }

    /// Paints the line that is being drawn.
    pub fn paint(&self, ui: &Ui, view: &Viewport) {
        let (Some(from), Some(to)) = (self.from, self.at) else {
            return;
        };
        let accent = tokens(ui.ctx()).accent;
        let painter = ui.painter().with_clip_rect(view.rect);
        let ends = [view.pos(from), view.pos(to)];
        painter.line_segment(ends, Stroke::new(1.5, accent));
        for end in ends {
            painter.circle_stroke(end, REACH, Stroke::new(1.0, accent.gamma_multiply(0.6)));
        }
    }
}
