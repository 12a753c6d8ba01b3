//! Opening a large projection with its tree beside it, until the first frame of all that the window shows.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use latentarium::data::{Catalog, Projection, Provenance};
use latentarium::io::Overwrite;
use latentarium::job::{open_edit, write_map};
use latentarium::progress::Progress;
use latentarium::scene::{color_points, histograms, labels};
use latentarium::session::{ColorBy, Edit, MapPoints, ViewSpec};

use super::{Graphics, SIZE, frame_of, timed};
use latentarium::render::{Camera, LineBuffers};

/// Prints what it takes with `n` points: an id, a survey by which they are coloured, two coordinates.
pub fn print(graphics: &mut Graphics, name: &str, n: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("map.parquet");
    let ids: ArrayRef = Arc::new(UInt64Array::from_iter_values(0..n as u64));
    let surveys = ["CEERS", "TNG50", "COSMOS"];
    let survey: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..n).map(|i| surveys[i % 3]),
    ));
    let batch = RecordBatch::try_from_iter([("id", ids), ("survey", survey)]).expect("columns");
    let catalog = Catalog::new(&batch).expect("a catalogue");
    let coords = super::layouts::points(name, n).into_flattened();
    let rows = (0..n as u32).collect();
    let provenance = Provenance::default();
    let projection = Projection::new(coords, 2, rows, n, provenance.clone()).expect("a map");
    let points = MapPoints::new(projection);
    let idle = Progress::new();
    write_map(
        &path,
        &catalog,
        &points,
        &provenance,
        Overwrite::Refuse,
        &idle,
    )
    .expect("a file");
    drop((points, catalog, batch));

    let mut parts = Vec::new();
    let (opened, wall, cpu) = timed(|| {
        let mut last = Instant::now();
        let mut done = |part: &str| {
            parts.push(format!("{part} {:.0}", last.elapsed().as_secs_f64() * 1e3));
            last = Instant::now();
        };
        let (edit, _) = open_edit(&path, None, &idle).expect("the file opens");
        let Edit::Open {
            data,
            map: Some(map),
            ..
        } = edit
        else {
            panic!("a map was written");
        };
        done("reading");
        let view = ViewSpec {
            color: ColorBy {
                column: Some("survey".to_owned()),
                ..ColorBy::default()
            },
            ..ViewSpec::default()
        };
        let catalog = &data.dataset.catalog;
        let colored = color_points(catalog, &map.points, &view, None, true);
        done("colours");
        let beside = (
            histograms(catalog, &map.points, &colored, 3),
            labels(&map.points, &colored),
        );
        done("histograms and labels");
        let size = [SIZE.0 as f32, SIZE.1 as f32];
        let bounds = map.points.bounds().expect("points");
        let lines = LineBuffers::new(&graphics.gpu, &graphics.renderer, &[]);
        let tree = map.points.tree();
        let camera = Camera::fit(bounds, size);
        frame_of(
            graphics,
            tree,
            &colored.point_groups(),
            &lines,
            &camera,
            false,
        );
        done("frame");
        // What is freed later is not part of it.
        (data, map, colored, beside)
    });
    drop(opened);
    println!(
        "opening {n} points with their tree, first frame included: {wall:.0} ms ({cpu:.0} ms CPU): {}",
        parts.join(", ")
    );
}
