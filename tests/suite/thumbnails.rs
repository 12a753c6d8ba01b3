//! Thumbnails on a graphics adapter: the pictures that were put in appear where they should.

use latentarium::color::Rgba;
use latentarium::data::{Cutout, Projection, Provenance, RowOrder};
use latentarium::mask::Mask;
use latentarium::progress::Progress;
use latentarium::render::{
    Bounds, Camera, Gpu, Layer, Picture, Renderer, Target, ThumbnailBuffers, ThumbnailQuad,
    ThumbnailStyle,
};
use latentarium::scene::{
    MapImage, THUMBNAIL_ROOM, color_points, draw_map, thumbnail_layout, thumbnail_pictures,
};
use latentarium::session::{LayerKind, MapPoints, ViewSpec};

const SIZE: (u32, u32) = (120, 80);
const GROUND: Rgba = [10, 20, 30, 255];
const RED: Rgba = [220, 0, 0, 255];
const GREEN: Rgba = [0, 220, 0, 255];
const EDGE: Rgba = [0, 0, 255, 255];
const STYLE: ThumbnailStyle = ThumbnailStyle {
    side_px: 32.0,
    border_px: 2.0,
    corner_px: 6.0,
    halo_px: 2.0,
    halo: [255, 255, 255, 255],
};

struct Bench {
    gpu: Gpu,
    renderer: Renderer,
    target: Target,
}

impl Bench {
    fn new() -> Self {
        let gpu = Gpu::headless().expect("software Vulkan at least; ./check installs it");
        Self {
            renderer: Renderer::new(&gpu),
            target: Target::new(&gpu, SIZE.0, SIZE.1).unwrap(),
            gpu,
        }
    }

    fn draw(&mut self, buffers: &ThumbnailBuffers, opacity: f32) -> Vec<u8> {
        let bounds = Bounds {
            min: [0.0; 2],
            max: [1.0; 2],
        };
        let picture = Picture {
            camera: &Camera::fit(bounds, [SIZE.0 as f32, SIZE.1 as f32]),
            background: GROUND,
            points: None,
            layers: &[(Layer::Thumbnails(buffers), opacity)],
        };
        self.renderer.draw(&self.gpu, &mut self.target, &picture);
        self.target.read_rgba(&self.gpu).unwrap()
    }
}

fn at(pixels: &[u8], x: usize, y: usize) -> [u8; 4] {
    let start = (y * SIZE.0 as usize + x) * 4;
    [0, 1, 2, 3].map(|i| pixels[start + i])
}

fn quad(row: usize, x: f32, y: f32) -> ThumbnailQuad {
    ThumbnailQuad {
        key: (1, row),
        center_px: [x, y],
        color: EDGE,
    }
}

#[test]
fn a_red_and_a_green_thumbnail_appear_where_they_should() {
    let mut bench = Bench::new();
    let mut buffers = ThumbnailBuffers::new(&bench.gpu, &bench.renderer, 16);
    // Upper half bright: the first row is the uppermost.
    let red: Vec<Rgba> = (0..256)
        .map(|i| if i < 128 { RED } else { [90, 0, 0, 255] })
        .collect();
    assert!(buffers.put(&bench.gpu, (1, 0), &red));
    assert!(buffers.put(&bench.gpu, (1, 1), &[GREEN; 256]));
    assert!(!buffers.put(&bench.gpu, (1, 2), &[GREEN; 3]), "wrong size");
    let quads = [
        quad(0, 30.0, 40.0),
        quad(1, 90.0, 40.0),
        quad(5, 60.0, 40.0),
        quad(1, f32::NAN, 3.0),
        quad(0, 10.0, f32::INFINITY),
        quad(0, 1e30, -1e30),
    ];
    buffers.show(&bench.gpu, &quads, STYLE);
    let pixels = bench.draw(&buffers, 1.0);
    assert_eq!(at(&pixels, 30, 30), RED);
    assert_eq!(at(&pixels, 30, 50), [90, 0, 0, 255]);
    assert_eq!(at(&pixels, 90, 40), GREEN);
    // Borders, halos, round corners, and the ground between.
    for x in [30, 90] {
        assert_eq!(at(&pixels, x - 16, 40), EDGE);
        assert_eq!(at(&pixels, x + 15, 40), EDGE);
        assert_eq!(at(&pixels, x, 55), EDGE);
        assert_eq!(at(&pixels, x + 17, 40), [255; 4]);
        assert_eq!(at(&pixels, x + 20, 40), GROUND);
        assert_eq!(at(&pixels, x - 18, 40 - 18), GROUND);
    }
    assert_eq!(at(&pixels, 60, 40), GROUND);
    // Half as strong.
    let faint = at(&bench.draw(&buffers, 0.5), 90, 40);
    assert!(faint[0].abs_diff(5) < 2 && faint[1].abs_diff(120) < 2 && faint[3] == 255);
    // Nothing is shown any more.
    buffers.show(&bench.gpu, &[], STYLE);
    let empty = bench.draw(&buffers, 1.0);
    assert!(empty.chunks_exact(4).all(|p| p == GROUND));
}

