//! The application: `logic` takes in what has arrived and carries out what was asked for; `ui` draws
//! panels that read the session and ask for more.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use eframe::egui::{self, CentralPanel, Context, Frame, Panel, ThemePreference, Ui};

use super::Start;
use super::action::Action;
use super::commands;
use super::dialogs::Dialogs;
use super::latest::Latest;
use super::objects::ObjectPicture;
use super::panels::{self, palette::Palette};
use super::settings::Settings;
use super::theme::{self, STEP, tokens};
use super::views::map::{Coloring, MapView};
use crate::analysis::reduce::ReduceParams;
use crate::job::{Job, JobHandle, Message, Report, demo_folder};
use crate::progress::Snapshot;
use crate::scene::{Colored, CutoutStyle, Histogram, color_points, histograms};
use crate::session::{ColorBy, Edit, EncoderChoice, History, ModelRef, Revision};
use crate::synth::SurveyParams;

/// Redraws of a progress bar.
const TICK: Duration = Duration::from_millis(100);
/// Extension of session files.
const SESSION: &str = "latentarium";
const HOVER_PICTURE: f32 = 132.0;
/// Histograms under the legend.
const HISTOGRAMS: usize = 3;

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
}

/// What the running job says, for one frame.
pub(super) struct Running {
    pub name: String,
    pub snapshot: Snapshot,
    pub elapsed: Duration,
}

impl Running {
    /// About how long it will take, once that can be told.
    pub fn remaining(&self) -> String {
        let (elapsed, fraction) = (self.elapsed.as_secs_f32(), self.snapshot.fraction);
        if elapsed < 2.0 || fraction < 0.02 {
            return String::new();
        }
        format!(
            " · about {:.0} s left",
            elapsed * (1.0 - fraction) / fraction
        )
    }
}

