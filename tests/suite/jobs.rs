//! Jobs as the window runs them: sessions repeat the way to the map, cancelling leaves nothing.

use std::path::Path;
use std::time::{Duration, Instant};

use latentarium::analysis::reduce::umap::Start;
use latentarium::analysis::reduce::{Method, ReduceParams, reduce};
use latentarium::data::{Catalog, Embedding, Provenance};
use latentarium::job::{Job, JobError, JobHandle, Message, Report, reduce_in_view};
use latentarium::progress::Progress;
use latentarium::session::{ColorBy, Edit, EncoderChoice, MapRecipe, Part, Session, ViewSpec};
use latentarium::synth::SurveyParams;

use crate::support::{DIM, answer, clusters, embed, succeed, text};

/// Runs a job inline; the notices it gave.
fn run(job: Job, session: &mut Session) -> Result<Vec<String>, JobError> {
    let mut notices = Vec::new();
    job.run(&Progress::new(), &mut |report| match report {
        Report::Edit(edit) => session.apply(edit),
        Report::Forming(mapped) => session.apply(Edit::SetMap(mapped)),
        Report::Encoder(_) | Report::Judged(_) => {}
        Report::Notice(notice) => notices.push(notice),
    })?;
    Ok(notices)
}

fn open(path: &Path, session: &mut Session) {
    let job = Job::Open {
        path: path.to_owned(),
        cutouts: None,
    };
    run(job, session).unwrap();
}

#[test]
fn a_session_file_repeats_the_way_to_the_map() {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    succeed(&["demo", "--out", text(&demo), "--galaxies", "24"]);
    let mut session = Session::default();
    open(&demo.join("catalog.parquet"), &mut session);
    let choice = EncoderChoice {
        device: "tract".to_owned(),
        ..EncoderChoice::default()
    };
    let data = session.data().unwrap().share();
    let then = None;
    run(Job::Encode { data, choice, then }, &mut session).unwrap();
    let map = Job::Map {
        data: session.data().unwrap().share(),
        encoded: session.embedding().map(Part::share),
        recipe: MapRecipe::default(),
    };
    run(map, &mut session).unwrap();
    let view = ViewSpec {
        color: ColorBy {
            column: Some("log_mass".to_owned()),
            ..ColorBy::default()
        },
        point_size: 0.5,
        ..ViewSpec::default()
    };
    session.apply(Edit::SetView(view));

    let path = folder.path().join("a.latentarium");
    let save = Job::SaveSession {
        session: session.clone(),
        path: path.clone(),
    };
    run(save, &mut Session::default()).unwrap();
    assert!(
        std::fs::metadata(&path).unwrap().len() < 4096,
        "never bulk data"
    );

    let mut again = Session::default();
    let notices = run(Job::OpenSession { path: path.clone() }, &mut again).unwrap();
    assert_eq!(notices, Vec::<String>::new());
    assert_eq!(again.view(), session.view());
    let coords = |s: &Session| s.map().unwrap().points.projection().coords().to_vec();
    assert_eq!(coords(&again), coords(&session));

    // Data that changed meanwhile are told.
    succeed(&[
        "demo",
        "--out",
        text(&demo),
        "--galaxies",
        "24",
        "--seed",
        "9",
        "--force",
    ]);
    let notices = run(Job::OpenSession { path }, &mut Session::default()).unwrap();
    assert!(
        notices.iter().any(|n| n.contains("have changed")),
        "{notices:?}"
    );
}

