//! The tree kept beside a map: read again, refused when it does not fit; and maps far from zero.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use latentarium::data::{Catalog, Projection, Provenance};
use latentarium::io::{self, Dataset, Overwrite};
use latentarium::job;
use latentarium::progress::Progress;
use latentarium::session::{Edit, MapPoints};
use latentarium::spatial::TileTree;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::support::{answer, text};

fn open(path: &Path) -> Dataset {
    io::open(path, None, &Progress::new()).unwrap_or_else(|e| panic!("{e}"))
}

/// Points of a spiral with one in seven rows without a point.
fn spiral(rows: u32) -> Projection {
    let there: Vec<u32> = (0..rows).filter(|row| row % 7 != 3).collect();
    let coords = there.iter().flat_map(|&row| {
        let angle = row as f32 * 0.7;
        [angle.cos() * row as f32, angle.sin() * row as f32]
    });
    Projection::new(
        coords.collect(),
        2,
        there,
        rows as usize,
        Provenance::default(),
    )
    .unwrap()
}

fn write(path: &Path, projection: Projection, rows: usize) -> MapPoints {
    let points = MapPoints::new(projection);
    let notes = job::write_map(
        path,
        &Catalog::numbered(rows),
        &points,
        &Provenance::default(),
        Overwrite::Replace,
        &Progress::new(),
    );
    assert_eq!(notes.unwrap(), Vec::<String>::new());
    points
}

fn same(a: &TileTree, b: &TileTree) {
    assert_eq!(a.order(), b.order());
    assert_eq!(a.points(), b.points());
    assert_eq!(a.nodes(), b.nodes());
}

#[test]
fn a_large_map_opens_with_its_tree() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.parquet");
    let points = write(&path, spiral(150_000), 150_000);
    let dataset = open(&path);
    assert_eq!(dataset.warnings, Vec::<String>::new());
    assert_eq!(
        dataset.projection.as_ref().unwrap().rows(),
        points.projection().rows()
    );
    same(dataset.tree.as_ref().unwrap(), points.tree());
    let progress = Progress::new();
    let (edit, notes) = job::open_edit(&path, None, &progress).unwrap();
    assert!(notes.is_empty());
    let Edit::Open { map: Some(map), .. } = edit else {
        panic!()
    };
    same(map.points.tree(), points.tree());
    // A small map has no tiles, and those of the large one go with it.
    write(&path, spiral(100), 100);
    assert!(!io::tiles_path(&path).exists());
    assert!(open(&path).tree.is_none());
}

#[test]
fn tiles_of_other_points_are_left_aside_with_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (
        folder.path().join("map.parquet"),
        folder.path().join("b.parquet"),
    );
    let points = write(&path, spiral(3000), 3000);
    let many = write(&other, spiral(3500), 3500);
    // As many points, one of which moved.
    let mut coords = points.projection().coords().to_vec();
    coords[17] += 0.001;
    let rows = points.projection().rows().to_vec();
    let moved = Projection::new(coords, 2, rows, 3000, Provenance::default()).unwrap();
    for tree in [many.tree(), MapPoints::new(moved).tree()] {
        io::write_tiles(&path, tree, Overwrite::Replace).unwrap();
        let dataset = open(&path);
        assert!(dataset.tree.is_none());
        assert!(
            dataset.warnings[0].contains("map.parquet.tiles"),
            "{:?}",
            dataset.warnings
        );
        let info = answer(&["info", text(&path)]);
        assert!(info["warnings"][0].as_str().unwrap().contains("made anew"));
        assert_eq!(info["projection"]["points"], points.len());
        let (edit, notes) = job::open_edit(&path, None, &Progress::new()).unwrap();
        assert_eq!(notes.len(), 1);
        let Edit::Open { map: Some(map), .. } = edit else {
            panic!()
        };
        same(map.points.tree(), points.tree());
    }
    fs::remove_file(io::tiles_path(&path)).unwrap();
    fs::create_dir(io::tiles_path(&path)).unwrap();
    assert_eq!(open(&path).warnings.len(), 1);
}

