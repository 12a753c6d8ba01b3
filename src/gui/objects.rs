//! Pictures of single objects: read and painted on worker threads, newest request first.

use std::sync::Arc;

use eframe::egui::{ColorImage, Context, TextureHandle, TextureOptions};

use super::latest::Latest;
use crate::data::{Cutout, CutoutRead};
use crate::scene::{CutoutStyle, Rgb, paint_cutout};
use crate::session::{OpenData, Part, Revision};

/// Which object's picture.
pub(super) type Key = (Revision, usize);

/// One object's picture at a time.
pub(super) struct ObjectPicture {
    name: &'static str,
    cutout: Latest<Key, Result<Arc<Cutout>, String>>,
    painted: Latest<(Key, CutoutStyle), Rgb>,
    texture: Option<(Key, TextureHandle)>,
    smooth: bool,
}

impl ObjectPicture {
    /// `smooth` interpolates between pixels; without it they are shown as they are.
    pub fn new(name: &'static str, smooth: bool) -> Self {
        Self {
            name,
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
            self.painted
                .ask(ctx, &(key, style), move || paint_cutout(&cutout, &style));
        }
        if self.painted.poll(ctx)
            && let Some(((key, _), picture)) = self.painted.answer()
        {
            self.texture = Some((*key, upload(ctx, self.name, picture, self.smooth)));
        }
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

fn upload(ctx: &Context, name: &str, picture: &Rgb, smooth: bool) -> TextureHandle {
    let bytes: Vec<u8> = picture.pixels.iter().flatten().copied().collect();
    let image = ColorImage::from_rgba_unmultiplied([picture.width, picture.height], &bytes);
    let options = if smooth || picture.width > 160 {
        TextureOptions::LINEAR
    } else {
        TextureOptions::NEAREST
    };
    ctx.load_texture(name, image, options)
}
