//! Which picture belongs to which catalogue row, and random access to it.
//!
//! A catalogue points to its pictures by the columns `cutout_file` (relative to a root folder),
//! `cutout_hdu` (0 is the primary; the first image when absent) and `cutout_plane` (of a stack).
//! Common names of other projects are understood: `path`, `file_loc`, `GAL_FILENAME` with
//! `GAL_HDU`, ... Names never lead outside the root folder.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::UNIX_EPOCH;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type};

use super::fits::SharedFitsCutouts;
use super::raster;
use crate::data::{Catalog, Column, Cutout, CutoutError, CutoutRead};
use crate::hash::Hash;

pub(super) const FILE_COLUMN: &str = "cutout_file";
pub(super) const HDU_COLUMN: &str = "cutout_hdu";
pub(super) const PLANE_COLUMN: &str = "cutout_plane";

const FILE_NAMES: [&str; 11] = [
    FILE_COLUMN,
    "cutout",
    "path",
    "file",
    "filename",
    "file_loc",
    "image",
    "image_path",
    "png_loc",
    "gal_filename",
    "file_name",
];
const HDU_NAMES: [&str; 3] = [HDU_COLUMN, "gal_hdu", "hdu"];
/// Rows looked at to tell whether a column names pictures that exist.
const PROBED_ROWS: usize = 16;

/// Random access to the pictures of a data set, one for each catalogue row. Cloning is cheap.
#[derive(Clone)]
pub struct CutoutSource {
    root: PathBuf,
    /// Where `root` really lies, once it was found.
    real_root: Arc<OnceLock<PathBuf>>,
    files: Arc<[PathBuf]>,
    places: Arc<[Option<Place>]>,
    fits: SharedFitsCutouts,
}

#[derive(Clone, Copy)]
struct Place {
    file: u32,
    hdu: Hdu,
    plane: u32,
}

/// Which HDU of the file.
#[derive(Clone, Copy)]
enum Hdu {
    /// The catalogue does not say: the first that holds an image.
    First,
    /// That one; 0 is the primary.
    At(u32),
    /// The catalogue has a column for it, and this row no number that could be one.
    Missing,
}

/// Whether a file name looks like a picture that can be read.
pub(super) fn is_picture(path: &Path) -> bool {
    raster::is_raster(path) || is_fits_name(path)
}

/// Whether a file name looks like FITS, plain or packed.
pub(super) fn is_fits_name(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    let name = name
        .trim_end_matches(".gz")
        .trim_end_matches(".z")
        .trim_end_matches(".fz");
    [".fits", ".fit", ".fts"].iter().any(|e| name.ends_with(e))
}

impl CutoutSource {
    /// The pictures that `catalog` names, under `root`; `None` when it names none.
    #[must_use]
    pub fn from_catalog(catalog: &Catalog, root: &Path) -> Option<Self> {
        let find = |names: &[&str]| {
            names.iter().find_map(|name| {
                catalog
                    .columns()
                    .find(|c| c.name().eq_ignore_ascii_case(name))
            })
        };
        let file_column = FILE_NAMES
            .iter()
            .filter_map(|name| {
                catalog
                    .columns()
                    .find(|c| c.name().eq_ignore_ascii_case(name))
            })
            .find(names_pictures)?;
        let hdus = find(&HDU_NAMES).and_then(integers);
        let planes = find(&[PLANE_COLUMN]).and_then(integers);
        let names = arrow::compute::cast(file_column.values(), &DataType::Utf8).ok()?;
        let names = names.as_string::<i32>();
        let (mut files, mut known) = (Vec::new(), HashMap::new());
        let places = (0..catalog.len())
            .map(|row| {
                let name = names.is_valid(row).then(|| names.value(row))?;
                let file = *known.entry(name.to_owned()).or_insert_with(|| {
                    files.push(PathBuf::from(name));
                    files.len() as u32 - 1
                });
                let number =
                    |values: &Vec<Option<i64>>| values[row].and_then(|v| u32::try_from(v).ok());
                let hdu = match &hdus {
                    None => Hdu::First,
                    Some(values) => number(values).map_or(Hdu::Missing, Hdu::At),
                };
                Some(Place {
                    file,
                    hdu,
                    plane: planes.as_ref().and_then(number).unwrap_or(0),
                })
            })
            .collect();
        Some(Self {
            root: root.to_owned(),
            real_root: Arc::default(),
            files: files.into(),
            places,
            fits: SharedFitsCutouts::default(),
        })
    }

