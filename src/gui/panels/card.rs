//! The form in which the card of a model is filled in: what its graph does not tell.

use eframe::egui::{
    Align2, Button, Context, Frame, Grid, RichText, TextEdit, Ui, WidgetInfo, Window,
};

use super::super::action::Action;
use super::super::app::Drafts;
use super::super::theme::{STEP, strong_family, tokens};
use super::tensors;
use crate::encode::{CardDraft, CardFault, NormalisationDraft};

const WIDTH: f32 = 470.0;
const LABELS: f32 = 116.0;
const FIELD: f32 = 330.0;
const NUMBER: f32 = 110.0;

/// Methods as in a card, and what they do.
const METHODS: [(&str, &str); 5] = [
    ("none", "As they are"),
    ("mean-std", "Minus a mean, divided by a deviation"),
    (
        "asinh",
        "Above the sky in units of its deviation, then the inverse hyperbolic sine",
    ),
    ("max", "Divided by the largest"),
    (
        "percentile",
        "From 0 at a low percentile to 1 at a high one",
    ),
];

/// Shows the form while a card is being filled in.
pub(in crate::gui) fn ui(
    ctx: &Context,
    drafts: &mut Drafts,
    working: bool,
    actions: &mut Vec<Action>,
) {
    let Some(mut draft) = drafts.chosen.form.take() else {
        return;
    };
    let file = draft
        .model()
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let mut keep = true;
    let title = format!("A card for {file}");
    Window::new(&title)
        .title_bar(false)
        .resizable(false)
        .frame(Frame::window(&ctx.global_style()).inner_margin(4.0 * STEP))
        .anchor(Align2::CENTER_TOP, [0.0, 80.0])
        .show(ctx, |ui| {
            ui.set_width(WIDTH);
            let colors = tokens(ui.ctx());
            let title = RichText::new(title.as_str()).family(strong_family());
            ui.label(title.size(15.0).color(colors.strong));
            let text = format!(
                "The model came without one. Its graph takes {}; the rest is for you to say, as its authors describe it.",
                taken(&draft)
            );
            ui.label(RichText::new(text).color(colors.muted));
            ui.add_space(2.0 * STEP);
            let mut form = Form {
                faults: draft.judged().err().unwrap_or_default(),
                told: None,
            };
            Grid::new("card")
                .num_columns(2)
                .min_col_width(LABELS)
                .show(ui, |ui| {
                    form.input(ui, &mut draft);
                    form.normalisation(ui, &mut draft.normalisation);
                    form.output(ui, &mut draft, &mut drafts.chosen.listing);
                });
            if drafts.chosen.listing {
                let mut query = std::mem::take(&mut drafts.chosen.query);
                let listed = drafts.chosen.tensors(ctx, &drafts.encoder);
                if let Some(tensor) = tensors::ui(ui, listed, &mut query, Some(&draft.tensor)) {
                    draft.tensor.clone_from(&tensor.name);
                    draft.pooling = tensor.suitable_pooling();
                }
                drafts.chosen.query = query;
            }
            ui.add_space(2.0 * STEP);
            keep = form.end(ui, &file, working, actions);
        });
    drafts.chosen.form = Some(draft).filter(|_| keep);
    drafts.chosen.listing &= keep;
}

/// What the graph says of the input.
fn taken(draft: &CardDraft) -> String {
    let number = |n: Option<usize>| n.map_or("any number of".to_owned(), |n| n.to_string());
    let length = number(draft.fixed_length());
    if draft.takes_columns() {
        return format!("rows of {length} numbers, columns of a table or fluxes of a spectrum");
    }
    match draft.fixed_size() {
        Some(size) => format!("pictures of {length} bands, {size} px wide and high"),
        None => format!("pictures of {length} bands, of any size"),
    }
}

/// What cannot be as it was filled in, while the form is drawn.
struct Form {
    faults: Vec<CardFault>,
    /// The first fault, by the name of its field.
    told: Option<String>,
}

impl Form {
    /// A name and what belongs to it; where `key` is at fault, the name stands out.
    fn row(&mut self, ui: &mut Ui, key: &str, name: &str, add: impl FnOnce(&mut Ui)) {
        let colors = tokens(ui.ctx());
        let fault = self.faults.iter().find(|fault| fault.key == key);
        let color = fault.map_or(colors.muted, |_| colors.warning);
        let label = ui.label(RichText::new(name).color(color));
        if let Some(fault) = fault {
            let told = || format!("{name}: {}", fault.reason);
            self.told.get_or_insert_with(told);
            label.on_hover_text(&fault.reason);
        }
        ui.horizontal(add);
        ui.end_row();
    }

    /// A line to type into.
    fn line(&mut self, ui: &mut Ui, (key, name): (&str, &str), text: &mut String, hint: &str) {
        self.row(ui, key, name, |ui| {
            field(ui, name, text, hint, FIELD);
        });
    }

    /// A short line, and what is asked for beside it.
    fn number(&mut self, ui: &mut Ui, (key, name): (&str, &str), text: &mut String, what: &str) {
        self.row(ui, key, name, |ui| {
            field(ui, name, text, "", NUMBER);
            ui.label(RichText::new(what).small().color(tokens(ui.ctx()).muted));
        });
    }

