//! Turning a map of three dimensions: the second axis stays upright, as on a turntable.

use std::time::{Duration, Instant};

use eframe::egui::{Context, PointerButton, Response, Vec2};

use crate::data::Plane;
use crate::session::Revision;

/// Degrees for each point of the user interface that the mouse moves.
const DEGREES: f64 = 0.35;
/// Angles are multiples of this, so that the command line can be given the same ones.
const STEPS_PER_DEGREE: f64 = 10.0;
/// How long turning to an axis takes.
const TIME: Duration = Duration::from_millis(350);

/// Two angles, degrees: to the right about the upright axis, then down.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Angles {
    yaw: f64,
    pitch: f64,
}

impl Angles {
    fn plane(self) -> Plane {
        let round = |degrees: f64| (degrees * STEPS_PER_DEGREE).round() / STEPS_PER_DEGREE;
        Plane::turned(round(self.yaw), round(self.pitch))
    }
}

/// How a map is turned.
#[derive(Debug, Default)]
pub(in crate::gui) struct Orbit {
    of: Option<Revision>,
    angles: Angles,
    held: bool,
    /// Where it turns to by itself, from where and since when.
    goal: Option<(Angles, Angles, Instant)>,
}

impl Orbit {
    /// The plane in which that map is seen.
    pub fn plane(&self, map: Revision) -> Plane {
        if self.of == Some(map) {
            self.angles.plane()
        } else {
            Plane::FRONT
        }
    }

    /// Whether it is being turned.
    pub fn is_turning(&self) -> bool {
        self.held || self.goal.is_some()
    }

    fn belong(&mut self, map: Revision) {
        if self.of != Some(map) {
            *self = Self {
                of: Some(map),
                ..Self::default()
            };
        }
    }

    /// Turns by so many points of the user interface, the front with the mouse.
    fn turn(&mut self, by: Vec2) {
        self.goal = None;
        let Angles { yaw, pitch } = self.angles;
        self.angles = Angles {
            yaw: (yaw + DEGREES * f64::from(by.x) + 180.0).rem_euclid(360.0) - 180.0,
            pitch: (pitch + DEGREES * f64::from(by.y)).clamp(-90.0, 90.0),
        };
    }

    /// Turns that map until it is seen in `plane`, at once or within a moment.
    pub fn turn_to(&mut self, map: Revision, plane: Plane, at_once: bool) {
        self.belong(map);
        let (yaw, pitch) = plane.angles();
        // The short way round.
        let by = (yaw - self.angles.yaw + 180.0).rem_euclid(360.0) - 180.0;
        let to = Angles {
            yaw: self.angles.yaw + by,
            pitch,
        };
        if at_once {
            (self.angles, self.goal) = (to, None);
        } else {
            self.goal = Some((self.angles, to, Instant::now()));
        }
    }

    /// Takes in the mouse, if the tool turns, and goes on towards a goal. Returns whether the plane
    /// has changed.
    pub fn update(
        &mut self,
        response: &Response,
        ctx: &Context,
        map: Revision,
        tool: bool,
    ) -> bool {
        self.belong(map);
        let before = self.angles;
        self.held = tool && response.dragged_by(PointerButton::Primary);
        if self.held {
            self.turn(response.drag_delta());
        }
        if let Some((from, to, since)) = self.goal {
            let time = (since.elapsed().as_secs_f64() / TIME.as_secs_f64()).min(1.0);
            let share = time * time * (3.0 - 2.0 * time);
            self.angles = Angles {
                yaw: from.yaw + (to.yaw - from.yaw) * share,
                pitch: from.pitch + (to.pitch - from.pitch) * share,
            };
            self.goal = self.goal.filter(|_| time < 1.0);
        }
        let changed = before != self.angles;
        if changed || self.goal.is_some() {
            ctx.request_repaint();
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Edit, MapPoints, Mapped, Part, Session};
    use std::sync::Arc;

    fn revision() -> Revision {
        let none = crate::data::Provenance::default();
        let projection = crate::data::Projection::new(vec![0.0; 3], 3, vec![0], 1, none);
        let mut session = Session::default();
        session.apply(Edit::SetMap(Mapped::given(Arc::new(MapPoints::new(
            projection.unwrap(),
        )))));
        session.map().map(Part::revision).unwrap()
    }

    #[test]
    fn the_front_follows_the_mouse_and_a_new_map_is_seen_from_the_front() {
        let (map, other) = (revision(), revision());
        let mut orbit = Orbit::default();
        orbit.belong(map);
        orbit.turn(Vec2::new(100.0, 0.0));
        assert!(orbit.plane(map).project([0.0, 0.0, 1.0])[0] > 0.5);
        assert!(orbit.plane(other).is_front());
        orbit.turn(Vec2::new(0.0, 1e6));
        assert!((orbit.plane(map).toward()[1] - 1.0).abs() < 1e-12);
        for plane in [Plane::turned(-170.0, 20.0), Plane::FRONT] {
            orbit.turn_to(map, plane, true);
            let off = |i: usize| (orbit.plane(map).toward()[i] - plane.toward()[i]).abs();
            assert!((0..3).all(|i| off(i) < 1e-9));
        }
        orbit.belong(other);
        assert!(orbit.plane(map).is_front());
    }
}
