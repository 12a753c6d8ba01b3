//! The command line is a contract: outputs, exit status, nothing half-written.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use latentarium::progress::Progress;
use serde_json::Value;

use crate::support::{answer, embed, fail, latentarium, succeed, text};

#[test]
fn from_galaxies_to_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (demo, catalog) = (path("demo"), path("demo/catalog.parquet"));
    let (vectors, map, picture) = (path("e.parquet"), path("p.parquet"), path("map.png"));

    let made: Value = answer(&["demo", "--out", text(&demo), "--galaxies", "40"]);
    assert_eq!(
        (&made["galaxies"], &made["synthetic"]),
        (&Value::from(40), &Value::from(true))
    );

    let info: Value = answer(&["info", text(&catalog)]);
    assert_eq!(info["objects"], 40);
    assert_eq!(
        info["cutouts"]["bands"],
        serde_json::json!(["F200W", "F277W", "F356W"])
    );
    assert_eq!(info["cutouts"]["unit"], "MJy/sr");
    assert!((info["cutouts"]["pixel_scale_arcsec"].as_f64().unwrap() - 0.03).abs() < 1e-6);

    let encoded = embed(&catalog, &vectors);
    assert_eq!(
        (&encoded["encoded"], &encoded["failed"]),
        (&Value::from(40), &Value::from(0))
    );
    let info: Value = answer(&["info", text(&vectors)]);
    assert_eq!(info["embedding"]["vectors"], 40);
    assert_eq!(info["provenance"]["encoder"], "simclr");
    assert_eq!(
        info["provenance"]["model_sha256"].as_str().unwrap().len(),
        64
    );

    succeed(&["reduce", text(&vectors), "--out", text(&map), "--dims", "3"]);
    let info: Value = answer(&["info", text(&map)]);
    assert_eq!(info["projection"]["dims"], 3);
    let names: Vec<&str> = info["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"catalog_z"),
        "the redshift is kept beside the third axis: {names:?}"
    );
    assert_eq!(
        info["cutouts"]["width"], 64,
        "the map finds the pictures again"
    );

    succeed(&[
        "render",
        text(&map),
        "--out",
        text(&picture),
        "--size",
        "320x200",
        "--color-by",
        "log_mass",
    ]);
    let png = image::open(&picture).unwrap();
    assert_eq!((png.width(), png.height()), (320, 200));
    let lit = png
        .to_rgba8()
        .pixels()
        .filter(|p| p.0[0] > 0x40 || p.0[2] > 0x60)
        .count();
    assert!(lit >= 40, "{lit} pixels are lit");

    let again = fail(&["render", text(&map), "--out", text(&picture)]);
    assert!(
        again.contains("map.png") && again.contains("--force"),
        "{again}"
    );
    succeed(&["render", text(&map), "--out", text(&picture), "--force"]);
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 4, "nothing temporary is left: {left:?}");
}

#[test]
fn the_same_seed_gives_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, seed: &str| {
        let out = folder.path().join(name);
        succeed(&[
            "demo",
            "--out",
            text(&out),
            "--galaxies",
            "12",
            "--seed",
            seed,
        ]);
        fs::read(out.join("cutouts/chunk-000.fits")).unwrap()
    };
    let (a, b, c) = (make("a", "5"), make("b", "5"), make("c", "6"));
    assert!(a == b, "the same seed");
    assert!(a != c, "another seed");
}

