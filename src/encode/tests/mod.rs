//! Tests of the whole room on the small models of `tests/models` (see its `make.py`).

mod card;
mod columns;
mod engine;
mod graph;
mod picture_model;
mod pipeline;
mod tap;

use std::fs;
use std::path::{Path, PathBuf};

use super::{Device, Encoder, ModelCard, Provider};
use crate::data::{Cutout, RowOrder};

/// A model of `tests/models`.
pub(super) fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/models")
        .join(name)
}

/// `golden.json`, computed by numpy.
pub(super) fn golden() -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(model("golden.json")).unwrap()).unwrap()
}

/// A list of numbers in `golden.json`.
pub(super) fn numbers(value: &serde_json::Value) -> Vec<f32> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap() as f32)
        .collect()
}

/// The pixels of `make.py`'s `picture`.
pub(super) fn pixels(bands: usize, side: usize, seed: usize) -> Vec<f32> {
    (0..bands * side * side)
        .map(|i| ((i * 37 + 11 * seed) % 101) as f32 * 2.5)
        .collect()
}

pub(super) fn cutout(pixels: Vec<f32>, bands: &[&str], height: usize, width: usize) -> Cutout {
    let bands = bands.iter().map(|&band| band.to_owned()).collect();
    Cutout::new(pixels, bands, height, width, RowOrder::TopDown).unwrap()
}

/// The picture of `make.py` with that seed, 3 x 8 x 8.
pub(super) fn picture(seed: usize) -> Cutout {
    cutout(pixels(3, 8, seed), &["r", "g", "b"], 8, 8)
}

/// A folder with a model under a new name and a card beside it.
pub(super) struct Shelf {
    folder: tempfile::TempDir,
}

impl Shelf {
    /// Copies `original` to `m.onnx` and writes `card` beside it.
    pub(super) fn new(original: &str, card: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(model(original), folder.path().join("m.onnx")).unwrap();
        fs::write(folder.path().join("m.toml"), card).unwrap();
        Self { folder }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn card(&self) -> ModelCard {
        ModelCard::load(&self.path("m.toml")).unwrap()
    }
}

/// A card for 3 x 8 x 8 pictures with values around 127.
pub(super) fn card_text(rest: &str) -> String {
    format!(
        "name = 'small'\nversion = '1'\n[input]\nchannels = 3\nsize = 8\n\
         normalisation = {{ method = 'mean-std', mean = 127, std = 128 }}\n{rest}"
    )
}

/// The engines at hand: always tract; ONNX Runtime when a library is found.
#[expect(clippy::print_stderr, reason = "says which half of a test ran")]
pub(super) fn devices() -> Vec<Device> {
    let mut devices = vec![Device::Compiled];
    if super::runtime_report().library.is_some() {
        devices.push(Device::Runtime(Provider::Cpu));
    } else {
        eprintln!("no ONNX Runtime library found: its half of this test is skipped");
    }
    devices
}

/// The error of something that must fail.
pub(super) fn error<T>(result: Result<T, super::EncodeError>) -> String {
    match result {
        Ok(_) => panic!("this should fail"),
        Err(e) => e.to_string(),
    }
}

pub(super) fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * b.abs().max(1.0),
            "value {i}: {a} is not {b}"
        );
    }
}

pub(super) fn open(card: &ModelCard, device: Device) -> Encoder {
    Encoder::open(card, device).unwrap()
}
