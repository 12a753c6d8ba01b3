//! The execution providers of a loaded ONNX Runtime.

use ort::environment::Environment;
use ort::ep::{self, ExecutionProvider};
use ort::session::Session;
use ort::session::builder::SessionBuilder;

use super::super::engine::Provider;
use crate::quiet::{catch, one_line};

/// The accelerators that this build of ONNX Runtime has, whether or not they work on this machine.
pub(in crate::encode) fn offered() -> Vec<Provider> {
    let has = |provider: &Provider| {
        let answer = catch(|| match provider {
            Provider::Cpu => ep::CPU::is_available(),
            Provider::Cuda => ep::CUDA::is_available(),
            Provider::TensorRt => ep::TensorRT::is_available(),
            Provider::MiGraphX => ep::MIGraphX::is_available(),
            Provider::OpenVino => ep::OpenVINO::is_available(),
            Provider::WebGpu => ep::WebGPU::is_available(),
            Provider::CoreMl => ep::CoreML::is_available(),
            Provider::DirectMl => ep::DirectML::is_available(),
        });
        matches!(answer, Ok(Ok(true)))
    };
    Provider::ACCELERATORS.into_iter().filter(has).collect()
}

/// Adds a provider to a session's options; an error says why it cannot be used.
pub(in crate::encode) fn register(
    provider: Provider,
    builder: &mut SessionBuilder,
) -> Result<(), String> {
    catch(|| match provider {
        Provider::Cpu => add(&ep::CPU::default().with_arena_allocator(true), builder),
        Provider::Cuda => add(&ep::CUDA::default(), builder),
        Provider::TensorRt => add(&ep::TensorRT::default(), builder),
        Provider::MiGraphX => add(&ep::MIGraphX::default(), builder),
        Provider::OpenVino => add(&ep::OpenVINO::default(), builder),
        Provider::WebGpu => add(&ep::WebGPU::default(), builder),
        Provider::CoreMl => add(&ep::CoreML::default(), builder),
        Provider::DirectMl => add(&ep::DirectML::default(), builder),
    })
    .and_then(|result| result)
}

/// Whether a provider could be added to a session.
pub(super) fn probe(provider: Provider, environment: &Environment) -> Result<(), String> {
    let mut builder =
        catch(|| Session::builder(environment))?.map_err(|e| one_line(e.message()))?;
    register(provider, &mut builder)
}

fn add<E: ExecutionProvider>(provider: &E, builder: &mut SessionBuilder) -> Result<(), String> {
    // Compiled in is not yet usable: drivers and libraries are looked for only on registration.
    if E::is_available().map_err(|e| one_line(e.message()))? {
        provider
            .register(builder)
            .map_err(|e| one_line(e.message()))
    } else {
        Err("this build of ONNX Runtime does not have it".to_owned())
    }
}
