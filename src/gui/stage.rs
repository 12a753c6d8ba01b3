//! Which points the map shows now. The whole of a map, a sample that turns and a sample that moves
//! are worked out on other threads, each by its own; the newest that fits is shown.

use std::sync::{Arc, OnceLock};

use eframe::egui::{self, Context};

use super::latest::Latest;
use super::moving::{Change, Moving, Way};
use super::shown::{Selected, Shown, Whole, WholeKey};
use super::turning::{self, Turning};
use crate::data::Plane;
use crate::mask::Mask;
use crate::render::Camera;
use crate::scene::{Contour, contours};
use crate::session::{ContourSpec, LayerKind, Mapped, OpenData, Part, Revision, Session, ViewSpec};
use crate::threads;

/// Steps of a change of maps: frames are told apart by them.
const STEPS: f32 = 1000.0;

/// What the window asks for.
pub(super) struct Wish<'a> {
    pub session: &'a Session,
    pub data: &'a Part<OpenData>,
    pub map: &'a Part<Mapped>,
    /// Rows of the filter in use, and their number.
    pub rows: Option<&'a (u64, Arc<Mask>)>,
    /// How the map is turned, and whether it is being turned.
    pub plane: Plane,
    pub turning: bool,
    pub dark: bool,
    /// What the window shows now and its size, px; `None` when a new map is to appear at once.
    pub view: Option<(Camera, [f32; 2])>,
}

/// What the map shows, and what is being worked out for it.
#[derive(Default)]
pub(super) struct Stage {
    whole: Latest<WholeKey, Arc<Shown>>,
    /// Of the whole with that number, sampled by the first worker that needs it.
    turning: Option<(u64, Arc<OnceLock<Turning>>)>,
    turned: Latest<turning::Key, Option<Arc<Shown>>>,
    moving: Option<Moving>,
    moved: Latest<(u64, u32), Option<Arc<Shown>>>,
    contours: Latest<(u64, ContourSpec), (u64, Vec<Contour>)>,
    contours_serial: u64,
    shown: Option<Arc<Shown>>,
}

impl Stage {
    /// What is shown of that data.
    pub fn shown(&self, data: Revision) -> Option<&Arc<Shown>> {
        self.shown.as_ref().filter(|shown| shown.data == data)
    }

    /// The newest contours of the points that are shown, and a number that changes with them.
    pub fn contours(&self) -> (&[Contour], u64) {
        let places = self.shown.as_ref().map(|shown| shown.places);
        let answer = self.contours.answer().map(|(_, answer)| answer);
        let lines = answer.filter(|(of, _)| Some(*of) == places);
        lines.map_or((&[], 0), |(_, lines)| (lines, self.contours_serial))
    }

    /// Asks for what is wished and takes in what has arrived. Returns whether a new map begins to
    /// appear, which is to be fitted.
    pub fn update(&mut self, ctx: &Context, wish: &Wish<'_>) -> bool {
        let begins = self.update_whole(ctx, wish);
        let selection = wish.session.selection();
        let selection = selection.map(|part| (part.revision(), part.share()));
        self.update_turning(ctx, wish, &selection);
        self.update_moving(ctx, &selection, wish.dark);
        self.shown = self.choose(wish);
        self.update_contours(ctx, wish.session.view());
        begins
    }

    fn update_whole(&mut self, ctx: &Context, wish: &Wish<'_>) -> bool {
        let view = wish.session.view();
        let key = WholeKey {
            data: wish.data.revision(),
            map: wish.map.revision(),
            plane: wish.plane,
            view: ViewSpec {
                color: view.color.clone(),
                size_by: view.size_by.clone(),
                marker_by: view.marker_by.clone(),
                ..ViewSpec::default()
            },
            rows: wish.rows.map_or(0, |(serial, _)| *serial),
            dark: wish.dark || !wish.map.points.turns(),
        };
        let before = self.whole.answer().map(|(_, shown)| Arc::clone(shown));
        let there = before.as_ref().is_some_and(|shown| shown.of == key.map);
        if !(wish.turning && there) {
            let selection = wish.session.selection();
            let whole = Whole {
                key: key.clone(),
                opened: wish.data.share(),
                mapped: wish.map.share(),
                rows: wish.rows.map(|(_, rows)| Arc::clone(rows)),
                selection: selection.map(|part| (part.revision(), part.share())),
                before: before.clone(),
            };
            self.whole.ask(ctx, &key, move || whole.make());
        }
        if !self.whole.poll(ctx) {
            return false;
        }
        let after = self.whole.answer().map(|(_, shown)| Arc::clone(shown));
        let (Some(from), Some(to)) = (before, after) else {
            return false;
        };
        if from.of == to.of || from.data != to.data {
            return false;
        }
        self.moving = wish.view.and_then(|(camera, size_px)| {
            let end_camera = Camera::fit(to.bounds?, size_px);
            Some(Moving::new(Change {
                from,
                camera,
                to,
                end_camera,
            }))
        });
        true
    }

