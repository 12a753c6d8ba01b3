//! The map: shows the picture of its canvas, turns the mouse into camera moves, hover and focus.

mod canvas;
mod gizmo;
mod orbit;
mod overlay;
mod pictures;
mod probe;
mod toolbar;
mod tools;

use std::sync::Arc;

use eframe::egui::{self, Color32, PointerButton, Pos2, Rect, Sense, Ui};
use eframe::egui_wgpu::RenderState;

use super::super::action::Action;
use super::super::shown::Shown;
use super::super::thumbnails::Thumbnails;
use crate::data::Plane;
use crate::job::FigureRequest;
use crate::render::{Bounds, Camera, PointStyle};
use crate::scene::{Contour, ground, pick, point_style};
use crate::session::{Revision, Session};
use canvas::{Canvas, Content, Key};
use orbit::Orbit;
use overlay::Overlay;
use probe::Probe;
use tools::Selecting;

pub(in crate::gui) use tools::Tool;

/// Zoom for one notch of the wheel (about 50 points of scrolling).
const WHEEL: f64 = 0.004;

/// The map's own state: camera, what is on the GPU, what the cursor is over.
pub(in crate::gui) struct MapView {
    canvas: Option<Canvas>,
    /// Where the user went; the whole map is shown, whatever the size of the window, until then.
    camera: Option<(Revision, Camera)>,
    /// What the last frame showed.
    shown: Option<(Revision, Camera)>,
    size_px: Option<[f32; 2]>,
    /// Pixels of a point of the window.
    ratio: f32,
    hovered: Option<usize>,
    thumbnails: Thumbnails,
    failure: Option<String>,
    pub selecting: Selecting,
    pub orbit: Orbit,
    pub probe: Probe,
    /// The map that the tool was chosen for.
    tool_of: Option<Revision>,
    /// Whether changes of the view are animated.
    pub animate: bool,
    /// A rectangle to zoom into, while it is being drawn.
    zoom_box: Option<Pos2>,
}

/// What is to be drawn.
#[derive(Clone, Copy)]
pub(in crate::gui) struct Scene<'a> {
    pub session: &'a Session,
    pub shown: &'a Shown,
    /// Lines, and a number that changes with them.
    pub contours: (&'a [Contour], u64),
    /// The object under study.
    pub focus: Option<usize>,
}

/// A view of the map in the window: from points of the user interface to pixels of the picture.
#[derive(Debug, Clone, Copy)]
pub(in crate::gui) struct Viewport {
    pub rect: Rect,
    pub camera: Camera,
    pub size_px: [f32; 2],
    pub ratio: f32,
}

impl Viewport {
    pub fn px(&self, pos: Pos2) -> [f32; 2] {
        [
            (pos.x - self.rect.min.x) * self.ratio,
            (pos.y - self.rect.min.y) * self.ratio,
        ]
    }

    pub fn pos(&self, world: [f64; 2]) -> Pos2 {
        let px = self.camera.px_from_world(world, self.size_px);
        self.rect.min + egui::Vec2::from(px) / self.ratio
    }
}

impl MapView {
    /// With the window's device, if it has one.
    pub fn new(state: Option<&RenderState>) -> Self {
        Self {
            canvas: state.map(Canvas::new),
            camera: None,
            shown: None,
            size_px: None,
            ratio: 1.0,
            hovered: None,
            thumbnails: Thumbnails::default(),
            failure: None,
            selecting: Selecting::default(),
            orbit: Orbit::default(),
            probe: Probe::default(),
            tool_of: None,
            animate: true,
            zoom_box: None,
        }
    }

    /// Takes another device.
    pub fn reopen(&mut self, state: Option<&RenderState>) {
        self.canvas = state.map(Canvas::new);
        self.thumbnails = Thumbnails::default();
    }

    /// Why the device is gone, if it is.
    pub fn device_failure(&self) -> Option<&str> {
        self.canvas.as_ref()?.failure()
    }

    /// Ends the device, so that another is started.
    pub fn stop_device(&self) {
        if let Some(canvas) = &self.canvas {
            canvas.stop();
        }
    }

    /// Name of the adapter.
    pub fn adapter(&self) -> String {
        self.canvas
            .as_ref()
            .map_or_else(|| "no graphics".to_owned(), Canvas::adapter)
    }

    /// Catalogue row under the cursor.
    pub fn hovered(&self) -> Option<usize> {
        self.hovered
    }

    /// Shows the whole map at the next frame.
    pub fn fit(&mut self) {
        self.camera = None;
    }

    /// Where the viewer looked in the last frame, and the size of the picture, px.
    pub fn looked(&self) -> Option<(Camera, [f32; 2])> {
        Some((self.shown?.1, self.size_px?))
    }

    /// A figure of what is shown.
    pub fn figure_request(&self, dark: bool, shown: Option<&Shown>) -> FigureRequest {
        let size = self.size_px.unwrap_or([1280.0, 800.0]);
        let points = size.map(|side| (side / self.ratio).round().max(1.0) as u32);
        let origin = shown.map_or([0.0; 2], |shown| shown.points.origin());
        FigureRequest {
            size: points.into(),
            scale: 2.0,
            dark,
            plane: shown.map_or(Plane::FRONT, Shown::plane),
            bounds: self
                .shown
                .map(|(_, camera)| camera.bounds(size).moved(origin)),
            axes: true,
            legend: true,
        }
    }

