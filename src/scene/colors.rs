//! Colours, markers and sizes of the points by columns of the catalogue.

use rayon::prelude::*;

use super::{Colored, Depth, Legend, LegendEntry};
use crate::color::{self, ColorScale, MISSING, Rgba};
use crate::data::{Catalog, Column, ColumnKind};
use crate::mask::Mask;
use crate::render::Shape;
use crate::session::{ColorBy, MapPoints, ViewSpec};

/// Most categories with an entry of their own in the legend; that of no value is the 256th.
const MOST_CATEGORIES: usize = u8::MAX as usize;
/// Colour of points that nothing tells apart.
pub(super) const PLAIN: Rgba = [0x7a, 0xa2, 0xf7, 255];
/// Times the radius: points are told apart in five sizes.
const SIZES: [f32; 5] = [0.55, 0.8, 1.1, 1.6, 2.3];

/// The colour of every place, and the legend; points whose rows `rows` leaves out are hidden.
struct Painted {
    colors: Vec<Rgba>,
    legend: Legend,
}

/// Colours the points of a map by columns of the catalogue; rows that `rows` leaves out are not
/// drawn. Points of a map of three dimensions fade with depth towards the ground, dark or light.
#[must_use]
pub fn color_points(
    catalog: &Catalog,
    points: &MapPoints,
    view: &ViewSpec,
    rows: Option<&Mask>,
    dark: bool,
) -> Colored {
    let Painted { mut colors, legend } = paint(catalog, points, &view.color, rows);
    if let Some(rows) = rows {
        colors
            .par_iter_mut()
            .enumerate()
            .for_each(|(place, color)| {
                if !rows.contains(points.row(place)) {
                    color[3] = 0;
                }
            });
    }
    let named = |name: &Option<String>| name.as_deref().and_then(|name| catalog.column(name));
    let markers = named(&view.marker_by).and_then(|column| markers(points, &column));
    let sizes = named(&view.size_by).and_then(|column| sizes(points, &column));
    let plain = markers.is_none() && sizes.is_none();
    // Middle size, first marker, where a column does not say.
    let (names, marker_of) = markers.unwrap_or_default();
    let (range, size_of) = sizes.map_or((None, Vec::new()), |(range, of)| (Some(range), of));
    let sized = range.is_some();
    let class = |place: usize| {
        let size = size_of.get(place).copied().unwrap_or(0);
        marker_of.get(place).copied().unwrap_or(0) * SIZES.len() as u8 + size
    };
    let classes = (!plain).then(|| (0..points.len()).into_par_iter().map(class).collect());
    let looks: Vec<(Shape, f32)> = Shape::ALL
        .into_iter()
        .flat_map(|shape| SIZES.map(|size| (shape, if sized { size } else { 1.0 })))
        .collect();
    let depths = points.depths();
    let depth = depths.as_ref().map(|depth| depth as Depth<'_>);
    Colored {
        legend,
        markers: names,
        sizes: range,
        ..Colored::shaded(points.tree(), colors, classes, &looks, depth, dark)
    }
}

type Markers = (Vec<(String, Shape)>, Vec<u8>);

/// The marker of each category, and that of each place; beyond four categories they repeat.
fn markers(points: &MapPoints, column: &Column<'_>) -> Option<Markers> {
    let (names, of_row) = column.categories(MOST_CATEGORIES)?;
    let order = in_order(column, &names);
    let mut rank = vec![0; names.len()];
    for (place, &index) in order.iter().enumerate() {
        rank[index] = place;
    }
    let shape = |index: usize| rank[index] % Shape::ALL.len();
    let of_place = (0..points.len())
        .into_par_iter()
        .map(|place| of_row[points.row(place)].map_or(0, |i| shape(usize::from(i))) as u8)
        .collect();
    let entry = |&i: &usize| (names[i].clone(), Shape::ALL[shape(i)]);
    Some((order.iter().map(entry).collect(), of_place))
}

type Sizes = ((String, f64, f64), Vec<u8>);

/// The size of each place by its number; the smallest where there is none.
fn sizes(points: &MapPoints, column: &Column<'_>) -> Option<Sizes> {
    let values = column.numbers()?;
    let scale = ColorScale::fit(color::ScaleKind::Linear, &values, None);
    let step = |t: f32| ((t * SIZES.len() as f32) as usize).min(SIZES.len() - 1) as u8;
    let of_place = (0..points.len())
        .into_par_iter()
        .map(|place| scale.place(values[points.row(place)]).map_or(0, step))
        .collect();
    let (low, high) = scale.limits();
    Some(((column.label().into_owned(), low, high), of_place))
}

/// Scales and numbers are of those rows alone.
fn paint(catalog: &Catalog, points: &MapPoints, by: &ColorBy, rows: Option<&Mask>) -> Painted {
    let n = points.len();
    let among = |row: usize| rows.is_none_or(|rows| rows.contains(row));
    let plain = || Painted {
        colors: vec![PLAIN; n],
        legend: Legend::Plain,
    };
    let Some(column) = by.column.as_deref().and_then(|name| catalog.column(name)) else {
        return plain();
    };
    if column.is_numeric()
        && (by.as_numbers || column.kind() == ColumnKind::Continuous)
        && let Some(values) = column.numbers()
    {
        let chosen = rows.map(|rows| rows.iter().map(|row| values[row]).collect::<Vec<f64>>());
        let scale = ColorScale::fit(by.scale, chosen.as_ref().unwrap_or(&values), by.limits);
        let color = |place: usize| scale.color(by.map, by.invert, values[points.row(place)]);
        let colors: Vec<Rgba> = (0..n).into_par_iter().map(color).collect();
        let lacking = |place: &usize| {
            let row = points.row(*place);
            among(row) && scale.place(values[row]).is_none()
        };
        return Painted {
            colors,
            legend: Legend::Scale {
                label: column.label().into_owned(),
                map: by.map,
                invert: by.invert,
                missing: (0..n).into_par_iter().filter(lacking).count(),
                scale,
            },
        };
    }
    let Some((names, of_row)) = column.categories(MOST_CATEGORIES) else {
        return plain();
    };
    let order = in_order(&column, &names).into_iter();
    let in_order: Vec<String> = order.map(|i| names[i].clone()).collect();
    let entries = entries(&in_order, by);
    // From the place of first appearance to the entry; the last entry is that of no value.
    let last = entries.len() - 1;
    let entry_of: Vec<u8> = names
        .iter()
        .map(|name| entries.iter().position(|e| e.name == *name).unwrap_or(last) as u8)
        .collect();
    // Row after row first: places lead all over memory, and so only once, over few bytes.
    let placed = points.projection().rows();
    let entry_of_point: Vec<u8> = placed
        .par_iter()
        .map(|&row| of_row[row as usize].map_or(last as u8, |i| entry_of[usize::from(i)]))
        .collect();
    let none = || vec![0_usize; entries.len()];
    let counts = entry_of_point
        .par_chunks(1 << 16)
        .zip(placed.par_chunks(1 << 16))
        .fold(none, |mut counts, (some, placed)| {
            let mut count = |entry: u8| counts[usize::from(entry)] += 1;
            match rows {
                None => some.iter().for_each(|&entry| count(entry)),
                Some(rows) => {
                    let some = some.iter().zip(placed);
                    some.filter(|(_, row)| rows.contains(**row as usize))
                        .for_each(|(&entry, _)| count(entry));
                }
            }
            counts
        })
        .reduce(none, |a, b| a.iter().zip(b).map(|(a, b)| a + b).collect());
    let color_of: Vec<Rgba> = entries
        .iter()
        .map(|entry| {
            let [r, g, b, _] = entry.color;
            [r, g, b, if entry.hidden { 0 } else { 255 }]
        })
        .collect();
    let colors: Vec<Rgba> = points
        .tree()
        .order()
        .par_iter()
        .map(|&point| color_of[usize::from(entry_of_point[point as usize])])
        .collect();
    let counted = entries.into_iter().zip(counts);
    Painted {
        colors,
        legend: Legend::Categories(
            counted
                .map(|(entry, count)| LegendEntry { count, ..entry })
                .filter(|entry| entry.count > 0)
                .collect(),
        ),
    }
}

/// The places of categories in the order in which a legend lists them: whole numbers as they grow, others as they
/// first appear.
fn in_order(column: &Column<'_>, names: &[String]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    if column.is_numeric() {
        order.sort_by_key(|&i| names[i].parse::<i128>().ok());
    }
    order
}

