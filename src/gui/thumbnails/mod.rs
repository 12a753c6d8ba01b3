//! Pictures in place of points: what the view has room for is read on other threads and handed to
//! the GPU a few at a time; until a picture is there, one of those before it stays.

mod cursor;
mod readers;

use std::collections::{HashMap, HashSet};

use eframe::egui::Context;

use super::views::map::Viewport;
use crate::data::CutoutRead;
use crate::render::{Camera, Gpu, ThumbnailBuffers, ThumbnailKey, ThumbnailQuad, ThumbnailStyle};
use crate::scene::{
    Rgb, THUMBNAIL_ROOM, Thumbnail, ThumbnailGrid, shade, thumbnail_layout, thumbnail_picture,
    thumbnail_style,
};
use crate::session::{OpenData, Part};
use readers::Readers;

/// Pictures handed to the GPU in one frame.
const UPLOADS: usize = 32;
/// Share of the atlas that the pictures of one view may take up.
const FILLED: f32 = 0.8;
/// Sides of a slot, texels: for ordinary and for fine screens.
const SLOTS: [u32; 2] = [64, 96];
const FINE: f32 = 1.5;

/// What the map shows.
pub(super) struct Content<'a> {
    pub data: &'a Part<OpenData>,
    pub shown: &'a super::shown::Shown,
    pub dark: bool,
}

/// Pictures on the map of the window.
#[derive(Default)]
pub(super) struct Thumbnails {
    readers: Option<Readers<Rgb>>,
    /// Read, and not yet on the GPU.
    ready: Vec<(ThumbnailKey, Rgb)>,
    /// Objects that have no picture.
    lacking: HashSet<ThumbnailKey>,
    layout: Option<(LayoutKey, Vec<Thumbnail>)>,
    shown: Shown,
    serial: u64,
}

/// What was laid out.
#[derive(PartialEq)]
struct LayoutKey {
    serial: u64,
    camera: Camera,
    size_px: [f32; 2],
    room_px: f32,
}

/// What is on the screen.
#[derive(Default, PartialEq)]
struct Shown {
    /// Of the points with that number.
    places: Option<u64>,
    pictures: Vec<Thumbnail>,
    quads: Vec<ThumbnailQuad>,
    style: Option<ThumbnailStyle>,
}

/// Side of a slot for a screen with that many pixels for each point of the user interface.
pub(super) fn slot_px(pixels_per_point: f32) -> u32 {
    SLOTS[usize::from(pixels_per_point >= FINE)]
}

impl Thumbnails {
    /// A number that changes with what is shown.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// Shows nothing.
    pub fn clear(&mut self) {
        if self.shown != Shown::default() {
            self.shown = Shown::default();
            self.serial += 1;
        }
        self.layout = None;
        self.ready = Vec::new();
        self.lacking = HashSet::new();
        self.readers = None;
    }

    /// Lays out the view, asks for pictures, and takes in those that have arrived.
    pub fn update(
        &mut self,
        ctx: &Context,
        gpu: &Gpu,
        buffers: &mut ThumbnailBuffers,
        content: &Content<'_>,
        viewport: &Viewport,
    ) {
        let room_px = room_px(viewport, buffers.capacity());
        self.lay_out(content, viewport, room_px);
        let wanted = self.layout.take();
        let Some((key, thumbnails)) = wanted else {
            return;
        };
        self.upload(ctx, gpu, buffers, content, &thumbnails);
        let grid = ThumbnailGrid::new(&viewport.camera, viewport.size_px, room_px);
        self.arrange(buffers, content, &grid, &thumbnails);
        let style = thumbnail_style(grid.room_px(), viewport.ratio, content.dark);
        if self.shown.style != Some(style) {
            self.shown.style = Some(style);
            self.serial += 1;
        }
        buffers.show(gpu, &self.shown.quads, style);
        self.ask(ctx, buffers, content, viewport, &thumbnails);
        self.layout = Some((key, thumbnails));
    }

    fn lay_out(&mut self, content: &Content<'_>, viewport: &Viewport, room_px: f32) {
        let key = LayoutKey {
            serial: content.shown.serial,
            camera: viewport.camera,
            size_px: viewport.size_px,
            room_px,
        };
        if self.layout.as_ref().is_none_or(|(of, _)| *of != key) {
            let thumbnails = thumbnail_layout(
                &content.shown.points,
                &content.shown.look.colored,
                &viewport.camera,
                viewport.size_px,
                room_px,
            );
            self.layout = Some((key, thumbnails));
        }
    }

