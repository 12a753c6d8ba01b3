//! The look of points and density, from their number, the zoom and the ground.

use crate::color::Rgba;
use crate::render::{Camera, DensityStyle, PointStyle, ThumbnailStyle};
use crate::session::{DensitySpec, LayerKind, MapPoints, ViewSpec};

/// Width of a contour, points of the user interface or of paper.
pub const LINE_WIDTH: f32 = 1.5;

/// Radius limits, px (of a screen with one pixel for each point of its user interface).
const RADIUS_LIMITS: (f32, f32) = (0.75, 9.0);
/// Share of the view's area that all discs together would cover in a fitted map.
const COVERED: f32 = 0.085;
/// How much of their light points add up on a dark ground.
const GLOW_ON_DARK: f32 = 0.2;
const SHADE_ON_LIGHT: f32 = 0.8;

/// Least room of a thumbnail, points of the user interface: the side for
/// [`thumbnail_layout`](super::thumbnail_layout).
pub const THUMBNAIL_ROOM: f32 = 60.0;

/// What data colours are multiplied by: on a light ground the palette would be too pale.
#[must_use]
pub fn shade(dark: bool) -> f32 {
    if dark { 1.0 } else { SHADE_ON_LIGHT }
}

/// Colour of a contour: that of its category, set off from the points; of the text where there is
/// none.
#[must_use]
pub fn line_color(color: Option<Rgba>, dark: bool) -> Rgba {
    let (text, toward): (Rgba, u16) = if dark {
        ([0xd8, 0xde, 0xe9, 255], 255)
    } else {
        ([0x26, 0x2d, 0x38, 255], 0)
    };
    let Some([r, g, b, _]) = color else {
        return text;
    };
    let [r, g, b] = [r, g, b].map(|c| u16::midpoint(u16::from(c), toward) as u8);
    [r, g, b, 255]
}

/// How the points of a map look: smaller the more there are, growing slowly as one zooms in.
#[must_use]
pub fn point_style(
    points: &MapPoints,
    view: &ViewSpec,
    camera: &Camera,
    size_px: [f32; 2],
    pixels_per_point: f32,
    dark: bool,
) -> PointStyle {
    let n = points.len().max(1) as f32;
    let fitted = points
        .bounds()
        .map_or(1.0, |b| Camera::fit(b, size_px).px_per_unit);
    let zoom = (camera.px_per_unit / fitted) as f32;
    let area = size_px[0] * size_px[1] / pixels_per_point.powi(2);
    let base = (area * COVERED / n / std::f32::consts::PI)
        .sqrt()
        .clamp(0.75, 4.0);
    let radius = base * zoom.max(0.1).powf(0.25) * view.point_size;
    PointStyle {
        radius_px: radius.clamp(RADIUS_LIMITS.0, RADIUS_LIMITS.1) * pixels_per_point,
        opacity: view
            .layer(LayerKind::Points)
            .map_or(1.0, |layer| layer.opacity),
        glow: if dark { GLOW_ON_DARK } else { 0.0 },
        shade: shade(dark),
    }
}

/// How density looks.
#[must_use]
pub fn density_style(spec: &DensitySpec, pixels_per_point: f32, dark: bool) -> DensityStyle {
    DensityStyle {
        scale: spec.scale,
        map: spec.map,
        smoothing_px: spec.smoothing * pixels_per_point,
        invert: !dark,
        shade: if spec.map.is_some() { 1.0 } else { shade(dark) },
    }
}

/// How thumbnails look that have `room_px` each, px.
#[must_use]
pub fn thumbnail_style(room_px: f32, pixels_per_point: f32, dark: bool) -> ThumbnailStyle {
    let [r, g, b, _] = super::ground(dark);
    ThumbnailStyle {
        side_px: room_px - 4.0 * pixels_per_point,
        // A dark picture on a light ground needs more of a border to be told by its colour.
        border_px: if dark { 1.5 } else { 2.25 } * pixels_per_point,
        corner_px: 6.0 * pixels_per_point,
        halo_px: 2.0 * pixels_per_point,
        halo: [r, g, b, 200],
    }
}
