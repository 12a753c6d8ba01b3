//! Selecting objects and drawing figures from the command line, and in the window.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use eframe::egui;
use egui_kittest::kittest::Queryable;
use latentarium::data::{Catalog, Projection, Provenance};
use latentarium::io::{self, Overwrite};
use latentarium::job::{Job, open_edit};
use latentarium::mask::Mask;
use latentarium::progress::Progress;
use latentarium::session::{Edit, Selection, Session};
use latentarium::subset::SubsetExpr;
use serde_json::Value;

use crate::support::{answer, fail, latentarium, succeed, text};
use crate::window::{open, settle};

/// Ids beyond 2^53, so that they would not survive as floating-point numbers.
const FIRST_ID: i64 = (1 << 60) + 1;
const ROWS: usize = 400;

/// Object `i` lies at (i mod 20, i / 20), with z = i / 100 and a survey by its parity.
fn write_map(path: &Path) {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(
        (0..ROWS as i64).map(|i| FIRST_ID + i),
    ));
    let z: ArrayRef = Arc::new(Float32Array::from_iter_values(
        (0..ROWS).map(|i| i as f32 / 100.0),
    ));
    let survey = (0..ROWS).map(|i| Some(["TNG50-like", "JWST-like"][i % 2]));
    let survey: ArrayRef = Arc::new(survey.collect::<StringArray>());
    let columns = vec![("id", ids), ("z", z), ("survey", survey)];
    let catalog = Catalog::new(&RecordBatch::try_from_iter(columns).unwrap()).unwrap();
    let coords = (0..ROWS)
        .flat_map(|i| [(i % 20) as f32, (i / 20) as f32])
        .collect();
    let rows = (0..ROWS as u32).collect();
    let projection = Projection::new(coords, 2, rows, ROWS, Provenance::default()).unwrap();
    let none = Provenance::default();
    let progress = Progress::new();
    io::write_projection(
        path,
        &catalog,
        &projection,
        &none,
        Overwrite::Refuse,
        &progress,
    )
    .unwrap();
}

/// Draws a small figure of a map; what was said, and the file.
fn figure(map: &Path, out: &Path, arguments: &[&str]) -> (Value, Vec<u8>) {
    let size = ["--size", "300x200", "--out", text(out)];
    let said = answer(&[&["render", text(map)], &size[..], arguments].concat());
    (said, fs::read(out).unwrap())
}

/// The numbers of the objects in a file, from their ids.
fn objects(path: &Path) -> Vec<usize> {
    let dataset = io::open(path, None, &Progress::new()).unwrap();
    let ids = dataset.catalog.column("id").unwrap();
    let ids = ids.values().as_primitive::<Int64Type>();
    ids.values()
        .iter()
        .map(|id| (id - FIRST_ID) as usize)
        .collect()
}

#[test]
fn what_is_selected_is_written_with_ids_columns_and_places() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (map, out) = (path("map.parquet"), path("out.parquet"));
    write_map(&map);
    let at = |i: usize| ((i % 20) as f64, (i / 20) as f64);
    let select = |arguments: &[&str], out: &Path| -> Value {
        let all = [
            &["select", text(&map)],
            arguments,
            &["--out", text(out), "--force"],
        ]
        .concat();
        answer(&all)
    };
    let expect = |out: &Path, inside: &dyn Fn(usize) -> bool| {
        assert_eq!(
            objects(out),
            (0..ROWS).filter(|&i| inside(i)).collect::<Vec<_>>()
        );
    };
    let answer = select(&["--rect", "3,-1,7,12"], &out);
    assert_eq!(
        (&answer["selected"], &answer["objects"]),
        (&Value::from(65), &Value::from(ROWS))
    );
    expect(&out, &|i| (3.0..=7.0).contains(&at(i).0) && at(i).1 <= 12.0);
    // The outline belongs to the polygon; the result is a map again.
    let lasso = path("lasso.json");
    fs::write(&lasso, "[[0, 0], [10, 0], [0, 10]]").unwrap();
    select(&["--lasso", text(&lasso)], &out);
    expect(&out, &|i| at(i).0 + at(i).1 <= 10.0);
    let again = path("again.parquet");
    succeed(&[
        "select",
        text(&out),
        "--rect",
        "0,0,2,2",
        "--out",
        text(&again),
    ]);
    assert_eq!(objects(&again).len(), 9);
    // All that is given must hold, and all others can be had.
    let condition = ["--where", "z > 1 AND survey = 'JWST-like'"];
    let given = [&["--ellipse", "10,10,5,8"][..], &condition, &["--invert"]].concat();
    select(&given, &out);
    expect(&out, &|i| {
        let (x, y) = at(i);
        let inside = ((x - 10.0) / 5.0).powi(2) + ((y - 10.0) / 8.0).powi(2) <= 1.0;
        !(inside && i > 100 && i % 2 == 1)
    });
    let csv = path("out.csv");
    select(&["--rect", "-0.5,-0.5,1.5,0.5"], &csv);
    let expected = format!(
        "id,z,survey,x,y\n{FIRST_ID},0.0,TNG50-like,0.0,0.0\n{},0.01,JWST-like,1.0,0.0\n",
        FIRST_ID + 1
    );
    assert_eq!(fs::read_to_string(&csv).unwrap(), expected);
}

