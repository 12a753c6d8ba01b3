//! Selecting on the map: rectangle, ellipse, lasso, polygon and brush. What is drawn is evaluated on
//! another thread while the mouse still moves; the newest answer shows.

use std::collections::VecDeque;
use std::sync::Arc;

use eframe::egui::{
    self, Color32, Context, Key, Modifiers, PointerButton, Pos2, Response, Stroke, Ui,
};

use super::super::super::latest::Latest;
use super::super::super::shown::{Shown, selected_places};
use super::super::super::theme::tokens;
use super::Viewport;
use crate::data::Plane;
use crate::job::{evaluate_subset, rows_of};
use crate::mask::Mask;
use crate::session::{MapPoints, OpenData, Part, Revision, Selection, Session};
use crate::subset::{CombineMode, Region, Roi, SubsetExpr};
use crate::threads;

/// What the left mouse button does on the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::gui) enum Tool {
    /// Moves the map and picks objects.
    #[default]
    Pan,
    /// Turns a map of three dimensions, and picks objects.
    Orbit,
    Rectangle,
    Ellipse,
    Lasso,
    Polygon,
    Brush,
    /// Shows what a decoder makes of the place under the cursor, and of the line between two objects.
    Decode,
}

impl Tool {
    pub const ALL: [Self; 8] = [
        Self::Pan,
        Self::Orbit,
        Self::Rectangle,
        Self::Ellipse,
        Self::Lasso,
        Self::Polygon,
        Self::Brush,
        Self::Decode,
    ];

    /// Whether it draws a selection.
    pub fn selects(self) -> bool {
        !matches!(self, Self::Pan | Self::Orbit | Self::Decode)
    }

    /// The tool instead of this on a map that does or does not turn, when it appears.
    pub fn on_new_map(self, turns: bool) -> Self {
        match self {
            Self::Pan if turns => Self::Orbit,
            Self::Orbit if !turns => Self::Pan,
            tool => tool,
        }
    }

    /// Name, and the key that chooses it.
    pub fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Pan => ("Move the map", "V"),
            Self::Orbit => ("Orbit: turn the map", "O"),
            Self::Rectangle => ("Select a rectangle", "R"),
            Self::Ellipse => ("Select an ellipse", "E"),
            Self::Lasso => ("Select with a lasso", "L"),
            Self::Polygon => ("Select a polygon, click by click", "P"),
            Self::Brush => ("Select with a brush", "B"),
            Self::Decode => (
                "Decode what lies under the cursor; drag from object to object for a walk",
                "D",
            ),
        }
    }
}

/// Two positions of a freehand line are at least this far apart, points of the user interface.
const STEP: f32 = 2.0;
/// A click this near to its first vertex closes a polygon.
const CLOSE: f32 = 8.0;
const BRUSH_RANGE: std::ops::RangeInclusive<f32> = 4.0..=200.0;

/// What is drawn on: a map, and the plane it is seen in.
type Ground = (Revision, Plane);

/// A selection that is being drawn, in world coordinates.
#[derive(Debug, Clone, PartialEq)]
struct Gesture {
    tool: Tool,
    mode: CombineMode,
    on: Ground,
    points: Vec<[f64; 2]>,
    brush: f64,
}

impl Gesture {
    fn roi(&self) -> Option<Roi> {
        let (first, last) = (*self.points.first()?, *self.points.last()?);
        let roi = match self.tool {
            Tool::Pan | Tool::Orbit | Tool::Decode => return None,
            Tool::Rectangle => Roi::Rectangle {
                from: first,
                to: last,
            },
            Tool::Ellipse => Roi::Ellipse {
                center: [0, 1].map(|i| f64::midpoint(first[i], last[i])),
                radii: [0, 1].map(|i| (last[i] - first[i]).abs() / 2.0),
            },
            Tool::Lasso | Tool::Polygon => Roi::Polygon {
                vertices: self.points.clone(),
            },
            Tool::Brush => Roi::Brush {
                path: self.points.clone(),
                radius: self.brush,
            },
        };
        roi.checked().ok()
    }
}

/// What a worker found out about a selection.
struct Chosen {
    /// By place of the map.
    places: Arc<Mask>,
    /// By row of the catalogue; for a finished gesture only.
    rows: Option<Mask>,
}