    /// The folder that the names are relative to.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What tells whether the pictures are still the same: a hash of their names, sizes, times of
    /// change and places in their files, 64 hexadecimal digits. Their pixels are not read.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Hash::default();
        for file in &*self.files {
            hash.add(file.as_os_str().as_encoded_bytes());
            let state = self.root.join(file).metadata().ok();
            let changed = state.as_ref().and_then(|state| state.modified().ok());
            let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let length = state.map_or(u64::MAX, |state| state.len());
            hash.add(&length.to_le_bytes());
            hash.add(&changed.unwrap_or_default().as_nanos().to_le_bytes());
        }
        for place in &*self.places {
            let numbers = place.map_or([u32::MAX; 4], |Place { file, hdu, plane }| {
                let (kind, hdu) = match hdu {
                    Hdu::First => (0, 0),
                    Hdu::At(hdu) => (1, hdu),
                    Hdu::Missing => (2, 0),
                };
                [file, kind, hdu, plane]
            });
            numbers.iter().for_each(|n| hash.add(&n.to_le_bytes()));
        }
        hash.finish()
    }

    /// Whether any of the first few pictures is there.
    #[must_use]
    pub fn any_exists(&self) -> bool {
        self.places
            .iter()
            .flatten()
            .take(PROBED_ROWS)
            .any(|place| self.resolve(place).is_ok_and(|path| path.is_file()))
    }

    /// The root without links; `None` while there is no such folder.
    fn real_root(&self) -> Option<&Path> {
        if self.real_root.get().is_none() {
            let _ = self.real_root.set(self.root.canonicalize().ok()?);
        }
        self.real_root.get().map(PathBuf::as_path)
    }

    /// The file of a place, never outside the root.
    fn resolve(&self, place: &Place) -> Result<PathBuf, CutoutError> {
        let name = &self.files[place.file as usize];
        let outside = || {
            CutoutError(format!(
                "the catalogue names a picture outside its folder ({}); pass --cutouts DIR to name the folder \
                 it is relative to",
                name.display()
            ))
        };
        if !name
            .components()
            .all(|c| matches!(c, Component::Normal(_) | Component::CurDir))
        {
            return Err(outside());
        }
        let path = self.root.join(name);
        // A link may lead anywhere: what it resolves to has to lie under the root as well.
        let (Some(root), Ok(real)) = (self.real_root(), path.canonicalize()) else {
            return Err(CutoutError(format!(
                "there is no picture {}; pass --cutouts DIR to say where the pictures lie",
                path.display()
            )));
        };
        if !real.is_file() {
            return Err(CutoutError(format!(
                "{} is no regular file",
                path.display()
            )));
        }
        if real.starts_with(root) {
            Ok(path)
        } else {
            Err(outside())
        }
    }
}

impl CutoutRead for CutoutSource {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn read(&self, row: usize) -> Result<Cutout, CutoutError> {
        let place =
            self.places.get(row).copied().flatten().ok_or_else(|| {
                CutoutError("the catalogue names no picture for this row".to_owned())
            })?;
        let path = self.resolve(&place)?;
        if raster::is_raster(&path) {
            raster::read(&path)
        } else {
            let hdu = match place.hdu {
                Hdu::First => None,
                Hdu::At(hdu) => Some(hdu as usize),
                Hdu::Missing => {
                    return Err(CutoutError(format!(
                        "the catalogue does not say which HDU of {} holds this row's picture",
                        path.display()
                    )));
                }
            };
            self.fits.read(&path, hdu, place.plane as usize)
        }
    }
}

fn names_pictures(column: &Column<'_>) -> bool {
    column.values().data_type().is_string()
        && (0..column.values().len().min(PROBED_ROWS))
            .map(|row| column.text(row))
            .any(|name| is_picture(Path::new(&name)))
}

/// Whole numbers of a column, floats included: tables with gaps often hold integers as floats.
fn integers(column: Column<'_>) -> Option<Vec<Option<i64>>> {
    let data_type = column.values().data_type();
    if data_type.is_integer() {
        let values = arrow::compute::cast(column.values(), &DataType::Int64).ok()?;
        return Some(values.as_primitive::<Int64Type>().iter().collect());
    }
    let whole = |v: f64| (v.fract() == 0.0 && v.abs() < 1e9).then_some(v as i64);
    let floats = data_type
        .is_floating()
        .then(|| column.numbers())
        .flatten()?;
    Some(floats.into_iter().map(whole).collect())
}
