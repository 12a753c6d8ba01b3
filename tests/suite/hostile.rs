//! Input that lies: sizes that are not there, pipes, names that are no text.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{answer, embed, fail, fits, succeed, text};

fn image_cards(planes: &str) -> Vec<String> {
    [
        "SIMPLE  =                    T",
        "BITPIX  =                  -32",
        "NAXIS   =                    3",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([
        "NAXIS1  =                    4".to_owned(),
        "NAXIS2  =                    4".to_owned(),
    ])
    .chain([format!("NAXIS3  = {planes:>20}")])
    .collect()
}

#[test]
fn sizes_that_are_not_there_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let cards = image_cards("500000000");
    let cards: Vec<&str> = cards.iter().map(String::as_str).collect();
    fs::write(path("planes.fits"), fits(&cards, &[0; 64])).unwrap();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000000000000, 0), }";
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    fs::write(path("hang.npy"), npy).unwrap();
    for name in ["planes.fits", "hang.npy"] {
        let started = Instant::now();
        let said = fail(&["info", text(&path(name))]);
        assert!(said.contains(name), "{said}");
        assert!(started.elapsed() < Duration::from_secs(5), "{name}");
    }
}

#[test]
fn pixel_scales_have_units() {
    let folder = tempfile::tempdir().unwrap();
    let scale = |unit: &str, step: &str| {
        let path = folder.path().join("a.fits");
        let cards = [
            "SIMPLE  =                    T".to_owned(),
            "BITPIX  =                  -32".to_owned(),
            "NAXIS   =                    2".to_owned(),
            "NAXIS1  =                    4".to_owned(),
            "NAXIS2  =                    4".to_owned(),
            "CTYPE1  = 'RA---TAN'".to_owned(),
            "CTYPE2  = 'DEC--TAN'".to_owned(),
            format!("CUNIT1  = '{unit}'"),
            format!("CDELT1  = {:>20}", format!("-{step}")),
            format!("CDELT2  = {step:>20}"),
        ];
        let cards: Vec<&str> = cards.iter().map(String::as_str).collect();
        fs::write(&path, fits(&cards, &[0; 64])).unwrap();
        let info: serde_json::Value = answer(&["info", text(&path)]);
        info["cutouts"]["pixel_scale_arcsec"].as_f64().unwrap()
    };
    assert!((scale("deg", "1.0E-05") - 0.036).abs() < 1e-6);
    assert!((scale("arcsec", "0.03") - 0.03).abs() < 1e-6);
}

#[test]
fn rows_whose_picture_is_not_certain_are_not_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    succeed(&["demo", "--out", text(&path("demo")), "--galaxies", "4"]);
    fs::copy(path("demo/cutouts/chunk-000.fits"), path("c.fits")).unwrap();
    // As pandas writes a column of integers with a gap.
    fs::write(
        path("t.csv"),
        "id,cutout_file,cutout_hdu\n1,c.fits,1.0\n2,c.fits,3.0\n3,c.fits,\n",
    )
    .unwrap();
    let out = path("e.parquet");
    let answer = embed(&path("t.csv"), &out);
    assert_eq!(
        (&answer["encoded"], &answer["failed"]),
        (&2.into(), &1.into())
    );
    let embedding = latentarium::io::open(&out, None, &latentarium::progress::Progress::new())
        .unwrap()
        .embedding
        .unwrap();
    assert_ne!(
        embedding.vector(0),
        embedding.vector(1),
        "two different pictures"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn pipes_and_names_that_are_no_text_do_no_harm() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("a.csv");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    assert!(fail(&["info", text(&pipe)]).contains("a.csv"));
    let pictures = folder.path().join("pictures");
    fs::create_dir(&pictures).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(pictures.join("a.png"))
            .status()
            .unwrap()
            .success()
    );
    image::GrayImage::new(8, 8)
        .save(pictures.join("b.png"))
        .unwrap();
    let info: serde_json::Value = answer(&["info", text(&pictures)]);
    assert_eq!(info["objects"], 1);

    let odd = folder
        .path()
        .join(std::ffi::OsStr::from_bytes(b"bad\xff.csv"));
    fs::write(&odd, "id,z\n1,2\n").unwrap();
    for flags in [vec![], vec!["--json"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_latentarium"))
            .arg("info")
            .arg(&odd)
            .args(flags)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn what_cannot_be_written_is_said_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere/e.parquet");
    let missing = fail(&[
        "embed",
        text(folder.path()),
        "--encoder",
        "simclr",
        "--out",
        text(&nowhere),
    ]);
    assert!(
        missing.contains("nowhere") && missing.contains("create it"),
        "{missing}"
    );
    let taken = fail(&[
        "embed",
        text(folder.path()),
        "--encoder",
        "simclr",
        "--out",
        text(folder.path()),
        "--force",
    ]);
    assert!(taken.contains("no regular file"), "{taken}");
    let absent = fail(&[
        "embed",
        text(folder.path()),
        "--encoder",
        "simclr2",
        "--out",
        text(Path::new("x.parquet")),
    ]);
    assert!(
        absent.contains("simclr2") && absent.contains("shipped"),
        "{absent}"
    );
}
