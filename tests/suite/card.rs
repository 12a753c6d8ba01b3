//! Models that come without a card: one is written, and the model is checked, by the command line.

use std::fs;
use std::path::{Path, PathBuf};

use latentarium::io;
use latentarium::progress::Progress;

use crate::support::{answer, fail, latentarium, test_data, text};

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
