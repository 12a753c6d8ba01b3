//! Maps of three dimensions: selecting on a plane, turned figures, turning in the window.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use egui_kittest::kittest::Queryable;
use latentarium::data::{Catalog, Plane, Projection, Provenance};
use latentarium::io::{self, Overwrite};
use latentarium::progress::Progress;
use serde_json::json;

use crate::support::{answer, embed, fail, succeed, text};
use crate::window::{open, settle};

const ROWS: usize = 3000;
/// The map lies far from zero, as a map of positions on the sky may.
const ORIGIN: [f64; 3] = [1.5e6, -3.0e5, 4.0e4];

/// Offsets of object `i`: a bent cloud.
fn offset(i: usize) -> [f32; 3] {
    let t = i as f32;
    [
        4.0 * (t * 0.618).sin() + (t * 0.37).cos(),
        3.0 * (t * 0.414).cos(),
        2.0 * (t * 0.732).sin() * (t * 0.05).cos(),
    ]
}

fn write_map(path: &Path, dims: usize) {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS as i64));
    let catalog = RecordBatch::try_from_iter(vec![("id", ids)]).unwrap();
    let coords = (0..ROWS).flat_map(|i| offset(i).into_iter().take(dims));
    let rows = (0..ROWS as u32).collect();
    let none = Provenance::default;
    let projection = Projection::new(coords.collect(), dims, rows, ROWS, none()).unwrap();
    let projection = projection.with_origin(ORIGIN).unwrap();
    let catalog = Catalog::new(&catalog).unwrap();
    let (refuse, progress) = (Overwrite::Refuse, Progress::new());
    io::write_projection(path, &catalog, &projection, &none(), refuse, &progress).unwrap();
}

fn objects(path: &Path) -> Vec<usize> {
    let dataset = io::open(path, None, &Progress::new()).unwrap();
    let ids = dataset.catalog.column("id").unwrap();
    let ids = ids.values().as_primitive::<Int64Type>();
    ids.values().iter().map(|id| *id as usize).collect()
}

/// Twice the signed area of a triangle: on which side of a line a point lies.
fn side(a: [f64; 2], b: [f64; 2], p: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (p[1] - a[1]) - (p[0] - a[0]) * (b[1] - a[1])
}

#[test]
fn a_lasso_on_a_plane_holds_the_points_that_are_seen_inside() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (map, flat, lasso) = (
        path("map.parquet"),
        path("flat.parquet"),
        path("lasso.json"),
    );
    write_map(&map, 3);
    write_map(&flat, 2);
    let out = path("out.parquet");
    let seen = |plane: Plane, i: usize| {
        plane.project([0, 1, 2].map(|k| ORIGIN[k] + f64::from(offset(i)[k])))
    };
    for (yaw, pitch) in [(0.0, 0.0), (37.0, -21.0), (-140.0, 64.5), (90.0, 0.0)] {
        let plane = Plane::turned(yaw, pitch);
        let middle = plane.project(ORIGIN);
        // A pentagon, given against the clock.
        let corner = |k: i32| {
            let angle = std::f64::consts::TAU * f64::from(k) / 5.0 + 0.3;
            [
                middle[0] + 0.4 + 2.6 * angle.cos(),
                middle[1] - 0.2 + 2.1 * angle.sin(),
            ]
        };
        let corners: Vec<[f64; 2]> = (0..5).map(corner).collect();
        let inside = |i: &usize| {
            let at = seen(plane, *i);
            let sides = (0..5).map(|k| side(corners[k], corners[(k + 1) % 5], at));
            let sides: Vec<f64> = sides.collect();
            assert!(sides.iter().all(|s| s.abs() > 1e-6), "{i} lies on the line");
            sides.iter().all(|s| *s > 0.0)
        };
        let expected: Vec<usize> = (0..ROWS).filter(inside).collect();
        assert!(expected.len() > 200 && expected.len() < ROWS - 200);
        let region = json!({"vertices": corners, "plane": plane.rows()});
        fs::write(&lasso, region.to_string()).unwrap();
        let select = [
            "select",
            text(&map),
            "--lasso",
            text(&lasso),
            "--out",
            text(&out),
            "--force",
        ];
        let said = answer(&select);
        assert_eq!(said["selected"], expected.len());
        assert_eq!(objects(&out), expected);
        if plane.is_front() {
            // Without a plane the first two axes are meant.
            fs::write(&lasso, json!(corners).to_string()).unwrap();
            succeed(&select);
            assert_eq!(objects(&out), expected);
        } else {
            let wrong = [
                "select",
                text(&flat),
                "--lasso",
                text(&lasso),
                "--out",
                text(&out),
                "--force",
            ];
            assert!(fail(&wrong).contains("3 dimensions"));
        }
    }
    fs::write(
        &lasso,
        r#"{"vertices":[[0,0],[1,0],[0,1]],"plane":[[1,0,0],[1,0,0]]}"#,
    )
    .unwrap();
    let said = fail(&[
        "select",
        text(&map),
        "--lasso",
        text(&lasso),
        "--out",
        text(&path("x.parquet")),
    ]);
    assert!(
        said.contains("lasso.json") && said.contains("perpendicular"),
        "{said}"
    );
}

