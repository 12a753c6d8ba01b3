//! The PNG writer: paths with smooth edges, images pixel for pixel where the scale fits them.

use std::borrow::Cow;

use png::{BitDepth, ColorType, Encoder, PixelDimensions, SrgbRenderingIntent, Unit};
use tiny_skia::{
    Color, FillRule, FilterQuality, IntSize, LineCap, LineJoin, Mask, Paint, PathBuilder, Pixmap,
    PixmapPaint, StrokeDash, Transform,
};

use super::canvas::{Bitmap, Drawing, Item, Path, Rect, Rgba, Segment, Stroke};
use super::lower::{Mark, lower};

/// The longest side that the rasteriser draws without losing precision, in px.
const MAX_SIDE: f32 = 32_767.0;
/// The largest picture, in px: 1 GiB of memory.
const MAX_AREA: f32 = (1 << 28) as f32;
/// Points in an inch and metres in an inch.
const INCH: (f32, f32) = (72.0, 0.0254);

/// The drawing as a PNG of `scale` px for each pt: 300 dpi is 300 / 72.
///
/// A bitmap that was rasterised at the same scale lands pixel for pixel. The scale is lowered
/// until the picture has at most 32 767 px to a side and 2²⁸ px in all; one that is not a positive
/// number is taken as 1. The file says its resolution, so that it has the size of the PDF.
#[must_use]
pub fn png(drawing: &Drawing, scale: f32) -> Vec<u8> {
    let scale = fitting(drawing, scale);
    if let Some(bitmap) = sole_bitmap(drawing, scale) {
        return encode(bitmap.width(), bitmap.height(), bitmap.pixels(), scale);
    }
    let side = |length: f32| ((length * scale).round() as u32).max(1);
    let (width, height) = (side(drawing.width), side(drawing.height));
    let Some(pixmap) = Pixmap::new(width, height) else {
        return encode(1, 1, &[0; 4], 1.0);
    };
    let mut raster = Raster {
        pixmap,
        scale,
        mask: None,
    };
    let [r, g, b, a] = drawing.background;
    raster.pixmap.fill(Color::from_rgba8(r, g, b, a));
    for mark in lower(drawing) {
        match mark {
            Mark::Image(bitmap, rect) => raster.image(bitmap, rect),
            Mark::Path(path) => raster.path(&path),
            Mark::Text(paths, _) => paths.iter().for_each(|path| raster.path(path)),
        }
    }
    encode(width, height, &raster.pixmap.take_demultiplied(), scale)
}

/// The wanted scale, lowered to what a picture can hold.
fn fitting(drawing: &Drawing, scale: f32) -> f32 {
    let scale = if scale.is_finite() && scale > 0.0 {
        scale
    } else {
        1.0
    };
    let [width, height] = [drawing.width, drawing.height].map(|side| side.max(f32::MIN_POSITIVE));
    scale
        .min(MAX_SIDE / width)
        .min(MAX_SIDE / height)
        .min((MAX_AREA / width / height).sqrt())
}

/// The bitmap that is all there is; blending would round the colour of its translucent pixels.
fn sole_bitmap(drawing: &Drawing, scale: f32) -> Option<&Bitmap> {
    let [Item::Image { rect, bitmap }] = drawing.items.as_slice() else {
        return None;
    };
    let whole = Rect::new(0.0, 0.0, drawing.width, drawing.height);
    (drawing.background[3] == 0 && *rect == whole && matches_scale(bitmap, *rect, scale))
        .then_some(bitmap)
}

/// Whether each pixel of the bitmap covers one pixel of the picture.
fn matches_scale(bitmap: &Bitmap, rect: Rect, scale: f32) -> bool {
    let close = |length: f32, pixels: u32| (length * scale - pixels as f32).abs() < 0.05;
    close(rect.width, bitmap.width()) && close(rect.height, bitmap.height())
}

/// A picture in the making.
struct Raster {
    pixmap: Pixmap,
    scale: f32,
    /// The last clip: neighbours in the list share one.
    mask: Option<(Rect, Mask)>,
}

impl Raster {
    fn image(&mut self, bitmap: &Bitmap, rect: Rect) {
        let Some(source) = premultiplied(bitmap) else {
            return;
        };
        let (x, y) = (rect.x * self.scale, rect.y * self.scale);
        let mut paint = PixmapPaint::default();
        let transform = if matches_scale(bitmap, rect, self.scale) {
            paint.quality = FilterQuality::Nearest;
            Transform::from_translate(x.round(), y.round())
        } else {
            paint.quality = FilterQuality::Bilinear;
            Transform::from_row(
                rect.width * self.scale / bitmap.width() as f32,
                0.0,
                0.0,
                rect.height * self.scale / bitmap.height() as f32,
                x,
                y,
            )
        };
        self.pixmap
            .draw_pixmap(0, 0, source.as_ref(), &paint, transform, None);
    }

