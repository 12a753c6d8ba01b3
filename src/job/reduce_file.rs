//! Making a map of a file's vectors, or placing them on a map that was made before.

use std::path::Path;

use super::guide::{self, guide};
use super::{JobError, evaluate_subset};
use crate::analysis::reduce::{
    FIT_WHERE, InMemory, MapModel, Method, ReduceError, Rows, fit_pca, reduce_live,
};
use crate::data::{Embedding, Projection, Provenance};
use crate::io::{self, Dataset, Overwrite, VectorStream};
use crate::mask::Mask;
use crate::progress::Progress;
use crate::session::ReduceRecipe;
use crate::subset::SubsetExpr;

/// A file with vectors.
#[derive(Debug, Clone, Copy)]
pub struct VectorFile<'a> {
    /// The file.
    pub path: &'a Path,
    /// The folder of its pictures, if not its own.
    pub cutouts: Option<&'a Path>,
}

/// A file and the map of its vectors.
pub struct MappedFile {
    /// What the file holds; vectors that were not needed in memory are not there.
    pub dataset: Dataset,
    /// The map.
    pub projection: Projection,
    /// What places further vectors on the map.
    pub model: Option<MapModel>,
}

/// Opens a file and reduces its vectors; with a condition in SQL (`fit_where`) the map is made of those
/// objects alone, and the others are placed on it. The vectors of Parquet and NPY files stay there
/// where the method allows it.
///
/// # Errors
/// When the file cannot be read, the condition is none, the vectors do not suffice, or on cancellation.
pub fn reduce_file(
    file: VectorFile<'_>,
    recipe: &ReduceRecipe,
    fit_where: Option<&str>,
    progress: &Progress,
) -> Result<MappedFile, JobError> {
    guide::check(recipe)?;
    let params = &recipe.params;
    let opening = progress.stage("Opening", 0.0..0.3);
    let (dataset, stream) = match params.method {
        Method::Pca => io::open_streamed(file.path, file.cutouts, &opening)?,
        Method::Umap | Method::Tsne => (io::open(file.path, file.cutouts, &opening)?, None),
    };
    let wanted = fit_where
        .map(|sql| evaluate_subset(&SubsetExpr::Where(sql.to_owned()), &dataset.catalog, None))
        .transpose()?;
    let told = fit_where.map_or_else(Provenance::default, |sql| {
        Provenance::default().with(FIT_WHERE, sql)
    });
    let reducing = progress.stage("Reducing", 0.3..1.0);
    if let Some(stream) = stream {
        let mut source = InFile::new(&stream, wanted.as_ref());
        let made_by = dataset.provenance.clone().merged(&told);
        let model = fit_pca(&mut source, &made_by, params, &reducing.part(0.0..0.6))?;
        let placed = place_stream(&dataset, &stream, &model, &reducing.part(0.6..1.0))?;
        return Ok(MappedFile::new(dataset, placed, Some(model)));
    }
    let embedding = dataset.vectors()?;
    let rows = dataset.catalog.len();
    let go_on = &mut |_: &dyn Fn() -> _, _| true;
    let making = reducing.part(0.05..0.9);
    let Some(wanted) = wanted else {
        let guide = guide(
            &dataset.catalog,
            embedding,
            recipe,
            &reducing.part(0.0..0.05),
        )?;
        let made = reduce_live(embedding, rows, params, &guide, &making, go_on)?;
        let placed = Placed::from(made.projection);
        return Ok(MappedFile::new(dataset, placed, made.model));
    };
    let part = embedding.only(|row| wanted.contains(row), &told);
    let guide = guide(&dataset.catalog, &part, recipe, &reducing.part(0.0..0.05))?;
    let made = reduce_live(&part, rows, params, &guide, &making, go_on)?;
    let model = made.model.ok_or_else(|| {
        let name = params.method.name();
        JobError::Missing(format!(
            "{name} cannot place further objects on its map; use UMAP or PCA"
        ))
    })?;
    let placed = place_embedding(embedding, rows, &model, &reducing.part(0.9..1.0))?;
    Ok(MappedFile::new(dataset, placed.into(), Some(model)))
}

/// Opens a file and takes two or three columns of its catalogue as the axes of a map; without names the
/// axes that it has as a map, or else its columns `x` and `y`.
///
/// # Errors
/// When the file cannot be read, or its columns cannot be axes.
pub fn take_columns(
    file: VectorFile<'_>,
    names: &[String],
    progress: &Progress,
) -> Result<MappedFile, JobError> {
    let opening = progress.stage("Opening", 0.0..1.0);
    let (mut dataset, _) = io::open_streamed(file.path, file.cutouts, &opening)?;
    if let (true, Some(projection)) = (names.is_empty(), dataset.projection.take()) {
        return Ok(MappedFile::new(dataset, projection.into(), None));
    }
    let own = ["x".to_owned(), "y".to_owned()];
    let names = if names.is_empty() { &own[..] } else { names };
    let projection = io::columns_as_map(&dataset.catalog, names, dataset.provenance.clone())
        .map_err(|e| JobError::Missing(format!("{e}: {}", file.path.display())))?;
    Ok(MappedFile::new(dataset, projection.into(), None))
}

