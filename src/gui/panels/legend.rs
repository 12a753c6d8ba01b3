//! What is drawn: the column that colours the points, the legend that is also the switchboard, and
//! the look of the points.

use eframe::egui::{
    self, Color32, ComboBox, Pos2, Rect, RichText, Sense, Slider, Stroke, Ui, Vec2,
};

use super::super::action::Action;
use super::super::theme::{STEP, data_color, tokens};
use super::super::widgets::{dot, grouped, named_list, section, short_number};
use crate::color::{ColorScale, Colormap, ScaleKind};
use crate::data::ColumnKind;
use crate::render::Shape;
use crate::scene::{Colored, Histogram, Legend, LegendEntry, precise_number, tick_texts};
use crate::session::{OpenData, Session, ViewSpec};

/// Columns that say where things are, not what they are.
const BOOKKEEPING: [&str; 5] = ["id", "cutout_file", "cutout_hdu", "cutout_plane", "warning"];
/// Width of the button that turns the colours, and of that which takes limits back.
const TURN: f32 = 36.0;
const AUTO: f32 = 42.0;
/// Categories that a legend shows without scrolling.
const ROWS: usize = 16;
/// Height of one category's strip of a histogram.
const STRIP_HEIGHT: f32 = 34.0;

pub(in crate::gui) fn ui(
    ui: &mut Ui,
    session: &Session,
    colored: Option<&Colored>,
    actions: &mut Vec<Action>,
) {
    let Some(data) = session.data() else { return };
    let view = session.view();
    color_by(ui, data, view, actions);
    match colored.map(|c| &c.legend) {
        Some(Legend::Categories(entries)) if entries.len() > ROWS => {
            let height = ROWS as f32 * (20.0 + ui.spacing().item_spacing.y);
            egui::ScrollArea::vertical()
                .id_salt("categories")
                .max_height(height)
                .show(ui, |ui| categories(ui, entries, view, actions));
        }
        Some(Legend::Categories(entries)) => categories(ui, entries, view, actions),
        Some(Legend::Scale {
            map,
            invert,
            scale,
            missing,
            ..
        }) => numbers(ui, (*map, *invert), scale, *missing, view, actions),
        Some(Legend::Plain) | None => {}
    }
    section(ui, "Points");
    by_column(
        ui,
        "Marker",
        view.marker_by.as_ref(),
        session,
        |k| k == ColumnKind::Categorical,
        |column| {
            let mut view = view.clone();
            view.marker_by = column;
            actions.push(Action::SetView {
                view,
                gesture: None,
            });
        },
    );
    by_column(
        ui,
        "Size by",
        view.size_by.as_ref(),
        session,
        |k| k == ColumnKind::Continuous,
        |column| {
            let mut view = view.clone();
            view.size_by = column;
            actions.push(Action::SetView {
                view,
                gesture: None,
            });
        },
    );
    let marked = |c: &&Colored| !c.markers.is_empty() || c.sizes.is_some();
    if let Some(colored) = colored.filter(marked) {
        ui.scope(|ui| marks(ui, colored));
    }
    slider(
        ui,
        "Size",
        view.point_size,
        0.3..=4.0,
        actions,
        view,
        |view, value| view.point_size = value,
    );
}

