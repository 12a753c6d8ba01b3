//! What the map costs: `cargo bench --bench map -- [SIZES [PARTS]]`, such as 1e5,1e7 opening,heavy-tailed.
//!
//! Frames are those of `Renderer::draw`, which the window uses. CPU seconds are those of the process,
//! all threads and the software driver's included.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

mod cpu;
mod layouts;
mod opening;
mod stilts;

use std::time::Instant;

use latentarium::analysis::density::{DensityGrid, DensityParams};
use latentarium::color::{Colormap, category};
use latentarium::render::{
    Bounds, Camera, DensityScale, DensityStyle, Gpu, Layer, LineBuffers, Picture, PointGroup,
    PointLayer, PointStyle, Renderer, Shades, Shape, Target,
};
use latentarium::scene::pick;
use latentarium::spatial::{Polygon, TileTree};

const SIZE: (u32, u32) = (1280, 800);
/// Frames of one journey.
const FRAMES: usize = 60;
/// Journeys of which the median frame is taken: that of a single one varies by a tenth.
const JOURNEYS: usize = 5;

/// Wall and CPU milliseconds of `work`.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64, f64) {
    let (wall, cpu) = (Instant::now(), cpu::own_seconds());
    let result = work();
    (
        result,
        wall.elapsed().as_secs_f64() * 1e3,
        (cpu::own_seconds() - cpu) * 1e3,
    )
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

struct Graphics {
    gpu: Gpu,
    renderer: Renderer,
    target: Target,
}

/// A map with everything that its frames show.
struct Map {
    tree: TileTree,
    shades: Shades,
    lines: LineBuffers,
}

fn radius(n: usize) -> f32 {
    let area = SIZE.0 as f32 * SIZE.1 as f32;
    (area * 0.085 / n as f32 / std::f32::consts::PI)
        .sqrt()
        .clamp(0.75, 4.0)
}

fn contours(graphics: &Graphics, tree: &TileTree) -> LineBuffers {
    let params = DensityParams::default();
    let grid = DensityGrid::estimate(tree.points(), |_| true, params, &|| false);
    let lines: Vec<_> = grid
        .map(|grid| {
            let levels = grid.levels(&[0.5, 0.9]);
            levels
                .iter()
                .flat_map(|level| grid.contours(*level))
                .collect::<Vec<_>>()
        })
        .unwrap_or_default()
        .into_iter()
        .map(|line| (line.points, [255; 4]))
        .collect();
    LineBuffers::new(&graphics.gpu, &graphics.renderer, &lines)
}

fn frame(graphics: &mut Graphics, map: &Map, camera: &Camera, all_layers: bool) {
    let group = PointGroup {
        shades: &map.shades,
        shape: Shape::Disc,
        size: 1.0,
    };
    frame_of(
        graphics,
        &map.tree,
        &[group],
        &map.lines,
        camera,
        all_layers,
    );
}

