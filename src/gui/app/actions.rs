//! What was asked for is carried out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{self, Context};

use super::super::action::Action;
use super::super::views::map::Tool;
use super::{App, SESSION, set_theme};
use crate::data::Plane;
use crate::job::{Job, demo_folder};
use crate::progress::Progress;
use crate::render::Bounds;
use crate::session::{Edit, EncoderChoice, ModelRef, Selection};
use crate::subset::SubsetExpr;
use crate::synth::SurveyParams;

impl App {
    fn save_model(&mut self, ctx: &Context, path: PathBuf) {
        let map = self.history.session().map();
        if let Some(model) = map.and_then(|map| map.model.clone()) {
            self.start(ctx, Job::SaveModel { model, path }, None);
        }
    }

    fn save(&mut self, ctx: &Context, mut path: PathBuf) {
        if path.extension().is_none_or(|e| e != SESSION) {
            path.add_extension(SESSION);
        }
        let session = self.history.session().clone();
        self.start(ctx, Job::SaveSession { session, path }, None);
    }

    /// Takes back the last corner of what is being drawn, or else the last change.
    fn undo(&mut self) {
        if !self.map.selecting.undo_corner() {
            self.history.undo();
        }
    }

    pub(super) fn carry_out(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Tell(text) => self.notify(text, true),
            Action::Ask(dialog) => self.dialogs.open(ctx, dialog),
            Action::StartLike(path) => self.drafts.map.like = Some(path),
            Action::Open { path, .. } if is_encoder(&path) => self.choose(path),
            Action::Open { path, cutouts } => {
                let opening = Some(path.clone());
                let job = if path.extension().is_some_and(|e| e == SESSION) {
                    Job::OpenSession { path }
                } else {
                    Job::Open { path, cutouts }
                };
                self.start(ctx, job, opening);
            }
            Action::OpenDemo => {
                let params = SurveyParams::default();
                let folder = demo_folder(&params);
                self.start(ctx, Job::Demo { folder, params }, None);
            }
            Action::Save(path) => self.save(ctx, path),
            Action::EncodeAsChosen | Action::CheckEncoder | Action::WriteCard => {
                self.use_encoder(ctx, &action);
            }
            Action::MapAsChosen => {
                let recipe = self.drafts.map.recipe();
                self.work_on_data(ctx, Action::MakeMap(recipe));
            }
            Action::JudgeAsBefore | Action::ColorByTrust => self.judge(ctx, &action),
            Action::SaveModel(path) => self.save_model(ctx, path),
            Action::Close => self.history.apply(Edit::Close),
            Action::ChooseEncoder(path) => self.choose(path),
            Action::UseCutouts(_) | Action::Encode(_) | Action::MakeMap(_) | Action::Judge(_) => {
                self.work_on_data(ctx, action);
            }
            Action::KeepMap => self.tell_job(Progress::suffice),
            Action::CancelJob => self.tell_job(Progress::cancel),
            Action::SetView { view, gesture } if gesture.is_some() && gesture == self.gesture => {
                self.history.amend(Edit::SetView(view));
            }
            Action::SetView { view, gesture } => {
                self.gesture = gesture;
                self.history.apply(Edit::SetView(view));
            }
            Action::UseTool(_)
            | Action::ResizeBrush(_)
            | Action::Select(_)
            | Action::ClearSelection
            | Action::InvertSelection
            | Action::ZoomToSelection
            | Action::ExportSelectionDialog
            | Action::ExportSelection(_)
            | Action::ExportFigureDialog
            | Action::ExportFigure(_) => self.select(ctx, action),
            Action::Escape => {
                if !self.map.selecting.cancel() && self.walk.take().is_none() {
                    self.focus = None;
                }
            }
            Action::Walk(ends) => self.walk = ends,
            Action::Undo => self.undo(),
            Action::Redo => self.history.redo(),
            Action::Fit => self.map.fit(),
            Action::RestartGraphics => self.map.stop_device(),
            Action::ResetOrientation => {
                if let Some(map) = self.history.session().map() {
                    self.map.turn_to(map.revision(), Plane::FRONT);
                }
            }
            Action::Zoom(factor) => self.map.zoom(factor),
            Action::Focus(row) => self.focus = row,
            Action::Step(by) => self.step(by),
            Action::ToggleTheme => {
                self.settings.dark = !self.settings.dark;
                self.settings.save();
                set_theme(ctx, self.settings.dark);
            }
            Action::ToggleAnimation => {
                self.settings.animate = !self.settings.animate;
                self.settings.save();
                let how = if self.settings.animate {
                    "now"
                } else {
                    "no longer"
                };
                self.notify(format!("Changes of the map are {how} animated"), false);
            }
            Action::TogglePanels => self.only_map = !self.only_map,
            Action::TogglePalette => self.palette.toggle(),
            Action::Dismiss(index) => {
                if index < self.notices.len() {
                    self.notices.remove(index);
                }
            }
            Action::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        }
    }

    /// What has to do with how faithful the map is.
    fn judge(&mut self, ctx: &Context, action: &Action) {
        let session = self.history.session();
        let judged = self.judgements.current(session);
        match (action, session.data(), judged) {
            (Action::JudgeAsBefore, ..) => {
                let request = self.drafts.quality.clone();
                self.work_on_data(ctx, Action::Judge(request));
            }
            (Action::ColorByTrust, Some(data), Some(judged)) => {
                let (data, judged) = (data.share(), Arc::clone(judged));
                self.start(ctx, Job::ColorByTrust { data, judged }, None);
            }
            _ => {}
        }
    }

    /// What is done with the encoder that is chosen, or with the card in its form.
    fn use_encoder(&mut self, ctx: &Context, action: &Action) {
        let choice = self.drafts.encoder.clone();
        match (action, self.drafts.chosen.form.clone()) {
            (Action::WriteCard, Some(draft)) => {
                let device = choice.device;
                self.start(ctx, Job::WriteCard { draft, device }, None);
            }
            (Action::EncodeAsChosen, _) => self.work_on_data(ctx, Action::Encode(choice)),
            (Action::CheckEncoder, _) => self.start(ctx, Job::Check { choice }, None),
            _ => {}
        }
    }

    /// Takes a card or model for the next run; the device stays.
    pub(super) fn choose(&mut self, path: PathBuf) {
        self.drafts.encoder = EncoderChoice {
            model: ModelRef::File(path),
            device: self.drafts.encoder.device.clone(),
            ..EncoderChoice::default()
        };
        let name = self.drafts.encoder.name();
        self.notify(
            format!("The encoder is now {name}; run it under Encoder"),
            false,
        );
    }

    /// What has to do with the selection, and what is written of the map.
    pub(super) fn select(&mut self, ctx: &Context, action: Action) {
        match action {
            // Only a map of three dimensions can be turned.
            Action::UseTool(Tool::Orbit) if self.shown().is_none_or(|s| !s.turns) => {}
            Action::UseTool(tool) => {
                self.map.selecting.cancel();
                self.map.selecting.tool = tool;
            }
            Action::ResizeBrush(factor) => self.map.selecting.resize_brush(factor),
            Action::Select(selection) => {
                if let Ok(selection) = Arc::try_unwrap(selection) {
                    self.history.apply(Edit::SetSelection(Some(selection)));
                }
            }
            Action::ClearSelection if self.history.session().selection().is_some() => {
                self.history.apply(Edit::SetSelection(None));
            }
            Action::InvertSelection => {
                let inverted = self.history.session().selection().map(|old| Selection {
                    expr: SubsetExpr::Not(Box::new(old.expr.clone())),
                    rows: old.rows.not(),
                });
                if inverted.is_some() {
                    self.history.apply(Edit::SetSelection(inverted));
                }
            }
            Action::ZoomToSelection => self.zoom_to_selection(),
            Action::ExportSelectionDialog => {
                if self.history.session().selection().is_some() {
                    self.dialogs.export_selection(ctx);
                } else {
                    self.notify("Nothing is selected yet".to_owned(), true);
                }
            }
            Action::ExportSelection(mut path) => {
                if path.extension().is_none() {
                    path.add_extension("parquet");
                }
                let session = self.history.session().clone();
                self.start(ctx, Job::ExportSelection { session, path }, None);
            }
            Action::ExportFigureDialog if self.history.session().map().is_some() => {
                self.dialogs.export_figure(ctx);
            }
            Action::ExportFigure(mut path) => {
                if path.extension().is_none() {
                    path.add_extension("png");
                }
                let session = self.history.session().clone();
                let shown = self.shown().map(|shown| &**shown);
                let request = self.map.figure_request(self.settings.dark, shown);
                self.start(
                    ctx,
                    Job::ExportFigure {
                        session,
                        request,
                        path,
                    },
                    None,
                );
            }
            _ => {}
        }
    }

    pub(super) fn zoom_to_selection(&mut self) {
        let session = self.history.session();
        let (Some(shown), Some(_)) = (self.shown(), session.selection()) else {
            return;
        };
        let places = self.map.selecting.places(session, shown);
        let corners = places.and_then(|(places, _)| shown.points.tree().corners_of(&places));
        if let Some((min, max)) = corners {
            let bounds = Bounds {
                min: min.map(f64::from),
                max: max.map(f64::from),
            };
            self.map.show(shown.of, bounds);
        }
    }

    pub(super) fn step(&mut self, by: isize) {
        let rows = self
            .history
            .session()
            .data()
            .map_or(0, |d| d.dataset.catalog.len());
        if rows > 0 {
            let next = self
                .focus
                .map_or(0, |row| row.saturating_add_signed(by).min(rows - 1));
            self.focus = Some(next);
        }
    }
}

/// Whether a file is a model or a model card.
fn is_encoder(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "onnx" || e == "toml")
}
