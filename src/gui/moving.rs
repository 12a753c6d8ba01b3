//! From one map to another of the same objects: a sample of those on both moves from where it was
//! seen to where it will be.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::shown::{Look, Sample, Selected, Shown, Why, fresh, places_of};
use crate::data::{Projection, Provenance};
use crate::render::Camera;
use crate::session::MapPoints;

/// Points that move.
const MOST: usize = 40_000;
/// How long they are on their way.
const TIME: Duration = Duration::from_millis(700);

/// A change of maps, as the window saw it.
#[derive(Clone)]
pub(super) struct Change {
    /// What was shown, and where the viewer looked.
    pub from: Arc<Shown>,
    pub camera: Camera,
    /// What will be shown, and where the viewer will look.
    pub to: Arc<Shown>,
    pub end_camera: Camera,
}

/// A change that is under way.
pub(super) struct Moving {
    pub change: Change,
    /// Found by the first worker that needs it.
    pub way: Arc<OnceLock<Way>>,
    since: Option<Instant>,
}

impl Moving {
    pub fn new(change: Change) -> Self {
        Self {
            change,
            way: Arc::default(),
            since: None,
        }
    }

    /// Share of the time that is over; the clock starts when the way is known.
    pub fn progress(&mut self) -> f32 {
        if self.way.get().is_none() {
            return 0.0;
        }
        let since = self.since.get_or_insert_with(Instant::now);
        since.elapsed().as_secs_f32() / TIME.as_secs_f32()
    }
}

/// The way of every point that moves, in the plane of the new map.
pub(super) struct Way {
    to: Arc<Shown>,
    rows: Vec<u32>,
    ends: Vec<[[f32; 2]; 2]>,
    depths: Vec<[f32; 2]>,
    /// Places on the new map.
    places: Vec<u32>,
}

impl Way {
    /// The work of another thread.
    pub fn find(change: &Change) -> Self {
        let (old, new) = (&change.from.points, &change.to.points);
        let shared = shared(old.projection().rows(), new.projection().rows());
        let most = MOST as f64 * new.len() as f64 / shared.max(1) as f64;
        let (sample, places) = new.sampled(most.min(new.len() as f64) as usize);
        let (start, end) = (change.camera, change.end_camera);
        let deep = |map: &MapPoints, row: u32| map.depth_of_row(row as usize).unwrap_or(0.0);
        let mut way = Self {
            to: Arc::clone(&change.to),
            rows: Vec::new(),
            ends: Vec::new(),
            depths: Vec::new(),
            places: Vec::new(),
        };
        for (&row, place) in sample.projection().rows().iter().zip(places) {
            let Some(was) = old.position_of_row(row as usize) else {
                continue;
            };
            // Where it was on the screen, as the camera at the end sees it.
            let seen = |i: usize| {
                let px = (f64::from(was[i]) - start.center[i]) * start.px_per_unit;
                (end.center[i] + px / end.px_per_unit) as f32
            };
            way.rows.push(row);
            way.ends
                .push([[seen(0), seen(1)], new.tree().points()[place as usize]]);
            way.depths.push([deep(old, row), deep(new, row)]);
            way.places.push(place);
        }
        way
    }

