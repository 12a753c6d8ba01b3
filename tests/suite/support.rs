//! What the tests share.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of outside test data, from `LATENTARIUM_TEST_DATA`; without it the test `name` says that
/// it was skipped, past the capture of test output.
pub fn test_data(name: &str, folder: &str) -> Option<PathBuf> {
    let found = std::env::var_os("LATENTARIUM_TEST_DATA").map(|root| Path::new(&root).join(folder));
    if found.is_none() {
        skipped(&format!("{name} (LATENTARIUM_TEST_DATA is not set)"));
    }
    found
}

/// Says that a test, or a part of it, was skipped.
pub fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
}

/// The program with arguments.
pub fn latentarium(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_latentarium"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

/// Runs the program, which has to succeed; its stdout.
pub fn succeed(arguments: &[&str]) -> String {
    let output = latentarium(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs the program with `--json`, which has to succeed; its answer.
pub fn answer(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&succeed(&[arguments, &["--json"]].concat())).expect("JSON")
}

/// Encodes `input` into `out` with the shipped encoder on the engine that is always there.
pub fn embed(input: &Path, out: &Path) -> serde_json::Value {
    let (input, out) = (text(input), text(out));
    answer(&[
        "embed",
        input,
        "--encoder",
        "simclr",
        "--device",
        "tract",
        "--out",
        out,
    ])
}

/// Runs the program, which has to fail with status 1 and one sentence; the sentence.
pub fn fail(arguments: &[&str]) -> String {
    let output = latentarium(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    let last = stderr.trim().lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("latentarium: "), "{stderr}");
    last
}

/// Path as text.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// Values of each vector of [`clusters`].
pub const DIM: usize = 12;

/// Points around eight centres in turn, row-major; every seed gives others around the same centres.
pub fn clusters(n: usize, seed: u64) -> Vec<f32> {
    let mut state = 7_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f32 / (1_u64 << 24) as f32
    };
    let centers: Vec<f32> = (0..8 * DIM).map(|_| 10.0 * next()).collect();
    for _ in 0..seed * 1_000_003 {
        next();
    }
    let value = |i: usize| centers[i / DIM % 8 * DIM + i % DIM];
    (0..n * DIM).map(|i| value(i) + next()).collect()
}

/// A FITS header of these cards, and `data` after it, both padded to blocks of 2880 bytes.
pub fn fits(cards: &[&str], data: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = cards
        .iter()
        .chain(&["END"])
        .flat_map(|card| format!("{card:<80}").into_bytes())
        .collect();
    bytes.resize(bytes.len().next_multiple_of(2880), b' ');
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(2880), 0);
    bytes
}