/// Everything a [`Chosen`] depends on.
#[derive(Debug, Clone, PartialEq)]
struct Question {
    /// Number of the points and their places, and of what is shown.
    places: u64,
    shown: u64,
    selection: Option<Revision>,
    /// What is drawn, and whether it is finished.
    gesture: Option<(Gesture, bool)>,
}

/// The selection tools.
#[derive(Default)]
pub(in crate::gui) struct Selecting {
    pub tool: Tool,
    pub mode: CombineMode,
    brush_radius: Option<f32>,
    gesture: Option<Gesture>,
    /// Finished gestures; the first is being evaluated.
    finished: VecDeque<Gesture>,
    chosen: Latest<Question, Chosen>,
    serial: u64,
}

impl Selecting {
    /// The mode of the buttons, unless keys are held: shift adds, alt subtracts, both intersect.
    fn mode_with(&self, modifiers: Modifiers) -> CombineMode {
        match (modifiers.shift, modifiers.alt) {
            (true, true) => CombineMode::Intersect,
            (true, false) => CombineMode::Add,
            (false, true) => CombineMode::Subtract,
            (false, false) => self.mode,
        }
    }

    fn radius(&self) -> f32 {
        self.brush_radius.unwrap_or(24.0)
    }

    /// Whether something is being drawn.
    pub fn is_drawing(&self) -> bool {
        self.gesture.is_some()
    }

    /// Forgets what is being drawn; returns whether there was anything.
    pub fn cancel(&mut self) -> bool {
        self.gesture.take().is_some()
    }

    /// Takes back the last corner of a polygon that is being drawn; returns whether there is one.
    pub fn undo_corner(&mut self) -> bool {
        let Some(gesture) = self.gesture.as_mut().filter(|g| g.tool == Tool::Polygon) else {
            return false;
        };
        gesture.points.pop();
        if gesture.points.is_empty() {
            self.gesture = None;
        }
        true
    }

    /// Whether a click means what lies under it, although the tool selects by dragging.
    pub fn lets_look(&self) -> bool {
        let drags = matches!(self.tool, Tool::Rectangle | Tool::Ellipse | Tool::Lasso);
        drags && self.gesture.is_none()
    }

    /// Makes the brush larger or smaller.
    pub fn resize_brush(&mut self, factor: f32) {
        let radius = (self.radius() * factor).clamp(*BRUSH_RANGE.start(), *BRUSH_RANGE.end());
        self.brush_radius = Some(radius);
    }

    /// Turns the mouse into what is drawn. Returns whether the tool used it.
    pub fn mouse(&mut self, ui: &Ui, response: &Response, on: Ground, view: &Viewport) -> bool {
        // Shift and drag is a lasso whatever the tool.
        let shift = ui.input(|i| i.modifiers.shift);
        let tool = match self.tool {
            tool if !tool.selects() && (shift || self.gesture.is_some()) => Tool::Lasso,
            tool => tool,
        };
        if !tool.selects() {
            return false;
        }
        ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
        let world = |pos: Pos2| view.camera.world_from_px(view.px(pos), view.size_px);
        let pointer = ui.ctx().pointer_latest_pos();
        if tool == Tool::Polygon {
            self.polygon(ui, response, on, view);
            return true;
        }
        let begun = response.drag_started_by(PointerButton::Primary)
            || tool == Tool::Brush && response.clicked_by(PointerButton::Primary);
        if begun && let Some(pos) = response.interact_pointer_pos() {
            let origin = ui.input(|i| i.pointer.press_origin()).unwrap_or(pos);
            self.gesture = Some(Gesture {
                tool,
                mode: self.mode_with(ui.input(|i| i.modifiers)),
                on,
                points: vec![world(origin)],
                brush: f64::from(self.radius() * view.ratio) / view.camera.px_per_unit,
            });
        }
        if let (Some(gesture), Some(pos)) = (&mut self.gesture, pointer) {
            if matches!(gesture.tool, Tool::Rectangle | Tool::Ellipse) {
                gesture.points.truncate(1);
                gesture.points.push(world(pos));
            } else {
                // All of the way, however long a frame takes.
                let moved = |event: &egui::Event| match event {
                    egui::Event::PointerMoved(pos) => Some(*pos),
                    _ => None,
                };
                let way: Vec<Pos2> = ui.input(|i| i.events.iter().filter_map(moved).collect());
                for pos in way.into_iter().chain([pos]) {
                    let far = |last: [f64; 2]| view.pos(last).distance(pos) >= STEP;
                    if gesture.points.last().is_none_or(|last| far(*last)) {
                        gesture.points.push(world(pos));
                    }
                }
            }
        }
        let released = !ui.input(|i| i.pointer.button_down(PointerButton::Primary));
        if released {
            self.finish();
        }
        true
    }

