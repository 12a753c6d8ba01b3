//! Which point lies under the cursor.

use crate::render::{Camera, PointGroup};
use crate::spatial::TileTree;

/// A cursor this near to a marker still means it, px.
const SLACK_PX: f32 = 4.0;

/// The place of the point nearest to the cursor whose marker, of about `radius_px`, lies under it or
/// within a few pixels. Points that are not drawn are not there. Its cost is that of a few nodes,
/// however many points there are.
#[must_use]
pub fn pick(
    tree: &TileTree,
    groups: &[PointGroup<'_>],
    camera: &Camera,
    size_px: [f32; 2],
    radius_px: f32,
    cursor_px: [f32; 2],
) -> Option<usize> {
    let reach = f64::from(radius_px + SLACK_PX) / camera.px_per_unit;
    tree.nearest(
        camera.world_from_px(cursor_px, size_px),
        reach,
        |node| groups.iter().any(|g| g.shades.nodes()[node].count > 0),
        |place| groups.iter().any(|g| g.shades.draws(place)),
    )
}
