//! The one object under study: its cutout with bands, stretch and limits, its spectrum, and its
//! catalogue row.

use eframe::egui::{
    self, Color32, ComboBox, Rect, RichText, ScrollArea, Sense, Slider, Stroke, TextureHandle, Ui,
    Vec2,
};

use super::super::decoding::{Answer, Compared};
use super::super::objects::{self, ObjectPicture};
use super::super::theme::{STEP, strong_family, tokens};
use super::super::widgets::{section, short_number};
use super::{spectrum, votes};
use crate::color::stretch::Stretch;
use crate::data::{Column, Cutout};
use crate::encode::Makes;
use crate::scene::{CutoutStyle, CutoutView};
use crate::session::{OpenData, Part, Session};

/// Round angles for the scale bar, arcsec.
const BAR_ARCSEC: [f32; 10] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 300.0];

/// Until the object's own picture is painted, that of the `hovered` one is shown if they are the same.
pub(in crate::gui) fn ui(
    ui: &mut Ui,
    session: &Session,
    focus: Option<usize>,
    (picture, hovered): (&mut ObjectPicture, &ObjectPicture),
    style: &mut CutoutStyle,
    beside: impl FnOnce(&mut Ui, usize),
) {
    let Some(data) = session.data() else { return };
    let colors = tokens(ui.ctx());
    let Some(row) = focus else {
        ui.add_space(6.0 * STEP);
        ui.vertical_centered(|ui| {
            ui.label(RichText::new("Click a point to study its galaxy").color(colors.muted));
        });
        return;
    };
    picture.update(ui.ctx(), data, row, *style);
    if *style == CutoutStyle::default() {
        picture.begin_like(hovered, (data.revision(), row));
    }
    ui.add_space(2.0 * STEP);
    ui.label(
        RichText::new(title(data, row))
            .family(strong_family())
            .size(15.0)
            .color(colors.strong),
    );
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if data.dataset.cutouts.is_some() {
            cutout(ui, data, row, picture, style);
        }
        if data.dataset.spectra.is_some() {
            picture.update_spectrum(ui.ctx(), data, row);
            spectrum::ui(ui, picture.spectrum((data.revision(), row)));
        }
        if let Some((_, text)) = session
            .embedding()
            .and_then(|e| e.warnings.iter().find(|(r, _)| *r as usize == row))
        {
            ui.label(RichText::new(text).color(colors.warning));
        }
        beside(ui, row);
        votes::ui(ui, session, &data.dataset.catalog, row);
        section(ui, "Catalogue");
        table(ui, data, row);
    });
}

/// What a model makes of the object: observed, made and residual, side by side.
pub(in crate::gui) fn compared(ui: &mut Ui, found: &Answer<(&Compared, &[Option<TextureHandle>])>) {
    let colors = tokens(ui.ctx());
    let (compared, pictures) = match found {
        Ok(Some(found)) => *found,
        Ok(None) => return,
        Err(reason) => {
            ui.label(RichText::new(reason).small().color(colors.warning));
            return;
        }
    };
    let (title, made) = match &compared.makes {
        Makes::Reconstruction => ("Reconstruction".to_owned(), "Decoded"),
        Makes::Band(band) => (format!("Prediction of {band}"), "Predicted"),
    };
    section(ui, &title);
    let gap = 4.0;
    let side = (ui.available_width() - 2.0 * gap) / 3.0;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for (name, texture) in ["Observed", made, "Residual"].into_iter().zip(pictures) {
            ui.vertical(|ui| {
                ui.set_width(side);
                let (frame, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
                ui.painter().rect_filled(frame, 4.0, Color32::BLACK);
                if let Some(texture) = texture {
                    objects::paint(ui, frame, texture, 4.0);
                } else {
                    let font = egui::FontId::proportional(11.0);
                    let center = egui::Align2::CENTER_CENTER;
                    let text = "not observed";
                    ui.painter()
                        .text(frame.center(), center, text, font, colors.muted);
                }
                ui.label(RichText::new(name).small().color(colors.muted));
            });
        }
    });
    if let Some(rms) = compared.rms {
        let text = format!("Residual rms {}", short_number(rms));
        ui.label(RichText::new(text).small().color(colors.muted))
            .on_hover_text(
                "In the units of the encoder's normalisation. Orange: more light than the model says; blue: less",
            );
    }
}

