use super::*;
use crate::spatial::{Brush, Ellipse, Polygon, Rectangle, Region};

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

pub(super) fn layouts(n: usize) -> Vec<Vec<[f32; 2]>> {
    let mut r = Random(5);
    let clusters = (0..n).map(|i| {
        [
            (i % 7) as f32 * 3.0 + r.bell(),
            (i % 3) as f32 + 0.1 * r.bell(),
        ]
    });
    let clusters = clusters.collect();
    let mut r = Random(6);
    let heavy = (0..n)
        .map(|_| [1.0 / (r.next() - 0.5), r.bell() / r.next().max(1e-6)])
        .collect();
    let mut r = Random(7);
    let mut tight: Vec<[f32; 2]> = (0..n).map(|_| [1e-6 * r.bell(), 1e-6 * r.bell()]).collect();
    tight.extend([[1e8, 1e8], [f32::MAX, f32::MIN], [1e-40, 0.0]]);
    vec![clusters, heavy, tight]
}

/// Everything that a tree promises.
pub(super) fn check(points: &[[f32; 2]], tree: &TileTree) {
    let finite: Vec<u32> = (0..points.len() as u32)
        .filter(|&i| points[i as usize].iter().all(|v| v.is_finite()))
        .collect();
    let mut order = tree.order().to_vec();
    order.sort_unstable();
    assert_eq!(order, finite);
    for (place, &index) in tree.order().iter().enumerate() {
        assert_eq!(tree.points()[place], points[index as usize]);
    }
    let Some(root) = tree.root() else {
        return assert!(finite.is_empty());
    };
    assert_eq!(root.places(), 0..finite.len());
    let mut leaves = 0;
    for (at, node) in tree.nodes().iter().enumerate() {
        let inside = &tree.points()[node.places()];
        for i in 0..2 {
            assert_eq!(
                node.min[i],
                inside.iter().map(|p| p[i]).fold(f32::INFINITY, f32::min)
            );
            assert_eq!(
                node.max[i],
                inside
                    .iter()
                    .map(|p| p[i])
                    .fold(f32::NEG_INFINITY, f32::max)
            );
        }
        let chance = |place: usize| build::chance(tree.order()[place]);
        assert_eq!(
            Some(node.chosen()),
            node.places().min_by_key(|&p| chance(p))
        );
        let children = &tree.nodes()[node.children()];
        if node.is_leaf() {
            leaves += node.count();
            assert!(node.count() <= build::LEAF || node.min == node.max);
            continue;
        }
        assert!(node.children().start > at && children.len() > 1);
        assert_eq!(children[0].places().start, node.places().start);
        assert_eq!(children[children.len() - 1].places().end, node.places().end);
        assert!(
            children
                .windows(2)
                .all(|c| c[0].places().end == c[1].places().start)
        );
    }
    assert_eq!(leaves, finite.len());
}

#[test]
fn every_node_holds_what_it_says() {
    for points in layouts(30_000) {
        check(&points, &TileTree::new(&points));
    }
    for n in [0, 1, 2, 16, 17, 300] {
        check(&layouts(n)[1], &TileTree::new(&layouts(n)[1]));
        check(&vec![[2.5, -1.0]; n], &TileTree::new(&vec![[2.5, -1.0]; n]));
    }
    let poison = [
        [f32::NAN, 0.0],
        [0.0, f32::INFINITY],
        [f32::MAX, f32::MAX],
        [f32::MIN, f32::MIN_POSITIVE / 4.0],
        [3.0, 4.0],
    ];
    check(&poison, &TileTree::new(&poison));
    assert!(TileTree::new(&poison[..2]).root().is_none());
}

#[test]
fn the_tree_does_not_depend_on_the_number_of_threads() {
    let points = &layouts(250_000)[1];
    let of = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| TileTree::new(points))
    };
    let (one, three) = (of(1), of(3));
    assert_eq!(one.order(), three.order());
    assert_eq!(one.nodes(), three.nodes());
}

#[test]
fn a_sample_is_fair_and_nested() {
    let points = &layouts(50_000)[0];
    let tree = TileTree::new(points);
    let (small, large) = (tree.sample(2000), tree.sample(10_000));
    assert!((1800..2200).contains(&small.len()) && (9600..10_400).contains(&large.len()));
    assert!(small.iter().all(|p| large.binary_search(p).is_ok()));
    let left = large
        .iter()
        .filter(|&&p| tree.points()[p as usize][0] < 9.0)
        .count();
    let all = points.iter().filter(|p| p[0] < 9.0).count();
    assert!((left as f64 / large.len() as f64 - all as f64 / 50_000.0).abs() < 0.02);
    assert_eq!(tree.sample(usize::MAX).len(), 50_000);
}

