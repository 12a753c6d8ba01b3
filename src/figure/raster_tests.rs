//! Tests of the PNG writer against the pixels that went in.

use super::*;
use crate::figure::canvas::Text;

fn decode(bytes: &[u8]) -> (u32, u32, Vec<[u8; 4]>) {
    let mut decoder = ::png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(::png::Transformations::ALPHA);
    let mut reader = decoder.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    let pixels = pixels.as_chunks::<4>().0.to_vec();
    (info.width, info.height, pixels)
}

fn noise(width: u32, height: u32, opaque: bool) -> Bitmap {
    let mut state = 1_u32;
    let pixels = (0..width * height * 4)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if opaque && i % 4 == 3 {
                255
            } else {
                (state >> 24) as u8
            }
        })
        .collect();
    Bitmap::new(width, height, pixels).expect("a bitmap")
}

#[test]
fn a_map_lands_pixel_for_pixel() {
    for scale in [1.0_f32, 1.25, 2.0, 300.0 / 72.0] {
        let map = noise(61, 37, true);
        let rect = Rect::new(
            8.0,
            12.0,
            map.width() as f32 / scale,
            map.height() as f32 / scale,
        );
        let mut drawing = Drawing::new(rect.right() + 8.0, rect.bottom() + 8.0, [9, 9, 9, 255]);
        drawing.image(rect, map.clone());
        let frame = Path::rect(rect.expand(0.5)).stroked(Stroke::solid([255; 4], 1.0));
        drawing.path(frame);
        let (width, height, pixels) = decode(&png(&drawing, scale));
        assert_eq!(width, (drawing.width * scale).round() as u32);
        assert_eq!(height, (drawing.height * scale).round() as u32);
        let (left, top) = ((8.0 * scale).round() as u32, (12.0 * scale).round() as u32);
        for y in 0..map.height() {
            for x in 0..map.width() {
                let at = ((y * map.width() + x) * 4) as usize;
                assert_eq!(
                    pixels[((top + y) * width + left + x) as usize],
                    map.pixels()[at..at + 4],
                    "scale {scale}, column {x}, row {y}"
                );
            }
        }
    }
}

#[test]
fn a_bitmap_alone_keeps_its_translucent_pixels() {
    let map = noise(13, 7, false);
    let mut drawing = Drawing::new(6.5, 3.5, [0; 4]);
    drawing.image(Rect::new(0.0, 0.0, 6.5, 3.5), map.clone());
    let (width, height, pixels) = decode(&png(&drawing, 2.0));
    assert_eq!((width, height), (13, 7));
    assert_eq!(pixels.concat(), map.pixels());
}

#[test]
fn colour_and_clip_are_as_asked() {
    let mut drawing = Drawing::new(20.0, 10.0, [0, 0, 0, 255]);
    let clip = Rect::new(0.0, 0.0, 10.0, 10.0);
    let whole = Rect::new(0.0, 0.0, 20.0, 10.0);
    drawing.path(Path::rect(whole).filled([255, 0, 0, 255]).clipped(clip));
    drawing.path(Path::rect(clip).filled([0, 0, 255, 128]));
    let (_, _, pixels) = decode(&png(&drawing, 1.0));
    assert_eq!(pixels[9], [127, 0, 128, 255]);
    assert_eq!(pixels[10], [0, 0, 0, 255]);
}

#[test]
fn any_scale_and_size_gives_a_picture() {
    for (side, scale) in [
        (0.0, 1.0),
        (f32::NAN, 2.0),
        (10.0, f32::NAN),
        (10.0, -1.0),
        (10.0, 0.01),
        (-5.0, f32::INFINITY),
    ] {
        let mut drawing = Drawing::new(side, 10.0, [1, 2, 3, 255]);
        drawing.text(Text::new(0.0, 9.0, 11.0, [255; 4], "<&\"\u{0}"));
        let (width, height, _) = decode(&png(&drawing, scale));
        assert!(width >= 1 && height >= 1, "{side} at {scale}");
    }
}
