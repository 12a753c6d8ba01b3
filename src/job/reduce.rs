//! Making a map of vectors in memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::guide::guide;
use super::{JobError, place_embedding, read_model};
use crate::analysis::reduce::{Method, ReduceParams, Reduction, reduce, reduce_live};
use crate::data::{Catalog, Embedding, Projection, Provenance};
use crate::io::{self, Dataset};
use crate::progress::Progress;
use crate::session::{MapPoints, MapRecipe, Mapped, ReduceRecipe};

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
        MapRecipe::Reduce(recipe) => {
            let (vectors, making) = (vectors()?, progress.part(0.1..0.9));
            let guide = guide(&dataset.catalog, vectors, recipe, &progress.part(0.0..0.1))?;
            let go_on = &mut |_: &dyn Fn() -> _, _| true;
            let made = reduce_live(vectors, rows, &recipe.params, &guide, &making, go_on)?;
            Ok(reduced(made, recipe))
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

fn reduced(reduction: Reduction, recipe: &ReduceRecipe) -> Mapped {
    Mapped {
        model: reduction.model.map(Arc::new),
        ..mapped(reduction.projection, MapRecipe::Reduce(recipe.clone()))
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
    catalog: &Catalog,
    embedding: &Embedding,
    recipe: &ReduceRecipe,
    progress: &Progress,
    show: &mut dyn FnMut(Mapped),
) -> Result<Mapped, JobError> {
    let (rows, params) = (catalog.len(), recipe.params);
    if params.method == Method::Pca {
        let made = reduce(embedding, rows, &params, &progress.part(0.0..0.9))?;
        return Ok(reduced(made, recipe));
    }
    let guide = guide(catalog, embedding, recipe, &progress.part(0.0..0.02))?;
    let first = ReduceParams {
        method: Method::Pca,
        ..params
    };
    // Vectors that are too few or too short for it have no principal map to begin with.
    if let Ok(at_once) = reduce(embedding, rows, &first, &progress.part(0.02..0.05)) {
        show(reduced(at_once, &first.into()));
    }
    progress.check()?;
    let mut looked = Instant::now();
    let layout = progress.part(0.05..0.97);
    let look = &mut |now: &dyn Fn() -> Result<Projection, _>, _| {
        if looked.elapsed() >= LOOK {
            if let Ok(projection) = now() {
                show(mapped(projection, MapRecipe::Reduce(recipe.clone())));
            }
            looked = Instant::now();
        }
        !progress.is_enough()
    };
    let made = reduce_live(embedding, rows, &params, &guide, &layout, look)?;
    Ok(reduced(made, recipe))
}
