//! The map on a graphics adapter, against what each point says of itself.

use latentarium::color::{Colormap, Rgba};
use latentarium::mask::Mask;
use latentarium::render::{
    Bounds, Camera, DensityScale, DensityStyle, Gpu, Layer, LineBuffers, Picture, PointGroup,
    PointLayer, PointStyle, Renderer, Shades, Shape, Target,
};
use latentarium::scene::pick;
use latentarium::spatial::TileTree;

const SIZE: (u32, u32) = (300, 200);
const BLACK: Rgba = [0, 0, 0, 255];

/// A density as it is shown at first.
const DENSITY: DensityStyle = DensityStyle {
    scale: DensityScale::Log,
    map: Some(Colormap::Magma),
    smoothing_px: 3.0,
    invert: false,
    shade: 1.0,
};

fn style(radius_px: f32, opacity: f32) -> PointStyle {
    PointStyle {
        radius_px,
        opacity,
        glow: 0.2,
        shade: 1.0,
    }
}

struct Bench {
    gpu: Gpu,
    renderer: Renderer,
    target: Target,
}

impl Bench {
    fn new() -> Self {
        Self::on(Gpu::headless().expect("software Vulkan at least; ./check installs it"))
    }

    fn on(gpu: Gpu) -> Self {
        Self {
            renderer: Renderer::new(&gpu),
            target: Target::new(&gpu, SIZE.0, SIZE.1).unwrap(),
            gpu,
        }
    }

    fn draw(&mut self, layer: Option<PointLayer<'_>>, camera: &Camera) -> Vec<u8> {
        self.draw_layers(layer, camera, &[(Layer::Points, 1.0)])
    }

