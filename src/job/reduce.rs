//! Making a map of vectors in memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{JobError, place_embedding, read_model};
use crate::analysis::reduce::{Method, ReduceParams, Reduction, reduce, reduce_live};
use crate::data::{Embedding, Projection, Provenance};
use crate::io::{self, Dataset};
use crate::progress::Progress;
use crate::session::{MapPoints, MapRecipe, Mapped};

/// Makes the map that a recipe describes, ready for drawing; `embedding` are the vectors of `dataset`,
/// which columns need none of.
///
/// # Errors
/// When the vectors are not there or do not suffice, a model or a column cannot be used, or on
/// cancellation.
pub fn make_map(
    dataset: &Dataset,
    embedding: Option<&Embedding>,
    recipe: &MapRecipe,
    progress: &Progress,
) -> Result<Mapped, JobError> {
    let rows = dataset.catalog.len();
    let vectors = || {
        let none = "there are no vectors to make a map of; encode the data first";
        embedding.ok_or_else(|| JobError::Missing(none.to_owned()))
    };
    match recipe {
        MapRecipe::Reduce(params) => {
            let reduction = reduce(vectors()?, rows, params, &progress.part(0.0..0.9))?;
            Ok(reduced(reduction, *params))
        }
        MapRecipe::Place(path) => {
            let model = read_model(path, &progress.part(0.0..0.2))?;
            let placing = progress.part(0.2..0.9);
            let projection = place_embedding(vectors()?, rows, &model, &placing)?;
            Ok(Mapped {
                model: Some(Arc::new(model)),
                ..mapped(projection, recipe.clone())
            })
        }
        MapRecipe::Columns(names) => {
            let none = Provenance::default();
            let projection =
                io::columns_as_map(&dataset.catalog, names, none).map_err(JobError::Missing)?;
            Ok(mapped(projection, recipe.clone()))
        }
    }
}

fn reduced(reduction: Reduction, params: ReduceParams) -> Mapped {
    Mapped {
        model: reduction.model.map(Arc::new),
        ..mapped(reduction.projection, MapRecipe::Reduce(params))
    }
}

fn mapped(projection: Projection, recipe: MapRecipe) -> Mapped {
    Mapped {
        recipe: Some(recipe),
        ..Mapped::given(Arc::new(MapPoints::new(projection)))
    }
}

/// Time between two looks at a map that forms.
const LOOK: Duration = Duration::from_millis(700);

/// Reduces vectors for someone who watches: where the method takes its time, the principal components
/// come at once, then the map as it forms. [`Progress::suffice`] ends it with what there is.
///
/// # Errors
/// When the vectors do not suffice, or on cancellation.
pub fn reduce_in_view(
    embedding: &Embedding,
    catalog_rows: usize,
    params: ReduceParams,
    progress: &Progress,
    show: &mut dyn FnMut(Mapped),
) -> Result<Mapped, JobError> {
    if params.method == Method::Pca {
        let made = reduce(embedding, catalog_rows, &params, &progress.part(0.0..0.9))?;
        return Ok(reduced(made, params));
    }
    let first = ReduceParams {
        method: Method::Pca,
        ..params
    };
    // Vectors that are too few or too short for it have no principal map to begin with.
    if let Ok(at_once) = reduce(embedding, catalog_rows, &first, &progress.part(0.0..0.05)) {
        show(reduced(at_once, first));
    }
    progress.check()?;
    let mut looked = Instant::now();
    let layout = progress.part(0.05..0.97);
    let reduction = reduce_live(
        embedding,
        catalog_rows,
        &params,
        &layout,
        &mut |now, _done| {
            if looked.elapsed() >= LOOK {
                if let Ok(projection) = now() {
                    show(mapped(projection, MapRecipe::Reduce(params)));
                }
                looked = Instant::now();
            }
            !progress.is_enough()
        },
    )?;
    Ok(reduced(reduction, params))
}
