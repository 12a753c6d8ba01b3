//! A run of `embed` that is killed goes on where it ended, to the same file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use latentarium::encode::EncodeOptions;
use latentarium::io::open;
use latentarium::job::{EncodedDataset, encode_dataset};
use latentarium::progress::Progress;
use latentarium::session::{EncoderChoice, ModelRef};
use serde_json::Value;

use crate::support::{answer, fail, succeed, text};

const GALAXIES: usize = 240;
/// It has heads, whose predictions are kept as well.
const WITH_HEADS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/zoobot-like.toml");

struct Survey {
    folder: tempfile::TempDir,
    catalog: PathBuf,
}

impl Survey {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let demo = folder.path().join("demo");
        let galaxies = GALAXIES.to_string();
        succeed(&["demo", "--out", text(&demo), "--galaxies", &galaxies]);
        Self {
            catalog: demo.join("catalog.parquet"),
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn arguments<'a>(&'a self, encoder: &'a str, batch: &'a str, out: &'a Path) -> [&'a str; 10] {
        [
            "embed",
            text(&self.catalog),
            "--encoder",
            encoder,
            "--device",
            "tract",
            "--batch",
            batch,
            "--out",
            text(out),
        ]
    }

    /// Starts a run and kills it after a while; whether it was still running.
    fn killed(&self, encoder: &str, out: &Path, after: Duration) -> bool {
        let mut run = Command::new(env!("CARGO_BIN_EXE_latentarium"))
            .args(self.arguments(encoder, "2", out))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(after);
        // SIGKILL: the program has no say in it.
        let killed = run.try_wait().unwrap().is_none();
        let _ = run.kill();
        run.wait().unwrap();
        killed
    }
}

fn leftovers(out: &Path) -> PathBuf {
    out.with_extension("parquet.unfinished")
}

#[test]
fn killed_at_ten_moments_the_file_is_the_same() {
    let survey = Survey::new();
    let encoder = WITH_HEADS;
    let whole = survey.path("whole.parquet");
    let start = Instant::now();
    let answered = answer(&survey.arguments(encoder, "2", &whole));
    let mut took = start.elapsed();
    assert_eq!(answered["taken_up"], 0);
    assert!(!leftovers(&whole).exists());
    let expected = fs::read(&whole).unwrap();

    let out = survey.path("e.parquet");
    let mut state = 20_u32;
    let (mut killed, mut taken_up) = (0, 0);
    for _ in 0..10 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let share = f64::from(state >> 8) / f64::from(1 << 24);
        if survey.killed(encoder, &out, took.mul_f64(share)) {
            killed += 1;
        } else {
            // The first run had less of the machine than this one.
            took = took.mul_f64(0.6);
        }
        if out.exists() {
            // The run was faster than the first: it may not leave anything but the same file.
            assert_eq!(fs::read(&out).unwrap(), expected);
        } else {
            let kept = fs::read(leftovers(&out)).unwrap_or_default();
            let answered = answer(&survey.arguments(encoder, "2", &out));
            taken_up += usize::from(answered["taken_up"].as_u64().unwrap() > 0);
            assert_eq!(
                fs::read(&out).unwrap(),
                expected,
                "killed after {share} of {took:?}"
            );
            assert!(!leftovers(&out).exists());
            // Killed before it kept anything, a run begins anew.
            assert!(answered["taken_up"].as_u64().unwrap() > 0 || kept.len() < 4096);
        }
        fs::remove_file(&out).unwrap();
    }
    assert!(
        killed >= 5 && taken_up >= 2,
        "{killed} killed, {taken_up} taken up"
    );

    // Killed again and again, each time a little later: on a busy machine starting alone takes long.
    let mut moments = 0;
    while !out.exists() && moments < 200 {
        survey.killed(encoder, &out, took.mul_f64(0.3 + 0.02 * f64::from(moments)));
        moments += 1;
    }
    assert_eq!(fs::read(&out).unwrap(), expected);
}