    fn polygon(&mut self, ui: &Ui, response: &Response, on: Ground, view: &Viewport) {
        let world = |pos: Pos2| view.camera.world_from_px(view.px(pos), view.size_px);
        let mode = self.mode_with(ui.input(|i| i.modifiers));
        let enter = ui.input(|i| i.key_pressed(Key::Enter));
        if response.hovered() && ui.input(|i| i.key_pressed(Key::Backspace)) {
            self.undo_corner();
        }
        if response.clicked_by(PointerButton::Primary)
            && let Some(pos) = response.interact_pointer_pos()
        {
            let gesture = self.gesture.get_or_insert(Gesture {
                tool: Tool::Polygon,
                mode,
                on,
                points: Vec::new(),
                brush: 0.0,
            });
            let closes =
                gesture.points.len() > 2 && view.pos(gesture.points[0]).distance(pos) < CLOSE;
            if closes || response.double_clicked() {
                return self.finish();
            }
            gesture.points.push(world(pos));
        }
        if enter {
            self.finish();
        }
    }

    fn finish(&mut self) {
        if let Some(gesture) = self.gesture.take().filter(|g| g.roi().is_some()) {
            self.finished.push_back(gesture);
        }
    }

    /// Asks for what is selected and takes in what has arrived; returns a selection that is
    /// finished. It is exact: while only a sample is shown, it waits for the whole.
    pub fn update(&mut self, ctx: &Context, session: &Session, shown: &Shown) -> Option<Selection> {
        let old = session.selection();
        let on = (shown.of, shown.plane());
        self.finished.retain(|gesture| gesture.on == on);
        let finishes = !self.finished.is_empty() && shown.sample.is_none();
        let drawn = self.finished.front().or(self.gesture.as_ref());
        let drawn = drawn.filter(|g| g.on == on && g.roi().is_some());
        // What a finished gesture may take.
        let data = session.data().filter(|_| finishes);
        let drawn_rows = data.and_then(|data| session.view().drawn(data));
        let question = Question {
            places: shown.places,
            shown: shown.serial,
            selection: old.map(Part::revision),
            gesture: drawn.map(|g| (g.clone(), finishes)),
        };
        if question.gesture.is_some() || old.is_some() {
            let (points, selected) = (Arc::clone(&shown.points), old.map(Part::share));
            let asked = question.clone();
            let visible = Visible {
                places: shown.look.colored.drawn.clone(),
                rows: drawn_rows.clone(),
                data: session.data().map(Part::share),
            };
            self.chosen.ask(ctx, &question, move || {
                threads::promptly(|| answer(&asked, &points, selected.as_deref(), &visible))
            });
        }
        if self.chosen.poll(ctx) {
            self.serial += 1;
        }
        let finished = self.finished.front().filter(|_| finishes)?;
        let chosen = self.chosen.answer_to(&question)?;
        let region = Region {
            roi: finished.roi()?.moved(shown.points.origin()),
            plane: shown.plane(),
        };
        // What is not drawn is not taken.
        let new = SubsetExpr::Region(region);
        let new = match drawn_rows {
            Some(drawn) => SubsetExpr::And(Box::new(new), Box::new(drawn)),
            None => new,
        };
        let selection = Selection {
            expr: finished.mode.join(old.map(|s| s.expr.clone()), new),
            rows: chosen.rows.clone()?,
        };
        self.finished.pop_front();
        Some(selection)
    }

    /// The selected places to be shown, and a number that changes with them.
    pub fn places(&self, session: &Session, shown: &Shown) -> Option<(Arc<Mask>, u64)> {
        let drawing = self.gesture.is_some() || !self.finished.is_empty();
        let (question, chosen) = self.chosen.answer()?;
        if question.places == shown.places && (drawing || session.selection().is_some()) {
            return Some((Arc::clone(&chosen.places), self.serial));
        }
        // Those that came with the points, until they are known for what is drawn as well.
        let places = shown.selected(session)?;
        Some((Arc::clone(places), self.serial))
    }

