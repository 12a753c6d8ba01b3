//! Which point lies under the cursor: the CPU twin of the points shader.

use crate::color::Rgba;
use crate::render::{Camera, coverage};
use crate::session::MapPoints;

/// A cursor this near to a disc still means it, px.
const SLACK_PX: f32 = 4.0;

/// The point (by drawing order) that is drawn on top at the pixel under `cursor_px`; where no point
/// is drawn, the nearest within a few pixels. Hidden points are not there.
#[must_use]
pub fn pick(
    points: &MapPoints,
    colors: &[Rgba],
    camera: &Camera,
    size_px: [f32; 2],
    radius_px: f32,
    cursor_px: [f32; 2],
) -> Option<usize> {
    let pixel = cursor_px.map(|c| c.floor() + 0.5);
    let reach = radius_px + SLACK_PX;
    let corner = |sign: f32| {
        camera.world_from_px([pixel[0] + sign * reach, pixel[1] - sign * reach], size_px)
    };
    let (low, high) = (corner(-1.0), corner(1.0));
    let candidates = points
        .grid()
        .near(low.map(|v| v as f32), high.map(|v| v as f32));
    let (mut on_top, mut nearest) = (None, None::<(f32, usize)>);
    for index in candidates.map(|i| i as usize) {
        if colors.get(index).is_none_or(|c| c[3] == 0) {
            continue;
        }
        let center = camera.px_from_world(points.xy()[index].map(f64::from), size_px);
        if coverage(center, radius_px, pixel) > 0.0 {
            on_top = on_top.max(Some(index));
        } else if on_top.is_none() {
            let distance = (center[0] - pixel[0]).hypot(center[1] - pixel[1]);
            if distance <= reach && nearest.is_none_or(|(d, _)| distance < d) {
                nearest = Some((distance, index));
            }
        }
    }
    on_top.or(nearest.map(|(_, index)| index))
}
