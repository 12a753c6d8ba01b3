//! Small pictures of objects, kept in an atlas on the GPU and drawn as squares with round corners.

use bytemuck::{Pod, Zeroable};

use super::slots::Slots;
use super::{Gpu, Renderer};
use crate::color::Rgba;

/// Side of the atlas, texels: every device that wgpu knows has it.
const ATLAS_SIDE: u32 = 2048;
/// Layers of the atlas; a texture of one layer is no array everywhere.
const LAYERS: u32 = 2;
/// Sides of a slot, texels.
const SLOT_SIDES: (u32, u32) = (8, 256);

/// The pipeline of shaders/thumbnails.wgsl.
pub(super) struct Thumbnails {
    pipeline: wgpu::RenderPipeline,
    sampler: wgpu::Sampler,
}

/// The `Frame` uniform of shaders/thumbnails.wgsl.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct Frame {
    size_px: [f32; 2],
    side_px: f32,
    border_px: f32,
    corner_px: f32,
    halo_px: f32,
    opacity: f32,
    slot_px: f32,
    halo: [f32; 4],
}

/// One square.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct Square {
    center_px: [f32; 2],
    slot: u32,
    color: Rgba,
}

const ATTRIBUTES: [wgpu::VertexAttribute; 3] =
    wgpu::vertex_attr_array![0 => Float32x2, 1 => Uint32, 2 => Unorm8x4];

/// Which picture: a catalogue row, and a number that changes with the data and the way they are
/// painted.
pub type ThumbnailKey = (u64, usize);

/// A picture that is to be shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThumbnailQuad {
    /// Which.
    pub key: ThumbnailKey,
    /// Its middle, px of the target.
    pub center_px: [f32; 2],
    /// Colour of its border; the alpha is not looked at.
    pub color: Rgba,
}

/// How thumbnails look; all lengths in px of the target.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ThumbnailStyle {
    /// Side of a picture, its border included.
    pub side_px: f32,
    /// Width of the border.
    pub border_px: f32,
    /// Radius of the corners.
    pub corner_px: f32,
    /// Width of the halo around.
    pub halo_px: f32,
    /// Colour of the halo; its alpha counts.
    pub halo: Rgba,
}

/// Pictures on the GPU, and those of them that are shown.
pub struct ThumbnailBuffers {
    slots: Slots<ThumbnailKey>,
    slot_px: u32,
    atlas: wgpu::Texture,
    squares: wgpu::Buffer,
    count: u32,
    style: ThumbnailStyle,
    frame: wgpu::Buffer,
    bind_group: wgpu::BindGroup,
}

impl ThumbnailBuffers {
    /// Room for pictures of `slot_px` a side, `8..=256`.
    #[must_use]
    pub fn new(gpu: &Gpu, renderer: &Renderer, slot_px: u32) -> Self {
        let device = gpu.device();
        let slot_px = slot_px.clamp(SLOT_SIDES.0, SLOT_SIDES.1);
        let Thumbnails { pipeline, sampler } = &renderer.thumbnails;
        let atlas = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("thumbnails"),
            size: wgpu::Extent3d {
                width: ATLAS_SIDE,
                height: ATLAS_SIDE,
                depth_or_array_layers: LAYERS,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: super::target::FORMAT,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let frame = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("thumbnails frame"),
            size: size_of::<Frame>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let view = atlas.create_view(&wgpu::TextureViewDescriptor {
            dimension: Some(wgpu::TextureViewDimension::D2Array),
            ..Default::default()
        });
        let resources = [
            frame.as_entire_binding(),
            wgpu::BindingResource::TextureView(&view),
            wgpu::BindingResource::Sampler(sampler),
        ];
        let entries: Vec<wgpu::BindGroupEntry<'_>> = (0..)
            .zip(resources)
            .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource })
            .collect();
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("thumbnails"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let columns = ATLAS_SIDE / slot_px;
        let capacity = (columns * columns * LAYERS) as usize;
        let squares = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("thumbnails"),
            size: (capacity * size_of::<Square>()) as u64,
            usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self {
            slots: Slots::new(capacity),
            slot_px,
            atlas,
            squares,
            count: 0,
            style: ThumbnailStyle::default(),
            frame,
            bind_group,
        }
    }

