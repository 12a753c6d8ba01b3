//! The shipped encoder gives the vectors that its recipe recorded from the training framework.

use std::path::Path;

use latentarium::data::{Cutout, Embedding, RowOrder};
use latentarium::encode::{Device, EncodeOptions, Encoder, encode, shipped};
use latentarium::progress::Progress;

const TOLERANCE: f32 = 1e-3;

fn array(name: &str) -> Embedding {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("models/golden")
        .join(name);
    latentarium::io::open(&path, None, &Progress::new())
        .unwrap()
        .embedding
        .unwrap()
}

#[test]
fn golden_vectors_on_every_engine() {
    let card = shipped::card("simclr").unwrap();
    let (pictures, expected) = (array("simclr_pictures.npy"), array("simclr_vectors.npy"));
    let side = card.input().size;
    let cutouts: Vec<Cutout> = (0..pictures.len())
        .map(|i| {
            Cutout::new(
                pictures.vector(i).to_vec(),
                card.input().bands.clone(),
                side,
                side,
                RowOrder::BottomUp,
            )
            .unwrap()
        })
        .collect();
    for device in [Device::Compiled, Device::Auto] {
        let mut encoder = Encoder::open(&card, device).unwrap();
        let encoded = encode(
            &cutouts,
            &mut encoder,
            &EncodeOptions::default(),
            &Progress::new(),
        )
        .unwrap();
        assert!(encoded.warnings.is_empty(), "{:?}", encoded.warnings);
        let found = encoded.embedding.values().iter();
        let worst = found
            .zip(expected.values())
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(worst <= TOLERANCE, "{}: {worst}", encoder.describe());
    }
}

#[test]
fn cards_of_shipped_encoders_are_true() {
    for name in shipped::NAMES {
        let card = shipped::card(name).unwrap();
        let encoder = Encoder::open(&card, Device::Compiled).unwrap();
        assert_eq!(card.about().name, name);
        assert_eq!(Some(encoder.dim()), card.output().dimension);
        assert_eq!(Some(encoder.sha256()), card.sha256());
    }
}
