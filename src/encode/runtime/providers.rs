//! The execution providers of a loaded ONNX Runtime, compiled into it or plugged in.

use ort::device::Device;
use ort::environment::Environment;
use ort::ep::{self, ExecutionProvider};
use ort::session::Session;
use ort::session::builder::SessionBuilder;

use super::super::engine::Provider;
use crate::quiet::{catch, one_line};

/// The accelerators that this ONNX Runtime has. Those that are compiled in are counted whether or not they work on
/// this machine, plug-ins where they have found a device.
pub(in crate::encode) fn offered(environment: &Environment) -> Vec<Provider> {
    let has = |provider: &Provider| {
        catch(|| match provider {
            Provider::Cpu => has::<ep::CPU>(environment),
            Provider::Cuda => has::<ep::CUDA>(environment),
            Provider::TensorRt => has::<ep::TensorRT>(environment),
            Provider::MiGraphX => has::<ep::MIGraphX>(environment),
            Provider::OpenVino => has::<ep::OpenVINO>(environment),
            Provider::WebGpu => has::<ep::WebGPU>(environment),
            Provider::CoreMl => has::<ep::CoreML>(environment),
            Provider::DirectMl => has::<ep::DirectML>(environment),
        })
        .unwrap_or(false)
    };
    Provider::ACCELERATORS.into_iter().filter(has).collect()
}

/// Adds a provider to a session's options; an error says why it cannot be used.
pub(in crate::encode) fn register(
    provider: Provider,
    environment: &Environment,
    builder: SessionBuilder,
) -> Result<SessionBuilder, String> {
    catch(|| match provider {
        Provider::Cpu => {
            let cpu = ep::CPU::default().with_arena_allocator(true);
            add(&cpu, environment, builder)
        }
        Provider::Cuda => add(&ep::CUDA::default(), environment, builder),
        Provider::TensorRt => add(&ep::TensorRT::default(), environment, builder),
        Provider::MiGraphX => add(&ep::MIGraphX::default(), environment, builder),
        Provider::OpenVino => add(&ep::OpenVINO::default(), environment, builder),
        Provider::WebGpu => add(&ep::WebGPU::default(), environment, builder),
        Provider::CoreMl => add(&ep::CoreML::default(), environment, builder),
        Provider::DirectMl => add(&ep::DirectML::default(), environment, builder),
    })
    .and_then(|result| result)
}

/// Whether a provider could be added to a session.
pub(super) fn probe(provider: Provider, environment: &Environment) -> Result<(), String> {
    let builder = catch(|| Session::builder(environment))?.map_err(|e| one_line(e.message()))?;
    register(provider, environment, builder).map(drop)
}

fn has<E: ExecutionProvider>(environment: &Environment) -> bool {
    matches!(E::is_available(), Ok(true)) || plugged_in::<E>(environment).is_some()
}

fn add<E: ExecutionProvider>(
    provider: &E,
    environment: &Environment,
    mut builder: SessionBuilder,
) -> Result<SessionBuilder, String> {
    // Compiled in is not yet usable: drivers and libraries are looked for only on registration.
    if E::is_available().map_err(|e| one_line(e.message()))? {
        provider
            .register(&mut builder)
            .map_err(|e| one_line(e.message()))?;
        return Ok(builder);
    }
    let device = plugged_in::<E>(environment).ok_or(
        "this build of ONNX Runtime does not have it, nor a plug-in beside it a device for it",
    )?;
    builder
        .with_devices([device], None)
        .map_err(|e| one_line(e.message()))
}

/// The first device of a plug-in.
fn plugged_in<E: ExecutionProvider>(environment: &Environment) -> Option<Device<'_>> {
    let is_its = |device: &Device<'_>| device.ep().is_ok_and(|name| name == E::NAME);
    environment.devices().find(is_its)
}