/// The window's program.
pub struct App {
    history: History,
    settings: Settings,
    drafts: Drafts,
    job: Option<JobHandle>,
    /// What to remember as opened when the running job has opened it.
    opening: Option<PathBuf>,
    notices: Vec<Notice>,
    actions: Vec<Action>,
    dialogs: Dialogs,
    palette: Palette,
    map: MapView,
    colors: Latest<(Revision, Revision, ColorBy), (Colored, Vec<Histogram>)>,
    colors_serial: u64,
    focus: Option<usize>,
    focus_picture: ObjectPicture,
    hover_picture: ObjectPicture,
    cutout_style: CutoutStyle,
    only_map: bool,
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
            opening: None,
            notices: Vec::new(),
            actions,
            dialogs: Dialogs::default(),
            palette: Palette::default(),
            map: MapView::new(creation.wgpu_render_state.as_ref()),
            colors: Latest::default(),
            colors_serial: 0,
            focus: None,
            focus_picture: ObjectPicture::new("object", false),
            hover_picture: ObjectPicture::new("hovered object", true),
            cutout_style: CutoutStyle::default(),
            only_map: false,
            frame_ms: 0.0,
        }
    }

    /// Whether a job is running; for tests that wait for one.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.job.is_some() || !self.actions.is_empty()
    }

    fn start(&mut self, ctx: &Context, job: Job) {
        if let Some(running) = &self.job {
            let text = format!("{} is still running; cancel it first", running.name());
            return self.notify(text, true);
        }
        let ctx = ctx.clone();
        self.job = Some(JobHandle::spawn(job, move || ctx.request_repaint()));
    }

    fn notify(&mut self, text: String, failure: bool) {
        self.notices.push(Notice { text, failure });
    }

    /// Takes in what the running job has sent.
    fn receive(&mut self, ctx: &Context) {
        while let Some(message) = self.job.as_ref().and_then(JobHandle::poll) {
            match message {
                Message::Report(Report::Edit(edit)) => {
                    if matches!(edit, Edit::Open { .. }) {
                        self.focus = None;
                        if let Some(path) = self.opening.take() {
                            self.settings.opened(&path);
                            self.settings.save();
                        }
                    }
                    self.history.apply(edit);
                }
                Message::Report(Report::Notice(text)) => self.notify(text, false),
                Message::Done(result) => {
                    self.job = None;
                    self.opening = None;
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

    fn carry_out(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::OpenFileDialog => self.dialogs.open_file(ctx),
            Action::OpenFolderDialog => self.dialogs.open_folder(ctx),
            Action::OpenEncoderDialog => self.dialogs.open_encoder(ctx),
            Action::SaveDialog => self.dialogs.save(ctx),
            Action::Open { path, .. }
                if path.extension().is_some_and(|e| e == "onnx" || e == "toml") =>
            {
                let model = ModelRef::File(path);
                let device = self.drafts.encoder.device.clone();
                self.choose(EncoderChoice {
                    model,
                    device,
                    ..EncoderChoice::default()
                });
            }
            Action::Open { path, cutouts } => {
                self.opening = Some(path.clone());
                let session = path.extension().is_some_and(|e| e == SESSION);
                let job = if session {
                    Job::OpenSession { path }
                } else {
                    Job::Open { path, cutouts }
                };
                self.start(ctx, job);
            }
            Action::UseCutouts(folder) => {
                if let Some(data) = self.history.session().data() {
                    let path = data.dataset.path.clone();
                    let cutouts = Some(folder);
                    self.start(ctx, Job::Open { path, cutouts });
                }
            }
            Action::OpenDemo => {
                let params = SurveyParams::default();
                let folder = demo_folder(&params);
                self.start(ctx, Job::Demo { folder, params });
            }
            Action::Save(path) => {
                let session = self.history.session().clone();
                self.start(ctx, Job::SaveSession { session, path });
            }
            Action::Close => {
                self.focus = None;
                self.history.apply(Edit::Close);
            }
            Action::ChooseEncoder(choice) => self.choose(choice),
            Action::Encode(choice) => {
                if let Some(data) = self.history.session().data() {
                    let data = data.share();
                    self.start(ctx, Job::Encode { data, choice });
                }
            }
            Action::Reduce(params) => {
                let session = self.history.session();
                if let (Some(data), Some(encoded)) = (session.data(), session.embedding()) {
                    let catalog_rows = data.dataset.catalog.len();
                    let encoded = encoded.share();
                    let job = Job::Reduce {
                        encoded,
                        catalog_rows,
                        params,
                    };
                    self.start(ctx, job);
                }
            }
            Action::CancelJob => {
                if let Some(job) = &self.job {
                    job.progress().cancel();
                }
            }
            Action::SetView {
                view,
                goes_on: false,
            } => self.history.apply(Edit::SetView(view)),
            Action::SetView {
                view,
                goes_on: true,
            } => self.history.amend(Edit::SetView(view)),
            Action::Undo => self.history.undo(),
            Action::Redo => self.history.redo(),
            Action::Fit => self.map.fit(),
            Action::Zoom(factor) => self.map.zoom(factor),
            Action::Focus(row) => self.focus = row,
            Action::Step(by) => self.step(by),
            Action::ToggleTheme => {
                self.settings.dark = !self.settings.dark;
                self.settings.save();
                set_theme(ctx, self.settings.dark);
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
        // Undo may have taken the object away that was under study.
        let rows = self
            .history
            .session()
            .data()
            .map_or(0, |d| d.dataset.catalog.len());
        self.focus = self.focus.filter(|row| *row < rows);
    }

    fn choose(&mut self, choice: EncoderChoice) {
        self.notify(
            format!("The encoder is now {}; run it under Encoder", choice.name()),
            false,
        );
        self.drafts.encoder = choice;
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

    /// Asks for the colours of the map and takes in those that have arrived.
    fn update_colors(&mut self, ctx: &Context) {
        let session = self.history.session();
        if let (Some(data), Some(map)) = (session.data(), session.map()) {
            let by = session.view().color.clone();
            let key = (data.revision(), map.revision(), by.clone());
            let (data, map) = (data.share(), map.share());
            self.colors.ask(ctx, &key, move || {
                let catalog = &data.dataset.catalog;
                let colored = color_points(catalog, &map.points, &by);
                let histograms = histograms(catalog, &map.points, &colored, HISTOGRAMS);
                (colored, histograms)
            });
        }
        if self.colors.poll(ctx) {
            self.colors_serial += 1;
        }
    }

    /// The newest colours that belong to the points of today's map.
    fn coloring(&self) -> Option<Coloring<'_>> {
        let map = self.history.session().map()?;
        let ((_, revision, _), (colored, _)) = self.colors.answer()?;
        (*revision == map.revision()).then_some(Coloring {
            colored,
            serial: self.colors_serial,
        })
    }

    fn running(&self) -> Option<Running> {
        self.job.as_ref().map(|job| Running {
            name: job.name().to_owned(),
            snapshot: job.progress().snapshot(),
            elapsed: Instant::now().duration_since(job.started()),
        })
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
        Panel::bottom("status")
            .exact_size(26.0)
            .frame(frame(14.0, 0.0))
            .show(ui, |ui| {
                let colored = self.coloring().map(|c| c.colored);
                panels::status::ui(
                    ui,
                    self.history.session(),
                    colored,
                    &self.map.adapter(),
                    self.frame_ms,
                );
            });
        if self.history.session().map().is_none() {
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
                        let colored = self.coloring().map(|c| c.colored);
                        panels::legend::ui(ui, self.history.session(), colored, actions);
                        if let Some((_, (_, histograms))) = self.colors.answer() {
                            panels::legend::histograms(ui, histograms);
                        }
                    });
            });
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
        let Some(map) = session.map() else {
            let fill = tokens(ui.ctx()).panel;
            CentralPanel::default()
                .frame(Frame::new().fill(fill))
                .show(ui, |ui| {
                    panels::start::ui(ui, &session, &self.settings, &self.drafts, running, actions);
                });
            return;
        };
        CentralPanel::default().frame(Frame::new()).show(ui, |ui| {
            let Self {
                map: view,
                colors,
                colors_serial,
                focus,
                ..
            } = self;
            let coloring = colors
                .answer()
                .filter(|((_, revision, _), _)| *revision == map.revision())
                .map(|(_, (colored, _))| Coloring {
                    colored,
                    serial: *colors_serial,
                });
            let rect = view.ui(ui, &session, map, coloring.as_ref(), *focus, actions);
            if let Some(running) = running {
                let corner = rect.left_bottom() + egui::vec2(16.0, -84.0);
                let place = egui::Rect::from_min_size(corner, egui::vec2(380.0, 68.0));
                ui.scope_builder(egui::UiBuilder::new().max_rect(place), |ui| {
                    Frame::popup(ui.style())
                        .show(ui, |ui| panels::start::progress(ui, running, actions));
                });
            }
            self.hover_card(ui, &session);
        });
    }

    /// The picture and a few facts of the object under the cursor.
    fn hover_card(&mut self, ui: &Ui, session: &crate::session::Session) {
        let (Some(data), Some(row), Some(cursor)) = (
            session.data(),
            self.map.hovered(),
            ui.ctx().pointer_hover_pos(),
        ) else {
            return;
        };
        self.hover_picture
            .update(ui.ctx(), data, row, CutoutStyle::default());
        let screen = ui.ctx().content_rect();
        let room_right = screen.right() - cursor.x > HOVER_PICTURE + 60.0;
        let room_below = screen.bottom() - cursor.y > HOVER_PICTURE + 100.0;
        let pivot = match (room_right, room_below) {
            (true, true) => egui::Align2::LEFT_TOP,
            (true, false) => egui::Align2::LEFT_BOTTOM,
            (false, true) => egui::Align2::RIGHT_TOP,
            (false, false) => egui::Align2::RIGHT_BOTTOM,
        };
        let offset = egui::vec2(
            if room_right { 18.0 } else { -18.0 },
            if room_below { 12.0 } else { -12.0 },
        );
        egui::Area::new(egui::Id::unique("hover card"))
            .order(egui::Order::Tooltip)
            .interactable(false)
            .pivot(pivot)
            .fixed_pos(cursor + offset)
            .show(ui.ctx(), |ui| {
                Frame::popup(ui.style())
                    .inner_margin(1.5 * STEP)
                    .show(ui, |ui| {
                        ui.set_width(HOVER_PICTURE);
                        if data.dataset.cutouts.is_some() {
                            let (place, _) = ui.allocate_exact_size(
                                egui::Vec2::splat(HOVER_PICTURE),
                                egui::Sense::hover(),
                            );
                            ui.painter().rect_filled(place, 4.0, egui::Color32::BLACK);
                            if let Some(texture) =
                                self.hover_picture.texture((data.revision(), row))
                            {
                                let size = texture.size_vec2();
                                let shown = size * (HOVER_PICTURE / size.x.max(size.y));
                                let rect = egui::Rect::from_center_size(place.center(), shown);
                                egui::Image::new((texture.id(), shown))
                                    .corner_radius(4.0)
                                    .paint_at(ui, rect);
                            }
                        }
                        panels::inspector::card(ui, session, data, row);
                    });
            });
    }
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
        self.update_colors(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        self.frame_ms = frame.info().cpu_usage.unwrap_or(0.0) * 1000.0;
        let mut actions = Vec::new();
        self.palette.ui(ui, &mut actions);
        actions.extend(commands::pressed(ui.ctx()));
        let running = self.running();
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
