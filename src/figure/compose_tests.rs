//! Tests of whole figures.

use super::*;
use crate::figure::canvas::Item;
use crate::figure::legend::{Block, Place};
use crate::figure::{pdf, png, svg};

fn noise(width: u32, height: u32) -> Bitmap {
    let mut state = 1_u32;
    let pixels = (0..width * height * 4).map(|i| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if i % 4 == 3 { 255 } else { (state >> 24) as u8 }
    });
    Bitmap::new(width, height, pixels.collect()).expect("a bitmap")
}

fn decode(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = ::png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    assert_eq!(info.color_type, ::png::ColorType::Rgb);
    (info.width, info.height, pixels)
}

fn full(map: Bitmap, scale: f32) -> FigureSpec {
    let bar = Block::Bar {
        title: "Density".to_owned(),
        colors: vec![[1, 2, 3, 255], [200, 100, 50, 255]],
        ticks: vec![(0.5, "10".to_owned())],
    };
    FigureSpec {
        axes: Some(("x".to_owned(), "y".to_owned())),
        legend: Some(LegendSpec {
            blocks: vec![bar],
            place: Place::Right,
        }),
        title: Some("A title".to_owned()),
        caption: Some("synthetic".to_owned()),
        ..FigureSpec::new(map, scale, ([-3.0, 3.0], [0.0, 2.5]))
    }
}

#[test]
fn a_bare_map_is_the_map() {
    let map = noise(31, 17);
    let drawing = compose(FigureSpec::new(map.clone(), 2.0, ([0.0, 1.0], [0.0, 1.0])));
    assert_eq!((drawing.width, drawing.height), (15.5, 8.5));
    assert_eq!(drawing.items.len(), 1);
    let (width, height, pixels) = decode(&png(&drawing, 2.0));
    assert_eq!((width, height), (31, 17));
    let wanted = map.pixels().chunks_exact(4).flat_map(|p| &p[..3]);
    assert!(pixels.iter().eq(wanted));
}

#[test]
fn the_map_of_a_full_figure_keeps_its_pixels() {
    for scale in [1.0, 1.25, 1.5, 2.0, 300.0 / 72.0] {
        let map = noise(141, 87);
        let drawing = compose(full(map.clone(), scale));
        let Some(Item::Image { rect, .. }) = drawing.items.first() else {
            panic!("the map is at the back");
        };
        let [left, top] = [rect.x, rect.y].map(|v| (v * scale).round() as u32);
        let (width, _, pixels) = decode(&png(&drawing, scale));
        for (i, pixel) in map.pixels().chunks_exact(4).enumerate() {
            let (x, y) = (i as u32 % map.width(), i as u32 / map.width());
            let at = (((top + y) * width + left + x) * 3) as usize;
            assert_eq!(pixels[at..at + 3], pixel[..3], "scale {scale}: {x}, {y}");
        }
    }
}

#[test]
fn lines_and_labels_lie_at_their_world_coordinates() {
    let mut spec = FigureSpec::new(noise(200, 100), 1.0, ([10.0, 30.0], [-1.0, 1.0]));
    spec.lines.push(Lines {
        polylines: vec![
            vec![[10.0, -1.0], [30.0, 1.0], [20.0, 0.0], [10.0, -1.0]],
            Vec::new(),
        ],
        color: [255; 4],
        width: 1.0,
    });
    for (position, text) in [([20.0, 0.5], "here"), ([31.0, 0.0], "outside")] {
        spec.labels.push(Label {
            position,
            text: text.to_owned(),
            color: [255; 4],
        });
    }
    let drawing = compose(spec);
    let Some(Item::Path(path)) = drawing.items.get(1) else {
        panic!("a line over the map");
    };
    let points = [[0.0, 100.0], [200.0, 0.0], [100.0, 50.0]];
    assert_eq!(path.segments, Path::polyline(&points, true).segments);
    let labels: Vec<_> = drawing
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Text(text) => Some((text.text.as_str(), text.x)),
            _ => None,
        })
        .collect();
    assert_eq!(labels, [("here", 100.0)]);
}

#[test]
fn a_corner_legend_takes_no_space_beside_the_map() {
    let width = |place| {
        let mut spec = full(noise(400, 300), 1.0);
        if let Some(legend) = &mut spec.legend {
            legend.place = place;
        }
        compose(spec).width
    };
    assert!(width(Place::TopRight) < width(Place::Right));
}

#[test]
fn a_label_under_the_legend_is_left_out() {
    let mut spec = full(noise(400, 300), 1.0);
    if let Some(legend) = &mut spec.legend {
        legend.place = Place::TopRight;
    }
    for position in [[2.5, 2.4], [-2.5, 0.1]] {
        spec.labels.push(Label {
            position,
            text: format!("at {position:?}"),
            color: [0; 4],
        });
    }
    let labels: Vec<_> = compose(spec)
        .items
        .into_iter()
        .filter_map(|item| match item {
            Item::Text(text) if text.text.starts_with("at ") => Some(text.text),
            _ => None,
        })
        .collect();
    assert_eq!(labels, ["at [-2.5, 0.1]"]);
}

#[test]
fn hostile_figures_are_written() {
    let hostile = "<&\"\u{0}\u{1f30c}\n";
    for bounds in [
        ([f64::NAN, 1.0], [0.0, 1.0]),
        ([2.0, 2.0], [0.0, 0.0]),
        ([f64::INFINITY, 0.0], [1e300, -1e300]),
    ] {
        for text in [hostile, "", &hostile.repeat(200)] {
            let mut spec = full(noise(3, 2), f32::NAN);
            spec.bounds = bounds;
            spec.axes = Some((text.to_owned(), text.to_owned()));
            (spec.title, spec.caption) = (Some(text.to_owned()), Some(text.to_owned()));
            spec.labels.push(Label {
                position: [0.5, f64::NAN],
                text: text.to_owned(),
                color: [0; 4],
            });
            spec.lines.push(Lines {
                polylines: vec![vec![[0.0, 1.0], [f64::NAN, 3.0]], vec![[0.0; 2]]],
                color: [0; 4],
                width: f32::NAN,
            });
            let drawing = compose(spec);
            assert!(drawing.width.is_finite() && drawing.height.is_finite());
            assert!(!png(&drawing, 1.0).is_empty());
            assert!(svg(&drawing).ends_with("</svg>\n"));
            assert!(pdf(&drawing).starts_with(b"%PDF"));
        }
    }
}
