//! A folder as a data set: the table in it that names pictures or spectra, or else all of them below it.

use std::fs::FileType;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Schema;

use super::IoError;
use super::cutouts::{FILE_COLUMN, HDU_COLUMN, PLANE_COLUMN, is_fits_name, is_picture};
use super::fits::{self, ImageHdu, Spectra};
use super::spectra;
use crate::progress::Progress;

/// Folders below folders, at most.
const DEEPEST: usize = 16;
/// The extension that holds the science image where a file has several (HST, JWST).
const SCIENCE: &str = "SCI";

/// Tables directly in the folder, by name.
pub(super) fn tables(folder: &Path) -> Result<Vec<PathBuf>, IoError> {
    let is_table = |path: &PathBuf| {
        path.extension()
            .and_then(|e| e.to_str())
            .is_some_and(|e| ["parquet", "csv", "tsv"].contains(&e))
    };
    Ok(entries(folder)?
        .into_iter()
        .filter(|(path, kind)| is_table(path) && is_file(path, *kind))
        .map(|(path, _)| path)
        .collect())
}

/// Every picture below the folder as a table: `id` (its relative name), `folder`, and where it is.
pub(super) fn pictures(folder: &Path, progress: &Progress) -> Result<RecordBatch, IoError> {
    let mut files = Vec::new();
    collect(folder, DEEPEST, &mut files, progress)?;
    if files.is_empty() {
        return Err(IoError::content(
            folder,
            "the folder holds no FITS, PNG or JPEG pictures, no spectra, and no table that names any",
        ));
    }
    let mut rows = Vec::new();
    for (done, file) in files.iter().enumerate() {
        progress.set(done, files.len())?;
        let relative = file.strip_prefix(folder).unwrap_or(file);
        if is_fits_name(file) {
            // A file that cannot be read keeps its row, so that its error is seen and counted.
            match fits::contents(file) {
                Ok(contents) if contents.spectra.is_some() => {
                    let spectra = contents.spectra.iter();
                    rows.extend(spectra.flat_map(|spectra| spectrum_rows(relative, spectra)));
                }
                Ok(contents) if !contents.images.is_empty() => {
                    rows.extend(fits_rows(relative, &contents.images));
                }
                Ok(_) => {}
                Err(_) => rows.push(Row::whole(relative)),
            }
        } else {
            rows.push(Row::whole(relative));
        }
    }
    table(&rows).map_err(|e| IoError::content(folder, e.to_string()))
}

/// The spectra of one FITS file as a table: that of its objects, where it has one.
pub(super) fn fits_spectra(
    path: &Path,
    spectra: &Spectra,
) -> Result<(RecordBatch, Vec<String>), IoError> {
    let name = path.file_name().map(PathBuf::from).unwrap_or_default();
    let own = table(&spectrum_rows(&name, spectra));
    let own = own.map_err(|e| IoError::content(path, e.to_string()))?;
    let Some(hdu) = spectra.objects else {
        return Ok((own, Vec::new()));
    };
    let (objects, warnings) = fits::read_table(path, hdu)?;
    let schema = objects.schema();
    let scalar = |i: &usize| !schema.field(*i).data_type().is_nested();
    let columns = (0..schema.fields().len()).filter(scalar).map(|i| {
        (
            Arc::clone(&schema.fields()[i]),
            Arc::clone(objects.column(i)),
        )
    });
    let places = own.schema();
    let places = places.fields().iter().zip(own.columns());
    let places = places.filter(|(field, _)| field.name() != "id");
    let (fields, arrays): (Vec<_>, Vec<_>) = columns
        .chain(places.map(|(field, values)| (Arc::clone(field), Arc::clone(values))))
        .unzip();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays);
    let batch = batch.map_err(|e| IoError::content(path, e.to_string()))?;
    Ok((batch, warnings))
}

/// The pictures of one FITS file as a table.
pub(super) fn fits_pictures(path: &Path, images: &[ImageHdu]) -> Result<RecordBatch, IoError> {
    let name = path.file_name().map(PathBuf::from).unwrap_or_default();
    table(&fits_rows(&name, images)).map_err(|e| IoError::content(path, e.to_string()))
}

/// One PNG or JPEG as a table of one row.
pub(super) fn one_picture(path: &Path) -> Result<RecordBatch, IoError> {
    let name = path.file_name().map(PathBuf::from).unwrap_or_default();
    table(&[Row::whole(&name)]).map_err(|e| IoError::content(path, e.to_string()))
}

/// One picture, or one spectrum.
struct Row {
    file: String,
    hdu: Option<i64>,
    plane: i64,
    name: Option<String>,
    /// Which spectrum of the file; `None` for a picture.
    spectrum: Option<i64>,
}

