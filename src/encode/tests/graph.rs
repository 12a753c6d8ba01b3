use std::fs;

use super::model;
use crate::encode::onnx::{Dim, Element, Graph, describe};

fn graph(name: &str) -> Graph {
    describe(&fs::read(model(name)).unwrap()).unwrap()
}

#[test]
fn describes_inputs_and_outputs() {
    let mean = graph("mean.onnx");
    assert_eq!((mean.opset, mean.producer.as_str()), (17, "make.py"));
    assert_eq!(mean.inputs.len(), 1);
    assert_eq!(mean.inputs[0].name, "image");
    assert_eq!(mean.inputs[0].element, Element::FLOAT32);
    assert_eq!(mean.inputs[0].to_string(), "batch x 3 x 8 x 8");
    assert_eq!(
        mean.outputs[0].dims,
        Some(vec![Dim::Named("batch".to_owned()), Dim::Fixed(4)])
    );
    assert!(mean.external_files.is_empty());

    let tokens = graph("tokens.onnx");
    let names: Vec<_> = tokens
        .outputs
        .iter()
        .map(|output| output.name.as_str())
        .collect();
    assert_eq!(names, ["map", "tokens"]);
    assert_eq!(
        graph("double.onnx").inputs[0].element.to_string(),
        "float64"
    );
    assert_eq!(
        graph("open_sides.onnx").inputs[0].to_string(),
        "batch x 3 x height x width"
    );
    let size = fs::metadata(model("external.bin")).unwrap().len();
    let external = graph("external.onnx").external_files;
    assert_eq!(
        external.into_iter().collect::<Vec<_>>(),
        [("external.bin".to_owned(), size)]
    );
}

#[test]
fn an_initialiser_that_is_also_an_input_is_left_out() {
    let mut bytes = fs::read(model("mean.onnx")).unwrap();
    // graph { input { name: "w" } }, merged into the graph that is there
    bytes.extend([0x3a, 5, 0x5a, 3, 0x0a, 1, b'w']);
    assert_eq!(describe(&bytes).unwrap().inputs.len(), 1);
    // graph { input { name: "v" } }
    let end = bytes.len() - 1;
    bytes[end] = b'v';
    let inputs = describe(&bytes).unwrap().inputs;
    assert_eq!(
        (inputs.len(), inputs[1].to_string()),
        (2, "of unknown shape".to_owned())
    );
}

#[test]
fn data_outside_the_folder_is_refused_wherever_it_hides() {
    let message = describe(&fs::read(model("escaping.onnx")).unwrap()).unwrap_err();
    assert!(message.contains("../mean.onnx"), "{message}");

    let field = |number: u8, payload: &[u8]| {
        [&[number << 3 | 2, payload.len() as u8][..], payload].concat()
    };
    for (location, is_inside) in [
        ("w.bin", true),
        ("data/w.bin", true),
        ("..", false),
        ("a/../b", false),
        ("a\\..\\b", false),
        ("/etc/passwd", false),
        ("\\\\server\\share", false),
        ("C:\\w.bin", false),
        ("", false),
    ] {
        let entry = [field(1, b"location"), field(2, location.as_bytes())].concat();
        let tensor = field(13, &entry);
        // As the tensor attribute of a node of a graph attribute of a node.
        let inner_node = field(1, &field(5, &field(5, &tensor)));
        let node = field(1, &field(5, &field(6, &inner_node)));
        let result = describe(&field(7, &node));
        assert_eq!(result.is_ok(), is_inside, "{location}: {result:?}");
    }
}

/// What is stored must hold the shape, inside the file and beside it.
#[test]
fn weights_that_are_not_all_there_are_named() {
    let field = |number: u8, payload: &[u8]| {
        [&[number << 3 | 2, payload.len() as u8][..], payload].concat()
    };
    let entry = |key: &str, value: &str| {
        field(
            13,
            &[field(1, key.as_bytes()), field(2, value.as_bytes())].concat(),
        )
    };
    let beside = |offset: &str, length: &str| {
        let location = entry("location", "w.bin");
        [location, entry("offset", offset), entry("length", length)].concat()
    };
    let huge = [&[0x08][..], &[0xff; 9], &[1]].concat();
    for (stored, told) in [
        (field(9, &[0; 24]), Ok(None)),
        (
            field(9, &[0; 20]),
            Err("`w` have 20 bytes where their shape needs 24"),
        ),
        (field(4, &[0; 24]), Ok(None)),
        (
            field(4, &[0; 20]),
            Err("at most 5 values where their shape needs 6"),
        ),
        (Vec::new(), Err("at most 0 values")),
        (beside("8", "24"), Ok(Some(32))),
        (beside("8", "20"), Err("have 20 bytes")),
        (beside("-8", "24"), Err("lie at `-8`")),
        (beside("18446744073709551615", "24"), Err("beyond any file")),
        (huge, Err("larger than any file")),
    ] {
        // dims: 2, 3; data_type: float32; name: "w"
        let tensor = [&[0x08, 2, 0x08, 3, 0x10, 1][..], &field(8, b"w"), &stored].concat();
        let found = describe(&field(7, &field(5, &tensor)));
        match told {
            Ok(end) => {
                let graph = found.unwrap();
                assert_eq!(graph.external_files.get("w.bin").copied(), end);
            }
            Err(told) => {
                let message = found.unwrap_err();
                assert!(message.contains(told), "{told}: {message}");
            }
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    let wrap = |number: u32, payload: &[u8]| {
        let mut out = Vec::new();
        for mut value in [u64::from(number) << 3 | 2, payload.len() as u64] {
            while value > 0x7f {
                out.push((value & 0x7f) as u8 | 0x80);
                value >>= 7;
            }
            out.push(value as u8);
        }
        out.extend_from_slice(payload);
        out
    };
    let mut graph = Vec::new();
    for _ in 0..2000 {
        graph = wrap(1, &wrap(5, &wrap(6, &graph)));
    }
    assert!(describe(&wrap(7, &graph)).unwrap_err().contains("nested"));
}

#[test]
fn truncated_and_random_bytes_never_panic() {
    use rand::{RngExt, SeedableRng};
    for name in ["tokens.onnx", "external.onnx"] {
        let bytes = fs::read(model(name)).unwrap();
        for end in 0..bytes.len() {
            let _ = describe(&bytes[..end]);
        }
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        for _ in 0..20_000 {
            let mut damaged = bytes.clone();
            for _ in 0..rng.random_range(1..8) {
                let at = rng.random_range(0..damaged.len());
                damaged[at] = rng.random();
            }
            let _ = describe(&damaged);
            let noise: Vec<u8> = (0..rng.random_range(0..64)).map(|_| rng.random()).collect();
            let _ = describe(&noise);
        }
    }
    assert!(describe(b"").unwrap_err().contains("no graph"));
    assert!(describe(b"not an onnx file").is_err());
}
