//! The spectrum of the object under study, and a sketch of one for the hover card.

use eframe::egui::{self, Pos2, Rangef, Rect, RichText, Stroke, Ui};
use egui_plot::{AxisHints, GridInput, GridMark, HoverPosition, Line, Plot, PlotPoints};

use super::super::theme::tokens;
use super::super::widgets::{counted, section};
use crate::scene::Course;

const HEIGHT: f32 = 170.0;
/// Steps of the grid along each axis, about.
const MARKS: f64 = 4.0;
/// Spectra that reach farther are shown in micrometres, angstrom.
const INFRARED: f64 = 12_000.0;

/// Draws a spectrum, or says why there is none; nothing while it is being read.
pub(super) fn ui(ui: &mut Ui, found: Option<&Result<Course, String>>) {
    let colors = tokens(ui.ctx());
    section(ui, "Spectrum");
    let course = match found {
        Some(Ok(course)) => course,
        Some(Err(reason)) => {
            ui.label(RichText::new(reason).color(colors.warning));
            return;
        }
        None => {
            ui.allocate_space(egui::vec2(ui.available_width(), HEIGHT));
            return;
        }
    };
    let infrared = course.means().last().is_some_and(|last| last[0] > INFRARED);
    let (scale, unit) = if infrared { (1e-4, "µm") } else { (1.0, "Å") };
    let near = Rangef::new(24.0, 36.0);
    let shown = Plot::new("spectrum")
        .height(HEIGHT)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .grid_color(colors.line)
        .grid_spacing(near)
        .x_grid_spacer(|grid| marks(&grid))
        .y_grid_spacer(|grid| marks(&grid))
        .custom_x_axes(vec![AxisHints::new_x().label_spacing(near)])
        .label_formatter(|at| {
            let (HoverPosition::NearDataPoint { position, .. }
            | HoverPosition::Elsewhere { position }) = at;
            Some(format!("{:.4} {unit}\n{:.4}", position.x, position.y))
        })
        .show(ui, |plot| {
            let scaled = |points: &[[f64; 2]]| -> PlotPoints<'_> {
                points.iter().map(|[x, y]| [x * scale, *y]).collect()
            };
            // What the samples span is faint, their mean strong.
            for piece in &course.pieces {
                let faint = colors.accent.gamma_multiply(0.3);
                let line = Line::new("flux", scaled(&piece.spanned));
                plot.line(line.color(faint).width(1.0).allow_hover(false));
            }
            for piece in &course.pieces {
                let line = Line::new("mean flux", scaled(&piece.means));
                plot.line(line.color(colors.accent).width(1.3));
            }
        });
    let response = shown.response;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Spectrum"));
    let samples = counted(course.samples, "sample", "samples");
    let small = |text: String| RichText::new(text).small().color(colors.muted);
    ui.label(small(format!("{samples} · wavelength in {unit}")));
    if let Some(unit) = &course.unit {
        ui.label(small(format!("flux in {unit}")));
    }
}

/// Draws the course of a spectrum into a box, without axes.
pub(in crate::gui) fn sketch(ui: &Ui, frame: Rect, course: &Course) {
    let range = |axis: usize| {
        let none = (f64::INFINITY, f64::NEG_INFINITY);
        course.means().fold(none, |(low, high), point| {
            (low.min(point[axis]), high.max(point[axis]))
        })
    };
    let ranges = [range(0), range(1)];
    let part = |axis: usize, value: f64| {
        let (low, high) = ranges[axis];
        let length = high - low;
        // A spectrum of one flux lies in the middle.
        if length > 0.0 {
            ((value - low) / length) as f32
        } else {
            0.5
        }
    };
    let stroke = Stroke::new(1.2, tokens(ui.ctx()).accent);
    for piece in &course.pieces {
        let place = |point: &[f64; 2]| {
            let (x, y) = (part(0, point[0]), part(1, point[1]));
            Pos2::new(
                frame.left() + x * frame.width(),
                frame.bottom() - y * frame.height(),
            )
        };
        let line: Vec<Pos2> = piece.means.iter().map(place).collect();
        ui.painter().line(line, stroke);
    }
}

/// A few round numbers within the bounds.
fn marks(grid: &GridInput) -> Vec<GridMark> {
    let (low, high) = grid.bounds;
    let rough = (high - low) / MARKS;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    let step_size = step.into_iter().find(|s| *s >= rough).unwrap_or(rough);
    if !(step_size > 0.0 && step_size.is_finite()) {
        return Vec::new();
    }
    let first = (low / step_size).ceil();
    let count = ((high / step_size).floor() - first).clamp(0.0, 4.0 * MARKS) as usize;
    (0..=count)
        .map(|i| GridMark {
            value: (first + i as f64) * step_size,
            step_size,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_few_and_round() {
        let values = |low, high| -> Vec<f64> {
            let input = GridInput {
                bounds: (low, high),
                base_step_size: 1.0,
            };
            marks(&input).into_iter().map(|mark| mark.value).collect()
        };
        assert_eq!(values(3600.0, 9824.0), [4000.0, 6000.0, 8000.0]);
        assert_eq!(values(-0.3, 1.2), [0.0, 0.5, 1.0]);
        assert!(values(1.0, 1.0).is_empty() && values(f64::NAN, 1.0).is_empty());
    }
}
