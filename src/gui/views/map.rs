//! The map: draws points offscreen through the renderer, shows the texture, turns the mouse into
//! camera moves, hover and focus.

use eframe::egui::{self, Color32, PointerButton, Pos2, Rect, Sense, Stroke, TextureId, Ui, Vec2};
use eframe::egui_wgpu::RenderState;

use super::super::action::Action;
use super::super::theme::tokens;
use crate::render::{Bounds, Camera, Gpu, Picture, PointBuffers, PointStyle, Renderer, Target};
use crate::scene::{Colored, ground, pick, point_style};
use crate::session::{Mapped, Part, Revision, Session};

/// Zoom for one notch of the wheel (about 50 points of scrolling).
const WHEEL: f64 = 0.004;

/// The map's own state: camera, what is on the GPU, what the cursor is over.
pub(in crate::gui) struct MapView {
    graphics: Option<Graphics>,
    /// Where the user went; the whole map is shown, whatever the size of the window, until then.
    camera: Option<(Revision, Camera)>,
    /// What the last frame showed.
    shown: Option<(Revision, Camera)>,
    hovered: Option<usize>,
    failure: Option<String>,
}

struct Graphics {
    gpu: Gpu,
    renderer: Renderer,
    state: RenderState,
    points: Option<(Revision, PointBuffers)>,
    colors: Option<u64>,
    canvas: Option<Canvas>,
}

struct Canvas {
    target: Target,
    texture: TextureId,
    drawn: Option<Drawn>,
}

/// Everything a picture depends on.
#[derive(PartialEq)]
struct Drawn {
    map: Revision,
    colors: u64,
    camera: Camera,
    style: PointStyle,
    dark: bool,
}

/// The colours in use and a number that changes with them.
pub(in crate::gui) struct Coloring<'a> {
    pub colored: &'a Colored,
    pub serial: u64,
}

impl MapView {
    /// With the window's device, if it has one.
    pub fn new(state: Option<&RenderState>) -> Self {
        let graphics = state.map(|state| {
            let gpu = Gpu::shared(
                state.device.clone(),
                state.queue.clone(),
                state.adapter.get_info().into(),
            );
            Graphics {
                renderer: Renderer::new(&gpu),
                gpu,
                state: state.clone(),
                points: None,
                colors: None,
                canvas: None,
            }
        });
        Self {
            graphics,
            camera: None,
            shown: None,
            hovered: None,
            failure: None,
        }
    }

    /// Name of the adapter.
    pub fn adapter(&self) -> String {
        self.graphics.as_ref().map_or_else(
            || "no graphics".to_owned(),
            |g| {
                let adapter = g.gpu.adapter();
                let name = adapter.name.split(" (").next().unwrap_or_default();
                format!("{} {name}", adapter.backend)
            },
        )
    }

    /// Catalogue row under the cursor.
    pub fn hovered(&self) -> Option<usize> {
        self.hovered
    }

    /// Shows the whole map at the next frame.
    pub fn fit(&mut self) {
        self.camera = None;
    }

    /// Zooms about the middle.
    pub fn zoom(&mut self, factor: f64) {
        self.camera = self.shown.map(|(revision, camera)| {
            let px_per_unit = camera.px_per_unit * factor;
            (
                revision,
                Camera {
                    px_per_unit,
                    ..camera
                },
            )
        });
    }

