//! Spectra, from files to vectors.

use std::fs;
use std::path::Path;

use egui_kittest::kittest::Queryable;

use crate::support::{answer, fail, fits, succeed, text};
use crate::window;

/// A table of `rows` rows with one of wavelengths in nanometres and one of fluxes, of `length` values
/// in each row.
fn cards(length: usize, rows: &str) -> Vec<String> {
    let text = |key: &str, value: &str| format!("{key:<8}= '{value:<8}'");
    let number = |key: &str, value: &str| format!("{key:<8}= {value:>20}");
    vec![
        text("XTENSION", "BINTABLE"),
        number("BITPIX", "8"),
        number("NAXIS", "2"),
        number("NAXIS1", &(12 * length).to_string()),
        number("NAXIS2", rows),
        number("PCOUNT", "0"),
        number("GCOUNT", "1"),
        number("TFIELDS", "2"),
        text("TTYPE1", "WAVE"),
        text("TFORM1", &format!("{length}D")),
        text("TUNIT1", "nm"),
        text("TTYPE2", "Flux"),
        text("TFORM2", &format!("{length}E")),
        text("TUNIT2", "Jy"),
    ]
}

fn table(length: usize, rows: &str, data: &[u8]) -> Vec<u8> {
    let primary = [
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    0",
    ];
    let cards = cards(length, rows);
    let cards: Vec<&str> = cards.iter().map(String::as_str).collect();
    [fits(&primary, &[]), fits(&cards, data)].concat()
}

/// A sample in each row: 50 fluxes from 400 to 449 nm, `slope` times the distance from 400 nm.
fn samples(slope: f32) -> Vec<u8> {
    let row = |i: u8| {
        let (wavelength, flux) = (400.0 + f64::from(i), slope * f32::from(i));
        [&wavelength.to_be_bytes()[..], &flux.to_be_bytes()].concat()
    };
    table(1, "50", &(0..50).flat_map(row).collect::<Vec<u8>>())
}

/// A spectrum in each row: three of the same.
fn rows() -> Vec<u8> {
    let row = |slope: u8| {
        let wavelengths = (0..50_u8).flat_map(|i| (400.0 + f64::from(i)).to_be_bytes());
        let fluxes = (0..50_u8).flat_map(|i| (f32::from(slope) * f32::from(i)).to_be_bytes());
        wavelengths.chain(fluxes).collect::<Vec<u8>>()
    };
    table(50, "3", &[row(1), row(2), row(3)].concat())
}

fn model(folder: &Path) -> String {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/vector.onnx");
    let model = folder.join("spectra.onnx");
    fs::copy(own, &model).unwrap();
    text(&model).to_owned()
}

#[test]
fn a_folder_of_spectra_is_encoded_and_found_again() {
    let place = tempfile::tempdir().unwrap();
    let model = model(place.path());
    let folder = place.path().join("spectra");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a.fits"), samples(1.0)).unwrap();
    fs::write(folder.join("b.fits"), samples(2.0)).unwrap();
    fs::write(folder.join("many.fits"), rows()).unwrap();
    let said = fail(&[
        "card",
        &model,
        "--normalise",
        "none",
        "--wavelengths",
        "4000",
    ]);
    assert!(said.contains("3600, 9824"), "{said}");
    succeed(&[
        "card",
        &model,
        "--normalise",
        "none",
        "--wavelengths",
        "4000,4440",
    ]);
    let harness = window::open(&folder);
    harness.get_by_label("5 spectra");
    harness.get_by_label("Choose an encoder…");
    drop(harness);
    let info = answer(&["info", text(&folder)]);
    assert_eq!(info["objects"], 5);
    assert_eq!(info["spectra"]["fluxes"], 50);
    assert_eq!(info["spectra"]["unit"], "Jy");
    assert_eq!(info["spectra"]["first_angstrom"], 4000.0);

    let out = place.path().join("e.parquet");
    let encoder = model.replace(".onnx", ".toml");
    let tract = ["--device", "tract", "--out", text(&out)];
    let embed = ["embed", text(&folder), "--encoder", &encoder];
    let done = answer(&[&embed[..], &tract].concat());
    assert_eq!(done["encoded"], 5, "{done}");
    // The vectors know where their spectra lie.
    let info = answer(&["info", text(&out)]);
    assert_eq!(info["spectra"]["fluxes"], 50, "{info}");

    // A table that names spectra, two of them as it should.
    let list = place.path().join("list.csv");
    let names = "id,spectrum_file,spectrum_index\n1,spectra/many.fits,2\n2,spectra/many.fits,3\n3,../x.fits,0\n4,spectra/a.fits,0\n";
    fs::write(&list, names).unwrap();
    let embed = ["embed", text(&list), "--encoder", &encoder, "--force"];
    let done = answer(&[&embed[..], &tract].concat());
    assert_eq!(done["encoded"], 2, "{done}");

    let picture = place.path().join("p.png");
    fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures/rgb.png"),
        &picture,
    )
    .unwrap();
    let embed = ["embed", text(&picture), "--encoder", &encoder, "--force"];
    let said = fail(&[&embed[..], &tract].concat());
    assert!(said.contains("has no spectra to encode"), "{said}");
}

#[test]
fn spectra_that_are_not_there_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.fits");
    for (length, rows) in [(50, "99999999999"), (1, "4000000"), (4_000_000, "1")] {
        fs::write(&path, table(length, rows, &[0; 64])).unwrap();
        let said = fail(&["info", text(&path)]);
        assert!(said.contains("long.fits"), "{said}");
    }
    // Wavelengths that do not increase are a list of lines: a table.
    fs::write(&path, table(1, "50", &[0; 600])).unwrap();
    assert_eq!(answer(&["info", text(&path)])["objects"], 50);
}