/// The column that colours the points.
fn color_by(ui: &mut Ui, data: &OpenData, view: &ViewSpec, actions: &mut Vec<Action>) {
    section(ui, "Colour by");
    let mut chosen = view.color.column.clone();
    let column = chosen
        .as_ref()
        .and_then(|name| data.dataset.catalog.column(name));
    let text = column.map_or("nothing".into(), |column| column.label());
    let list = ComboBox::from_id_salt("colour by")
        .selected_text(text)
        .width(ui.available_width())
        .truncate()
        .height(420.0)
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut chosen, None, "nothing");
            for (column, kind) in data.dataset.catalog.columns().zip(&data.kinds) {
                if *kind != ColumnKind::Opaque && !BOOKKEEPING.contains(&column.name()) {
                    ui.selectable_value(
                        &mut chosen,
                        Some(column.name().to_owned()),
                        column.label(),
                    );
                }
            }
        });
    named_list(&list.response, "Colour by");
    if chosen != view.color.column {
        let mut view = view.clone();
        view.color.column = chosen;
        view.color.hidden.clear();
        view.color.order.clear();
        view.color.limits = None;
        view.color.as_numbers = false;
        actions.push(Action::SetView {
            view,
            gesture: None,
        });
    }
    ui.add_space(STEP);
    if column.is_some_and(|column| {
        column.is_numeric() && data.kind_of(column.name()) == Some(ColumnKind::Categorical)
    }) {
        let mut view = view.clone();
        let numbers = ui.checkbox(&mut view.color.as_numbers, "as numbers");
        if numbers
            .on_hover_text("A colour bar instead of a colour for each value")
            .changed()
        {
            view.color.limits = None;
            view.color.hidden.clear();
            actions.push(Action::SetView {
                view,
                gesture: None,
            });
        }
    }
}

/// A list of columns of one kind, and none.
fn by_column(
    ui: &mut Ui,
    name: &str,
    chosen: Option<&String>,
    session: &Session,
    fits: impl Fn(ColumnKind) -> bool,
    choose: impl FnOnce(Option<String>),
) {
    let Some(data) = session.data() else { return };
    let mut next = chosen.cloned();
    ui.horizontal(|ui| {
        let muted = tokens(ui.ctx()).muted;
        ui.add_sized(
            [52.0, 18.0],
            egui::Label::new(RichText::new(name).color(muted)),
        );
        let list = ComboBox::from_id_salt(name)
            .selected_text(
                chosen
                    .cloned()
                    .unwrap_or_else(|| "the same for all".to_owned()),
            )
            .width(ui.available_width())
            .truncate()
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut next, None, "the same for all");
                for (column, kind) in data.dataset.catalog.columns().zip(&data.kinds) {
                    if fits(*kind) && !BOOKKEEPING.contains(&column.name()) {
                        let value = Some(column.name().to_owned());
                        ui.selectable_value(&mut next, value, column.label());
                    }
                }
            });
        named_list(&list.response, name);
    });
    if next.as_ref() != chosen {
        choose(next);
    }
}

/// What markers and sizes mean.
fn marks(ui: &mut Ui, colored: &Colored) {
    let muted = tokens(ui.ctx()).muted;
    ui.spacing_mut().interact_size.y = 3.0 * STEP;
    let say = |ui: &mut Ui, text: &str| ui.label(RichText::new(text).small().color(muted));
    for (name, shape) in &colored.markers {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(12.0), Sense::hover());
            ui.painter().add(symbol(*shape, rect.center(), 4.5, muted));
            say(ui, name);
        });
    }
    if let Some((label, low, high)) = &colored.sizes {
        let (low, high) = (short_number(*low), short_number(*high));
        say(ui, &format!("small {low} to large {high}: {label}"));
    }
}

/// A marker of this radius, as on the map.
fn symbol(shape: Shape, at: Pos2, radius: f32, color: Color32) -> egui::Shape {
    let polygon = |corners: Vec<Pos2>| egui::Shape::convex_polygon(corners, color, Stroke::NONE);
    match shape {
        Shape::Disc => egui::Shape::circle_filled(at, radius, color),
        Shape::Diamond => polygon(vec![
            at - Vec2::Y * radius,
            at + Vec2::X * radius,
            at + Vec2::Y * radius,
            at - Vec2::X * radius,
        ]),
        Shape::Square => {
            let rect = Rect::from_center_size(at, Vec2::splat(1.8 * radius));
            egui::Shape::rect_filled(rect, 0.0, color)
        }
        Shape::Plus => {
            let arm = |along: Vec2| {
                let ends = [at - along * radius, at + along * radius];
                egui::Shape::line_segment(ends, Stroke::new(0.6 * radius, color))
            };
            egui::Shape::Vec(vec![arm(Vec2::X), arm(Vec2::Y)])
        }
    }
}

