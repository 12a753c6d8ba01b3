//! Opening anything: what a path holds, as one value.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::cutouts::{CutoutSource, is_fits_name};
use super::spectra::SpectrumSource;
use super::stream::VectorStream;
use super::table::{Parts, TableParts};
use super::vectors::{VectorRows, left_out};
use super::{IoError, csv, fits, folder, npy, parquet, raster, tiles};
use crate::data::{Catalog, Embedding, Projection, Provenance};
use crate::progress::Progress;
use crate::spatial::TileTree;

/// Provenance key: the folder that the catalogue's picture names are relative to.
pub(super) const CUTOUTS_KEY: &str = "cutouts";

/// Everything that a path holds.
#[derive(Clone)]
pub struct Dataset {
    /// The file or folder that was opened.
    pub path: PathBuf,
    /// The objects.
    pub catalog: Catalog,
    /// Their pictures, if the catalogue names any that are there.
    pub cutouts: Option<CutoutSource>,
    /// Their spectra, if the catalogue names any that are there.
    pub spectra: Option<SpectrumSource>,
    /// A folder that the file says its pictures lie in, outside the file's own folder: used only
    /// when the user agrees.
    pub cutouts_elsewhere: Option<PathBuf>,
    /// Their vectors.
    pub embedding: Option<Embedding>,
    /// Their coordinates on a map.
    pub projection: Option<Projection>,
    /// The tree over that map, if one was kept beside the file.
    pub tree: Option<TileTree>,
    /// How the file was made.
    pub provenance: Provenance,
    /// What was tolerated, one sentence each.
    pub warnings: Vec<String>,
}

impl Dataset {
    /// The vectors.
    ///
    /// # Errors
    /// [`IoError::NoVectors`] where there are none.
    pub fn vectors(&self) -> Result<&Embedding, IoError> {
        self.embedding.as_ref().ok_or_else(|| IoError::NoVectors {
            path: self.path.clone(),
        })
    }

    /// The folder that the names of pictures and spectra are relative to.
    #[must_use]
    pub fn files_root(&self) -> Option<&Path> {
        let pictures = self.cutouts.as_ref().map(CutoutSource::root);
        pictures.or_else(|| self.spectra.as_ref().map(SpectrumSource::root))
    }

    /// The row of each object, by its id.
    ///
    /// # Errors
    /// [`IoError::RepeatedId`] where several rows have the same.
    pub fn rows_by_id(&self) -> Result<HashMap<String, u32>, IoError> {
        let mut rows = HashMap::with_capacity(self.catalog.len());
        for row in 0..self.catalog.len() {
            if rows.insert(self.catalog.id(row), row as u32).is_some() {
                return Err(IoError::RepeatedId {
                    path: self.path.clone(),
                    id: self.catalog.id(row),
                });
            }
        }
        Ok(rows)
    }
}

/// Opens a file or folder. `cutouts` names the folder of the pictures, where it is not the file's.
///
/// # Errors
/// One sentence that names the file and what to do; [`IoError::Cancelled`] on request.
pub fn open(path: &Path, cutouts: Option<&Path>, progress: &Progress) -> Result<Dataset, IoError> {
    if !path.exists() {
        return Err(IoError::Missing {
            path: path.to_owned(),
        });
    }
    if path.is_dir() {
        return open_folder(path, cutouts, progress);
    }
    if !path.is_file() {
        return Err(IoError::content(
            path,
            "neither a file nor a folder; name a regular file",
        ));
    }
    let root = super::atomic::parent(path).to_owned();
    let mut start = [0; 80];
    let mut file = File::open(path).map_err(|e| IoError::system(path, "read", e))?;
    let length = read_up_to(&mut file, &mut start).map_err(|e| IoError::system(path, "read", e))?;
    let start = &start[..length];
    if start.is_empty() {
        return Err(IoError::content(
            path,
            "the file is empty; copy or write it again",
        ));
    }
    if start.starts_with(b"PAR1") {
        let vectors = parquet::Vectors::InMemory;
        return open_parquet(path, cutouts, vectors, progress).map(|(dataset, _)| dataset);
    }
    if start.starts_with(b"\x93NUMPY") {
        return open_npy(path, progress);
    }
    if start.starts_with(b"SIMPLE  =") || is_fits_name(path) {
        return open_fits(path, &root, cutouts);
    }
    if raster::is_raster(path) {
        let batch = folder::one_picture(path)?;
        return Ok(with_cutouts(from_batch(path, &batch)?, &root, cutouts));
    }
    if start.starts_with(b"\x89HDF") {
        return Err(IoError::content(
            path,
            "HDF5 files are not read yet; export the table as Parquet or FITS, the pictures as FITS or PNG",
        ));
    }
    let markup = String::from_utf8_lossy(start);
    if markup.trim_start().starts_with("<?xml") || markup.contains("<VOTABLE") {
        let reason = "VOTable and other XML are not read yet; save the table as FITS, Parquet or CSV (TOPCAT does)";
        return Err(IoError::content(path, reason));
    }
    let is_text = path.extension().and_then(|e| e.to_str()).is_some_and(|e| {
        ["csv", "tsv", "txt", "dat", "cat"]
            .iter()
            .any(|k| e.eq_ignore_ascii_case(k))
    });
    if is_text || (!start.contains(&0) && start.is_ascii()) {
        let (table, warnings) = csv::read(path)?;
        let mut dataset = from_batch(path, &table)?;
        dataset.warnings.extend(warnings);
        return Ok(with_cutouts(dataset, &root, cutouts));
    }
    Err(IoError::content(
        path,
        "the kind of file is not known; Latentarium reads FITS, Parquet, CSV, NPY, PNG and JPEG, and folders of pictures",
    ))
}