/// Opens a file and places its vectors on the map of `model`.
///
/// # Errors
/// When the file cannot be read, its vectors do not fit the model, or on cancellation.
pub fn place_file(
    file: VectorFile<'_>,
    model: MapModel,
    progress: &Progress,
) -> Result<MappedFile, JobError> {
    let opening = progress.stage("Opening", 0.0..0.3);
    let (mut dataset, stream) = io::open_streamed(file.path, file.cutouts, &opening)?;
    let placing = progress.stage("Placing", 0.3..1.0);
    let placed = if let Some(stream) = &stream {
        place_stream(&dataset, stream, &model, &placing)?
    } else {
        let embedding = dataset.vectors()?;
        place_embedding(embedding, dataset.catalog.len(), &model, &placing)?.into()
    };
    let other = other_encoder(&model, &dataset.provenance);
    dataset.warnings.extend(other);
    Ok(MappedFile::new(dataset, placed, Some(model)))
}

/// Places vectors in memory on the map of `model`.
///
/// # Errors
/// When they do not fit the model, or on cancellation.
pub fn place_embedding(
    embedding: &Embedding,
    catalog_rows: usize,
    model: &MapModel,
    progress: &Progress,
) -> Result<Projection, JobError> {
    let (values, dim) = (embedding.values(), embedding.dim());
    let coords = model.place_from(&mut InMemory { values, dim }, progress)?;
    let provenance = embedding.provenance().clone().merged(&model.provenance());
    let rows = embedding.rows().to_vec();
    let dims = model.params().dims;
    Ok(Projection::new(
        coords,
        dims,
        rows,
        catalog_rows,
        provenance,
    )?)
}

/// Whether the vectors of a map and those placed on it come from different encoders, in a sentence.
#[must_use]
pub fn other_encoder(model: &MapModel, vectors: &Provenance) -> Option<String> {
    let of = |p: &Provenance| {
        let encoder = p.get("encoder")?.to_owned();
        Some(match p.get("tensor") {
            Some(tensor) => format!("{encoder} ({tensor})"),
            None => encoder,
        })
    };
    let (fitted, now) = (of(model.source())?, of(vectors)?);
    (fitted != now).then(|| {
        format!(
            "the map was made from vectors of {fitted}, and these are of {now}: where they lie on it means nothing"
        )
    })
}

/// Keeps a model in a file (safetensors).
///
/// # Errors
/// When the file exists and may not be replaced, the disk is full, or on cancellation.
pub fn write_model(
    path: &Path,
    model: &MapModel,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<(), JobError> {
    Ok(io::write_arrays(
        path,
        &model.arrays(),
        overwrite,
        progress,
    )?)
}

/// Reads a model that was kept.
///
/// # Errors
/// When the file cannot be read, is of another kind or version, or damaged.
pub fn read_model(path: &Path, progress: &Progress) -> Result<MapModel, JobError> {
    let arrays = io::read_arrays(path, progress)?;
    let refused = |e: &dyn std::fmt::Display| JobError::Missing(format!("{e}: {}", path.display()));
    MapModel::from_arrays(arrays).map_err(|e| refused(&e))
}

impl MappedFile {
    fn new(mut dataset: Dataset, placed: Placed, model: Option<MapModel>) -> Self {
        dataset.warnings.extend(placed.warnings);
        Self {
            dataset,
            projection: placed.projection,
            model,
        }
    }
}

/// A map and what was tolerated while its vectors were read.
struct Placed {
    projection: Projection,
    warnings: Vec<String>,
}

impl From<Projection> for Placed {
    fn from(projection: Projection) -> Self {
        Self {
            projection,
            warnings: Vec::new(),
        }
    }
}

fn place_stream(
    dataset: &Dataset,
    stream: &VectorStream,
    model: &MapModel,
    progress: &Progress,
) -> Result<Placed, JobError> {
    let mut source = InFile::new(stream, None);
    let coords = model.place_from(&mut source, progress)?;
    let provenance = dataset.provenance.clone().merged(&model.provenance());
    let (dims, rows) = (model.params().dims, dataset.catalog.len());
    Ok(Placed {
        projection: Projection::new(coords, dims, source.rows, rows, provenance)?,
        warnings: source.warnings,
    })
}

/// Vectors that stay in their file.
struct InFile<'a> {
    stream: &'a VectorStream,
    /// Only these rows of the catalogue.
    wanted: Option<&'a Mask>,
    /// Those that have a vector, as the last pass found them.
    rows: Vec<u32>,
    warnings: Vec<String>,
}

impl<'a> InFile<'a> {
    fn new(stream: &'a VectorStream, wanted: Option<&'a Mask>) -> Self {
        Self {
            stream,
            wanted,
            rows: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

impl Rows for InFile<'_> {
    type Error = JobError;

    fn dim(&self) -> usize {
        self.stream.dim()
    }

    fn expected(&self) -> usize {
        self.stream.rows()
    }

    fn pass(
        &mut self,
        each: &mut dyn FnMut(&[f32]) -> Result<(), ReduceError>,
    ) -> Result<(), JobError> {
        self.rows.clear();
        let (dim, mut part) = (self.stream.dim(), Vec::new());
        self.warnings = self.stream.for_each(|vectors| {
            let Some(wanted) = self.wanted else {
                self.rows.extend(vectors.rows());
                return Ok::<_, JobError>(each(vectors.values())?);
            };
            part.clear();
            for (row, vector) in vectors
                .rows()
                .iter()
                .zip(vectors.values().chunks_exact(dim))
            {
                if wanted.contains(*row as usize) {
                    self.rows.push(*row);
                    part.extend_from_slice(vector);
                }
            }
            Ok(each(&part)?)
        })?;
        Ok(())
    }
}
