//! Pictures made by the processor, laid over the target by the GPU.

use bytemuck::{Pod, Zeroable};

use super::{Gpu, Target};

/// The pipeline of shaders/sheet.wgsl.
pub(super) struct Sheets {
    pipeline: wgpu::RenderPipeline,
    sampler: wgpu::Sampler,
}

/// The `Sheet` uniform of shaders/sheet.wgsl.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct Uniform {
    extent: [f32; 2],
    opacity: f32,
    pad: f32,
}

/// A texture that takes one layer's pixels, frame after frame.
pub(super) struct Sheet {
    texture: wgpu::Texture,
    uniform: wgpu::Buffer,
    bind_group: wgpu::BindGroup,
}

impl Sheets {
    pub fn new(gpu: &Gpu) -> Self {
        let device = gpu.device();
        let source = include_str!("../../shaders/sheet.wgsl");
        let pipeline = gpu.pipeline("sheet", source, wgpu::PrimitiveTopology::TriangleList, &[]);
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("sheet"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..Default::default()
        });
        Self { pipeline, sampler }
    }

    fn sheet(&self, gpu: &Gpu, width: u32, height: u32) -> Sheet {
        let device = gpu.device();
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("sheet"),
            size: wgpu::Extent3d {
                width,
                height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: super::target::FORMAT,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let uniform = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("sheet"),
            size: size_of::<Uniform>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("sheet"),
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry {
                    binding: 0,
                    resource: uniform.as_entire_binding(),
                },
                wgpu::BindGroupEntry {
                    binding: 1,
                    resource: wgpu::BindingResource::TextureView(&view),
                },
                wgpu::BindGroupEntry {
                    binding: 2,
                    resource: wgpu::BindingResource::Sampler(&self.sampler),
                },
            ],
        });
        Sheet {
            texture,
            uniform,
            bind_group,
        }
    }

    /// The sheet of layer `index`, made anew where the size is another.
    pub fn fit<'t>(
        &self,
        gpu: &Gpu,
        target: &'t mut Target,
        index: usize,
        width: usize,
        height: usize,
    ) -> &'t Sheet {
        let (width, height) = (width as u32, height as u32);
        let sheets = &mut target.sheets;
        if sheets.len() <= index {
            sheets.resize_with(index + 1, || None);
        }
        let fits =
            |sheet: &Sheet| (sheet.texture.width(), sheet.texture.height()) == (width, height);
        if !sheets[index].as_ref().is_some_and(fits) {
            sheets[index] = None;
        }
        sheets[index].get_or_insert_with(|| self.sheet(gpu, width, height))
    }

    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>, sheet: &Sheet) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &sheet.bind_group, &[]);
        pass.draw(0..3, 0..1);
    }
}

impl Sheet {
    /// Puts pixels (premultiplied RGBA, row-major) into the sheet. `extent` is the share of them
    /// that fills the target.
    pub fn write(&self, gpu: &Gpu, rgba: &[u8], extent: [f32; 2], opacity: f32) {
        gpu.queue().write_texture(
            self.texture.as_image_copy(),
            rgba,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(4 * self.texture.width()),
                rows_per_image: None,
            },
            self.texture.size(),
        );
        let uniform = Uniform {
            extent,
            opacity,
            pad: 0.0,
        };
        gpu.queue()
            .write_buffer(&self.uniform, 0, bytemuck::bytes_of(&uniform));
    }
}