/// Opens a file or folder as [`open`] does, except that the vectors of Parquet and NPY files are not
/// read: they come as a stream, and the data set has no embedding then.
///
/// # Errors
/// Those of [`open`].
pub fn open_streamed(
    path: &Path,
    cutouts: Option<&Path>,
    progress: &Progress,
) -> Result<(Dataset, Option<VectorStream>), IoError> {
    let mut start = [0; 6];
    let known = path.is_file()
        && File::open(path).is_ok_and(|mut file| read_up_to(&mut file, &mut start).is_ok());
    if known && start.starts_with(b"PAR1") {
        return open_parquet(path, cutouts, parquet::Vectors::LeftInFile, progress);
    }
    if known && start.starts_with(b"\x93NUMPY") {
        let stream = VectorStream::npy(path)?;
        let parts = Parts {
            catalog: Catalog::numbered(stream.rows()),
            embedding: None,
            warnings: Vec::new(),
        };
        let dataset = from_parts(path, parts, Provenance::default());
        return Ok((dataset, Some(stream)));
    }
    open(path, cutouts, progress).map(|dataset| (dataset, None))
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

fn open_folder(
    path: &Path,
    cutouts: Option<&Path>,
    progress: &Progress,
) -> Result<Dataset, IoError> {
    for table in folder::tables(path)? {
        // A table that is broken or names no pictures is not what the folder is about.
        if let Ok(dataset) = open(&table, cutouts, progress)
            && dataset.files_root().is_some()
        {
            return Ok(dataset);
        }
        progress.check()?;
    }
    let batch = folder::pictures(path, progress)?;
    Ok(with_cutouts(from_batch(path, &batch)?, path, cutouts))
}

/// Opens a table in Parquet; its vectors are read, or left in the file for a [`VectorStream`].
fn open_parquet(
    path: &Path,
    cutouts: Option<&Path>,
    vectors: parquet::Vectors,
    progress: &Progress,
) -> Result<(Dataset, Option<VectorStream>), IoError> {
    let (content, tiles) = rayon::join(
        || parquet::read(path, vectors, progress),
        || tiles::read(path, || parquet::row_count(path)),
    );
    let content = content?;
    let mut dataset = from_parts(path, content.parts, content.provenance);
    dataset.projection = content.projection;
    if let (Some(projection), Some(tiles)) = (&dataset.projection, tiles) {
        match tiles.of(projection) {
            Ok(tree) => dataset.tree = Some(tree),
            Err(told) => dataset.warnings.push(told),
        }
    }
    let vectors = content
        .vectors
        .map(|column| VectorStream::parquet(path, column));
    let dataset = with_cutouts(dataset, super::atomic::parent(path), cutouts);
    Ok((dataset, vectors.transpose()?.flatten()))
}

fn open_npy(path: &Path, progress: &Progress) -> Result<Dataset, IoError> {
    let mut reader = npy::Reader::open(path)?;
    let (rows, dim) = (reader.left(), reader.columns());
    let mut vectors = VectorRows::default();
    vectors.expect(rows, dim);
    let mut some = Vec::new();
    while reader.left() > 0 {
        reader.next_rows(npy::rows_at_a_time(dim), &mut some)?;
        vectors.push_values(&some, dim);
        progress.set(vectors.seen(), rows)?;
    }
    // Rows with NaN or infinity have no vector, as in a Parquet file.
    let warnings = left_out(vectors.not_finite()).into_iter().collect();
    let (values, finite) = vectors.into_parts();
    let embedding = Embedding::new(values, dim, finite, rows, Provenance::default())
        .map_err(|e| IoError::data(path, &e))?;
    let parts = Parts {
        catalog: Catalog::numbered(rows),
        embedding: Some(embedding),
        warnings,
    };
    Ok(from_parts(path, parts, Provenance::default()))
}

fn open_fits(path: &Path, root: &Path, cutouts: Option<&Path>) -> Result<Dataset, IoError> {
    let contents = fits::contents(path)?;
    if let Some(spectra) = &contents.spectra {
        let (batch, warnings) = folder::fits_spectra(path, spectra)?;
        let mut dataset = from_batch(path, &batch)?;
        dataset.warnings.extend(warnings);
        return Ok(with_cutouts(dataset, root, None));
    }
    if !contents.images.is_empty() {
        let batch = folder::fits_pictures(path, &contents.images)?;
        let mut dataset = with_cutouts(from_batch(path, &batch)?, root, None);
        if !contents.tables.is_empty() {
            dataset.warnings.push(format!(
                "the file also holds {} tables, which were not opened",
                contents.tables.len()
            ));
        }
        return Ok(dataset);
    }
    let Some(&hdu) = contents.tables.first() else {
        return Err(IoError::content(
            path,
            "the FITS file holds neither an image nor a table",
        ));
    };
    let (batch, mut warnings) = fits::read_table(path, hdu)?;
    if contents.tables.len() > 1 {
        warnings.push(format!(
            "the file holds {} tables; the first one was opened",
            contents.tables.len()
        ));
    }
    let mut dataset = from_batch(path, &batch)?;
    dataset.warnings.extend(warnings);
    Ok(with_cutouts(dataset, root, cutouts))
}

fn from_batch(path: &Path, batch: &arrow::array::RecordBatch) -> Result<Dataset, IoError> {
    let mut parts = TableParts::new(batch.schema());
    parts.push(batch).map_err(|e| IoError::data(path, &e))?;
    let parts = parts
        .finish(Provenance::default())
        .map_err(|e| IoError::data(path, &e))?;
    Ok(from_parts(path, parts, Provenance::default()))
}

fn from_parts(path: &Path, parts: Parts, provenance: Provenance) -> Dataset {
    let Parts {
        catalog,
        embedding,
        warnings,
    } = parts;
    Dataset {
        path: path.to_owned(),
        catalog,
        cutouts: None,
        spectra: None,
        cutouts_elsewhere: None,
        embedding,
        projection: None,
        tree: None,
        provenance,
        warnings,
    }
}

/// Finds the pictures and spectra: in the folder the user named, else in the one that the file's metadata
/// names when that lies inside the file's own folder, else beside the file.
fn with_cutouts(mut dataset: Dataset, beside: &Path, named: Option<&Path>) -> Dataset {
    let recorded = dataset
        .provenance
        .get(CUTOUTS_KEY)
        .map(|folder| beside.join(folder));
    let inside = |folder: &Path| match (folder.canonicalize(), beside.canonicalize()) {
        (Ok(folder), Ok(beside)) => folder.starts_with(beside),
        _ => false,
    };
    let root = match (named, &recorded) {
        (Some(named), _) => named.to_owned(),
        (None, Some(folder)) if inside(folder) => folder.clone(),
        _ => beside.to_owned(),
    };
    let cutouts = CutoutSource::from_catalog(&dataset.catalog, &root);
    let spectra = SpectrumSource::from_catalog(&dataset.catalog, &root);
    let (names_cutouts, names_spectra) = (cutouts.is_some(), spectra.is_some());
    dataset.cutouts = cutouts.filter(CutoutSource::any_exists);
    dataset.spectra = spectra.filter(SpectrumSource::any_exists);
    let what = match (
        names_cutouts && dataset.cutouts.is_none(),
        names_spectra && dataset.spectra.is_none(),
    ) {
        (false, false) => return dataset,
        (true, _) => "pictures",
        (false, true) => "spectra",
    };
    if let Some(folder) = recorded.filter(|f| named.is_none() && f.is_dir()) {
        dataset.warnings.push(format!(
            "the {what} lie in {}, outside the folder of this file; pass --cutouts {} to use them",
            folder.display(),
            folder.display()
        ));
        dataset.cutouts_elsewhere = Some(folder);
    } else {
        dataset.warnings.push(format!(
            "the catalogue names {what}, but none of the first is in {}; pass --cutouts DIR to say where they lie",
            root.display()
        ));
    }
    dataset
}

/// What a file written at `output` records about where its pictures lie: relative when they lie
/// beside or below it, absolute otherwise.
#[must_use]
pub fn cutouts_provenance(root: &Path, output: &Path) -> Provenance {
    let folder = super::atomic::parent(output).canonicalize();
    let (Ok(root), Ok(folder)) = (root.canonicalize(), folder) else {
        return Provenance::default();
    };
    let recorded = root
        .strip_prefix(&folder)
        .map(Path::to_owned)
        .unwrap_or(root);
    let recorded = if recorded.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        recorded
    };
    Provenance::default().with(CUTOUTS_KEY, recorded.to_string_lossy())
}