/// One row for each category: the dot switches it, the name isolates it.
fn categories(ui: &mut Ui, entries: &[LegendEntry], view: &ViewSpec, actions: &mut Vec<Action>) {
    let colors = tokens(ui.ctx());
    let mut change = |hidden: Vec<String>| {
        let mut view = view.clone();
        view.color.hidden = hidden.into_iter().collect();
        actions.push(Action::SetView {
            view,
            gesture: None,
        });
    };
    let hidden_names = || entries.iter().filter(|e| e.hidden).map(|e| e.name.clone());
    let mut moved: Option<(usize, usize)> = None;
    let pitch = 20.0 + ui.spacing().item_spacing.y;
    let toggled = |entry: &LegendEntry| -> Vec<String> {
        if entry.hidden {
            hidden_names().filter(|n| *n != entry.name).collect()
        } else {
            hidden_names().chain([entry.name.clone()]).collect()
        }
    };
    for (index, entry) in entries.iter().enumerate() {
        let name = if entry.name.is_empty() {
            "no value"
        } else {
            &entry.name
        };
        ui.horizontal(|ui| {
            if dot(
                ui,
                data_color(ui.ctx(), entry.color),
                !entry.hidden,
                &format!("Show {name}"),
            )
            .clicked()
            {
                change(toggled(entry));
            }
            let text = RichText::new(name).color(if entry.hidden {
                colors.muted
            } else {
                colors.text
            });
            let width = (ui.available_width() - 60.0).max(40.0);
            let label = ui
                .allocate_ui(Vec2::new(width, 20.0), |ui| {
                    ui.add(
                        egui::Label::new(text)
                            .truncate()
                            .sense(Sense::click_and_drag()),
                    )
                })
                .inner
                .on_hover_text(
                    "Click: only these. Shift+click or the dot: without these. Drag: another place",
                );
            if label.drag_stopped()
                && let Some(pos) = label.interact_pointer_pos()
            {
                let by = ((pos.y - label.rect.center().y) / pitch).round() as isize;
                let to = index.saturating_add_signed(by).min(entries.len() - 1);
                moved = (to != index).then_some((index, to));
            }
            if label.dragged() {
                ui.ctx().set_cursor_icon(egui::CursorIcon::Grabbing);
            }
            if label.clicked() {
                if ui.input(|i| i.modifiers.shift) {
                    change(toggled(entry));
                } else {
                    let alone = !entry.hidden
                        && entries.iter().all(|e| e.hidden || e.name == entry.name)
                        && entries.len() > 1;
                    let others = entries
                        .iter()
                        .filter(|e| e.name != entry.name)
                        .map(|e| e.name.clone());
                    change(if alone { Vec::new() } else { others.collect() });
                }
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.label(RichText::new(grouped(entry.count)).color(colors.muted));
            });
        });
    }
    if entries.iter().any(|e| e.hidden) && ui.small_button("Show all").clicked() {
        change(Vec::new());
    }
    if let Some((from, to)) = moved {
        let mut names: Vec<String> = entries.iter().map(|e| e.name.clone()).collect();
        let name = names.remove(from);
        names.insert(to, name);
        let mut view = view.clone();
        view.color.order = names;
        actions.push(Action::SetView {
            view,
            gesture: None,
        });
    }
}

