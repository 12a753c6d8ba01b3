//! Files of the world: real catalogues, pictures and embeddings, and odd FITS files.

use std::fs;
use std::path::Path;

use latentarium::data::{CutoutRead, SpectrumRead};
use latentarium::io::{self, Dataset};
use latentarium::progress::Progress;

use crate::support::{embed, test_data, text};

fn open(path: &Path) -> Dataset {
    io::open(path, None, &Progress::new()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn identities_above_two_to_the_53_are_the_same_from_csv_and_fits() {
    let Some(folder) = test_data(
        "identities_above_two_to_the_53_are_the_same_from_csv_and_fits",
        "catalogues",
    ) else {
        return;
    };
    let unpacked = tempfile::tempdir().unwrap();
    let csv = unpacked.path().join("gz2.csv");
    let gunzip = std::process::Command::new("gzip")
        .args([
            "-dc",
            text(&folder.join("gz2_table5_stripe82_coadd.csv.gz")),
        ])
        .output()
        .unwrap();
    fs::write(&csv, gunzip.stdout).unwrap();
    let (a, b) = (
        open(&csv).catalog,
        open(&folder.join("gz2_table5_stripe82_coadd.fits.gz")).catalog,
    );
    assert_eq!((a.len(), b.len()), (19_761, 19_761));
    let (a, b) = (
        a.column("objid").unwrap(),
        b.column("OBJID").or_else(|| b.column("objid")).unwrap(),
    );
    for row in (0..19_761).step_by(97) {
        assert_eq!(a.text(row), b.text(row));
        assert!(a.text(row).parse::<i64>().unwrap() > 1 << 53);
    }
}

#[test]
fn every_text_catalogue_opens() {
    let Some(folder) = test_data("every_text_catalogue_opens", "catalogues") else {
        return;
    };
    for (name, rows, column) in [
        ("dja_nirspec_v2.csv", 8_974, "zfit"),
        ("tng50_galaxy_labels.csv", 3_232, "mass"),
        ("gz_desi_labels.csv", 10_000, "classification"),
        ("sdss_mgs_photoz.txt", 5_000, "zs"),
        ("legacysurvey_training_lenses.tsv", 1_615, "z_spec"),
    ] {
        let dataset = open(&folder.join(name));
        assert_eq!(dataset.catalog.len(), rows, "{name}");
        assert!(
            dataset.catalog.column(column).is_some(),
            "{name} lacks {column}"
        );
    }
}

#[test]
fn a_table_of_pictures_is_a_data_set() {
    let Some(folder) = test_data(
        "a_table_of_pictures_is_a_data_set",
        "galaxyzoo_survey_examples",
    ) else {
        return;
    };
    for path in [folder.clone(), folder.join("labels.csv")] {
        let dataset = open(&path);
        assert_eq!(dataset.catalog.len(), 315);
        let cutouts = dataset.cutouts.expect("the pictures are found");
        let first = cutouts.read(0).unwrap();
        assert_eq!(
            (first.bands().len(), first.width(), first.height()),
            (3, 424, 424)
        );
        assert!(cutouts.read(314).is_ok());
    }
}

#[test]
fn jwst_stamps_and_their_positions_belong_together() {
    let Some(folder) = test_data(
        "jwst_stamps_and_their_positions_belong_together",
        "jwst_ceers_f356w_stamps",
    ) else {
        return;
    };
    let dataset = open(&folder);
    assert_eq!(dataset.catalog.len(), 367);
    assert_eq!(dataset.catalog.id(0), "NIRCam1_56");
    let cutout = dataset
        .cutouts
        .expect("the pictures are found")
        .read(366)
        .unwrap();
    assert_eq!((cutout.bands().len(), cutout.width()), (1, 50));
    let pictures = open(&folder.join("f356w_png"));
    assert_eq!(pictures.catalog.len(), 367);
}

#[test]
fn a_fits_file_of_many_images_is_a_data_set() {
    let Some(folder) = test_data(
        "a_fits_file_of_many_images_is_a_data_set",
        "cosmos_hst_f814w",
    ) else {
        return;
    };
    let dataset = open(&folder.join("real_galaxy_images_extension.fits"));
    assert_eq!(dataset.catalog.len(), 100);
    let cutouts = dataset.cutouts.unwrap();
    let sizes: Vec<(usize, usize)> = [0, 1, 99]
        .map(|row| cutouts.read(row).map(|c| (c.width(), c.height())).unwrap())
        .to_vec();
    assert_eq!(sizes[..2], [(54, 54), (36, 36)]);
    let table = open(&folder.join("real_galaxy_catalog_26_extension_example.fits"));
    assert_eq!(table.catalog.len(), 100);
}

#[test]
fn embeddings_of_others_open() {
    let Some(folder) = test_data("embeddings_of_others_open", "embeddings_galaxyzoo_examples")
    else {
        return;
    };
    for (name, dim) in [
        ("efficientnet_lite0_315x1280.npy", 1280),
        ("galaxy_cae64_315x128.parquet", 128),
    ] {
        let embedding = open(&folder.join(name)).embedding.unwrap();
        assert_eq!((embedding.len(), embedding.dim()), (315, dim));
    }
}

#[test]
fn one_picture_is_the_same_however_it_is_compressed() {
    let Some(folder) = test_data(
        "one_picture_is_the_same_however_it_is_compressed",
        "fits_variety",
    ) else {
        return;
    };
    let read = |name: &str| open(&folder.join(name)).cutouts.unwrap().read(0).unwrap();
    let plain = read("m13.fits");
    assert_eq!((plain.width(), plain.height()), (300, 300));
    for name in ["m13_rice.fits", "m13_gzip.fits", "m13_plio.fits"] {
        assert_eq!(read(name).pixels(), plain.pixels(), "{name}");
    }
    assert_eq!(read("m13_hcomp.fits").pixels().len(), plain.pixels().len());
    let masked = read("compressed_with_nan.fits");
    assert!(masked.pixels().iter().any(|v| v.is_nan()));
}

/// Headers by which cfitsio divides by zero, tiles whose ends it does not look for.
#[test]
fn damaged_compressed_pictures_are_refused() {
    let name = "damaged_compressed_pictures_are_refused";
    let Some(folder) = test_data(name, "fits_variety") else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("damaged.fits");
    let said = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let said = match io::open(&path, None, &Progress::new()) {
            Ok(dataset) => dataset.cutouts.unwrap().read(0).unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(said.contains("damaged.fits"), "{said}");
        said
    };
    let whole = |name: &str| fs::read(folder.join(name)).unwrap();
    let rice = whole("m13_rice.fits");
    for key in ["ZTILE1", "ZTILE2", "ZVAL1"] {
        let card = format!("{key:<8}=");
        let at = rice.windows(9).position(|w| w == card.as_bytes()).unwrap();
        let mut bytes = rice.clone();
        bytes[at..at + 30].copy_from_slice(format!("{key:<8}={:>21}", 0).as_bytes());
        assert!(said(&bytes).contains(key));
    }
    // Bytes of the tiles, which are the last of the file.
    for (name, byte) in [("m13_rice.fits", 0), ("m13_plio.fits", 0x7f)] {
        let mut bytes = whole(name);
        let from = bytes.len() * 3 / 4;
        bytes[from..].fill(byte);
        assert!(said(&bytes).contains("tile"), "{name}");
    }
    // The sides of a tile, after what tells that it is one.
    let mut bytes = whole("m13_hcomp.fits");
    let at = bytes.windows(2).position(|w| w == [0xdd, 0x99]).unwrap();
    bytes[at + 2..at + 10].fill(0x7f);
    assert!(said(&bytes).contains("tile"));
}

/// Whatever a file holds, and wherever it is cut off: an answer or one sentence, never a panic.
#[test]
fn odd_and_truncated_files_give_an_answer_or_a_sentence() {
    let Some(folder) = test_data(
        "odd_and_truncated_files_give_an_answer_or_a_sentence",
        "fits_variety",
    ) else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let mut opened = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let look = |path: &Path| match io::open(path, None, &Progress::new()) {
            Ok(dataset) => {
                if let Some(cutouts) = &dataset.cutouts {
                    for row in 0..cutouts.len().min(4) {
                        let _ = cutouts.read(row);
                    }
                }
                true
            }
            Err(error) => {
                let name = path.file_name().unwrap().to_str().unwrap();
                assert!(error.to_string().contains(name), "{error}");
                false
            }
        };
        opened += usize::from(look(&path));
        let bytes = fs::read(&path).unwrap();
        let cut = scratch.path().join(path.file_name().unwrap());
        for share in [1, 3, 7, 9] {
            fs::write(&cut, &bytes[..bytes.len() * share / 10]).unwrap();
            look(&cut);
        }
    }
    assert!(opened >= 25, "only {opened} opened");
}

#[test]
fn names_in_a_catalogue_do_not_lead_outside_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("data");
    fs::create_dir(&inside).unwrap();
    image::GrayImage::new(8, 8)
        .save(folder.path().join("secret.png"))
        .unwrap();
    image::GrayImage::new(8, 8)
        .save(inside.join("a.png"))
        .unwrap();
    let secret = folder.path().join("secret.png");
    fs::write(
        inside.join("t.csv"),
        format!("id,file\n1,a.png\n2,../secret.png\n3,{}\n", text(&secret)),
    )
    .unwrap();
    let cutouts = open(&inside.join("t.csv")).cutouts.unwrap();
    assert!(cutouts.read(0).is_ok());
    for row in [1, 2] {
        let error = cutouts.read(row).unwrap_err().to_string();
        assert!(
            error.contains("outside") && error.contains("--cutouts"),
            "{error}"
        );
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&secret, inside.join("link.png")).unwrap();
        fs::write(inside.join("t.csv"), "id,file\n1,a.png\n2,link.png\n").unwrap();
        assert!(
            open(&inside.join("t.csv"))
                .cutouts
                .unwrap()
                .read(1)
                .is_err()
        );
    }
}