#[test]
fn a_cancelled_demo_leaves_no_catalogue() {
    let folder = tempfile::tempdir().unwrap();
    let job = Job::Demo {
        folder: folder.path().join("demo"),
        params: SurveyParams {
            galaxies: 3000,
            seed: 1,
        },
    };
    let handle = JobHandle::spawn(job, || {});
    let wait = |limit: u64, until: &dyn Fn() -> bool| {
        let started = Instant::now();
        while !until() && started.elapsed() < Duration::from_secs(limit) {
            std::thread::sleep(Duration::from_millis(5));
        }
        started.elapsed()
    };
    wait(20, &|| handle.progress().snapshot().fraction > 0.02);
    handle.progress().cancel();
    let asked = Instant::now();
    let done = loop {
        match handle.poll() {
            Some(Message::Done(result)) => break result,
            Some(Message::Report(_)) => {}
            None if asked.elapsed() > Duration::from_secs(10) => panic!("the job goes on"),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    assert!(done.unwrap_err().is_cancelled());
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    assert!(!folder.path().join("demo/catalog.parquet").exists());
    let chunks = std::fs::read_dir(folder.path().join("demo/cutouts")).unwrap();
    let partial = chunks.filter(|e| {
        e.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains(".part")
    });
    assert_eq!(partial.count(), 0);
}

fn embedding(n: usize) -> Embedding {
    let rows = (0..n as u32).collect();
    Embedding::new(clusters(n, 0), DIM, rows, n, Provenance::default()).unwrap()
}

/// A UMAP map begins as that of the principal components, can be kept at any time, and is given up
/// at once; the same seed makes the same map.
#[test]
fn a_map_forms_in_view() {
    let vectors = embedding(4000);
    let params = ReduceParams {
        method: Method::Umap,
        epochs: Some(60),
        ..ReduceParams::default()
    };
    let make = |progress: &Progress, stop: bool| {
        let mut methods = Vec::new();
        let (catalog, recipe) = (Catalog::numbered(4000), params.into());
        let made = reduce_in_view(&catalog, &vectors, &recipe, progress, &mut |mapped| {
            let provenance = mapped.points.projection().provenance();
            methods.push(provenance.get("method").unwrap().to_owned());
            if stop {
                progress.suffice();
            }
        });
        (made, methods)
    };
    let (whole, methods) = make(&Progress::new(), false);
    assert_eq!(methods[0], "PCA");
    let whole = whole.unwrap().points;
    assert_eq!(
        whole.projection().provenance().get("epochs"),
        Some("60 of 60")
    );
    let (again, _) = make(&Progress::new(), false);
    assert_eq!(
        again.unwrap().points.projection().coords(),
        whole.projection().coords()
    );

    let (kept, _) = make(&Progress::new(), true);
    let kept = kept.unwrap().points;
    assert_eq!(
        kept.projection().provenance().get("epochs"),
        Some("1 of 60")
    );

    let cancelled = Progress::new();
    cancelled.cancel();
    assert!(make(&cancelled, false).0.is_err_and(|e| e.is_cancelled()));
}

/// The command line makes the same map as the window, says what it was made with, and refuses what
/// makes no sense.
#[test]
fn the_command_line_reduces_by_umap() {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    let [vectors, map, other] =
        ["e.parquet", "m.parquet", "o.parquet"].map(|f| folder.path().join(f));
    succeed(&["demo", "--out", text(&demo), "--galaxies", "60"]);
    let catalog = demo.join("catalog.parquet");
    embed(&catalog, &vectors);
    let reduce = |out: &Path| {
        let arguments = [
            "reduce",
            text(&vectors),
            "--method",
            "umap",
            "--neighbors",
            "10",
        ];
        succeed(&[&arguments[..], &["--out", text(out)]].concat());
        std::fs::read(out).unwrap()
    };
    assert_eq!(reduce(&map), reduce(&other));
    let told = succeed(&["info", text(&map)]);
    assert!(told.contains("UMAP"), "{told}");
    let wrong = [
        "reduce",
        text(&vectors),
        "--method",
        "umap",
        "--min-dist",
        "3",
        "--out",
        "x.parquet",
    ];
    let said = crate::support::fail(&wrong);
    assert!(said.contains("least distance"), "{said}");

    let more = ["--start", "spectral", "--densmap", "--force"];
    let arguments = [
        "reduce",
        text(&vectors),
        "--method",
        "umap",
        "--out",
        text(&map),
    ];
    succeed(&[&arguments[..], &more[..]].concat());
    let told = succeed(&["info", text(&map)]);
    assert!(
        told.contains("spectral") && told.contains("densmap"),
        "{told}"
    );
    for (more, why) in [
        (
            &["--densmap=11", "--force"][..],
            "densities must be 0 to 10",
        ),
        (&["--metric", "dot", "--force"], "use the metric cosine"),
    ] {
        let said = crate::support::fail(&[&arguments[..], more].concat());
        assert!(said.contains(why), "{said}");
    }

    let graph = folder.path().join("g.parquet");
    let found = answer(&["knn", text(&vectors), "-k", "5", "--out", text(&graph)]);
    assert_eq!(
        (found["k"].as_u64(), found["recall"].as_f64()),
        (Some(5), Some(1.0))
    );
    let told = succeed(&["info", text(&graph)]);
    assert!(told.contains("60"), "{told}");
}

/// Whatever a reduction is doing when it is cancelled, it stops at once and leaves nothing.
#[test]
fn reductions_stop_at_any_moment() {
    let n = 30_000;
    let vectors = embedding(n);
    let plain = Method::ALL.map(|method| ReduceParams {
        method,
        ..ReduceParams::default()
    });
    let with_all = ReduceParams {
        method: Method::Umap,
        start: Start::Spectral,
        density: 2.0,
        epochs: Some(10),
        ..ReduceParams::default()
    };
    for recipe in plain.into_iter().chain([with_all]) {
        for millis in [5, 60, 250, 700] {
            let progress = Progress::new();
            let waited = std::thread::scope(|scope| {
                let canceller = scope.spawn(|| {
                    std::thread::sleep(Duration::from_millis(millis));
                    progress.cancel();
                    Instant::now()
                });
                let made = reduce(&vectors, n, &recipe, &progress);
                let ended = Instant::now();
                let cancelled = canceller.join().unwrap();
                // What was finished before that is no answer to it.
                made.is_err()
                    .then(|| ended.saturating_duration_since(cancelled))
            });
            // A fifth of a second, and patience with a busy machine.
            let waited = waited.unwrap_or_default();
            assert!(
                waited < Duration::from_millis(600),
                "{recipe:?}: {waited:?}"
            );
        }
    }
}
