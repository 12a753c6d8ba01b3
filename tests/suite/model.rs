//! Models of maps: kept in a file, they place objects where they belong, and files that lie do no harm.

use std::path::{Path, PathBuf};

use latentarium::analysis::reduce::{MapModel, Method, ReduceParams, reduce};
use latentarium::data::{Catalog, Embedding, Projection, Provenance};
use latentarium::io::{self, Overwrite};
use latentarium::job::{place_embedding, read_model, write_model};
use latentarium::progress::Progress;

use crate::support::{DIM, answer, clusters, fail, succeed, text};

fn embedding(values: Vec<f32>) -> Embedding {
    let n = values.len() / DIM;
    let rows = (0..n as u32).collect();
    Embedding::new(values, DIM, rows, n, Provenance::default()).unwrap()
}

/// A map of `n` points with its model, by way of a file.
fn fitted(method: Method, dims: usize, n: usize, folder: &Path) -> (Projection, MapModel) {
    let params = ReduceParams {
        method,
        dims,
        epochs: Some(30),
        ..ReduceParams::default()
    };
    let vectors = embedding(clusters(n, 1));
    let made = reduce(&vectors, n, &params, &Progress::new()).unwrap();
    let path = folder.join("map.safetensors");
    let model = made.model.unwrap();
    write_model(&path, &model, Overwrite::Replace, &Progress::new()).unwrap();
    (
        made.projection,
        read_model(&path, &Progress::new()).unwrap(),
    )
}

fn place(model: &MapModel, values: &[f32]) -> Vec<f32> {
    let vectors = embedding(values.to_vec());
    let placed = place_embedding(&vectors, vectors.len(), model, &Progress::new());
    placed.unwrap().coords().to_vec()
}

/// Where a vector is placed depends on the vector and the model alone, to the bit: not on the batch,
/// its order or the number of threads, nor on whether the model came from a file; and what the map was
/// made from stays where it is.
#[test]
fn placing_is_a_function_of_the_vector() {
    let folder = tempfile::tempdir().unwrap();
    for (method, dims, n) in [
        (Method::Pca, 2, 500),
        (Method::Umap, 2, 5000),
        (Method::Umap, 3, 5000),
        (Method::Umap, 2, 300),
    ] {
        let (map, model) = fitted(method, dims, n, folder.path());
        assert_eq!(place(&model, &clusters(n, 1)), map.coords(), "{method:?}");
        let new = clusters(700, 2);
        let whole = place(&model, &new);
        let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        assert_eq!(one_thread.unwrap().install(|| place(&model, &new)), whole);
        for at in [0, 1, 255, 256, 699] {
            let alone = place(&model, &new[at * DIM..(at + 1) * DIM]);
            assert_eq!(alone, whole[at * dims..(at + 1) * dims], "{method:?} {at}");
        }
        let backwards: Vec<f32> = new.chunks(DIM).rev().flatten().copied().collect();
        let backwards = place(&model, &backwards);
        let turned: Vec<f32> = backwards.chunks(dims).rev().flatten().copied().collect();
        assert_eq!(turned, whole);
        // Near those of its own centre: 8 of 8 nearest points of the map.
        if method == Method::Umap {
            for (at, point) in whole.chunks(dims).enumerate().step_by(50) {
                let distance =
                    |p: &[f32]| -> f32 { p.iter().zip(point).map(|(a, b)| (a - b).powi(2)).sum() };
                let points = map.coords().chunks(dims).enumerate();
                let nearest = points.min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
                assert_eq!(nearest.unwrap().0 % 8, at % 8);
            }
        }
    }
}