#[test]
fn wrong_selections_say_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (map, out, lasso) = (path("map.parquet"), path("out.parquet"), path("lasso.json"));
    write_map(&map);
    let select = |arguments: &[&str]| {
        let all = [&["select", text(&map), "--out", text(&out)], arguments].concat();
        let output = latentarium(&all);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(!out.exists());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = select(&["--where", "zz > 1"]);
    assert!(
        said.contains("no column") && said.contains("zz > 1\n^^"),
        "{said}"
    );
    assert!(select(&["--where", "z +"]).contains('^'));
    for wrong in [
        "",
        "[[0,0],[1,1]]",
        "{\"shape\":\"ellipse\",\"center\":[0,0],\"radii\":[1,0]}",
        "\u{0}",
    ] {
        fs::write(&lasso, wrong).unwrap();
        assert!(
            select(&["--lasso", text(&lasso)]).contains("lasso.json"),
            "{wrong}"
        );
    }
    assert!(select(&["--lasso", text(&path("missing.json"))]).contains("missing.json"));
    let usage = latentarium(&["select", text(&map), "--out", text(&out)]);
    assert_eq!(usage.status.code(), Some(2));
    // A table without a map has no regions, but conditions.
    let table = path("table.csv");
    fs::write(&table, "id,z\n1,0.5\n2,0.7\n").unwrap();
    let said = fail(&[
        "select",
        text(&table),
        "--rect",
        "0,0,1,1",
        "--out",
        text(&out),
    ]);
    assert!(said.contains("no map"), "{said}");
    succeed(&[
        "select",
        text(&table),
        "--where",
        "z > 0.6",
        "--out",
        text(&out),
    ]);
}

#[test]
fn figures_have_layers_axes_legend_and_three_formats() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let map = path("map.parquet");
    write_map(&map);
    let draw = |arguments: &[&str], name: &str| figure(&map, &path(name), arguments);
    let (said, plain) = draw(&[], "plain.png");
    assert_eq!(
        (&said["width"], &said["height"]),
        (&Value::from(300), &Value::from(200))
    );
    let picture = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().to_rgba8();
    let lit = |bytes: &[u8]| {
        let ground = [0x0d, 0x10, 0x16];
        picture(bytes)
            .pixels()
            .filter(|p| p.0[..3] != ground)
            .count()
    };
    // Half of the objects, a part of the map, and print resolution.
    let (said, half) = draw(&["--where", "z >= 2"], "half.png");
    assert_eq!(said["points"], 200);
    assert!(lit(&half) < lit(&plain));
    let (_, part) = draw(&["--view", "-0.4,-0.2,0.4,0.2"], "part.png");
    assert!(lit(&part) > 50 && lit(&part) < lit(&plain));
    let (said, _) = draw(&["--scale", "3"], "print.png");
    assert_eq!(said["width"], 900);
    // Every layer changes the picture.
    let dense = draw(&["--mode", "density"], "dense.png").1;
    let both = draw(&["--mode", "density", "--mode", "points"], "both.png").1;
    let lines = draw(&["--mode", "points", "--mode", "contours"], "lines.png").1;
    let names = draw(
        &[
            "--mode",
            "points",
            "--mode",
            "labels",
            "--color-by",
            "survey",
        ],
        "names.png",
    )
    .1;
    for (i, a) in [&plain, &dense, &both, &lines, &names].iter().enumerate() {
        for b in [&plain, &dense, &both, &lines, &names].iter().skip(i + 1) {
            assert_ne!(picture(a), picture(b));
        }
    }
    let all = [
        "--axes",
        "--legend",
        "--color-by",
        "survey",
        "--marker-by",
        "survey",
        "--theme",
        "light",
    ];
    let (said, _) = draw(&all, "all.png");
    assert!(said["width"].as_u64() > Some(350) && said["height"].as_u64() > Some(220));
    let (_, svg) = draw(&all, "all.svg");
    let svg = String::from_utf8(svg).unwrap();
    assert!(svg.contains("aria-label=\"JWST-like\"") && svg.contains("data:image/png;base64,"));
    let (_, pdf) = draw(&all, "all.pdf");
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 3_000);
    let out = path("wrong.png");
    let wrong = |arguments: &[&str]| {
        fail(&[&["render", text(&map), "--out", text(&out)], arguments].concat())
    };
    assert!(wrong(&["--color-by", "color"]).contains("survey"));
    assert!(wrong(&["--marker-by", "z"]).contains('z'));
    let said = latentarium(&[
        "render",
        text(&map),
        "--out",
        text(&out),
        "--where",
        "survey > 1",
    ]);
    assert_eq!(said.status.code(), Some(1));
}

