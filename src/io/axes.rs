//! Columns of a catalogue as the axes of a map.

use std::sync::Arc;

use super::parquet;
use crate::data::{Catalog, Projection, Provenance};

/// The map whose axes are two or three columns of numbers; objects without a value on one of them are
/// not on it. Nothing is computed: positions are the columns' values, in their units.
///
/// # Errors
/// A sentence: there are not two or three names, or one is of no column of numbers.
pub fn columns_as_map(
    catalog: &Catalog,
    names: &[String],
    provenance: Provenance,
) -> Result<Projection, String> {
    if !(2..=3).contains(&names.len()) {
        return Err("a map has two or three axes; name two or three columns".to_owned());
    }
    let axes: Vec<_> = names
        .iter()
        .map(|name| match catalog.column(name) {
            Some(column) if column.is_numeric() => Ok(vec![Arc::clone(column.values())]),
            Some(_) => Err(format!(
                "\"{name}\" is no column of numbers; choose another"
            )),
            None => Err(format!(
                "there is no column \"{name}\"; `latentarium info` lists the columns"
            )),
        })
        .collect::<Result<_, _>>()?;
    let told = provenance
        .with("method", "columns")
        .with("columns", names.join(", "))
        .with("dims", names.len().to_string());
    parquet::projection(&axes, catalog.len(), told).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray};

    #[test]
    fn columns_are_taken_as_they_are() {
        let columns: [(&str, ArrayRef); 4] = [
            ("id", Arc::new(StringArray::from(vec!["a", "b", "c"]))),
            (
                "ra",
                Arc::new(Float64Array::from(vec![150.000_000_1, f64::NAN, 150.2])),
            ),
            ("n", Arc::new(Int32Array::from(vec![1, 2, 3]))),
            (
                "m",
                Arc::new(Float64Array::from(vec![None, Some(1.0), Some(2.0)])),
            ),
        ];
        let catalog = Catalog::new(&RecordBatch::try_from_iter(columns).unwrap()).unwrap();
        let map = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            columns_as_map(&catalog, &names, Provenance::default())
        };
        let made = map(&["ra", "n"]).unwrap();
        assert_eq!(made.rows(), [0, 2]);
        let [x, y, _] = made.point(0);
        assert!(
            (made.origin()[0] + x - 150.000_000_1).abs() < 1e-8 || (x - 150.000_000_1).abs() < 1e-8
        );
        assert_eq!(y, 1.0);
        assert_eq!(map(&["ra", "n", "m"]).unwrap().rows(), [2]);
        assert!(map(&["ra"]).unwrap_err().contains("two or three"));
        assert!(
            map(&["ra", "id"])
                .unwrap_err()
                .contains("no column of numbers")
        );
        assert!(
            map(&["ra", "dec"])
                .unwrap_err()
                .contains("no column \"dec\"")
        );
    }
}
