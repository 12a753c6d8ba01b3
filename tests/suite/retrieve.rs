//! Objects looked up between the towers of an encoder: pictures and columns in one space.

use std::path::Path;

use latentarium::io::open;
use latentarium::progress::Progress;

use crate::support::{answer, fail, succeed, text};

#[test]
fn pictures_and_columns_find_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let (demo, table) = (path("demo"), path("demo/catalog.parquet"));
    succeed(&[
        "demo",
        "--out",
        text(&demo),
        "--galaxies",
        "300",
        "--seed",
        "77",
    ]);
    let encode = |input: &Path, model: &str, out: &str| {
        let (card, out) = (models.join(model), path(out));
        succeed(&[
            "embed",
            text(input),
            "--encoder",
            text(&card),
            "--out",
            text(&out),
        ]);
        out
    };
    let pictures = encode(&table, "image-sed.toml", "pictures.parquet");
    let seds = encode(&table, "image-sed.sed.toml", "seds.parquet");
    for (from, to) in [(&pictures, &seds), (&seds, &pictures)] {
        let out = path("found.parquet");
        let found = answer(&[
            "retrieve",
            text(from),
            text(to),
            "--force",
            "--out",
            text(&out),
        ]);
        assert_eq!(
            (&found["space"], &found["k"]),
            (&"image-sed".into(), &10.into())
        );
        let partners = &found["partners"];
        // By chance 1 in 300 and 10 in 300.
        assert!(partners["first"].as_f64().unwrap() > 0.3, "{found}");
        assert!(partners["within_k"].as_f64().unwrap() > 0.8, "{found}");
        let written = open(&out, None, &Progress::new()).unwrap().catalog;
        let names: Vec<&str> = written.columns().map(|c| c.name()).collect();
        assert_eq!(
            written.len() as u64,
            partners["objects"].as_u64().unwrap() * 10
        );
        assert_eq!(names, ["id", "place", "match", "similarity", "own_rank"]);
    }

    // One object, among those of one survey: the two nearest of them.
    let out = path("one.parquet");
    let one = [
        "retrieve",
        text(&pictures),
        text(&pictures),
        "-k",
        "2",
        "--where",
        "survey = 'TNG50-like' AND z > 1",
        "--among-where",
        "survey = 'JWST-like'",
        "--out",
        text(&out),
    ];
    let found = answer(&one);
    assert_eq!(found["among"], 150, "{found}");
    let queries = found["queries"].as_u64().unwrap();
    assert!((10..150).contains(&queries), "{found}");
    let written = open(&out, None, &Progress::new()).unwrap().catalog;
    assert_eq!(written.len() as u64, 2 * queries);
    let matches = written.column("match").unwrap();
    assert!((0..written.len()).all(|row| matches.text(row).starts_with("1345")));
    let said = fail(&[&one[..5], &["--where", "z > 99", "--out", text(&path("x"))]].concat());
    assert!(said.contains("fulfils the condition z > 99"), "{said}");

    // Encoded again by another encoder, the file is in that one's space and forgets the former heads.
    let hybrid = encode(&table, "zoobot-like.toml", "hybrid.parquet");
    let again = encode(&hybrid, "simclr.toml", "again.parquet");
    let facts = open(&again, None, &Progress::new()).unwrap();
    assert_eq!(facts.embedding.unwrap().provenance().get("heads"), None);
    let other = encode(&seds, "simclr.toml", "other.parquet");
    let said = fail(&[
        "retrieve",
        text(&pictures),
        text(&other),
        "--out",
        text(&path("x")),
    ]);
    assert!(
        said.contains("image-sed") && said.contains("same space"),
        "{said}"
    );
    assert!(!path("x").exists());
}
