use std::fs;

use super::{
    Shelf, assert_close, card_text, devices, error, golden, model, numbers, open, picture,
};
use crate::encode::model::Model;
use crate::encode::{
    Checked, Device, EncodeOptions, Encoder, ModelCard, Objects, Provider, check, encode,
};
use crate::progress::Progress;

/// The vectors of three pictures of `make.py`.
fn vectors(card: &ModelCard, device: Device) -> Vec<Vec<f32>> {
    let cutouts: Vec<_> = (0..3).map(picture).collect();
    let mut encoder = open(card, device);
    let encoded = encode(
        Objects::Pictures(&cutouts),
        &mut encoder,
        &EncodeOptions::default(),
        &Progress::new(),
    )
    .unwrap();
    assert_eq!(encoded.warnings, []);
    (0..3)
        .map(|i| encoded.embedding.vector(i).to_vec())
        .collect()
}

#[test]
fn both_engines_agree_with_numpy() {
    let golden = golden();
    let output =
        |name: &str, pooling: &str| format!("[output]\nname = '{name}'\npooling = '{pooling}'");
    for (original, rest, expected) in [
        ("mean.onnx", String::new(), "mean"),
        ("fixed_batch.onnx", String::new(), "mean"),
        ("open_sides.onnx", String::new(), "mean"),
        ("tokens.onnx", output("map", "mean"), "map_mean"),
        ("tokens.onnx", output("tokens", "mean"), "tokens_mean"),
        ("tokens.onnx", output("tokens", "cls"), "tokens_cls"),
    ] {
        let shelf = Shelf::new(original, &card_text(&rest));
        for device in devices() {
            for (found, expected) in vectors(&shelf.card(), device)
                .iter()
                .zip(golden[expected].as_array().unwrap())
            {
                assert_close(found, &numbers(expected), 1e-4);
            }
        }
    }
}

#[test]
fn weights_beside_the_model_are_found_and_missed() {
    let shelf = Shelf::new("external.onnx", &card_text(""));
    let message = error(Encoder::open(&shelf.card(), Device::Compiled));
    assert!(
        message.contains("`external.bin`, which is not beside it"),
        "{message}"
    );
    fs::copy(model("external.bin"), shelf.path("external.bin")).unwrap();
    for device in devices() {
        assert_close(
            &vectors(&shelf.card(), device)[0],
            &numbers(&golden()["mean"][0]),
            1e-4,
        );
    }
    fs::write(shelf.path("external.bin"), "short").unwrap();
    let message = error(Encoder::open(&shelf.card(), Device::Compiled));
    assert!(
        message.contains("`external.bin`, which has 5 of at least 448 bytes")
            && message.contains("m.onnx"),
        "{message}"
    );
}

#[test]
fn a_graph_without_ends_is_told_so() {
    let shelf = Shelf::new("mean.onnx", &card_text(""));
    // graph { node {} }
    fs::write(shelf.path("m.onnx"), [0x3a, 2, 0x0a, 0]).unwrap();
    let message = error(Encoder::open(&shelf.card(), Device::Compiled));
    assert!(message.contains("takes nothing"), "{message}");
    // graph { input { name: "v" } }
    fs::write(shelf.path("m.onnx"), [0x3a, 5, 0x5a, 3, 0x0a, 1, b'v']).unwrap();
    let message = error(Encoder::open(&shelf.card(), Device::Compiled));
    assert!(message.contains("returns nothing"), "{message}");
}

#[test]
fn a_card_that_does_not_fit_is_refused() {
    for (original, card, reasons) in [
        (
            "mean.onnx",
            card_text("").replace("size = 8", "size = 16"),
            &["batch x 3 x 8 x 8", "batch x 3 x 16 x 16"][..],
        ),
        (
            "mean.onnx",
            card_text("").replace("channels = 3", "channels = 1"),
            &["batch x 1 x 8 x 8"],
        ),
        (
            "mean.onnx",
            card_text("").replace("size", "name = 'picture'\nsize"),
            &["no input `picture`", "`image`"],
        ),
        (
            "mean.onnx",
            card_text("[output]\nname = 'vector'"),
            &["output.name", "features"],
        ),
        (
            "mean.onnx",
            card_text("[output]\ndimension = 5"),
            &["vectors of 4 values", "says 5"],
        ),
        (
            "mean.onnx",
            card_text("[output]\npooling = 'cls'"),
            &["1 x 4", "output.pooling"],
        ),
        (
            "tokens.onnx",
            card_text(""),
            &["output.name", "map, tokens"],
        ),
        (
            "tokens.onnx",
            card_text("[output]\nname = 'tokens'"),
            &["1 x 4 x 5", "output.pooling"],
        ),
        (
            "vector.onnx",
            card_text(""),
            &["batch x 12", "batch x 3 x 8 x 8"],
        ),
        ("double.onnx", card_text(""), &["float64"]),
        (
            "mean.onnx",
            format!("sha256 = '{}'\n{}", "0".repeat(64), card_text("")),
            &["written for another file"],
        ),
    ] {
        let shelf = Shelf::new(original, &card);
        for device in devices() {
            let message = error(Encoder::open(&shelf.card(), device));
            for reason in reasons {
                assert!(message.contains(reason), "{reason}: {message}");
            }
            assert!(
                message.contains("m.onnx") && !message.contains('\n'),
                "{message}"
            );
        }
    }
}

