//! The layers of the map: what is shown, how strongly, and in which order.

use eframe::egui::{self, ComboBox, RichText, Slider, Ui};

use super::super::action::Action;
use super::super::theme::{STEP, tokens};
use super::super::widgets::{dot, named_list, section};
use crate::color::Colormap;
use crate::render::DensityScale;
use crate::session::{LayerKind, ViewSpec};

pub(in crate::gui) fn ui(ui: &mut Ui, view: &ViewSpec, actions: &mut Vec<Action>) {
    section(ui, "Layers");
    let mut changed = view.clone();
    let mut gesture = None;
    let mut raised = None;
    // The uppermost first, as they lie over one another.
    for index in (0..view.layers.len()).rev() {
        let layer = &mut changed.layers[index];
        let name = layer.kind.name();
        ui.horizontal(|ui| {
            let colors = tokens(ui.ctx());
            let tip = format!("Show {}", name.to_lowercase());
            if dot(ui, colors.accent, layer.shown, &tip).clicked() {
                layer.shown = !layer.shown;
            }
            let color = if layer.shown {
                colors.text
            } else {
                colors.muted
            };
            let place = egui::vec2(74.0, 18.0);
            let left = egui::Layout::left_to_right(egui::Align::Center);
            let label = ui
                .allocate_ui_with_layout(place, left, |ui| {
                    ui.set_min_width(place.x);
                    ui.add(egui::Label::new(RichText::new(name).color(color)).selectable(false))
                })
                .inner;
            label.on_hover_text(tooltip(layer.kind));
            let up = egui::Button::new(RichText::new("↑").size(11.0)).frame(false);
            let up = ui.add_enabled(index + 1 < view.layers.len(), up);
            up.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Raise {name}"))
            });
            if up.on_hover_text("Draw it over the next").clicked() {
                raised = Some(index);
            }
            ui.spacing_mut().slider_width = (ui.available_width() - 8.0).max(40.0);
            let slider = Slider::new(&mut layer.opacity, 0.05..=1.0).show_value(false);
            let response = ui.add_enabled(layer.shown, slider);
            let opacity = f64::from(layer.opacity);
            response
                .widget_info(|| egui::WidgetInfo::slider(true, opacity, format!("{name} opacity")));
            if response.dragged() {
                gesture = Some(response.id);
            }
        });
        let shown = layer.shown;
        match view.layers[index].kind {
            LayerKind::Density if shown => density(ui, &mut changed, &mut gesture),
            LayerKind::Contours if shown => contours(ui, &mut changed, &mut gesture),
            _ => {}
        }
    }
    if let Some(index) = raised {
        changed.layers.swap(index, index + 1);
    }
    if changed != *view {
        actions.push(Action::SetView {
            view: changed,
            gesture,
        });
    }
}

fn tooltip(kind: LayerKind) -> &'static str {
    match kind {
        LayerKind::Density => "How densely the points lie",
        LayerKind::Points => "Every point",
        LayerKind::Contours => "Lines around given shares of the points",
        LayerKind::Thumbnails => "Pictures in place of points, where there is room",
        LayerKind::Labels => "Names of the categories where they are densest",
    }
}

fn density(ui: &mut Ui, view: &mut ViewSpec, gesture: &mut Option<egui::Id>) {
    ui.indent("density", |ui| {
        ui.horizontal(|ui| {
            // Two beside each other, however wide the panel is.
            let width = (ui.available_width() - ui.spacing().item_spacing.x) / 2.0;
            let list = ComboBox::from_id_salt("density scale")
                .width(width)
                .truncate()
                .selected_text(view.density.scale.name())
                .show_ui(ui, |ui| {
                    for scale in DensityScale::ALL {
                        ui.selectable_value(&mut view.density.scale, scale, scale.name());
                    }
                });
            named_list(&list.response, "Scale of the density");
            let name = |map: Option<Colormap>| map.map_or("points' colours", Colormap::name);
            let list = ComboBox::from_id_salt("density colours")
                .width(width)
                .truncate()
                .selected_text(name(view.density.map))
                .show_ui(ui, |ui| {
                    for map in Colormap::ALL.map(Some).into_iter().chain([None]) {
                        ui.selectable_value(&mut view.density.map, map, name(map));
                    }
                });
            named_list(&list.response, "Colours of the density");
        });
        ui.spacing_mut().slider_width = (ui.available_width() - 104.0).max(40.0);
        let smoothing = Slider::new(&mut view.density.smoothing, 0.0..=16.0).text("smooth");
        let response = ui.add(smoothing.fixed_decimals(1));
        if response.dragged() {
            *gesture = Some(response.id);
        }
    });
}

fn contours(ui: &mut Ui, view: &mut ViewSpec, gesture: &mut Option<egui::Id>) {
    ui.indent("contours", |ui| {
        ui.horizontal_wrapped(|ui| {
            for percent in [25, 50, 68, 90, 95, 99] {
                let fraction = f64::from(percent) / 100.0;
                let shown = view.contours.fractions.contains(&fraction);
                let button = ui.selectable_label(shown, format!("{percent} %"));
                if button.on_hover_text("Share of the points inside").clicked() {
                    if shown {
                        view.contours.fractions.retain(|f| *f != fraction);
                    } else {
                        view.contours.fractions.push(fraction);
                    }
                }
            }
        });
        ui.checkbox(&mut view.contours.by_category, "each category")
            .on_hover_text(
                "The 24 largest categories; 6 where there are more than 3 million points",
            );
        ui.spacing_mut().slider_width = (ui.available_width() - 104.0).max(40.0);
        let smoothing = Slider::new(&mut view.contours.smoothing, 0.1..=3.0).logarithmic(true);
        let response = ui.add(smoothing.text("smooth").fixed_decimals(1));
        if response.dragged() {
            *gesture = Some(response.id);
        }
        ui.add_space(STEP / 2.0);
    });
}