/// Files that are cut, changed or of something else: one sentence, or a model that places without harm.
#[test]
fn broken_models_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.safetensors");
    for method in [Method::Umap, Method::Pca] {
        fitted(method, 2, 4000, folder.path());
        let bytes = std::fs::read(&path).unwrap();
        let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let new = clusters(20, 2);
        let mut refused = 0;
        let mut tried = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            match read_model(&path, &Progress::new()) {
                Ok(model) if model.dim() == DIM => {
                    let vectors = embedding(new.clone());
                    // Positions that are not finite are refused as a map.
                    let _ = place_embedding(&vectors, 20, &model, &Progress::new());
                }
                Ok(_) => {}
                Err(error) => {
                    refused += 1;
                    assert!(error.to_string().contains("map.safetensors"), "{error}");
                }
            }
        };
        for cut in [0, 7, 8, 100, header, bytes.len() / 2, bytes.len() - 1] {
            tried(&bytes[..cut]);
        }
        let mut state = 3_u64;
        for _ in 0..60 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let in_header = state >> 63 == 0;
            let place = (state >> 20) as usize % if in_header { header } else { bytes.len() };
            let mut bytes = bytes.clone();
            let end = (place + 4).min(bytes.len());
            bytes[place..end].copy_from_slice(&0xffff_fff0_u32.to_le_bytes()[..end - place]);
            tried(&bytes);
        }
        assert!(refused > 20, "{refused}");
        let text = String::from_utf8_lossy(&bytes[8..header]).into_owned();
        let later = text.replace(
            "\"latentarium.map_model\":\"1\"",
            "\"latentarium.map_model\":\"2\"",
        );
        std::fs::write(
            &path,
            [&bytes[..8], later.as_bytes(), &bytes[header..]].concat(),
        )
        .unwrap();
        let error = read_model(&path, &Progress::new())
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("version 2"), "{error}");
    }
}

fn file_of(values: Vec<f32>, folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let vectors = embedding(values);
    let catalog = Catalog::numbered(vectors.len());
    let none = Provenance::default();
    let (overwrite, progress) = (Overwrite::Replace, Progress::new());
    io::write_embedding(&path, &catalog, &vectors, &[], &none, overwrite, &progress).unwrap();
    path
}

fn coords(path: &Path) -> Vec<f32> {
    let dataset = io::open(path, None, &Progress::new()).unwrap();
    dataset.projection.unwrap().coords().to_vec()
}

/// The command line keeps models and uses them; rows that are added to a file join the map without
/// moving what was there.
#[test]
fn further_rows_join_a_map() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let first = file_of(clusters(600, 1), folder.path(), "first.parquet");
    let longer = [clusters(600, 1), clusters(40, 2)].concat();
    let longer = file_of(longer, folder.path(), "longer.parquet");
    let [map, joined, model] = ["map.parquet", "joined.parquet", "m.safetensors"].map(at);
    for method in ["pca", "umap"] {
        let made = [
            "reduce",
            text(&first),
            "--method",
            method,
            "--force",
            "--out",
            text(&map),
        ];
        let told = answer(&[&made[..], &["--model-out", text(&model)]].concat());
        assert_eq!(told["fitted_on"], 600);
        let placed = ["reduce", text(&longer), "--model", text(&model), "--force"];
        let told = answer(&[&placed[..], &["--out", text(&joined)]].concat());
        assert_eq!(
            (&told["points"], &told["fitted_on"]),
            (&640.into(), &600.into())
        );
        assert_eq!(coords(&joined)[..1200], coords(&map), "{method}");
    }
    let other = file_of(vec![0.5; 12 * 12], folder.path(), "other.parquet");
    let wrong = [
        "reduce",
        text(&other),
        "--model",
        text(&map),
        "--out",
        "x.parquet",
    ];
    assert!(fail(&wrong).contains("map.parquet"));
    let same = [
        "reduce",
        text(&first),
        "--out",
        text(&model),
        "--model-out",
        text(&model),
    ];
    assert!(fail(&[&same[..], &["--force"]].concat()).contains("choose two"));
}

/// A map of some objects, with the others placed on it.
#[test]
fn a_map_is_fitted_where_a_condition_holds() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let all = file_of(clusters(640, 1), folder.path(), "all.parquet");
    let part = file_of(clusters(400, 1), folder.path(), "part.parquet");
    let [of_part, of_all] = ["p.parquet", "a.parquet"].map(at);
    for method in ["pca", "umap"] {
        let reduce = |input: &Path, out: &Path, more: &[&str]| {
            let given = [
                "reduce",
                text(input),
                "--method",
                method,
                "--force",
                "--out",
            ];
            succeed(&[&given[..], &[text(out)], more].concat());
            coords(out)
        };
        let whole = reduce(&all, &of_all, &["--fit-where", "id < 400"]);
        assert_eq!(whole.len(), 1280);
        assert_eq!(whole[..800], reduce(&part, &of_part, &[]), "{method}");
    }
    let told = succeed(&["info", text(&of_all)]);
    assert!(
        told.contains("id < 400") && told.contains("400 objects"),
        "{told}"
    );
    let wrong = [
        "reduce",
        text(&all),
        "--fit-where",
        "nothing = 1",
        "--out",
        "x.parquet",
    ];
    assert!(fail(&wrong).contains("nothing"));
}

