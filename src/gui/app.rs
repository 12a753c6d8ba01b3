//! The application: `logic` takes in what has arrived and carries out what was asked for; `ui` draws
//! panels that read the session and ask for more.

mod actions;
mod layout;
mod work;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use eframe::egui::{self, Context, ThemePreference, Ui};

use super::Start;
use super::action::Action;
use super::active::Active;
use super::chosen::Chosen;
use super::commands;
use super::decoding::Decoding;
use super::dialogs::Dialogs;
use super::filtering::Filtering;
use super::judgements::Judgements;
use super::nearest::Nearest;
use super::objects::ObjectPicture;
use super::panels::{self, palette::Palette};
use super::settings::Settings;
use super::stage::{Stage, Wish};
use super::theme;
use super::views::map::MapView;
use crate::analysis::reduce::{Method, ReduceParams};
use crate::job::QualityRequest;
use crate::scene::CutoutStyle;
use crate::session::{EncoderChoice, History, MapRecipe, Part, ReduceRecipe, Revision};

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
    pub chosen: Chosen,
    pub map: MapDraft,
    /// What to measure of the map next.
    pub quality: QualityRequest,
}

/// The map to make next.
#[derive(Default)]
pub(super) struct MapDraft {
    pub reduce: ReduceParams,
    /// UMAP: classes to keep together, an earlier map to start like.
    pub labels: Option<String>,
    pub like: Option<PathBuf>,
    /// Whether columns of the catalogue are its axes, in place of a reduction.
    pub by_columns: bool,
    pub columns: [String; 3],
}

impl MapDraft {
    pub fn recipe(&self) -> MapRecipe {
        if self.by_columns {
            MapRecipe::Columns(self.columns[..self.reduce.dims].to_vec())
        } else {
            let umap = self.reduce.method == Method::Umap;
            MapRecipe::Reduce(ReduceRecipe {
                labels: self.labels.clone().filter(|_| umap),
                like: self.like.clone().filter(|_| umap),
                params: ReduceParams {
                    start: match self.like {
                        Some(_) => ReduceParams::default().start,
                        None => self.reduce.start,
                    },
                    ..self.reduce
                },
            })
        }
    }

    /// What the button says.
    pub fn name(&self) -> String {
        if self.by_columns {
            "Make a map of columns".to_owned()
        } else {
            format!("Make a {} map", self.reduce.method.name())
        }
    }
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
    decoding: Decoding,
    nearest: Nearest,
    judgements: Judgements,
    /// The objects at the ends of a walk.
    walk: Option<[usize; 2]>,
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
            decoding: Decoding::default(),
            nearest: Nearest::default(),
            judgements: Judgements::default(),
            walk: None,
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
        self.decoding = Decoding::default();
        self.nearest.forget_textures();
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

    fn notify(&mut self, text: String, failure: bool) {
        self.notices.push(Notice {
            text,
            failure,
            since: Instant::now(),
        });
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
        } else {
            self.stage = Stage::default();
        }
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
        self.drafts.chosen.update(ctx, &self.drafts.encoder);
        if !ctx.input(|i| i.pointer.any_down()) {
            self.gesture = None;
        }
        // The object under study belongs to one state of the data; undo may have brought another.
        let data = self.history.session().data().map(Part::revision);
        if data != self.focus_of {
            self.focus_of = data;
            self.focus = None;
            self.walk = None;
        }
        self.notices
            .retain(|n| n.failure || n.since.elapsed() < REMARK);
        if self.notices.iter().any(|n| !n.failure) {
            ctx.request_repaint_after(TICK);
        }
        if super::latest::take_fault(ctx) {
            let text = "Something could not be worked out for an error in this program; the terminal says which";
            self.notify(text.to_owned(), true);
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
        panels::card::ui(ui.ctx(), &mut self.drafts, running.is_some(), &mut actions);
        panels::notices::ui(ui, &self.notices, &mut actions);
        if !actions.is_empty() {
            ui.ctx().request_repaint();
        }
        self.actions.extend(actions);
    }
}
