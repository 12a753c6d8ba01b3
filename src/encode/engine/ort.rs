//! ONNX Runtime, run by whoever owns it.
//!
//! On a processor a batch is divided among lanes, sessions of one thread each: threads that share one
//! session wait for each other after every operation, which costs a fifth of their time on small models.

use std::iter;
use std::num::NonZero;
use std::thread::available_parallelism;

use rayon::prelude::*;

use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::value::TensorRef;

use super::super::model::Model;
use super::super::runtime::{Library, register};
use super::super::wiring::{Wanted, Wiring};
use super::{Device, EncodeError, Output, Provider};
use crate::quiet::{catch, one_line};

/// Most sessions of one model.
const MAX_LANES: usize = 8;
/// Each lane has weights of its own: models together stay below this, 64 MiB.
const MAX_LANES_BYTES: usize = 64 << 20;

pub(in crate::encode) struct OrtEngine {
    /// At least one.
    lanes: Vec<Session>,
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
        let threads = available_parallelism().map_or(1, NonZero::get);
        let count = lanes(model, wiring, provider).clamp(1, threads);
        let open_lane = || {
            let mut builder = catch(|| options(environment, provider, threads / count))
                .and_then(|result| result)
                .map_err(device_error)?;
            if provider != Provider::Cpu {
                builder = register(provider, environment, builder).map_err(device_error)?;
            }
            // Weights in files of their own are found from the model's path.
            catch(|| {
                if model.graph.external_files.is_empty() {
                    builder.commit_from_memory(&model.bytes)
                } else {
                    builder.commit_from_file(&model.path)
                }
            })
            .and_then(|result| result.map_err(|e| one_line(e.message())))
            .map_err(|reason| model.refuse(format!("ONNX Runtime: {reason}")))
        };
        Ok(Self {
            lanes: iter::repeat_with(open_lane)
                .take(count)
                .collect::<Result<_, _>>()?,
            wiring: wiring.clone(),
            provider,
            library,
        })
    }

    pub(super) fn run(&mut self, values: &[f32], count: usize) -> Result<Vec<Output>, String> {
        let Self { lanes, wiring, .. } = self;
        let (batch, length) = (wiring.fixed_batch.unwrap_or(count), wiring.object_len());
        let values = values
            .get(..batch * length)
            .ok_or("the batch is not full")?;
        if let [lane] = lanes.as_mut_slice() {
            return run(lane, wiring, values);
        }
        let share = count.div_ceil(lanes.len()).max(1) * length;
        lanes
            .par_iter_mut()
            .zip(values.par_chunks(share))
            .map(|(lane, values)| run(lane, wiring, values))
            .collect::<Result<_, _>>()
            .and_then(Output::join)
    }

    pub(super) fn provider(&self) -> Provider {
        self.provider
    }

    pub(super) fn library(&self) -> &Library {
        self.library
    }
}

/// Into how many sessions a model may be opened.
fn lanes(model: &Model, wiring: &Wiring, provider: Provider) -> usize {
    let divisible = wiring.fixed_batch.is_none() && model.graph.external_files.is_empty();
    if provider == Provider::Cpu && divisible {
        MAX_LANES.min(MAX_LANES_BYTES / model.bytes.len().max(1))
    } else {
        1
    }
}

/// Runs whole objects, `count x` [`Wiring::shape`].
fn run(session: &mut Session, wiring: &Wiring, values: &[f32]) -> Result<Vec<Output>, String> {
    let count = values.len() / wiring.object_len();
    let shape: Vec<usize> = iter::once(count).chain(wiring.shape.clone()).collect();
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

/// Session options for throughput without burning a core on waiting.
fn options(
    environment: &Environment,
    provider: Provider,
    threads: usize,
) -> Result<SessionBuilder, String> {
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
