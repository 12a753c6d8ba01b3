//! A job on its own thread. Dropping the handle cancels it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use super::{Job, JobError, Report};
use crate::progress::Progress;
use crate::threads;

/// What arrives from a running job.
#[expect(clippy::large_enum_variant, reason = "a few in a session")]
pub enum Message {
    /// A change or a notice.
    Report(Report),
    /// The end.
    Done(Result<(), JobError>),
}

/// A running job.
pub struct JobHandle {
    name: String,
    started: Instant,
    progress: Progress,
    messages: Receiver<Message>,
}

impl JobHandle {
    /// Starts `job`; `wake` is called whenever there is something to receive.
    pub fn spawn(job: Job, wake: impl Fn() + Send + 'static) -> Self {
        let (sender, messages) = channel();
        let progress = Progress::new();
        let (name, worker_progress) = (job.name(), progress.clone());
        let all = move || {
            let send = |message| {
                // The receiver is gone when the handle was dropped: nobody is interested.
                if sender.send(message).is_ok() {
                    wake();
                }
            };
            let work = || {
                job.run(&worker_progress, &mut |report| {
                    send(Message::Report(report));
                })
            };
            let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
                let text = payload
                    .downcast_ref::<&str>()
                    .map(|s| (*s).to_owned())
                    .or_else(|| payload.downcast_ref::<String>().cloned());
                Err(JobError::Fault(
                    text.unwrap_or_else(|| "no reason given".to_owned()),
                ))
            });
            send(Message::Done(result));
        };
        thread::spawn(move || threads::apart(all));
        Self {
            name,
            started: Instant::now(),
            progress,
            messages,
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it was started.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// How far it is; cancels through it.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The next message, if one has arrived.
    #[must_use]
    pub fn poll(&self) -> Option<Message> {
        self.messages.try_recv().ok()
    }
}

impl Drop for JobHandle {
    fn drop(&mut self) {
        self.progress.cancel();
    }
}