#[test]
fn the_stated_hash_is_accepted() {
    let plain = Shelf::new("mean.onnx", &card_text(""));
    let hash = open(&plain.card(), Device::Compiled).sha256().to_owned();
    let shelf = Shelf::new(
        "mean.onnx",
        &format!("sha256 = '{hash}'\n{}", card_text("")),
    );
    open(&shelf.card(), Device::Compiled);
}

#[test]
fn damaged_models_are_errors_on_both_engines() {
    let shelf = Shelf::new("mean.onnx", &card_text(""));
    let card = shelf.card();
    let bytes = fs::read(model("mean.onnx")).unwrap();
    let devices = devices();
    let check = |bytes: &[u8]| {
        fs::write(shelf.path("m.onnx"), bytes).unwrap();
        for &device in &devices {
            let message = error(Encoder::open(&card, device));
            assert!(
                message.contains("m.onnx") && !message.contains('\n'),
                "{message}"
            );
        }
    };
    for end in (0..bytes.len() - 1).step_by(7) {
        check(&bytes[..end]);
    }
    check(b"not a model at all");
    // An operator that does not exist.
    let unknown = String::from_utf8_lossy(b"Relu").into_owned();
    let at = bytes
        .windows(4)
        .position(|w| w == unknown.as_bytes())
        .unwrap();
    let mut other = bytes.clone();
    other[at..at + 4].copy_from_slice(b"Rexu");
    check(&other);
    // A name that leads nowhere.
    let at = bytes.windows(4).position(|w| w == b"pool").unwrap();
    let mut other = bytes.clone();
    other[at..at + 4].copy_from_slice(b"p\0\xffl");
    check(&other);
}

#[test]
fn a_weight_that_is_damaged_still_never_panics() {
    use rand::{RngExt, SeedableRng};
    let shelf = Shelf::new(
        "tokens.onnx",
        &card_text("[output]\nname = 'tokens'\npooling = 'mean'"),
    );
    let card = shelf.card();
    let bytes = fs::read(model("tokens.onnx")).unwrap();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let devices = devices();
    // Names and attributes, not the numbers that would be allocated.
    for _ in 0..60 {
        let mut damaged = bytes.clone();
        let letters: Vec<usize> = (0..300)
            .filter(|&i| bytes[i].is_ascii_alphabetic())
            .collect();
        damaged[letters[rng.random_range(0..letters.len())]] = b'q';
        fs::write(shelf.path("m.onnx"), damaged).unwrap();
        for &device in &devices {
            let _ = Encoder::open(&card, device).map(drop);
        }
    }
}

#[test]
fn an_encoder_may_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Encoder>();
}

#[test]
fn devices_by_name() {
    for text in [
        "auto", "tract", "cpu", "cuda", "tensorrt", "migraphx", "openvino", "webgpu", "coreml",
        "directml",
    ] {
        assert_eq!(text.parse::<Device>().unwrap().to_string(), text);
    }
    assert_eq!(
        "CUDA".parse::<Device>().unwrap(),
        Device::Runtime(Provider::Cuda)
    );
    assert!(error("gpu".parse::<Device>()).contains("auto, tract, cpu"));
}

#[test]
fn a_named_device_is_never_replaced() {
    let shelf = Shelf::new("mean.onnx", &card_text(""));
    let report = crate::encode::runtime_report();
    assert_eq!(report.providers.len(), Provider::ALL.len());
    for state in report.providers {
        let device = Device::Runtime(state.provider);
        if state.usable.is_ok() {
            let encoder = open(&shelf.card(), device);
            assert!(encoder.describe().ends_with(state.provider.name()));
        } else {
            let message = error(Encoder::open(&shelf.card(), device));
            assert!(message.contains(&device.to_string()), "{message}");
        }
    }
    assert_eq!(
        open(&shelf.card(), Device::Compiled).describe(),
        "tract 0.23 CPU"
    );
    let automatic = open(&shelf.card(), Device::Auto).describe();
    // Where there is a library, whichever engine is the faster.
    assert!(
        automatic.starts_with("tract") || report.library.is_some(),
        "{automatic}"
    );
}