    fn update_turning(&mut self, ctx: &Context, wish: &Wish<'_>, selection: &Selected) {
        let Some((_, whole)) = self.whole.answer() else {
            return;
        };
        let turns = whole.of == wish.map.revision() && wish.map.points.turns();
        if self
            .turning
            .as_ref()
            .is_some_and(|(of, _)| *of != whole.serial)
        {
            self.turning = None;
        }
        if turns && whole.plane() != wish.plane {
            let new = || (whole.serial, Arc::default());
            let turning = Arc::clone(&self.turning.get_or_insert_with(new).1);
            let (whole, plane, dark) = (Arc::clone(whole), wish.plane, wish.dark);
            let chosen = selection.clone();
            let key = (whole.serial, plane, chosen.as_ref().map(|c| c.0), dark);
            self.turned.ask(ctx, &key, move || {
                let turning = turning.get_or_init(|| Turning::of(whole));
                threads::promptly(|| turning.seen(plane, &chosen, dark))
            });
        }
        self.turned.poll(ctx);
    }

    fn update_moving(&mut self, ctx: &Context, selection: &Selected, dark: bool) {
        let Some(moving) = &mut self.moving else {
            return;
        };
        let newest = self.whole.answer().map(|(_, shown)| shown.serial);
        if newest != Some(moving.change.to.serial) || moving.progress() >= 1.0 || interrupted(ctx) {
            self.moving = None;
            ctx.request_repaint();
            return;
        }
        let serial = moving.change.to.serial;
        let step = (moving.progress() * STEPS) as u32;
        let (change, way) = (moving.change.clone(), Arc::clone(&moving.way));
        let selection = selection.clone();
        self.moved.ask(ctx, &(serial, step), move || {
            let way = way.get_or_init(|| Way::find(&change));
            threads::promptly(|| way.at(step as f32 / STEPS, &selection, dark))
        });
        self.moved.poll(ctx);
        ctx.request_repaint();
    }

    /// What fits best of what is there.
    fn choose(&self, wish: &Wish<'_>) -> Option<Arc<Shown>> {
        let (_, whole) = self.whole.answer()?;
        if let Some(moving) = &self.moving {
            let serial = moving.change.to.serial;
            let frame = self.moved.answer().filter(|((of, _), _)| *of == serial);
            let frame = frame.and_then(|(_, frame)| frame.as_ref());
            return Some(Arc::clone(frame.unwrap_or(&moving.change.from)));
        }
        let fits = whole.of != wish.map.revision() || whole.plane() == wish.plane;
        let turned = self
            .turned
            .answer()
            .filter(|(key, _)| key.0 == whole.serial);
        let turned = turned.and_then(|(_, shown)| shown.as_ref());
        Some(Arc::clone(turned.filter(|_| !fits).unwrap_or(whole)))
    }

    fn update_contours(&mut self, ctx: &Context, view: &ViewSpec) {
        let whole = self.whole.answer().map(|(_, whole)| whole.serial);
        let shown = self.shown.as_ref();
        if view.shows(LayerKind::Contours)
            && let Some(shown) = shown.filter(|shown| Some(shown.serial) == whole)
        {
            let (shown, spec) = (Arc::clone(shown), view.contours.clone());
            let key = (shown.serial, spec.clone());
            self.contours.ask(ctx, &key, move || {
                let lines = contours(&shown.points, &shown.look.colored, &spec, &|| false);
                (shown.places, lines)
            });
        }
        if self.contours.poll(ctx) {
            self.contours_serial += 1;
        }
    }
}

/// Whether the user wants something else than to look on.
fn interrupted(ctx: &Context) -> bool {
    ctx.input(|i| {
        i.events.iter().any(|event| {
            matches!(
                event,
                egui::Event::Key { pressed: true, .. }
                    | egui::Event::PointerButton { pressed: true, .. }
                    | egui::Event::MouseWheel { .. }
                    | egui::Event::Zoom(_)
            )
        })
    })
}