#[test]
fn slots_do_not_bleed_and_the_oldest_makes_room() {
    let mut bench = Bench::new();
    let mut buffers = ThumbnailBuffers::new(&bench.gpu, &bench.renderer, 256);
    let flat = |row: usize| vec![if row.is_multiple_of(2) { RED } else { GREEN }; 256 * 256];
    let capacity = buffers.capacity();
    for row in 0..capacity {
        assert!(buffers.put(&bench.gpu, (1, row), &flat(row)));
    }
    assert!(
        !buffers.put(&bench.gpu, (1, capacity), &flat(0)),
        "all in use"
    );
    let style = ThumbnailStyle {
        border_px: 0.0,
        corner_px: 0.0,
        halo_px: 0.0,
        ..STYLE
    };
    // The last slot lies on the last layer of the atlas.
    let last = capacity - 1;
    buffers.show(
        &bench.gpu,
        &[quad(last, 30.0, 40.0), quad(last - 1, 90.0, 40.0)],
        style,
    );
    let pixels = bench.draw(&buffers, 1.0);
    for (x, color) in [(30, GREEN), (90, RED)] {
        for dx in [-16, -15, 0, 14, 15] {
            let x = (x as isize + dx) as usize;
            assert_eq!([at(&pixels, x, 25), at(&pixels, x, 55)], [color; 2]);
        }
    }
    assert!(buffers.put(&bench.gpu, (1, capacity), &flat(0)));
    assert!(buffers.holds((1, last)) && buffers.holds((1, last - 1)));
    assert!(!buffers.holds((1, 0)));
}

/// Three objects in a row, the last of them hidden; each picture in its own grey.
#[test]
fn a_map_as_an_image_shows_the_pictures_of_what_is_drawn() {
    let ids = std::sync::Arc::new(arrow::array::Int64Array::from(vec![1, 2, 3]));
    let table = arrow::array::RecordBatch::try_from_iter(vec![("id", ids as _)]).unwrap();
    let catalog = latentarium::data::Catalog::new(&table).unwrap();
    let coords = vec![0.0, 0.0, 1.0, 0.0, 2.0, 0.0];
    let projection = Projection::new(coords, 2, vec![0, 1, 2], 3, Provenance::default());
    let points = MapPoints::new(projection.unwrap());
    let mut view = ViewSpec::default();
    view.layer_mut(LayerKind::Thumbnails).unwrap().shown = true;
    let rows = Mask::from_fn(3, |row| row < 2);
    let colored = color_points(&catalog, &points, &view, Some(&rows), true);
    let image = MapImage {
        width: 600,
        height: 200,
        scale: 1.0,
        dark: true,
        bounds: None,
    };
    let camera = image.camera(&points);
    let size = [600.0, 200.0];
    let shown = thumbnail_layout(&points, &colored, &camera, size, THUMBNAIL_ROOM);
    assert_eq!(shown.len(), 2);
    let cutouts: Vec<Cutout> = [80.0, 160.0, 240.0]
        .map(|v| Cutout::new(vec![v; 100], vec!["grey".into()], 10, 10, RowOrder::TopDown))
        .map(Result::unwrap)
        .to_vec();
    let pictures = thumbnail_pictures(&cutouts, &shown, 64, &Progress::new()).unwrap();
    let (rgba, _) = draw_map(&points, &colored, &view, &image, &pictures, &[]).unwrap();
    let level = |row: usize| {
        let position = points.position_of_row(row).unwrap().map(f64::from);
        let [x, y] = camera.px_from_world(position, size).map(|v| v as usize);
        rgba[(y * 600 + x) * 4]
    };
    assert_eq!([level(0), level(1)], [80, 160]);
    assert!(level(2) < 20);
}
