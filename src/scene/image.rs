//! A map as a picture in memory, without a window.

use crate::color::Rgba;
use crate::render::{
    AdapterSummary, Bounds, Camera, Gpu, Layer, LineBuffers, Picture, PointLayer, RenderError,
    Renderer, Target, ThumbnailBuffers, ThumbnailQuad,
};
use crate::session::{LayerKind, LayerSpec, MapPoints, ViewSpec};

use super::{
    Colored, Contour, LINE_WIDTH, Rgb, THUMBNAIL_ROOM, Thumbnail, ThumbnailGrid, density_style,
    line_color, point_style, shade, thumbnail_style,
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

/// Layers of the picture, lowest first, with those lines and thumbnails that there are; names are no part of it.
#[must_use]
pub fn picture_layers<'a>(
    view: &ViewSpec,
    scale: f32,
    dark: bool,
    lines: Option<&'a LineBuffers>,
    thumbnails: Option<&'a ThumbnailBuffers>,
) -> Vec<(Layer<'a>, f32)> {
    let layer = |spec: &LayerSpec| {
        let layer = match spec.kind {
            LayerKind::Points => Layer::Points,
            LayerKind::Density => Layer::Density(density_style(&view.density, scale, dark)),
            LayerKind::Contours => Layer::Lines(lines?, LINE_WIDTH * scale),
            LayerKind::Thumbnails => Layer::Thumbnails(thumbnails?),
            LayerKind::Labels => return None,
        };
        // The opacity of points is that of each marker.
        let whole = spec.kind == LayerKind::Points;
        Some((layer, if whole { 1.0 } else { spec.opacity }))
    };
    let shown = view.layers.iter().filter(|layer| layer.shown);
    shown.filter_map(layer).collect()
}

/// Whether something that is no line lies over the contours.
#[must_use]
pub fn lines_lie_below(view: &ViewSpec) -> bool {
    let shown = view.layers.iter().filter(|layer| layer.shown);
    shown
        .skip_while(|layer| layer.kind != LayerKind::Contours)
        .any(|layer| !matches!(layer.kind, LayerKind::Contours | LayerKind::Labels))
}

/// Contours for the GPU.
#[must_use]
pub fn line_buffers(
    gpu: &Gpu,
    renderer: &Renderer,
    contours: &[Contour],
    dark: bool,
) -> LineBuffers {
    let lines = contours.iter();
    let lines = lines.map(|c| (c.line.clone(), line_color(c.color, dark)));
    LineBuffers::new(gpu, renderer, &lines.collect::<Vec<_>>())
}

/// Draws points, density, thumbnails and these contours of a map; returns RGBA, top row first, and the adapter
/// that drew it. `pictures`, all of one side (`8..=256` px), come from
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
    contours: &[Contour],
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
    let lines = line_buffers(&gpu, &renderer, contours, image.dark);
    let layers = picture_layers(
        view,
        image.scale,
        image.dark,
        Some(&lines),
        thumbnails.as_ref(),
    );
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