    fn input(&mut self, ui: &mut Ui, draft: &mut CardDraft) {
        self.line(ui, ("name", "Name"), &mut draft.name, "");
        if draft.takes_columns() {
            let hint = "names in the model's order, such as mag_g, mag_r";
            self.line(ui, ("input.columns", "Columns"), &mut draft.columns, hint);
            let hint = "or, of spectra: first and last in Å, such as 3600, 9824";
            let key = ("input.wavelength", "Wavelengths");
            self.line(ui, key, &mut draft.wavelengths, hint);
            if draft.fixed_length().is_none() && !draft.wavelengths.trim().is_empty() {
                self.number(
                    ui,
                    ("input.size", "Fluxes"),
                    &mut draft.size,
                    "of a spectrum",
                );
            }
            return;
        }
        let hint = "names in the model's order, such as g, r, z";
        self.line(ui, ("input.bands", "Bands"), &mut draft.bands, hint);
        if draft.fixed_length().is_none() && draft.bands.trim().is_empty() {
            let key = ("input.channels", "Number of bands");
            self.number(ui, key, &mut draft.channels, "where they have no names");
        }
        if draft.fixed_size().is_none() {
            self.number(ui, ("input.size", "Side"), &mut draft.size, "px");
        }
        let key = ("input.pixel_scale_arcsec", "Size of a pixel");
        let what = "arcsec, where it is known";
        self.number(ui, key, &mut draft.pixel_scale_arcsec, what);
        self.row(ui, "input.eight_bit", "Resampling", |ui| {
            ui.checkbox(&mut draft.eight_bit, "in 8 bits, as Pillow does");
        });
    }

    fn normalisation(&mut self, ui: &mut Ui, how: &mut NormalisationDraft) {
        self.row(ui, "input.normalisation.method", "Normalisation", |ui| {
            for (method, tip) in METHODS {
                let label = ui.selectable_label(how.method == method, method);
                if label.on_hover_text(tip).clicked() {
                    method.clone_into(&mut how.method);
                }
            }
        });
        let each = "one number, or one for each";
        match how.method.as_str() {
            "mean-std" => {
                self.line(
                    ui,
                    ("input.normalisation.mean", "Mean"),
                    &mut how.mean,
                    each,
                );
                self.line(
                    ui,
                    ("input.normalisation.std", "Deviation"),
                    &mut how.std,
                    each,
                );
                return;
            }
            "asinh" => {
                let key = ("input.normalisation.scale", "Softening");
                self.number(ui, key, &mut how.scale, "in deviations of the sky");
                let key = ("input.normalisation.divide_by", "Divided by");
                self.number(ui, key, &mut how.divide_by, "1 where nothing is said");
                self.row(ui, "input.normalisation.sky", "Sky", |ui| {
                    ui.selectable_value(&mut how.all_sky, false, "border");
                    ui.selectable_value(&mut how.all_sky, true, "all pixels");
                });
            }
            "percentile" => {
                self.number(ui, ("input.normalisation.lo", "Low"), &mut how.lo, "%");
                self.number(ui, ("input.normalisation.hi", "High"), &mut how.hi, "%");
            }
            "max" => {}
            _ => return,
        }
        self.row(ui, "input.normalisation.joint", "Statistics", |ui| {
            ui.selectable_value(&mut how.joint, false, "of each by itself");
            ui.selectable_value(&mut how.joint, true, "of all together");
        });
    }

    fn output(&mut self, ui: &mut Ui, draft: &mut CardDraft, listing: &mut bool) {
        self.row(ui, "output.name", "Embedding", |ui| {
            field(
                ui,
                "Embedding",
                &mut draft.tensor,
                "a tensor of the graph",
                FIELD - 86.0,
            );
            if ui.selectable_label(*listing, "Choose…").clicked() {
                *listing = !*listing;
            }
        });
        self.row(ui, "output.pooling", "Pooling", |ui| {
            tensors::pooling(ui, &mut draft.pooling);
        });
        self.row(ui, "output.l2_normalised", "Vectors", |ui| {
            ui.checkbox(&mut draft.l2_normalised, "scaled to unit length");
        });
    }

    /// What is missing, and the buttons; returns whether the form stays open.
    fn end(self, ui: &mut Ui, file: &str, working: bool, actions: &mut Vec<Action>) -> bool {
        let colors = tokens(ui.ctx());
        let first = self.faults.first();
        let told = self
            .told
            .or_else(|| first.map(|fault| format!("{}: {}", fault.key, fault.reason)));
        let ready = told.is_none() && !working;
        let told = told.unwrap_or_else(|| {
            "The model is tried on two synthetic objects before the card is written".to_owned()
        });
        let color = if first.is_some() {
            colors.warning
        } else {
            colors.muted
        };
        ui.label(RichText::new(told).color(color));
        ui.add_space(STEP);
        ui.horizontal(|ui| {
            let text = RichText::new("Check and write the card").family(strong_family());
            let button = if ready {
                Button::new(text.color(colors.panel)).fill(colors.accent)
            } else {
                Button::new(text)
            };
            let name = std::path::Path::new(file).with_extension("toml");
            let tip = format!("Writes {} beside the model", name.display());
            if ui.add_enabled(ready, button).on_hover_text(tip).clicked() {
                actions.push(Action::WriteCard);
            }
            !ui.button("Not now").clicked()
        })
        .inner
    }
}

/// A field with its accessible name.
fn field(ui: &mut Ui, name: &str, text: &mut String, hint: &str, width: f32) {
    let edit = TextEdit::singleline(text)
        .hint_text(hint)
        .desired_width(width);
    ui.add(edit).widget_info(|| WidgetInfo {
        label: Some(name.to_owned()),
        ..WidgetInfo::text_edit(true, text.as_str(), text.as_str(), hint)
    });
}
