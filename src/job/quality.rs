//! How faithful the map of one file is to the vectors of another.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, RecordBatch, UInt32Array};
use arrow::compute::take;

use super::{JobError, provenance_at, write_map};
use crate::analysis::points::Metric;
use crate::analysis::quality::{Mapped, PointQuality, Quality, QualityParams, quality};
use crate::data::{Catalog, DataError, Embedding, Projection};
use crate::io::{self, Dataset, Overwrite};
use crate::progress::Progress;
use crate::session::{Edit, Encoded, MapPoints, OpenData};

/// Distinct labels a column may have.
const MOST_LABELS: usize = 1000;

/// What to measure of the map that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualityRequest {
    /// Neighbours of an object.
    pub neighbors: usize,
    /// Objects that are asked; all, where there are no more.
    pub queries: usize,
    /// A column of labels.
    pub labels: Option<String>,
}

impl Default for QualityRequest {
    fn default() -> Self {
        let usual = QualityParams::default();
        Self {
            neighbors: usual.neighbors,
            queries: usual.queries,
            labels: None,
        }
    }
}

/// A map judged.
pub struct Judged {
    /// How faithful it is.
    pub quality: Quality,
    /// The column of labels that was asked for.
    pub labels: Option<String>,
    /// How far apart vectors are.
    pub metric: Metric,
    /// Names and measures of the sampled points.
    points: Catalog,
    /// Their rows in the catalogue of the map.
    rows: Vec<u32>,
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

    /// Writes the map, with the trust and preservation of each point that was asked beside it; returns
    /// what went wrong with its tiles.
    ///
    /// # Errors
    /// When there is no map, the file exists and may not be replaced, the disk is full, or on cancellation.
    pub fn write_map(
        &self,
        path: &Path,
        map: &Dataset,
        overwrite: Overwrite,
        progress: &Progress,
    ) -> Result<Vec<String>, JobError> {
        let catalog = self.beside(&map.catalog)?;
        let projection = map.projection.clone();
        let projection = projection.ok_or_else(|| lacks(map, "map", "reduce"))?;
        let points = MapPoints::with_tree(projection, map.tree.clone());
        let provenance = provenance_at(map, path);
        write_map(path, &catalog, &points, &provenance, overwrite, progress)
    }

    /// The catalogue of the map with columns for the trust and preservation of each point that was asked.
    fn beside(&self, catalog: &Catalog) -> Result<Catalog, JobError> {
        let column = |number: fn(&PointQuality) -> f32| {
            let mut values = vec![None; catalog.len()];
            for (&row, point) in self.rows.iter().zip(&self.quality.of_points) {
                values[row as usize] = Some(number(point));
            }
            values
        };
        let (trust, preservation) = (column(|p| p.trust), column(|p| p.preservation));
        let columns = [(TRUST, &trust[..]), (PRESERVATION, &preservation[..])];
        Ok(catalog.with_predictions("quality of the map", columns)?)
    }
}

fn lacks(set: &Dataset, what: &str, command: &str) -> JobError {
    JobError::Missing(format!(
        "{} holds no {what}; make one with `latentarium {command}`",
        set.path.display()
    ))
}

/// Columns of a judged map.
const TRUST: &str = "trust";
const PRESERVATION: &str = "preservation";

/// The open data with the columns of a judged map, and the map coloured by trust.
///
/// # Errors
/// When the table cannot be made.
pub(super) fn with_trust(data: &OpenData, judged: &Judged) -> Result<Edit, JobError> {
    Ok(Edit::SetColumns {
        data: data.with_catalog(judged.beside(&data.dataset.catalog)?),
        color: TRUST.to_owned(),
    })
}

/// Compares the map in one data set with the vectors in another, by the objects that are in both: by
/// row where the two list the same objects, else by `id`. `asked_labels` names a column of either.
///
/// # Errors
/// When there are no vectors, no map, no such column, or too few objects in both; cancellation.
pub fn judge_map(
    vectors: &Dataset,
    map: &Dataset,
    asked_labels: Option<&str>,
    params: &QualityParams,
    progress: &Progress,
) -> Result<Judged, JobError> {
    let embedding = vectors.embedding.as_ref();
    let embedding = embedding.ok_or_else(|| lacks(vectors, "embedding", "embed"))?;
    let projection = map.projection.as_ref();
    let projection = projection.ok_or_else(|| lacks(map, "map", "reduce"))?;
    let both = Both::new((vectors, embedding), (map, projection))?;
    let labels = asked_labels.map(|name| both.labels(vectors, map, name));
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
    let rows: Vec<u32> = quality.of_points.iter().map(row).collect();
    let table = |e: arrow::error::ArrowError| DataError::Table(e.to_string());
    let asked = UInt32Array::from(rows.clone());
    let ids = take(map.catalog.batch().column(0), &asked, None).map_err(table)?;
    let numbers = |number: fn(&PointQuality) -> f32| -> ArrayRef {
        let numbers = quality.of_points.iter().map(number);
        Arc::new(Float32Array::from_iter_values(numbers))
    };
    let columns = [
        ("id", ids),
        (PRESERVATION, numbers(|p| p.preservation)),
        (TRUST, numbers(|p| p.trust)),
    ];
    let points = Catalog::new(&RecordBatch::try_from_iter(columns).map_err(table)?)?;
    Ok(Judged {
        quality,
        labels: asked_labels.map(str::to_owned),
        metric: params.metric,
        points,
        rows,
    })
}

/// Compares a map with the vectors of the same data set, in the metric that the map was made by.
///
/// # Errors
/// As [`judge_map`].
pub(super) fn judge_open(
    data: &OpenData,
    encoded: &Encoded,
    points: &MapPoints,
    request: &QualityRequest,
    progress: &Progress,
) -> Result<Judged, JobError> {
    let set = Dataset {
        embedding: Some(encoded.embedding.clone()),
        projection: Some(points.projection().clone()),
        ..data.dataset.clone()
    };
    let named = points.projection().provenance().get("metric");
    let metric = Metric::ALL.into_iter().find(|m| Some(m.name()) == named);
    let params = QualityParams {
        neighbors: request.neighbors,
        queries: request.queries,
        metric: metric.unwrap_or_default(),
        ..QualityParams::default()
    };
    judge_map(&set, &set, request.labels.as_deref(), &params, progress)
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