fn frame_of(
    graphics: &mut Graphics,
    tree: &TileTree,
    groups: &[PointGroup<'_>],
    lines: &LineBuffers,
    camera: &Camera,
    all_layers: bool,
) {
    let style = PointStyle {
        radius_px: radius(tree.points().len()),
        opacity: 0.8,
        glow: 0.2,
        shade: 1.0,
    };
    let density = DensityStyle {
        scale: DensityScale::Log,
        map: Some(Colormap::Magma),
        smoothing_px: 3.0,
        invert: false,
        shade: 1.0,
    };
    let layers = [
        (Layer::Density(density), 1.0),
        (Layer::Points, 1.0),
        (Layer::Lines(lines, 1.5), 1.0),
    ];
    let picture = Picture {
        camera,
        background: [13, 16, 22, 255],
        points: Some(PointLayer {
            tree,
            groups,
            selection: None,
            style,
        }),
        layers: if all_layers { &layers } else { &layers[1..2] },
    };
    graphics
        .renderer
        .draw(&graphics.gpu, &mut graphics.target, &picture);
    graphics
        .target
        .wait(&graphics.gpu)
        .expect("the adapter answers");
}

/// From the whole map into its densest part and along it.
fn journey(tree: &TileTree, whole: Camera, step: usize) -> Camera {
    let t = step as f64 / (FRAMES - 1) as f64;
    let zoom = 40_f64.powf((t * std::f64::consts::PI).sin());
    let pan = (t * std::f64::consts::TAU).sin() * 60.0;
    let mut heart = tree.points()[tree.points().len() / 2].map(f64::from);
    for (heart, middle) in heart.iter_mut().zip(whole.center) {
        *heart = middle + (*heart - middle) * (1.0 - 1.0 / zoom);
    }
    Camera {
        center: heart,
        px_per_unit: whole.px_per_unit * zoom,
    }
    .panned([pan as f32, 0.0])
}

/// Where nearly all points lie: a view of a heavy-tailed map in which something is to be seen.
fn robust_bounds(tree: &TileTree) -> Bounds {
    let sample = tree.sample(20_000);
    let range = |i: usize| {
        let mut values: Vec<f32> = sample
            .iter()
            .map(|&p| tree.points()[p as usize][i])
            .collect();
        values.sort_by(f32::total_cmp);
        let at = |q: f64| f64::from(values[((values.len() - 1) as f64 * q) as usize]);
        (at(0.01), at(0.99))
    };
    let ranges = [range(0), range(1)];
    Bounds {
        min: ranges.map(|r| r.0),
        max: ranges.map(|r| r.1),
    }
}

fn colors(tree: &TileTree) -> Vec<[u8; 4]> {
    tree.order()
        .iter()
        .map(|i| category((*i % 5) as usize))
        .collect()
}

/// A polygon that holds half of the points.
fn half(tree: &TileTree, vertices: usize) -> Polygon {
    let (mut least, mut most) = (0.0, 4.0);
    let mut polygon = star(tree, vertices, most);
    for _ in 0..16 {
        let size = f64::midpoint(least, most);
        polygon = star(tree, vertices, size);
        if tree.select(&polygon).count() * 2 < tree.points().len() {
            least = size;
        } else {
            most = size;
        }
    }
    polygon
}

/// Of that size, in parts of the view.
fn star(tree: &TileTree, vertices: usize, size: f64) -> Polygon {
    let bounds = robust_bounds(tree);
    let center = bounds.center();
    let half = [0, 1].map(|i| (bounds.max[i] - bounds.min[i]) / 2.0);
    let vertex = |i: usize| {
        let angle = i as f64 / vertices as f64 * std::f64::consts::TAU;
        let jag = 0.06 * ((i * 37) % 11) as f64 / 11.0;
        let radius = size * (1.0 + 0.23 * (angle * 7.0).sin() + jag);
        [
            center[0] + half[0] * radius * angle.cos(),
            center[1] + half[1] * radius * angle.sin(),
        ]
    };
    Polygon::new(&(0..vertices).map(vertex).collect::<Vec<_>>())
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let sizes: Vec<usize> = arguments
        .first()
        .map_or("1e5,1e6,1e7", String::as_str)
        .split(',')
        .filter_map(|s| s.parse::<f64>().ok())
        .map(|s| s as usize)
        .collect();
    let gpu = Gpu::headless().expect("a graphics adapter");
    println!("adapter: {}", gpu.adapter().name);
    let mut graphics = Graphics {
        renderer: Renderer::new(&gpu),
        target: Target::new(&gpu, SIZE.0, SIZE.1).expect("a target"),
        gpu,
    };
    let chosen = arguments.get(1);
    let wanted = |name: &str| chosen.is_none_or(|list| list.split(',').any(|c| c == name));
    if wanted("first") {
        first_picture(&mut graphics);
    }
    if wanted("opening") {
        let most = sizes.iter().copied().max().unwrap_or(0);
        opening::print(&mut graphics, "clustered", most.min(10_000_000));
    }
    for name in layouts::NAMES.into_iter().filter(|name| wanted(name)) {
        println!("\n{name}: wall ms (CPU ms)");
        let sizes = sizes.iter();
        let mut maps: Vec<Timed> = sizes.map(|&n| Timed::new(&graphics, name, n)).collect();
        // In turns, so that a moment in which the machine is slow befalls all sizes.
        for _ in 0..JOURNEYS {
            for first in (0..FRAMES).step_by(TURN) {
                for map in &mut maps {
                    map.travel(&mut graphics, first..(first + TURN).min(FRAMES));
                }
            }
        }
        let smallest = maps.first().map(Timed::frame);
        for map in &maps {
            map.print(&mut graphics, smallest.unwrap_or(f64::NAN));
        }
    }
}

/// Frames of one size before those of the next.
const TURN: usize = 10;

/// A map, and what it has cost so far.
struct Timed {
    map: Map,
    whole: Camera,
    /// What making it took.
    made: String,
    /// Wall milliseconds of its frames, and CPU milliseconds of all.
    frames: Vec<f64>,
    cpu: f64,
}

impl Timed {
    fn new(graphics: &Graphics, layout: &str, n: usize) -> Self {
        let points = layouts::points(layout, n);
        let (tree, build, build_cpu) = timed(|| TileTree::new(&points));
        let overhead = tree.overhead_bytes() as f64 / n as f64;
        let (shades, shade, shade_cpu) = timed(|| Shades::new(&tree, colors(&tree)));
        let (lines, contour, _) = timed(|| contours(graphics, &tree));
        let map = Map {
            tree,
            shades,
            lines,
        };
        Self {
            whole: Camera::fit(robust_bounds(&map.tree), graphics.target.size_px()),
            map,
            made: format!(
                "tree {build:.0} ({build_cpu:.0}), {overhead:.1} B/point beyond; colours {shade:.0} ({shade_cpu:.0}); \
                 contours {contour:.0}"
            ),
            frames: Vec::new(),
            cpu: 0.0,
        }
    }

    fn travel(&mut self, graphics: &mut Graphics, steps: std::ops::Range<usize>) {
        for step in steps {
            let camera = journey(&self.map.tree, self.whole, step);
            let ((), wall, cpu) = timed(|| frame(graphics, &self.map, &camera, true));
            self.frames.push(wall);
            self.cpu += cpu;
        }
    }

    /// The median frame.
    fn frame(&self) -> f64 {
        median(self.frames.clone())
    }

    /// All of it, and what else it costs.
    fn print(&self, graphics: &mut Graphics, smallest: f64) {
        let Self { map, whole, .. } = self;
        let ((), points_only, points_cpu) = timed(|| {
            for _ in 0..10 {
                frame(graphics, map, whole, false);
            }
        });
        let polygon = half(&map.tree, 500);
        let (mask, lasso, lasso_cpu) = timed(|| map.tree.select(&polygon));
        let (picked, hover) = hovers(map, whole);
        println!(
            "  {:>10}: {}; frame median {:.1}, slowest {:.1} (mean CPU {:.1}), {:.2} x the first; \
             points alone {:.1} ({:.1}); lasso of {} {lasso:.1} ({lasso_cpu:.0}); hover {hover:.4}, {picked} hits",
            map.tree.points().len(),
            self.made,
            self.frame(),
            self.frames.iter().copied().fold(0.0, f64::max),
            self.cpu / self.frames.len() as f64,
            self.frame() / smallest,
            points_only / 10.0,
            points_cpu / 10.0,
            mask.count(),
        );
    }
}

/// What a first picture of 4 million points costs, index included, and each further frame; beside it
/// what STILTS adds for 4 million over a thousand.
fn first_picture(graphics: &mut Graphics) {
    const MANY: usize = 4_000_000;
    let points = layouts::points("clustered", MANY);
    let lines = LineBuffers::new(&graphics.gpu, &graphics.renderer, &[]);
    let (map, _, first) = timed(|| {
        let tree = TileTree::new(&points);
        let shades = Shades::new(&tree, vec![category(0); MANY]);
        let map = Map {
            tree,
            shades,
            lines,
        };
        let whole = Camera::fit(robust_bounds(&map.tree), graphics.target.size_px());
        frame(graphics, &map, &whole, false);
        map
    });
    let whole = Camera::fit(robust_bounds(&map.tree), graphics.target.size_px());
    let ((), _, further) = timed(|| {
        for step in 0..FRAMES {
            let camera = journey(&map.tree, whole, step);
            frame(graphics, &map, &camera, false);
        }
    });
    println!(
        "\n4 million points, CPU s: first picture {:.2}, further frames {:.3} each",
        first / 1e3,
        further / 1e3 / FRAMES as f64
    );
    // Its start-up alone takes longer than the points, and varies: medians of pairs.
    let pair = |_| {
        let few = stilts::picture(&points[..1000], SIZE)?;
        Some((few, stilts::picture(&points, SIZE)?))
    };
    let Some(pairs) = (0..5).map(pair).collect::<Option<Vec<_>>>() else {
        println!("  STILTS is not installed (on Debian: apt-get install stilts)");
        return;
    };
    let few = median(pairs.iter().map(|(few, _)| *few).collect());
    let many = median(pairs.iter().map(|(_, many)| *many).collect());
    println!(
        "  STILTS, medians of {}: {few:.2} for a thousand, {many:.2} for 4 million, so {:.2} for the points; ours is {:.2} of that",
        pairs.len(),
        many - few,
        first / 1e3 / (many - few)
    );
}

/// Mean milliseconds of a hover pick all over the view, and how many found a point.
fn hovers(map: &Map, camera: &Camera) -> (usize, f64) {
    let group = PointGroup {
        shades: &map.shades,
        shape: Shape::Disc,
        size: 1.0,
    };
    let size = [SIZE.0 as f32, SIZE.1 as f32];
    let radius = radius(map.tree.points().len());
    let cursors = (0..1000).map(|i| [(i * 7919 % SIZE.0) as f32, (i * 104_729 % SIZE.1) as f32]);
    let cursors: Vec<[f32; 2]> = cursors.collect();
    let (hits, wall, _) = timed(|| {
        let pick = |c: &[f32; 2]| pick(&map.tree, &[group], camera, size, radius, *c);
        cursors.iter().filter(|c| pick(c).is_some()).count()
    });
    (hits, wall / cursors.len() as f64)
}