    /// Draws the map into the rest of `ui`.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        session: &Session,
        map: &Part<Mapped>,
        coloring: Option<&Coloring<'_>>,
        focus: Option<usize>,
        actions: &mut Vec<Action>,
    ) {
        let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, "Map"));
        let ratio = ui.ctx().pixels_per_point();
        let size_px = [
            (rect.width() * ratio).round().max(1.0),
            (rect.height() * ratio).round().max(1.0),
        ];
        let bounds = map.points.bounds().unwrap_or(Bounds {
            min: [0.0; 2],
            max: [1.0; 2],
        });
        let camera = match self.camera {
            Some((revision, camera)) if revision == map.revision() => camera,
            _ => Camera::fit(bounds, size_px),
        };
        let to_px = |pos: Pos2| [(pos.x - rect.min.x) * ratio, (pos.y - rect.min.y) * ratio];
        let camera = self.steer(ui, &response, map.revision(), camera, &to_px, size_px);
        self.shown = Some((map.revision(), camera));

        let dark = ui.visuals().dark_mode;
        let style = point_style(&map.points, session.view(), &camera, size_px, ratio, dark);
        let background = ground(dark);
        ui.painter().rect_filled(
            rect,
            0.0,
            Color32::from_rgb(background[0], background[1], background[2]),
        );
        self.hovered = None;
        let Some(coloring) = coloring else {
            return;
        };
        self.draw(ui, rect, size_px, map, coloring, camera, style, dark);

        if let Some(cursor) = response.hover_pos().filter(|_| !response.dragged()) {
            let index = pick(
                &map.points,
                &coloring.colored.colors,
                &camera,
                size_px,
                style.radius_px,
                to_px(cursor),
            );
            self.hovered = index.map(|i| map.points.row(i));
            if self.hovered.is_some() {
                ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
            }
            if response.clicked_by(PointerButton::Primary) {
                actions.push(Action::Focus(self.hovered));
            }
        }
        let ring = |row: usize, width: f32, color: Color32| {
            if let Some(index) = map.points.index_of_row(row) {
                let px = camera.px_from_world(map.points.xy()[index].map(f64::from), size_px);
                let center = rect.min + Vec2::new(px[0], px[1]) / ratio;
                if rect.contains(center) {
                    let halo = Stroke::new(width + 3.0, Color32::from_black_alpha(150));
                    ui.painter()
                        .circle_stroke(center, style.radius_px / ratio + 3.5, halo);
                    ui.painter().circle_stroke(
                        center,
                        style.radius_px / ratio + 3.5,
                        Stroke::new(width, color),
                    );
                }
            }
        };
        let tokens = tokens(ui.ctx());
        if let Some(row) = focus {
            ring(row, 2.0, Color32::WHITE);
        }
        if let Some(row) = self.hovered {
            ring(row, 1.5, tokens.accent);
        }
    }

    /// Turns wheel, drag and double click into a new camera.
    fn steer(
        &mut self,
        ui: &Ui,
        response: &egui::Response,
        map: Revision,
        camera: Camera,
        to_px: &dyn Fn(Pos2) -> [f32; 2],
        size_px: [f32; 2],
    ) -> Camera {
        let ratio = ui.ctx().pixels_per_point();
        let mut moved = camera;
        if let Some(cursor) = response.hover_pos() {
            let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta().y, i.zoom_delta()));
            let factor = f64::from(pinch) * (f64::from(scroll) * WHEEL).exp();
            if (factor - 1.0).abs() > 1e-6 {
                moved = moved.zoomed(factor, to_px(cursor), size_px);
            }
        }
        if response.dragged_by(PointerButton::Primary) || response.dragged_by(PointerButton::Middle)
        {
            let delta = response.drag_delta() * ratio;
            moved = moved.panned([delta.x, delta.y]);
        }
        if moved != camera {
            self.camera = Some((map, moved));
        }
        if response.double_clicked() {
            self.camera = None;
        }
        moved
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "everything that a picture depends on"
    )]
    fn draw(
        &mut self,
        ui: &Ui,
        rect: Rect,
        size_px: [f32; 2],
        map: &Part<Mapped>,
        coloring: &Coloring<'_>,
        camera: Camera,
        style: PointStyle,
        dark: bool,
    ) {
        let Some(graphics) = &mut self.graphics else {
            self.failure =
                Some("This window has no graphics device to draw the map with".to_owned());
            return self.show_failure(ui, rect);
        };
        let wanted = Drawn {
            map: map.revision(),
            colors: coloring.serial,
            camera,
            style,
            dark,
        };
        let drawn = graphics.draw(size_px, map, coloring, wanted);
        self.failure = drawn.err().map(|e| e.to_string());
        if let Some(canvas) = &graphics.canvas {
            let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
            ui.painter().image(canvas.texture, rect, uv, Color32::WHITE);
        }
        self.show_failure(ui, rect);
    }

    fn show_failure(&self, ui: &Ui, rect: Rect) {
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

impl Graphics {
    /// Draws into the canvas unless it shows the same already.
    fn draw(
        &mut self,
        size_px: [f32; 2],
        map: &Part<Mapped>,
        coloring: &Coloring<'_>,
        wanted: Drawn,
    ) -> Result<(), crate::render::RenderError> {
        let Self {
            gpu,
            renderer,
            state,
            points,
            colors,
            canvas,
        } = self;
        if canvas
            .as_ref()
            .is_none_or(|c| c.target.size_px() != size_px)
        {
            let target = Target::new(gpu, size_px[0] as u32, size_px[1] as u32)?;
            let mut egui_renderer = state.renderer.write();
            if let Some(old) = canvas.take() {
                egui_renderer.free_texture(&old.texture);
            }
            let texture = egui_renderer.register_native_texture(
                &state.device,
                target.view(),
                wgpu::FilterMode::Nearest,
            );
            *canvas = Some(Canvas {
                target,
                texture,
                drawn: None,
            });
        }
        let Some(canvas) = canvas else {
            return Ok(());
        };
        if canvas.drawn.as_ref() == Some(&wanted) {
            return Ok(());
        }
        if points
            .as_ref()
            .is_none_or(|(revision, _)| *revision != map.revision())
        {
            let buffers =
                PointBuffers::new(gpu, renderer, map.points.xy(), &coloring.colored.colors)?;
            *points = Some((map.revision(), buffers));
            *colors = Some(coloring.serial);
        }
        let Some((_, buffers)) = points else {
            return Ok(());
        };
        if *colors != Some(coloring.serial) {
            buffers.recolor(gpu, &coloring.colored.colors);
            *colors = Some(coloring.serial);
        }
        let picture = Picture {
            camera: &wanted.camera,
            background: ground(wanted.dark),
            points: Some((buffers, wanted.style)),
        };
        renderer.draw(gpu, &canvas.target, &picture);
        canvas.drawn = Some(wanted);
        Ok(())
    }
}
