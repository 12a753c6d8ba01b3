//! The application: `logic` takes in what has arrived and carries out what was asked for; `ui` draws
//! panels that read the session and ask for more.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, CentralPanel, Context, Frame, Panel, ThemePreference, Ui};

use super::Start;
use super::action::Action;
use super::active::{Active, Running};
use super::commands;
use super::dialogs::Dialogs;
use super::filtering::Filtering;
use super::objects::ObjectPicture;
use super::panels::{self, palette::Palette};
use super::settings::Settings;
use super::shown::Shown;
use super::stage::{Stage, Wish};
use super::theme::{self, tokens};
use super::views::{
    self,
    map::{MapView, Scene, Tool},
};
use crate::analysis::reduce::ReduceParams;
use crate::data::Plane;
use crate::job::{Job, Message, Report, demo_folder};
use crate::progress::Progress;
use crate::render::Bounds;
use crate::scene::CutoutStyle;
use crate::session::{Edit, EncoderChoice, History, Mapped, ModelRef, Part, Revision, Selection};
use crate::subset::SubsetExpr;
use crate::synth::SurveyParams;

/// Redraws of a progress bar.
const TICK: Duration = Duration::from_millis(100);
/// A remark goes away by itself after this time; a failure stays until it is taken away.
const REMARK: Duration = Duration::from_secs(8);
/// Narrower windows show the map without its legend, or without an inspector that is empty.
const LEGEND_FROM: f32 = 640.0;
const INSPECTOR_FROM: f32 = 960.0;
/// Extension of session files.
const SESSION: &str = "latentarium";

/// Settings that are being made and not yet used.
#[derive(Default)]
pub(super) struct Drafts {
    pub path: String,
    pub encoder: EncoderChoice,
    pub encoder_path: String,
    pub reduce: ReduceParams,
}

/// A line for the user.
pub(super) struct Notice {
    pub text: String,
    pub failure: bool,
    since: Instant,
}

/// The window's program.
pub struct App {
    history: History,
    settings: Settings,
    drafts: Drafts,
    job: Option<Active>,
    notices: Vec<Notice>,
    actions: Vec<Action>,
    dialogs: Dialogs,
    palette: Palette,
    map: MapView,
    stage: Stage,
    filtering: Filtering,
    /// What stands in the filter bar, and the filter that it was last set from.
    filter_text: String,
    filter_seen: Option<String>,
    focus: Option<usize>,
    focus_of: Option<Revision>,
    focus_picture: ObjectPicture,
    hover_picture: ObjectPicture,
    cutout_style: CutoutStyle,
    only_map: bool,
    /// The slider that is being dragged: all of a drag is one step to undo.
    gesture: Option<egui::Id>,
    /// Processor time of the last frame, as eframe measures it.
    frame_ms: f32,
}

impl App {
    /// A window that begins with `start`.
    #[must_use]
    pub fn new(creation: &eframe::CreationContext<'_>, settings: Settings, start: Start) -> Self {
        theme::install(&creation.egui_ctx);
        set_theme(&creation.egui_ctx, settings.dark);
        let actions = match start {
            Start::Empty => Vec::new(),
            Start::Demo => vec![Action::OpenDemo],
            Start::Open { path, cutouts } => vec![Action::Open { path, cutouts }],
        };
        Self {
            history: History::default(),
            settings,
            drafts: Drafts::default(),
            job: None,
            notices: Vec::new(),
            actions,
            dialogs: Dialogs::default(),
            palette: Palette::default(),
            map: MapView::new(creation.wgpu_render_state.as_ref()),
            stage: Stage::default(),
            filtering: Filtering::default(),
            filter_text: String::new(),
            filter_seen: None,
            focus: None,
            focus_of: None,
            focus_picture: ObjectPicture::new("object", false),
            hover_picture: ObjectPicture::new("hovered object", true),
            cutout_style: CutoutStyle::default(),
            only_map: false,
            gesture: None,
            frame_ms: 0.0,
        }
    }

