//! Execution providers that come as plug-ins, in libraries of their own: those that lie where ONNX Runtime does, or in
//! the Python packages `onnxruntime_ep_…` beside its own.

use std::fs;
use std::path::{Path, PathBuf};

use ort::environment::Environment;

use super::search::name_of;
use crate::quiet::{catch, one_line};

/// A plug-in, and whether ONNX Runtime took it.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// The file.
    pub path: PathBuf,
    /// Nothing, or why it was not taken.
    pub taken: Result<(), String>,
}

/// Has ONNX Runtime, which lies there, take all plug-ins.
pub(super) fn load(environment: &Environment, library: &Path) -> Vec<Plugin> {
    let take = |path: &Path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        environment
            .register_ep_library(name, path)
            .map_err(|e| one_line(e.message()))
    };
    found(library)
        .into_iter()
        .map(|path| Plugin {
            taken: catch(|| take(&path)).and_then(|result| result),
            path,
        })
        .collect()
}

/// The plug-ins that lie beside a library, by name.
fn found(library: &Path) -> Vec<PathBuf> {
    let Some(folder) = library.parent() else {
        return Vec::new();
    };
    let packages = folder.ancestors().nth(2).map(entries).unwrap_or_default();
    let packages = packages.into_iter().filter(|package| {
        let is_package = |name: &str| name.starts_with("onnxruntime_ep_");
        folder.ends_with("onnxruntime/capi") && is_package(&name_of(package))
    });
    // Of the older kind there are files of such names too, which ONNX Runtime loads by itself, but for WebGPU.
    let beside = entries(folder).into_iter().filter(|path| is_plugin(path));
    let beside = beside.filter(|path| name_of(path).contains("webgpu"));
    let packed = packages
        .flat_map(|package| entries(&package))
        .filter(|path| is_plugin(path));
    let mut found: Vec<PathBuf> = beside.chain(packed).collect();
    found.sort();
    found
}

fn is_plugin(path: &Path) -> bool {
    let name = name_of(path);
    let name = name.strip_prefix("lib").unwrap_or(&name);
    let ending = path.extension().and_then(|ending| ending.to_str());
    name.starts_with("onnxruntime_providers_")
        && ending.is_some_and(|ending| ["so", "dylib", "dll"].contains(&ending))
        && path.is_file()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_lie_beside_the_library_or_in_packages_of_their_own() {
        let root = tempfile::tempdir().unwrap();
        let site = root.path().join("lib/python3.12/site-packages");
        let capi = site.join("onnxruntime/capi");
        let files = [
            capi.join("libonnxruntime.so.1.31.1"),
            capi.join("libonnxruntime_providers_cuda.so"),
            capi.join("libonnxruntime_providers_webgpu.so"),
            site.join("onnxruntime_ep_openvino/onnxruntime_providers_openvino.dll"),
            site.join("onnxruntime_ep_openvino/__init__.py"),
            site.join("another/libonnxruntime_providers_webgpu.so"),
        ];
        for file in &files {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        assert_eq!(found(&files[0]), [files[2].clone(), files[3].clone()]);

        let bare = root.path().join("bare");
        fs::create_dir_all(bare.join("onnxruntime_ep_webgpu")).unwrap();
        fs::write(
            bare.join("onnxruntime_ep_webgpu/libonnxruntime_providers_webgpu.so"),
            "",
        )
        .unwrap();
        assert!(found(&bare.join("a/b/libonnxruntime.so")).is_empty());
    }
}
