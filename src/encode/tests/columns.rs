//! Encoders of rows of numbers: columns of a catalogue, and spectra.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Int64Array, RecordBatch, StringArray};

use super::{Shelf, assert_close, card_text, devices, error, open, picture};
use crate::data::{Catalog, Sample, Spectrum};
use crate::encode::{Device, EncodeError, EncodeOptions, Encoded, ModelCard, Objects, encode};
use crate::progress::Progress;

/// A card for the twelve columns of `vector.onnx`, called `c0` to `c11`.
fn card_of_columns() -> String {
    let names: Vec<String> = (0..12).map(|i| format!("'c{i}'")).collect();
    format!(
        "name = 'sed'\nspace = 'sky'\n[input]\nmodality = 'sed'\ncolumns = [{}]\n\
         normalisation = {{ method = 'mean-std', mean = 1, std = 2 }}",
        names.join(", ")
    )
}

/// Four objects: the columns are whole numbers, single and double precision; the second object lacks one.
fn catalog(change: impl Fn(&str, ArrayRef) -> Option<(String, ArrayRef)>) -> Catalog {
    let columns = (0..12).rev().filter_map(|i| {
        let values: ArrayRef = match i {
            0 => Arc::new(Int64Array::from(vec![1, 2, 3, 4])),
            3 => Arc::new(Float32Array::from(vec![
                Some(1.5),
                None,
                Some(1.0),
                Some(7.0),
            ])),
            _ => Arc::new(Float32Array::from(vec![i as f32, 2.0, -3.0, 0.5])),
        };
        change(&format!("c{i}"), values)
    });
    Catalog::new(&RecordBatch::try_from_iter(columns.collect::<Vec<_>>()).unwrap()).unwrap()
}

fn whole() -> Catalog {
    catalog(|name, values| Some((name.to_owned(), values)))
}

fn encoded(card: &ModelCard, device: Device, catalog: &Catalog) -> Result<Encoded, EncodeError> {
    let mut encoder = open(card, device);
    encode(
        Objects::Columns(catalog),
        &mut encoder,
        &EncodeOptions::default(),
        &Progress::new(),
    )
}

#[test]
fn rows_of_columns_are_encoded_by_name() {
    let shelf = Shelf::new("vector.onnx", &card_of_columns());
    let mut results = Vec::new();
    for device in devices() {
        let found = encoded(&shelf.card(), device, &whole()).unwrap();
        assert_eq!(found.embedding.rows(), [0, 2, 3]);
        assert_eq!(
            found.warnings,
            [(1, "the column `c3` has no value".to_owned())]
        );
        let facts = found.embedding.provenance();
        assert_eq!(facts.get("space"), Some("sky"));
        assert!(
            facts
                .get("preprocessing")
                .unwrap()
                .starts_with("columns c0,c1,")
        );
        results.push(found.embedding);
    }
    for result in &results[1..] {
        assert_close(result.values(), results[0].values(), 1e-5);
    }
}

#[test]
fn columns_that_are_missing_or_no_numbers_are_named() {
    let shelf = Shelf::new("vector.onnx", &card_of_columns());
    let card = shelf.card();
    let missing = catalog(|name, values| (name != "c7").then(|| (name.to_owned(), values)));
    let message = error(encoded(&card, Device::Compiled, &missing));
    assert!(
        message.contains("`c7`") && message.contains("does not have"),
        "{message}"
    );
    let words = catalog(|name, values| {
        let words: ArrayRef = Arc::new(StringArray::from(vec!["a"; 4]));
        Some((name.to_owned(), if name == "c2" { words } else { values }))
    });
    let message = error(encoded(&card, Device::Compiled, &words));
    assert!(
        message.contains("`c2`") && message.contains("numbers"),
        "{message}"
    );
}

#[test]
fn pictures_and_columns_are_not_mixed_up() {
    let shelf = Shelf::new("vector.onnx", &card_of_columns());
    let pictures = vec![picture(0)];
    let options = EncodeOptions::default();
    let message = error(encode(
        Objects::Pictures(&pictures),
        &mut open(&shelf.card(), Device::Compiled),
        &options,
        &Progress::new(),
    ));
    assert!(
        message.contains("takes columns of a catalogue, not pictures"),
        "{message}"
    );
    let shelf = Shelf::new("mean.onnx", &card_text(""));
    let message = error(encoded(&shelf.card(), Device::Compiled, &whole()));
    assert!(message.contains("takes pictures, not columns"), "{message}");
}

#[test]
fn spectra_are_encoded_at_the_wavelengths_of_the_card() {
    let card = "name = 'spectra'\n[input]\nmodality = 'spectrum'\nsize = 12\nwavelength = { first = 4000, last = 5100 }\n\
                normalisation = { method = 'none' }";
    let shelf = Shelf::new("vector.onnx", card);
    let spectrum = |step: f64, count: usize| {
        let sample = |i: usize| {
            let wavelength = 4000.0 + step * i as f64;
            Sample {
                wavelength,
                flux: (wavelength as f32 - 4000.0) / 100.0,
                weight: 1.0,
            }
        };
        Spectrum::new((0..count).map(sample).collect()).unwrap()
    };
    // The same line in other steps, one that ends half way, one that ends too early.
    let spectra = vec![
        spectrum(100.0, 12),
        spectrum(275.0, 5),
        spectrum(100.0, 7),
        spectrum(100.0, 3),
    ];
    for device in devices() {
        let mut encoder = open(&shelf.card(), device);
        let options = EncodeOptions::default();
        let objects = Objects::Spectra(&spectra);
        let found = encode(objects, &mut encoder, &options, &Progress::new()).unwrap();
        assert_eq!(found.embedding.rows(), [0, 1, 2]);
        assert_close(found.embedding.vector(0), found.embedding.vector(1), 1e-5);
        let told: Vec<&str> = found.warnings.iter().map(|w| w.1.as_str()).collect();
        assert!(told[0].contains("median of the others"), "{told:?}");
        assert!(told[1].contains("3 of the 12 wavelengths"), "{told:?}");
    }
    let message = error(encoded(&shelf.card(), Device::Compiled, &whole()));
    assert!(message.contains("takes spectra, not columns"), "{message}");
}
