//! Models that come without a card: one is written, and the model is checked, by the command line.

use std::fs;
use std::path::{Path, PathBuf};

use eframe::egui::Role;
use egui_kittest::kittest::{By, Queryable};
use latentarium::io;
use latentarium::progress::Progress;

use crate::support::{answer, fail, latentarium, test_data, text};
use crate::window;

/// A folder with pictures that differ, and a model in it.
fn folder(model: &Path) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (pictures, copy) = (folder.path().join("pictures"), folder.path().join("m.onnx"));
    fs::copy(model, &copy).unwrap();
    fs::create_dir(&pictures).unwrap();
    for seed in 0..3_u32 {
        let pixel = |x: u32, y: u32| {
            let at = |c: u32| ((x * 7 + y * 13 + 41 * c + 59 * seed * (x + 1)) % 256) as u8;
            image::Rgb([at(0), at(1), at(2)])
        };
        let picture = image::RgbImage::from_fn(40, 40, pixel);
        picture.save(pictures.join(format!("{seed}.png"))).unwrap();
    }
    (folder, pictures, copy)
}

fn vectors(pictures: &Path, encoder: &Path, out: &Path, flags: &[&str]) -> Vec<f32> {
    let given = [
        "embed",
        text(pictures),
        "--encoder",
        text(encoder),
        "--device",
        "tract",
    ];
    let told = answer(&[&given[..], flags, &["--force", "--out", text(out)]].concat());
    assert_eq!(told["encoded"], 3, "{told}");
    let dataset = io::open(out, None, &Progress::new()).unwrap();
    dataset.embedding.unwrap().values().to_vec()
}

/// The card says what the flags said.
fn card_and_flags_agree(model: &Path, how: &str) {
    let (folder, pictures, model) = folder(model);
    let out = folder.path().join("e.parquet");
    let flags = ["--normalise", how, "--eight-bit"];
    let by_flags = vectors(&pictures, &model, &out, &flags);
    let card = [&["card", text(&model)][..], &flags].concat();
    let told = answer(&card);
    assert_eq!(told["out"], text(&folder.path().join("m.toml")));
    assert_eq!(vectors(&pictures, &model, &out, &[]), by_flags);
    // It is not replaced unless that is asked for.
    assert!(fail(&card).contains("m.toml"));
    answer(
        &[
            &card[..],
            &["--force", "--bands", "r,g,b", "--name", "again"],
        ]
        .concat(),
    );
    assert_eq!(vectors(&pictures, &model, &out, &[]), by_flags);
    let checked = answer(&["check", text(&model), "--device", "tract"]);
    assert_eq!(
        (&checked["passed"], &checked["model"]),
        (&true.into(), &"m".into())
    );
}

#[test]
fn a_card_says_what_the_flags_said() {
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/mean.onnx");
    card_and_flags_agree(&small, "mean-std mean=127 std=128");
    let name = "a_card_says_what_the_flags_said, on EfficientNet";
    if let Some(models) = test_data(name, "models") {
        let model = models.join("efficientnet_lite0_encoder.onnx");
        card_and_flags_agree(&model, "mean-std mean=127 std=128");
    }
}

#[test]
fn a_card_that_cannot_be_is_not_written() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    let (folder, _, model) = folder(&models.join("open_sides.onnx"));
    let card = |flags: &[&str]| {
        let given = ["card", text(&model), "--normalise", "max"];
        let told = fail(&[&given[..], flags].concat());
        assert!(!folder.path().join("m.toml").exists());
        told
    };
    assert!(card(&[]).contains("input.size"));
    assert!(card(&["--size", "8", "--bands", "g,r"]).contains("takes 3, but 2"));
    assert!(card(&["--size", "8", "--output", "nothing"]).contains("no tensor `nothing`"));
    let elsewhere = std::env::temp_dir().join("elsewhere-of-no-model.toml");
    assert!(card(&["--size", "8", "--out", text(&elsewhere)]).contains("folder of its model"));
    assert!(!elsewhere.exists());
}

/// What is wrong stands on stdout with the rest, and the status says so.
#[test]
fn a_check_that_fails_exits_with_1() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    let (_folder, _, model) = folder(&models.join("log.onnx"));
    let how = [
        "--normalise",
        "mean-std mean=1000 std=1",
        "--device",
        "tract",
    ];
    let output = latentarium(&[&["check", text(&model), "--json"][..], &how].concat());
    assert_eq!(output.status.code(), Some(1));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["passed"], false);
    assert_eq!(told["findings"][0]["what"], "finite");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("hold NaN or infinity"), "{stderr}");
}

/// The window's form: what the graph tells stands in it, the rest is typed, and the card lies beside the
/// model.
#[test]
fn the_form_writes_the_card() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    let (_folder, _, model) = folder(&models.join("mean.onnx"));
    let mut harness = window::open(&model);
    assert!(harness.query_all_by_label("A card for m.onnx").count() > 0);
    harness.get_by_label_contains("pictures of 3 bands, 8 px");
    harness.get_by_label_contains("Normalisation: choose one of");
    harness.get_by_label("mean-std").click();
    window::settle(&mut harness);
    harness.get_by_label_contains("Mean: state a number");
    for (name, typed) in [("Mean", "127"), ("Deviation", "x")] {
        let field = || By::new().role(Role::TextInput).label(name);
        harness.get(field()).focus();
        harness.step();
        harness.get(field()).type_text(typed);
        window::settle(&mut harness);
    }
    harness.get_by_label_contains("`x` is not a number");
    harness.get_by_label("max").click();
    window::settle(&mut harness);
    harness.get_by_label("Choose…").click();
    window::settle(&mut harness);
    assert!(harness.query_all_by_label_contains("batch x 4 ·").count() > 0);
    harness.get_by_label("Check and write the card").click();
    window::settle(&mut harness);
    harness.get_by_label_contains("The card was written. m can be used: 4 values");
    assert_eq!(harness.query_all_by_label("A card for m.onnx").count(), 0);
    let card = fs::read_to_string(model.with_extension("toml")).unwrap();
    assert!(card.contains("method = \"max\"") && card.contains("name = \"features\""));

    // From inside the network, with the pooling that the shape asks for.
    harness.get_by_label_contains("Encoder").click();
    window::settle(&mut harness);
    harness.get_by_label("Another tensor…").click();
    window::settle(&mut harness);
    harness.get_by_label("relu").click();
    window::settle(&mut harness);
    harness.get_by_label("relu…");
    harness.get_by_label("Check").click();
    window::settle(&mut harness);
    harness.get_by_label_contains("m can be used: 4 values");
}