#[test]
fn another_model_batch_or_picture_begins_anew() {
    let survey = Survey::new();
    let out = survey.path("e.parquet");
    let unfinished = |encoder: &str| {
        let mut wait = Duration::from_millis(100);
        while fs::metadata(leftovers(&out)).map_or(0, |m| m.len()) < 10_000 {
            let _ = fs::remove_file(&out);
            survey.killed(encoder, &out, wait);
            wait += Duration::from_millis(50);
        }
        assert!(!out.exists());
    };
    let taken_up = |arguments: &[&str]| -> Value {
        let answered = answer(arguments);
        fs::remove_file(&out).unwrap();
        answered["taken_up"].clone()
    };
    unfinished("simclr");
    assert_ne!(taken_up(&survey.arguments("simclr", "2", &out)), 0);
    unfinished("simclr");
    assert_eq!(taken_up(&survey.arguments(WITH_HEADS, "2", &out)), 0);
    unfinished("simclr");
    assert_eq!(taken_up(&survey.arguments("simclr", "4", &out)), 0);
    unfinished("simclr");
    let mut pictures = fs::read_dir(survey.catalog.with_file_name("cutouts")).unwrap();
    let picture = pictures.find_map(Result::ok).unwrap().path();
    let later = std::time::SystemTime::now() + Duration::from_secs(5);
    let file = fs::OpenOptions::new().write(true).open(&picture).unwrap();
    file.set_modified(later).unwrap();
    assert_eq!(taken_up(&survey.arguments("simclr", "2", &out)), 0);

    fs::write(leftovers(&out), "something of the user's").unwrap();
    let said = fail(&survey.arguments("simclr", "2", &out));
    assert!(
        said.contains("in the way") && said.contains("e.parquet.unfinished"),
        "{said}"
    );
    assert!(!out.exists());
}

#[test]
fn a_run_of_the_window_that_was_cancelled_goes_on() {
    let survey = Survey::new();
    let unfinished = survey.path("unfinished");
    let dataset = open(&survey.catalog, None, &Progress::new()).unwrap();
    let choice = EncoderChoice {
        model: ModelRef::File(WITH_HEADS.into()),
        device: "tract".to_owned(),
        ..EncoderChoice::default()
    };
    let options = EncodeOptions {
        batch: Some(8),
        limit: None,
    };
    let run = |folder: &Path, progress: &Progress| {
        encode_dataset(&dataset, &choice, &options, folder, progress)
    };
    let whole = run(&survey.path("other"), &Progress::new()).unwrap();
    assert_eq!(whole.taken_up, 0);
    assert_eq!(fs::read_dir(survey.path("other")).unwrap().count(), 0);

    let progress = Progress::new();
    let grown = || {
        let entries = fs::read_dir(&unfinished).into_iter().flatten().flatten();
        entries.map(|e| e.metadata().unwrap().len()).sum::<u64>() > 5000
    };
    let cancelled = std::thread::scope(|scope| {
        let running = scope.spawn(|| run(&unfinished, &progress));
        while !grown() && !running.is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        progress.cancel();
        running.join().unwrap()
    });
    assert!(cancelled.is_err_and(|e| e.is_cancelled()));
    let again = run(&unfinished, &Progress::new()).unwrap();
    assert!(
        (8..GALAXIES).contains(&again.taken_up),
        "{}",
        again.taken_up
    );
    assert_eq!(
        again.encoded.embedding.values(),
        whole.encoded.embedding.values()
    );
    assert_eq!(again.encoded.warnings, whole.encoded.warnings);
    let predicted = |found: &EncodedDataset| {
        let catalog = found.catalog.as_ref().unwrap();
        let columns = catalog.columns().map(|column| column.text(17));
        columns.collect::<Vec<_>>()
    };
    assert_eq!(predicted(&again), predicted(&whole));
    assert_eq!(fs::read_dir(&unfinished).unwrap().count(), 0);
    // A folder that cannot be is no reason not to run.
    let whole = run(&survey.catalog, &Progress::new()).unwrap();
    assert_eq!(whole.taken_up, 0);
}
