//! What leads a map besides the vectors: a column of classes, an earlier map.

use std::collections::HashMap;
use std::path::Path;

use super::JobError;
use crate::analysis::reduce::{Guide, Method};
use crate::data::{Catalog, Embedding, Provenance};
use crate::io;
use crate::progress::Progress;
use crate::session::ReduceRecipe;

/// More classes are none.
const MOST_CLASSES: usize = 1000;

/// The guide that a recipe asks for, for the vectors of a catalogue.
///
/// # Errors
/// When the method takes none, the column is of no classes, or the earlier map cannot be used.
pub fn guide(
    catalog: &Catalog,
    embedding: &Embedding,
    recipe: &ReduceRecipe,
    progress: &Progress,
) -> Result<Guide, JobError> {
    check(recipe)?;
    let mut guide = Guide::default();
    if let Some(name) = &recipe.labels {
        guide.labels = Some(labels(catalog, embedding, name)?);
        guide.told = guide.told.with("labels", name);
    }
    if let Some(path) = &recipe.like {
        let start = start(catalog, embedding, path, recipe.params.dims, progress)?;
        guide.start = Some(start);
        guide.told = guide.told.with("like", path.display().to_string());
    }
    if recipe.labels.is_some() || recipe.like.is_some() {
        let told = Provenance::default()
            .with("label_weight", recipe.params.label_weight.to_string())
            .with("hold", recipe.params.hold.to_string());
        guide.told = guide.told.merged(&told);
    }
    Ok(guide)
}

/// Refuses a guide for a method that takes none.
///
/// # Errors
/// A sentence that says so.
pub fn check(recipe: &ReduceRecipe) -> Result<(), JobError> {
    let asked = recipe.labels.is_some() || recipe.like.is_some();
    if asked && recipe.params.method != Method::Umap {
        let told = "classes and an earlier map lead UMAP alone; choose that method";
        return Err(JobError::Missing(told.to_owned()));
    }
    Ok(())
}

fn labels(
    catalog: &Catalog,
    embedding: &Embedding,
    name: &str,
) -> Result<Vec<Option<u16>>, JobError> {
    let column = catalog.column(name).ok_or_else(|| {
        JobError::Missing(format!(
            "there is no column \"{name}\"; `latentarium info` lists the columns"
        ))
    })?;
    let (_, classes) = column.categories(MOST_CLASSES).ok_or_else(|| {
        JobError::Missing(format!(
            "\"{name}\" has more than {MOST_CLASSES} values, which are no classes; choose another column"
        ))
    })?;
    let rows = embedding.rows().iter();
    Ok(rows.map(|&row| classes[row as usize]).collect())
}

/// Where the objects lie on the map in a file, by their `id`.
fn start(
    catalog: &Catalog,
    embedding: &Embedding,
    path: &Path,
    dims: usize,
    progress: &Progress,
) -> Result<Vec<Option<[f32; 3]>>, JobError> {
    let refuse = |what: &str| JobError::Missing(format!("{what}: {}", path.display()));
    let dataset = io::open(path, None, progress)?;
    let map = dataset
        .projection
        .ok_or_else(|| refuse("this is no map; make one with `latentarium reduce --out`"))?;
    if map.dims() != dims {
        return Err(refuse("the earlier map has another number of dimensions"));
    }
    let places: HashMap<String, usize> = map
        .rows()
        .iter()
        .enumerate()
        .map(|(index, &row)| (dataset.catalog.id(row as usize), index))
        .collect();
    let place = |row: &u32| {
        let index = places.get(&catalog.id(*row as usize))?;
        Some(map.point(*index).map(|v| v as f32))
    };
    let start: Vec<_> = embedding.rows().iter().map(place).collect();
    if start.iter().all(Option::is_none) {
        return Err(refuse(
            "the earlier map has none of these objects; their ids differ",
        ));
    }
    Ok(start)
}