    fn path(&mut self, path: &Path) {
        if self.mask.as_ref().map(|(rect, _)| *rect) != path.clip
            && let Some(clip) = path.clip
        {
            let mut mask = Mask::new(self.pixmap.width(), self.pixmap.height());
            if let (Some(mask), Some(rect)) =
                (&mut mask, outline(&Path::rect(clip).segments, |p| p))
            {
                let transform = Transform::from_scale(self.scale, self.scale);
                mask.fill_path(&rect, FillRule::Winding, true, transform);
            }
            self.mask = mask.map(|mask| (clip, mask));
        }
        let mask = path
            .clip
            .and_then(|clip| self.mask.as_ref().filter(|(rect, _)| *rect == clip))
            .map(|(_, mask)| mask);
        let scale = self.scale;
        let to_pixels = |p: [f32; 2]| p.map(|v| v * scale);
        if let Some(fill) = path.fill
            && let Some(outline) = outline(&path.segments, to_pixels)
        {
            self.pixmap.fill_path(
                &outline,
                &paint(fill),
                FillRule::Winding,
                Transform::identity(),
                mask,
            );
        }
        if let Some(stroke) = path.stroke {
            let mut width = stroke.width * scale;
            let outline = if is_rectilinear(&path.segments) {
                // lines along the axes end on pixel edges: evenly sharp
                width = width.round().max(1.0);
                let half = width / 2.0;
                outline(&path.segments, |p| {
                    to_pixels(p).map(|v| (v - half).round() + half)
                })
            } else {
                outline(&path.segments, to_pixels)
            };
            if let Some(outline) = outline {
                self.pixmap.stroke_path(
                    &outline,
                    &paint(stroke.color),
                    &line_style(&stroke, width, scale),
                    Transform::identity(),
                    mask,
                );
            }
        }
    }
}

fn line_style(stroke: &Stroke, width: f32, scale: f32) -> tiny_skia::Stroke {
    tiny_skia::Stroke {
        width,
        line_cap: if stroke.round {
            LineCap::Round
        } else {
            LineCap::Butt
        },
        line_join: if stroke.round {
            LineJoin::Round
        } else {
            LineJoin::Miter
        },
        dash: stroke
            .dash
            .and_then(|dash| StrokeDash::new(dash.map(|d| d * scale).to_vec(), 0.0)),
        ..tiny_skia::Stroke::default()
    }
}

fn paint([r, g, b, a]: Rgba) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, a);
    paint
}

/// Whether an outline has only lines along the axes.
fn is_rectilinear(segments: &[Segment]) -> bool {
    let mut last = [0.0_f32; 2];
    segments.iter().all(|segment| match *segment {
        Segment::Move(p) => {
            last = p;
            true
        }
        Segment::Line(p) => {
            let along = p[0] == last[0] || p[1] == last[1];
            last = p;
            along
        }
        Segment::Cubic(..) => false,
        Segment::Close => true,
    })
}

fn outline(segments: &[Segment], place: impl Fn([f32; 2]) -> [f32; 2]) -> Option<tiny_skia::Path> {
    let mut builder = PathBuilder::with_capacity(segments.len(), segments.len());
    for segment in segments {
        match *segment {
            Segment::Move(p) => {
                let [x, y] = place(p);
                builder.move_to(x, y);
            }
            Segment::Line(p) => {
                let [x, y] = place(p);
                builder.line_to(x, y);
            }
            Segment::Cubic(a, b, c) => {
                let ([ax, ay], [bx, by], [x, y]) = (place(a), place(b), place(c));
                builder.cubic_to(ax, ay, bx, by, x, y);
            }
            Segment::Close => builder.close(),
        }
    }
    builder.finish()
}

fn premultiplied(bitmap: &Bitmap) -> Option<Pixmap> {
    let mut bytes = bitmap.pixels().to_vec();
    for pixel in bytes.chunks_exact_mut(4) {
        let alpha = u16::from(pixel[3]);
        for channel in &mut pixel[..3] {
            *channel = ((u16::from(*channel) * alpha + 127) / 255) as u8;
        }
    }
    Pixmap::from_vec(bytes, IntSize::from_wh(bitmap.width(), bitmap.height())?)
}

/// A bitmap as a PNG without a resolution; SVG embeds it.
pub(super) fn bitmap_png(bitmap: &Bitmap) -> Vec<u8> {
    encode(bitmap.width(), bitmap.height(), bitmap.pixels(), 1.0)
}

/// RGBA8 with straight alpha as a PNG, without the alpha where it is opaque throughout.
fn encode(width: u32, height: u32, pixels: &[u8], scale: f32) -> Vec<u8> {
    let opaque = pixels.chunks_exact(4).all(|p| p[3] == 255);
    let (color, data) = if opaque {
        let rgb = pixels.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]);
        (ColorType::Rgb, Cow::Owned(rgb.collect()))
    } else {
        (ColorType::Rgba, Cow::Borrowed(pixels))
    };
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_source_srgb(SrgbRenderingIntent::Perceptual);
    let per_meter = (scale * INCH.0 / INCH.1).round() as u32;
    encoder.set_pixel_dims(Some(PixelDimensions {
        xppu: per_meter,
        yppu: per_meter,
        unit: Unit::Meter,
    }));
    // writing to memory fails only where the size does not match the data, which it does here
    let written = encoder.write_header().and_then(|mut writer| {
        writer
            .write_image_data(&data)
            .and_then(|()| writer.finish())
    });
    debug_assert!(written.is_ok());
    out
}

#[cfg(test)]
#[path = "raster_tests.rs"]
mod tests;
