//! The running job: starting it, taking in what it sends, a map that forms.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::Context;

use super::super::action::Action;
use super::super::active::Active;
use super::{App, TICK};
use crate::job::{Job, Message, Report};
use crate::progress::Progress;
use crate::session::{Edit, Mapped, Part, Revision};

impl App {
    pub(super) fn start(&mut self, ctx: &Context, job: Job, opening: Option<PathBuf>) {
        if let Some(running) = &self.job {
            let name = running.handle.name();
            return self.notify(format!("{name} is still running; cancel it first"), true);
        }
        self.notices.clear();
        self.job = Some(Active::start(ctx, self.history.session(), job, opening));
    }

    /// Takes in what the running job has sent.
    pub(super) fn receive(&mut self, ctx: &Context) {
        while let Some(message) = self.job.as_ref().and_then(|job| job.handle.poll()) {
            match message {
                Message::Report(Report::Edit(edit)) => self.take_in(edit),
                Message::Report(Report::Forming(mapped)) => self.form(mapped),
                Message::Report(Report::Encoder(choice)) => self.drafts.encoder = choice,
                Message::Report(Report::Judged(judged)) => {
                    if let Some(job) = &self.job {
                        self.judgements.keep(job.judges, judged);
                    }
                }
                Message::Report(Report::Notice(text)) => self.notify(text, false),
                Message::Done(result) => {
                    let formed = self.job.take().and_then(|job| job.forming);
                    if result.is_err() && formed.is_some() && formed == self.map_revision() {
                        self.history.undo();
                    }
                    if let Err(error) = result
                        && !error.is_cancelled()
                    {
                        self.notify(error.to_string(), true);
                    }
                }
            }
        }
        if self.job.is_some() {
            ctx.request_repaint_after(TICK);
        }
    }

    /// Applies what the running job made, if it still belongs to what is open.
    pub(super) fn take_in(&mut self, edit: Edit) {
        let Some(job) = &mut self.job else { return };
        if !job.fits(self.history.session(), &edit) {
            let text = "The data changed while they were worked on; the result was dropped";
            return self.notify(text.to_owned(), true);
        }
        let opens = matches!(edit, Edit::Open { .. });
        if opens && let Some(path) = job.opening.take() {
            self.settings.opened(&path);
            self.settings.save();
        }
        if matches!(edit, Edit::SetMap(_)) && job.forming.is_some() {
            self.form_on(edit);
        } else {
            self.history.apply(edit);
        }
        if opens && let Some(job) = &mut self.job {
            job.goes_on_with(self.history.session());
        }
    }

    /// Shows a map that is still forming: one step to undo, however often it changes.
    pub(super) fn form(&mut self, mapped: Mapped) {
        let Some(job) = &self.job else { return };
        let edit = Edit::SetMap(mapped);
        if !job.fits(self.history.session(), &edit) {
            return;
        }
        if job.forming.is_some() {
            return self.form_on(edit);
        }
        self.history.apply(edit);
        let map = self.map_revision();
        if let Some(job) = &mut self.job {
            job.forming = map;
        }
    }

    /// Goes on with a map that forms, unless it has been undone: then it is no longer wanted.
    pub(super) fn form_on(&mut self, edit: Edit) {
        let now = self.map_revision();
        let Some(job) = &mut self.job else { return };
        if job.forming == now {
            self.history.amend(edit);
            job.forming = self.history.session().map().map(Part::revision);
        } else {
            job.handle.progress().cancel();
        }
    }

    pub(super) fn map_revision(&self) -> Option<Revision> {
        self.history.session().map().map(Part::revision)
    }

    pub(super) fn tell_job(&self, what: fn(&Progress)) {
        if let Some(job) = &self.job {
            what(job.handle.progress());
        }
    }

    /// Jobs that need data; without them there is no button that asks for one.
    pub(super) fn work_on_data(&mut self, ctx: &Context, action: Action) {
        let session = self.history.session();
        let Some(data) = session.data() else { return };
        let job = match (action, session.embedding()) {
            (Action::UseCutouts(folder), _) => Job::Open {
                path: data.dataset.path.clone(),
                cutouts: Some(folder),
            },
            (Action::Encode(choice), _) => Job::Encode {
                data: data.share(),
                choice,
                // A map that came with the file is replaced by one like a new map.
                then: session
                    .map()
                    .map(|map| map.recipe.clone().unwrap_or_default()),
            },
            (Action::MakeMap(recipe), encoded) => Job::Map {
                data: data.share(),
                encoded: encoded.map(Part::share),
                recipe,
            },
            (Action::Judge(request), Some(encoded)) => {
                let Some(map) = session.map() else { return };
                Job::Judge {
                    data: data.share(),
                    encoded: encoded.share(),
                    points: Arc::clone(&map.points),
                    request,
                }
            }
            _ => return,
        };
        self.start(ctx, job, None);
    }
}
