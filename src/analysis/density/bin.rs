//! Counts of points by cell of the grid.

use super::extent::Bounds;
use super::frame::Frame;
use super::scan;

/// Points in each cell of `frame`, row by row; `None` when cancelled.
///
/// Only points within `bounds` count: those in the margin would lose a part of their kernel.
/// Each thread fills a grid of its own and whole numbers are summed: no order can change them.
pub(super) fn count(
    points: &[[f32; 2]],
    use_point: &(impl Fn(usize) -> bool + Sync),
    bounds: &Bounds,
    frame: &Frame,
    cancelled: &dyn Fn() -> bool,
) -> Option<Vec<u32>> {
    let empty = vec![0_u32; frame.width * frame.height];
    let [x0, y0] = frame.min;
    let scale = 1.0 / frame.cell;
    let width = frame.width;
    let parts = scan::partials(
        points,
        &empty,
        cancelled,
        |grid: &mut Vec<u32>, first, part| {
            for (i, p) in part.iter().enumerate() {
                if bounds.holds(*p) && use_point(first + i) {
                    let column = ((f64::from(p[0]) - x0) * scale) as u32;
                    let row = ((f64::from(p[1]) - y0) * scale) as u32;
                    if let Some(cell) = grid.get_mut(row as usize * width + column as usize) {
                        *cell += 1;
                    }
                }
            }
        },
    )?;
    let mut parts = parts.into_iter();
    let mut total = parts.next()?;
    for part in parts {
        for (sum, more) in total.iter_mut().zip(part) {
            *sum += more;
        }
    }
    Some(total)
}
