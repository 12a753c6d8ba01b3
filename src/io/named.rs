//! Files that a catalogue names, relative to a folder; names never lead outside it.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::UNIX_EPOCH;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type};

use crate::data::{Catalog, Column};
use crate::hash::Hash;

/// Rows looked at to tell whether a column names files of a kind, and whether they exist.
pub(super) const PROBED_ROWS: usize = 16;

/// The files that a column names. Cloning is cheap.
#[derive(Clone)]
pub(super) struct NamedFiles {
    /// Such as "picture".
    what: &'static str,
    root: PathBuf,
    /// Where `root` really lies, once it was found.
    real_root: Arc<OnceLock<PathBuf>>,
    files: Arc<[PathBuf]>,
}

impl NamedFiles {
    /// The files of `column` under `root`, and which of them each row has.
    pub fn new(
        what: &'static str,
        column: &Column<'_>,
        root: &Path,
    ) -> Option<(Self, Vec<Option<u32>>)> {
        let names = arrow::compute::cast(column.values(), &DataType::Utf8).ok()?;
        let names = names.as_string::<i32>();
        let (mut files, mut known) = (Vec::new(), HashMap::new());
        let file = |row: usize| {
            let name = names.is_valid(row).then(|| names.value(row))?;
            Some(*known.entry(name.to_owned()).or_insert_with(|| {
                files.push(PathBuf::from(name));
                files.len() as u32 - 1
            }))
        };
        let of_row = (0..names.len()).map(file).collect();
        let named = Self {
            what,
            root: root.to_owned(),
            real_root: Arc::default(),
            files: files.into(),
        };
        Some((named, of_row))
    }

    /// The folder that the names are relative to.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What tells whether the files are still the same: their names, sizes and times of change.
    pub fn add_to(&self, hash: &mut Hash) {
        for file in &*self.files {
            hash.add(file.as_os_str().as_encoded_bytes());
            let state = self.root.join(file).metadata().ok();
            let changed = state.as_ref().and_then(|state| state.modified().ok());
            let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let length = state.map_or(u64::MAX, |state| state.len());
            hash.add(&length.to_le_bytes());
            hash.add(&changed.unwrap_or_default().as_nanos().to_le_bytes());
        }
    }

    /// The root without links; `None` while there is no such folder.
    fn real_root(&self) -> Option<&Path> {
        if self.real_root.get().is_none() {
            let _ = self.real_root.set(self.root.canonicalize().ok()?);
        }
        self.real_root.get().map(PathBuf::as_path)
    }

    /// Where a file lies, never outside the root.
    ///
    /// # Errors
    /// A sentence that names it and what to do.
    pub fn resolve(&self, file: u32) -> Result<PathBuf, String> {
        let name = &self.files[file as usize];
        let what = self.what;
        let outside = || {
            format!(
                "the catalogue names a {what} outside its folder ({}); pass --cutouts DIR to name the folder \
                 it is relative to",
                name.display()
            )
        };
        if !name
            .components()
            .all(|c| matches!(c, Component::Normal(_) | Component::CurDir))
        {
            return Err(outside());
        }
        let path = self.root.join(name);
        // A file in the root itself that is no link lies there.
        let beside = name.components().count() == 1 && self.real_root().is_some();
        if beside && path.symlink_metadata().is_ok_and(|m| m.is_file()) {
            return Ok(path);
        }
        // A link may lead anywhere: what it resolves to has to lie under the root as well.
        let (Some(root), Ok(real)) = (self.real_root(), path.canonicalize()) else {
            return Err(format!(
                "there is no {what} {}; pass --cutouts DIR to say where the files lie",
                path.display()
            ));
        };
        if !real.is_file() {
            return Err(format!("{} is no regular file", path.display()));
        }
        if real.starts_with(root) {
            Ok(path)
        } else {
            Err(outside())
        }
    }
}

/// The column with the first of these names that `suits`.
pub(super) fn column<'a>(
    catalog: &'a Catalog,
    names: &[&str],
    suits: impl Fn(&Column<'a>) -> bool,
) -> Option<Column<'a>> {
    let of_name = |name: &&str| {
        catalog
            .columns()
            .find(|column| column.name().eq_ignore_ascii_case(name))
    };
    names.iter().filter_map(of_name).find(suits)
}

/// Whether the first texts of a column hold a name of a file of this kind.
pub(super) fn names_files(column: &Column<'_>, is_of_kind: impl Fn(&Path) -> bool) -> bool {
    column.values().data_type().is_string()
        && (0..column.values().len().min(PROBED_ROWS))
            .map(|row| column.text(row))
            .any(|name| is_of_kind(Path::new(&name)))
}

/// Whole numbers of a column, floats included: tables with gaps often hold integers as floats.
pub(super) fn integers(column: &Column<'_>) -> Option<Vec<Option<i64>>> {
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
