//! The encoders of `models` give the vectors that their recipes recorded from the training framework.

use std::fs;
use std::path::{Path, PathBuf};

use latentarium::analysis::reduce::PcaParams;
use latentarium::data::{Catalog, Cutout, Embedding, RowOrder};
use latentarium::encode::{
    Activation, Device, EncodeOptions, Encoded, Encoder, ModelCard, ModelInput, Objects, Provider,
    encode, runtime_report, shipped,
};
use latentarium::progress::Progress;
use latentarium::synth::{self, SurveyParams};
use rayon::prelude::*;

use crate::support;

/// Of the largest value.
const TOLERANCE: f32 = 1e-4;

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models")
}

/// A golden array, one row for each object; `None` where there is none of that name.
fn array(name: &str) -> Option<Embedding> {
    let path = models().join("golden").join(format!("{name}.npy"));
    let dataset = path
        .exists()
        .then(|| latentarium::io::open(&path, None, &Progress::new()).unwrap())?;
    dataset.embedding
}

/// The cards of the zoo.
fn cards() -> Vec<ModelCard> {
    let files = fs::read_dir(models()).unwrap().map(|e| e.unwrap().path());
    let mut cards: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    cards.sort();
    cards
        .iter()
        .map(|path| ModelCard::load(path).unwrap())
        .collect()
}

/// The engine that is always there, and ONNX Runtime where it is found.
fn devices(test: &str) -> Vec<Device> {
    let mut devices = vec![Device::Compiled];
    if runtime_report().library.is_some() {
        devices.push(Device::Runtime(Provider::Cpu));
    } else {
        support::skipped(&format!("{test}, on ONNX Runtime (none is found)"));
    }
    devices
}

/// Encodes golden pictures or columns.
fn encoded(card: &ModelCard, device: Device, objects: &Embedding) -> Encoded {
    let mut encoder = Encoder::open(card, device).unwrap();
    let (options, progress) = (EncodeOptions::default(), Progress::new());
    match card.input() {
        ModelInput::Image(image) => {
            let picture = |i| {
                Cutout::new(
                    objects.vector(i).to_vec(),
                    image.bands.clone(),
                    image.size,
                    image.size,
                    RowOrder::BottomUp,
                )
                .unwrap()
            };
            let cutouts: Vec<Cutout> = (0..objects.len()).map(picture).collect();
            encode(
                Objects::Pictures(&cutouts),
                &mut encoder,
                &options,
                &progress,
            )
            .unwrap()
        }
        ModelInput::Spectrum(_) => unreachable!("no encoder of the zoo takes spectra"),
        ModelInput::Sed(sed) => {
            let columns: Vec<Vec<Option<f32>>> = (0..sed.columns.len())
                .map(|c| {
                    (0..objects.len())
                        .map(|i| Some(objects.vector(i)[c]))
                        .collect()
                })
                .collect();
            let named = sed.columns.iter().map(String::as_str);
            let columns = named.zip(columns.iter().map(Vec::as_slice));
            let catalog = Catalog::numbered(objects.len())
                .with_predictions("golden", columns)
                .unwrap();
            encode(
                Objects::Columns(&catalog),
                &mut encoder,
                &options,
                &progress,
            )
            .unwrap()
        }
    }
}

fn assert_close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let worst = found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(worst <= TOLERANCE * scale, "{what}: {worst} of {scale}");
}

#[test]
fn golden_vectors_on_every_engine() {
    let devices = devices("golden_vectors_on_every_engine");
    let mut tested = 0;
    for card in cards() {
        let name = &card.about().name;
        let objects = ["pictures", "columns"]
            .iter()
            .find_map(|kind| array(&format!("{name}_{kind}")));
        let Some((objects, expected)) = objects.zip(array(&format!("{name}_vectors"))) else {
            continue;
        };
        for &device in &devices {
            let found = encoded(&card, device, &objects);
            assert_eq!(found.warnings, [], "{name}");
            let what = format!("{name} on {device}");
            assert_close(&what, found.embedding.values(), expected.values());
            check_heads(&card, &what, &found);
        }
        tested += 1;
    }
    assert!(tested >= 8, "only {tested} cards have golden vectors");
}