/// The survey and the id: `JWST-like 4172`.
pub(in crate::gui) fn title(data: &Part<OpenData>, row: usize) -> String {
    let catalog = &data.dataset.catalog;
    let survey = catalog
        .column("survey")
        .map(|c| c.text(row))
        .unwrap_or_default();
    format!("{survey} {}", catalog.id(row)).trim().to_owned()
}

fn cutout(
    ui: &mut Ui,
    data: &Part<OpenData>,
    row: usize,
    picture: &ObjectPicture,
    style: &mut CutoutStyle,
) {
    let colors = tokens(ui.ctx());
    let key = (data.revision(), row);
    let side = ui.available_width();
    let (frame, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    ui.painter().rect_filled(frame, 6.0, Color32::BLACK);
    if let Some(texture) = picture.texture(key) {
        objects::paint(ui, frame, texture, 6.0);
    }
    match picture.cutout(key) {
        Some(Ok(cutout)) => {
            scale_bar(ui, frame, cutout);
            controls(ui, cutout, style);
        }
        Some(Err(reason)) => {
            let galley = ui.painter().layout(
                reason.clone(),
                egui::FontId::proportional(12.0),
                colors.warning,
                side - 24.0,
            );
            ui.painter()
                .galley(frame.center() - galley.size() / 2.0, galley, colors.warning);
        }
        None => {}
    }
}

/// A round angle that takes up about a quarter of the picture.
fn scale_bar(ui: &Ui, frame: Rect, cutout: &Cutout) {
    let Some(scale) = cutout.pixel_scale_arcsec() else {
        return;
    };
    let longest = cutout.width().max(cutout.height()) as f32;
    let points_per_arcsec = frame.width() / (longest * scale);
    let target = longest * scale / 4.0;
    let Some(angle) = BAR_ARCSEC.into_iter().rfind(|a| *a <= target * 1.4) else {
        return;
    };
    let start = frame.left_bottom() + Vec2::new(12.0, -12.0);
    let end = start + Vec2::new(angle * points_per_arcsec, 0.0);
    ui.painter().line_segment(
        [start, end],
        Stroke::new(2.0, Color32::from_white_alpha(220)),
    );
    let text = format!("{angle}″");
    let font = egui::FontId::proportional(11.0);
    ui.painter().text(
        start + Vec2::new(0.0, -5.0),
        egui::Align2::LEFT_BOTTOM,
        text,
        font,
        Color32::from_white_alpha(220),
    );
}

fn controls(ui: &mut Ui, cutout: &Cutout, style: &mut CutoutStyle) {
    let colors = tokens(ui.ctx());
    ui.add_space(STEP);
    ui.horizontal_wrapped(|ui| {
        let bands = cutout.bands();
        if bands.len() > 1 {
            ui.selectable_value(&mut style.view, CutoutView::Rgb, "RGB");
            for (i, band) in bands.iter().enumerate() {
                ui.selectable_value(&mut style.view, CutoutView::Band(i), band);
            }
        } else {
            ui.label(RichText::new(&bands[0]).color(colors.muted));
        }
        ComboBox::from_id_salt("stretch")
            .width(72.0)
            .selected_text(style.stretch.name())
            .show_ui(ui, |ui| {
                for stretch in Stretch::ALL {
                    ui.selectable_value(&mut style.stretch, stretch, stretch.name());
                }
            });
    });
    let (mut low, mut high) = style.quantiles;
    ui.horizontal(|ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - 112.0) / 2.0;
        ui.label(RichText::new("Limits").color(colors.muted))
            .on_hover_text("Share of the pixels below black and below white");
        let black = ui.add(Slider::new(&mut low, 0.0..=0.9).show_value(false));
        black.widget_info(|| egui::WidgetInfo::slider(true, f64::from(low), "Black"));
        black.on_hover_text(format!("black: {:.1} % of the pixels", low * 100.0));
        let white = ui.add(Slider::new(&mut high, 0.9..=1.0).show_value(false));
        white.widget_info(|| egui::WidgetInfo::slider(true, f64::from(high), "White"));
        white.on_hover_text(format!("white: {:.2} % of the pixels", high * 100.0));
        if ui.small_button("reset").clicked() {
            *style = CutoutStyle {
                view: style.view,
                ..CutoutStyle::default()
            };
            (low, high) = style.quantiles;
        }
    });
    style.quantiles = (low, high);
    let unit = cutout.unit().map(|u| format!(" · {u}")).unwrap_or_default();
    let scale = cutout
        .pixel_scale_arcsec()
        .map(|s| format!(" · {s:.3}″/px"))
        .unwrap_or_default();
    let text = format!("{} × {} px{scale}{unit}", cutout.width(), cutout.height());
    ui.label(RichText::new(text).small().color(colors.muted));
}