    /// Paints what is being drawn.
    pub fn paint(&self, ui: &Ui, view: &Viewport) {
        let accent = tokens(ui.ctx()).accent;
        let painter = ui.painter().with_clip_rect(view.rect);
        let stroke = Stroke::new(1.5, accent);
        let fill = accent.gamma_multiply(0.12);
        let pointer = ui
            .ctx()
            .pointer_hover_pos()
            .filter(|p| view.rect.contains(*p));
        if let (Tool::Brush, Some(pos)) = (self.tool, pointer) {
            painter.circle_stroke(pos, self.radius(), stroke);
        }
        let Some(gesture) = &self.gesture else {
            return;
        };
        let points: Vec<Pos2> = gesture.points.iter().map(|p| view.pos(*p)).collect();
        let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
            return;
        };
        match gesture.tool {
            Tool::Pan | Tool::Orbit | Tool::Decode => {}
            Tool::Rectangle => {
                let rect = egui::Rect::from_two_pos(first, last);
                painter.rect(rect, 0.0, fill, stroke, egui::StrokeKind::Middle);
            }
            Tool::Ellipse => {
                let rect = egui::Rect::from_two_pos(first, last);
                let ellipse = egui::epaint::EllipseShape {
                    fill,
                    ..egui::epaint::EllipseShape::stroke(rect.center(), rect.size() / 2.0, stroke)
                };
                painter.add(ellipse);
            }
            Tool::Lasso | Tool::Polygon => {
                let mut line = points.clone();
                line.extend(pointer.filter(|_| gesture.tool == Tool::Polygon));
                painter.add(egui::Shape::line(line.clone(), stroke));
                if let Some(end) = line.last() {
                    let closing = Stroke::new(1.0, accent.gamma_multiply(0.5));
                    painter.line_segment([*end, first], closing);
                }
                if gesture.tool == Tool::Polygon {
                    for point in points {
                        painter.circle(point, 3.0, Color32::WHITE, stroke);
                    }
                }
            }
            Tool::Brush => {
                let width = 2.0 * self.radius();
                let line = Stroke::new(width, accent.gamma_multiply(0.18));
                painter.add(egui::Shape::line(points, line));
            }
        }
    }
}

/// What can be chosen.
struct Visible {
    /// By place; `None` for all.
    places: Option<Arc<Mask>>,
    /// Of the rows of these data; `None` for all.
    rows: Option<SubsetExpr>,
    data: Option<Arc<OpenData>>,
}

impl Visible {
    /// Rows of these places that are drawn.
    fn rows(&self, points: &MapPoints, places: &Mask) -> Mask {
        let Some(data) = &self.data else {
            return Mask::none(0);
        };
        let catalog = &data.dataset.catalog;
        // Rows without a place on the map are in no region.
        let rows = rows_of(points, places, catalog.len());
        let drawn = self
            .rows
            .as_ref()
            .map(|expr| evaluate_subset(expr, catalog, None));
        match drawn {
            Some(Ok(drawn)) => rows.and(&drawn),
            // A filter that cannot be read draws everything.
            Some(Err(_)) | None => rows,
        }
    }
}

/// Evaluates a question; the work of another thread.
fn answer(
    question: &Question,
    points: &MapPoints,
    old: Option<&Selection>,
    visible: &Visible,
) -> Chosen {
    let old_places = old.map(|old| selected_places(points, old));
    let Some((gesture, finished)) = &question.gesture else {
        return Chosen {
            places: Arc::new(old_places.unwrap_or_else(|| Mask::none(points.len()))),
            rows: None,
        };
    };
    let none = || Mask::none(points.len());
    let new = gesture
        .roi()
        .map_or_else(none, |roi| roi.select(points.tree()));
    let seen = visible.places.as_ref().map(|drawn| new.and(drawn));
    let seen = seen.as_ref().unwrap_or(&new);
    let places = gesture.mode.join_masks(old_places.as_ref(), seen);
    let rows = finished.then(|| {
        let new = visible.rows(points, &new);
        gesture.mode.join_masks(old.map(|s| &s.rows), &new)
    });
    Chosen {
        places: Arc::new(places),
        rows,
    }
}
