//! Which point lies under the cursor.

use crate::render::{Camera, PointGroup};
use crate::spatial::TileTree;

/// A cursor this near to a marker still means it, px.
const SLACK_PX: f32 = 4.0;

/// The place of the point nearest to the cursor whose marker, of about `radius_px` times the size of its group,
/// lies under it or within a few pixels. Points that are not drawn are not there. Its cost is that of a few nodes,
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
    let cursor = camera.world_from_px(cursor_px, size_px);
    let reach = |size: f32| f64::from(radius_px * size + SLACK_PX) / camera.px_per_unit;
    let largest = groups.iter().map(|g| g.size).fold(0.0, f32::max);
    let within = |place: usize, size: f32| {
        let away = [0, 1].map(|i| f64::from(tree.points()[place][i]) - cursor[i]);
        size >= largest || away[0].hypot(away[1]) <= reach(size)
    };
    tree.nearest(
        cursor,
        reach(largest),
        |node| groups.iter().any(|g| g.shades.nodes()[node].count > 0),
        |place| {
            let drawing = |g: &PointGroup<'_>| g.shades.draws(place) && within(place, g.size);
            groups.iter().any(drawing)
        },
    )
}