#[test]
fn wrong_usage_is_status_two() {
    for arguments in [
        vec!["reduce"],
        vec!["nonsense", "--flag"],
        vec!["demo", "--out", "x", "--galaxies", "0"],
        vec!["render", "p", "--out", "x.png", "--size", "big"],
        vec!["reduce", "e", "--out", "p", "--dims", "4"],
    ] {
        assert_eq!(
            latentarium(&arguments).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
}

#[test]
fn failures_are_one_sentence_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (out, garbage) = (path("out.parquet"), path("garbage.parquet"));
    let out = text(&out).to_owned();
    fs::write(&garbage, b"PAR1 this is not a table PAR1").unwrap();
    fs::write(path("empty.fits"), b"").unwrap();
    fs::write(path("garbage.onnx"), [0x42; 300]).unwrap();
    fs::write(path("table.csv"), "id,z\n1,0.5\n2,0.7\n").unwrap();
    fs::create_dir(path("nothing")).unwrap();

    let sentence = |arguments: &[&str], wanted: &[&str]| {
        let said = fail(arguments);
        for word in wanted {
            assert!(said.contains(word), "{said:?} lacks {word:?}");
        }
    };
    let name = |n: &str| path(n).to_str().unwrap().to_owned();
    sentence(
        &["info", &name("absent.fits")],
        &["absent.fits", "check the name"],
    );
    sentence(
        &["reduce", text(&garbage), "--out", &out],
        &["garbage.parquet", "damaged"],
    );
    sentence(&["info", &name("empty.fits")], &["empty.fits", "empty"]);
    sentence(&["info", &name("nothing")], &["nothing", "holds no"]);
    sentence(
        &["reduce", &name("table.csv"), "--out", &out],
        &["table.csv", "latentarium embed"],
    );
    sentence(
        &["render", &name("table.csv"), "--out", &name("out.png")],
        &["table.csv", "latentarium reduce"],
    );
    sentence(
        &[
            "embed",
            &name("table.csv"),
            "--encoder",
            "simclr",
            "--out",
            &out,
        ],
        &["table.csv", "pictures"],
    );
    sentence(
        &[
            "embed",
            &name("table.csv"),
            "--encoder",
            &name("garbage.onnx"),
            "--out",
            &out,
        ],
        &["garbage", "card"],
    );
    let bare = [
        "embed",
        &name("table.csv"),
        "--encoder",
        &name("garbage.onnx"),
        "--normalise",
        "none",
        "--out",
        &out,
    ];
    sentence(&bare, &["garbage.onnx"]);
    sentence(
        &[
            "embed",
            &name("table.csv"),
            "--encoder",
            "simclr",
            "--device",
            "abacus",
            "--out",
            &out,
        ],
        &["abacus"],
    );
    assert!(!path("out.parquet").exists());
}

#[test]
fn rows_that_cannot_be_encoded_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("pictures");
    fs::create_dir(&pictures).unwrap();
    for (i, name) in ["a.png", "b.png", "c.png"].iter().enumerate() {
        let picture =
            image::GrayImage::from_fn(32, 32, |x, y| image::Luma([(x * y * (i as u32 + 1)) as u8]));
        picture.save(pictures.join(name)).unwrap();
    }
    fs::write(
        pictures.join("b.png"),
        b"\x89PNG\r\n\x1a\n and then nothing",
    )
    .unwrap();
    let out = folder.path().join("e.parquet");
    let encoded = embed(&pictures, &out);
    assert_eq!(
        (&encoded["encoded"], &encoded["failed"]),
        (&Value::from(2), &Value::from(1))
    );
    let listed = encoded["warnings"].as_array().unwrap();
    assert!(
        listed
            .iter()
            .any(|w| w["row"] == 1 && w["reason"].as_str().unwrap().contains("b.png")),
        "{listed:?}"
    );
    let info: Value = answer(&["info", text(&out)]);
    assert_eq!(
        (&info["objects"], &info["embedding"]["vectors"]),
        (&Value::from(3), &Value::from(2))
    );
}

#[test]
#[cfg(unix)]
fn a_killed_or_starved_run_leaves_nothing_under_the_final_name() {
    let folder = tempfile::tempdir().unwrap();
    let (demo, out) = (folder.path().join("demo"), folder.path().join("e.parquet"));
    succeed(&["demo", "--out", text(&demo), "--galaxies", "60"]);
    let catalog = demo.join("catalog.parquet");
    let program = env!("CARGO_BIN_EXE_latentarium");
    let arguments = [
        "embed",
        text(&catalog),
        "--encoder",
        "simclr",
        "--device",
        "tract",
        "--batch",
        "1",
        "--out",
        text(&out),
    ];
    for milliseconds in [5, 40, 80] {
        let mut child = Command::new(program)
            .args(arguments)
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        if out.exists() {
            // It was quicker than the kill: then it is whole.
            succeed(&["info", text(&out)]);
            fs::remove_file(&out).unwrap();
        }
    }
    // A disk that is full after 8 KiB: the limit on file sizes, with its signal ignored, gives the same error.
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec {program} {}",
        arguments.join(" ")
    );
    let starved = Command::new("bash").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&starved.stderr).into_owned();
    assert_eq!(starved.status.code(), Some(1), "{said}");
    assert!(
        said.contains("e.parquet") && !said.contains("panicked"),
        "{said}"
    );
    assert!(!out.exists());
}

