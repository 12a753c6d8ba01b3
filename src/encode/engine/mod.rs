//! The engines that run a graph: ONNX Runtime on one of its providers, and the compiled-in tract.

mod ort;
mod output;
mod tract;

use std::fmt;
use std::str::FromStr;

pub(super) use output::{Output, pool};
pub(super) use tract::inferred_shapes;

use super::EncodeError;
use super::model::Model;
use super::runtime;
use super::wiring::Wiring;

/// Where a model runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Device {
    /// ONNX Runtime on the processor when a library is found, else the compiled-in engine.
    #[default]
    Auto,
    /// The compiled-in engine, tract, on the processor.
    Compiled,
    /// ONNX Runtime with one of its providers; an error when it cannot be used.
    Runtime(Provider),
}

/// An execution provider of ONNX Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Loads a model onto a device.
    pub(super) fn open(
        model: &Model,
        wiring: &Wiring,
        device: Device,
    ) -> Result<Self, EncodeError> {
        let loaded = match device {
            Device::Compiled => None,
            Device::Auto | Device::Runtime(_) => runtime::runtime().loaded.as_ref(),
        };
        match (device, loaded) {
            (Device::Compiled | Device::Auto, None) => {
                tract::TractEngine::open(model, wiring).map(Self::Tract)
            }
            (Device::Runtime(_), None) => Err(EncodeError::Device {
                device: device.to_string(),
                reason: runtime::missing_reason(),
            }),
            (_, Some(loaded)) => {
                let provider = match device {
                    Device::Runtime(provider) => provider,
                    Device::Auto | Device::Compiled => Provider::Cpu,
                };
                ort::OrtEngine::open(model, wiring, loaded, provider).map(Self::Ort)
            }
        }
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
