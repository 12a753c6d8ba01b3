//! How faithful a map is, from files to figures; and maps of vectors that stay in their file.

use std::fs;
use std::path::Path;

use latentarium::io::open;
use latentarium::progress::Progress;
use serde_json::Value;

use crate::support::{answer, fail, latentarium, succeed, text};

/// Vectors of 3 values, the third of which hardly varies; one row holds NaN.
fn array(path: &Path, rows: usize) {
    let value = |at: usize| {
        let (row, axis) = (at / 3, at % 3);
        let turns = (row * [137, 211, 61][axis] % 1009) as f32 / 1009.0;
        if at == 30 {
            f32::NAN
        } else {
            turns * [4.0, 2.0, 0.001][axis]
        }
    };
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 3), }}");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend((0..rows * 3).flat_map(|at| value(at).to_le_bytes()));
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_plane_is_mapped_faithfully() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (vectors, map, points) = (path("e.npy"), path("p.parquet"), path("q.parquet"));
    array(&vectors, 900);
    let reduced: Value = answer(&["reduce", text(&vectors), "--out", text(&map)]);
    assert_eq!(
        (&reduced["rows"], &reduced["points"]),
        (&900.into(), &899.into())
    );
    let note = reduced["notes"][0].as_str().unwrap();
    assert!(note.contains("1 vectors hold NaN"), "{note}");

    let both = [text(&vectors), text(&map)];
    let arguments = [&["quality"], &both[..], &["--per-point", text(&points)]].concat();
    let found: Value = answer(&[&arguments[..], &["--queries", "300"]].concat());
    assert_eq!(
        (&found["points"], &found["queries"]),
        (&899.into(), &300.into())
    );
    for name in [
        "trustworthiness",
        "continuity",
        "preservation",
        "spearman",
        "density",
    ] {
        assert!(found[name].as_f64().unwrap() > 0.99, "{name}: {found}");
    }
    let table = open(&points, None, &Progress::new()).unwrap();
    let names: Vec<&str> = table.catalog.columns().map(|c| c.name()).collect();
    assert_eq!(
        (table.catalog.len(), &*names),
        (300, &["id", "preservation", "trust"][..])
    );
    let said = fail(&arguments);
    assert!(
        said.contains("q.parquet") && said.contains("--force"),
        "{said}"
    );
    succeed(&[&arguments[..], &["--force", "--metric", "cosine"]].concat());
    let table = open(&points, None, &Progress::new()).unwrap();
    assert_eq!(table.catalog.len(), 899);

    // The map with what is known of its points, to colour by.
    let judged = path("judged.parquet");
    let arguments = [&["quality"], &both[..], &["--queries", "300"]].concat();
    succeed(&[&arguments[..], &["--map-out", text(&judged)]].concat());
    let set = open(&judged, None, &Progress::new()).unwrap();
    let trust = set.catalog.column("trust").unwrap().numbers().unwrap();
    assert_eq!((trust.len(), set.projection.unwrap().len()), (900, 899));
    assert_eq!(trust.iter().filter(|v| v.is_finite()).count(), 300);

    // A map of fewer objects is compared by their ids.
    let part = path("part.parquet");
    succeed(&[
        "select",
        text(&map),
        "--where",
        "id >= 400",
        "--out",
        text(&part),
    ]);
    let labelled = ["quality", text(&vectors), text(&part), "--labels", "id"];
    let found: Value = answer(&labelled);
    assert_eq!(found["points"], 500);
    assert!(found["trustworthiness"].as_f64().unwrap() > 0.99, "{found}");
    assert_eq!(found["labels"]["map"], 0.0);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (vectors, map) = (path("e.npy"), path("p.parquet"));
    array(&vectors, 40);
    succeed(&["reduce", text(&vectors), "--out", text(&map)]);
    let (e, p) = (text(&vectors), text(&map));
    for (arguments, wanted) in [
        (vec![e, e], ["e.npy", "latentarium reduce"]),
        (vec![p, p], ["p.parquet", "latentarium embed"]),
        (
            vec![e, p, "--neighbors", "20"],
            ["p.parquet", "fewer neighbours"],
        ),
        (
            vec![e, p, "--labels", "mass"],
            ["column mass", "latentarium info"],
        ),
    ] {
        let said = fail(&[&["quality"], &arguments[..]].concat());
        assert!(wanted.iter().all(|word| said.contains(word)), "{said}");
    }
    let none = latentarium(&["quality", e, p, "--neighbors", "0"]);
    assert_eq!(none.status.code(), Some(2));
}
