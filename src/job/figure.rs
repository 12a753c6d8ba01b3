//! Writing the map as a figure: PNG, SVG or PDF.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::{JobError, evaluate_subset};
use crate::data::Plane;
use crate::figure::{self, canvas::Bitmap};
use crate::io::{self, IoError, Overwrite};
use crate::progress::Progress;
use crate::render::{AdapterSummary, Bounds, RenderError};
use crate::scene::{self, FigureParts, MapImage, color_points, draw_map};
use crate::session::{LayerKind, MapPoints, Mapped, Session};
use crate::subset::SubsetExpr;

/// What figure to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureRequest {
    /// Width and height of the map, pt (px at scale 1).
    pub size: (u32, u32),
    /// Pixels for each pt.
    pub scale: f32,
    /// Light on dark.
    pub dark: bool,
    /// How a map of three dimensions is turned; [`Plane::FRONT`] for all others.
    pub plane: Plane,
    /// The part of the plane that is shown, in the units of the file; all points when `None`.
    pub bounds: Option<Bounds>,
    /// With axes.
    pub axes: bool,
    /// With a legend.
    pub legend: bool,
}

impl FigureRequest {
    /// Width and height of the map, px.
    fn size_px(&self) -> (u32, u32) {
        let side =
            |points: u32| (f64::from(points) * f64::from(self.scale)).round().max(1.0) as u32;
        (side(self.size.0), side(self.size.1))
    }
}

/// What was drawn.
#[derive(Debug, Clone)]
pub struct FigureReport {
    /// Points drawn.
    pub points: usize,
    /// Of the written picture, px; of a PNG only.
    pub size_px: (u32, u32),
    /// What drew it.
    pub adapter: AdapterSummary,
}

/// Side of the pictures in place of points, pt.
const SLOT: f32 = 64.0;
/// Most pixels along a side.
const LONGEST_SIDE: u32 = 32_000;

/// Extensions of what a figure is written as.
pub const FIGURE_FORMATS: [&str; 3] = ["png", "svg", "pdf"];

/// Draws the map of a session, as its view says, into a file: PNG, SVG or PDF by its extension. Points and density are pixels in all of them, lines and text are vectors.
///
/// # Errors
/// When there is no map or no adapter, a map of two dimensions was to be turned, the picture is too
/// large, or the file cannot be written.
pub fn write_figure(
    session: &Session,
    request: &FigureRequest,
    path: &Path,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<FigureReport, JobError> {
    io::check_output(path, overwrite)?;
    let format = io::check_format(path, &FIGURE_FORMATS)?;
    let (Some(data), Some(mapped)) = (session.data(), session.map()) else {
        return Err(JobError::Missing("there is no map to draw".to_owned()));
    };
    let points = seen(mapped, request.plane)?;
    let (width, height) = request.size_px();
    if width.max(height) > LONGEST_SIDE {
        return Err(RenderError::TooLarge {
            width,
            height,
            most: LONGEST_SIDE,
        }
        .into());
    }
    let image = MapImage {
        width,
        height,
        scale: request.scale,
        dark: request.dark,
        bounds: request.bounds.map(|bounds| {
            let [x, y] = points.origin();
            bounds.moved([-x, -y])
        }),
    };
    let view = session.view();
    let catalog = &data.dataset.catalog;
    let rows = view
        .filter
        .as_ref()
        .map(|sql| evaluate_subset(&SubsetExpr::Where(sql.clone()), catalog, None))
        .transpose()?;
    let colored = color_points(catalog, &points, view, rows.as_ref(), request.dark);
    progress.set(1, 4)?;
    let pictures = match &data.dataset.cutouts {
        Some(source) if view.shows(LayerKind::Thumbnails) => {
            let camera = image.camera(&points);
            let size = [image.width as f32, image.height as f32];
            let room = scene::THUMBNAIL_ROOM * image.scale;
            let layout = scene::thumbnail_layout(&points, &colored, &camera, size, room);
            let slot = (SLOT * image.scale).clamp(8.0, 256.0) as usize;
            scene::thumbnail_pictures(source, &layout, slot, progress)?
        }
        _ => Vec::new(),
    };
    let contours = if view.shows(LayerKind::Contours) {
        let cancelled = || progress.check().is_err();
        scene::contours(&points, &colored, &view.contours, &cancelled)
    } else {
        Vec::new()
    };
    progress.set(2, 4)?;
    let below = if scene::lines_lie_below(view) {
        &contours[..]
    } else {
        &[]
    };
    let (rgba, adapter) = draw_map(&points, &colored, view, &image, &pictures, below)?;
    let labels = if view.shows(LayerKind::Labels) {
        scene::labels(&points, &colored)
    } else {
        Vec::new()
    };
    progress.set(3, 4)?;
    let map = Bitmap::new(image.width, image.height, rgba)
        .ok_or_else(|| JobError::Fault("the picture has another size".to_owned()))?;
    let spec = scene::figure_spec(&FigureParts {
        catalog,
        points: &points,
        colored: &colored,
        view,
        image: &image,
        map,
        contours: &contours,
        labels: &labels,
        axes: request.axes,
        legend: request.legend,
        synthetic: data.synthetic,
    });
    let drawing = figure::compose(spec);
    let bytes = match format {
        "svg" => figure::svg(&drawing).into_bytes(),
        "pdf" => figure::pdf(&drawing),
        _ => figure::png(&drawing, request.scale),
    };
    progress.check()?;
    let mut file = io::AtomicFile::create(path, overwrite)?;
    file.write_all(&bytes).map_err(|e| {
        IoError::content(
            path,
            format!("the file cannot be written ({e}); check the disk"),
        )
    })?;
    file.commit()?;
    let px = |points: f32| (points * request.scale).round() as u32;
    Ok(FigureReport {
        points: colored.shown(),
        size_px: (px(drawing.width), px(drawing.height)),
        adapter,
    })
}

/// The points of a map, turned.
fn seen(mapped: &Mapped, plane: Plane) -> Result<Arc<MapPoints>, JobError> {
    if plane.is_front() {
        return Ok(Arc::clone(&mapped.points));
    }
    let turned = mapped.points.turned(plane).map(Arc::new);
    turned.ok_or_else(|| {
        JobError::Missing(
            "only a map of 3 dimensions can be turned, and this one has 2; make one with 3"
                .to_owned(),
        )
    })
}