#[test]
fn damaged_tiles_never_stop_a_map() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.parquet");
    let points = write(&path, spiral(1500), 1500);
    let tiles = io::tiles_path(&path);
    io::write_tiles(&path, points.tree(), Overwrite::Refuse).unwrap();
    let good = fs::read(&tiles).unwrap();
    same(open(&path).tree.as_ref().unwrap(), points.tree());
    let refused = std::cell::Cell::new(0);
    let try_bytes = |bytes: &[u8]| {
        fs::write(&tiles, bytes).unwrap();
        let dataset = open(&path);
        // Either it does not fit, and is told of, or it is a tree of the points.
        assert_eq!(dataset.tree.is_none(), dataset.warnings.len() == 1);
        refused.set(refused.get() + usize::from(dataset.tree.is_none()));
        if let Some(tree) = dataset.tree {
            assert_eq!(tree.points().len(), points.len());
            assert_eq!(tree.root().unwrap().places(), 0..points.len());
        }
    };
    // Every 97th byte of the lists, every byte of what describes them.
    let ends = (0..1024).chain(good.len() - 1024..good.len());
    for at in (0..good.len()).step_by(97).chain(ends) {
        for bits in [0xff, 0x01] {
            let mut bytes = good.clone();
            bytes[at] ^= bits;
            try_bytes(&bytes);
        }
    }
    for length in (0..good.len())
        .step_by(89)
        .chain(good.len() - 20..good.len())
    {
        try_bytes(&good[..length]);
    }
    // Sizes that are not there: every word of the description at its largest.
    for at in (0..1024)
        .chain(good.len() - 1024..good.len() - 8)
        .step_by(4)
    {
        for word in [i32::MAX, -1, i32::MIN, 1 << 24] {
            let mut bytes = good.clone();
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
            try_bytes(&bytes);
        }
    }
    try_bytes(&good);
    assert!(refused.get() > 500, "{refused:?}");
}

#[test]
fn a_map_far_from_zero_keeps_its_precision() {
    let folder = tempfile::tempdir().unwrap();
    let (path, again) = (
        folder.path().join("far.parquet"),
        folder.path().join("again.parquet"),
    );
    let n = 5000;
    let x: Vec<f64> = (0..n).map(|i| 1.0e6 + 0.001 * f64::from(i)).collect();
    let y: Vec<f64> = (0..n)
        .map(|i| -3.0e5 - 1e-6 * f64::from(i * i % 977))
        .collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("x", Arc::new(Float64Array::from(x.clone()))),
        ("y", Arc::new(Float64Array::from(y.clone()))),
    ];
    let table = RecordBatch::try_from_iter(columns).unwrap();
    let kind = KeyValue::new("latentarium.kind".to_owned(), "projection".to_owned());
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(vec![kind]))
        .set_max_row_group_row_count(Some(700))
        .build();
    let file = fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, table.schema(), Some(properties)).unwrap();
    writer.write(&table).unwrap();
    writer.close().unwrap();

    let first = open(&path);
    let projection = first.projection.unwrap();
    assert_eq!((projection.len(), first.catalog.len()), (5000, 5000));
    let whole = |p: &Projection, point: usize, axis: usize| {
        p.origin()[axis] + f64::from(p.coords()[2 * point + axis])
    };
    for i in 0..n as usize {
        assert!((whole(&projection, i, 0) - x[i]).abs() < 1e-6);
        assert!((whole(&projection, i, 1) - y[i]).abs() < 1e-9);
    }
    io::write_projection(
        &again,
        &first.catalog,
        &projection,
        &Provenance::default(),
        Overwrite::Refuse,
        &Progress::new(),
    )
    .unwrap();
    let second = open(&again).projection.unwrap();
    assert_eq!(second.origin(), projection.origin());
    assert_eq!(second.coords(), projection.coords());
    // Near zero there is no origin.
    let near = folder.path().join("near.parquet");
    write(&near, spiral(100), 100);
    assert_eq!(open(&near).projection.unwrap().origin(), [0.0; 3]);
}
