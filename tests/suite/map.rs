//! The map on a graphics adapter, against its CPU reference.

use latentarium::color::Rgba;
use latentarium::data::{Projection, Provenance};
use latentarium::render::{
    Bounds, Camera, Gpu, Picture, PointBuffers, PointStyle, Renderer, Target, coverage,
};
use latentarium::scene::pick;
use latentarium::session::MapPoints;

const SIZE: (u32, u32) = (200, 160);
const BLACK: Rgba = [0, 0, 0, 255];
const STYLE: PointStyle = PointStyle {
    radius_px: 3.0,
    opacity: 1.0,
    glow: 0.0,
    shade: 1.0,
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

    fn draw(
        &self,
        points: &[[f32; 2]],
        colors: &[Rgba],
        camera: &Camera,
        style: PointStyle,
    ) -> Vec<u8> {
        let buffers = PointBuffers::new(&self.gpu, &self.renderer, points, colors).unwrap();
        let picture = Picture {
            camera,
            background: BLACK,
            points: Some((&buffers, style)),
        };
        self.renderer.draw(&self.gpu, &self.target, &picture);
        self.target.read_rgba(&self.gpu).unwrap()
    }
}

/// A small generator of numbers in `0..1`.
fn random(state: &mut u32) -> f32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*state >> 8) as f32 / 16_777_216.0
}

fn cloud(n: usize) -> Vec<[f32; 2]> {
    let mut state = 9;
    (0..n)
        .map(|_| {
            [
                random(&mut state) * 4.0 + 1000.0,
                random(&mut state) * 3.0 - 50.0,
            ]
        })
        .collect()
}

/// Number `i` as a colour that can be read back.
fn numbered(i: usize) -> Rgba {
    [(i & 0xff) as u8, (i >> 8) as u8, 200, 255]
}

#[test]
fn pixels_are_those_of_the_cpu_reference() {
    let bench = Bench::new();
    let points = cloud(60);
    let camera = Camera::fit(
        Bounds::around(points.iter().copied()).unwrap(),
        bench.target.size_px(),
    );
    let white = vec![[255; 4]; points.len()];
    let drawn = bench.draw(&points, &white, &camera, STYLE);
    let centers: Vec<[f32; 2]> = points
        .iter()
        .map(|p| camera.px_from_world(p.map(f64::from), bench.target.size_px()))
        .collect();
    for (i, pixel) in drawn.chunks_exact(4).enumerate() {
        let at = [
            (i as u32 % SIZE.0) as f32 + 0.5,
            (i as u32 / SIZE.0) as f32 + 0.5,
        ];
        let dark: f32 = centers
            .iter()
            .map(|c| 1.0 - coverage(*c, STYLE.radius_px, at))
            .product();
        let expected = 255.0 * (1.0 - dark);
        assert!(
            (f32::from(pixel[0]) - expected).abs() < 4.0,
            "{at:?}: {} instead of {expected}",
            pixel[0]
        );
    }
}

#[test]
fn hover_picks_the_point_that_is_drawn_on_top() {
    let bench = Bench::new();
    let all = cloud(400);
    let rows: Vec<u32> = (0..all.len() as u32).collect();
    let projection =
        Projection::new(all.concat(), 2, rows, all.len(), Provenance::default()).unwrap();
    let points = MapPoints::new(projection);
    let size = bench.target.size_px();
    let camera = Camera::fit(points.bounds().unwrap(), size).zoomed(1.7, [60.0, 70.0], size);
    let mut colors: Vec<Rgba> = (0..points.xy().len()).map(numbered).collect();
    // Every fifth is switched off and must be neither drawn nor found.
    colors.iter_mut().step_by(5).for_each(|c| c[3] = 0);
    let drawn = bench.draw(points.xy(), &colors, &camera, STYLE);
    let (mut hits, mut wrong) = (0, 0);
    for (i, pixel) in drawn.chunks_exact(4).enumerate() {
        let at = [
            (i as u32 % SIZE.0) as f32 + 0.2,
            (i as u32 / SIZE.0) as f32 + 0.8,
        ];
        let found = pick(&points, &colors, &camera, size, STYLE.radius_px, at);
        assert!(found.is_none_or(|index| index % 5 != 0));
        // Only where one disc covers the pixel entirely can its number be read from the colour.
        let center = |index: usize| camera.px_from_world(points.xy()[index].map(f64::from), size);
        let Some(index) = found else {
            assert_eq!(
                pixel[2], 0,
                "something is drawn at {at:?} and nothing is found"
            );
            continue;
        };
        let middle = [at[0].floor() + 0.5, at[1].floor() + 0.5];
        if coverage(center(index), STYLE.radius_px, middle) >= 1.0 {
            hits += 1;
            wrong += usize::from(pixel != numbered(index).as_slice());
        }
    }
    assert!(hits > 2000, "{hits}");
    assert_eq!(wrong, 0, "of {hits}");
}

#[test]
fn poison_is_never_drawn_and_never_crashes() {
    let bench = Bench::new();
    let camera = Camera {
        center: [0.0, 0.0],
        px_per_unit: 10.0,
    };
    let poison = [
        [f32::NAN, 0.0],
        [0.0, f32::NAN],
        [f32::INFINITY, 0.0],
        [f32::NEG_INFINITY, f32::INFINITY],
        [1e38, 1e38],
        [-1e38, 3e38],
    ];
    let red = vec![[255, 0, 0, 255]; poison.len()];
    let drawn = bench.draw(&poison, &red, &camera, STYLE);
    assert!(
        drawn.chunks_exact(4).all(|p| p == BLACK),
        "poison was drawn"
    );
    assert_eq!(
        bench
            .draw(&[], &[], &camera, STYLE)
            .chunks_exact(4)
            .filter(|p| *p != BLACK)
            .count(),
        0
    );
    let denormal = [[f32::MIN_POSITIVE / 2.0, 0.0]];
    assert!(
        bench
            .draw(&denormal, &red[..1], &camera, STYLE)
            .chunks_exact(4)
            .any(|p| p[0] == 255)
    );
    let identical = vec![[3.0, 3.0]; 100_000];
    bench.draw(&identical, &vec![[255; 4]; identical.len()], &camera, STYLE);
}

#[test]
fn sizes_beyond_the_adapter_are_refused() {
    let bench = Bench::new();
    assert!(Target::new(&bench.gpu, 0, 10).is_err());
    assert!(Target::new(&bench.gpu, 1_000_000, 10).is_err());
}
