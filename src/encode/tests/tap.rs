use std::fs;

use super::{Shelf, assert_close, card_text, devices, error, golden, model, numbers, picture};
use crate::encode::onnx::{External, cut, describe};
use crate::encode::{
    Device, EncodeOptions, Encoded, Encoder, ModelCard, Objects, Pooling, encode, tensors,
};
use crate::progress::Progress;

/// No weights lie elsewhere.
fn none(_: &External) -> Result<Vec<u8>, String> {
    Err(String::new())
}

fn encoded(card: &ModelCard, device: Device) -> Encoded {
    let mut encoder = Encoder::open(card, device).unwrap();
    let cutouts: Vec<_> = (0..3).map(picture).collect();
    let options = EncodeOptions::default();
    encode(
        Objects::Pictures(&cutouts),
        &mut encoder,
        &options,
        &Progress::new(),
    )
    .unwrap()
}

#[test]
fn any_tensor_can_be_the_embedding() {
    let golden = golden();
    let shelf = Shelf::new("mean.onnx", &card_text("[output]\ndimension = 4"));
    for device in devices() {
        // The mean of the activations is what the graph itself goes on to take.
        for (tensor, pooling) in [
            ("relu", Pooling::Mean),
            ("pool", Pooling::None),
            ("features", Pooling::None),
        ] {
            let found = encoded(&shelf.card().tapped(tensor, pooling), device).embedding;
            for i in 0..3 {
                assert_close(found.vector(i), &numbers(&golden["mean"][i]), 1e-4);
            }
            let facts = found.provenance();
            assert_eq!(facts.get("tensor"), Some(tensor));
            assert_eq!(facts.get("pooling"), Some(pooling.name()));
        }
        let shelf = Shelf::new(
            "tokens.onnx",
            &card_text("[output]\nname = 'map'\npooling = 'mean'"),
        );
        let found = encoded(&shelf.card().tapped("tokens", Pooling::Cls), device).embedding;
        assert_close(found.vector(1), &numbers(&golden["tokens_cls"][1]), 1e-4);
    }
}

#[test]
fn a_tensor_that_cannot_be_the_embedding_is_refused() {
    let shelf = Shelf::new("mean.onnx", &card_text(""));
    let refused = |tensor: &str, pooling, reasons: &[&str]| {
        for device in devices() {
            let message = error(Encoder::open(&shelf.card().tapped(tensor, pooling), device));
            for reason in reasons {
                assert!(message.contains(reason), "{reason}: {message}");
            }
            assert!(
                message.contains("m.onnx") && !message.contains('\n'),
                "{message}"
            );
        }
    };
    refused(
        "rellu",
        Pooling::Mean,
        &["no tensor `rellu`", "did you mean relu"],
    );
    refused("OO", Pooling::None, &["did you mean pool"]);
    refused("w", Pooling::None, &["no tensor `w`"]);
    refused("relu", Pooling::None, &["1 x 4 x 8 x 8", "--pool"]);
}

#[test]
fn weights_in_another_file_come_along() {
    let whole = Shelf::new("mean.onnx", &card_text(""));
    let parted = Shelf::new("external.onnx", &card_text(""));
    fs::copy(model("external.bin"), parted.path("external.bin")).unwrap();
    for device in devices() {
        let [found, expected] = [&parted, &whole]
            .map(|shelf| encoded(&shelf.card().tapped("relu", Pooling::Mean), device).embedding);
        assert_eq!(found.values().len(), 12);
        assert_close(found.values(), expected.values(), 1e-5);
    }
}

#[test]
fn heads_are_read_in_the_same_run() {
    let heads = "[[heads]]\nname = 'bar'\ntensor = 'pool'\nactivation = 'softmax'\nfirst = 1\ncolumns = ['yes', 'no']\n\
                 [[heads]]\nname = 'all'\ntensor = 'features'\ncolumns = ['a', 'b', 'c', 'd']";
    let shelf = Shelf::new("mean.onnx", &card_text(heads));
    for device in devices() {
        let found = encoded(&shelf.card(), device);
        let names: Vec<_> = found.predictions.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(
            names,
            ["bar_yes", "bar_no", "all_a", "all_b", "all_c", "all_d"]
        );
        for row in 0..3 {
            let of = |column: usize| found.predictions[column].values[row].unwrap();
            let vector = found.embedding.vector(row);
            assert_close(&[of(2), of(3), of(4), of(5)], vector, 1e-6);
            let odds = (vector[1] - vector[2]).exp();
            assert_close(
                &[of(0), of(1)],
                &[odds / (1.0 + odds), 1.0 / (1.0 + odds)],
                1e-5,
            );
        }
    }
    for (from, to, reason) in [
        ("tensor = 'pool'", "tensor = 'pol'", "`heads.tensor`"),
        (
            "first = 1",
            "first = 3",
            "values 3 to 4 of tensor `pool`, which is 1 x 4",
        ),
        (
            "tensor = 'pool'",
            "tensor = 'relu'",
            "a head needs batch x values",
        ),
    ] {
        let shelf = Shelf::new("mean.onnx", &card_text(&heads.replace(from, to)));
        for device in devices() {
            let message = error(Encoder::open(&shelf.card(), device));
            assert!(
                message.contains(reason) && message.contains("m.onnx"),
                "{message}"
            );
        }
    }
}

#[test]
fn a_cut_graph_keeps_only_what_leads_to_its_outputs() {
    let bytes = fs::read(model("mean.onnx")).unwrap();
    let part = cut(&bytes, &["conv"], &none).unwrap();
    assert!(part.len() < bytes.len());
    let graph = describe(&part).unwrap();
    assert_eq!(graph.inputs.len(), 1);
    assert_eq!(graph.outputs[0].name, "conv");
    assert!(cut(&part, &["relu"], &none).is_err());
    for end in 0..bytes.len() {
        let _ = cut(&bytes[..end], &["conv"], &none);
    }
}

#[test]
fn tensors_are_listed_with_their_shapes() {
    let found = tensors(&model("mean.onnx")).unwrap();
    let text: Vec<String> = found
        .iter()
        .map(|t| format!("{} {} {}", t.name, t.op, t.shape.as_deref().unwrap_or("?")))
        .collect();
    assert_eq!(
        text,
        [
            "conv Conv batch x 4 x 8 x 8",
            "relu Relu batch x 4 x 8 x 8",
            "pool GlobalAveragePool batch x 4 x 1 x 1",
            "features Flatten batch x 4",
        ]
    );
    assert!(found[3].is_output && !found[0].is_output);
}
