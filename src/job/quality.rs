//! How faithful the map of one file is to the vectors of another.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, RecordBatch, UInt32Array};
use arrow::compute::take;

use super::JobError;
use crate::analysis::quality::{Mapped, PointQuality, Quality, QualityParams, quality};
use crate::data::{Catalog, DataError, Embedding, Projection};
use crate::io::{self, Dataset, Overwrite};
use crate::progress::Progress;

/// Distinct labels a column may have.
const MOST_LABELS: usize = 1000;

/// A map judged.
pub struct Judged {
    /// How faithful it is.
    pub quality: Quality,
    /// Names and measures of the sampled points.
    points: Catalog,
}

impl Judged {
    /// Writes `id`, `preservation` and `trust` of each sampled point to a Parquet file.
    ///
    /// # Errors
    /// When the file exists and may not be replaced, or the disk is full.
    pub fn write_points(&self, path: &Path, overwrite: Overwrite) -> Result<(), JobError> {
        let provenance = crate::data::Provenance::default();
        Ok(io::write_catalog(
            path,
            &self.points,
            &provenance,
            overwrite,
        )?)
    }
}

/// Compares the map in one data set with the vectors in another, by the objects that are in both: by
/// row where the two list the same objects, else by `id`. `labels` names a column of either.
///
/// # Errors
/// When there are no vectors, no map, no such column, or too few objects in both; cancellation.
pub fn judge_map(
    vectors: &Dataset,
    map: &Dataset,
    labels: Option<&str>,
    params: &QualityParams,
    progress: &Progress,
) -> Result<Judged, JobError> {
    let lacks = |set: &Dataset, what: &str, command: &str| {
        JobError::Missing(format!(
            "{} holds no {what}; make one with `latentarium {command}`",
            set.path.display()
        ))
    };
    let embedding = vectors.embedding.as_ref();
    let embedding = embedding.ok_or_else(|| lacks(vectors, "embedding", "embed"))?;
    let projection = map.projection.as_ref();
    let projection = projection.ok_or_else(|| lacks(map, "map", "reduce"))?;
    let both = Both::new((vectors, embedding), (map, projection))?;
    let labels = labels.map(|name| both.labels(vectors, map, name));
    let labels = labels.transpose()?;
    let mapped = Mapped {
        vectors: &gathered(embedding.values(), embedding.dim(), &both.vectors),
        dim: embedding.dim(),
        coords: &gathered(projection.coords(), projection.dims(), &both.points),
        dims: projection.dims(),
        labels: labels.as_deref(),
    };
    let quality = quality(&mapped, params, progress)?;
    let row = |p: &PointQuality| projection.rows()[both.points[p.point as usize] as usize];
    let rows = UInt32Array::from_iter_values(quality.of_points.iter().map(row));
    let table = |e: arrow::error::ArrowError| DataError::Table(e.to_string());
    let ids = take(map.catalog.batch().column(0), &rows, None).map_err(table)?;
    let numbers = |number: fn(&PointQuality) -> f32| -> ArrayRef {
        let numbers = quality.of_points.iter().map(number);
        Arc::new(Float32Array::from_iter_values(numbers))
    };
    let columns = [
        ("id", ids),
        ("preservation", numbers(|p| p.preservation)),
        ("trust", numbers(|p| p.trust)),
    ];
    let points = Catalog::new(&RecordBatch::try_from_iter(columns).map_err(table)?)?;
    Ok(Judged { quality, points })
}

/// The objects that have a vector and a point.
struct Both {
    /// Their places among the vectors.
    vectors: Vec<u32>,
    /// Their places among the points, increasing.
    points: Vec<u32>,
}

impl Both {
    fn new(
        (vectors, embedding): (&Dataset, &Embedding),
        (map, projection): (&Dataset, &Projection),
    ) -> Result<Self, JobError> {
        let ids = [vectors, map].map(|set| set.catalog.batch().column(0));
        // The row among the vectors' of a row of the map's.
        let row_of: Box<dyn Fn(u32) -> Option<u32>> = if ids[0] == ids[1] {
            Box::new(Some)
        } else {
            let rows = vectors.rows_by_id()?;
            Box::new(move |row| rows.get(&map.catalog.id(row as usize)).copied())
        };
        let mut both = Self {
            vectors: Vec::new(),
            points: Vec::new(),
        };
        for (point, &row) in projection.rows().iter().enumerate() {
            let vector = row_of(row).and_then(|row| embedding.rows().binary_search(&row).ok());
            if let Some(vector) = vector {
                both.vectors.push(vector as u32);
                both.points.push(point as u32);
            }
        }
        Ok(both)
    }

    /// The label of each object.
    fn labels(
        &self,
        vectors: &Dataset,
        map: &Dataset,
        name: &str,
    ) -> Result<Vec<Option<u16>>, JobError> {
        let (set, rows, places) = if map.catalog.column(name).is_some() {
            let rows = map.projection.as_ref().map_or(&[][..], Projection::rows);
            (map, rows, &self.points)
        } else {
            let rows = vectors.embedding.as_ref().map_or(&[][..], Embedding::rows);
            (vectors, rows, &self.vectors)
        };
        let Some(column) = set.catalog.column(name) else {
            return Err(JobError::Missing(format!(
                "neither {} nor {} has a column {name}; `latentarium info` lists them",
                vectors.path.display(),
                map.path.display()
            )));
        };
        let Some((_, labels)) = column.categories(MOST_LABELS) else {
            return Err(JobError::Missing(format!(
                "the column {name} of {} has more than {MOST_LABELS} distinct values; choose a column of labels",
                set.path.display()
            )));
        };
        let places = places.iter();
        Ok(places
            .map(|&place| labels[rows[place as usize] as usize])
            .collect())
    }
}

/// The rows of these places; without a copy where these are all.
fn gathered<'a>(values: &'a [f32], width: usize, places: &[u32]) -> Cow<'a, [f32]> {
    let all = places.len() * width == values.len();
    if all && places.iter().enumerate().all(|(i, &p)| i == p as usize) {
        return Cow::Borrowed(values);
    }
    let row = |&place: &u32| &values[place as usize * width..][..width];
    places.iter().flat_map(row).copied().collect()
}
