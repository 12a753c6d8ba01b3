//! Where ONNX Runtime may lie, in order of preference.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Names the library (or its folder) that this program is to use.
pub(super) const EXPLICIT: &str = "LATENTARIUM_ONNXRUNTIME";
/// The same, for every program that uses ONNX Runtime through `ort`.
const COMMON: &str = "ORT_DYLIB_PATH";

/// A file or a folder to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place(PathBuf);

impl Place {
    /// The libraries here, newest first.
    pub(super) fn candidates(&self) -> Result<Vec<PathBuf>, String> {
        if self.0.is_file() {
            return Ok(vec![self.0.clone()]);
        }
        let entries = fs::read_dir(&self.0).map_err(|e| e.to_string())?;
        let mut found: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| is_library(&entry.file_name().to_string_lossy()))
            .map(|entry| entry.path())
            .filter(|path| path.is_file())
            .collect();
        if found.is_empty() {
            return Err("holds no ONNX Runtime library".to_owned());
        }
        found.sort_by_cached_key(|path| std::cmp::Reverse((numbers(path), path.clone())));
        // `libonnxruntime.so` and `libonnxruntime.so.1` are links to one file.
        found.dedup_by_key(|path| real(path));
        Ok(found)
    }

    pub(super) fn into_path(self) -> PathBuf {
        self.0
    }
}

/// All places, in order of preference.
pub(super) fn places() -> Vec<Place> {
    let mut places: Vec<PathBuf> = [EXPLICIT, COMMON]
        .into_iter()
        .filter_map(named_by)
        .collect();
    if let Some(folder) = env::current_exe().ok().as_deref().and_then(Path::parent) {
        places.push(folder.to_owned());
        places.push(folder.join("lib"));
    }
    if let Some(project) = directories::ProjectDirs::from("", "", "latentarium") {
        places.extend(versions_in(&project.data_dir().join("onnxruntime")));
    }
    for prefix in ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .into_iter()
        .filter_map(named_by)
    {
        places.extend(python_packages(&prefix));
    }
    places.extend(system_folders().iter().map(PathBuf::from));
    let mut unique: Vec<Place> = Vec::new();
    for place in places.into_iter().map(Place) {
        if !unique.contains(&place) {
            unique.push(place);
        }
    }
    unique
}

/// The path in an environment variable, absolute so that no search path of the system applies.
fn named_by(variable: &str) -> Option<PathBuf> {
    let value = env::var_os(variable).filter(|value| !value.is_empty())?;
    std::path::absolute(value).ok()
}

/// `folder/<version>/`, newest first.
fn versions_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort_by_cached_key(|path| std::cmp::Reverse((numbers(path), path.clone())));
    found
}

/// Where pip puts the library in an environment.
fn python_packages(prefix: &Path) -> Vec<PathBuf> {
    const INSIDE: &str = "site-packages/onnxruntime/capi";
    if cfg!(windows) {
        return vec![prefix.join("Lib").join(INSIDE)];
    }
    let mut found: Vec<PathBuf> = fs::read_dir(prefix.join("lib"))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("python3"))
        .map(|entry| entry.path().join(INSIDE))
        .collect();
    found.sort();
    found
}

/// Windows is left out: the library in its system folder is too old.
fn system_folders() -> &'static [&'static str] {
    if cfg!(target_os = "macos") {
        &["/opt/homebrew/lib", "/usr/local/lib"]
    } else if cfg!(windows) {
        &[]
    } else if cfg!(target_arch = "x86_64") {
        &[
            "/usr/local/lib",
            "/usr/lib/x86_64-linux-gnu",
            "/usr/lib64",
            "/usr/lib",
        ]
    } else if cfg!(target_arch = "aarch64") {
        &[
            "/usr/local/lib",
            "/usr/lib/aarch64-linux-gnu",
            "/usr/lib64",
            "/usr/lib",
        ]
    } else {
        &["/usr/local/lib", "/usr/lib"]
    }
}

/// Whether a file is the main library and not one of its providers; it is often versioned.
fn is_library(name: &str) -> bool {
    name.starts_with("libonnxruntime.so")
        || name
            .strip_prefix("libonnxruntime.")
            .is_some_and(|rest| rest.split('.').next_back() == Some("dylib"))
        || name == "onnxruntime.dll"
}

/// The version in the file's name, behind links, or that is its folder's name: `1.31.1`.
pub(super) fn version_of(path: &Path) -> Option<String> {
    let path = real(path);
    let is_version = |name: &str| name.starts_with(|c: char| c.is_ascii_digit());
    let folder = path.parent().filter(|folder| is_version(&name_of(folder)));
    [Some(path.as_path()), folder]
        .into_iter()
        .flatten()
        .find_map(|part| {
            let numbers = numbers(part);
            (numbers.len() >= 2).then(|| {
                let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
                texts.join(".")
            })
        })
}

/// The numbers in a file's name, in order.
fn numbers(path: &Path) -> Vec<u64> {
    name_of(path)
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

pub(super) fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_libraries_by_name_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "libonnxruntime.so.1.9.0",
            "libonnxruntime.so.1.31.1",
            "libonnxruntime_providers_shared.so",
            "libonnxruntime_providers_cuda.dylib",
            "notes.txt",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found = Place(folder.path().to_owned()).candidates().unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|p| p.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(
            names,
            ["libonnxruntime.so.1.31.1", "libonnxruntime.so.1.9.0"]
        );
        assert_eq!(version_of(&found[0]).as_deref(), Some("1.31.1"));

        fs::create_dir_all(folder.path().join("onnxruntime/1.30.0")).unwrap();
        fs::create_dir_all(folder.path().join("onnxruntime/1.4.0")).unwrap();
        let versions = versions_in(&folder.path().join("onnxruntime"));
        assert!(versions[0].ends_with("1.30.0"));
        assert!(Place(versions[0].clone()).candidates().is_err());
        assert!(Place(folder.path().join("absent")).candidates().is_err());
        assert_eq!(
            version_of(&versions[0].join("onnxruntime.dll")).as_deref(),
            Some("1.30.0")
        );
    }

    #[test]
    fn a_library_is_known_on_every_system() {
        for name in [
            "libonnxruntime.so",
            "libonnxruntime.1.31.1.dylib",
            "onnxruntime.dll",
        ] {
            assert!(is_library(name), "{name}");
        }
        for name in [
            "libonnxruntime_providers_cuda.so",
            "onnxruntime_providers_shared.dll",
        ] {
            assert!(!is_library(name), "{name}");
        }
    }
}
