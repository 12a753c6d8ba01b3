//! The objects of one file looked up among those of another, by vectors of one space.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, RecordBatch, StringArray, UInt32Array};
use arrow::error::ArrowError;

use super::{JobError, evaluate_subset};
use crate::analysis::points::Points;
use crate::analysis::retrieval::{Retrieval, retrieve};
use crate::data::{Catalog, DataError, Embedding, Provenance};
use crate::io::{self, Dataset, Overwrite};
use crate::progress::Progress;
use crate::subset::SubsetExpr;

/// What was found, before it is written.
pub struct RetrievedFile {
    /// What each object finds.
    pub retrieval: Retrieval,
    /// The space that both files say their vectors are in; `None` where one does not say.
    pub space: Option<String>,
    /// Objects looked up.
    pub queries: usize,
    /// Objects that may be found.
    pub among: usize,
    table: Catalog,
}

impl RetrievedFile {
    /// Writes one row for each match to a Parquet file: `id`, `place` (from 1), `match`, `similarity`
    /// (the cosine) and `own_rank` (where the object with the same id stands, if there is one).
    ///
    /// # Errors
    /// When the file exists and may not be replaced, or the disk is full.
    pub fn write(&self, path: &Path, overwrite: Overwrite) -> Result<(), JobError> {
        let facts = Provenance::default().with("k", self.retrieval.k.to_string());
        let facts = match &self.space {
            Some(space) => facts.with("space", space.as_str()),
            None => facts,
        };
        Ok(io::write_catalog(path, &self.table, &facts, overwrite)?)
    }
}

/// Objects with vectors, all of them or those for which a condition in SQL holds.
#[derive(Clone, Copy)]
pub struct Those<'a> {
    /// The file.
    pub dataset: &'a Dataset,
    /// The condition.
    pub condition: Option<&'a str>,
}

impl<'a> Those<'a> {
    fn vectors(&self) -> Result<Cow<'a, Embedding>, JobError> {
        let all = self.dataset.vectors()?;
        let Some(sql) = self.condition else {
            return Ok(Cow::Borrowed(all));
        };
        let wanted = SubsetExpr::Where(sql.to_owned());
        let wanted = evaluate_subset(&wanted, &self.dataset.catalog, None)?;
        let some = all.only(|row| wanted.contains(row), &Provenance::default());
        if some.is_empty() {
            return Err(JobError::Missing(format!(
                "no object with a vector fulfils the condition {sql}: {}",
                self.dataset.path.display()
            )));
        }
        Ok(Cow::Owned(some))
    }
}

/// Looks up each of `queries` among the others, `k` matches each. Objects with the same `id` belong
/// together.
///
/// # Errors
/// When a condition is none or nothing fulfils it, a file has no vectors, vectors that cannot be used, or says that they are in another space;
/// an id that stands in several rows of `among`; cancellation.
pub fn retrieve_file(
    queries: Those<'_>,
    among: Those<'_>,
    k: usize,
    progress: &Progress,
) -> Result<RetrievedFile, JobError> {
    let [from, to] = [queries.vectors()?, among.vectors()?];
    let (from, to) = (from.as_ref(), to.as_ref());
    let (queries, among) = (queries.dataset, among.dataset);
    let space = shared_space(queries, among)?;
    let [from_points, to_points] = [points(queries, from)?, points(among, to)?];
    let partners = partners(queries, from, among, to)?;
    let retrieval = retrieve(from_points, to_points, &partners, k, progress)?;
    Ok(RetrievedFile {
        table: table(&retrieval, (queries, from), (among, to))
            .map_err(|e| DataError::Table(e.to_string()))
            .and_then(|batch| Catalog::new(&batch))?,
        queries: from.len(),
        among: to.len(),
        retrieval,
        space,
    })
}

fn points<'a>(set: &Dataset, embedding: &'a Embedding) -> Result<Points<'a>, JobError> {
    Points::new(embedding.values(), embedding.dim())
        .map_err(|e| JobError::Missing(format!("{e}: {}", set.path.display())))
}

fn shared_space(queries: &Dataset, among: &Dataset) -> Result<Option<String>, JobError> {
    let space = |set: &Dataset| {
        let facts = set.embedding.as_ref().map(Embedding::provenance);
        facts.and_then(|f| f.get("space").map(str::to_owned))
    };
    match (space(queries), space(among)) {
        (Some(a), Some(b)) if a != b => Err(JobError::Missing(format!(
            "the vectors of {} are in the space \u{201c}{a}\u{201d}, those of {} in \u{201c}{b}\u{201d}, and angles between them mean nothing; encode both with one encoder, or with encoders whose cards name the same space",
            queries.path.display(),
            among.path.display()
        ))),
        (Some(a), Some(_)) => Ok(Some(a)),
        _ => Ok(None),
    }
}

/// The place among the vectors of `among` that belongs to each query.
fn partners(
    queries: &Dataset,
    from: &Embedding,
    among: &Dataset,
    to: &Embedding,
) -> Result<Vec<Option<u32>>, JobError> {
    let rows_among = among.rows_by_id()?;
    let rows = from.rows().iter();
    let partner = |&row: &u32| {
        let own = rows_among.get(&queries.catalog.id(row as usize))?;
        to.rows().binary_search(own).ok().map(|place| place as u32)
    };
    Ok(rows.map(partner).collect())
}

fn table(
    found: &Retrieval,
    (queries, from): (&Dataset, &Embedding),
    (among, to): (&Dataset, &Embedding),
) -> Result<RecordBatch, ArrowError> {
    let k = found.k;
    let rows = found.ranks.len() * k;
    let ids = (0..rows).map(|at| queries.catalog.id(from.rows()[at / k] as usize));
    let matches = found.matches.iter();
    let matches = matches.map(|&place| among.catalog.id(to.rows()[place as usize] as usize));
    let columns: [(&str, ArrayRef); 5] = [
        ("id", Arc::new(StringArray::from_iter_values(ids))),
        (
            "place",
            Arc::new(UInt32Array::from_iter_values(
                (0..rows).map(|at| (at % k) as u32 + 1),
            )),
        ),
        ("match", Arc::new(StringArray::from_iter_values(matches))),
        (
            "similarity",
            Arc::new(Float32Array::from_iter_values(
                found.similarities.iter().copied(),
            )),
        ),
        (
            "own_rank",
            Arc::new(
                (0..rows)
                    .map(|at| found.ranks[at / k])
                    .collect::<UInt32Array>(),
            ),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(
        columns.map(|(name, values)| (name, values, name == "own_rank")),
    )
}