#[test]
fn a_model_that_does_not_fit_into_memory_is_refused_before_it_is_read() {
    let path = model("mean.onnx");
    assert!(Model::load_within(&path, None).is_ok());
    assert!(Model::load_within(&path, Some(1 << 20)).is_ok());
    let refused = Model::load_within(&path, Some(1000)).map(drop);
    let message = error(refused);
    assert!(
        message.contains("of memory, and 1 MB are left") && message.contains("mean.onnx"),
        "{message}"
    );
    // Weights in files of their own count: 432 bytes of them, and the graph is shorter.
    let size = model("external.onnx").metadata().unwrap().len();
    let refused = Model::load_within(&model("external.onnx"), Some(2 * size)).map(drop);
    assert!(error(refused).contains("are left"));
}

#[test]
fn an_opset_that_no_engine_knows_is_named() {
    let shelf = Shelf::new("mean.onnx", &card_text(""));
    let bytes = fs::read(model("mean.onnx")).unwrap();
    // opset_import { domain: "" version: 17 }
    let at = bytes
        .windows(4)
        .position(|w| w == [0x0a, 0, 0x10, 17])
        .unwrap();
    for opset in [3, 99] {
        let mut other = bytes.clone();
        other[at + 3] = opset;
        fs::write(shelf.path("m.onnx"), &other).unwrap();
        for device in devices() {
            // An engine may run it all the same.
            if let Err(e) = Encoder::open(&shelf.card(), device) {
                let message = e.to_string();
                let told = format!("written in opset {opset}: export it with opset 17");
                assert!(
                    message.contains(&told) && !message.contains('\n'),
                    "{message}"
                );
            }
        }
    }
}

fn checked(card: &ModelCard, device: Device) -> Checked {
    check(card, device, &(), &Progress::new()).unwrap()
}

fn failures(checked: &Checked) -> Vec<&str> {
    let findings = checked.findings.iter();
    let failed = findings.filter(|finding| finding.said.is_err());
    failed.map(|finding| finding.what).collect()
}

#[test]
fn a_check_finds_what_is_wrong_with_a_model() {
    for device in devices() {
        for original in ["mean.onnx", "fixed_batch.onnx"] {
            let shelf = Shelf::new(original, &card_text(""));
            let good = checked(&shelf.card(), device);
            assert_eq!(failures(&good), [""; 0], "{good:?}");
            assert_eq!(good.dim, 4);
            assert!(
                good.fault().is_none() && good.objects_per_second > 1.0 && good.memory_bytes > 400
            );
        }
        // The logarithm of pictures that are below zero.
        let dark = card_text("").replace("mean = 127", "mean = 1000");
        let nan = checked(&Shelf::new("log.onnx", &dark).card(), device);
        assert!(failures(&nan).contains(&"finite"), "{nan:?}");
        // What is cut off below zero is the same for all.
        let flat = card_text("").replace("std = 128", "std = 1e30");
        let same = checked(&Shelf::new("mean.onnx", &flat).card(), device);
        assert_eq!(failures(&same), ["tells objects apart"], "{same:?}");
    }
    let columns = (0..12)
        .map(|i| format!("'c{i}'"))
        .collect::<Vec<_>>()
        .join(",");
    let sed = format!(
        "name = 's'\n[input]\nmodality = 'sed'\ncolumns = [{columns}]\nnormalisation = {{ method = 'none' }}"
    );
    let columns = checked(&Shelf::new("vector.onnx", &sed).card(), Device::Compiled);
    assert_eq!(columns.fault(), None);
}

/// Whatever is found, the reason is told.
#[test]
fn auto_says_why() {
    let shelf = Shelf::new("mean.onnx", &card_text(""));
    let report = crate::encode::runtime_report();
    let encoder = open(&shelf.card(), Device::Auto);
    let choice = encoder.auto_choice().unwrap();
    match (&report.library, &report.accelerators[..]) {
        (None, _) => assert!(choice.to_string().contains("no ONNX Runtime")),
        (Some(_), _) => assert!(choice.to_string().contains("objects/s, measured now")),
    }
    assert!(
        open(&shelf.card(), Device::Compiled)
            .auto_choice()
            .is_none()
    );
}
