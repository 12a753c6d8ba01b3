//! Pictures and spectra of single objects: read and painted on worker threads, newest request first.

use std::sync::Arc;

use eframe::egui::{ColorImage, Context, Image, Rect, TextureHandle, TextureOptions, Ui};

use super::latest::Latest;
use crate::data::{Cutout, CutoutRead, SpectrumRead};
use crate::scene::{Course, CutoutStyle, Rgb, paint_cutout};
use crate::session::{OpenData, Part, Revision};

/// Which object's picture.
pub(super) type Key = (Revision, usize);

/// One object's picture and spectrum at a time.
pub(super) struct ObjectPicture {
    name: &'static str,
    spectrum: Latest<Key, Result<Course, String>>,
    cutout: Latest<Key, Result<Arc<Cutout>, String>>,
    painted: Latest<(Key, CutoutStyle), ColorImage>,
    texture: Option<(Key, TextureHandle)>,
    smooth: bool,
}

impl ObjectPicture {
    /// `smooth` interpolates between pixels; without it they are shown as they are.
    pub fn new(name: &'static str, smooth: bool) -> Self {
        Self {
            name,
            spectrum: Latest::default(),
            cutout: Latest::default(),
            painted: Latest::default(),
            texture: None,
            smooth,
        }
    }

    /// Asks for an object's picture and takes in what has arrived.
    pub fn update(&mut self, ctx: &Context, data: &Part<OpenData>, row: usize, style: CutoutStyle) {
        let key = (data.revision(), row);
        if data.dataset.cutouts.is_some() {
            let data = data.share();
            self.cutout
                .ask(ctx, &key, move || match &data.dataset.cutouts {
                    Some(source) => source.read(row).map(Arc::new).map_err(|e| e.to_string()),
                    None => Err(String::new()),
                });
        }
        self.cutout.poll(ctx);
        if let Some(Ok(cutout)) = self.cutout.answer_to(&key) {
            let cutout = Arc::clone(cutout);
            self.painted.ask(ctx, &(key, style), move || {
                image(&paint_cutout(&cutout, &style))
            });
        }
        if self.painted.poll(ctx)
            && let Some(((key, _), picture)) = self.painted.answer()
        {
            self.texture = Some((*key, upload(ctx, self.name, picture, self.smooth)));
        }
    }

    /// Shows the picture of that object that `other` has painted already, until its own is there.
    pub fn begin_like(&mut self, other: &Self, key: Key) {
        if self.texture(key).is_none()
            && let Some(texture) = other.texture(key)
        {
            self.texture = Some((key, texture.clone()));
        }
    }

    /// Asks for an object's spectrum and takes in what has arrived.
    pub fn update_spectrum(&mut self, ctx: &Context, data: &Part<OpenData>, row: usize) {
        if data.dataset.spectra.is_some() {
            let (key, data) = ((data.revision(), row), data.share());
            self.spectrum
                .ask(ctx, &key, move || match &data.dataset.spectra {
                    Some(source) => source
                        .read(row)
                        .map(|spectrum| Course::of(&spectrum))
                        .map_err(|e| e.to_string()),
                    None => Err(String::new()),
                });
        }
        self.spectrum.poll(ctx);
    }

    /// The spectrum of that object, or why there is none; `None` while it is being read.
    pub fn spectrum(&self, key: Key) -> Option<&Result<Course, String>> {
        self.spectrum.answer_to(&key)
    }

    /// The cutout of that object, or why there is none; `None` while it is being read.
    pub fn cutout(&self, key: Key) -> Option<&Result<Arc<Cutout>, String>> {
        self.cutout.answer_to(&key)
    }

    /// The newest picture there is of that object.
    pub fn texture(&self, key: Key) -> Option<&TextureHandle> {
        self.texture
            .as_ref()
            .filter(|(k, _)| *k == key)
            .map(|(_, t)| t)
    }
}

/// Paints a picture into the middle of a square, as large as fits.
pub(super) fn paint(ui: &Ui, square: Rect, texture: &TextureHandle, corner: f32) {
    let size = texture.size_vec2();
    let shown = size * (square.width() / size.x.max(size.y));
    let rect = Rect::from_center_size(square.center(), shown);
    Image::new((texture.id(), shown))
        .corner_radius(corner)
        .paint_at(ui, rect);
}

/// Longest side that is shown, px: larger pictures are shrunk on their way to the screen.
const LONGEST_SHOWN: usize = 1024;

/// For the screen; every so many pixels of a picture that is larger.
pub(super) fn image(picture: &Rgb) -> ColorImage {
    let longest = picture.width.max(picture.height);
    let step = longest.div_ceil(LONGEST_SHOWN).max(1);
    let bytes: Vec<u8> = picture
        .pixels
        .chunks_exact(picture.width)
        .step_by(step)
        .flat_map(|row| row.iter().step_by(step))
        .flatten()
        .copied()
        .collect();
    let size = [picture.width, picture.height].map(|side| side.div_ceil(step));
    ColorImage::from_rgba_unmultiplied(size, &bytes)
}

pub(super) fn upload(ctx: &Context, name: &str, image: &ColorImage, smooth: bool) -> TextureHandle {
    let linear = smooth || image.width() > 160;
    let options = if linear {
        TextureOptions::LINEAR
    } else {
        TextureOptions::NEAREST
    };
    ctx.load_texture(name, image.clone(), options)
}
