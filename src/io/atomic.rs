//! Output that is either whole or absent: written beside its final name, then renamed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

use super::IoError;

/// What to do when the output exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// Refuse.
    Refuse,
    /// Replace it, once the new file is complete.
    Replace,
}

/// A file being written under a temporary name in the folder of its final one.
///
/// Dropped without [`commit`](Self::commit), nothing is left behind.
#[derive(Debug)]
pub struct AtomicFile {
    temporary: BufWriter<NamedTempFile>,
    listed: Listed,
    path: PathBuf,
    overwrite: Overwrite,
}

/// Temporary files that are being written.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary files that are being written; for a program that is about to end.
pub fn discard_unfinished() {
    for path in unfinished().drain(..) {
        drop(std::fs::remove_file(path));
    }
}

/// Keeps a temporary file on the list of those, while it is there.
#[derive(Debug)]
pub(super) struct Listed(PathBuf);

impl Listed {
    pub(super) fn new(path: &Path) -> Self {
        unfinished().push(path.to_owned());
        Self(path.to_owned())
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        unfinished().retain(|path| *path != self.0);
    }
}

impl AtomicFile {
    /// Starts writing what shall become `path`.
    ///
    /// # Errors
    /// When `path` exists and may not be replaced, or its folder cannot be written to.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<Self, IoError> {
        check_output(path, overwrite)?;
        let folder = parent(path);
        let temporary = tempfile::Builder::new()
            .prefix(".latentarium-")
            .suffix(".part")
            .tempfile_in(folder)
            .map_err(|source| IoError::system(path, "write", source))?;
        Ok(Self {
            listed: Listed::new(temporary.path()),
            temporary: BufWriter::with_capacity(1 << 20, temporary),
            path: path.to_owned(),
            overwrite,
        })
    }

    /// Makes the file appear under its final name, complete.
    ///
    /// # Errors
    /// When the disk is full, or a file of that name appeared meanwhile and may not be replaced.
    pub fn commit(self) -> Result<(), IoError> {
        let Self {
            temporary,
            listed,
            path,
            overwrite,
        } = self;
        let failed = |source: io::Error| IoError::system(&path, "write", source);
        let temporary = temporary.into_inner().map_err(|e| failed(e.into_error()))?;
        make_readable(temporary.as_file()).map_err(failed)?;
        temporary.as_file().sync_all().map_err(failed)?;
        match overwrite {
            Overwrite::Replace => temporary.persist(&path).map_err(|e| failed(e.error))?,
            Overwrite::Refuse => temporary.persist_noclobber(&path).map_err(|e| {
                if e.error.kind() == io::ErrorKind::AlreadyExists {
                    IoError::Exists { path: path.clone() }
                } else {
                    failed(e.error)
                }
            })?,
        };
        drop(listed);
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.flush()
    }
}

/// Writes a short file in one piece, whole or not at all.
///
/// # Errors
/// Those of [`AtomicFile`].
pub fn write_whole(path: &Path, bytes: &[u8], overwrite: Overwrite) -> Result<(), IoError> {
    let mut file = AtomicFile::create(path, overwrite)?;
    file.write_all(bytes)
        .map_err(|source| IoError::system(path, "write", source))?;
    file.commit()
}

/// Refuses early, before long work, what could not be written in the end: a file that exists and may
/// not be replaced, something that is no file, a folder that is not there.
///
/// # Errors
/// [`IoError::Exists`], or a sentence that says what is in the way.
pub fn check_output(path: &Path, overwrite: Overwrite) -> Result<(), IoError> {
    let there = path.symlink_metadata();
    if there.as_ref().is_ok_and(|m| !m.is_file()) {
        return Err(IoError::content(
            path,
            "the output is no regular file; choose another name",
        ));
    }
    if overwrite == Overwrite::Refuse && there.is_ok() {
        return Err(IoError::Exists {
            path: path.to_owned(),
        });
    }
    if !parent(path).is_dir() {
        return Err(IoError::content(
            path,
            "the folder of the output is not there; create it first",
        ));
    }
    Ok(())
}

/// The extension of an output, lower case, which says in what format it is written.
///
/// # Errors
/// When it is none of those that are written here.
pub fn check_format(path: &Path, known: &'static [&'static str]) -> Result<&'static str, IoError> {
    let extension = path.extension().and_then(|e| e.to_str());
    let extension = extension.unwrap_or_default();
    let found = known.iter().find(|e| e.eq_ignore_ascii_case(extension));
    found.copied().ok_or_else(|| {
        let known = known.join(", .");
        IoError::content(
            path,
            format!("the name of the output does not say what to write; end it in .{known}"),
        )
    })
}

/// Creates a folder and those above it.
///
/// # Errors
/// When the system refuses.
pub fn create_folder(path: &Path) -> Result<(), IoError> {
    std::fs::create_dir_all(path)
        .map_err(|source| IoError::system(path, "create the folder", source))
}

/// The folder that a path lies in; the current one for a bare name.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Temporary files are private to their owner; results are as readable as any other new file.
#[cfg(unix)]
fn make_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same face on every system")]
fn make_readable(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_appears_before_commit_and_nothing_is_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.txt");
        let mut file = AtomicFile::create(&path, Overwrite::Refuse).unwrap();
        file.write_all(b"one").unwrap();
        assert!(!path.exists());
        file.commit().unwrap();
        assert!(matches!(
            AtomicFile::create(&path, Overwrite::Refuse),
            Err(IoError::Exists { .. })
        ));
        let mut file = AtomicFile::create(&path, Overwrite::Replace).unwrap();
        file.write_all(b"two").unwrap();
        drop(file);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