#[test]
fn doctor_says_what_there_is_and_why_not_more() {
    let report: Value = answer(&["doctor"]);
    assert_eq!(report["tract"], true);
    assert!(report["adapters"].is_array());
    for provider in report["providers"].as_array().unwrap() {
        let usable = provider["usable"].as_bool().unwrap();
        assert!(
            usable || !provider["reason"].as_str().unwrap().is_empty(),
            "{provider}"
        );
    }
}

#[test]
fn encoders_predict_columns_are_tapped_and_read_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let (demo, out) = (path("demo"), path("e.parquet"));
    succeed(&["demo", "--out", text(&demo), "--galaxies", "12"]);
    let catalog = demo.join("catalog.parquet");
    let model = |name: &str| models.join(name).to_str().unwrap().to_owned();
    let embed = |input: &std::path::Path, encoder: &str, more: &[&str]| {
        let encoder = model(encoder);
        let common = [
            "embed",
            text(input),
            "--encoder",
            &encoder,
            "--device",
            "tract",
        ];
        let rest = ["--force", "--out", text(&out)];
        answer(&[&common, more, &rest].concat())
    };

    // Heads become columns, once, however often the objects are encoded.
    embed(&catalog, "zoobot-like.toml", &[]);
    std::fs::copy(&out, demo.join("again.parquet")).unwrap();
    embed(&demo.join("again.parquet"), "zoobot-like.toml", &[]);
    let info: Value = answer(&["info", text(&out)]);
    let columns = info["columns"].as_array().unwrap().iter();
    let votes: Vec<_> = columns
        .filter_map(|c| c["name"].as_str().filter(|n| n.contains("smooth")))
        .collect();
    assert_eq!(
        votes,
        [
            "smooth-or-featured_smooth",
            "smooth-or-featured_featured",
            "smooth-or-featured_artifact"
        ]
    );

    // A tensor inside the graph, as the list of tensors names it.
    let listed: Value = answer(&["info", &model("simclr.onnx")]);
    let tensors = listed["tensors"].as_array().unwrap();
    let inside = tensors.iter().find(|t| t["op"] == "Relu").unwrap();
    let name = inside["name"].as_str().unwrap();
    let tapped = embed(&catalog, "simclr.toml", &["--tap", name, "--pool", "mean"]);
    assert_eq!(tapped["encoded"], 12);
    let info: Value = answer(&["info", text(&out)]);
    assert_eq!(info["provenance"]["tensor"], name);
    assert_eq!(info["provenance"]["pooling"], "mean");

    // No pictures are needed for an encoder of columns.
    let alone = path("alone.parquet");
    std::fs::copy(&catalog, &alone).unwrap();
    let encoded = embed(&alone, "image-sed.sed.toml", &[]);
    assert_eq!(
        (&encoded["encoded"], &encoded["dimension"]),
        (&Value::from(12), &Value::from(64))
    );
    let info: Value = answer(&["info", text(&out)]);
    assert_eq!(info["provenance"]["space"], "image-sed");
    std::fs::write(path("bare.csv"), "id,mag_f200w\n1,24\n").unwrap();
    let encoder = model("image-sed.sed.toml");
    let said = fail(&[
        "embed",
        text(&path("bare.csv")),
        "--encoder",
        &encoder,
        "--out",
        text(&path("n.parquet")),
    ]);
    assert!(said.contains("`mag_f277w`"), "{said}");
}