/// Columns are axes as they are.
#[test]
fn columns_make_a_map() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("t.csv");
    std::fs::write(
        &table,
        "id,ra,dec,z\na,150.1,2.2,0.5\nb,150.2,2.3,\nc,150.3,2.4,1.5\n",
    )
    .unwrap();
    let out = folder.path().join("m.parquet");
    let reduce = |columns: &[&str]| {
        let given = ["reduce", text(&table), "--method", "identity", "--force"];
        answer(&[&given[..], &["--out", text(&out)], columns].concat())
    };
    assert_eq!(reduce(&["--columns", "ra,dec"])["points"], 3);
    assert_eq!(reduce(&["--columns", "ra,dec,z"])["points"], 2);
    let dataset = io::open(&out, None, &Progress::new()).unwrap();
    let projection = dataset.projection.unwrap();
    let [x, _, z] = projection.point(1);
    let origin = projection.origin();
    assert!((x + origin[0] - 150.3).abs() < 1e-5 || (x - 150.3).abs() < 1e-5);
    assert!((z - 1.5).abs() < 1e-6 || (z + origin[2] - 1.5).abs() < 1e-6);
    let none = [
        "reduce",
        text(&table),
        "--method",
        "identity",
        "--out",
        "x.parquet",
    ];
    assert!(fail(&none).contains("no column \"x\""));
}

/// A map starts like an earlier one and stays comparable with it; classes are taken from a column.
#[test]
fn a_map_is_led_by_an_earlier_one_and_by_classes() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let vectors = file_of(clusters(800, 1), folder.path(), "v.parquet");
    let other = file_of(clusters(820, 3), folder.path(), "o.parquet");
    let [first, free, like] = ["first.parquet", "free.parquet", "like.parquet"].map(at);
    let reduce = |input: &Path, seed: &str, out: &Path, more: &[&str]| {
        let given = ["reduce", text(input), "--method", "umap", "--seed", seed];
        succeed(&[&given[..], more, &["--out", text(out)]].concat());
        coords(out)
    };
    let before = reduce(&vectors, "1", &first, &[]);
    let moved = |map: &[f32]| -> f32 {
        let squares = map.iter().zip(&before).map(|(a, b)| (a - b).powi(2));
        (squares.sum::<f32>() / 800.0).sqrt()
    };
    let led = moved(&reduce(&other, "7", &like, &["--like", text(&first)]));
    let unled = moved(&reduce(&other, "7", &free, &[]));
    assert!(led < 0.5 * unled, "{led} {unled}");
    let told = succeed(&["info", text(&like)]);
    assert!(
        told.contains("first.parquet") && told.contains("hold"),
        "{told}"
    );

    let wrong = |more: &[&str]| {
        let given = ["reduce", text(&vectors), "--out", "x.parquet"];
        fail(&[&given[..], more].concat())
    };
    assert!(wrong(&["--like", text(&first)]).contains("UMAP alone"));
    let umap = ["--method", "umap"];
    assert!(wrong(&[&umap[..], &["--labels", "kind"]].concat()).contains("no column"));
    assert!(wrong(&[&umap[..], &["--like", text(&vectors)]].concat()).contains("no map"));
    let flat = [&umap[..], &["--dims", "3", "--like", text(&first)]].concat();
    assert!(wrong(&flat).contains("dimensions"));
    assert!(wrong(&[&umap[..], &["--hold", "2"]].concat()).contains("0 to 1"));
    let tsne = ["--method", "tsne", "--model-out", "m.safetensors"];
    assert!(wrong(&tsne).contains("cannot place"));
}
