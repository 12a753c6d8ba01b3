//! The map's picture: drawn offscreen through the renderer whenever something in it has changed, shown
//! as a texture.

use eframe::egui::{Color32, Painter, Pos2, Rect, TextureId};
use eframe::egui_wgpu::RenderState;

use crate::mask::Mask;
use crate::render::{
    Camera, DeviceWatch, Gpu, LineBuffers, Picture, PointLayer, PointStyle, RenderError, Renderer,
    Target, ThumbnailBuffers,
};
use crate::scene::{Contour, ground, line_buffers, picture_layers};
use crate::session::ViewSpec;

/// Everything a picture shows.
pub(super) struct Content<'a> {
    pub shown: &'a super::Shown,
    pub contours: &'a [Contour],
    /// The selected places.
    pub selection: Option<&'a Mask>,
    pub view: &'a ViewSpec,
    pub key: Key,
}

/// Everything a picture depends on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    /// Numbers that change with the points and their look, the contours, the selection and the thumbnails.
    pub serials: [u64; 4],
    pub camera: Camera,
    pub style: PointStyle,
    pub layers: ViewLayers,
    pub size_px: [f32; 2],
    pub pixels_per_point: f32,
    pub dark: bool,
}

/// The part of the view that the picture depends on directly.
type ViewLayers = (Vec<crate::session::LayerSpec>, crate::session::DensitySpec);

/// The window's device, and what is on it.
pub(super) struct Canvas {
    gpu: Gpu,
    watch: DeviceWatch,
    renderer: Renderer,
    state: RenderState,
    drawn: Option<Drawn>,
    lines: Option<(u64, bool, LineBuffers)>,
    thumbnails: Option<ThumbnailBuffers>,
}

struct Drawn {
    target: Target,
    texture: TextureId,
    key: Option<Key>,
}

impl Canvas {
    pub fn new(state: &RenderState) -> Self {
        let gpu = Gpu::shared(
            state.device.clone(),
            state.queue.clone(),
            state.adapter.get_info().into(),
        );
        Self {
            watch: gpu.watch(),
            renderer: Renderer::new(&gpu),
            gpu,
            state: state.clone(),
            drawn: None,
            lines: None,
            thumbnails: None,
        }
    }

    /// Why the device is gone.
    pub fn failure(&self) -> Option<&str> {
        self.gpu.hear();
        self.watch.failure()
    }

    /// Ends the device.
    pub fn stop(&self) {
        self.gpu.stop();
    }

    /// Name of the adapter.
    pub fn adapter(&self) -> String {
        let adapter = self.gpu.adapter();
        let name = adapter.name.split(" (").next().unwrap_or_default();
        format!("{} {name}", adapter.backend)
    }

    /// The pictures of objects on the device, `slot_px` a side.
    pub fn thumbnails(&mut self, slot_px: u32) -> (&Gpu, &mut ThumbnailBuffers) {
        let fits = |held: &ThumbnailBuffers| held.slot_px() == slot_px as usize;
        if !self.thumbnails.as_ref().is_some_and(fits) {
            self.thumbnails = None;
        }
        let new = || ThumbnailBuffers::new(&self.gpu, &self.renderer, slot_px);
        (&self.gpu, self.thumbnails.get_or_insert_with(new))
    }

    /// Takes all pictures of objects from the device.
    pub fn drop_thumbnails(&mut self) {
        self.thumbnails = None;
    }

    /// Puts the last picture into `rect`.
    pub fn paint(&self, painter: &Painter, rect: Rect) {
        if let Some(drawn) = &self.drawn {
            let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
            painter.image(drawn.texture, rect, uv, Color32::WHITE);
        }
    }

    /// Draws, unless the picture shows the same already.
    pub fn draw(&mut self, content: &Content<'_>) -> Result<(), RenderError> {
        let key = &content.key;
        if self
            .drawn
            .as_ref()
            .is_some_and(|s| s.key.as_ref() == Some(key))
        {
            return Ok(());
        }
        self.fit(key.size_px)?;
        let lines_key = (key.serials[1], key.dark);
        if self.lines.as_ref().is_none_or(|l| (l.0, l.1) != lines_key) {
            let buffers = line_buffers(&self.gpu, &self.renderer, content.contours, key.dark);
            self.lines = Some((lines_key.0, lines_key.1, buffers));
        }
        let Some(drawn) = &mut self.drawn else {
            return Ok(());
        };
        let layers = picture_layers(
            content.view,
            key.pixels_per_point,
            key.dark,
            self.lines.as_ref().map(|(_, _, lines)| lines),
            self.thumbnails.as_ref(),
        );
        let picture = Picture {
            camera: &key.camera,
            background: ground(key.dark),
            points: Some(PointLayer {
                tree: content.shown.points.tree(),
                groups: &content.shown.look.colored.point_groups(),
                selection: content.selection,
                style: key.style,
            }),
            layers: &layers,
        };
        self.renderer.draw(&self.gpu, &mut drawn.target, &picture);
        drawn.key = Some(key.clone());
        Ok(())
    }

    /// A target of that size.
    fn fit(&mut self, size_px: [f32; 2]) -> Result<(), RenderError> {
        if self
            .drawn
            .as_ref()
            .is_some_and(|s| s.target.size_px() == size_px)
        {
            return Ok(());
        }
        let target = Target::new(&self.gpu, size_px[0] as u32, size_px[1] as u32)?;
        let mut egui_renderer = self.state.renderer.write();
        if let Some(old) = self.drawn.take() {
            egui_renderer.free_texture(&old.texture);
        }
        let texture = egui_renderer.register_native_texture(
            &self.state.device,
            target.view(),
            wgpu::FilterMode::Nearest,
        );
        self.drawn = Some(Drawn {
            target,
            texture,
            key: None,
        });
        Ok(())
    }
}
