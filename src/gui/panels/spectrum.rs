//! The spectrum of the object under study, and a sketch of one for the hover card.

use std::sync::Arc;

use eframe::egui::{self, Pos2, Rangef, Rect, RichText, Stroke, Ui};
use egui_plot::{AxisHints, GridInput, GridMark, HoverPosition, Line, Plot, PlotPoints};

use super::super::theme::tokens;
use super::super::widgets::{counted, section};
use crate::data::Spectrum;

const HEIGHT: f32 = 170.0;
/// Steps of the grid along each axis, about.
const MARKS: f64 = 4.0;
/// Runs of samples that are drawn: their mean strong, what they span faint.
const RUNS: usize = 240;
/// Spectra that reach farther are shown in micrometres, angstrom.
const INFRARED: f64 = 12_000.0;

/// Draws a spectrum, or says why there is none; nothing while it is being read.
pub(super) fn ui(ui: &mut Ui, found: Option<&Result<Arc<Spectrum>, String>>) {
    let colors = tokens(ui.ctx());
    section(ui, "Spectrum");
    let spectrum = match found {
        Some(Ok(spectrum)) => spectrum,
        Some(Err(reason)) => {
            ui.label(RichText::new(reason).color(colors.warning));
            return;
        }
        None => {
            ui.allocate_space(egui::vec2(ui.available_width(), HEIGHT));
            return;
        }
    };
    let last = spectrum.wavelengths().last();
    let infrared = last.is_some_and(|&last| last > INFRARED);
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
            let pieces = pieces(spectrum, scale);
            for piece in &pieces {
                let line = Line::new("flux", PlotPoints::from(piece.spanned.clone()));
                let faint = colors.accent.gamma_multiply(0.3);
                plot.line(line.color(faint).width(1.0).allow_hover(false));
            }
            for piece in pieces {
                let line = Line::new("mean flux", PlotPoints::from(piece.means));
                plot.line(line.color(colors.accent).width(1.3));
            }
        });
    let response = shown.response;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Spectrum"));
    let samples = counted(spectrum.fluxes().len(), "sample", "samples");
    let small = |text: String| RichText::new(text).small().color(colors.muted);
    ui.label(small(format!("{samples} · wavelength in {unit}")));
    if let Some(unit) = spectrum.unit() {
        ui.label(small(format!("flux in {unit}")));
    }
}

/// Draws the course of a spectrum into a box, without axes.
pub(in crate::gui) fn sketch(ui: &Ui, frame: Rect, spectrum: &Spectrum) {
    let pieces = pieces(spectrum, 1.0);
    let points = || pieces.iter().flat_map(|piece| &piece.means);
    let range = |axis: usize| {
        let none = (f64::INFINITY, f64::NEG_INFINITY);
        points().fold(none, |(low, high), point| {
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
    for piece in &pieces {
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

/// A part of a spectrum without gaps.
struct Piece {
    /// The mean of each run of samples.
    means: Vec<[f64; 2]>,
    /// The least and the largest of each run.
    spanned: Vec<[f64; 2]>,
}

fn pieces(spectrum: &Spectrum, scale: f64) -> Vec<Piece> {
    let run = spectrum.fluxes().len().div_ceil(RUNS).max(1);
    let samples = spectrum.wavelengths().iter().zip(spectrum.fluxes());
    let points: Vec<[f64; 2]> = samples
        .map(|(&at, &flux)| [at * scale, f64::from(flux)])
        .collect();
    let mean = |run: &[[f64; 2]]| {
        [0, 1].map(|axis| run.iter().map(|p| p[axis]).sum::<f64>() / run.len() as f64)
    };
    let ends = |run: &[[f64; 2]]| {
        let by = |a: &&[f64; 2], b: &&[f64; 2]| a[1].total_cmp(&b[1]);
        let (low, high) = (run.iter().min_by(by), run.iter().max_by(by));
        let mut ends: Vec<[f64; 2]> = low.into_iter().chain(high).copied().collect();
        ends.sort_by(|a, b| a[0].total_cmp(&b[0]));
        ends
    };
    points
        .split(|point| !point[1].is_finite())
        .filter(|piece| !piece.is_empty())
        .map(|piece| Piece {
            means: piece.chunks(run).map(mean).collect(),
            spanned: piece.chunks(run).flat_map(ends).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Sample;

    #[test]
    fn gaps_part_the_line_and_peaks_survive() {
        let sample = |i: usize| Sample {
            wavelength: 4000.0 + i as f64,
            flux: match i {
                2000..2100 => f32::NAN,
                5003 => 9.0,
                _ => (i % 7) as f32 / 7.0,
            },
            weight: 1.0,
        };
        let spectrum = Spectrum::new((0..7781).map(sample).collect()).unwrap();
        let pieces = pieces(&spectrum, 1.0);
        assert_eq!(pieces.len(), 2);
        let spanned: Vec<[f64; 2]> = pieces.iter().flat_map(|p| p.spanned.clone()).collect();
        assert!(spanned.len() <= 2 * RUNS + 4, "{}", spanned.len());
        assert!(spanned.contains(&[9003.0, 9.0]));
        assert!(spanned.windows(2).all(|w| w[0][0] <= w[1][0]));
        let means = pieces.iter().flat_map(|p| &p.means);
        assert!(means.clone().all(|p| (0.3..0.8).contains(&p[1])));
        assert_eq!(2 * means.count(), spanned.len());
    }

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
