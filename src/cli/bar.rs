//! A progress bar on stderr: one line that is redrawn on a terminal, one line for each stage
//! elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::say;
use crate::progress::Progress;

const REDRAW: Duration = Duration::from_millis(100);
const WIDTH: usize = 32;

/// A bar that is drawn until it is dropped.
pub(super) struct Bar {
    progress: Progress,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    /// Starts drawing the progress of the handle that it gives out.
    pub fn start() -> Self {
        let (progress, stop) = (Progress::new(), Arc::new(AtomicBool::new(false)));
        let (watched, stopped) = (progress.clone(), Arc::clone(&stop));
        let thread = thread::spawn(move || watch(&watched, &stopped));
        Self {
            progress,
            stop,
            thread: Some(thread),
        }
    }

    pub fn progress(&self) -> &Progress {
        &self.progress
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn watch(progress: &Progress, stop: &AtomicBool) {
    let terminal = std::io::stderr().is_terminal();
    let (started, mut shown_stage) = (Instant::now(), String::new());
    while !stop.load(Ordering::Relaxed) {
        let snapshot = progress.snapshot();
        if terminal {
            let filled = (snapshot.fraction * WIDTH as f32).round() as usize;
            let bar: String = (0..WIDTH)
                .map(|i| if i < filled { '█' } else { '·' })
                .collect();
            let left = snapshot
                .remaining(started.elapsed())
                .map_or(String::new(), |left| {
                    format!("  about {} s left", left.as_secs())
                });
            let mut stderr = std::io::stderr().lock();
            let _ = write!(
                stderr,
                "\r\x1b[K{bar} {:3.0} %  {}{left}",
                snapshot.fraction * 100.0,
                snapshot.stage
            );
            let _ = stderr.flush();
        } else if snapshot.stage != shown_stage {
            say(&format!("{} ...", snapshot.stage));
            shown_stage = snapshot.stage;
        }
        thread::park_timeout(REDRAW);
    }
    if terminal {
        let mut stderr = std::io::stderr().lock();
        let _ = write!(stderr, "\r\x1b[K");
        let _ = stderr.flush();
    }
}