impl Row {
    fn whole(file: &Path) -> Self {
        Self {
            file: portable(file),
            hdu: None,
            plane: 0,
            name: None,
            spectrum: None,
        }
    }
}

fn spectrum_rows(file: &Path, spectra: &Spectra) -> Vec<Row> {
    (0..spectra.count)
        .map(|index| Row {
            spectrum: Some(index as i64),
            ..Row::whole(file)
        })
        .collect()
}

fn fits_rows(file: &Path, images: &[ImageHdu]) -> Vec<Row> {
    let named = |image: &&ImageHdu| image.name.as_deref() == Some(SCIENCE);
    let science: Vec<&ImageHdu> = images.iter().filter(named).collect();
    let chosen: Vec<&ImageHdu> = if science.is_empty() {
        images.iter().collect()
    } else {
        science
    };
    chosen
        .iter()
        .flat_map(|image| {
            (0..image.planes).map(|plane| Row {
                file: portable(file),
                hdu: Some(image.hdu as i64),
                plane: plane as i64,
                name: image.name.clone(),
                spectrum: None,
            })
        })
        .collect()
}

fn table(rows: &[Row]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let single_file = rows.iter().all(|r| r.file == rows[0].file);
    let id = |r: &Row| {
        let hdu = r.hdu.map(|h| format!("[{h}]")).unwrap_or_default();
        let plane = match r.spectrum.unwrap_or(r.plane) {
            0 => String::new(),
            plane => format!("[{plane}]"),
        };
        match &r.name {
            Some(name) if single_file => format!("{name}{hdu}{plane}"),
            _ if single_file && r.hdu.is_some() => format!("{}{plane}", r.hdu.unwrap_or(0)),
            _ => format!(
                "{}{}{plane}",
                r.file,
                if r.hdu.is_some_and(|h| h > 0) {
                    hdu
                } else {
                    String::new()
                }
            ),
        }
    };
    let folder = |r: &Row| r.file.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let strings = |f: &dyn Fn(&Row) -> Option<String>| {
        Arc::new(rows.iter().map(f).collect::<StringArray>()) as ArrayRef
    };
    let mut columns: Vec<(&str, ArrayRef)> = vec![("id", strings(&|r| Some(id(r))))];
    if rows.iter().any(|r| r.file.contains('/')) {
        columns.push(("folder", strings(&folder)));
    }
    let file = |of_spectrum: bool| {
        move |r: &Row| (r.spectrum.is_some() == of_spectrum).then(|| r.file.clone())
    };
    if rows.iter().any(|r| r.spectrum.is_none()) {
        columns.push((FILE_COLUMN, strings(&file(false))));
    }
    if rows.iter().any(|r| r.spectrum.is_some()) {
        let indices = rows.iter().map(|r| r.spectrum).collect::<Int64Array>();
        columns.push((spectra::FILE_COLUMN, strings(&file(true))));
        columns.push((spectra::INDEX_COLUMN, Arc::new(indices)));
    }
    if rows.iter().any(|r| r.hdu.is_some()) {
        columns.push((
            HDU_COLUMN,
            Arc::new(rows.iter().map(|r| r.hdu).collect::<Int64Array>()),
        ));
    }
    if rows.iter().any(|r| r.plane > 0) {
        columns.push((
            PLANE_COLUMN,
            Arc::new(rows.iter().map(|r| Some(r.plane)).collect::<Int64Array>()),
        ));
    }
    RecordBatch::try_from_iter(columns)
}

/// A relative name with `/` between its parts, on every system.
fn portable(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|c| c.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

fn collect(
    folder: &Path,
    deeper: usize,
    files: &mut Vec<PathBuf>,
    progress: &Progress,
) -> Result<(), IoError> {
    progress.check()?;
    for (path, kind) in entries(folder)? {
        let hidden = path
            .file_name()
            .is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if kind.is_dir() && deeper > 0 {
            collect(&path, deeper - 1, files, progress)?;
        } else if is_picture(&path) && is_file(&path, kind) {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether an entry is a file, or a link to one.
fn is_file(path: &Path, kind: FileType) -> bool {
    kind.is_file() || (kind.is_symlink() && path.is_file())
}

/// The entries of a folder, sorted by name, and what they are; links are not followed.
fn entries(folder: &Path) -> Result<Vec<(PathBuf, FileType)>, IoError> {
    let failed = |e| IoError::system(folder, "read", e);
    let mut entries = std::fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.and_then(|e| Ok((e.path(), e.file_type()?))))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    // All lie in the same folder: without taking their paths apart.
    entries.sort_by(|(a, _), (b, _)| a.as_os_str().cmp(b.as_os_str()));
    Ok(entries)
}
