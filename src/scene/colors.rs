//! Colours of the points and the legend that explains them.

use crate::color::{self, ColorScale, Colormap, MISSING, Rgba};
use crate::data::{Catalog, ColumnKind};
use crate::session::{ColorBy, MapPoints};

/// Most categories with an entry of their own in the legend.
const MOST_CATEGORIES: usize = 64;
/// Colour of points that nothing tells apart.
const PLAIN: Rgba = [0x7a, 0xa2, 0xf7, 255];

/// Colours in drawing order, and their explanation.
#[derive(Debug, Clone)]
pub struct Colored {
    /// One colour for each point; an alpha of 0 hides it.
    pub colors: Vec<Rgba>,
    /// What they mean.
    pub legend: Legend,
    /// Points that are drawn.
    pub shown: usize,
}

/// What the colours mean.
#[derive(Debug, Clone)]
pub enum Legend {
    /// One colour for all.
    Plain,
    /// A colour for each category, in order of first appearance in the catalogue.
    Categories(Vec<LegendEntry>),
    /// Numbers on a colour map.
    Scale {
        /// Column name and unit.
        label: String,
        /// The colours.
        map: Colormap,
        /// The numbers.
        scale: ColorScale,
        /// Points without a number.
        missing: usize,
    },
}

/// One category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegendEntry {
    /// The value; empty for objects without one.
    pub name: String,
    /// Its colour.
    pub color: Rgba,
    /// Points on the map.
    pub count: usize,
    /// Whether it is switched off.
    pub hidden: bool,
}

/// Colours the points of a map by a column of the catalogue.
#[must_use]
pub fn color_points(catalog: &Catalog, points: &MapPoints, by: &ColorBy) -> Colored {
    let n = points.xy().len();
    let plain = || Colored {
        colors: vec![PLAIN; n],
        legend: Legend::Plain,
        shown: n,
    };
    let Some(column) = by.column.as_deref().and_then(|name| catalog.column(name)) else {
        return plain();
    };
    if column.kind() == ColumnKind::Continuous
        && let Some(values) = column.numbers()
    {
        let scale = ColorScale::fit(by.scale, &values, by.limits);
        let colors: Vec<Rgba> = (0..n)
            .map(|i| scale.color(by.map, values[points.row(i)]))
            .collect();
        let missing = (0..n)
            .filter(|&i| !values[points.row(i)].is_finite())
            .count();
        let label = column.label().into_owned();
        return Colored {
            colors,
            legend: Legend::Scale {
                label,
                map: by.map,
                scale,
                missing,
            },
            shown: n,
        };
    }
    let Some((names, of_row)) = column.categories(MOST_CATEGORIES) else {
        return plain();
    };
    let entry = |name: &str, color| LegendEntry {
        name: name.to_owned(),
        color,
        count: 0,
        hidden: by.hidden.contains(name),
    };
    let mut entries: Vec<LegendEntry> = names
        .iter()
        .enumerate()
        .map(|(i, name)| entry(name, color::category(i)))
        .collect();
    entries.push(entry("", MISSING));
    let last = entries.len() - 1;
    let mut shown = 0;
    let colors = (0..n)
        .map(|i| {
            let entry = &mut entries[of_row[points.row(i)].map_or(last, usize::from)];
            entry.count += 1;
            shown += usize::from(!entry.hidden);
            let [r, g, b, _] = entry.color;
            [r, g, b, if entry.hidden { 0 } else { 255 }]
        })
        .collect();
    entries.retain(|e| e.count > 0);
    Colored {
        colors,
        legend: Legend::Categories(entries),
        shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Projection, Provenance};
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

    #[test]
    fn hidden_categories_are_counted_and_not_drawn() {
        let (catalog, points) = example();
        let by = ColorBy {
            column: Some("survey".to_owned()),
            hidden: ["sim".to_owned()].into(),
            ..ColorBy::default()
        };
        let colored = color_points(&catalog, &points, &by);
        assert_eq!(colored.shown, 2);
        for i in 0..4 {
            let hidden = [0, 3].contains(&points.row(i));
            assert_eq!(colored.colors[i][3] == 0, hidden);
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
            [("sim", 2, true), ("obs", 1, false), ("", 1, false)]
        );
    }

    #[test]
    fn numbers_get_a_scale_and_missing_ones_are_grey() {
        let (catalog, points) = example();
        let by = ColorBy {
            column: Some("z".to_owned()),
            ..ColorBy::default()
        };
        let colored = color_points(&catalog, &points, &by);
        let Legend::Scale { missing, .. } = colored.legend else {
            panic!()
        };
        assert_eq!(missing, 1);
        let grey = (0..4).find(|&i| points.row(i) == 2).unwrap();
        assert_eq!(colored.colors[grey], MISSING);
    }

    #[test]
    fn an_unknown_column_leaves_all_points_plain() {
        let (catalog, points) = example();
        let by = ColorBy {
            column: Some("nothing".to_owned()),
            ..ColorBy::default()
        };
        assert!(matches!(
            color_points(&catalog, &points, &by).legend,
            Legend::Plain
        ));
    }
}
