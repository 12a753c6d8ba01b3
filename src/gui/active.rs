//! The running job, and what it began with.

use std::path::PathBuf;
use std::time::Duration;

use eframe::egui::Context;

use super::judgements::Judgements;
use crate::job::{Job, JobHandle};
use crate::progress::Snapshot;
use crate::session::{Edit, Part, Revision, Session};

/// A running job and the parts of the document that it began with.
pub(super) struct Active {
    pub handle: JobHandle,
    /// What to remember as opened when it has opened it.
    pub opening: Option<PathBuf>,
    /// The map that it has put in place so far, to go on forming.
    pub forming: Option<Revision>,
    /// The map that it looks at, with its vectors.
    pub judges: (Option<Revision>, Option<Revision>),
    data: Option<Revision>,
    embedding: Option<Revision>,
}

impl Active {
    /// Starts a job; the window is woken whenever it says something.
    pub fn start(ctx: &Context, session: &Session, job: Job, opening: Option<PathBuf>) -> Self {
        let ctx = ctx.clone();
        Self {
            judges: Judgements::of(session),
            data: session.data().map(Part::revision),
            embedding: session.embedding().map(Part::revision),
            handle: JobHandle::spawn(job, move || ctx.request_repaint()),
            opening,
            forming: None,
        }
    }

    /// Whether a result still belongs to what is open: undo may have come between.
    pub fn fits(&self, session: &Session, edit: &Edit) -> bool {
        let data = session.data().map(Part::revision) == self.data;
        let embedding = session.embedding().map(Part::revision) == self.embedding;
        match edit {
            Edit::SetEmbedding { .. } | Edit::SetSelection(_) | Edit::SetColumns { .. } => data,
            Edit::SetMap(_) => data && embedding,
            Edit::Open { .. } | Edit::SetView(_) | Edit::Close => true,
        }
    }

    /// What it does from now on belongs to the data that it has opened.
    pub fn goes_on_with(&mut self, session: &Session) {
        self.data = session.data().map(Part::revision);
        self.embedding = session.embedding().map(Part::revision);
    }

    /// What it says, for one frame.
    pub fn running(&self) -> Running {
        Running {
            name: self.handle.name().to_owned(),
            forming: self.forming.is_some(),
            snapshot: self.handle.progress().snapshot(),
            elapsed: self.handle.started().elapsed(),
        }
    }
}

/// What the running job says, for one frame.
pub(super) struct Running {
    pub name: String,
    /// Whether what there is can be kept.
    pub forming: bool,
    pub snapshot: Snapshot,
    elapsed: Duration,
}

impl Running {
    /// About how long it will take, once that can be told.
    pub fn remaining(&self) -> String {
        let left = self.snapshot.remaining(self.elapsed);
        left.map_or(String::new(), |left| {
            format!(" · about {} s left", left.as_secs())
        })
    }
}