#[test]
fn vectors_in_another_folder_find_their_pictures_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let (pictures, results) = (
        folder.path().join("pictures"),
        folder.path().join("results"),
    );
    fs::create_dir(&pictures).unwrap();
    fs::create_dir(&results).unwrap();
    for i in 0..3_u8 {
        image::GrayImage::from_fn(40, 40, |x, y| {
            image::Luma([(x as u8).wrapping_mul(i + 2) ^ y as u8])
        })
        .save(pictures.join(format!("{i}.png")))
        .unwrap();
    }
    let vectors = results.join("e.parquet");
    embed(&pictures, &vectors);
    let unasked = open(&vectors);
    assert!(unasked.cutouts.is_none());
    let elsewhere = unasked.cutouts_elsewhere.expect("the folder is recorded");
    let asked = io::open(&vectors, Some(&elsewhere), &Progress::new()).unwrap();
    assert!(asked.cutouts.unwrap().read(2).is_ok());
}

#[test]
fn spectra_of_three_surveys_open_and_are_shown_with_their_units() {
    let name = "spectra_of_three_surveys_open_and_are_shown_with_their_units";
    let Some(folder) = test_data(name, "spectra_desi_sdss_jwst") else {
        return;
    };
    let dataset = open(&folder);
    let spectra = dataset.spectra.as_ref().unwrap();
    assert_eq!((dataset.catalog.len(), spectra.len()), (8, 8));
    let files = dataset.catalog.column("spectrum_file").unwrap();
    let mut read = 0;
    for row in 0..8 {
        let (file, found) = (files.text(row), spectra.read(row));
        let (samples, first, last, unit) = match file.split(['_', '-']).next() {
            Some("coadd") => (7781, 3600.0, 9824.0, "10**-17 erg/(s cm2 Angstrom)"),
            Some("sdss") => (3851, 3786.0, 9188.0, "1E-17 erg/cm^2/s/Ang"),
            Some("hlsp") => (3402, 9627.0, 52868.0, "Jy"),
            _ => (414, 5800.0, 53340.0, "uJy"),
        };
        // Some fibres of DESI saw nothing.
        let Ok(found) = found else {
            assert!(file.starts_with("coadd"), "{file}");
            continue;
        };
        read += 1;
        let at = found.wavelengths();
        assert_eq!((at.len(), found.unit()), (samples, Some(unit)), "{file}");
        assert!((at[0] - first).abs() < 1.0 && (at[samples - 1] - last).abs() < 1.0);
        assert!(at.windows(2).all(|pair| pair[0] < pair[1]));
    }
    assert_eq!(read, 5);
    // A file of many objects comes with their table.
    let desi = open(&folder.join("coadd-sv3-dark-26065.fits"));
    assert_eq!(desi.catalog.len(), 5);
    assert_eq!(desi.catalog.id(2), "39627866878511337");
    assert!(desi.catalog.column("TARGET_RA").is_some());
    let spectrum = desi.spectra.unwrap().read(4).unwrap();
    assert!(spectrum.fluxes().iter().all(|flux| flux.is_finite()));
}
