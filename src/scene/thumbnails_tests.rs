use super::*;
use crate::color::Rgba;
use crate::data::{Projection, Provenance};
use crate::render::{Shades, Shape};
use crate::scene::{Group, Legend};

const SIZE: [f32; 2] = [640.0, 480.0];
const SIDE: f32 = 40.0;

fn random(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32
    }
}

fn map(n: usize) -> MapPoints {
    let mut r = random(7);
    // A crowd far from the origin, and a thin spread around it.
    let coords = (0..n).flat_map(|i| {
        let spread = if i % 10 == 0 { 30.0 } else { 3.0 };
        let x = 500.0 + (r() + r() + r() - 1.5) * spread;
        [x, (r() + r() - 1.0) * spread]
    });
    let rows = (0..n as u32).map(|i| i * 2).collect();
    let projection = Projection::new(coords.collect(), 2, rows, 2 * n, Provenance::default());
    MapPoints::new(projection.unwrap())
}

fn colored(points: &MapPoints, hidden: impl Fn(usize) -> bool) -> Colored {
    let alpha = |place: usize| if hidden(place) { 0 } else { 255 };
    let colors: Vec<Rgba> = (0..points.len()).map(|p| [9, 9, 9, alpha(p)]).collect();
    Colored {
        groups: vec![Group {
            shades: Shades::new(points.tree(), colors),
            shape: Shape::default(),
            size: 1.0,
        }],
        legend: Legend::Plain,
        markers: Vec::new(),
        sizes: None,
        drawn: None,
        own: None,
    }
}

fn cameras(points: &MapPoints) -> Vec<Camera> {
    let fitted = Camera::fit(points.bounds().unwrap(), SIZE);
    [0.01, 0.3, 1.0, 1.7, 6.0, 40.0, 1e4, 1e9, 1e25]
        .map(|factor| fitted.zoomed(factor, [300.0, 220.0], SIZE))
        .to_vec()
}

#[test]
fn every_cell_shows_its_drawn_point_of_lowest_chance() {
    let points = map(20_000);
    for modulus in [1, 3, 500] {
        let hidden = |place: usize| !points.row(place).is_multiple_of(modulus);
        let colored = colored(&points, hidden);
        for camera in cameras(&points) {
            let grid = ThumbnailGrid::new(&camera, SIZE, SIDE);
            let mut wanted: Vec<Best> = vec![None; grid.cells[0] * grid.cells[1]];
            for place in (0..points.len()).filter(|p| !hidden(*p)) {
                if let Some(cell) = grid.cell(points.tree().points()[place]) {
                    let own = (points.tree().chance(place), place as u32);
                    wanted[cell] = Some(wanted[cell].map_or(own, |best| best.min(own)));
                }
            }
            assert_eq!(choose(&points, &colored, &grid), wanted);
            let shown = layout(&points, &colored, &camera, SIZE, SIDE);
            assert!(shown.iter().all(|t| !hidden(t.place)));
            assert!(shown.iter().all(|t| t.row == points.row(t.place)));
        }
    }
}

#[test]
fn thumbnails_do_not_overlap_and_stay_near() {
    let points = map(5000);
    let colored = colored(&points, |_| false);
    for camera in cameras(&points) {
        let room = ThumbnailGrid::new(&camera, SIZE, SIDE).room_px();
        assert!((SIDE..1.2 * SIDE).contains(&(room + 0.001)));
        let shown = layout(&points, &colored, &camera, SIZE, SIDE);
        assert_eq!(shown, layout(&points, &colored, &camera, SIZE, SIDE));
        for (i, a) in shown.iter().enumerate() {
            for b in &shown[..i] {
                let apart = |i: usize| (a.center_px[i] - b.center_px[i]).abs();
                assert!(apart(0).max(apart(1)) > room - 0.01, "{a:?} {b:?}");
            }
            let own = points.tree().points()[a.place].map(f64::from);
            let own = camera.px_from_world(own, SIZE);
            assert!((0..2).all(|i| (own[i] - a.center_px[i]).abs() <= room / 2.0 + 0.01));
        }
    }
}

#[test]
fn panning_keeps_choices_and_zooming_a_little_keeps_the_cells() {
    let points = map(20_000);
    let colored = colored(&points, |_| false);
    let camera = Camera::fit(points.bounds().unwrap(), SIZE).zoomed(3.3, [320.0, 240.0], SIZE);
    let before = layout(&points, &colored, &camera, SIZE, SIDE);
    assert!(before.len() > 20);
    for delta in [[1.0, 0.0], [17.5, -31.25], [-140.0, 96.0]] {
        let after = layout(&points, &colored, &camera.panned(delta), SIZE, SIDE);
        let mut kept = 0;
        for a in &before {
            let moved = [0, 1].map(|i| a.center_px[i] + delta[i]);
            if (0..2).any(|i| moved[i] < 1.0 || moved[i] > SIZE[i] - 1.0) {
                continue;
            }
            let b = after.iter().find(|b| b.place == a.place).unwrap();
            assert!((0..2).all(|i| (b.center_px[i] - moved[i]).abs() < 0.05));
            kept += 1;
        }
        assert!(kept > 10);
    }
    let pitch = ThumbnailGrid::new(&camera, SIZE, SIDE).pitch;
    let zoomed = |factor: f64| camera.zoomed(factor, [0.0; 2], SIZE);
    let pitches =
        [1.0, 1.1, 1.2, 1.3, 1.4].map(|f| ThumbnailGrid::new(&zoomed(f), SIZE, SIDE).pitch);
    assert!(pitches.iter().filter(|p| **p == pitch).count() >= 1);
    assert!(
        pitches
            .iter()
            .all(|p| *p == pitch || (*p * 2.0_f64.sqrt() - pitch).abs() < 1e-9)
    );
}

#[test]
fn nothing_to_show_and_hostile_views_are_borne() {
    let points = map(1000);
    let none = colored(&points, |_| true);
    let all = colored(&points, |_| false);
    let camera = Camera::fit(points.bounds().unwrap(), SIZE);
    assert!(layout(&points, &none, &camera, SIZE, SIDE).is_empty());
    for side in [0.0, -1.0, f32::NAN, 1e9] {
        let shown = layout(&points, &all, &camera, SIZE, side);
        assert!(!shown.is_empty());
    }
    let empty = Projection::new(Vec::new(), 2, Vec::new(), 0, Provenance::default()).unwrap();
    let empty = MapPoints::new(empty);
    let nothing = colored(&empty, |_| false);
    assert!(layout(&empty, &nothing, &camera, SIZE, SIDE).is_empty());
    let far = Camera {
        center: [1e30, -1e30],
        px_per_unit: 1e30,
    };
    assert!(layout(&points, &all, &far, SIZE, SIDE).is_empty());
}