/// The colour bar with its limits, scale and colours.
fn numbers(
    ui: &mut Ui,
    (map, invert): (Colormap, bool),
    scale: &ColorScale,
    missing: usize,
    view: &ViewSpec,
    actions: &mut Vec<Action>,
) {
    let colors = tokens(ui.ctx());
    bar(ui, map, invert, scale);
    let mut spec = view.color.clone();
    ui.horizontal(|ui| {
        let gap = ui.spacing().item_spacing.x;
        let width = (ui.available_width() - TURN - 2.0 * gap) / 2.0;
        let list = ComboBox::from_id_salt("scale")
            .width(width)
            .truncate()
            .selected_text(spec.scale.name())
            .show_ui(ui, |ui| {
                for kind in ScaleKind::ALL {
                    ui.selectable_value(&mut spec.scale, kind, kind.name());
                }
            });
        named_list(&list.response, "Scale of the colours");
        let list = ComboBox::from_id_salt("map")
            .width(width)
            .truncate()
            .selected_text(spec.map.name())
            .show_ui(ui, |ui| {
                for map in Colormap::ALL {
                    ui.selectable_value(&mut spec.map, map, map.name());
                }
            });
        named_list(&list.response, "Colours");
        let turn = ui.selectable_label(spec.invert, "↔");
        turn.widget_info(|| {
            egui::WidgetInfo::selected(
                egui::Role::CheckBox,
                true,
                spec.invert,
                "Invert the colours",
            )
        });
        if turn
            .on_hover_text("The colours from the other end")
            .clicked()
        {
            spec.invert = !spec.invert;
        }
    });
    let mut gesture = None;
    let (mut low, mut high) = scale.limits();
    ui.horizontal(|ui| {
        // Under the ends of the bar, however wide the panel is.
        let gap = ui.spacing().item_spacing.x;
        let width = (ui.available_width() - AUTO - 2.0 * gap).max(80.0) / 2.0;
        let size = Vec2::new(width, ui.spacing().interact_size.y);
        let ends = [low, high];
        ui.style_mut().drag_value_text_style = egui::TextStyle::Small;
        ui.spacing_mut().button_padding.x = STEP;
        let a = ui.add_sized(size, Limit::new(&mut low, ends).widget());
        let b = ui.add_sized(size, Limit::new(&mut high, ends).widget());
        let tip = "drag, or click to type";
        let a = a.on_hover_text(format!("Lower limit: {tip}"));
        let b = b.on_hover_text(format!("Upper limit: {tip}"));
        if (a.changed() || b.changed()) && low < high && (low, high) != scale.limits() {
            spec.limits = Some((low, high));
            gesture = [a, b].iter().find(|r| r.dragged()).map(|r| r.id);
        }
        let auto = ui.add_enabled(spec.limits.is_some(), egui::Button::new("auto").small());
        if auto.on_hover_text("Percentiles 1 and 99").clicked() {
            spec.limits = None;
        }
    });
    if missing > 0 {
        ui.horizontal(|ui| {
            dot(
                ui,
                data_color(ui.ctx(), crate::color::MISSING),
                true,
                "no value",
            );
            ui.label(RichText::new(format!("no value: {}", grouped(missing))).color(colors.muted));
        });
    }
    if spec != view.color {
        let mut view = view.clone();
        view.color = spec;
        actions.push(Action::SetView { view, gesture });
    }
}

/// A limit of a scale, of any magnitude: it is dragged in units of the power of ten of its range.
struct Limit<'a> {
    value: &'a mut f64,
    unit: f64,
    speed: f64,
}

impl<'a> Limit<'a> {
    fn new(value: &'a mut f64, [low, high]: [f64; 2]) -> Self {
        let range = (high / 2.0 - low / 2.0).abs().max(f64::MIN_POSITIVE);
        let unit = 10_f64.powf(range.log10().floor()).max(f64::MIN_POSITIVE);
        Self {
            value,
            unit,
            speed: range / unit / 100.0,
        }
    }

    fn widget(self) -> egui::DragValue<'a> {
        let Self { value, unit, speed } = self;
        let dragged = move |new: Option<f64>| {
            if let Some(new) = new.map(|v| v * unit).filter(|v| v.is_finite()) {
                *value = new;
            }
            *value / unit
        };
        egui::DragValue::from_get_set(dragged)
            .speed(speed)
            .update_while_editing(false)
            .custom_formatter(move |v, _| precise_number(v * unit))
            .custom_parser(move |text| text.trim().parse::<f64>().ok().map(|v| v / unit))
    }
}