    /// Hands a few pictures to the GPU.
    fn upload(
        &mut self,
        ctx: &Context,
        gpu: &Gpu,
        buffers: &mut ThumbnailBuffers,
        content: &Content<'_>,
        thumbnails: &[Thumbnail],
    ) {
        while let Some((key, answer)) = self.readers.as_ref().and_then(Readers::poll) {
            match answer {
                Some(picture) => self.ready.push((key, picture)),
                None => drop(self.lacking.insert(key)),
            }
        }
        if self.ready.is_empty() {
            return;
        }
        let wanted: HashSet<ThumbnailKey> = thumbnails.iter().map(|t| content.key(t)).collect();
        self.ready.retain(|(key, _)| wanted.contains(key));
        let now = self.ready.len().min(UPLOADS);
        let mut rest = self.ready.split_off(now);
        for (key, picture) in self.ready.drain(..) {
            // No room before the next frame at times: what is on the screen stays.
            if !buffers.put(gpu, key, &picture.pixels) && picture.width == buffers.slot_px() {
                rest.push((key, picture));
            }
        }
        self.ready = rest;
        if !self.ready.is_empty() {
            ctx.request_repaint();
        }
    }

    /// The pictures that are there, and for those that are not one that was shown in their cell.
    fn arrange(
        &mut self,
        buffers: &ThumbnailBuffers,
        content: &Content<'_>,
        grid: &ThumbnailGrid,
        thumbnails: &[Thumbnail],
    ) {
        let positions = content.shown.points.tree().points();
        let colors = content.shown.look.colored.colors();
        let mut before: HashMap<usize, &Thumbnail> = HashMap::new();
        if self.shown.places == Some(content.shown.places) {
            for old in &self.shown.pictures {
                let drawn = colors.get(old.place).is_some_and(|color| color[3] != 0);
                if let Some(cell) = grid.cell(positions[old.place]).filter(|_| drawn) {
                    before.entry(cell).or_insert(old);
                }
            }
        }
        let present = |thumbnail: &Thumbnail| -> Option<Thumbnail> {
            if buffers.holds(content.key(thumbnail)) {
                return Some(*thumbnail);
            }
            let old = before.get(&grid.cell(positions[thumbnail.place])?)?;
            let there = buffers.holds(content.key(old));
            let lacking = self.lacking.contains(&content.key(thumbnail));
            (there && !lacking).then(|| Thumbnail {
                center_px: grid.center_px(positions[old.place]),
                ..**old
            })
        };
        let pictures: Vec<Thumbnail> = thumbnails.iter().filter_map(present).collect();
        let factor = shade(content.dark);
        let quads: Vec<ThumbnailQuad> = pictures
            .iter()
            .map(|thumbnail| ThumbnailQuad {
                key: content.key(thumbnail),
                center_px: thumbnail.center_px,
                color: colors[thumbnail.place].map(|c| (f32::from(c) * factor) as u8),
            })
            .collect();
        if quads != self.shown.quads {
            self.serial += 1;
        }
        self.shown = Shown {
            places: Some(content.shown.places),
            pictures,
            quads,
            style: self.shown.style,
        };
    }

    /// Asks for the pictures that are not there, those in the middle of the view first.
    fn ask(
        &mut self,
        ctx: &Context,
        buffers: &ThumbnailBuffers,
        content: &Content<'_>,
        viewport: &Viewport,
        thumbnails: &[Thumbnail],
    ) {
        let ready: HashSet<ThumbnailKey> = self.ready.iter().map(|(key, _)| *key).collect();
        let is_missing = |thumbnail: &&Thumbnail| {
            let key = content.key(thumbnail);
            !buffers.holds(key) && !ready.contains(&key) && !self.lacking.contains(&key)
        };
        let mut missing: Vec<&Thumbnail> = thumbnails.iter().filter(is_missing).collect();
        if missing.is_empty() && self.readers.is_none() {
            return;
        }
        let from_middle = |t: &Thumbnail| {
            let offset = [0, 1].map(|i| t.center_px[i] - viewport.size_px[i] / 2.0);
            offset[0].hypot(offset[1])
        };
        missing.sort_by(|a, b| from_middle(a).total_cmp(&from_middle(b)));
        let slot = buffers.slot_px();
        let wanted = missing.into_iter().map(|thumbnail| {
            let (data, row) = (content.data.share(), thumbnail.row);
            let work: Box<dyn FnOnce() -> Option<Rgb> + Send> = Box::new(move || {
                let cutout = data.dataset.cutouts.as_ref()?.read(row).ok()?;
                Some(thumbnail_picture(&cutout, slot))
            });
            (content.key(thumbnail), work)
        });
        self.readers
            .get_or_insert_with(|| Readers::new(ctx))
            .ask(wanted);
    }
}

impl Content<'_> {
    fn key(&self, thumbnail: &Thumbnail) -> ThumbnailKey {
        (self.data.revision().number(), thumbnail.row)
    }
}

/// Least room of a thumbnail, px: more where the view has more cells than the atlas has slots.
fn room_px(viewport: &Viewport, capacity: usize) -> f32 {
    let [width, height] = viewport.size_px;
    let least = (width * height / (capacity as f32 * FILLED)).sqrt();
    (THUMBNAIL_ROOM * viewport.ratio).max(least)
}