#[test]
fn the_filter_bar_and_the_lasso_of_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("map.parquet");
    write_map(&map);
    let mut harness = open(&map);
    harness.get_by_label_contains("400 objects · all drawn");
    harness.get_by_label("Filter condition").focus();
    harness.step();
    harness.get_by_label("Filter condition").type_text("z >= 2");
    settle(&mut harness);
    settle(&mut harness);
    harness.get_by_label("200 of 400");
    harness.get_by_label_contains("200 left out by the filter");
    harness.get_by_label("Clear the filter").click();
    settle(&mut harness);
    settle(&mut harness);
    harness.get_by_label_contains("all drawn");

    harness.get_by_label("Select a rectangle").click();
    harness.step();
    harness.get_by_label("Replace");
    let map = harness.get_by_label("Map").rect();
    // Around everything; then half of it is taken away with Alt.
    let drag = |harness: &mut egui_kittest::Harness<'_, latentarium::gui::App>, from, to| {
        harness.drag_at(from);
        harness.step();
        harness.hover_at(to);
        harness.step();
        harness.drop_at(to);
        settle(harness);
        settle(harness);
    };
    drag(
        &mut harness,
        map.left_bottom() + [4.0, -6.0].into(),
        map.right_top() + [-4.0, 6.0].into(),
    );
    harness.get_by_label("400 objects selected");
    harness.get_by_label("Subtract").click();
    harness.step();
    drag(
        &mut harness,
        map.left_bottom() + [4.0, -6.0].into(),
        map.center_top() + [0.0, 6.0].into(),
    );
    harness.get_by_label("200 objects selected");
    harness.get_by_label("Invert").click();
    settle(&mut harness);
    harness.get_by_label("Undo").click();
    harness.get_by_label("Undo").click();
    settle(&mut harness);
    harness.get_by_label("400 objects selected");
    harness.get_by_label("Clear").click();
    settle(&mut harness);
    assert!(
        harness
            .query_by_label_contains("objects selected")
            .is_none()
    );
}

#[test]
fn outlines_are_exact_to_the_last_digit() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (map, lasso, out) = (path("map.parquet"), path("lasso.json"), path("out.csv"));
    // Positions with as many digits as single precision has.
    let coords: Vec<f32> = (1..=200).map(|i| (i as f32).sqrt().sin() * 7.3).collect();
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100));
    let catalog = Catalog::new(&RecordBatch::try_from_iter(vec![("id", ids)]).unwrap()).unwrap();
    let projection = Projection::new(
        coords.clone(),
        2,
        (0..100).collect(),
        100,
        Provenance::default(),
    );
    let none = Provenance::default();
    let refuse = Overwrite::Refuse;
    let progress = Progress::new();
    io::write_projection(
        &map,
        &catalog,
        &projection.unwrap(),
        &none,
        refuse,
        &progress,
    )
    .unwrap();
    for point in coords.chunks_exact(2).take(40) {
        let [x, y] = [f64::from(point[0]), f64::from(point[1])];
        fs::write(&lasso, format!("[[{x},{y}],[{x},{y}],[{x},{y}]]")).unwrap();
        let all = ["select", text(&map), "--lasso", text(&lasso), "--out"];
        let answer = answer(&[&all[..], &[text(&out), "--force"]].concat());
        assert_eq!(answer["selected"], 1, "{x} {y}");
    }
}

