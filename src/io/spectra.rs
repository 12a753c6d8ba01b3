//! Which spectrum belongs to which catalogue row, and random access to it.
//!
//! A catalogue points to its spectra by the columns `spectrum_file` (relative to a root folder) and
//! `spectrum_index` (of a file that holds several; 0 when absent).

use std::path::Path;
use std::sync::Arc;

use super::cutouts::is_fits_name;
use super::fits;
use super::named::{self, NamedFiles, PROBED_ROWS, integers};
use crate::data::{Catalog, Spectrum, SpectrumError, SpectrumRead};
use crate::hash::Hash;

pub(super) const FILE_COLUMN: &str = "spectrum_file";
pub(super) const INDEX_COLUMN: &str = "spectrum_index";

const FILE_NAMES: [&str; 4] = [FILE_COLUMN, "spectrum", "spectrum_path", "spec_file"];

/// Random access to the spectra of a data set, one for each catalogue row. Cloning is cheap.
#[derive(Clone)]
pub struct SpectrumSource {
    files: NamedFiles,
    /// File and index in it.
    places: Arc<[Option<(u32, u32)>]>,
}

impl SpectrumSource {
    /// The spectra that `catalog` names, under `root`; `None` when it names none.
    #[must_use]
    pub fn from_catalog(catalog: &Catalog, root: &Path) -> Option<Self> {
        let names_fits = |column: &_| named::names_files(column, is_fits_name);
        let file_column = named::column(catalog, &FILE_NAMES, names_fits)?;
        let index_column = named::column(catalog, &[INDEX_COLUMN], |_| true);
        let indices = index_column.and_then(|column| integers(&column));
        let (files, of_row) = NamedFiles::new("spectrum", &file_column, root)?;
        let place = |(row, file): (usize, Option<u32>)| {
            let index = match &indices {
                None => 0,
                Some(indices) => u32::try_from(indices[row]?).ok()?,
            };
            Some((file?, index))
        };
        Some(Self {
            files,
            places: of_row.into_iter().enumerate().map(place).collect(),
        })
    }

    /// The folder that the names are relative to.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.files.root()
    }

    /// What tells whether the spectra are still the same: a hash of their names, sizes, times of change
    /// and places in their files, 64 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Hash::default();
        self.files.add_to(&mut hash);
        for place in &*self.places {
            let (file, index) = place.unwrap_or((u32::MAX, u32::MAX));
            hash.add(&file.to_le_bytes());
            hash.add(&index.to_le_bytes());
        }
        hash.finish()
    }

    /// Whether any of the first few spectra is there.
    #[must_use]
    pub fn any_exists(&self) -> bool {
        let mut first = self.places.iter().flatten().take(PROBED_ROWS);
        first.any(|&(file, _)| self.files.resolve(file).is_ok())
    }
}

impl SpectrumRead for SpectrumSource {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn read(&self, row: usize) -> Result<Spectrum, SpectrumError> {
        let place = self.places.get(row).copied().flatten();
        let (file, index) = place.ok_or_else(|| {
            SpectrumError("the catalogue names no spectrum for this row".to_owned())
        })?;
        let path = self.files.resolve(file).map_err(SpectrumError)?;
        fits::read_spectrum(&path, index as usize)
    }
}
