//! Points as anti-aliased discs, drawn in the order of their buffer.

use bytemuck::{Pod, Zeroable};
use wgpu::util::DeviceExt;

use super::{Bounds, Camera, Gpu, RenderError};
use crate::color::Rgba;

/// How points look in one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointStyle {
    /// Radius of the disc, px.
    pub radius_px: f32,
    /// `0..=1`, times the alpha of each point's colour.
    pub opacity: f32,
    /// 0: points cover what lies under them; towards 1: their light adds up.
    pub glow: f32,
    /// Times the colours: below 1 on a light ground, where the palette would be too pale.
    pub shade: f32,
}

impl PointStyle {
    /// The `Frame` uniform of shaders/points.wgsl.
    fn frame(self, origin: [f64; 2], camera: &Camera, size_px: [f32; 2]) -> Frame {
        let offset = camera.px_from_world(origin, size_px);
        let scale = camera.px_per_unit as f32;
        Frame {
            px_from_position: [scale, -scale],
            px_offset: offset,
            size_px,
            radius_px: self.radius_px,
            opacity: self.opacity,
            glow: self.glow,
            shade: self.shade,
            pad: [0.0; 2],
        }
    }
}

/// Share of a pixel that a disc covers, as the shader has it; the point is drawn there when it is
/// above zero. `pixel` is the pixel's centre.
#[must_use]
pub fn coverage(center_px: [f32; 2], radius_px: f32, pixel: [f32; 2]) -> f32 {
    let distance = (pixel[0] - center_px[0]).hypot(pixel[1] - center_px[1]);
    (radius_px + 0.5 - distance).clamp(0.0, 1.0)
}

#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct Frame {
    px_from_position: [f32; 2],
    px_offset: [f32; 2],
    size_px: [f32; 2],
    radius_px: f32,
    opacity: f32,
    glow: f32,
    shade: f32,
    pad: [f32; 2],
}

/// The pipeline.
pub struct Points {
    pipeline: wgpu::RenderPipeline,
}

/// Points on the GPU: positions and colours apart, so that recolouring uploads colours only.
pub struct PointBuffers {
    count: u32,
    origin: [f64; 2],
    positions: wgpu::Buffer,
    colors: wgpu::Buffer,
    frame: wgpu::Buffer,
    bind_group: wgpu::BindGroup,
}

impl PointBuffers {
    /// Uploads points in drawing order (later ones lie on top), one colour each; colours with an
    /// alpha of 0 are not drawn. Positions that are not finite are never drawn.
    ///
    /// # Errors
    /// When there are more points than the adapter holds.
    pub fn new(
        gpu: &Gpu,
        renderer: &super::Renderer,
        points: &[[f32; 2]],
        colors: &[Rgba],
    ) -> Result<Self, RenderError> {
        let device = gpu.device();
        let most = usize::try_from(device.limits().max_buffer_size / 8).unwrap_or(usize::MAX);
        let count = u32::try_from(points.len())
            .ok()
            .filter(|_| points.len() <= most && points.len() == colors.len());
        let count = count.ok_or(RenderError::TooManyPoints {
            points: points.len(),
            most,
        })?;
        let origin = Bounds::around(points.iter().copied()).map_or([0.0; 2], |b| b.center());
        let relative: Vec<[f32; 2]> = points
            .iter()
            .map(|p| [0, 1].map(|i| (f64::from(p[i]) - origin[i]) as f32))
            .collect();
        let buffer = |label, contents: &[u8], usage| {
            // A buffer of no bytes cannot be bound.
            let contents = if contents.is_empty() {
                &[0; 8]
            } else {
                contents
            };
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some(label),
                contents,
                usage,
            })
        };
        let vertex = wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST;
        let frame = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("points frame"),
            size: size_of::<Frame>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("points frame"),
            layout: &renderer.points.pipeline.get_bind_group_layout(0),
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: frame.as_entire_binding(),
            }],
        });
        Ok(Self {
            count,
            origin,
            positions: buffer("point positions", bytemuck::cast_slice(&relative), vertex),
            colors: buffer("point colours", bytemuck::cast_slice(colors), vertex),
            frame,
            bind_group,
        })
    }

    /// Replaces the colours; their number stays.
    pub fn recolor(&self, gpu: &Gpu, colors: &[Rgba]) {
        debug_assert_eq!(colors.len(), self.count as usize);
        gpu.queue()
            .write_buffer(&self.colors, 0, bytemuck::cast_slice(colors));
    }

    pub(super) fn write_frame(
        &self,
        gpu: &Gpu,
        camera: &Camera,
        size_px: [f32; 2],
        style: PointStyle,
    ) {
        let frame = style.frame(self.origin, camera, size_px);
        gpu.queue()
            .write_buffer(&self.frame, 0, bytemuck::bytes_of(&frame));
    }
}

