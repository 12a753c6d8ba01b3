//! Making a map.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::JobError;
use crate::analysis::reduce::{
    Method, ReduceError, ReduceParams, Rows, reduce, reduce_by_pca, reduce_live,
};
use crate::data::{Embedding, Projection};
use crate::io::{self, Dataset, VectorStream};
use crate::progress::Progress;
use crate::session::{MapPoints, Mapped};

/// Reduces vectors and prepares the points for drawing.
///
/// # Errors
/// When the vectors do not suffice, or on cancellation.
pub fn reduce_embedding(
    embedding: &Embedding,
    catalog_rows: usize,
    params: ReduceParams,
    progress: &Progress,
) -> Result<Mapped, JobError> {
    let projection = reduce(embedding, catalog_rows, &params, &progress.part(0.0..0.9))?;
    Ok(Mapped {
        points: Arc::new(MapPoints::new(projection)),
        params: Some(params),
    })
}

/// Time between two looks at a map that forms.
const LOOK: Duration = Duration::from_millis(700);

/// The same for a map that is watched: where the method takes its time, the principal components come
/// at once, then the map as it forms. [`Progress::suffice`] ends it with what there is.
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
    let mapped = |projection| Mapped {
        points: Arc::new(MapPoints::new(projection)),
        params: Some(params),
    };
    if params.method == Method::Pca {
        return reduce_embedding(embedding, catalog_rows, params, progress);
    }
    let first = ReduceParams {
        method: Method::Pca,
        ..params
    };
    // Vectors that are too few or too short for it have no principal map to begin with.
    if let Ok(at_once) = reduce_embedding(embedding, catalog_rows, first, &progress.part(0.0..0.05))
    {
        show(at_once);
    }
    progress.check()?;
    let mut looked = Instant::now();
    let layout = progress.part(0.05..0.97);
    let projection = reduce_live(
        embedding,
        catalog_rows,
        &params,
        &layout,
        &mut |now, _done| {
            if looked.elapsed() >= LOOK {
                if let Ok(projection) = now() {
                    show(mapped(projection));
                }
                looked = Instant::now();
            }
            !progress.is_enough()
        },
    )?;
    Ok(mapped(projection))
}

/// Opens a file and reduces its vectors. Those of Parquet and NPY files stay there where the method
/// allows it: then the data set that is returned has no embedding.
///
/// # Errors
/// When the file cannot be read, its vectors do not suffice, or on cancellation.
pub fn reduce_file(
    path: &Path,
    cutouts: Option<&Path>,
    params: &ReduceParams,
    progress: &Progress,
) -> Result<(Dataset, Projection), JobError> {
    let opening = progress.stage("Opening", 0.0..0.3);
    let (mut dataset, stream) = match params.method {
        Method::Pca => io::open_streamed(path, cutouts, &opening)?,
        Method::Umap => (io::open(path, cutouts, &opening)?, None),
    };
    let reducing = progress.stage("Reducing", 0.3..1.0);
    let rows = dataset.catalog.len();
    if let Some(stream) = stream {
        let mut source = InFile::new(&stream);
        let reduced = reduce_by_pca(&mut source, params, &reducing)?;
        dataset.warnings.append(&mut source.warnings);
        let provenance = dataset.provenance.clone().merged(&reduced.provenance);
        let (coords, dims) = (reduced.coords, params.dims);
        let projection = Projection::new(coords, dims, source.rows, rows, provenance)?;
        return Ok((dataset, projection));
    }
    let Some(embedding) = &dataset.embedding else {
        return Err(JobError::Missing(format!(
            "{} holds no vectors; make them with `latentarium embed`",
            path.display()
        )));
    };
    let projection = reduce(embedding, rows, params, &reducing)?;
    Ok((dataset, projection))
}

/// Vectors that stay in their file.
struct InFile<'a> {
    stream: &'a VectorStream,
    /// Those that have a vector, as the last pass found them.
    rows: Vec<u32>,
    warnings: Vec<String>,
}

impl<'a> InFile<'a> {
    fn new(stream: &'a VectorStream) -> Self {
        Self {
            stream,
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
        self.warnings = self.stream.for_each(|vectors| {
            self.rows.extend(vectors.rows());
            Ok::<_, JobError>(each(vectors.values())?)
        })?;
        Ok(())
    }
}