    /// The points at a share of the time, `0..=1`; the work of another thread. `None` where they
    /// cannot be shown.
    pub fn at(&self, time: f32, selection: &Selected, dark: bool) -> Option<Arc<Shown>> {
        let share = time * time * (3.0 - 2.0 * time);
        let between = |a: f32, b: f32| a + (b - a) * share;
        let coords = self.ends.iter();
        let coords = coords.flat_map(|[a, b]| [between(a[0], b[0]), between(a[1], b[1])]);
        let count = self.rows.last().map_or(0, |last| *last as usize + 1);
        let none = Provenance::default();
        let projection =
            Projection::new(coords.collect(), 2, self.rows.clone(), count, none).ok()?;
        let points = MapPoints::new(projection);
        let order = points.tree().order();
        let from: Vec<u32> = order.iter().map(|&i| self.places[i as usize]).collect();
        let depth = |place: usize| {
            let [a, b] = self.depths[order[place] as usize];
            between(a, b)
        };
        let look = &self.to.look;
        let colored = look
            .colored
            .carried(points.tree(), &from, Some(&depth), dark);
        Some(Arc::new(Shown {
            look: Look {
                colored,
                histograms: look.histograms.clone(),
                labels: Vec::new(),
            },
            serial: fresh(),
            places: fresh(),
            data: self.to.data,
            of: self.to.of,
            turns: self.to.turns,
            sample: Sample::of(Why::Moving, &points, &self.to.points),
            bounds: self.to.bounds,
            selected: places_of(&points, selection),
            points: Arc::new(points),
        }))
    }
}

/// How many rows two increasing lists share.
fn shared(a: &[u32], b: &[u32]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        count += usize::from(a[i] == b[j]);
        let (next, other) = (a[i] <= b[j], b[j] <= a[i]);
        i += usize::from(next);
        j += usize::from(other);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::super::shown::tests::whole;
    use super::*;

    /// Numbers in `0..1` without an order.
    fn scattered(i: u32, salt: u32) -> f32 {
        let mixed = (i + 1).wrapping_mul(0x9e37_79b9).wrapping_add(salt) ^ (i << 7);
        (mixed.wrapping_mul(0x85eb_ca6b) >> 8) as f32 / (1 << 24) as f32
    }

    #[test]
    fn objects_go_from_where_they_were_seen_to_where_they_will_be() {
        const SIZE: [f32; 2] = [800.0, 600.0];
        // All rows on the old map, in three dimensions; every other row on the new.
        let n = 120_000;
        let old_rows: Vec<u32> = (0..n).collect();
        let new_rows: Vec<u32> = (0..n).step_by(2).collect();
        let coords = |rows: &[u32], dims: u32, scale: f32| -> Vec<f32> {
            let of = |&row: &u32| (0..dims).map(move |d| scale * scattered(row, dims + 77 * d));
            rows.iter().flat_map(of).collect()
        };
        let from = whole(coords(&old_rows, 3, 5.0), 3, old_rows);
        let to = whole(coords(&new_rows, 2, 900.0), 2, new_rows);
        let camera = Camera::fit(from.bounds.unwrap(), SIZE).zoomed(3.0, [100.0, 50.0], SIZE);
        let end_camera = Camera::fit(to.bounds.unwrap(), SIZE);
        let change = Change {
            from: Arc::clone(&from),
            camera,
            to: Arc::clone(&to),
            end_camera,
        };
        let way = Way::find(&change);
        assert!((way.rows.len() as f64 - MOST as f64).abs() < 0.02 * MOST as f64);
        assert!(way.rows.iter().all(|row| row % 2 == 0));
        let ends = [(0.0, &from, camera), (1.0, &to, end_camera)];
        for (time, map, looked) in ends {
            let frame = way.at(time, &None, true).unwrap();
            assert_eq!(frame.sample.unwrap().of, to.points.len());
            for place in (0..frame.points.len()).step_by(97) {
                let px = |position: [f32; 2], camera: Camera| {
                    camera.px_from_world(position.map(f64::from), SIZE)
                };
                let row = frame.points.row(place);
                let seen = px(frame.points.tree().points()[place], end_camera);
                let was = px(map.points.position_of_row(row).unwrap(), looked);
                assert!(
                    (0..2).all(|i| (seen[i] - was[i]).abs() < 0.05),
                    "{seen:?} {was:?}"
                );
            }
        }
    }

    #[test]
    fn rows_of_both_are_counted() {
        assert_eq!(shared(&[1, 3, 5, 9], &[0, 3, 4, 9, 10]), 2);
        assert_eq!(shared(&[], &[1]), 0);
    }
}