#[test]
fn what_would_lose_something_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (map, lasso) = (path("map.parquet"), path("lasso.json"));
    write_map(&map);
    let ring = "[[0,0],[50,0],[50,50],[0,50],[0,0]]";
    let holed =
        format!(r#"{{"type": "Polygon", "coordinates": [{ring}, [[1,1],[1,4],[4,4],[1,1]]]}}"#);
    fs::write(&lasso, holed).unwrap();
    let (before, out) = (fs::read(&map).unwrap(), path("o.parquet"));
    let select = ["select", text(&map), "--force", "--out"];
    let region = ["--lasso", text(&lasso)];
    assert!(fail(&[&select[..], &[text(&out)], &region].concat()).contains("holes"));
    // Neither the map nor the file of the region is replaced.
    let rect = ["--rect", "0,0,5,5"];
    assert!(fail(&[&select[..], &[text(&map)], &rect].concat()).contains("what is read"));
    fs::write(&lasso, ring).unwrap();
    let json = path("other/../lasso.json");
    fs::create_dir(path("other")).unwrap();
    assert!(fail(&[&select[..], &[text(&json)], &region].concat()).contains("what is read"));
    let render = ["render", text(&map), "--force", "--out"];
    assert!(fail(&[&render[..], &[text(&map)]].concat()).contains("what is read"));
    assert_eq!(fs::read(&map).unwrap(), before);
    assert_eq!(fs::read(&lasso).unwrap(), ring.as_bytes());
    // What is written is what the name says.
    for name in ["o.fits", "o.txt", "o"] {
        let said = fail(&[&select[..], &[text(&path(name))], &rect].concat());
        assert!(said.contains(".parquet, .csv"), "{said}");
    }
    assert!(fail(&[&render[..], &[text(&path("o.jpg"))]].concat()).contains(".png, .svg, .pdf"));
    fs::write(&lasso, "[[-1e155,-1e155],[1e155,-1e155],[0,1e155]]").unwrap();
    assert!(fail(&[&select[..], &[text(&out)], &region].concat()).contains("1e100"));
    assert!(!out.exists());
}

/// Colour, scale, limits and hidden categories from the command line.
#[test]
fn figures_are_coloured_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let map = path("map.parquet");
    write_map(&map);
    let picture = |name: &str, arguments: &[&str]| figure(&map, &path(name), arguments).1;
    let plain = picture("a.png", &["--color-by", "z"]);
    let of_z: [&[&str]; 5] = [
        &["--color-scale", "log"],
        &["--color-limits=-1,9"],
        &["--color-map", "magma"],
        &["--color-invert"],
        &["--where", "z < 2", "--opacity", "0.9"],
    ];
    for (i, arguments) in of_z.iter().enumerate() {
        let name = format!("{i}.png");
        assert_ne!(
            picture(&name, &[&["--color-by", "z"], *arguments].concat()),
            plain
        );
    }
    let legend = |name: &str, arguments: &[&str]| {
        let by = ["--color-by", "survey", "--legend", "--axes"];
        String::from_utf8(picture(name, &[&by, arguments].concat())).unwrap()
    };
    let all = legend("all.svg", &[]);
    assert!(
        all.contains("TNG50-like")
            && all.contains("JWST-like")
            && all.contains("aria-label=\"200\"")
    );
    let hidden = legend("hidden.svg", &["--hide", "TNG50-like"]);
    assert!(!hidden.contains("TNG50-like") && hidden.contains("aria-label=\"200\""));
    // Counts are of what is drawn.
    let few = legend("few.svg", &["--where", "z < 1"]);
    assert!(few.contains("aria-label=\"50\"") && !few.contains("aria-label=\"200\""));
    let wrong = ["render", text(&map), "--out", "w.png", "--opacity", "5"];
    assert!(!latentarium(&wrong).status.success());
}

/// What is not drawn is not selected, and a session keeps what is selected.
#[test]
fn the_window_selects_what_it_shows_and_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let map = path("map.parquet");
    write_map(&map);
    let mut harness = open(&map);
    let everything = |harness: &mut egui_kittest::Harness<'static, latentarium::gui::App>| {
        harness.get_by_label("Select a rectangle").click();
        harness.step();
        let map = harness.get_by_label("Map").rect();
        harness.drag_at(map.left_bottom() + egui::vec2(4.0, -6.0));
        harness.step();
        let to = map.right_top() + egui::vec2(-4.0, 6.0);
        harness.hover_at(to);
        harness.step();
        harness.drop_at(to);
        settle(harness);
        settle(harness);
    };
    everything(&mut harness);
    harness.get_by_label_contains("400 objects selected");
    harness.get_by_label("JWST-like").click();
    settle(&mut harness);
    everything(&mut harness);
    harness.get_by_label_contains("200 objects selected");
    // A session that is opened again has its selection.
    let (edit, _) = open_edit(&map, None, &Progress::new()).unwrap();
    let mut session = Session::default();
    session.apply(edit);
    let expr = SubsetExpr::Where("z < 1".to_owned());
    let rows = Mask::from_fn(ROWS, |row| row < 100);
    session.apply(Edit::SetSelection(Some(Selection { expr, rows })));
    let saved = path("s.latentarium");
    let job = Job::SaveSession {
        session,
        path: saved.clone(),
    };
    job.run(&Progress::new(), &mut |_| {}).unwrap();
    let harness = open(&saved);
    harness.get_by_label_contains("100 objects selected");
}