/// Compares predictions with the activation of the golden tensor that they are made of.
/// The linear auto-encoder, which no PCA went into, has found the space of PCA (Baldi & Hornik 1989,
/// doi:10.1016/0893-6080(89)90014-2): on the survey that both see, its latents are linear combinations of
/// the principal components, and they hold the same variance.
#[test]
fn the_linear_auto_encoder_spans_the_space_of_pca() {
    let survey = SurveyParams {
        galaxies: 8000,
        seed: 1001,
    };
    let truth = synth::truth(&survey);
    // Threads of its own: tests beside it measure how soon work on the shared ones ends.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let picture = |truth| synth::cutout(&survey, truth);
    let cutouts: Vec<Cutout> = pool.install(|| truth.par_iter().map(picture).collect());
    let vectors = |name: &str| {
        let card = ModelCard::load(&models().join(name)).unwrap();
        let mut encoder = Encoder::open(&card, Device::Compiled).unwrap();
        let (options, progress) = (EncodeOptions::default(), Progress::new());
        let objects = Objects::Pictures(&cutouts);
        encode(objects, &mut encoder, &options, &progress)
            .unwrap()
            .embedding
    };
    let pixels = vectors("pixels.toml");
    let components = pool.install(|| {
        let progress = Progress::new();
        let pca = PcaParams::new(32)
            .fit_rows(pixels.values(), pixels.dim(), &progress)
            .unwrap();
        pca.transform_rows(pixels.values(), &progress).unwrap()
    });
    drop(pixels);
    let latents = vectors("linear-autoencoder.toml");
    let column = |values: &[f32], k: usize| -> Vec<f64> {
        let values = values.iter().skip(k).step_by(32);
        let values: Vec<f64> = values.map(|&v| f64::from(v)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|v| v - mean).collect()
    };
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let components: Vec<_> = (0..32).map(|k| column(&components, k)).collect();
    let mut held = 0.0;
    for k in 0..32 {
        let latent = column(latents.values(), k);
        let square = dot(&latent, &latent);
        held += square;
        // Principal components are not correlated with each other.
        let explained: f64 = components
            .iter()
            .map(|c| dot(&latent, c).powi(2) / (dot(c, c) * square))
            .sum();
        assert!(explained > 0.9999, "latent {k}: {explained}");
    }
    let most: f64 = components.iter().map(|c| dot(c, c)).sum();
    assert!((held / most - 1.0).abs() < 1e-3, "{held} of {most}");
}

fn check_heads(card: &ModelCard, what: &str, found: &Encoded) {
    let mut predictions = found.predictions.iter();
    for head in card.heads() {
        let raw = array(&format!("{}_{}", card.about().name, head.tensor));
        for (i, name) in head.column_names().enumerate() {
            let predicted = predictions.next().unwrap();
            assert_eq!(predicted.name, name, "{what}");
            let Some(raw) = &raw else { continue };
            let expected: Vec<f32> = (0..raw.len())
                .map(|row| {
                    let own = &raw.vector(row)[head.first..head.first + head.columns.len()];
                    match head.activation {
                        Activation::None => own[i],
                        Activation::Softmax => {
                            own[i].exp() / own.iter().map(|v| v.exp()).sum::<f32>()
                        }
                        Activation::Dirichlet => own[i] / own.iter().sum::<f32>(),
                    }
                })
                .collect();
            let values: Option<Vec<f32>> = predicted.values.iter().copied().collect();
            assert_close(&format!("{what}: {name}"), &values.unwrap(), &expected);
        }
    }
    assert!(predictions.next().is_none(), "{what}");
}

#[test]
fn cards_of_the_zoo_are_true() {
    for card in cards() {
        let encoder = Encoder::open(&card, Device::Compiled).unwrap();
        assert_eq!(Some(encoder.dim()), card.output().dimension);
        assert_eq!(Some(encoder.sha256()), card.sha256());
        if let Some(decoder) = card.decoder() {
            assert!(models().join(&decoder.file).is_file(), "{}", decoder.file);
        }
    }
}

#[test]
fn shipped_encoders_are_those_of_the_zoo() {
    for name in shipped::NAMES {
        let card = shipped::card(name).unwrap();
        assert_eq!(card.about().name, name);
        let zoo = cards().into_iter().find(|c| c.about().name == name);
        assert_eq!(card.sha256(), zoo.unwrap().sha256());
    }
}

/// The least cosine between the same rows of two embeddings.
fn least_cosine(a: &Embedding, b: &Embedding) -> f64 {
    assert_eq!((a.len(), a.dim()), (b.len(), b.dim()));
    let dot = |x: &[f32], y: &[f32]| -> f64 {
        let products = x.iter().zip(y).map(|(p, q)| f64::from(*p) * f64::from(*q));
        products.sum()
    };
    let cosine = |row| {
        let (x, y) = (a.vector(row), b.vector(row));
        dot(x, y) / (dot(x, x) * dot(y, y)).sqrt()
    };
    (0..a.len()).map(cosine).fold(1.0, f64::min)
}

#[test]
fn an_encoder_without_a_card_gives_the_vectors_that_others_got() {
    let test = "an_encoder_without_a_card_gives_the_vectors_that_others_got";
    let Some(folder) = support::test_data(test, "") else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("vectors.parquet");
    support::succeed(&[
        "embed",
        support::text(&folder.join("galaxyzoo_survey_examples/labels.csv")),
        "--encoder",
        support::text(&folder.join("models/efficientnet_lite0_encoder.onnx")),
        "--normalise",
        "mean-std mean=127 std=128",
        "--eight-bit",
        "--device",
        "tract",
        "--out",
        support::text(&out),
    ]);
    let open = |path: &Path| {
        let dataset = latentarium::io::open(path, None, &Progress::new()).unwrap();
        dataset.embedding.unwrap()
    };
    let name = "embeddings_galaxyzoo_examples/efficientnet_lite0_315x1280.npy";
    let least = least_cosine(&open(&out), &open(&folder.join(name)));
    assert!(least >= 0.999, "{least}");
}