    /// Goes on in another window, with everything as it was, if the device of the last one failed.
    pub(super) fn reopen(&mut self, creation: &eframe::CreationContext<'_>) {
        let Some(failure) = self.device_failure() else {
            return;
        };
        let text = format!("The window was opened again: {failure}");
        self.notify(text, true);
        let ctx = &creation.egui_ctx;
        theme::install(ctx);
        set_theme(ctx, self.settings.dark);
        self.map.reopen(creation.wgpu_render_state.as_ref());
        self.focus_picture = ObjectPicture::new("object", false);
        self.hover_picture = ObjectPicture::new("hovered object", true);
        // What was being worked out may have woken the old window.
        ctx.request_repaint_after(TICK);
    }

    /// Why the graphics device is gone, if it is.
    pub(super) fn device_failure(&self) -> Option<&str> {
        self.map.device_failure()
    }

    /// Whether a job is running; for tests that wait for one.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.job.is_some() || !self.actions.is_empty()
    }

    fn start(&mut self, ctx: &Context, job: Job, opening: Option<PathBuf>) {
        if let Some(running) = &self.job {
            let name = running.handle.name();
            return self.notify(format!("{name} is still running; cancel it first"), true);
        }
        self.notices.clear();
        self.job = Some(Active::start(ctx, self.history.session(), job, opening));
    }

    fn notify(&mut self, text: String, failure: bool) {
        self.notices.push(Notice {
            text,
            failure,
            since: Instant::now(),
        });
    }

    /// Takes in what the running job has sent.
    fn receive(&mut self, ctx: &Context) {
        while let Some(message) = self.job.as_ref().and_then(|job| job.handle.poll()) {
            match message {
                Message::Report(Report::Edit(edit)) => self.take_in(edit),
                Message::Report(Report::Forming(mapped)) => self.form(mapped),
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
    fn take_in(&mut self, edit: Edit) {
        let Some(job) = &mut self.job else { return };
        if !job.fits(self.history.session(), &edit) {
            let text = "The data changed while they were worked on; the result was dropped";
            return self.notify(text.to_owned(), true);
        }
        if matches!(edit, Edit::Open { .. })
            && let Some(path) = job.opening.take()
        {
            self.settings.opened(&path);
            self.settings.save();
        }
        if matches!(edit, Edit::SetMap(_)) && job.forming.is_some() {
            self.form_on(edit);
        } else {
            self.history.apply(edit);
        }
    }

    /// Shows a map that is still forming: one step to undo, however often it changes.
    fn form(&mut self, mapped: Mapped) {
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
    fn form_on(&mut self, edit: Edit) {
        let now = self.map_revision();
        let Some(job) = &mut self.job else { return };
        if job.forming == now {
            self.history.amend(edit);
            job.forming = self.history.session().map().map(Part::revision);
        } else {
            job.handle.progress().cancel();
        }
    }

    fn map_revision(&self) -> Option<Revision> {
        self.history.session().map().map(Part::revision)
    }

    fn carry_out(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::OpenFileDialog => self.dialogs.open_file(ctx),
            Action::OpenFolderDialog => self.dialogs.open_folder(ctx),
            Action::OpenEncoderDialog => self.dialogs.open_encoder(ctx),
            Action::SaveDialog => self.dialogs.save(ctx),
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
            Action::Save(mut path) => {
                if path.extension().is_none_or(|e| e != SESSION) {
                    path.add_extension(SESSION);
                }
                let session = self.history.session().clone();
                self.start(ctx, Job::SaveSession { session, path }, None);
            }
            Action::EncodeAsChosen => {
                let choice = self.drafts.encoder.clone();
                self.work_on_data(ctx, Action::Encode(choice));
            }
            Action::ReduceAsChosen => self.work_on_data(ctx, Action::Reduce(self.drafts.reduce)),
            Action::Close => self.history.apply(Edit::Close),
            Action::ChooseEncoder(path) => self.choose(path),
            Action::UseCutouts(_) | Action::Encode(_) | Action::Reduce(_) => {
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
                if !self.map.selecting.cancel() {
                    self.focus = None;
                }
            }
            Action::Undo => self.history.undo(),
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

    fn tell_job(&self, what: fn(&Progress)) {
        if let Some(job) = &self.job {
            what(job.handle.progress());
        }
    }

    /// Jobs that need data; without them there is no button that asks for one.
    fn work_on_data(&mut self, ctx: &Context, action: Action) {
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
                then: session.map().map(|map| map.params.unwrap_or_default()),
            },
            (Action::Reduce(params), Some(encoded)) => Job::Reduce {
                encoded: encoded.share(),
                catalog_rows: data.dataset.catalog.len(),
                params,
            },
            _ => return,
        };
        self.start(ctx, job, None);
    }

    /// Takes a card or model for the next run; the device stays.
    fn choose(&mut self, path: PathBuf) {
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
    fn select(&mut self, ctx: &Context, action: Action) {
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

    fn zoom_to_selection(&mut self) {
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

    fn step(&mut self, by: isize) {
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

    /// Asks for what the map is to show and takes in what has arrived.
    fn update_stage(&mut self, ctx: &Context) {
        let session = self.history.session();
        let view = session.view();
        // Undo, a session file and new data change the filter behind the bar.
        if view.filter != self.filter_seen {
            self.filter_seen.clone_from(&view.filter);
            if view.filter.as_deref() != Some(self.filter_text.trim()) {
                self.filter_text = view.filter.clone().unwrap_or_default();
            }
        }
        let forming = self.job.as_ref().is_some_and(|job| job.forming.is_some());
        if let (Some(data), Some(map)) = (session.data(), session.map()) {
            self.filtering.update(ctx, data, &self.filter_text, view);
            let rows = self.filtering.rows();
            self.map.animate = self.settings.animate;
            let wish = Wish {
                session,
                data,
                map,
                rows: rows.as_ref(),
                plane: self.map.orbit.plane(map.revision()),
                turning: self.map.orbit.is_turning(),
                dark: self.settings.dark,
                // What forms moves by itself.
                view: self
                    .map
                    .looked()
                    .filter(|_| self.settings.animate && !forming),
            };
            if self.stage.update(ctx, &wish) {
                self.map.fit();
            }
        }
    }

    /// What the map shows of the data that are open.
    fn shown(&self) -> Option<&Arc<Shown>> {
        let session = self.history.session();
        session.map()?;
        self.stage.shown(session.data()?.revision())
    }

    fn side_panels(&mut self, ui: &mut Ui, running: Option<&Running>, actions: &mut Vec<Action>) {
        let panel = tokens(ui.ctx()).panel;
        let frame = |x: f32, y: f32| {
            Frame::new()
                .fill(panel)
                .inner_margin(egui::Margin::symmetric(x as i8, y as i8))
        };
        Panel::top("top")
            .exact_size(44.0)
            .frame(frame(14.0, 0.0))
            .show(ui, |ui| {
                panels::top::ui(ui, &self.history, &mut self.drafts, running, actions);
            });
        if self.history.session().map().is_some() {
            Panel::top("filter").frame(frame(14.0, 4.0)).show(ui, |ui| {
                let Self {
                    history,
                    filtering,
                    filter_text,
                    ..
                } = self;
                panels::filter::ui(ui, history.session(), filtering, filter_text, actions);
            });
        }
        Panel::bottom("status")
            .exact_size(26.0)
            .frame(frame(14.0, 0.0))
            .show(ui, |ui| {
                panels::status::ui(
                    ui,
                    self.history.session(),
                    self.shown().map(|shown| &**shown),
                    &self.map.adapter(),
                    self.frame_ms,
                );
            });
        let width = ui.ctx().content_rect().width();
        if self.history.session().map().is_none() || width < LEGEND_FROM {
            return;
        }
        Panel::left("legend")
            .resizable(true)
            .default_size(232.0)
            .size_range(180.0..=420.0)
            .frame(frame(12.0, 4.0))
            .show(ui, |ui| {
                egui::ScrollArea::vertical()
                    .auto_shrink(false)
                    .show(ui, |ui| {
                        let look = self.shown().map(|shown| &shown.look);
                        let colored = look.map(|look| &look.colored);
                        panels::legend::ui(ui, self.history.session(), colored, actions);
                        panels::layers::ui(ui, self.history.session().view(), actions);
                        if let Some(look) = look {
                            panels::legend::histograms(ui, &look.histograms);
                        }
                    });
            });
        if self.focus.is_none() && width < INSPECTOR_FROM {
            return;
        }
        Panel::right("inspector")
            .resizable(true)
            .default_size(300.0)
            .size_range(220.0..=560.0)
            .frame(frame(12.0, 4.0))
            .show(ui, |ui| {
                let Self {
                    history,
                    focus,
                    focus_picture,
                    cutout_style,
                    ..
                } = self;
                panels::inspector::ui(ui, history.session(), *focus, focus_picture, cutout_style);
            });
    }

    fn middle(&mut self, ui: &mut Ui, running: Option<&Running>, actions: &mut Vec<Action>) {
        let session = self.history.session().clone();
        let Some(data) = session.data().filter(|_| session.map().is_some()) else {
            let fill = tokens(ui.ctx()).panel;
            CentralPanel::default()
                .frame(Frame::new().fill(fill))
                .show(ui, |ui| {
                    let Self {
                        settings, drafts, ..
                    } = self;
                    panels::start::ui(ui, &session, settings, drafts, running, actions);
                });
            return;
        };
        CentralPanel::default().frame(Frame::new()).show(ui, |ui| {
            let shown = self.stage.shown(data.revision());
            let scene = shown.map(|shown| Scene {
                session: &session,
                shown,
                contours: self.stage.contours(),
                focus: self.focus,
            });
            self.map.ui(ui, scene, actions);
            if let Some(row) = self.map.hovered() {
                views::hover::ui(ui, &session, data, row, &mut self.hover_picture);
            }
        });
    }
}

/// Whether a file is a model or a model card.
fn is_encoder(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "onnx" || e == "toml")
}

fn set_theme(ctx: &Context, dark: bool) {
    ctx.set_theme(if dark {
        ThemePreference::Dark
    } else {
        ThemePreference::Light
    });
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.receive(ctx);
        self.actions.extend(self.dialogs.poll());
        let dropped = ctx.input(|i| {
            i.raw
                .dropped_files
                .first()
                .map(|file| file.path().to_owned())
        });
        self.actions.extend(dropped.map(Action::open));
        for action in std::mem::take(&mut self.actions) {
            self.carry_out(ctx, action);
        }
        if !ctx.input(|i| i.pointer.any_down()) {
            self.gesture = None;
        }
        // The object under study belongs to one state of the data; undo may have brought another.
        let data = self.history.session().data().map(Part::revision);
        if data != self.focus_of {
            self.focus_of = data;
            self.focus = None;
        }
        self.notices
            .retain(|n| n.failure || n.since.elapsed() < REMARK);
        if self.notices.iter().any(|n| !n.failure) {
            ctx.request_repaint_after(TICK);
        }
        self.update_stage(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        self.frame_ms = frame.info().cpu_usage.unwrap_or(0.0) * 1000.0;
        let mut actions = Vec::new();
        self.palette.ui(ui, &mut actions);
        actions.extend(commands::pressed(ui.ctx()));
        let running = self.job.as_ref().map(Active::running);
        if !self.only_map {
            self.side_panels(ui, running.as_ref(), &mut actions);
        }
        self.middle(ui, running.as_ref(), &mut actions);
        panels::notices::ui(ui, &self.notices, &mut actions);
        if !actions.is_empty() {
            ui.ctx().request_repaint();
        }
        self.actions.extend(actions);
    }
}