#[test]
fn what_a_model_makes_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (demo, catalog) = (path("demo"), path("demo/catalog.parquet"));
    let card = concat!(env!("CARGO_MANIFEST_DIR"), "/models/autoencoder.toml");
    succeed(&["demo", "--out", text(&demo), "--galaxies", "12"]);
    let (vectors, map, model) = (path("a.parquet"), path("m.parquet"), path("m.safetensors"));
    let device = ["--device", "tract"];
    let embed = [
        "embed",
        text(&catalog),
        "--encoder",
        card,
        "--out",
        text(&vectors),
    ];
    succeed(&[&embed[..], &device].concat());
    let reduce = [
        "reduce",
        text(&vectors),
        "--out",
        text(&map),
        "--model-out",
        text(&model),
    ];
    succeed(&reduce);
    let ids: Vec<String> = latentarium::io::open(&catalog, None, &Progress::new())
        .map(|d| [0, 1].map(|row| d.catalog.id(row)).to_vec())
        .unwrap();
    let out = path("x.png");
    let decode = |encoder: &str, what: &[&str]| {
        let start = [
            "decode",
            text(&vectors),
            "--encoder",
            encoder,
            "--out",
            text(&out),
            "--force",
        ];
        [&start[..], &device, what]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let run = |what: &[&str]| {
        let arguments = decode(card, what);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let answered = answer(&arguments);
        (answered, image::open(&out).unwrap())
    };
    // Three pictures of 64 px, four times as large.
    let (answered, png) = run(&["--id", &ids[0]]);
    assert_eq!((png.width(), png.height()), (3 * 256 + 2 * 8, 256));
    let rms = answered["rms"].as_f64().unwrap();
    assert!(rms > 0.0 && rms < 0.5, "{rms}");
    let (_, png) = run(&["--walk", &ids[0], &ids[1], "--steps", "4"]);
    assert_eq!(png.width(), 4 * 256 + 3 * 8);
    let (_, png) = run(&["--at", "-0.5", "0.25", "--model", text(&model)]);
    assert_eq!((png.width(), png.height()), (256, 256));
    let components = ["--components", "--steps", "3", "--model", text(&model)];
    let (answered, png) = run(&components);
    assert_eq!((png.width(), png.height()), (3 * 256 + 2 * 8, 2 * 256 + 8));
    let deviations = answered["standard_deviations"].as_array().unwrap();
    assert!(deviations[0].as_f64() > deviations[1].as_f64());
    // The middle of each row is the mean object.
    let middle = |top: u32| png.crop_imm(256 + 8, top, 256, 256);
    assert_eq!(middle(0), middle(256 + 8));

    let said = |encoder: &str, what: &[&str]| {
        let arguments = decode(encoder, what);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        fail(&arguments)
    };
    let other = said("simclr", &["--id", &ids[0]]);
    assert!(other.contains("made by autoencoder"), "{other}");
    let missing = said(card, &["--id", "nobody"]);
    assert!(
        missing.contains("no object with the id nobody"),
        "{missing}"
    );
    let flat = said(card, &["--at", "1", "2", "3", "--model", text(&model)]);
    assert!(flat.contains("2 dimensions"), "{flat}");
    let curved = path("u.safetensors");
    let umap = ["--method", "umap", "--force", "--model-out", text(&curved)];
    succeed(&[&reduce[..4], &umap].concat());
    let umap = said(card, &["--components", "--model", text(&curved)]);
    assert!(umap.contains("only a PCA map has components"), "{umap}");
}

/// Files below a folder that are being written.
#[cfg(unix)]
fn parts(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.path() {
            folder if folder.is_dir() => parts(&folder),
            file => usize::from(file.extension().is_some_and(|e| e == "part")),
        })
        .sum()
}

/// A program that is told to end takes with it what it has half written.
#[cfg(unix)]
#[test]
fn an_interrupted_command_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("demo");
    let begun = Instant::now();
    let child = Command::new(env!("CARGO_BIN_EXE_latentarium"))
        .args(["demo", "--galaxies", "20000", "--out", text(&out)])
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.unwrap();
    while parts(&out) == 0 {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "nothing is written"
        );
        assert!(child.try_wait().unwrap().is_none(), "it has ended");
        std::thread::sleep(Duration::from_millis(1));
    }
    let pid = child.id().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(!child.wait().unwrap().success());
    assert_eq!(parts(&out), 0);
}
