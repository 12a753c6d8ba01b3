//! A map as a picture in memory, without a window.

use crate::color::Rgba;
use crate::render::{
    AdapterSummary, Bounds, Camera, Gpu, Picture, PointBuffers, RenderError, Renderer, Target,
};
use crate::session::{MapPoints, ViewSpec};

use super::point_style;

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
    /// Light points on dark.
    pub dark: bool,
}

/// Draws the whole map; returns RGBA, top row first, and the adapter that drew it.
///
/// # Errors
/// When there is no graphics adapter, or the picture is too large for it.
pub fn draw_map(
    points: &MapPoints,
    colors: &[Rgba],
    view: &ViewSpec,
    image: &MapImage,
) -> Result<(Vec<u8>, AdapterSummary), RenderError> {
    let gpu = Gpu::headless()?;
    let renderer = Renderer::new(&gpu);
    let target = Target::new(&gpu, image.width, image.height)?;
    let buffers = PointBuffers::new(&gpu, &renderer, points.xy(), colors)?;
    let bounds = points.bounds().unwrap_or(Bounds {
        min: [0.0; 2],
        max: [1.0; 2],
    });
    let camera = Camera::fit(bounds, target.size_px());
    let style = point_style(points, view, &camera, target.size_px(), 1.0, image.dark);
    renderer.draw(
        &gpu,
        &target,
        &Picture {
            camera: &camera,
            background: ground(image.dark),
            points: Some((&buffers, style)),
        },
    );
    Ok((target.read_rgba(&gpu)?, gpu.adapter().clone()))
}
