//! The layers of ARCHITECTURE.md: a room imports only from the layers below its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const LAYERS: [&[&str]; 7] = [
    &[
        "progress", "color", "mask", "memory", "hash", "quiet", "smooth", "threads",
    ],
    &["data", "spatial"],
    &[
        "subset", "io", "synth", "encode", "analysis", "figure", "render",
    ],
    &["session"],
    &["scene"],
    &["job"],
    &["cli", "gui"],
];
/// A front end may open the other: the command line starts the window.
const EXCEPTIONS: [(&str, &str); 1] = [("cli", "gui")];

fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The rooms that a file names as `crate::room` or inside `crate::{...}`.
fn imported(text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        // `pub(in crate::io)` and `$crate::` are not imports.
        if text[..at].ends_with("in ") || text[..at].ends_with('$') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        let name: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        assert!(
            !rest.starts_with('{'),
            "write one `use crate::room` for each room: {rest:.40}"
        );
        rooms.push(name);
    }
    rooms
}

#[test]
fn rooms_import_only_from_lower_layers() {
    let layer: BTreeMap<&str, usize> = LAYERS
        .iter()
        .enumerate()
        .flat_map(|(layer, rooms)| rooms.iter().map(move |room| (*room, layer)))
        .collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&source, &mut files);
    let mut wrong = Vec::new();
    for file in &files {
        let relative = file.strip_prefix(&source).unwrap();
        let first = relative
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap();
        let room = first.trim_end_matches(".rs");
        if ["lib", "main"].contains(&room) {
            continue;
        }
        let Some(&own) = layer.get(room) else {
            wrong.push(format!("{} lies in no layer", relative.display()));
            continue;
        };
        for other in imported(&std::fs::read_to_string(file).unwrap()) {
            let allowed = other == room
                || EXCEPTIONS.contains(&(room, other.as_str()))
                || layer.get(other.as_str()).is_some_and(|&l| l < own);
            if !allowed {
                wrong.push(format!("{} imports {other}", relative.display()));
            }
        }
    }
    assert!(files.len() > 50, "the sources were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_shader_belongs_to_a_rust_file_of_its_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(root.join("shaders")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(
            root.join(format!("src/render/{stem}.rs")).exists(),
            "{stem}.wgsl"
        );
        let text = std::fs::read_to_string(&path).unwrap();
        naga::front::wgsl::parse_str(&text).unwrap_or_else(|e| panic!("{stem}.wgsl: {e}"));
    }
}