/// The categories in the order of the legend, which gives them their colours; at the end that of no
/// value.
fn entries(names: &[String], by: &ColorBy) -> Vec<LegendEntry> {
    let ordered = by.order.iter().filter(|name| names.contains(name));
    let others = names.iter().filter(|name| !by.order.contains(name));
    let entry = |(i, name): (usize, &String)| LegendEntry {
        name: name.clone(),
        color: color::category(i),
        count: 0,
        hidden: by.hidden.contains(name),
    };
    let missing = LegendEntry {
        name: String::new(),
        color: MISSING,
        count: 0,
        hidden: by.hidden.contains(""),
    };
    ordered
        .chain(others)
        .enumerate()
        .map(entry)
        .chain([missing])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Plane, Projection, Provenance};
    use crate::scene::{Group, ground};
    use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
    use std::sync::Arc;

    fn example() -> (Catalog, MapPoints) {
        let surveys: ArrayRef = Arc::new(StringArray::from(vec![
            Some("sim"),
            Some("obs"),
            None,
            Some("sim"),
        ]));
        let z: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, f64::NAN, 4.0]));
        let table = RecordBatch::try_from_iter(vec![("survey", surveys), ("z", z)]).unwrap();
        let projection =
            Projection::new(vec![0.0; 8], 2, vec![0, 1, 2, 3], 4, Provenance::default()).unwrap();
        (Catalog::new(&table).unwrap(), MapPoints::new(projection))
    }

    fn colored(change: impl Fn(&mut ViewSpec), rows: Option<&Mask>) -> (Colored, MapPoints) {
        let (catalog, points) = example();
        let mut view = ViewSpec::default();
        change(&mut view);
        (color_points(&catalog, &points, &view, rows, true), points)
    }

    #[test]
    fn hidden_categories_are_counted_and_not_drawn() {
        let (colored, points) = colored(
            |view| {
                view.color.column = Some("survey".to_owned());
                view.color.hidden = ["sim".to_owned()].into();
                view.color.order = vec!["obs".to_owned()];
            },
            None,
        );
        assert_eq!(colored.shown(), 2);
        for place in 0..4 {
            let hidden = [0, 3].contains(&points.row(place));
            assert_eq!(colored.colors()[place][3] == 0, hidden);
        }
        let Legend::Categories(entries) = colored.legend else {
            panic!()
        };
        let counts: Vec<_> = entries
            .iter()
            .map(|e| (e.name.as_str(), e.count, e.hidden))
            .collect();
        assert_eq!(
            counts,
            [("obs", 1, false), ("sim", 2, true), ("", 1, false)]
        );
        assert_eq!(entries[0].color, color::category(0));
    }

    #[test]
    fn numbers_get_a_scale_and_missing_ones_are_grey() {
        let rows = Mask::from_fn(4, |row| row != 1);
        let (colored, points) =
            colored(|view| view.color.column = Some("z".to_owned()), Some(&rows));
        let Legend::Scale { missing, .. } = colored.legend else {
            panic!()
        };
        assert_eq!(missing, 1);
        let grey = (0..4).find(|&i| points.row(i) == 2).unwrap();
        assert_eq!(colored.colors()[grey], MISSING);
        assert_eq!(colored.shown(), 3);
        // The scale is that of what is drawn.
        let (few, _) = super::tests::colored(
            |view| view.color.column = Some("z".to_owned()),
            Some(&Mask::from_fn(4, |row| row < 2)),
        );
        let Legend::Scale { scale, missing, .. } = few.legend else {
            panic!()
        };
        assert_eq!((scale.limits(), missing), ((1.0, 2.0), 0));
    }

    #[test]
    fn markers_and_sizes_part_the_points_into_groups() {
        let (colored, points) = colored(
            |view| {
                view.marker_by = Some("survey".to_owned());
                view.size_by = Some("z".to_owned());
            },
            None,
        );
        assert_eq!(colored.shown(), 4);
        let of_row = |row: usize| {
            let place = (0..4).find(|&p| points.row(p) == row).unwrap();
            let drawing: Vec<&Group> = colored
                .groups
                .iter()
                .filter(|g| g.shades.draws(place))
                .collect();
            assert_eq!(drawing.len(), 1);
            (drawing[0].shape, drawing[0].size)
        };
        assert_eq!(of_row(0), (Shape::ALL[0], SIZES[0]));
        assert_eq!(of_row(3), (Shape::ALL[0], SIZES[4]));
        assert_eq!(of_row(1).0, Shape::ALL[1]);
        assert_eq!(colored.markers.len(), 2);
    }

    #[test]
    fn categories_are_counted_among_the_rows_of_the_filter() {
        let rows = Mask::from_fn(4, |row| row == 1 || row == 3);
        let by_survey = |view: &mut ViewSpec| view.color.column = Some("survey".to_owned());
        let (colored, _) = colored(by_survey, Some(&rows));
        let Legend::Categories(entries) = colored.legend else {
            panic!()
        };
        let counts: Vec<_> = entries.iter().map(|e| (e.name.as_str(), e.count)).collect();
        assert_eq!(counts, [("sim", 1), ("obs", 1)]);
    }

    #[test]
    fn where_nothing_is_drawn_there_is_nothing_to_name() {
        let nothing = Mask::none(4);
        let (colored, points) = colored(
            |view| {
                view.marker_by = Some("survey".to_owned());
                view.color.column = Some("survey".to_owned());
            },
            Some(&nothing),
        );
        assert_eq!((colored.shown(), colored.colors().len()), (0, 4));
        assert!(crate::scene::labels(&points, &colored).is_empty());
        let spec = crate::session::ContourSpec::default();
        assert!(crate::scene::contours(&points, &colored, &spec, &|| false).is_empty());
    }

    #[test]
    fn an_unknown_column_leaves_all_points_plain() {
        let (colored, _) = colored(|view| view.color.column = Some("nothing".to_owned()), None);
        assert!(matches!(colored.legend, Legend::Plain));
    }

    #[test]
    fn far_points_fade_and_looks_are_carried_to_other_places() {
        let n = 64;
        let kind: ArrayRef = Arc::new(
            (0..n)
                .map(|i| Some(["a", "b"][i % 2]))
                .collect::<StringArray>(),
        );
        let size: ArrayRef = Arc::new((0..n).map(|i| Some(i as f64)).collect::<Float64Array>());
        let table = RecordBatch::try_from_iter(vec![("kind", kind), ("size", size)]).unwrap();
        let catalog = Catalog::new(&table).unwrap();
        let coords = (0..n).flat_map(|i| [(i % 8) as f32, (i / 8) as f32, i as f32]);
        let rows = (0..n as u32).collect();
        let projection = Projection::new(coords.collect(), 3, rows, n, Provenance::default());
        let front = MapPoints::new(projection.unwrap());
        let view = ViewSpec {
            color: ColorBy {
                column: Some("kind".to_owned()),
                ..ColorBy::default()
            },
            size_by: Some("size".to_owned()),
            ..ViewSpec::default()
        };
        let mask = Mask::from_fn(n, |row| row != 5);
        for dark in [true, false] {
            let colored = color_points(&catalog, &front, &view, Some(&mask), dark);
            assert_eq!(colored.shown(), n - 1);
            let distance = |place: usize| -> u32 {
                let drawn = colored.groups[0].shades.points()[place];
                let (own, ground) = (colored.colors()[place], ground(dark));
                let off = |c: [u8; 4]| {
                    (0..3)
                        .map(|i| u32::from(c[i].abs_diff(ground[i])))
                        .sum::<u32>()
                };
                100 * off(drawn) / off(own)
            };
            let place_of = |row: usize| (0..n).find(|&p| front.row(p) == row).unwrap();
            assert!(distance(place_of(63)) > 90, "near");
            assert!(distance(place_of(0)) < 60, "far");
            // Carried to a turned map, it is the look that the turned map has by itself.
            let turned = front.turned(Plane::turned(40.0, 30.0)).unwrap();
            let from: Vec<u32> = (0..n).map(|p| place_of(turned.row(p)) as u32).collect();
            let depths = turned.depths().unwrap();
            let carried = colored.carried(turned.tree(), &from, Some(&depths), dark);
            let fresh = color_points(&catalog, &turned, &view, Some(&mask), dark);
            assert_eq!(carried.colors(), fresh.colors());
            assert_eq!(carried.groups.len(), fresh.groups.len());
            for (a, b) in carried.groups.iter().zip(&fresh.groups) {
                assert_eq!((a.shape, a.size), (b.shape, b.size));
                assert_eq!(a.shades.nodes(), b.shades.nodes());
            }
        }
    }
}