/// The colours from the lower to the upper limit, with three numbers under them.
fn bar(ui: &mut Ui, map: Colormap, invert: bool, scale: &ColorScale) {
    let colors = tokens(ui.ctx());
    let (rect, _) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), 3.0 * STEP), Sense::hover());
    let steps = 64;
    for i in 0..steps {
        let at = |k: usize| rect.left() + rect.width() * k as f32 / steps as f32;
        let strip = Rect::from_x_y_ranges(at(i)..=at(i + 1), rect.y_range());
        let t = (i as f32 + 0.5) / steps as f32;
        ui.painter().rect_filled(
            strip,
            0.0,
            data_color(ui.ctx(), map.at(if invert { 1.0 - t } else { t })),
        );
    }
    ui.columns(3, |columns| {
        let texts = tick_texts(&[0.0, 0.5, 1.0].map(|t| scale.value_at(t)));
        let aligned = [egui::Align::Min, egui::Align::Center, egui::Align::Max];
        for ((column, align), text) in columns.iter_mut().zip(aligned).zip(texts) {
            column.with_layout(egui::Layout::top_down(align), |ui| {
                ui.label(RichText::new(text).small().color(colors.muted));
            });
        }
    });
}

fn slider(
    ui: &mut Ui,
    name: &str,
    mut value: f32,
    range: std::ops::RangeInclusive<f32>,
    actions: &mut Vec<Action>,
    view: &ViewSpec,
    set: impl FnOnce(&mut ViewSpec, f32),
) {
    ui.horizontal(|ui| {
        let color = tokens(ui.ctx()).muted;
        let place = Vec2::new(52.0, 18.0);
        ui.allocate_ui_with_layout(
            place,
            egui::Layout::left_to_right(egui::Align::Center),
            |ui| {
                ui.set_min_width(place.x);
                ui.label(RichText::new(name).color(color));
            },
        );
        ui.spacing_mut().slider_width = (ui.available_width() - 8.0).max(60.0);
        let response = ui.add(Slider::new(&mut value, range).show_value(false));
        response.widget_info(|| egui::WidgetInfo::slider(true, f64::from(value), name));
        if response.changed() {
            let mut view = view.clone();
            set(&mut view, value);
            let gesture = response.dragged().then_some(response.id);
            actions.push(Action::SetView { view, gesture });
        }
    });
}

/// The distributions of a few columns, one strip for each category.
pub(in crate::gui) fn histograms(ui: &mut Ui, histograms: &[Histogram]) {
    let colors = tokens(ui.ctx());
    for histogram in histograms {
        section(ui, &histogram.label);
        for (color, counts) in &histogram.groups {
            let (rect, _) = ui.allocate_exact_size(
                Vec2::new(ui.available_width(), STRIP_HEIGHT),
                Sense::hover(),
            );
            let most = counts.iter().copied().max().unwrap_or(0).max(1) as f32;
            let width = rect.width() / counts.len() as f32;
            for (i, count) in counts.iter().enumerate() {
                let left = rect.left() + i as f32 * width;
                let top = rect.bottom() - rect.height() * *count as f32 / most;
                let bar = Rect::from_min_max(
                    egui::pos2(left, top),
                    egui::pos2(left + width - 1.0, rect.bottom()),
                );
                ui.painter().rect_filled(
                    bar,
                    1.0,
                    data_color(ui.ctx(), *color).gamma_multiply(0.85),
                );
            }
            ui.painter().hline(
                rect.x_range(),
                rect.bottom(),
                egui::Stroke::new(1.0, colors.line),
            );
        }
        ui.horizontal(|ui| {
            ui.label(
                RichText::new(short_number(histogram.range.0))
                    .small()
                    .color(colors.muted),
            );
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.label(
                    RichText::new(short_number(histogram.range.1))
                        .small()
                        .color(colors.muted),
                );
            });
        });
    }
}
