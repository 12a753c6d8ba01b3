//! The axes of a map of three dimensions, as the viewer sees them.

use crate::data::{Catalog, Plane, Projection};

/// Names of the axes of a map: the columns it is of, with their units where the catalogue has them, or by the method
/// that made it, or else x, y and z.
#[must_use]
pub fn axis_names(projection: &Projection, catalog: Option<&Catalog>) -> [String; 3] {
    let told = |key| projection.provenance().get(key);
    let columns: Vec<&str> = told("columns").unwrap_or_default().split(", ").collect();
    let are_columns = told("method") == Some("columns") && columns.len() == projection.dims();
    [0, 1, 2].map(|i| match told("method") {
        _ if are_columns => {
            let name = columns.get(i).copied().unwrap_or_default();
            let column = catalog.and_then(|catalog| catalog.column(name));
            column.map_or_else(|| name.to_owned(), |column| column.label().into_owned())
        }
        Some(method) => format!("{method} {}", i + 1),
        None => ["x", "y", "z"][i].to_owned(),
    })
}

/// Where the ends of axes of length 1 are seen: to the right and up.
#[must_use]
pub fn axis_tips(plane: Plane) -> [[f32; 2]; 3] {
    let [right, up] = plane.rows();
    [0, 1, 2].map(|i| [right[i] as f32, up[i] as f32])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Provenance;

    #[test]
    fn axes_are_named_after_their_columns() {
        let names = |facts: &[(&str, &str)]| {
            let told = facts
                .iter()
                .fold(Provenance::default(), |told, (key, value)| {
                    told.with(key, *value)
                });
            let projection = Projection::new(vec![1.0, 2.0], 2, vec![0], 1, told).unwrap();
            axis_names(&projection, None)
        };
        let columns = [("method", "columns"), ("columns", "ra, dec")];
        assert_eq!(names(&columns)[..2], ["ra", "dec"]);
        assert_eq!(
            names(&[("method", "umap"), ("columns", "a, b")])[..2],
            ["umap 1", "umap 2"]
        );
        // Names that cannot be told apart.
        let commas = [("method", "columns"), ("columns", "a, b, c")];
        assert_eq!(names(&commas)[..2], ["columns 1", "columns 2"]);
        assert_eq!(names(&[])[..2], ["x", "y"]);
    }
}
