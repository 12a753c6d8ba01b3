//! Lines on the map, such as contours: kept on the GPU, moved by the camera.

use bytemuck::{Pod, Zeroable};
use wgpu::util::DeviceExt;

use super::{Camera, Gpu};
use crate::color::Rgba;

/// The pipeline of shaders/lines.wgsl.
pub(super) struct Lines {
    pipeline: wgpu::RenderPipeline,
}

/// The `Frame` uniform of shaders/lines.wgsl.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct Frame {
    px_from_position: [f32; 2],
    px_offset: [f32; 2],
    size_px: [f32; 2],
    width_px: f32,
    opacity: f32,
}

/// One straight piece, relative to the origin of its buffers.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct Piece {
    from: [f32; 2],
    to: [f32; 2],
    color: Rgba,
}

/// Lines on the GPU.
pub struct LineBuffers {
    origin: [f64; 2],
    count: u32,
    pieces: wgpu::Buffer,
    frame: wgpu::Buffer,
    bind_group: wgpu::BindGroup,
}

impl LineBuffers {
    /// Uploads polylines in world coordinates, each with its colour. What the adapter cannot hold in
    /// one buffer is left out from the end.
    #[must_use]
    pub fn new(gpu: &Gpu, renderer: &super::Renderer, lines: &[(Vec<[f64; 2]>, Rgba)]) -> Self {
        let device = gpu.device();
        let origin = lines.iter().find_map(|(line, _)| line.first());
        let origin = origin.copied().unwrap_or_default();
        let near = |p: [f64; 2]| [0, 1].map(|i| (p[i] - origin[i]) as f32);
        let most = device.limits().max_buffer_size as usize / size_of::<Piece>();
        let mut pieces: Vec<Piece> = lines
            .iter()
            .flat_map(|(line, color)| {
                line.windows(2).map(|ends| Piece {
                    from: near(ends[0]),
                    to: near(ends[1]),
                    color: *color,
                })
            })
            .take(most)
            .collect();
        let count = pieces.len() as u32;
        if pieces.is_empty() {
            // A buffer of no bytes cannot be bound.
            pieces.push(Piece::zeroed());
        }
        let frame = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("lines frame"),
            size: size_of::<Frame>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("lines frame"),
            layout: &renderer.lines.pipeline.get_bind_group_layout(0),
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: frame.as_entire_binding(),
            }],
        });
        Self {
            origin,
            count,
            pieces: device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some("lines"),
                contents: bytemuck::cast_slice(&pieces),
                usage: wgpu::BufferUsages::VERTEX,
            }),
            frame,
            bind_group,
        }
    }

    pub(super) fn write_frame(
        &self,
        gpu: &Gpu,
        camera: &Camera,
        size_px: [f32; 2],
        width_px: f32,
        opacity: f32,
    ) {
        let scale = camera.px_per_unit as f32;
        let frame = Frame {
            px_from_position: [scale, -scale],
            px_offset: camera.px_from_world(self.origin, size_px),
            size_px,
            width_px,
            opacity,
        };
        gpu.queue()
            .write_buffer(&self.frame, 0, bytemuck::bytes_of(&frame));
    }
}

impl Lines {
    pub fn new(gpu: &Gpu) -> Self {
        let piece = wgpu::VertexBufferLayout {
            array_stride: size_of::<Piece>() as u64,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes: &wgpu::vertex_attr_array![0 => Float32x2, 1 => Float32x2, 2 => Unorm8x4],
        };
        let source = include_str!("../../shaders/lines.wgsl");
        let strip = wgpu::PrimitiveTopology::TriangleStrip;
        Self {
            pipeline: gpu.pipeline("lines", source, strip, &[Some(piece)]),
        }
    }

    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>, buffers: &LineBuffers) {
        if buffers.count == 0 {
            return;
        }
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &buffers.bind_group, &[]);
        pass.set_vertex_buffer(0, buffers.pieces.slice(..));
        pass.draw(0..4, 0..buffers.count);
    }
}
