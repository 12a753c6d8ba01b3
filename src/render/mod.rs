//! Drawing with wgpu: knows points and pixels, not catalogues.
//!
//! One [`Renderer`] draws a [`Picture`] into an offscreen [`Target`]; window, PNG and tests share
//! that call. The renderer is immutable; what changes from frame to frame is data. World
//! coordinates reach the GPU as `f32` offsets from an `f64` origin.

mod camera;
mod gpu;
mod points;
mod target;

pub use camera::{Bounds, Camera};
pub use gpu::{AdapterSummary, Gpu, adapters, device_descriptor};
pub use points::{PointBuffers, PointStyle, Points, coverage};
pub use target::Target;

use crate::color::Rgba;

/// Why something could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// No graphics adapter at all.
    #[error(
        "no graphics adapter was found ({0}); install a Vulkan driver (on Debian and Ubuntu: apt-get install \
         mesa-vulkan-drivers)"
    )]
    NoAdapter(String),
    /// The adapter refused a device.
    #[error("the graphics adapter {adapter} cannot be used: {reason}")]
    Device {
        /// Its name.
        adapter: String,
        /// Why.
        reason: String,
    },
    /// The picture is larger than the adapter can draw.
    #[error(
        "a picture of {width} x {height} px is larger than this adapter draws ({most} px a side); choose a smaller --size"
    )]
    TooLarge {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// The adapter's limit.
        most: u32,
    },
    /// More points than one buffer of the adapter holds.
    #[error("{points} points are more than this adapter holds in one buffer ({most})")]
    TooManyPoints {
        /// Points asked for.
        points: usize,
        /// Points that fit.
        most: usize,
    },
    /// The picture did not come back.
    #[error("the graphics adapter stopped answering: {0}")]
    Lost(String),
}

/// One frame's content.
pub struct Picture<'a> {
    /// Where the viewer looks.
    pub camera: &'a Camera,
    /// Colour of the ground.
    pub background: Rgba,
    /// The points.
    pub points: Option<(&'a PointBuffers, PointStyle)>,
}

/// Draws pictures; holds pipelines only.
pub struct Renderer {
    points: Points,
}

impl Renderer {
    /// Builds the pipelines.
    #[must_use]
    pub fn new(gpu: &Gpu) -> Self {
        Self {
            points: Points::new(gpu),
        }
    }

    /// Draws one picture into `target`.
    pub fn draw(&self, gpu: &Gpu, target: &Target, picture: &Picture<'_>) {
        let [r, g, b, a] = picture.background.map(|c| f64::from(c) / 255.0);
        if let Some((buffers, style)) = &picture.points {
            buffers.write_frame(gpu, picture.camera, target.size_px(), *style);
        }
        let mut encoder = gpu
            .device()
            .create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("map") });
        {
            let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("map"),
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view: target.view(),
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
            });
            if let Some((buffers, _)) = &picture.points {
                self.points.draw(&mut pass, buffers);
            }
        }
        gpu.queue().submit([encoder.finish()]);
    }
}
