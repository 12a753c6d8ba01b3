//! A map of three dimensions while it turns: a sample of its points, in any plane, at once.

use std::sync::Arc;

use super::shown::{Look, Sample, Selected, Shown, Why, fresh, places_of};
use crate::data::Plane;
use crate::scene::{Depth, MapLabel};
use crate::session::{MapPoints, Revision};

/// Points that turn.
const MOST: usize = 60_000;

/// What a turning map depends on: the whole it is of, the plane, the selection, the ground.
pub(super) type Key = (u64, Plane, Option<Revision>, bool);

/// Some points of a whole, and the places they have there.
pub(super) struct Turning {
    whole: Arc<Shown>,
    points: MapPoints,
    from: Vec<u32>,
}

impl Turning {
    /// Of that whole.
    pub fn of(whole: Arc<Shown>) -> Self {
        let (points, from) = whole.points.sampled(MOST);
        Self {
            whole,
            points,
            from,
        }
    }

    /// How it looks in a plane; the work of another thread. `None` for a map that does not turn.
    pub fn seen(&self, plane: Plane, selection: &Selected, dark: bool) -> Option<Arc<Shown>> {
        let (whole, look) = (&self.whole, &self.whole.look);
        let points = self.points.turned(plane)?;
        let order = points.tree().order().iter();
        let from: Vec<u32> = order.map(|&index| self.from[index as usize]).collect();
        let depths = points.depths()?;
        let depth: Depth<'_> = &depths;
        let colored = look
            .colored
            .carried(points.tree(), &from, Some(depth), dark);
        let label = |label: &MapLabel| {
            let position = whole.points.position_in(plane, label.row)?;
            let position = position.map(f64::from);
            Some(MapLabel {
                position,
                ..label.clone()
            })
        };
        let look = Look {
            colored,
            histograms: look.histograms.clone(),
            labels: look.labels.iter().filter_map(label).collect(),
        };
        drop(depths);
        Some(Arc::new(Shown {
            look,
            serial: fresh(),
            places: fresh(),
            data: whole.data,
            of: whole.of,
            turns: true,
            sample: Sample::of(Why::Turning, &points, &whole.points),
            bounds: points.bounds(),
            selected: places_of(&points, selection),
            points: Arc::new(points),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::shown::tests::whole;
    use super::*;

    #[test]
    fn small_maps_turn_as_a_whole_and_large_ones_as_a_sample() {
        for n in [500_u32, 100_000] {
            let coords = (0..n).flat_map(|i| {
                let t = i as f32 * 0.1;
                [t.sin() * 3.0, t.cos(), (t * 0.37).sin()]
            });
            let whole = whole(coords.collect(), 3, (0..n).collect());
            let turning = Turning::of(Arc::clone(&whole));
            let plane = Plane::turned(25.0, -40.0);
            let seen = turning.seen(plane, &None, true).unwrap();
            let exact = whole.points.turned(plane).unwrap();
            assert_eq!(seen.sample.is_none(), n == 500);
            assert!(seen.points.len() < MOST + 1000 && seen.plane() == plane);
            for place in (0..seen.points.len()).step_by(13) {
                let row = seen.points.row(place);
                let position = seen.points.tree().points()[place];
                assert_eq!(exact.position_of_row(row), Some(position));
            }
        }
    }
}