    fn draw_layers(
        &mut self,
        points: Option<PointLayer<'_>>,
        camera: &Camera,
        layers: &[(Layer<'_>, f32)],
    ) -> Vec<u8> {
        let picture = Picture {
            camera,
            background: BLACK,
            points,
            layers,
        };
        self.renderer.draw(&self.gpu, &mut self.target, &picture);
        self.target.read_rgba(&self.gpu).unwrap()
    }
}

/// A small generator of numbers in `0..1`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }

    fn bell(&mut self) -> f32 {
        (0..6).map(|_| self.next()).sum::<f32>() - 3.0
    }
}

/// Clusters far from the origin, filaments, and heavy tails.
fn layouts(n: usize) -> Vec<Vec<[f32; 2]>> {
    let mut r = Random(1);
    let clusters = (0..n).map(|i| {
        [
            1000.0 + (i % 5) as f32 * 4.0 + r.bell(),
            (i % 3) as f32 * 5.0 + r.bell() * 0.3,
        ]
    });
    let clusters = clusters.collect();
    let mut r = Random(2);
    let filaments = (0..n).map(|_| {
        let t = r.next() * 12.0;
        [
            t + 0.01 * r.bell(),
            t.sin() * (1.0 + (r.next() * 4.0).floor()) + 0.01 * r.bell(),
        ]
    });
    let filaments = filaments.collect();
    let mut r = Random(3);
    let tails = (0..n).map(|_| [r.bell() / r.next().max(1e-5), r.bell() / r.next().max(1e-5)]);
    vec![clusters, filaments, tails.collect()]
}

fn colors(tree: &TileTree) -> Vec<Rgba> {
    let red = |i: &u32| {
        if i.is_multiple_of(7) {
            [0, 0, 0, 0]
        } else {
            [255, 90, 40, 255]
        }
    };
    tree.order().iter().map(red).collect()
}

/// The pixels under some marker, from every point by itself.
fn brute_force(
    tree: &TileTree,
    drawn: impl Fn(usize) -> bool,
    camera: &Camera,
    shape: Shape,
    radius_px: f32,
) -> Vec<bool> {
    let (width, height) = (SIZE.0 as usize, SIZE.1 as usize);
    let mut lit = vec![false; width * height];
    let to_px = camera.to_px([SIZE.0 as f32, SIZE.1 as f32]);
    let reach = shape.reach(f64::from(radius_px));
    for (place, point) in tree.points().iter().enumerate() {
        if !drawn(place) {
            continue;
        }
        let px = to_px
            .px(*point)
            .map(|v| (v * 256.0).round_ties_even() / 256.0);
        let range = |i: usize, size: usize| {
            let low = (px[i] - reach).floor().clamp(0.0, size as f64);
            low as usize..(px[i] + reach).ceil().clamp(low, size as f64) as usize
        };
        for y in range(1, height) {
            for x in range(0, width) {
                let (dx, dy) = (x as f64 + 0.5 - px[0], y as f64 + 0.5 - px[1]);
                lit[y * width + x] |= shape.coverage(f64::from(radius_px), dx, dy) > 0.0;
            }
        }
    }
    lit
}

/// A pixel differs from the ground exactly where a marker lies, hidden points apart, at any opacity.
fn lit_exactly(bench: &mut Bench, tree: &TileTree, views: usize, zooms: std::ops::Range<f64>) {
    let shades = Shades::new(tree, colors(tree));
    let mut r = Random(9);
    let bounds = Bounds::around(tree.points().iter().copied()).unwrap();
    for view in 0..views {
        let size = bench.target.size_px();
        let near = tree.points()[(r.next() * (tree.points().len() - 1) as f32) as usize];
        let exponent = zooms.start + (zooms.end - zooms.start) * f64::from(r.next());
        let center = if view % 5 == 0 {
            bounds.center()
        } else {
            near.map(f64::from)
        };
        let zoomed = Camera::fit(bounds, size).zoomed(10_f64.powf(exponent), [0.0; 2], size);
        let camera = Camera { center, ..zoomed };
        let shape = Shape::ALL[view % 4];
        // The markers of large maps, those of a fine screen, and any.
        let radius = match view % 3 {
            0 => 0.75,
            1 => 1.5,
            _ => 0.75 + 4.0 * r.next() * r.next(),
        };
        let group = PointGroup {
            shades: &shades,
            shape,
            size: 1.0,
        };
        let layer = PointLayer {
            tree,
            groups: &[group],
            selection: None,
            style: style(radius, if view % 2 == 0 { 0.8 } else { 0.02 }),
        };
        let drawn = bench.draw(Some(layer), &camera);
        let expected = brute_force(tree, |p| shades.draws(p), &camera, shape, radius);
        for (at, (pixel, expected)) in drawn.chunks_exact(4).zip(expected).enumerate() {
            let (x, y) = (at % SIZE.0 as usize, at / SIZE.0 as usize);
            assert_eq!(
                pixel != BLACK,
                expected,
                "view {view}, {shape:?} of {radius} px, pixel {x}, {y}"
            );
        }
    }
}

/// 50 views of each layout, from far out to deep inside, with every marker.
#[test]
fn lit_pixels_are_those_of_drawing_every_point() {
    let mut bench = Bench::new();
    for points in layouts(20_000) {
        lit_exactly(&mut bench, &TileTree::new(&points), 50, -0.5..4.5);
    }
}

/// Markers that reach farther than a word of lit pixels: beside a crowd that is surrounded by light, its arms are lit.
#[test]
fn lit_pixels_of_large_markers_are_exact() {
    let mut bench = Bench::new();
    let mut r = Random(4);
    let crowd = (0..300).map(|_| [100.0 + 0.3 * r.next(), 168.0 + 0.3 * r.next()]);
    let others = [
        [85.0, 168.0],
        [85.0, 200.0],
        [85.0, 136.0],
        [100.0, 200.0],
        [100.0, 136.0],
    ];
    let tree = TileTree::new(&crowd.chain(others).collect::<Vec<_>>());
    let shades = Shades::new(&tree, vec![[255, 90, 40, 255]; tree.points().len()]);
    let camera = Camera {
        center: [150.0, 100.0],
        px_per_unit: 1.0,
    };
    for shape in Shape::ALL {
        for radius in [40.0, 62.0, 75.0, 190.0] {
            let group = PointGroup {
                shades: &shades,
                shape,
                size: 1.0,
            };
            let layer = PointLayer {
                tree: &tree,
                groups: &[group],
                selection: None,
                style: style(radius, 0.8),
            };
            let drawn = bench.draw(Some(layer), &camera);
            let expected = brute_force(&tree, |_| true, &camera, shape, radius);
            let lit = drawn.chunks_exact(4).map(|pixel| pixel != BLACK);
            assert!(lit.eq(expected), "{shape:?} of {radius} px");
        }
    }
}

/// What is selected lies over everything, whatever layers there are.
#[test]
fn selected_points_are_seen_under_any_layers() {
    let mut bench = Bench::new();
    let points = &layouts(20_000)[0];
    let tree = TileTree::new(points);
    let shades = Shades::new(&tree, vec![[255, 90, 40, 255]; points.len()]);
    let mask = Mask::from_fn(points.len(), |place| place % 500 == 0);
    let bounds = Bounds::around(points.iter().copied()).unwrap();
    let camera = Camera::fit(bounds, bench.target.size_px());
    let groups = [PointGroup {
        shades: &shades,
        shape: Shape::Disc,
        size: 1.0,
    }];
    let layer = |selection| PointLayer {
        tree: &tree,
        groups: &groups,
        selection,
        style: style(1.5, 1.0),
    };
    let (points, density) = ((Layer::Points, 1.0), (Layer::Density(DENSITY), 1.0));
    let selected = brute_force(&tree, |p| mask.contains(p), &camera, Shape::Disc, 1.5);
    for layers in [&[density][..], &[points, density], &[]] {
        let with = bench.draw_layers(Some(layer(Some(&mask))), &camera, layers);
        let without = bench.draw_layers(Some(layer(None)), &camera, layers);
        let pixels = with.chunks_exact(4).zip(without.chunks_exact(4));
        let changed = pixels.zip(&selected).filter(|((a, b), _)| a != b);
        let changed = changed.filter(|(_, selected)| **selected).count();
        let all = selected.iter().filter(|selected| **selected).count();
        assert!(changed * 2 > all, "{changed} of {all}");
    }
}

/// Where many points lie over every pixel, none is looked at by itself.
#[test]
fn lit_pixels_are_exact_in_the_densest_crowds() {
    let mut bench = Bench::new();
    for points in layouts(600_000) {
        lit_exactly(&mut bench, &TileTree::new(&points), 8, -0.5..1.5);
    }
}

/// Chosen points light their own pixels only, and chosen points that are hidden light none, though they
/// lie among the others by the thousand.
#[test]
fn chosen_pixels_are_those_of_the_chosen_points_that_are_drawn() {
    let mut bench = Bench::new();
    for points in layouts(300_000) {
        let tree = TileTree::new(&points);
        let mut r = Random(11);
        let colors = tree.points().iter().map(|_| {
            if r.next() < 0.5 {
                [0; 4]
            } else {
                [255, 90, 40, 255]
            }
        });
        let shades = Shades::new(&tree, colors.collect());
        // Of every hundred places, all hidden ones and the first half of the others.
        let mask = Mask::from_fn(points.len(), |p| !shades.draws(p) || p % 100 < 50);
        let none = Mask::none(points.len());
        let bounds = Bounds::around(points.iter().copied()).unwrap();
        for view in 0..8 {
            let size = bench.target.size_px();
            let zoom = 10_f64.powf(f64::from(view) * 0.25);
            let near = tree.points()[150_000 + 7919 * view as usize].map(f64::from);
            let camera = Camera {
                center: near,
                ..Camera::fit(bounds, size).zoomed(zoom, [0.0; 2], size)
            };
            let (shape, radius) = (
                Shape::ALL[view as usize % 4],
                [0.75, 1.5][view as usize / 4],
            );
            let group = PointGroup {
                shades: &shades,
                shape,
                size: 1.0,
            };
            let [chosen, plain] = [&mask, &none].map(|selection| {
                let layer = PointLayer {
                    tree: &tree,
                    groups: &[group],
                    selection: Some(selection),
                    style: style(radius, 0.8),
                };
                bench.draw(Some(layer), &camera)
            });
            let chosen_and_drawn = |p: usize| shades.draws(p) && mask.contains(p);
            let expected = brute_force(&tree, chosen_and_drawn, &camera, shape, radius);
            let pairs = chosen.chunks_exact(4).zip(plain.chunks_exact(4));
            for (at, ((chosen, plain), expected)) in pairs.zip(expected).enumerate() {
                assert_eq!(chosen != plain, expected, "view {view}, pixel {at}");
            }
        }
    }
}

/// A lone outlier among a million, and each of the groups and the selection by itself.
#[test]
fn an_outlier_is_drawn_and_selected_points_lie_on_top() {
    let mut bench = Bench::new();
    let mut r = Random(4);
    let mut points: Vec<[f32; 2]> = (0..1_000_000).map(|_| [r.bell(), r.bell()]).collect();
    points.push([30.0, 20.0]);
    let tree = TileTree::new(&points);
    let place = tree.order().iter().position(|&i| i == 1_000_000).unwrap();
    let shades = Shades::new(&tree, vec![[40, 90, 255, 255]; points.len()]);
    let camera = Camera::fit(
        Bounds::around(points.iter().copied()).unwrap(),
        bench.target.size_px(),
    );
    let group = PointGroup {
        shades: &shades,
        shape: Shape::Disc,
        size: 1.0,
    };
    let mut layer = PointLayer {
        tree: &tree,
        groups: &[group],
        selection: None,
        style: style(0.75, 0.8),
    };
    let px = camera.px_from_world([30.0, 20.0], bench.target.size_px());
    let at = 4 * (px[1] as usize * SIZE.0 as usize + px[0] as usize);
    let drawn = bench.draw(Some(layer), &camera);
    assert!(drawn[at + 2] > 40, "{:?}", &drawn[at..at + 4]);
    // Chosen alone, it outshines the rest.
    let mask = Mask::from_fn(points.len(), |p| p == place);
    layer.selection = Some(&mask);
    let chosen = bench.draw(Some(layer), &camera);
    let middle = 4
        * (camera.px_from_world([0.0; 2], bench.target.size_px())[1] as usize * SIZE.0 as usize
            + camera.px_from_world([0.0; 2], bench.target.size_px())[0] as usize);
    assert!(chosen[middle + 2] < drawn[middle + 2] / 2);
    assert!(chosen[at + 2] >= drawn[at + 2]);
    let lit = |picture: &[u8]| picture.chunks_exact(4).filter(|p| *p != BLACK).count();
    assert_eq!(lit(&chosen), lit(&drawn));
}

#[test]
fn hover_finds_the_nearest_marker_under_the_cursor() {
    let points = layouts(5000).remove(0);
    let tree = TileTree::new(&points);
    let shades = Shades::new(&tree, colors(&tree));
    let size = [SIZE.0 as f32, SIZE.1 as f32];
    let camera = Camera::fit(Bounds::around(points.iter().copied()).unwrap(), size);
    let group = PointGroup {
        shades: &shades,
        shape: Shape::Disc,
        size: 1.0,
    };
    let mut hits = 0;
    for i in 0..2000 {
        let cursor = [
            (i * 7919 % 300) as f32 + 0.3,
            (i * 104_729 % 200) as f32 + 0.6,
        ];
        let found = pick(&tree, &[group], &camera, size, 2.0, cursor);
        let world = camera.world_from_px(cursor, size);
        let distance = |place: usize| {
            let p = tree.points()[place];
            (f64::from(p[0]) - world[0]).hypot(f64::from(p[1]) - world[1]) * camera.px_per_unit
        };
        let nearest = (0..points.len())
            .filter(|&p| shades.draws(p))
            .map(distance)
            .fold(f64::INFINITY, f64::min);
        match found {
            Some(place) => assert!(shades.draws(place) && distance(place) <= nearest + 1e-9),
            None => assert!(nearest > 6.0),
        }
        hits += usize::from(found.is_some());
    }
    assert!(hits > 200, "{hits}");
}

#[test]
fn poison_is_never_drawn_and_never_crashes() {
    let mut bench = Bench::new();
    let camera = Camera {
        center: [0.0, 0.0],
        px_per_unit: 10.0,
    };
    let density = DensityStyle {
        scale: DensityScale::EqHist,
        ..DENSITY
    };
    let layers = [(Layer::Density(density), 1.0), (Layer::Points, 1.0)];
    let mut lit = |points: &[[f32; 2]]| {
        let tree = TileTree::new(points);
        let shades = Shades::new(&tree, vec![[255, 0, 0, 255]; points.len()]);
        let group = PointGroup {
            shades: &shades,
            shape: Shape::Disc,
            size: 1.0,
        };
        let layer = PointLayer {
            tree: &tree,
            groups: &[group],
            selection: Some(&Mask::from_fn(tree.points().len(), |p| p % 2 == 0)),
            style: style(3.0, 1.0),
        };
        let differing = |drawn: Vec<u8>| drawn.chunks_exact(4).filter(|p| *p != BLACK).count();
        let both = differing(bench.draw_layers(Some(layer), &camera, &layers));
        let markers = differing(bench.draw(Some(layer), &camera));
        assert!(both >= markers && (both > 0) == (markers > 0));
        markers
    };
    let poison = [
        [f32::NAN, 0.0],
        [0.0, f32::NAN],
        [f32::INFINITY, 0.0],
        [f32::NEG_INFINITY, f32::INFINITY],
        [1e38, 1e38],
        [-1e38, 3e38],
    ];
    assert_eq!(lit(&poison), 0);
    assert_eq!(lit(&[]), 0);
    let denormal = lit(&[[f32::MIN_POSITIVE / 2.0, 0.0]]);
    assert!(denormal > 20);
    assert_eq!(
        lit(&vec![[f32::MIN_POSITIVE / 2.0, 0.0]; 1_000_000]),
        denormal
    );
    let mut with_poison = poison.to_vec();
    with_poison.push([0.0, 0.0]);
    assert_eq!(lit(&with_poison), denormal);
}

/// Lines and sheets come from the GPU: the same picture from the processor differs by rounding only.
#[test]
fn lines_and_layers_have_their_opacity() {
    let mut bench = Bench::new();
    let camera = Camera {
        center: [0.0, 0.0],
        px_per_unit: 1.0,
    };
    let line = vec![(vec![[-200.0, 0.5], [200.0, 0.5]], [255, 255, 255, 255])];
    let lines = LineBuffers::new(&bench.gpu, &bench.renderer, &line);
    let drawn = bench.draw_layers(None, &camera, &[(Layer::Lines(&lines, 3.0), 0.5)]);
    let row = |y: usize| &drawn[4 * y * SIZE.0 as usize..4 * (y + 1) * SIZE.0 as usize];
    // The line lies half a pixel above the middle: it covers the rows 98, 99 and 100.
    for y in 0..SIZE.1 as usize {
        let expected = if (98..=100).contains(&y) { 127.5 } else { 0.0 };
        let wrong = row(y)
            .chunks_exact(4)
            .filter(|p| (f32::from(p[0]) - expected).abs() > 1.0);
        assert_eq!(wrong.count(), 0, "row {y}: {:?}", &row(y)[..4]);
    }
    let tree = TileTree::new(&[[0.0, 0.0]]);
    let shades = Shades::new(&tree, vec![[255, 0, 0, 255]]);
    let group = PointGroup {
        shades: &shades,
        shape: Shape::Square,
        size: 1.0,
    };
    let layer = PointLayer {
        tree: &tree,
        groups: &[group],
        selection: None,
        style: style(10.0, 1.0),
    };
    let at = 4 * (100 * SIZE.0 as usize + 150);
    let full = bench.draw_layers(Some(layer), &camera, &[(Layer::Points, 1.0)])[at];
    let half = bench.draw_layers(Some(layer), &camera, &[(Layer::Points, 0.5)])[at];
    assert!(full > 240 && half.abs_diff(full / 2) <= 1, "{full} {half}");
}

/// Every adapter of the machine (a GPU, software Vulkan, OpenGL) draws the same picture of points,
/// density and lines, but for rounding.
#[test]
fn adapters_agree() {
    let points = layouts(50_000).swap_remove(0);
    let tree = TileTree::new(&points);
    let shades = Shades::new(&tree, colors(&tree));
    let camera = Camera::fit(
        Bounds::around(tree.points().iter().copied()).unwrap(),
        [SIZE.0 as f32, SIZE.1 as f32],
    );
    let group = PointGroup {
        shades: &shades,
        shape: Shape::Disc,
        size: 1.0,
    };
    let layer = PointLayer {
        tree: &tree,
        groups: &[group],
        selection: None,
        style: style(1.5, 0.8),
    };
    let corner = |at: f64| camera.center.map(|c| c + at / camera.px_per_unit);
    let line = vec![(
        vec![corner(-90.0), corner(10.0), corner(80.5)],
        [255, 255, 0, 255],
    )];
    let mut first: Option<(String, Vec<u8>)> = None;
    for gpu in Gpu::every() {
        let name = format!("{} {}", gpu.adapter().backend, gpu.adapter().name);
        let mut bench = Bench::on(gpu);
        let lines = LineBuffers::new(&bench.gpu, &bench.renderer, &line);
        let layers = [
            (Layer::Density(DENSITY), 0.9),
            (Layer::Points, 0.7),
            (Layer::Lines(&lines, 2.0), 0.8),
        ];
        let drawn = bench.draw_layers(Some(layer), &camera, &layers);
        let (reference, expected) = first.get_or_insert_with(|| (name.clone(), drawn.clone()));
        let differences = drawn
            .iter()
            .zip(expected)
            .map(|(a, b)| f64::from(a.abs_diff(*b)));
        let mean = differences.sum::<f64>() / drawn.len() as f64 / 255.0;
        assert!(mean < 0.01, "{name} and {reference}: {mean}");
    }
    assert!(first.is_some_and(|(_, drawn)| drawn.iter().any(|v| *v != 0)));
}

#[test]
fn sizes_beyond_the_adapter_are_refused() {
    let bench = Bench::new();
    assert!(Target::new(&bench.gpu, 0, 10).is_err());
    assert!(Target::new(&bench.gpu, 1_000_000, 10).is_err());
}