fn table(ui: &mut Ui, data: &Part<OpenData>, row: usize) {
    let colors = tokens(ui.ctx());
    for column in data.dataset.catalog.columns() {
        let tip = column.ucd().map(str::to_owned);
        let response = ui
            .horizontal(|ui| {
                ui.add(
                    egui::Label::new(RichText::new(column.name()).color(colors.muted)).truncate(),
                );
                if let Some(unit) = column.unit().filter(|u| !u.is_empty()) {
                    ui.label(
                        RichText::new(unit)
                            .small()
                            .color(colors.muted.gamma_multiply(0.8)),
                    );
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    ui.add(
                        egui::Label::new(RichText::new(value(&column, row)).color(colors.text))
                            .truncate(),
                    );
                });
            })
            .response;
        if let Some(tip) = tip {
            response.on_hover_text(tip);
        }
        let y = ui.cursor().top() - 0.75 * STEP;
        ui.painter()
            .hline(ui.max_rect().x_range(), y, Stroke::new(1.0, colors.line));
    }
}

/// Title and a few telling facts, for the hover card.
pub(in crate::gui) fn card(ui: &mut Ui, session: &Session, data: &Part<OpenData>, row: usize) {
    const TELLING: [&str; 8] = [
        "class",
        "coarse_class",
        "z",
        "r_e",
        "b_a",
        "rare",
        "log_mass",
        "mag",
    ];
    const MOST: usize = 3;
    let colors = tokens(ui.ctx());
    ui.add(egui::Label::new(RichText::new(title(data, row)).color(colors.strong)).truncate());
    let colored_by = session
        .view()
        .color
        .column
        .as_deref()
        .filter(|name| *name != "survey");
    let facts: Vec<String> = colored_by
        .into_iter()
        .chain(TELLING.into_iter().filter(|name| Some(*name) != colored_by))
        .filter_map(|name| data.dataset.catalog.column(name))
        .map(|column| (column, value(&column, row)))
        .filter(|(_, value)| value != "–")
        .map(|(column, value)| {
            if column.is_numeric() {
                format!(
                    "{} {value}{}",
                    column.name(),
                    if column.unit() == Some("arcsec") {
                        "″"
                    } else {
                        ""
                    }
                )
            } else {
                value
            }
        })
        .take(MOST)
        .collect();
    if !facts.is_empty() {
        ui.label(RichText::new(facts.join(" · ")).small().color(colors.muted));
    }
}

/// A value as one reads it: floats short, everything else exactly.
pub(in crate::gui) fn value(column: &Column<'_>, row: usize) -> String {
    let text = column.text(row);
    if column.values().data_type().is_floating() {
        // Positions need their digits.
        if ["ra", "dec", "glon", "glat"].contains(&column.name().to_ascii_lowercase().as_str()) {
            return text.parse::<f64>().map_or(text, |v| format!("{v:.6}"));
        }
        return text.parse().map_or(text, short_number);
    }
    if text.is_empty() {
        "–".to_owned()
    } else {
        text
    }
}
