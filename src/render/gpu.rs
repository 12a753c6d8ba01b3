//! The graphics device: found headless, or shared with the window.

use std::sync::{Arc, OnceLock};

use super::RenderError;

/// A device to draw with.
#[derive(Debug, Clone)]
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    adapter: AdapterSummary,
}

/// What has gone wrong on a device.
#[derive(Debug, Clone, Default)]
pub struct DeviceWatch {
    failure: Arc<OnceLock<String>>,
}

impl DeviceWatch {
    /// The first failure, in a sentence; after it nothing more comes from the device.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }
}

/// What an adapter says of itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AdapterSummary {
    /// Such as "llvmpipe (LLVM 15.0.6, 256 bits)".
    pub name: String,
    /// Vulkan, Metal, Dx12 or Gl.
    pub backend: String,
    /// Discrete GPU, integrated GPU, CPU.
    pub kind: String,
    /// Driver name and version.
    pub driver: String,
}

impl From<wgpu::AdapterInfo> for AdapterSummary {
    fn from(info: wgpu::AdapterInfo) -> Self {
        Self {
            backend: format!("{:?}", info.backend),
            kind: format!("{:?}", info.device_type),
            driver: format!("{} {}", info.driver, info.driver_info)
                .trim()
                .to_owned(),
            name: info.name,
        }
    }
}

fn instance(backends: wgpu::Backends) -> wgpu::Instance {
    wgpu::Instance::new(
        wgpu::InstanceDescriptor {
            backends,
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        }
        .with_env(),
    )
}

/// Every adapter that this machine offers.
#[must_use]
pub fn adapters() -> Vec<AdapterSummary> {
    let all = wgpu::Backends::all();
    pollster::block_on(instance(all).enumerate_adapters(all))
        .iter()
        .map(|adapter| adapter.get_info().into())
        .collect()
}

/// What the map asks of a device: nothing beyond wgpu's down-level defaults, but textures and
/// buffers as large as the adapter has.
#[must_use]
pub fn device_descriptor(adapter: &wgpu::Adapter) -> wgpu::DeviceDescriptor<'static> {
    let offered = adapter.limits();
    wgpu::DeviceDescriptor {
        label: Some("latentarium"),
        required_limits: wgpu::Limits {
            max_buffer_size: offered.max_buffer_size,
            ..wgpu::Limits::downlevel_defaults()
        }
        .using_resolution(offered),
        ..Default::default()
    }
}

impl Gpu {
    /// Every adapter of this machine that can be used, without a window.
    #[must_use]
    pub fn every() -> Vec<Self> {
        let all = wgpu::Backends::all();
        let adapters = pollster::block_on(instance(all).enumerate_adapters(all));
        let open = |adapter| Self::open(adapter).ok();
        adapters.iter().filter_map(open).collect()
    }

    /// The strongest adapter without a window; software Vulkan serves as well.
    ///
    /// # Errors
    /// When there is no adapter or it cannot be used.
    pub fn headless() -> Result<Self, RenderError> {
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let request = |backends| pollster::block_on(instance(backends).request_adapter(&options));
        // OpenGL looks for a display first, so it comes last.
        let adapter = request(wgpu::Backends::PRIMARY)
            .or_else(|_| request(wgpu::Backends::all()))
            .map_err(|e| RenderError::NoAdapter(e.to_string()))?;
        Self::open(&adapter)
    }

    fn open(adapter: &wgpu::Adapter) -> Result<Self, RenderError> {
        let summary = AdapterSummary::from(adapter.get_info());
        let request = adapter.request_device(&device_descriptor(adapter));
        let (device, queue) = pollster::block_on(request).map_err(|e| RenderError::Device {
            adapter: summary.name.clone(),
            reason: e.to_string(),
        })?;
        Ok(Self::shared(device, queue, summary))
    }

    /// A device that the window owns.
    #[must_use]
    pub fn shared(device: wgpu::Device, queue: wgpu::Queue, adapter: AdapterSummary) -> Self {
        Self {
            device,
            queue,
            adapter,
        }
    }

    /// Keeps what goes wrong on the device from ending the program.
    #[must_use]
    pub fn watch(&self) -> DeviceWatch {
        let watch = DeviceWatch::default();
        let failed = Arc::clone(&watch.failure);
        self.device.set_device_lost_callback(move |reason, text| {
            let text = text.trim();
            let why = if text.is_empty() {
                format!("{reason:?}")
            } else {
                text.to_owned()
            };
            drop(failed.set(format!("the graphics device was lost: {why}")));
        });
        let failed = Arc::clone(&watch.failure);
        self.device.on_uncaptured_error(Arc::new(move |error| {
            let text = match error {
                wgpu::Error::OutOfMemory { .. } => {
                    "the graphics adapter has no memory left; close other programs, or make the window smaller"
                        .to_owned()
                }
                error => format!("the graphics device failed: {error}"),
            };
            drop(failed.set(text));
        }));
        watch
    }

    /// Lets the device tell its watch what has happened to it; does not wait.
    pub fn hear(&self) {
        drop(self.device.poll(wgpu::PollType::Poll));
    }

    /// Ends the device; whoever watches it is told.
    pub fn stop(&self) {
        self.device.destroy();
    }

    pub(super) fn device(&self) -> &wgpu::Device {
        &self.device
    }

    pub(super) fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    /// A pipeline that draws `source` over the target, premultiplied.
    pub(super) fn pipeline(
        &self,
        name: &str,
        source: &str,
        topology: wgpu::PrimitiveTopology,
        buffers: &[Option<wgpu::VertexBufferLayout<'_>>],
    ) -> wgpu::RenderPipeline {
        let module = self
            .device
            .create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(name),
                source: wgpu::ShaderSource::Wgsl(source.into()),
            });
        self.device
            .create_render_pipeline(&wgpu::RenderPipelineDescriptor {
                label: Some(name),
                layout: None,
                vertex: wgpu::VertexState {
                    module: &module,
                    entry_point: Some("vs_main"),
                    compilation_options: wgpu::PipelineCompilationOptions::default(),
                    buffers,
                },
                primitive: wgpu::PrimitiveState {
                    topology,
                    ..Default::default()
                },
                depth_stencil: None,
                multisample: wgpu::MultisampleState::default(),
                fragment: Some(wgpu::FragmentState {
                    module: &module,
                    entry_point: Some("fs_main"),
                    compilation_options: wgpu::PipelineCompilationOptions::default(),
                    targets: &[Some(wgpu::ColorTargetState {
                        format: super::target::FORMAT,
                        blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                        write_mask: wgpu::ColorWrites::ALL,
                    })],
                }),
                multiview_mask: None,
                cache: None,
            })
    }

    /// A pass that begins with an even ground.
    pub(super) fn pass<'e>(
        encoder: &'e mut wgpu::CommandEncoder,
        view: &wgpu::TextureView,
        ground: crate::color::Rgba,
    ) -> wgpu::RenderPass<'e> {
        let [r, g, b, a] = ground.map(|c| f64::from(c) / 255.0);
        encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("map"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color { r, g, b, a }),
                    store: wgpu::StoreOp::Store,
                },
            })],
            depth_stencil_attachment: None,
            timestamp_writes: None,
            occlusion_query_set: None,
            multiview_mask: None,
        })
    }

    /// The adapter in use.
    #[must_use]
    pub fn adapter(&self) -> &AdapterSummary {
        &self.adapter
    }
}
