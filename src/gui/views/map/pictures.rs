//! The map's thumbnails: what they need of the map and its canvas.

use eframe::egui::Ui;

use super::super::super::shown::Shown;
use super::super::super::thumbnails::{Content, slot_px};
use super::{MapView, Viewport};
use crate::session::{LayerKind, Session};

impl MapView {
    /// Brings the thumbnails up to date, where the view shows them and there are pictures.
    pub(super) fn update_thumbnails(
        &mut self,
        ui: &Ui,
        session: &Session,
        shown: &Shown,
        viewport: &Viewport,
    ) {
        let wanted = session.view().shows(LayerKind::Thumbnails);
        let data = session
            .data()
            .filter(|d| wanted && d.dataset.cutouts.is_some());
        let Some(canvas) = &mut self.canvas else {
            return;
        };
        let Some(data) = data else {
            canvas.drop_thumbnails();
            return self.thumbnails.clear();
        };
        let (gpu, buffers) = canvas.thumbnails(slot_px(viewport.ratio));
        let content = Content {
            data,
            shown,
            dark: ui.visuals().dark_mode,
        };
        self.thumbnails
            .update(ui.ctx(), gpu, buffers, &content, viewport);
    }
}
