use std::path::Path;

use super::devices;
use crate::data::{Cutout, RowOrder};
use crate::encode::{
    Device, EncodeOptions, Encoder, Makes, ModelCard, Objects, PictureModel, encode,
};
use crate::progress::Progress;

fn card(name: &str) -> ModelCard {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    ModelCard::load(&models.join(name)).unwrap()
}

/// A round galaxy over noise, in the bands of the shipped models.
fn galaxy(bands: &[&str], size: f32) -> Cutout {
    let mut state = 5_u32;
    let mut pixels = Vec::new();
    for band in 0..bands.len() {
        for i in 0..64 * 64 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
            let (x, y) = ((i % 64) as f32 - 31.5, (i / 64) as f32 - 31.5);
            let light = (-x.hypot(y) / size).exp() * 40.0 * (band as f32 + 1.0);
            pixels.push(light + noise);
        }
    }
    let bands = bands.iter().map(|&band| band.to_owned()).collect();
    Cutout::new(pixels, bands, 64, 64, RowOrder::BottomUp).unwrap()
}

const BANDS: [&str; 3] = ["F200W", "F277W", "F356W"];

#[test]
fn a_decoder_gives_the_picture_back() {
    let card = card("linear-autoencoder.toml");
    let pictures = vec![galaxy(&BANDS, 3.0), galaxy(&BANDS, 9.0)];
    for device in devices() {
        let mut encoder = Encoder::open(&card, device).unwrap();
        let options = EncodeOptions::default();
        let objects = Objects::Pictures(&pictures);
        let vectors = encode(objects, &mut encoder, &options, &Progress::new()).unwrap();
        let mut model = PictureModel::open(&card, device).unwrap().unwrap();
        assert_eq!(
            (model.makes(), model.dim()),
            (&Makes::Reconstruction, Some(encoder.dim()))
        );
        for (i, picture) in pictures.iter().enumerate() {
            let vector = vectors.embedding.vector(i);
            let found = model.compare(picture, vector).unwrap();
            let observed = found.observed.as_ref().unwrap();
            assert_eq!(
                (observed.bands(), observed.height()),
                (&BANDS.map(str::to_owned)[..], 64)
            );
            let power = |values: &[f32]| values.iter().map(|v| f64::from(v * v)).sum::<f64>();
            let residual = found.residual().unwrap();
            // The noise is not given back; the galaxy in the middle is.
            let middle = |values: &[f32]| -> Vec<f32> {
                let pixels = values.iter().enumerate();
                let near = |&(i, _): &(usize, &f32)| {
                    (i % 64).abs_diff(32).max((i / 64 % 64).abs_diff(32)) < 8
                };
                pixels.filter(near).map(|(_, v)| *v).collect()
            };
            let (left, whole) = (power(&middle(&residual)), power(&middle(observed.pixels())));
            assert!(left < 0.2 * whole, "{i}: {left} of {whole}");
            let rms = (power(&residual) / residual.len() as f64).sqrt();
            assert!((rms - found.rms().unwrap()).abs() < 1e-9);
            // Decoding the vector is the same thing.
            assert_eq!(
                model.decode(vector).unwrap()[0].pixels(),
                found.made.pixels()
            );
        }
        let said = model.decode(&[0.0; 5]).unwrap_err().to_string();
        assert!(
            said.contains("vectors of") && said.contains("decoder.onnx"),
            "{said}"
        );
    }
}

#[test]
fn a_band_is_predicted_whether_it_was_observed_or_not() {
    let mut model = PictureModel::open(&card("cross-band.toml"), Device::Compiled)
        .unwrap()
        .unwrap();
    assert_eq!(model.makes(), &Makes::Band("F356W".to_owned()));
    assert_eq!(model.dim(), None);
    let whole = model.compare(&galaxy(&BANDS, 4.0), &[]).unwrap();
    let blind = model.compare(&galaxy(&BANDS[..2], 4.0), &[]).unwrap();
    assert!(blind.observed.is_none() && blind.residual().is_none() && blind.rms().is_none());
    assert_eq!(blind.made.pixels(), whole.made.pixels());
    assert_eq!(whole.made.bands(), ["F356W"]);
    // In the units of the first two bands: far above the sky.
    let observed = whole.observed.unwrap();
    let middle = |cutout: &Cutout| cutout.band(0)[32 * 64 + 32];
    assert!(middle(&observed) > 0.5 && middle(&observed) < 3.0);
    assert!(model.decode(&[0.0; 64]).is_err());
}

#[test]
fn most_cards_make_no_pictures() {
    assert!(
        PictureModel::open(&card("simclr.toml"), Device::Compiled)
            .unwrap()
            .is_none()
    );
    assert!(
        PictureModel::open(&card("image-sed.sed.toml"), Device::Compiled)
            .unwrap()
            .is_none()
    );
}
