//! Thumbnails by their place on the screen: the one under the cursor, and where one lies.

use eframe::egui::{Pos2, Rect, Vec2};

use super::super::views::map::Viewport;
use super::Thumbnails;
use crate::scene::Thumbnail;

impl Thumbnails {
    /// The place whose picture lies under a pixel of the view.
    pub fn hit(&self, px: [f32; 2]) -> Option<usize> {
        let half = self.shown.style?.side_px / 2.0;
        let covers = |t: &&Thumbnail| (0..2).all(|i| (px[i] - t.center_px[i]).abs() <= half);
        self.shown
            .pictures
            .iter()
            .rev()
            .find(covers)
            .map(|t| t.place)
    }

    /// Where the picture of a catalogue row lies, and the radius of its corners, points of the user
    /// interface.
    pub fn rect(&self, row: usize, viewport: &Viewport) -> Option<(Rect, f32)> {
        self.rects(viewport)
            .rev()
            .find(|(at, ..)| *at == row)
            .map(|(_, rect, corner)| (rect, corner))
    }

    /// The catalogue rows whose pictures are shown, with [`rect`](Self::rect)s.
    pub fn rects(
        &self,
        viewport: &Viewport,
    ) -> impl DoubleEndedIterator<Item = (usize, Rect, f32)> {
        let (corner, ratio) = (viewport.rect.min, viewport.ratio);
        self.shown.style.into_iter().flat_map(move |style| {
            let side = Vec2::splat(style.side_px / ratio);
            self.shown.pictures.iter().map(move |thumbnail| {
                let center: Pos2 = corner + Vec2::from(thumbnail.center_px) / ratio;
                let rect = Rect::from_center_size(center, side);
                (thumbnail.row, rect, style.corner_px / ratio)
            })
        })
    }
}
