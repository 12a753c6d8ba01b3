//! What the map shows: points with their look, whole or as a sample that turns or moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::data::Plane;
use crate::mask::Mask;
use crate::render::Bounds;
use crate::scene::{Colored, Histogram, MapLabel, color_points, histograms, labels};
use crate::session::{MapPoints, Mapped, OpenData, Part, Revision, Selection, Session, ViewSpec};

/// Histograms under the legend.
const HISTOGRAMS: usize = 3;

/// Points, how they look, and what follows from it.
pub(super) struct Shown {
    pub points: Arc<MapPoints>,
    pub look: Look,
    /// Its own number.
    pub serial: u64,
    /// A number that changes with the points and their places.
    pub places: u64,
    /// The data and the map that the points are of.
    pub data: Revision,
    pub of: Revision,
    /// Whether the map has three dimensions.
    pub turns: bool,
    /// What of the map is shown, where it is not the whole.
    pub sample: Option<Sample>,
    /// What a view shows that is fitted to it.
    pub bounds: Option<Bounds>,
    /// The places of a selection, as far as they are known.
    pub selected: Option<(Revision, Arc<Mask>)>,
}

/// How the points look.
pub(super) struct Look {
    pub colored: Colored,
    pub histograms: Vec<Histogram>,
    pub labels: Vec<MapLabel>,
}

/// A part of the points, each as likely as the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub why: Why,
    pub points: usize,
    pub of: usize,
}

/// Why only some points are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Turning,
    Moving,
}

impl Sample {
    /// Of `shown` points; `None` when they are all.
    pub fn of(why: Why, shown: &MapPoints, all: &MapPoints) -> Option<Self> {
        let (points, of) = (shown.len(), all.len());
        (points < of).then_some(Self { why, points, of })
    }
}

impl Shown {
    /// The plane it is seen in.
    pub fn plane(&self) -> Plane {
        self.points.plane()
    }

    /// The places of the session's selection, if they came with the points.
    pub fn selected(&self, session: &Session) -> Option<&Arc<Mask>> {
        let now = session.selection().map(Part::revision)?;
        let (of, mask) = self.selected.as_ref()?;
        (*of == now).then_some(mask)
    }
}

/// A number that was not used before.
pub(super) fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The places on a map of the selected rows.
pub(super) fn selected_places(points: &MapPoints, selection: &Selection) -> Mask {
    Mask::from_fn(points.len(), |place| {
        selection.rows.contains(points.row(place))
    })
}

/// A selection, shared with a worker.
pub(super) type Selected = Option<(Revision, Arc<Selection>)>;

pub(super) fn places_of(points: &MapPoints, selection: &Selected) -> Option<(Revision, Arc<Mask>)> {
    let (revision, selection) = selection.as_ref()?;
    Some((*revision, Arc::new(selected_places(points, selection))))
}

/// Everything that the whole of a map depends on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WholeKey {
    pub data: Revision,
    pub map: Revision,
    pub plane: Plane,
    /// The view without what has no part in the look.
    pub view: ViewSpec,
    /// Number of the filter's answer.
    pub rows: u64,
    /// Depth fades to the ground.
    pub dark: bool,
}

/// What the whole of a map is made from.
pub(super) struct Whole {
    pub key: WholeKey,
    pub opened: Arc<OpenData>,
    pub mapped: Arc<Mapped>,
    pub rows: Option<Arc<Mask>>,
    pub selection: Selected,
    /// What was made before.
    pub before: Option<Arc<Shown>>,
}

impl Whole {
    /// The work of another thread.
    pub fn make(self) -> Arc<Shown> {
        let key = &self.key;
        let same = |shown: &&Arc<Shown>| shown.of == key.map && shown.plane() == key.plane;
        let (points, places) = if let Some(before) = self.before.as_ref().filter(same) {
            (Arc::clone(&before.points), before.places)
        } else {
            let front = &self.mapped.points;
            let turns = key.plane != front.plane();
            let turned = turns.then(|| front.turned(key.plane)).flatten();
            let points = turned.map_or_else(|| Arc::clone(front), Arc::new);
            (points, fresh())
        };
        let catalog = &self.opened.dataset.catalog;
        let colored = color_points(catalog, &points, &key.view, self.rows.as_deref(), key.dark);
        Arc::new(Shown {
            look: Look {
                histograms: histograms(catalog, &points, &colored, HISTOGRAMS),
                labels: labels(&points, &colored),
                colored,
            },
            serial: fresh(),
            places,
            data: key.data,
            of: key.map,
            turns: points.turns(),
            sample: None,
            bounds: points.bounds(),
            selected: places_of(&points, &self.selection),
            points,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::data::{Catalog, Projection, Provenance};
    use crate::session::Edit;

    /// A map of points `dims` long, each the row of its place in `rows`, as it is shown.
    pub fn whole(coords: Vec<f32>, dims: usize, rows: Vec<u32>) -> Arc<Shown> {
        let count = rows.last().map_or(0, |row| *row as usize + 1);
        let mut session = Session::default();
        let projection = Projection::new(coords, dims, rows, count, Provenance::default());
        let points = Arc::new(MapPoints::new(projection.unwrap()));
        session.apply(Edit::SetMap(Mapped::given(Arc::clone(&points))));
        let ids: arrow::array::ArrayRef = Arc::new(arrow::array::Int64Array::from_iter_values(
            (0..count as i64).map(|i| i % 5),
        ));
        let table = arrow::array::RecordBatch::try_from_iter(vec![("kind", ids)]);
        let catalog = Catalog::new(&table.unwrap()).unwrap();
        let colored = color_points(&catalog, &points, &ViewSpec::default(), None, true);
        let revision = session.map().map(Part::revision).unwrap();
        Arc::new(Shown {
            look: Look {
                histograms: Vec::new(),
                labels: labels(&points, &colored),
                colored,
            },
            serial: fresh(),
            places: fresh(),
            data: revision,
            of: revision,
            turns: points.turns(),
            sample: None,
            bounds: points.bounds(),
            selected: None,
            points,
        })
    }
}
