//! The offscreen texture that pictures are drawn into, and what a frame leaves for the next.

use super::density::DensityPixels;
use super::raster::PointPixels;
use super::sheet::Sheet;
use super::{Gpu, RenderError};

pub(super) const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
const BYTES_PER_PIXEL: u32 = 4;

/// A texture of `width x height` pixels, 8-bit RGBA.
pub struct Target {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    /// Memory of the points' pixels, used again by every frame.
    pub(super) pixels: PointPixels,
    /// The same of the density's.
    pub(super) density: DensityPixels,
    /// Pictures of the processor on their way to the GPU, by layer.
    pub(super) sheets: Vec<Option<Sheet>>,
}

impl Target {
    /// A new target.
    ///
    /// # Errors
    /// When the adapter does not draw pictures of that size.
    pub fn new(gpu: &Gpu, width: u32, height: u32) -> Result<Self, RenderError> {
        let most = gpu.device().limits().max_texture_dimension_2d;
        if width == 0 || height == 0 || width.max(height) > most {
            return Err(RenderError::TooLarge {
                width,
                height,
                most,
            });
        }
        let texture = gpu.device().create_texture(&wgpu::TextureDescriptor {
            label: Some("map"),
            size: wgpu::Extent3d {
                width,
                height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT
                | wgpu::TextureUsages::TEXTURE_BINDING
                | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        Ok(Self {
            texture,
            view,
            pixels: PointPixels::default(),
            density: DensityPixels::default(),
            sheets: Vec::new(),
        })
    }

    /// For showing the texture in a window.
    #[must_use]
    pub fn view(&self) -> &wgpu::TextureView {
        &self.view
    }

    pub(super) fn sheet(&self, layer: usize) -> Option<&Sheet> {
        self.sheets.get(layer).and_then(Option::as_ref)
    }

    /// Width and height, px.
    #[must_use]
    pub fn size_px(&self) -> [f32; 2] {
        [self.texture.width() as f32, self.texture.height() as f32]
    }

    /// Waits until the picture is drawn.
    ///
    /// # Errors
    /// When the adapter stopped answering.
    pub fn wait(&self, gpu: &Gpu) -> Result<(), RenderError> {
        let polled = gpu.device().poll(wgpu::PollType::wait_indefinitely());
        polled
            .map(|_| ())
            .map_err(|e| RenderError::Lost(e.to_string()))
    }

    /// Waits for the picture and copies it out: RGBA, row-major, top row first.
    ///
    /// # Errors
    /// When the adapter stopped answering.
    pub fn read_rgba(&self, gpu: &Gpu) -> Result<Vec<u8>, RenderError> {
        let (width, height) = (self.texture.width(), self.texture.height());
        let row_bytes = width * BYTES_PER_PIXEL;
        let padded = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = gpu.device().create_buffer(&wgpu::BufferDescriptor {
            label: Some("picture"),
            size: u64::from(padded) * u64::from(height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = gpu
            .device()
            .create_command_encoder(&wgpu::CommandEncoderDescriptor {
                label: Some("read"),
            });
        encoder.copy_texture_to_buffer(
            self.texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(padded),
                    rows_per_image: None,
                },
            },
            self.texture.size(),
        );
        gpu.queue().submit([encoder.finish()]);
        let lost = |e: &dyn std::fmt::Display| RenderError::Lost(e.to_string());
        let (sender, receiver) = std::sync::mpsc::channel();
        buffer.map_async(wgpu::MapMode::Read, .., move |result| {
            drop(sender.send(result));
        });
        gpu.device()
            .poll(wgpu::PollType::wait_indefinitely())
            .map_err(|e| lost(&e))?;
        receiver
            .recv()
            .map_err(|e| lost(&e))?
            .map_err(|e| lost(&e))?;
        let mapped = buffer.get_mapped_range(..).map_err(|e| lost(&e))?;
        Ok(mapped
            .chunks_exact(padded as usize)
            .flat_map(|row| &row[..row_bytes as usize])
            .copied()
            .collect())
    }
}
