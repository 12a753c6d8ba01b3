//! ONNX Runtime, found and loaded once per process, and what it offers.
//!
//! The library is never linked: [`runtime`] tries the places of `search` in order and keeps the
//! reason why each was not used, for `latentarium doctor`. Without one, models run on the
//! compiled-in engine.

mod plugins;
mod providers;
mod search;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ort::environment::Environment;

pub use plugins::Plugin;
pub(super) use providers::{offered, register};

use super::engine::Provider;
use crate::quiet::{catch, one_line};

/// What was found of ONNX Runtime, and why not more.
#[derive(Debug, Clone)]
pub struct RuntimeReport {
    /// The library in use.
    pub library: Option<Library>,
    /// Files and folders that were tried before it, each with the reason why it was not used.
    pub tried: Vec<(PathBuf, String)>,
    /// All providers this program knows; none is usable without a library.
    pub providers: Vec<ProviderState>,
    /// What the device `auto` times against the processor, in this order, until one of them works.
    pub accelerators: Vec<Provider>,
}

impl Library {
    /// What tells this file and its plug-ins from others of the same name: path, version, size and time of change.
    pub(super) fn identity(&self) -> String {
        let identity = |path: &Path| {
            let metadata = path.metadata().ok();
            let size = metadata.as_ref().map(std::fs::Metadata::len);
            let changed = metadata.and_then(|m| m.modified().ok());
            format!("{} {size:?} {changed:?}", path.display())
        };
        let plugins = self.plugins.iter().map(|plugin| identity(&plugin.path));
        let plugins: Vec<String> = plugins.collect();
        format!("{} {:?} {plugins:?}", identity(&self.path), self.version)
    }
}

/// A loaded ONNX Runtime.
#[derive(Debug, Clone)]
pub struct Library {
    /// The file.
    pub path: PathBuf,
    /// Its version, when the file's name tells.
    pub version: Option<String>,
    /// What the library says about its build.
    pub build: String,
    /// What was found beside it.
    pub plugins: Vec<Plugin>,
}

/// One way to run a graph, and whether this machine can.
#[derive(Debug, Clone)]
pub struct ProviderState {
    /// The provider.
    pub provider: Provider,
    /// Nothing, or why it cannot be used.
    pub usable: Result<(), String>,
}

/// The process's runtime.
pub(super) struct Runtime {
    pub(super) loaded: Option<(Environment, Library)>,
    tried: Vec<(PathBuf, String)>,
}

/// Finds and loads ONNX Runtime at the first call.
pub(super) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut tried = Vec::new();
        for place in search::places() {
            let candidates = match place.candidates() {
                Ok(candidates) => candidates,
                Err(reason) => {
                    tried.push((place.into_path(), reason));
                    continue;
                }
            };
            for path in candidates {
                match catch(|| load(&path)).and_then(|result| result) {
                    Ok(environment) => {
                        let library = describe(path, &environment);
                        return Runtime {
                            loaded: Some((environment, library)),
                            tried,
                        };
                    }
                    Err(reason) => tried.push((path, reason)),
                }
            }
        }
        Runtime {
            loaded: None,
            tried,
        }
    })
}

/// The state of ONNX Runtime on this machine; loads it if need be.
#[must_use]
pub fn report() -> RuntimeReport {
    let Runtime { loaded, tried } = runtime();
    let probe = |provider: Provider| match loaded {
        Some((environment, _)) => providers::probe(provider, environment),
        None => Err(missing_reason()),
    };
    RuntimeReport {
        library: loaded.as_ref().map(|(_, library)| library.clone()),
        tried: tried.clone(),
        accelerators: loaded
            .iter()
            .flat_map(|(environment, _)| offered(environment))
            .collect(),
        providers: Provider::ALL
            .into_iter()
            .map(|provider| ProviderState {
                provider,
                usable: probe(provider),
            })
            .collect(),
    }
}

/// Why there is no library, with the remedy.
pub(super) fn missing_reason() -> String {
    format!(
        "no ONNX Runtime library was found: set {} to one, or use the device `tract`",
        search::EXPLICIT
    )
}

fn load(path: &Path) -> Result<Environment, String> {
    let builder = ort::init_from(path).map_err(|e| one_line(&e.to_string()))?;
    let environment = builder
        .with_name("latentarium")
        .with_telemetry(false)
        .build()
        .map_err(|e| one_line(&e.to_string()))?;
    // Failures come back as errors; the terminal is ours.
    environment.set_log_level(ort::logging::LogLevel::Fatal);
    Ok(environment)
}

fn describe(path: PathBuf, environment: &Environment) -> Library {
    let build = catch(|| ort::info().to_owned()).unwrap_or_default();
    Library {
        plugins: plugins::load(environment, &path),
        version: search::version_of(&path),
        path,
        build: one_line(&build),
    }
}
