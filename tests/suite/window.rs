//! The window, without a display: what is on it is found by its accessible names.

use std::path::Path;
use std::time::{Duration, Instant};

use eframe::egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use latentarium::gui::{App, Settings, Start};

use crate::support::{succeed, text};

fn window(start: Start) -> Harness<'static, App> {
    Harness::builder()
        .with_size([1200.0, 800.0])
        .build_eframe(|creation| App::new(creation, Settings::default(), start))
}

/// Steps until no job runs and the last answers have arrived.
pub fn settle(harness: &mut Harness<'_, App>) {
    let started = Instant::now();
    loop {
        harness.step();
        if !harness.state().is_busy() && started.elapsed() > Duration::from_millis(300) {
            break;
        }
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "the window is still busy"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    for _ in 0..5 {
        std::thread::sleep(Duration::from_millis(20));
        harness.step();
    }
}

pub fn open(path: &Path) -> Harness<'static, App> {
    let mut harness = window(Start::Open {
        path: path.to_owned(),
        cutouts: None,
    });
    settle(&mut harness);
    harness
}

#[test]
fn the_start_screen_says_what_to_do() {
    let mut harness = window(Start::Empty);
    harness.step();
    harness.get_by_label("Explore the demo survey");
    harness.get_by_label("Open file…");
    harness.get_by_label("Open folder…");
}

#[test]
fn from_a_catalogue_to_a_map_by_its_buttons() {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    succeed(&["demo", "--out", text(&demo), "--galaxies", "30"]);
    let mut harness = open(&demo.join("catalog.parquet"));
    harness.get_by_label("30 cutouts");
    harness.get_by_label("Encode with simclr").click();
    settle(&mut harness);
    harness.get_by_label("30 vectors of 128 values");
    harness.get_by_label("Make a PCA map").click();
    settle(&mut harness);
    harness.get_by_label_contains("30 objects · all drawn");
    harness.get_by_label("Map");
    // How faithful it is, when asked.
    harness.get_by_label_contains("measure…").click();
    settle(&mut harness);
    harness.get_by_label("Measure the quality").click();
    settle(&mut harness);
    harness.get_by_label("Trustworthiness");
    harness.get_by_label_contains("neighbours of all 30 objects");
    harness.get_by_label("Colour the map by trust").click();
    settle(&mut harness);
    harness.get_by_label("Scale of the colours");
    harness.get_by_label("Undo").click();
    settle(&mut harness);
    harness.key_press(Key::Escape);
    settle(&mut harness);
    harness.get_by_label_contains("trust 0.");

    harness.get_by_label("Show TNG50-like").click();
    settle(&mut harness);
    harness.get_by_label_contains("15 hidden in the legend");
    harness.get_by_label("Undo").click();
    settle(&mut harness);
    harness.get_by_label_contains("all drawn");
    // Names isolate, and isolate no more.
    harness.get_by_label("JWST-like").click();
    settle(&mut harness);
    harness.get_by_label_contains("15 hidden in the legend");
    harness.get_by_label("JWST-like").click();
    settle(&mut harness);
    harness.get_by_label_contains("all drawn");
    // An object under study, and those like it.
    harness.key_press(Key::ArrowRight);
    settle(&mut harness);
    harness.get_by_label("Nearest by their vectors");
    let titles = |harness: &Harness<'_, App>| -> Vec<String> {
        let labels = harness.query_all_by_label_contains("-like ");
        labels
            .filter_map(|node| node.accesskit_node().label())
            .collect()
    };
    let before = titles(&harness);
    assert_eq!(before.len(), 10, "{before:?}");
    harness.get_by_label(&before[0]).click();
    settle(&mut harness);
    // It is not among those that are nearest to it.
    let behind = titles(&harness);
    assert!(behind.len() == 10 && !behind.contains(&before[0]));
    // The map goes, and comes back.
    harness.get_by_label("Undo").click();
    harness.get_by_label("Undo").click();
    settle(&mut harness);
    harness.get_by_label("Undo").click();
    settle(&mut harness);
}

#[test]
fn a_failure_is_one_notice_that_can_be_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.parquet");
    std::fs::write(&path, b"PAR1 nothing PAR1").unwrap();
    let mut harness = open(&path);
    harness.get_by_label_contains("broken.parquet");
    harness.get_by_label("Take this away").click();
    settle(&mut harness);
    assert!(harness.query_by_label_contains("broken.parquet").is_none());
    harness.get_by_label("Explore the demo survey");
}

#[test]
fn data_without_pictures_say_what_to_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "id,z\n1,0.5\n2,0.7\n").unwrap();
    let harness = open(&path);
    assert!(harness.query_all_by_label("2 objects").count() > 0);
    harness.get_by_label("Open file…");
}