    /// Most pictures that are held, and shown at once.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.slots.capacity()
    }

    /// Side of a picture that is held, texels.
    #[must_use]
    pub fn slot_px(&self) -> usize {
        self.slot_px as usize
    }

    /// Whether that picture is held.
    #[must_use]
    pub fn holds(&self, key: ThumbnailKey) -> bool {
        self.slots.holds(&key)
    }

    /// Takes in a picture of [`slot_px`](Self::slot_px) a side, row-major, top row first, in place
    /// of the one that was not shown for longest. Returns whether there was room: those that are
    /// shown stay.
    pub fn put(&mut self, gpu: &Gpu, key: ThumbnailKey, pixels: &[Rgba]) -> bool {
        if pixels.len() != self.slot_px().pow(2) {
            return false;
        }
        let Some(slot) = self.slots.put(key) else {
            return false;
        };
        let [x, y, z] = self.slot_at(slot);
        gpu.queue().write_texture(
            wgpu::TexelCopyTextureInfo {
                origin: wgpu::Origin3d {
                    x: x * self.slot_px,
                    y: y * self.slot_px,
                    z,
                },
                ..self.atlas.as_image_copy()
            },
            bytemuck::cast_slice(pixels),
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(4 * self.slot_px),
                rows_per_image: None,
            },
            wgpu::Extent3d {
                width: self.slot_px,
                height: self.slot_px,
                depth_or_array_layers: 1,
            },
        );
        true
    }

    /// Chooses what is shown from now on, the lowest first; pictures that are not held and places
    /// that are not finite are left out.
    pub fn show(&mut self, gpu: &Gpu, quads: &[ThumbnailQuad], style: ThumbnailStyle) {
        self.slots.begin_turn();
        let most = self.capacity();
        let squares: Vec<Square> = quads
            .iter()
            .filter(|quad| quad.center_px.iter().all(|v| v.is_finite()))
            .filter_map(|quad| {
                let [x, y, z] = self.slots.get(&quad.key).map(|slot| self.slot_at(slot))?;
                Some(Square {
                    center_px: quad.center_px,
                    slot: x | y << 8 | z << 16,
                    color: quad.color,
                })
            })
            .take(most)
            .collect();
        self.count = squares.len() as u32;
        self.style = style;
        if !squares.is_empty() {
            let bytes = bytemuck::cast_slice(&squares);
            gpu.queue().write_buffer(&self.squares, 0, bytes);
        }
    }

    /// Column, row and layer of a slot.
    fn slot_at(&self, slot: usize) -> [u32; 3] {
        let columns = ATLAS_SIDE / self.slot_px;
        let slot = slot as u32;
        [
            slot % columns,
            slot / columns % columns,
            slot / columns.pow(2),
        ]
    }

    pub(super) fn write_frame(&self, gpu: &Gpu, size_px: [f32; 2], opacity: f32) {
        let style = &self.style;
        let frame = Frame {
            size_px,
            side_px: style.side_px.max(1.0),
            border_px: style.border_px,
            corner_px: style.corner_px,
            halo_px: style.halo_px,
            opacity,
            slot_px: self.slot_px as f32,
            halo: style.halo.map(|c| f32::from(c) / 255.0),
        };
        gpu.queue()
            .write_buffer(&self.frame, 0, bytemuck::bytes_of(&frame));
    }
}

impl Thumbnails {
    pub fn new(gpu: &Gpu) -> Self {
        let square = wgpu::VertexBufferLayout {
            array_stride: size_of::<Square>() as u64,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes: &ATTRIBUTES,
        };
        let source = include_str!("../../shaders/thumbnails.wgsl");
        let strip = wgpu::PrimitiveTopology::TriangleStrip;
        Self {
            pipeline: gpu.pipeline("thumbnails", source, strip, &[Some(square)]),
            sampler: gpu.device().create_sampler(&wgpu::SamplerDescriptor {
                label: Some("thumbnails"),
                mag_filter: wgpu::FilterMode::Linear,
                min_filter: wgpu::FilterMode::Linear,
                ..Default::default()
            }),
        }
    }

    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>, buffers: &ThumbnailBuffers) {
        if buffers.count == 0 {
            return;
        }
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &buffers.bind_group, &[]);
        pass.set_vertex_buffer(0, buffers.squares.slice(..));
        pass.draw(0..4, 0..buffers.count);
    }
}

#[cfg(test)]
#[path = "thumbnails_tests.rs"]
mod tests;
