//! A projection prepared for drawing, picking and selecting.

use std::borrow::Cow;

use rayon::prelude::*;

use super::space::Space;
use crate::data::{Plane, Projection};
use crate::render::Bounds;
use crate::spatial::TileTree;

/// The points of a projection, ordered along a tree over the plane that they are looked at in.
///
/// A point is known by its *place* in the tree or by its catalogue row. All positions are offsets from
/// [`origin`](Self::origin): the map works in them, files hold their sums. A map of three dimensions
/// turns about the middle of the box around its points, which keeps its position.
pub struct MapPoints {
    projection: Projection,
    tree: TileTree,
    plane: Plane,
    /// Of three dimensions only.
    space: Option<Space>,
}

impl MapPoints {
    /// Orders the points by their first two coordinates; long work for many of them.
    #[must_use]
    pub fn new(projection: Projection) -> Self {
        Self::with_tree(projection, None)
    }

    /// Points with their tree, as it was kept beside them; it is made anew when it is missing or not
    /// over as many points.
    #[must_use]
    pub fn with_tree(projection: Projection, tree: Option<TileTree>) -> Self {
        let tree = tree.filter(|tree| tree.points().len() == projection.len());
        Self {
            tree: tree.unwrap_or_else(|| TileTree::new(&projection.points())),
            plane: Plane::FRONT,
            space: Space::of(&projection),
            projection,
        }
    }

    /// The same points, looked at in another plane; long work for many of them. `None` for a map of
    /// two dimensions, which does not turn.
    #[must_use]
    pub fn turned(&self, plane: Plane) -> Option<Self> {
        let space = self.space?;
        let points: Cow<'_, [[f32; 2]]> = if plane.is_front() {
            self.projection.points()
        } else {
            let indices = (0..self.len()).into_par_iter();
            indices
                .map(|i| seen(plane, space.center, self.projection.point(i)))
                .collect()
        };
        Some(Self {
            tree: TileTree::new(&points),
            projection: self.projection.clone(),
            plane,
            space: self.space,
        })
    }

    /// About `most` of the points, every one with the same chance, and the place that each of them
    /// has here, in the order of the new projection; all of them when there are no more. They turn
    /// as these do.
    #[must_use]
    pub fn sampled(&self, most: usize) -> (Self, Vec<u32>) {
        let mut places = self.tree.sample(most);
        places.sort_unstable_by_key(|&place| self.tree.order()[place as usize]);
        let indices: Vec<u32> = places
            .iter()
            .map(|&place| self.tree.order()[place as usize])
            .collect();
        let projection = self.projection.part(&indices);
        let points: Vec<[f32; 2]> = places
            .iter()
            .map(|&place| self.tree.points()[place as usize])
            .collect();
        let sample = Self {
            tree: TileTree::new(&points),
            projection,
            plane: self.plane,
            space: self.space,
        };
        (sample, places)
    }

    /// The projection.
    #[must_use]
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// The tree over its points.
    #[must_use]
    pub fn tree(&self) -> &TileTree {
        &self.tree
    }

    /// The plane that the points are looked at in.
    #[must_use]
    pub fn plane(&self) -> Plane {
        self.plane
    }

    /// What is added to positions to have coordinates in the plane, in the units of the file.
    #[must_use]
    pub fn origin(&self) -> [f64; 2] {
        let [x, y, z] = self.projection.origin();
        match self.space {
            Some(Space { center, .. }) if !self.plane.is_front() => {
                let at = [x + center[0], y + center[1], z + center[2]];
                let [right, up] = self.plane.project(at);
                [right - center[0], up - center[1]]
            }
            _ => [x, y],
        }
    }

    /// The coordinates, in the units of the file, of a place in the plane, in offsets; in three
    /// dimensions of that in the plane through the middle of the map.
    #[must_use]
    pub fn position_at(&self, at: [f64; 2]) -> [f64; 3] {
        let offset = match self.space {
            Some(Space { center, .. }) => {
                let [right, up] = self.plane.rows();
                let (x, y) = (at[0] - center[0], at[1] - center[1]);
                [0, 1, 2].map(|i| center[i] + x * right[i] + y * up[i])
            }
            None => [at[0], at[1], 0.0],
        };
        let origin = self.projection.origin();
        [0, 1, 2].map(|i| origin[i] + offset[i])
    }

    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.projection.len()
    }

    /// Whether there are no points.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.projection.is_empty()
    }

    /// The rectangle around all points, in offsets; `None` without points.
    #[must_use]
    pub fn bounds(&self) -> Option<Bounds> {
        self.tree.root().map(|root| Bounds {
            min: root.min.map(f64::from),
            max: root.max.map(f64::from),
        })
    }

    /// Catalogue row of the point at `place`.
    #[must_use]
    pub fn row(&self, place: usize) -> usize {
        self.projection.rows()[self.tree.order()[place] as usize] as usize
    }

    /// Position of a catalogue row, in offsets, if it is on the map.
    #[must_use]
    pub fn position_of_row(&self, row: usize) -> Option<[f32; 2]> {
        self.position_in(self.plane, row)
    }

    /// The same, looked at in another plane.
    #[must_use]
    pub fn position_in(&self, plane: Plane, row: usize) -> Option<[f32; 2]> {
        let row = u32::try_from(row).ok()?;
        let index = self.projection.rows().binary_search(&row).ok()?;
        let point = self.projection.point(index);
        Some(match self.space {
            Some(space) if !plane.is_front() => seen(plane, space.center, point),
            _ => [point[0] as f32, point[1] as f32],
        })
    }

    /// How far the point at a place lies from the viewer, 0 near to 1 far: two standard deviations
    /// in front of the mean are near, two behind it far. `None` on a map of two dimensions.
    #[must_use]
    pub fn depths(&self) -> Option<impl Fn(usize) -> f32 + Sync + '_> {
        let sight = self.space?.sight(self.plane);
        let point = |place: usize| self.projection.point(self.tree.order()[place] as usize);
        Some(move |place: usize| sight.depth(point(place)))
    }

    /// The same of a catalogue row, if it is on the map.
    #[must_use]
    pub fn depth_of_row(&self, row: usize) -> Option<f32> {
        let row = u32::try_from(row).ok()?;
        let index = self.projection.rows().binary_search(&row).ok()?;
        let sight = self.space?.sight(self.plane);
        Some(sight.depth(self.projection.point(index)))
    }

    /// Whether the map has three dimensions.
    #[must_use]
    pub fn turns(&self) -> bool {
        self.space.is_some()
    }
}

/// Position, in offsets, of a point that is turned about `center` and looked at in `plane`.
fn seen(plane: Plane, center: [f64; 3], point: [f64; 3]) -> [f32; 2] {
    let [right, up] = plane.project([0, 1, 2].map(|i| point[i] - center[i]));
    // What would be beyond all numbers would be no point of the tree.
    let near = |v: f64| v.clamp(-f64::from(f32::MAX), f64::from(f32::MAX)) as f32;
    [near(right + center[0]), near(up + center[1])]
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
