//! A projection prepared for drawing, picking and selecting.

use crate::data::Projection;
use crate::render::Bounds;
use crate::spatial::TileTree;

/// The points of a projection, ordered along a tree.
///
/// A point is known by its *place* in the tree or by its catalogue row. All positions are offsets from
/// the projection's [`origin`](Projection::origin): the map works in them, files hold their sums.
pub struct MapPoints {
    projection: Projection,
    tree: TileTree,
}

impl MapPoints {
    /// Orders the points; long work for many of them.
    #[must_use]
    pub fn new(projection: Projection) -> Self {
        Self {
            tree: TileTree::new(&projection.points()),
            projection,
        }
    }

    /// Points with their tree, as it was kept beside them; it is made anew when it is missing or not
    /// over as many points.
    #[must_use]
    pub fn with_tree(projection: Projection, tree: Option<TileTree>) -> Self {
        match tree {
            Some(tree) if tree.points().len() == projection.len() => Self { projection, tree },
            _ => Self::new(projection),
        }
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
        let row = u32::try_from(row).ok()?;
        let point = self.projection.rows().binary_search(&row).ok()?;
        let coords = &self.projection.coords()[point * self.projection.dims()..];
        Some([coords[0], coords[1]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Provenance;

    #[test]
    fn places_and_rows_belong_together() {
        let rows: Vec<u32> = (0..100).map(|i| i * 3).collect();
        let coords: Vec<f32> = rows.iter().flat_map(|&r| [r as f32, -(r as f32)]).collect();
        let projection = Projection::new(coords, 2, rows, 400, Provenance::default()).unwrap();
        let points = MapPoints::new(projection);
        for place in 0..100 {
            let row = points.row(place);
            assert_eq!(points.tree().points()[place], [row as f32, -(row as f32)]);
            assert_eq!(
                points.position_of_row(row),
                Some(points.tree().points()[place])
            );
        }
        assert_eq!(points.position_of_row(1), None);
    }
}
