//! A card as TOML, such that reading it gives the same card.

use std::fmt::{self, Write as _};
use std::path::Path;

use super::{ImageInput, Method, ModelCard, ModelInput, Normalisation, SedInput, SpectrumInput};

/// The text of a card that will lie at `path`, beside its model.
pub(super) fn to_toml(card: &ModelCard, path: &Path) -> String {
    let mut text = Text::default();
    let about = &card.about;
    text.text("name", &about.name);
    for (key, value) in [
        ("version", &about.version),
        ("paper", &about.paper),
        ("licence", &about.licence),
        ("training_data", &about.training_data),
    ] {
        if !value.is_empty() {
            text.text(key, value);
        }
    }
    text.optional("space", card.space.as_deref());
    text.optional("sha256", card.sha256.as_deref());
    if card.model_path.file_name() != path.with_extension("onnx").file_name() {
        text.text("file", &card.model_file());
    }
    text.table("[input]");
    match &card.input {
        ModelInput::Image(image) => picture(&mut text, image),
        ModelInput::Spectrum(spectrum) => fluxes(&mut text, spectrum),
        ModelInput::Sed(sed) => columns(&mut text, sed),
    }
    normalisation(&mut text, card.input.normalisation());
    let output = &card.output;
    text.table("[output]");
    text.optional("name", output.name.as_deref());
    text.text("pooling", output.pooling.name());
    if let Some(dimension) = output.dimension {
        text.value("dimension", dimension);
    }
    text.value("l2_normalised", output.l2_normalised);
    if let Some(decoder) = &card.decoder {
        text.table("[decoder]");
        text.text("file", &decoder.file);
        text.text("input", &decoder.input);
        text.text("output", &decoder.output);
    }
    if let Some(prediction) = &card.prediction {
        text.table("[prediction]");
        text.text("tensor", &prediction.tensor);
        text.text("band", &prediction.band);
        text.optional("file", prediction.file.as_deref());
    }
    for head in &card.heads {
        text.table("[[heads]]");
        text.text("name", &head.name);
        text.text("tensor", &head.tensor);
        text.value("first", head.first);
        text.text("activation", head.activation.name());
        text.texts("columns", &head.columns);
    }
    text.0
}

fn picture(text: &mut Text, image: &ImageInput) {
    text.optional("name", image.name.as_deref());
    text.text("modality", "image");
    if image.bands.is_empty() {
        text.value("channels", image.channels);
    } else {
        text.texts("bands", &image.bands);
    }
    text.value("size", image.size);
    if let Some(scale) = image.pixel_scale_arcsec {
        text.number("pixel_scale_arcsec", scale);
    }
    if image.eight_bit {
        text.value("eight_bit", true);
    }
}

fn fluxes(text: &mut Text, spectrum: &SpectrumInput) {
    text.optional("name", spectrum.name.as_deref());
    text.text("modality", "spectrum");
    text.value("size", spectrum.size);
    if let Some(grid) = &spectrum.wavelength {
        text.table("[input.wavelength]");
        text.value("first", format_args!("{:?}", grid.first));
        text.value("last", format_args!("{:?}", grid.last));
        text.text("spacing", grid.spacing.name());
    }
}

fn columns(text: &mut Text, sed: &SedInput) {
    text.optional("name", sed.name.as_deref());
    text.text("modality", "sed");
    text.texts("columns", &sed.columns);
}

fn normalisation(text: &mut Text, how: &Normalisation) {
    text.table("[input.normalisation]");
    text.text("method", how.method().name());
    match how.method() {
        Method::None | Method::Max => {}
        Method::MeanStd { mean, std } => {
            text.numbers("mean", mean);
            text.numbers("std", std);
        }
        Method::Asinh {
            scale,
            sky,
            divide_by,
        } => {
            text.number("scale", *scale);
            text.number("divide_by", *divide_by);
            text.text("sky", sky.name());
        }
        Method::Percentile { lo, hi } => {
            text.number("lo", *lo);
            text.number("hi", *hi);
        }
    }
    if how.joint() {
        text.value("joint", true);
    }
}

/// Lines of TOML. Writing to a string cannot fail.
#[derive(Default)]
struct Text(String);

impl Text {
    fn table(&mut self, head: &str) {
        let _ = writeln!(self.0, "\n{head}");
    }

    fn value(&mut self, key: &str, value: impl fmt::Display) {
        let _ = writeln!(self.0, "{key} = {value}");
    }

    fn text(&mut self, key: &str, text: &str) {
        self.value(key, toml::Value::from(text));
    }

    fn optional(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    fn texts(&mut self, key: &str, texts: &[String]) {
        self.value(key, toml::Value::from(texts.to_vec()));
    }

    /// With the fewest digits that give the same number again.
    fn number(&mut self, key: &str, number: f32) {
        self.value(key, format_args!("{number:?}"));
    }

    fn numbers(&mut self, key: &str, numbers: &[f32]) {
        match numbers {
            &[number] => self.number(key, number),
            _ => self.value(key, format_args!("{numbers:?}")),
        }
    }
}
