//! Small pieces that panels share.

use eframe::egui::{
    Align, Color32, ComboBox, Grid, Layout, Response, RichText, Sense, Ui, Vec2, WidgetText,
};

use super::theme::{STEP, strong_family, tokens};
use crate::data::ColumnKind;
use crate::session::OpenData;

/// The title of a section.
pub(super) fn section(ui: &mut Ui, title: &str) {
    ui.add_space(2.0 * STEP);
    let color = tokens(ui.ctx()).muted;
    ui.label(
        RichText::new(title)
            .family(strong_family())
            .size(11.0)
            .color(color),
    );
    ui.add_space(STEP / 2.0);
}

/// A name at the left and its value at the right.
pub(super) fn fact(ui: &mut Ui, name: &str, value: impl Into<WidgetText>) {
    ui.horizontal(|ui| {
        let color = tokens(ui.ctx()).muted;
        ui.label(RichText::new(name).color(color));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add(eframe::egui::Label::new(value).truncate());
        });
    });
}

/// A coloured dot that can be clicked; hollow when `filled` is false.
pub(super) fn dot(ui: &mut Ui, color: Color32, filled: bool, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(4.0 * STEP), Sense::click());
    response.widget_info(|| {
        eframe::egui::WidgetInfo::selected(eframe::egui::Role::CheckBox, true, filled, name)
    });
    let radius = if response.hovered() { 5.5 } else { 4.5 };
    if filled {
        ui.painter().circle_filled(rect.center(), radius, color);
    } else {
        ui.painter()
            .circle_stroke(rect.center(), radius, (1.5, color));
    }
    response
}

/// Gives a list to choose from its accessible name.
pub(super) fn named_list(response: &Response, name: &str) {
    response.widget_info(|| {
        eframe::egui::WidgetInfo::labeled(eframe::egui::Role::ComboBox, true, name)
    });
}

/// Two columns, of which the first holds labels.
pub(super) fn labelled(id: &str) -> Grid {
    const LABELS: f32 = 104.0;
    Grid::new(id).num_columns(2).min_col_width(LABELS)
}

/// A choice among the columns of classes, or none.
pub(super) fn class_column(
    ui: &mut Ui,
    name: &str,
    data: &OpenData,
    chosen: &mut Option<String>,
) -> Response {
    let list = ComboBox::from_id_salt(name)
        .selected_text(chosen.as_deref().unwrap_or("none"))
        .show_ui(ui, |ui| {
            ui.selectable_value(chosen, None, "none");
            let columns = data.dataset.catalog.columns().zip(&data.kinds);
            for (column, _) in columns.filter(|(_, kind)| **kind == ColumnKind::Categorical) {
                let name = Some(column.name().to_owned());
                ui.selectable_value(chosen, name, column.name());
            }
        });
    named_list(&list.response, name);
    list.response
}

/// A number with its digits in groups: 6,000.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A text that begins with a number, whose digits come in groups: "6,000 objects".
pub(super) fn grouped_text(text: &str) -> String {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (number, rest) = text.split_at(end.unwrap_or(text.len()));
    let number = number.parse().map(grouped);
    number.map_or_else(|_| text.to_owned(), |number| number + rest)
}

/// "1 cutout", "6,000 cutouts".
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// A value with four significant digits.
pub(super) fn short_number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-3..1e6).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let decimals = if magnitude >= 1000.0 {
        0
    } else if magnitude >= 100.0 {
        1
    } else if magnitude >= 10.0 {
        2
    } else {
        3
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_number_is_grouped() {
        assert_eq!(grouped_text("6000 objects"), "6,000 objects");
        assert_eq!(grouped_text("1234567"), "1,234,567");
        assert_eq!(grouped_text("all objects"), "all objects");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [grouped(0), grouped(999), grouped(1000), grouped(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(counted(1, "cutout", "cutouts"), "1 cutout");
        let short: Vec<String> = [0.0, 4.31, 0.1416, 12345.6, 1.2e-7, 250.0, f64::NAN]
            .map(short_number)
            .to_vec();
        assert_eq!(
            short,
            ["0", "4.31", "0.142", "12346", "1.20e-7", "250", "–"]
        );
    }
}