#[test]
fn figures_show_a_map_as_it_is_turned() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (map, flat) = (path("map.parquet"), path("flat.parquet"));
    write_map(&map, 3);
    write_map(&flat, 2);
    let draw = |map: &Path, arguments: &[&str], name: &str| {
        let out = path(name);
        let given = [
            "render",
            text(map),
            "--size",
            "300x200",
            "--out",
            text(&out),
        ];
        succeed(&[&given, arguments].concat());
        fs::read(out).unwrap()
    };
    let front = draw(&map, &[], "front.png");
    assert_eq!(draw(&map, &["--turn", "0,0"], "zero.png"), front);
    assert_ne!(draw(&map, &["--turn", "30,-15"], "turned.png"), front);
    // Depth shows: nothing of it on the same map of two dimensions.
    assert_ne!(draw(&flat, &[], "flat.png"), front);
    let svg = draw(&map, &["--turn", "30,-15", "--axes"], "turned.svg");
    let svg = String::from_utf8(svg).unwrap();
    assert!(svg.contains("turned view: yaw 30°, pitch \u{2212}15°"));
    for axis in ["x", "y", "z"] {
        assert!(svg.contains(&format!("aria-label=\"{axis}\"")), "{axis}");
    }
    let said = fail(&[
        "render",
        text(&flat),
        "--turn",
        "30,0",
        "--out",
        text(&path("no.png")),
    ]);
    assert!(
        said.contains("--turn") && said.contains("--dims 3"),
        "{said}"
    );
}

#[test]
fn the_window_turns_maps_of_three_dimensions() {
    let folder = tempfile::tempdir().unwrap();
    let (map, flat) = (
        folder.path().join("map.parquet"),
        folder.path().join("flat.parquet"),
    );
    write_map(&map, 3);
    write_map(&flat, 2);
    let harness = open(&flat);
    assert!(harness.query_by_label("Orbit: turn the map").is_none());
    assert!(harness.query_by_label("Look along x").is_none());

    let mut harness = open(&map);
    harness.get_by_label_contains("3,000 objects · all drawn");
    harness.get_by_label("Orbit: turn the map");
    let rect = harness.get_by_label("Map").rect();
    let end_of_x = harness.get_by_label("Look along x").rect().center();
    let drag = |harness: &mut egui_kittest::Harness<'_, latentarium::gui::App>, from, to| {
        harness.drag_at(from);
        harness.step();
        harness.hover_at(to);
        harness.step();
        harness.drop_at(to);
        settle(harness);
        settle(harness);
    };
    let (from, to) = (rect.center(), rect.center() + [120.0, 0.0].into());
    drag(&mut harness, from, to);
    let now = harness.get_by_label("Look along x").rect().center();
    assert!(now.x < end_of_x.x - 3.0, "{now:?} {end_of_x:?}");
    // What is drawn around all that is seen holds all.
    harness.get_by_label("Select a rectangle").click();
    harness.step();
    let (from, to) = (
        rect.right_bottom() + [-4.0, -4.0].into(),
        rect.left_top() + [4.0, 4.0].into(),
    );
    drag(&mut harness, from, to);
    harness.get_by_label("3,000 objects selected");
    harness.get_by_label("Look along z").click();
    for _ in 0..4 {
        settle(&mut harness);
    }
    let back = harness.get_by_label("Look along x").rect().center();
    assert!((back - end_of_x).length() < 1.0, "{back:?} {end_of_x:?}");
}

#[test]
fn a_map_of_three_dimensions_is_asked_for_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    succeed(&["demo", "--out", text(&path("demo")), "--galaxies", "30"]);
    let vectors = path("e.parquet");
    embed(&path("demo/catalog.parquet"), &vectors);
    let said = answer(&[
        "reduce",
        text(&vectors),
        "--dims",
        "3",
        "--out",
        text(&path("p.parquet")),
    ]);
    assert_eq!((&said["dims"], &said["points"]), (&json!(3), &json!(30)));

    let mut harness = open(&vectors);
    harness.get_by_label("3-D").click();
    harness.step();
    harness.get_by_label("Make a PCA map").click();
    settle(&mut harness);
    settle(&mut harness);
    harness.get_by_label("Look along PCA 3");
}