    /// Shows that part of the world at the next frame.
    pub fn show(&mut self, map: Revision, bounds: Bounds) {
        if let Some(size_px) = self.size_px {
            self.camera = Some((map, Camera::fit(bounds, size_px)));
        }
    }

    /// Zooms about the middle.
    pub fn zoom(&mut self, factor: f64) {
        self.camera = self
            .shown
            .map(|(revision, camera)| (revision, camera.scaled(factor)));
    }

    /// Draws the map into the rest of `ui`.
    pub fn ui(&mut self, ui: &mut Ui, scene: Option<Scene<'_>>, actions: &mut Vec<Action>) {
        let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, "Map"));
        let dark = ui.visuals().dark_mode;
        let [r, g, b, _] = ground(dark);
        ui.painter()
            .rect_filled(rect, 0.0, Color32::from_rgb(r, g, b));
        self.hovered = None;
        if response.drag_started() {
            // Keys mean the map from now on.
            ui.memory_mut(|memory| {
                if let Some(focused) = memory.focused() {
                    memory.surrender_focus(focused);
                }
            });
        }
        let Some(scene) = scene else {
            return;
        };
        let Scene { session, shown, .. } = scene;
        let mut viewport = self.viewport(ui, rect, shown);
        let Viewport { size_px, ratio, .. } = viewport;
        if self.tool_of != Some(shown.of) {
            self.tool_of = Some(shown.of);
            self.selecting.tool = self.selecting.tool.on_new_map(shown.turns);
        }
        if self.selecting.tool == Tool::Decode && session.embedding().is_none() {
            self.selecting.tool = Tool::Pan;
        }
        let on = (shown.of, shown.plane());
        let selects = self.selecting.mouse(ui, &response, on, &viewport);
        let probes = !selects && self.selecting.tool == Tool::Decode;
        viewport.camera = self.steer(ui, &response, shown, &viewport, selects || probes);
        self.size_px = Some(size_px);
        self.ratio = ratio;
        self.shown = Some((shown.of, viewport.camera));

        let view = session.view();
        self.update_thumbnails(ui, session, shown, &viewport);
        let style = point_style(&shown.points, view, &viewport.camera, size_px, ratio, dark);
        if let Some(selection) = self.selecting.update(ui.ctx(), session, shown) {
            actions.push(Action::Select(Arc::new(selection)));
        }
        let places = self.selecting.places(session, shown);
        let content = Content {
            shown,
            contours: scene.contours.0,
            selection: places
                .as_ref()
                .map(|(mask, _)| &**mask)
                .filter(|m| !m.is_empty()),
            view,
            key: Key {
                serials: [
                    shown.serial,
                    scene.contours.1,
                    places.as_ref().map_or(0, |(_, serial)| *serial),
                    self.thumbnails.serial(),
                ],
                camera: viewport.camera,
                style,
                layers: (view.layers.clone(), view.density),
                size_px,
                pixels_per_point: ratio,
                dark,
            },
        };
        self.draw(ui, rect, &content);
        if !selects || self.selecting.lets_look() {
            self.hover(ui, &response, shown, &viewport, style, actions);
        }
        self.probe(ui, &response, shown, &viewport, probes, actions);
        Overlay {
            session,
            shown,
            viewport: &viewport,
            thumbnails: &self.thumbnails,
            radius: style.radius_px / ratio,
        }
        .paint(ui, scene.focus, self.hovered);
        self.selecting.paint(ui, &viewport);
        self.probe.paint(ui, &viewport);
        if let (Some(from), Some(to)) = (self.zoom_box, ui.ctx().pointer_latest_pos()) {
            let stroke = egui::Stroke::new(1.0, super::super::theme::tokens(ui.ctx()).strong);
            let rect = Rect::from_two_pos(from, to);
            ui.painter()
                .rect_stroke(rect, 0.0, stroke, egui::StrokeKind::Middle);
        }
        // Of a sample the places are not all: the selection itself is counted.
        let selected = if shown.sample.is_some() {
            let drawing = self.selecting.is_drawing();
            let selection = session.selection().filter(|_| !drawing);
            selection.map(|selection| selection.rows.count())
        } else {
            places.map(|(mask, _)| mask.count())
        };
        toolbar::ui(ui, rect, &scene, &mut self.selecting, selected, actions);
        if shown.points.turns()
            && let Some(plane) = gizmo::ui(ui, rect, &shown.points)
        {
            self.turn_to(shown.of, plane);
            ui.ctx().request_repaint();
        }
    }

    fn viewport(&self, ui: &Ui, rect: Rect, shown: &Shown) -> Viewport {
        let ratio = ui.ctx().pixels_per_point();
        let size_px = [
            (rect.width() * ratio).round().max(1.0),
            (rect.height() * ratio).round().max(1.0),
        ];
        let bounds = shown.bounds.unwrap_or(Bounds {
            min: [0.0; 2],
            max: [1.0; 2],
        });
        let camera = match self.camera {
            Some((revision, camera)) if revision == shown.of => camera,
            _ => Camera::fit(bounds, size_px),
        };
        Viewport {
            rect,
            camera,
            size_px,
            ratio,
        }
    }

    /// Turns a map until it is seen in `plane`; the camera stays.
    pub fn turn_to(&mut self, map: Revision, plane: Plane) {
        self.camera = self.shown.filter(|(of, _)| *of == map);
        self.orbit.turn_to(map, plane, !self.animate);
    }

    /// The decode tool; a line between two objects becomes a walk.
    fn probe(
        &mut self,
        ui: &Ui,
        response: &egui::Response,
        shown: &Shown,
        viewport: &Viewport,
        probes: bool,
        actions: &mut Vec<Action>,
    ) {
        if !probes || shown.sample.is_some() {
            return self.probe.leave();
        }
        let Some(ends) = self.probe.mouse(ui, response, viewport) else {
            return;
        };
        let object = |pos: Pos2| {
            let place = pick(
                shown.points.tree(),
                &shown.look.colored.point_groups(),
                &viewport.camera,
                viewport.size_px,
                probe::REACH * viewport.ratio,
                viewport.px(pos),
            );
            place.map(|place| shown.points.row(place))
        };
        if let [Some(from), Some(to)] = ends.map(object) {
            actions.push(Action::Walk(Some([from, to])));
        }
    }

    fn hover(
        &mut self,
        ui: &Ui,
        response: &egui::Response,
        shown: &Shown,
        viewport: &Viewport,
        style: PointStyle,
        actions: &mut Vec<Action>,
    ) {
        let Some(cursor) = response.hover_pos().filter(|_| !response.dragged()) else {
            return;
        };
        let point = || {
            pick(
                shown.points.tree(),
                &shown.look.colored.point_groups(),
                &viewport.camera,
                viewport.size_px,
                style.radius_px,
                viewport.px(cursor),
            )
        };
        let place = self.thumbnails.hit(viewport.px(cursor)).or_else(point);
        self.hovered = place.map(|place| shown.points.row(place));
        if self.hovered.is_some() {
            ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
        }
        if response.clicked_by(PointerButton::Primary) {
            actions.push(Action::Focus(self.hovered));
        }
    }

    /// Turns wheel, drag, box and double click into a new camera or another plane; a tool that selects
    /// keeps the left button for itself.
    fn steer(
        &mut self,
        ui: &Ui,
        response: &egui::Response,
        shown: &Shown,
        viewport: &Viewport,
        selects: bool,
    ) -> Camera {
        let mut moved = viewport.camera;
        let orbits = !selects && self.selecting.tool == Tool::Orbit && shown.turns;
        if self.orbit.update(response, ui.ctx(), shown.of, orbits) {
            // A fitted view would grow and shrink while the map turns.
            self.camera = Some((shown.of, moved));
        }
        if let Some(cursor) = response.hover_pos() {
            let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta().y, i.zoom_delta()));
            let factor = f64::from(pinch) * (f64::from(scroll) * WHEEL).exp();
            if (factor - 1.0).abs() > 1e-6 {
                moved = moved.zoomed(factor, viewport.px(cursor), viewport.size_px);
            }
        }
        let held = !selects && !orbits && response.dragged_by(PointerButton::Primary);
        if held || response.dragged_by(PointerButton::Middle) {
            let delta = response.drag_delta() * viewport.ratio;
            moved = moved.panned([delta.x, delta.y]);
        }
        if response.drag_started_by(PointerButton::Secondary) {
            self.zoom_box = ui.input(|i| i.pointer.press_origin());
        }
        if response.drag_stopped_by(PointerButton::Secondary)
            && let (Some(from), Some(to)) = (self.zoom_box.take(), response.interact_pointer_pos())
            && from.distance(to) > 4.0
        {
            let corner = |pos: Pos2| moved.world_from_px(viewport.px(pos), viewport.size_px);
            let bounds = Bounds::around_corners(corner(from), corner(to));
            moved = Camera::around(bounds, viewport.size_px);
        }
        if moved != viewport.camera {
            self.camera = Some((shown.of, moved));
        }
        if response.double_clicked() && !selects {
            self.camera = None;
        }
        moved
    }

    fn draw(&mut self, ui: &Ui, rect: Rect, content: &Content<'_>) {
        self.failure = match &mut self.canvas {
            Some(canvas) => {
                let drawn = canvas.draw(content);
                canvas.paint(ui.painter(), rect);
                drawn.err().map(|e| e.to_string())
            }
            None => Some("This window has no graphics device to draw the map with".to_owned()),
        };
        if let Some(failure) = &self.failure {
            let color = ui.visuals().warn_fg_color;
            ui.painter().text(
                rect.center(),
                egui::Align2::CENTER_CENTER,
                failure,
                egui::FontId::proportional(13.0),
                color,
            );
        }
    }
}
