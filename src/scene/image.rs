//! A map as a picture in memory, without a window.

use crate::color::Rgba;
use crate::render::{
    AdapterSummary, Bounds, Camera, Gpu, Layer, Picture, PointLayer, RenderError, Renderer, Target,
    ThumbnailBuffers, ThumbnailQuad,
};
use crate::session::{LayerKind, LayerSpec, MapPoints, ViewSpec};

use super::{
    Colored, Rgb, THUMBNAIL_ROOM, Thumbnail, ThumbnailGrid, density_style, point_style, shade,
    thumbnail_style,
};

/// Ground of the map on dark and on light, as in the window.
const GROUNDS: [Rgba; 2] = [[0x0d, 0x10, 0x16, 255], [0xfa, 0xfb, 0xfc, 255]];

/// Colour of the ground under the points.
#[must_use]
pub fn ground(dark: bool) -> Rgba {
    GROUNDS[usize::from(!dark)]
}

/// What picture to draw.
#[derive(Debug, Clone, Copy)]
pub struct MapImage {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Pixels for each point of a screen: sizes of markers and lines grow with it.
    pub scale: f32,
    /// Light points on dark.
    pub dark: bool,
    /// The part of the world that is shown at least; all points when `None`.
    pub bounds: Option<Bounds>,
}

impl MapImage {
    /// Where the viewer looks.
    #[must_use]
    pub fn camera(&self, points: &MapPoints) -> Camera {
        let size = [self.width as f32, self.height as f32];
        match self.bounds {
            Some(bounds) => Camera::around(bounds, size),
            None => points
                .bounds()
                .map_or(Camera::fit(EMPTY, size), |b| Camera::fit(b, size)),
        }
    }
}

/// Where there is nothing to show.
const EMPTY: Bounds = Bounds {
    min: [0.0; 2],
    max: [1.0; 2],
};

/// Layers of the picture, lowest first, but for those that are made of vectors.
#[must_use]
pub fn raster_layers(view: &ViewSpec, scale: f32, dark: bool) -> Vec<(Layer<'static>, f32)> {
    let raster = |spec: &LayerSpec| match spec.kind {
        // Its opacity is that of each marker.
        LayerKind::Points => Some((Layer::Points, 1.0)),
        LayerKind::Density => Some((
            Layer::Density(density_style(&view.density, scale, dark)),
            spec.opacity,
        )),
        LayerKind::Contours | LayerKind::Thumbnails | LayerKind::Labels => None,
    };
    view.layers
        .iter()
        .filter(|l| l.shown)
        .filter_map(raster)
        .collect()
}

/// Draws points, density and thumbnails of a map; returns RGBA, top row first, and the adapter that
/// drew it. `pictures`, all of one side (`8..=256` px), come from
/// [`thumbnail_layout`](super::thumbnail_layout) with a room of [`THUMBNAIL_ROOM`] times
/// [`MapImage::scale`], and [`thumbnail_pictures`](super::thumbnail_pictures).
///
/// # Errors
/// When there is no graphics adapter, or the picture is too large for it.
pub fn draw_map(
    points: &MapPoints,
    colored: &Colored,
    view: &ViewSpec,
    image: &MapImage,
    pictures: &[(Thumbnail, Rgb)],
) -> Result<(Vec<u8>, AdapterSummary), RenderError> {
    let gpu = Gpu::headless()?;
    let renderer = Renderer::new(&gpu);
    let mut target = Target::new(&gpu, image.width, image.height)?;
    let camera = image.camera(points);
    let layer = PointLayer {
        tree: points.tree(),
        groups: &colored.point_groups(),
        selection: None,
        style: point_style(
            points,
            view,
            &camera,
            target.size_px(),
            image.scale,
            image.dark,
        ),
    };
    let thumbnails = thumbnails(&gpu, &renderer, colored, &camera, image, pictures);
    let mut raster = raster_layers(view, image.scale, image.dark).into_iter();
    let mut layers: Vec<(Layer<'_>, f32)> = Vec::new();
    for spec in view.layers.iter().filter(|l| l.shown) {
        match spec.kind {
            LayerKind::Points | LayerKind::Density => layers.extend(raster.next()),
            LayerKind::Thumbnails => {
                layers.extend(
                    thumbnails
                        .as_ref()
                        .map(|t| (Layer::Thumbnails(t), spec.opacity)),
                );
            }
            LayerKind::Contours | LayerKind::Labels => {}
        }
    }
    let picture = Picture {
        camera: &camera,
        background: ground(image.dark),
        points: Some(layer),
        layers: &layers,
    };
    renderer.draw(&gpu, &mut target, &picture);
    Ok((target.read_rgba(&gpu)?, gpu.adapter().clone()))
}

/// Pictures on the GPU; `None` without any.
fn thumbnails(
    gpu: &Gpu,
    renderer: &Renderer,
    colored: &Colored,
    camera: &Camera,
    image: &MapImage,
    pictures: &[(Thumbnail, Rgb)],
) -> Option<ThumbnailBuffers> {
    let side = pictures.first()?.1.width;
    let mut buffers = ThumbnailBuffers::new(gpu, renderer, side as u32);
    let factor = shade(image.dark);
    let mut quads = Vec::new();
    for (thumbnail, picture) in pictures {
        let key = (0, thumbnail.row);
        if buffers.put(gpu, key, &picture.pixels) {
            let color = colored.colors().get(thumbnail.place).copied();
            quads.push(ThumbnailQuad {
                key,
                center_px: thumbnail.center_px,
                color: color
                    .unwrap_or_default()
                    .map(|c| (f32::from(c) * factor) as u8),
            });
        }
    }
    let least = THUMBNAIL_ROOM * image.scale;
    let size = [image.width as f32, image.height as f32];
    let room = ThumbnailGrid::new(camera, size, least).room_px();
    let style = thumbnail_style(room, image.scale, image.dark);
    buffers.show(gpu, &quads, style);
    Some(buffers)
}
