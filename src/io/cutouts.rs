//! Which picture belongs to which catalogue row, and random access to it.
//!
//! A catalogue points to its pictures by the columns `cutout_file` (relative to a root folder),
//! `cutout_hdu` (0 is the primary; the first image when absent) and `cutout_plane` (of a stack).
//! Common names of other projects are understood: `path`, `file_loc`, `GAL_FILENAME` with
//! `GAL_HDU`, ... Names never lead outside the root folder.

use std::path::Path;
use std::sync::Arc;

use super::fits::SharedFitsCutouts;
use super::named::{self, NamedFiles, PROBED_ROWS, integers};
use super::raster;
use crate::data::{Catalog, Cutout, CutoutError, CutoutRead};
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

/// Random access to the pictures of a data set, one for each catalogue row. Cloning is cheap.
#[derive(Clone)]
pub struct CutoutSource {
    files: NamedFiles,
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
        let names_pictures = |column: &_| named::names_files(column, is_picture);
        let file_column = named::column(catalog, &FILE_NAMES, names_pictures)?;
        let numbers = |names: &[&str]| {
            let column = named::column(catalog, names, |_| true);
            column.and_then(|column| integers(&column))
        };
        let (hdus, planes) = (numbers(&HDU_NAMES), numbers(&[PLANE_COLUMN]));
        let (files, of_row) = NamedFiles::new("picture", &file_column, root)?;
        let place = |(row, file): (usize, Option<u32>)| {
            let number =
                |values: &Vec<Option<i64>>| values[row].and_then(|v| u32::try_from(v).ok());
            let hdu = match &hdus {
                None => Hdu::First,
                Some(values) => number(values).map_or(Hdu::Missing, Hdu::At),
            };
            Some(Place {
                file: file?,
                hdu,
                plane: planes.as_ref().and_then(number).unwrap_or(0),
            })
        };
        Some(Self {
            files,
            places: of_row.into_iter().enumerate().map(place).collect(),
            fits: SharedFitsCutouts::default(),
        })
    }

    /// The folder that the names are relative to.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.files.root()
    }

    /// What tells whether the pictures are still the same: a hash of their names, sizes, times of
    /// change and places in their files, 64 hexadecimal digits. Their pixels are not read.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Hash::default();
        self.files.add_to(&mut hash);
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
            .any(|place| self.files.resolve(place.file).is_ok())
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
        let path = self.files.resolve(place.file).map_err(CutoutError)?;
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
