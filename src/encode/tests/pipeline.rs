use super::{Shelf, card_text, cutout, devices, error, open, picture, pixels};
use crate::data::{Cutout, CutoutError, CutoutRead};
use crate::encode::{Device, EncodeError, EncodeOptions, Objects, encode};
use crate::progress::Progress;

/// Pictures made on the fly, some of them bad.
struct Sky {
    rows: usize,
    make: fn(usize) -> Result<Cutout, CutoutError>,
}

impl CutoutRead for Sky {
    fn len(&self) -> usize {
        self.rows
    }

    fn read(&self, row: usize) -> Result<Cutout, CutoutError> {
        (self.make)(row)
    }
}

/// Every row modulo 10 has its own trouble.
fn troubled(row: usize) -> Result<Cutout, CutoutError> {
    let mut values = pixels(3, 8, row);
    match row % 10 {
        1 => return Err(CutoutError("file 1.fits is missing".to_owned())),
        2 => values[..40].fill(f32::NAN),
        3 => values[5] = f32::INFINITY,
        4 => return Ok(cutout(pixels(1, 8, row), &["g"], 8, 8)),
        5 => return Ok(cutout(pixels(2, 8, row), &["g", "r"], 8, 8)),
        6 => return Ok(cutout(pixels(3, 12, row), &["r", "g", "b"], 12, 12)),
        7 => panic!("a reader's bug"),
        8 => values.fill(0.0),
        _ => {}
    }
    Ok(cutout(values, &["r", "g", "b"], 8, 8))
}

#[test]
fn bad_rows_are_left_out_and_listed() {
    // The mean of a picture of zeros is negative here, and the model takes its logarithm.
    let text = card_text("[output]\ndimension = 3").replace("mean = 127", "mean = 10");
    let shelf = Shelf::new("log.onnx", &text);
    let sky = Sky {
        rows: 50,
        make: troubled,
    };
    let mut results = Vec::new();
    for device in devices() {
        for batch in [1, 7, 64] {
            let mut encoder = open(&shelf.card(), device);
            let options = EncodeOptions {
                batch: Some(batch),
                limit: Some(40),
            };
            let progress = Progress::new();
            let encoded =
                encode(Objects::Pictures(&sky), &mut encoder, &options, &progress).unwrap();
            let kept: Vec<u32> = (0..40)
                .filter(|row| ![1, 2, 5, 7, 8].contains(&(row % 10)))
                .collect();
            assert_eq!(encoded.embedding.rows(), kept);
            assert!((progress.snapshot().fraction - 1.0).abs() < 1e-6);
            let of_row = |row: u32| -> Vec<&str> {
                let warnings = encoded.warnings.iter().filter(|(r, _)| *r == row);
                warnings.map(|(_, text)| text.as_str()).collect()
            };
            assert_eq!(of_row(11), ["file 1.fits is missing"]);
            assert_eq!(
                of_row(12),
                ["more than half of the pixels are masked (band r)"]
            );
            assert_eq!(
                of_row(3),
                [
                    "masked pixels were filled with the median of their band, here and in 3 more rows"
                ]
            );
            assert_eq!(
                of_row(4),
                ["the only band was used for all 3 of the encoder, here and in 3 more rows"]
            );
            assert_eq!(
                of_row(5),
                ["it has bands g, r, but the encoder needs 3 bands"]
            );
            assert_eq!(
                of_row(6),
                ["the picture was resampled to 8 x 8 px, here and in 3 more rows"]
            );
            assert_eq!(of_row(7), ["internal error: a reader's bug"]);
            assert_eq!(
                of_row(8),
                ["the encoder returned values that are not finite"]
            );
            assert_eq!(encoded.warnings.len(), 4 * 5 + 3);
            assert!(encoded.warnings.is_sorted_by_key(|(row, _)| *row));
            results.push(encoded.embedding);
        }
    }
    for result in &results[1..] {
        super::assert_close(result.values(), results[0].values(), 1e-4);
    }
}

#[test]
fn says_where_the_vectors_come_from() {
    let shelf = Shelf::new("mean.onnx", &card_text("[output]\nl2_normalised = true"));
    let mut encoder = open(&shelf.card(), Device::Compiled);
    let cutouts = vec![picture(0)];
    let encoded = encode(
        Objects::Pictures(&cutouts),
        &mut encoder,
        &EncodeOptions::default(),
        &Progress::new(),
    )
    .unwrap();
    let facts = encoded.embedding.provenance();
    assert_eq!(facts.get("encoder"), Some("small"));
    assert_eq!(facts.get("encoder_version"), Some("1"));
    assert_eq!(facts.get("model_file"), Some("m.onnx"));
    assert_eq!(facts.get("model_sha256").map(str::len), Some(64));
    assert_eq!(facts.get("engine"), Some("tract 0.23 CPU"));
    assert_eq!(facts.get("embedding_dim"), Some("4"));
    assert_eq!(facts.get("tensor"), Some("features"));
    assert_eq!(facts.get("pooling"), Some("none"));
    assert_eq!(
        facts.get("latentarium_version"),
        Some(env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        facts.get("preprocessing"),
        Some(
            "3 bands; masked pixels to the median; centre crop; bicubic to 8 x 8 px; \
             mean-std mean=[127] std=[128]; unit length"
        )
    );
    let norm: f32 = encoded.embedding.vector(0).iter().map(|v| v * v).sum();
    assert!((norm - 1.0).abs() < 1e-5);
}

#[test]
fn when_every_row_fails_the_first_reason_is_given() {
    let shelf = Shelf::new("mean.onnx", &card_text(""));
    let mut encoder = open(&shelf.card(), Device::Compiled);
    let sky = Sky {
        rows: 30,
        make: |row| Err(CutoutError(format!("no file {row}"))),
    };
    let message = error(encode(
        Objects::Pictures(&sky),
        &mut encoder,
        &EncodeOptions::default(),
        &Progress::new(),
    ));
    assert_eq!(
        message,
        "none of the 30 objects could be encoded; row 0: no file 0"
    );
    let nothing: Vec<Cutout> = Vec::new();
    assert!(matches!(
        encode(
            Objects::Pictures(&nothing),
            &mut encoder,
            &EncodeOptions::default(),
            &Progress::new()
        ),
        Err(EncodeError::NoObjects)
    ));
}

/// Cancels the run while a row is read and counts the rows whose reading began after that.
struct Cancelling {
    at: usize,
    progress: Progress,
    late: std::sync::atomic::AtomicUsize,
}

impl CutoutRead for Cancelling {
    fn len(&self) -> usize {
        100_000
    }

    fn read(&self, row: usize) -> Result<Cutout, CutoutError> {
        if self.progress.is_cancelled() {
            self.late.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        if row == self.at {
            self.progress.cancel();
        }
        Ok(picture(row))
    }
}

#[test]
fn cancelling_ends_within_an_object() {
    let shelf = Shelf::new("mean.onnx", &card_text(""));
    for device in devices() {
        for at in [0, 333] {
            let sky = Cancelling {
                at,
                progress: Progress::new(),
                late: 0.into(),
            };
            let mut encoder = open(&shelf.card(), device);
            let result = encode(
                Objects::Pictures(&sky),
                &mut encoder,
                &EncodeOptions::default(),
                &sky.progress.clone(),
            );
            assert!(matches!(result, Err(EncodeError::Cancelled)));
            let workers = std::thread::available_parallelism().unwrap().get();
            // Every worker may have been on its way to one object, however the threads are timed.
            assert!(sky.late.into_inner() <= workers);
        }
    }
}
