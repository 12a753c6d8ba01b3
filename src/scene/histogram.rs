//! How a column is distributed among the categories that colour the map.

use crate::color::Rgba;
use crate::data::{Catalog, ColumnKind};
use crate::session::MapPoints;

use super::{Colored, Legend};

/// Bars of one histogram.
const BINS: usize = 28;
/// With more categories than this, one histogram serves for all.
const MOST_GROUPS: usize = 4;
/// Share of the values left out at each end of the axis.
const CLIPPED: f64 = 0.005;
/// Most values that are sorted.
const MOST_SORTED: usize = 200_000;
/// Columns whose distributions tell most, in order; otherwise the first numbers of the catalogue.
const TELLING: [&str; 8] = [
    "r_e",
    "b_a",
    "log_mass",
    "z",
    "n",
    "mag_f356w",
    "petrorad_r",
    "zphot",
];

/// Counts of one column, for each group of points.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Column name and unit.
    pub label: String,
    /// Limits of the axis, in the column's unit.
    pub range: (f64, f64),
    /// Colour and counts of each group that is drawn.
    pub groups: Vec<(Rgba, Vec<u32>)>,
}

/// Histograms of up to `most` telling columns over the points that are drawn.
#[must_use]
pub fn histograms(
    catalog: &Catalog,
    points: &MapPoints,
    colored: &Colored,
    most: usize,
) -> Vec<Histogram> {
    let continuous = |name: &str| {
        catalog
            .column(name)
            .is_some_and(|c| c.kind() == ColumnKind::Continuous)
    };
    let telling = TELLING.iter().copied().filter(|name| continuous(name));
    let position = ["ra", "dec", "id", "x", "y"];
    let others = catalog
        .columns()
        .filter(|c| {
            c.values().data_type().is_floating()
                && !position.contains(&c.name())
                && !TELLING.contains(&c.name())
        })
        .map(|c| c.name());
    telling
        .chain(others)
        .filter_map(|name| histogram(catalog, points, colored, name))
        .take(most)
        .collect()
}

fn histogram(
    catalog: &Catalog,
    points: &MapPoints,
    colored: &Colored,
    name: &str,
) -> Option<Histogram> {
    let column = catalog.column(name)?;
    let values = column.numbers()?;
    let colors = colored.colors();
    let value = |place: usize| {
        let value = values[points.row(place)];
        (colors[place][3] != 0 && value.is_finite()).then_some(value)
    };
    // The ends of the axis come from a sample where there are many points, the counts from all.
    let sample = points.tree().sample(MOST_SORTED);
    let mut sorted: Vec<f64> = sample.iter().filter_map(|&p| value(p as usize)).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |q: f64| {
        sorted
            .get(((sorted.len().saturating_sub(1)) as f64 * q).round() as usize)
            .copied()
    };
    let (low, high) = (at(CLIPPED)?, at(1.0 - CLIPPED)?);
    if high <= low {
        return None;
    }
    let mut groups: Vec<(Rgba, Vec<u32>)> = match &colored.legend {
        Legend::Categories(entries) if entries.len() <= MOST_GROUPS => entries
            .iter()
            .filter(|e| !e.hidden)
            .map(|e| (e.color, vec![0; BINS]))
            .collect(),
        _ => vec![([0x7a, 0xa2, 0xf7, 255], vec![0; BINS])],
    };
    let single = groups.len() == 1;
    for (place, color) in colors.iter().enumerate() {
        let Some(value) = value(place).filter(|v| (low..=high).contains(v)) else {
            continue;
        };
        let bin = (((value - low) / (high - low) * BINS as f64) as usize).min(BINS - 1);
        if let Some((_, counts)) = groups.iter_mut().find(|(c, _)| single || c == color) {
            counts[bin] += 1;
        }
    }
    Some(Histogram {
        label: column.label().into_owned(),
        range: (low, high),
        groups,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Projection, Provenance};
    use crate::scene::color_points;
    use crate::session::{ColorBy, ViewSpec};
    use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
    use std::sync::Arc;

    #[test]
    fn groups_are_counted_apart_and_hidden_ones_not_at_all() {
        let n = 200;
        let survey: ArrayRef = Arc::new(
            (0..n)
                .map(|i| Some(["a", "b", "c"][i % 3]))
                .collect::<StringArray>(),
        );
        let r_e: ArrayRef = Arc::new((0..n).map(|i| Some(i as f64)).collect::<Float64Array>());
        let table = RecordBatch::try_from_iter(vec![("survey", survey), ("r_e", r_e)]).unwrap();
        let catalog = Catalog::new(&table).unwrap();
        let projection = Projection::new(
            vec![0.0; 2 * n],
            2,
            (0..n as u32).collect(),
            n,
            Provenance::default(),
        )
        .unwrap();
        let points = MapPoints::new(projection);
        let by = ColorBy {
            column: Some("survey".to_owned()),
            hidden: ["b".to_owned()].into(),
            ..ColorBy::default()
        };
        let view = ViewSpec {
            color: by,
            ..ViewSpec::default()
        };
        let colored = color_points(&catalog, &points, &view, None, true);
        let [histogram] = &histograms(&catalog, &points, &colored, 2)[..] else {
            panic!()
        };
        let totals: Vec<u32> = histogram
            .groups
            .iter()
            .map(|(_, counts)| counts.iter().sum())
            .collect();
        assert_eq!(histogram.label, "r_e");
        assert_eq!(totals.len(), 2);
        // All but the few beyond the ends of the axis.
        assert!(totals.iter().all(|t| (64..=67).contains(t)), "{totals:?}");
    }
}
