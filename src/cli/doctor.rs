//! `latentarium doctor`: what this machine offers, and why not more.

use clap::Args;
use serde_json::json;

use super::Answer;
use crate::encode::{Measured, RuntimeReport, runtime_report};
use crate::job::DeviceFile;
use crate::render::{Gpu, adapters};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Whether a window can be opened, and why not.
pub(super) fn display() -> Result<String, String> {
    if cfg!(any(target_os = "macos", target_os = "windows")) {
        return Ok("the system's own".to_owned());
    }
    let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    match (set("WAYLAND_DISPLAY"), set("DISPLAY")) {
        (Some(name), _) => Ok(format!("Wayland {name}")),
        (None, Some(name)) => Ok(format!("X11 {name}")),
        (None, None) => Err(
            "neither WAYLAND_DISPLAY nor DISPLAY is set; log in to a desktop, use ssh -X or Xvfb"
                .to_owned(),
        ),
    }
}

pub(super) fn run() -> Answer {
    let (display, adapters, runtime) = (display(), adapters(), runtime_report());
    let used = Gpu::headless()
        .map(|gpu| gpu.adapter().clone())
        .map_err(|e| e.to_string());

    let mut lines = vec![
        format!("Latentarium {}", env!("CARGO_PKG_VERSION")),
        String::new(),
        "Display".to_owned(),
    ];
    lines.push(match &display {
        Ok(name) => format!("  yes  {name}"),
        Err(reason) => format!("  no   {reason}"),
    });
    lines.extend([String::new(), "Graphics adapters".to_owned()]);
    for adapter in &adapters {
        let mark = if used.as_ref() == Ok(adapter) {
            "used"
        } else {
            "    "
        };
        lines.push(format!(
            "  {mark} {} ({}, {}, {})",
            adapter.name, adapter.backend, adapter.kind, adapter.driver
        ));
    }
    if let Err(reason) = &used {
        lines.push(format!("  no   {reason}"));
    }
    lines.extend([String::new(), "ONNX engines".to_owned()]);
    lines.extend(engines(&runtime));
    lines.extend([String::new(), "Execution providers".to_owned()]);
    for state in &runtime.providers {
        lines.push(match &state.usable {
            Ok(()) => format!("  yes  {}", state.provider.name()),
            Err(reason) => format!("  no   {}: {reason}", state.provider.name()),
        });
    }

    lines.extend([String::new(), "The device auto".to_owned()]);
    lines.push(match (&runtime.library, &runtime.accelerators[..]) {
        (None, _) => "  tract: no ONNX Runtime library was found".to_owned(),
        (Some(_), []) => {
            "  the faster of the CPU and the compiled-in engine: this library offers no accelerator"
                .to_owned()
        }
        (Some(_), offered) => {
            let names: Vec<&str> = offered.iter().map(|provider| provider.name()).collect();
            format!(
                "  the fastest of the CPU, the compiled-in engine and the first that works of {}",
                names.join(", ")
            )
        }
    });
    let known = DeviceFile::of_user().known();
    for known in &known {
        let measured = &known.measured;
        let kept = Measured::name(measured.kept);
        lines.push(format!(
            "  measured for {}: {kept}, of {measured}",
            known.model
        ));
    }

    let json = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "display": outcome(&display),
        "adapters": adapters,
        "adapter_used": used.as_ref().map_or_else(|e| json!({ "error": e }), |a| json!(a)),
        "onnx_runtime": runtime.library.as_ref().map(|l| json!({ "path": l.path.display().to_string(), "version": l.version, "build": l.build })),
        "onnx_runtime_plugins": runtime.library.iter().flat_map(|l| &l.plugins).map(|p| {
            json!({ "path": p.path.display().to_string(), "taken": p.taken.is_ok(), "reason": p.taken.as_ref().err() })
        }).collect::<Vec<_>>(),
        "onnx_runtime_tried": runtime.tried.iter().map(|(p, r)| json!({ "path": p.display().to_string(), "reason": r })).collect::<Vec<_>>(),
        "tract": true,
        "auto": json!({
            "accelerators": runtime.accelerators.iter().map(|p| p.name()).collect::<Vec<_>>(),
            "measured": known.iter().map(|k| json!({ "model": k.model, "measured": k.measured })).collect::<Vec<_>>(),
        }),
        "providers": runtime.providers.iter().map(|s| {
            json!({ "name": s.provider.name(), "usable": s.usable.is_ok(), "reason": s.usable.as_ref().err() })
        }).collect::<Vec<_>>(),
    });
    Answer {
        text: lines.join("\n"),
        json,
    }
}

/// What runs models.
fn engines(runtime: &RuntimeReport) -> Vec<String> {
    let mut lines = vec![match &runtime.library {
        Some(library) => format!(
            "  used ONNX Runtime {} ({})",
            library.version.as_deref().unwrap_or("of unknown version"),
            library.path.display()
        ),
        None => "  no   ONNX Runtime: no library that can be used was found; ./run fetches one"
            .to_owned(),
    }];
    let plugins = runtime.library.iter().flat_map(|library| &library.plugins);
    lines.extend(plugins.map(|plugin| {
        let path = plugin.path.display();
        match &plugin.taken {
            Ok(()) => format!("  yes  its plug-in {path}"),
            Err(reason) => format!("  no   its plug-in {path}: {reason}"),
        }
    }));
    lines.push("  yes  tract, compiled in".to_owned());
    let tried = runtime.tried.iter();
    lines.extend(tried.map(|(path, reason)| format!("  tried {}: {reason}", path.display())));
    lines
}

fn outcome(result: &Result<String, String>) -> serde_json::Value {
    match result {
        Ok(name) => json!({ "usable": true, "name": name }),
        Err(reason) => json!({ "usable": false, "reason": reason }),
    }
}
