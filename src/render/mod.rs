//! Drawing with wgpu: knows points and pixels, not catalogues.
//!
//! One [`Renderer`] draws a [`Picture`] into an offscreen [`Target`]; window, PNG and tests share
//! that call. The renderer is immutable; what changes from frame to frame is data. Points and their
//! density come from `raster`, whose cost follows the pixels and not the points, on every machine
//! alike; the GPU lays the layers over one another.

mod camera;
mod density;
mod gpu;
mod lines;
mod raster;
mod shades;
mod shape;
mod sheet;
mod slots;
mod steps;
mod target;
mod thumbnails;

pub use camera::{Bounds, Camera, PxFromWorld};
pub use density::{DensityScale, DensityStyle};
pub use gpu::{AdapterSummary, DeviceWatch, Gpu, adapters, device_descriptor};
pub use lines::LineBuffers;
pub use raster::{
    COUNT_CELL, PointGroup, PointLayer, PointPixels, PointStyle, Wanted, draw_points, draw_selected,
};
pub use shades::{Shade, Shades};
pub use shape::Shape;
pub use target::Target;
pub use thumbnails::{ThumbnailBuffers, ThumbnailKey, ThumbnailQuad, ThumbnailStyle};

use crate::color::Rgba;
use crate::threads;
use lines::Lines;
use sheet::Sheets;
use thumbnails::Thumbnails;

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
    /// The points that the layers show.
    pub points: Option<PointLayer<'a>>,
    /// From the lowest to the uppermost, each with its opacity, `0..=1`.
    pub layers: &'a [(Layer<'a>, f32)],
}

impl Picture<'_> {
    /// Whether there is a selection that would not be seen, and so is laid over everything: no points are shown, or
    /// density lies over them. Pictures in place of points tell by themselves what is selected.
    fn selection_lies_below(&self) -> bool {
        let mut seen = false;
        for (layer, _) in self.layers {
            match layer {
                Layer::Points => seen = true,
                Layer::Density(_) => seen = false,
                Layer::Thumbnails(_) => return false,
                Layer::Lines(..) => {}
            }
        }
        !seen && self.points.is_some_and(|points| points.selection.is_some())
    }
}

/// What can be laid over the ground.
#[derive(Clone, Copy)]
pub enum Layer<'a> {
    /// Every point's marker.
    Points,
    /// How densely the points lie.
    Density(DensityStyle),
    /// Lines of that width, px.
    Lines(&'a LineBuffers, f32),
    /// Small pictures of objects.
    Thumbnails(&'a ThumbnailBuffers),
}

/// Draws pictures; holds pipelines only.
pub struct Renderer {
    sheets: Sheets,
    lines: Lines,
    thumbnails: Thumbnails,
}

impl Renderer {
    /// Builds the pipelines.
    #[must_use]
    pub fn new(gpu: &Gpu) -> Self {
        Self {
            sheets: Sheets::new(gpu),
            lines: Lines::new(gpu),
            thumbnails: Thumbnails::new(gpu),
        }
    }

    /// Draws one picture into `target`.
    pub fn draw(&self, gpu: &Gpu, target: &mut Target, picture: &Picture<'_>) {
        threads::promptly(|| self.prepare(gpu, target, picture));
        let mut encoder = gpu
            .device()
            .create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("map") });
        {
            let mut pass = Gpu::pass(&mut encoder, target.view(), picture.background);
            for (index, (layer, _)) in picture.layers.iter().enumerate() {
                match layer {
                    Layer::Points | Layer::Density(_) => {
                        if let (Some(sheet), Some(_)) = (target.sheet(index), picture.points) {
                            self.sheets.draw(&mut pass, sheet);
                        }
                    }
                    Layer::Lines(buffers, _) => self.lines.draw(&mut pass, buffers),
                    Layer::Thumbnails(buffers) => self.thumbnails.draw(&mut pass, buffers),
                }
            }
            if let Some(sheet) = target.sheet(picture.layers.len())
                && picture.selection_lies_below()
            {
                self.sheets.draw(&mut pass, sheet);
            }
        }
        gpu.queue().submit([encoder.finish()]);
    }

    /// What the processor does for a frame, and its way to the GPU.
    fn prepare(&self, gpu: &Gpu, target: &mut Target, picture: &Picture<'_>) {
        let size = target.size_px();
        let (width, height) = (size[0] as usize, size[1] as usize);
        let mut pixels = std::mem::take(&mut target.pixels);
        let mut density = std::mem::take(&mut target.density);
        if let Some(points) = &picture.points {
            let any = |test: fn(&Layer<'_>) -> bool| picture.layers.iter().any(|(l, _)| test(l));
            let wanted = Wanted {
                rgba: any(|layer| matches!(layer, Layer::Points)),
                counts: any(|layer| matches!(layer, Layer::Density(_))),
            };
            draw_points(
                points,
                picture.camera.to_px(size),
                width,
                height,
                wanted,
                &mut pixels,
            );
        }
        for (index, &(layer, opacity)) in picture.layers.iter().enumerate() {
            match layer {
                Layer::Points if picture.points.is_some() => {
                    let sheet = self.sheets.fit(gpu, target, index, width, height);
                    sheet.write(gpu, &pixels.rgba, [1.0; 2], opacity);
                }
                Layer::Density(style) if picture.points.is_some() => {
                    let cells = [width, height].map(|side| side.div_ceil(COUNT_CELL));
                    density.paint(&pixels.counts, cells, &style);
                    let [columns, rows] = density.size;
                    let extent =
                        [0, 1].map(|i| size[i] / (density.size[i] * density.cell_px) as f32);
                    let sheet = self.sheets.fit(gpu, target, index, columns, rows);
                    sheet.write(gpu, &density.rgba, extent, opacity);
                }
                Layer::Points | Layer::Density(_) => {}
                Layer::Lines(buffers, line_px) => {
                    buffers.write_frame(gpu, picture.camera, size, line_px, opacity);
                }
                Layer::Thumbnails(buffers) => buffers.write_frame(gpu, size, opacity),
            }
        }
        if let Some(points) = picture.points.filter(|_| picture.selection_lies_below()) {
            let to_px = picture.camera.to_px(size);
            draw_selected(&points, to_px, width, height, &mut pixels);
            let above = picture.layers.len();
            let sheet = self.sheets.fit(gpu, target, above, width, height);
            sheet.write(gpu, &pixels.rgba, [1.0; 2], 1.0);
        }
        target.pixels = pixels;
        target.density = density;
    }
}