#[test]
fn the_nearest_point_is_that_of_looking_at_all() {
    for points in layouts(3000) {
        let tree = TileTree::new(&points);
        let mut r = Random(3);
        for _ in 0..300 {
            let near = points[(r.next() * 2999.0) as usize];
            let at = [0, 1].map(|i| f64::from(near[i]) + f64::from(r.bell()) * 0.1);
            let reach = f64::from(r.next());
            let counts = |place: usize| !tree.order()[place].is_multiple_of(3);
            let distance = |place: usize| {
                let p = tree.points()[place];
                let d = [0, 1].map(|i| f64::from(p[i]) - at[i]);
                d[0] * d[0] + d[1] * d[1]
            };
            let expected = (0..tree.points().len())
                .filter(|&place| counts(place) && distance(place) <= reach * reach)
                .min_by(|&a, &b| {
                    let by_distance = distance(a).total_cmp(&distance(b));
                    by_distance.then(tree.order()[a].cmp(&tree.order()[b]))
                });
            assert_eq!(tree.nearest(at, reach, |_| true, counts), expected);
        }
    }
}

fn agrees<R: Region>(tree: &TileTree, region: &R, inside: impl Fn([f32; 2]) -> bool) -> usize {
    let mask = tree.select(region);
    let chosen: Vec<[f32; 2]> = mask.iter().map(|place| tree.points()[place]).collect();
    let corner = |pick: fn(f32, f32) -> f32| {
        let corners = chosen.iter().copied();
        corners.reduce(|a, b| [pick(a[0], b[0]), pick(a[1], b[1])])
    };
    assert_eq!(
        tree.corners_of(&mask),
        corner(f32::min).zip(corner(f32::max))
    );
    for (place, point) in tree.points().iter().enumerate() {
        assert_eq!(mask.contains(place), inside(*point), "{point:?}");
    }
    mask.count()
}

#[test]
fn a_region_selects_what_each_point_says_of_itself() {
    for points in layouts(20_000) {
        let tree = TileTree::new(&points);
        let mut r = Random(11);
        for _ in 0..20 {
            let middle = points[(r.next() * 19_999.0) as usize].map(f64::from);
            let size = f64::from(r.next() + 0.01) * 4.0;
            let star: Vec<[f64; 2]> = (0..60)
                .map(|i| {
                    // Twice around, so that it crosses itself.
                    let angle = f64::from(i) / 60.0 * 4.0 * std::f64::consts::PI;
                    let radius = size * f64::from(r.next());
                    [
                        middle[0] + radius * angle.cos(),
                        middle[1] + radius * angle.sin(),
                    ]
                })
                .collect();
            let polygon = Polygon::new(&star);
            agrees(&tree, &polygon, |p| polygon.encloses(p.map(f64::from)));
            let ellipse = Ellipse {
                center: middle,
                radii: [size, size / 3.0],
            };
            agrees(&tree, &ellipse, |p| ellipse.contains(&(), p));
            let corner = [middle[0] + size, middle[1] + size];
            let rectangle = Rectangle {
                min: middle,
                max: corner,
            };
            agrees(&tree, &rectangle, |p| {
                (0..2).all(|i| (middle[i]..=corner[i]).contains(&f64::from(p[i])))
            });
            let brush = Brush {
                path: star,
                radius: size / 10.0,
            };
            let whole = brush.whole();
            agrees(&tree, &brush, |p| brush.contains(&whole, p));
        }
    }
}

/// Points on edges and vertices of a polygon with vertices on a lattice: the plain even arithmetic
/// of whole numbers is the reference.
#[test]
fn outlines_belong_to_their_polygon() {
    let mut points = Vec::new();
    for x in -2..12 {
        for y in -2..12 {
            points.push([x as f32, y as f32]);
            points.push([x as f32 + 0.5, y as f32]);
        }
    }
    let vertices = [[0, 0], [10, 0], [10, 10], [5, 5], [0, 10]];
    let polygon = Polygon::new(&vertices.map(|v: [i32; 2]| v.map(f64::from)));
    let tree = TileTree::new(&points);
    let expected = |p: [f32; 2]| {
        let (x, y) = (p[0], p[1]);
        // The square without the notch between (10,10), (5,5) and (0,10).
        (0.0..=10.0).contains(&x) && (0.0..=10.0).contains(&y) && y <= 5.0 + (x - 5.0).abs()
    };
    assert!(agrees(&tree, &polygon, expected) > 100);
    // The same the other way round and with repeated vertices.
    let mut back: Vec<[f64; 2]> = polygon.vertices().to_vec();
    back.reverse();
    back.insert(2, back[2]);
    agrees(&tree, &Polygon::new(&back), expected);
    for few in 0..3 {
        let line = Polygon::new(&polygon.vertices()[..few]);
        let on_it = |p: [f32; 2]| match few {
            0 => false,
            1 => p == [0.0, 0.0],
            _ => p[1] == 0.0 && (0.0..=10.0).contains(&p[0]),
        };
        agrees(&tree, &line, on_it);
    }
    assert_eq!(tree.select(&Polygon::new(&[[f64::NAN, 0.0]; 4])).count(), 0);
}
