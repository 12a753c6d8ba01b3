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