impl Points {
    pub(super) fn new(gpu: &Gpu) -> Self {
        let device = gpu.device();
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("points"),
            source: wgpu::ShaderSource::Wgsl(include_str!("../../shaders/points.wgsl").into()),
        });
        let position = wgpu::VertexBufferLayout {
            array_stride: 8,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes: &wgpu::vertex_attr_array![0 => Float32x2],
        };
        let color = wgpu::VertexBufferLayout {
            array_stride: 4,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes: &wgpu::vertex_attr_array![1 => Unorm8x4],
        };
        let premultiplied = wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING;
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("points"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vs_main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[Some(position), Some(color)],
            },
            primitive: wgpu::PrimitiveState {
                topology: wgpu::PrimitiveTopology::TriangleStrip,
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
                    blend: Some(premultiplied),
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        });
        Self { pipeline }
    }

    pub(super) fn draw(&self, pass: &mut wgpu::RenderPass<'_>, buffers: &PointBuffers) {
        if buffers.count == 0 {
            return;
        }
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &buffers.bind_group, &[]);
        pass.set_vertex_buffer(0, buffers.positions.slice(..));
        pass.set_vertex_buffer(1, buffers.colors.slice(..));
        pass.draw(0..4, 0..buffers.count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uniform_has_the_layout_of_the_shader() {
        let module =
            naga::front::wgsl::parse_str(include_str!("../../shaders/points.wgsl")).unwrap();
        let (_, frame) = module
            .types
            .iter()
            .find(|(_, t)| t.name.as_deref() == Some("Frame"))
            .unwrap();
        let naga::TypeInner::Struct { members, span } = &frame.inner else {
            panic!("Frame is a struct");
        };
        assert_eq!(*span as usize, size_of::<Frame>());
        let offset = |name: &str| {
            members
                .iter()
                .find(|m| m.name.as_deref() == Some(name))
                .unwrap()
                .offset as usize
        };
        assert_eq!(offset("px_offset"), std::mem::offset_of!(Frame, px_offset));
        assert_eq!(offset("size_px"), std::mem::offset_of!(Frame, size_px));
        assert_eq!(offset("radius_px"), std::mem::offset_of!(Frame, radius_px));
        assert_eq!(offset("opacity"), std::mem::offset_of!(Frame, opacity));
        assert_eq!(offset("glow"), std::mem::offset_of!(Frame, glow));
        assert_eq!(offset("shade"), std::mem::offset_of!(Frame, shade));
    }

    #[test]
    fn a_disc_covers_its_middle_and_not_beyond_its_edge() {
        assert_eq!(coverage([10.0, 10.0], 2.0, [10.5, 10.5]), 1.0);
        assert_eq!(coverage([10.0, 10.0], 2.0, [12.6, 10.0]), 0.0);
        assert!((coverage([10.0, 10.0], 2.0, [12.0, 10.0]) - 0.5).abs() < 1e-6);
        assert_eq!(coverage([f32::NAN, 10.0], 2.0, [12.0, 10.0]).max(0.0), 0.0);
    }
}
