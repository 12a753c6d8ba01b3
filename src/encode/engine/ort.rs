//! ONNX Runtime: one session, run by whoever owns it.

use std::iter;
use std::num::NonZero;
use std::thread::available_parallelism;

use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::value::TensorRef;

use super::super::model::Model;
use super::super::runtime::{Library, register};
use super::super::wiring::{Wanted, Wiring};
use super::{Device, EncodeError, Output, Provider};
use crate::quiet::{catch, one_line};

pub(in crate::encode) struct OrtEngine {
    session: Session,
    wiring: Wiring,
    provider: Provider,
    library: &'static Library,
}

impl OrtEngine {
    pub(super) fn open(
        model: &Model,
        wiring: &Wiring,
        (environment, library): &'static (Environment, Library),
        provider: Provider,
    ) -> Result<Self, EncodeError> {
        let device_error = |reason| EncodeError::Device {
            device: Device::Runtime(provider).to_string(),
            reason,
        };
        let mut builder = catch(|| options(environment, provider))
            .and_then(|result| result)
            .map_err(device_error)?;
        if provider != Provider::Cpu {
            register(provider, &mut builder).map_err(device_error)?;
        }
        // Weights in files of their own are found from the model's path.
        let session = catch(|| {
            if model.graph.external_files.is_empty() {
                builder.commit_from_memory(&model.bytes)
            } else {
                builder.commit_from_file(&model.path)
            }
        })
        .and_then(|result| result.map_err(|e| one_line(e.message())))
        .map_err(|reason| model.refuse(format!("ONNX Runtime: {reason}")))?;
        Ok(Self {
            session,
            wiring: wiring.clone(),
            provider,
            library,
        })
    }

    pub(super) fn run(&mut self, values: &[f32], count: usize) -> Result<Vec<Output>, String> {
        let Self {
            session, wiring, ..
        } = self;
        let batch = wiring.fixed_batch.unwrap_or(count);
        let shape: Vec<usize> = iter::once(batch).chain(wiring.shape.clone()).collect();
        let values = values
            .get(..batch * wiring.object_len())
            .ok_or("the batch is not full")?;
        catch(|| {
            let tensor = TensorRef::from_array_view((shape, values))?;
            let answers = session.run(ort::inputs![wiring.input.as_str() => tensor])?;
            let output = |wanted: &Wanted| {
                let answer = answers
                    .get(&wanted.name)
                    .ok_or_else(|| ort::Error::new("an output is missing"))?;
                let (shape, values) = answer.try_extract_tensor::<f32>()?;
                Ok(Output {
                    shape: shape
                        .iter()
                        .map(|&axis| usize::try_from(axis).unwrap_or(0))
                        .collect(),
                    values: values.to_vec(),
                })
            };
            wiring.outputs.iter().map(output).collect()
        })
        .and_then(|result: ort::Result<Vec<Output>>| result.map_err(|e| one_line(e.message())))
    }

    pub(super) fn provider(&self) -> Provider {
        self.provider
    }

    pub(super) fn library(&self) -> &Library {
        self.library
    }
}

/// Session options for throughput without burning a core on waiting.
fn options(environment: &Environment, provider: Provider) -> Result<SessionBuilder, String> {
    let threads = available_parallelism().map_or(1, NonZero::get);
    let text = |e: ort::Error<SessionBuilder>| one_line(e.message());
    Session::builder(environment)
        .map_err(|e| one_line(e.message()))?
        .with_optimization_level(GraphOptimizationLevel::All)
        .map_err(text)?
        .with_intra_threads(threads)
        .map_err(text)?
        .with_intra_op_spinning(false)
        .map_err(text)?
        // DirectML refuses memory patterns.
        .with_memory_pattern(provider != Provider::DirectMl)
        .map_err(text)
}
