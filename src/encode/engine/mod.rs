//! The engines that run a graph: ONNX Runtime on one of its providers, and the compiled-in tract.

mod ort;
mod output;
mod tract;

use std::fmt;
use std::str::FromStr;

pub(super) use output::{Output, pool};
pub(super) use tract::inferred_shapes;

use serde::{Deserialize, Serialize};

use super::EncodeError;
use super::model::Model;
use super::runtime;
use super::wiring::Wiring;

/// Versions of the standard operators that both engines know; others may do.
const OPSETS: std::ops::RangeInclusive<u64> = 9..=22;

/// Where a model runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Device {
    /// Where a library of ONNX Runtime is found, the fastest of its first accelerator that works, the processor, and
    /// the compiled-in engine; else the compiled-in engine.
    #[default]
    Auto,
    /// The compiled-in engine, tract, on the processor.
    Compiled,
    /// ONNX Runtime with one of its providers; an error when it cannot be used.
    Runtime(Provider),
}

impl Device {
    /// Where a model runs that is given a few objects now and then: `auto` is the processor, as nothing
    /// would be gained by a contest.
    pub(super) fn for_single_objects(self) -> Option<Provider> {
        match self {
            Self::Auto => runtime::runtime().loaded.as_ref().map(|_| Provider::Cpu),
            Self::Compiled => None,
            Self::Runtime(provider) => Some(provider),
        }
    }
}

/// An execution provider of ONNX Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// The processor.
    Cpu,
    /// NVIDIA.
    Cuda,
    /// NVIDIA, with engines built for one model.
    TensorRt,
    /// AMD.
    MiGraphX,
    /// Intel.
    OpenVino,
    /// Any graphics device, through Dawn.
    WebGpu,
    /// Apple.
    CoreMl,
    /// Any graphics device on Windows.
    DirectMl,
}

impl Provider {
    /// All of them, in the order that a report lists them.
    pub const ALL: [Self; 8] = [
        Self::Cpu,
        Self::Cuda,
        Self::TensorRt,
        Self::MiGraphX,
        Self::OpenVino,
        Self::WebGpu,
        Self::CoreMl,
        Self::DirectMl,
    ];

    /// What `auto` tries, in this order. `TensorRT` builds an engine for minutes, so that it is used only
    /// when it is named.
    pub(super) const ACCELERATORS: [Self; 6] = [
        Self::Cuda,
        Self::MiGraphX,
        Self::DirectMl,
        Self::OpenVino,
        Self::CoreMl,
        Self::WebGpu,
    ];

    /// As its makers write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Cuda => "CUDA",
            Self::TensorRt => "TensorRT",
            Self::MiGraphX => "MIGraphX",
            Self::OpenVino => "OpenVINO",
            Self::WebGpu => "WebGPU",
            Self::CoreMl => "CoreML",
            Self::DirectMl => "DirectML",
        }
    }
}

/// As on the command line: `auto`, `tract`, or a provider's name in lower case.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Compiled => f.write_str("tract"),
            Self::Runtime(provider) => f.write_str(&provider.name().to_ascii_lowercase()),
        }
    }
}

impl FromStr for Device {
    type Err = EncodeError;

    fn from_str(text: &str) -> Result<Self, EncodeError> {
        let providers = Provider::ALL.into_iter().map(Self::Runtime);
        let all: Vec<Self> = [Self::Auto, Self::Compiled]
            .into_iter()
            .chain(providers)
            .collect();
        all.iter()
            .copied()
            .find(|device| device.to_string().eq_ignore_ascii_case(text))
            .ok_or_else(|| EncodeError::Device {
                device: text.to_owned(),
                reason: format!(
                    "there is none of that name: choose one of {}",
                    all.iter()
                        .map(Self::to_string)
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            })
    }
}

/// A model ready to run.
pub(super) enum Engine {
    Ort(ort::OrtEngine),
    Tract(tract::TractEngine),
}

impl Engine {
    /// Loads a model onto a provider of ONNX Runtime, or into the compiled-in engine where there is none.
    pub(super) fn open(
        model: &Model,
        wiring: &Wiring,
        provider: Option<Provider>,
    ) -> Result<Self, EncodeError> {
        Self::load(model, wiring, provider).map_err(|e| match e {
            EncodeError::Model { path, reason } if !OPSETS.contains(&model.graph.opset) => {
                let opset = model.graph.opset;
                let reason =
                    format!("{reason}; it is written in opset {opset}: export it with opset 17");
                EncodeError::Model { path, reason }
            }
            other => other,
        })
    }

    fn load(
        model: &Model,
        wiring: &Wiring,
        provider: Option<Provider>,
    ) -> Result<Self, EncodeError> {
        let Some(provider) = provider else {
            return tract::TractEngine::open(model, wiring).map(Self::Tract);
        };
        let loaded = runtime::runtime().loaded.as_ref();
        let loaded = loaded.ok_or_else(|| EncodeError::Device {
            device: Device::Runtime(provider).to_string(),
            reason: runtime::missing_reason(),
        })?;
        ort::OrtEngine::open(model, wiring, loaded, provider).map(Self::Ort)
    }

    /// Runs `count` objects, `count x` [`Wiring::shape`]; returns the wiring's outputs in order.
    ///
    /// `values` holds whole batches when the graph is written for a fixed batch.
    pub(super) fn run(&mut self, values: &[f32], count: usize) -> Result<Vec<Output>, String> {
        match self {
            Self::Ort(engine) => engine.run(values, count),
            Self::Tract(engine) => engine.run(values, count),
        }
    }

    /// Whether batches are worth filling far beyond what a processor likes.
    pub(super) fn prefers_large_batches(&self) -> bool {
        matches!(self, Self::Ort(engine) if engine.provider() != Provider::Cpu)
    }
}

/// Such as "ONNX Runtime 1.31.1 CPU".
impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ort(engine) => {
                let version = engine
                    .library()
                    .version
                    .as_deref()
                    .unwrap_or("of unknown version");
                write!(f, "ONNX Runtime {version} {}", engine.provider().name())
            }
            Self::Tract(_) => write!(f, "tract {} CPU", tract::VERSION),
        }
    }
}
