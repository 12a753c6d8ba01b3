//! A card that is being filled in: what a form holds, or what flags say, as text.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::fault::Fault;
use super::{MAX_BANDS, MAX_SIZE, Method, ModelCard, Normalisation, Pooling, Sky, file};
use crate::encode::EncodeError;
use crate::encode::model::Model;
use crate::encode::onnx::{Dim, Element};
use crate::encode::wiring::{Wiring, fitted};

/// A key of a card that cannot be as it was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFault {
    /// Such as `input.size`.
    pub key: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// What is known of a model without a card, and what its user adds. Lists are separated by commas or
/// spaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardDraft {
    /// Short name.
    pub name: String,
    /// Names of the bands in order; empty when only their number is known.
    pub bands: String,
    /// Number of bands.
    pub channels: String,
    /// Side, px.
    pub size: String,
    /// Size of a pixel on the sky, arcsec; empty when it is not known.
    pub pixel_scale_arcsec: String,
    /// For an encoder of columns, their names in order.
    pub columns: String,
    /// How values are scaled.
    pub normalisation: NormalisationDraft,
    /// Whether pictures are resampled as bytes.
    pub eight_bit: bool,
    /// The tensor that becomes the embedding.
    pub tensor: String,
    /// How it becomes one vector.
    pub pooling: Pooling,
    /// Whether vectors are scaled to unit length.
    pub l2_normalised: bool,
    model: PathBuf,
    sha256: String,
    /// What the graph fixes.
    takes_columns: bool,
    fixed_length: Option<usize>,
    fixed_size: Option<usize>,
}

/// A normalisation that is being filled in: the fields of other methods are kept and not used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NormalisationDraft {
    /// One of [`Method::NAMES`]; empty until it is chosen.
    pub method: String,
    /// `mean-std`: one number, or one for each band.
    pub mean: String,
    /// `mean-std`: one number, or one for each band.
    pub std: String,
    /// `asinh`: softening, in sky sigma.
    pub scale: String,
    /// `asinh`: divisor; 1 when empty.
    pub divide_by: String,
    /// `asinh`: whether the sky is taken from all pixels, not from the border.
    pub all_sky: bool,
    /// `percentile`: what becomes 0, in percent.
    pub lo: String,
    /// `percentile`: what becomes 1, in percent.
    pub hi: String,
    /// Whether the bands share their statistics.
    pub joint: bool,
}

impl CardDraft {
    /// What the graph of an `.onnx` file says; its weights are read too.
    ///
    /// # Errors
    /// When the file cannot be read as a model, or takes neither pictures nor columns.
    pub fn read(path: &Path) -> Result<Self, EncodeError> {
        let model = Model::load(path)?;
        let input = model.only_input(None)?;
        let fixed = |dim: &Dim| match dim {
            Dim::Fixed(length) => Some(*length),
            Dim::Named(_) | Dim::Open => None,
        };
        let (takes_columns, fixed_length, fixed_size) = match input.dims.as_deref() {
            None => (false, None, None),
            Some([_, columns]) => (true, fixed(columns), None),
            Some([_, channels, height, width]) => {
                let sides = (fixed(height), fixed(width));
                if let (Some(height), Some(width)) = sides
                    && height != width
                {
                    return Err(model.refuse(format!("its input {input} is not square")));
                }
                (false, fixed(channels), sides.0.or(sides.1))
            }
            Some(_) => {
                return Err(model.refuse(format!(
                    "its input {input} is neither a batch of pictures (batch x bands x height x width) nor of columns (batch x columns)"
                )));
            }
        };
        let text = |length: Option<usize>| length.map_or(String::new(), |n| n.to_string());
        let outputs = &model.graph.outputs;
        let is_float = |element| element == Element::FLOAT32 || element == Element::default();
        let output = outputs.iter().find(|output| is_float(output.element));
        Ok(Self {
            name: model
                .path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            channels: text(fixed_length.filter(|_| !takes_columns)),
            size: text(fixed_size),
            tensor: output.map(|output| output.name.clone()).unwrap_or_default(),
            model: model.path,
            sha256: model.sha256,
            takes_columns,
            fixed_length,
            fixed_size,
            ..Self::default()
        })
    }

    /// Fills in how values are scaled.
    pub fn set_normalisation(&mut self, normalisation: &Normalisation) {
        self.normalisation = NormalisationDraft::of(normalisation);
    }

    /// The card, for a file beside the model.
    ///
    /// # Errors
    /// What cannot be as it was filled in, by key; at least one.
    pub fn card(&self) -> Result<ModelCard, Vec<CardFault>> {
        let mut faults = Vec::new();
        let tables = self.tables(&mut faults);
        if faults.is_empty() {
            let path = self.model.with_extension("toml");
            let card = file::of_tables(tables, &path);
            return card.map_err(|Fault { key, reason }| vec![CardFault { key, reason }]);
        }
        Err(faults)
    }

    fn tables(&self, faults: &mut Vec<CardFault>) -> Table {
        let mut card = Table::new();
        card.insert("name".to_owned(), self.name.trim().into());
        card.insert("sha256".to_owned(), self.sha256.as_str().into());
        // A name in another case or with odd characters is still found.
        if let Some(file) = self.model.file_name() {
            let file = file.to_string_lossy();
            card.insert("file".to_owned(), file.into_owned().into());
        }
        card.insert("input".to_owned(), self.input(faults).into());
        let mut output = Table::new();
        if self.tensor.trim().is_empty() {
            fault(
                faults,
                "output.name",
                "choose the tensor that becomes the embedding",
            );
        }
        output.insert("name".to_owned(), self.tensor.trim().into());
        output.insert("pooling".to_owned(), self.pooling.name().into());
        output.insert("l2_normalised".to_owned(), self.l2_normalised.into());
        card.insert("output".to_owned(), output.into());
        card
    }

    fn input(&self, faults: &mut Vec<CardFault>) -> Table {
        let mut input = Table::new();
        let (list, key) = if self.takes_columns {
            (words(&self.columns), "columns")
        } else {
            (words(&self.bands), "bands")
        };
        if let Some(fixed) = self.fixed_length
            && fixed != list.len()
            && (self.takes_columns || !list.is_empty())
        {
            let reason = format!("the model takes {fixed}, but {} are named", list.len());
            fault(faults, &format!("input.{key}"), &reason);
        }
        if !list.is_empty() || self.takes_columns {
            input.insert(key.to_owned(), list.into());
        }
        if self.takes_columns {
            input.insert("modality".to_owned(), "sed".into());
        } else {
            if !input.contains_key("bands") {
                let most = MAX_BANDS;
                whole(&mut input, "channels", &self.channels, most, faults);
            }
            whole(&mut input, "size", &self.size, MAX_SIZE, faults);
            if !self.pixel_scale_arcsec.trim().is_empty() {
                let key = "input.pixel_scale_arcsec";
                if let Some(scale) = number(key, &self.pixel_scale_arcsec, faults) {
                    input.insert("pixel_scale_arcsec".to_owned(), scale.into());
                }
            }
            input.insert("eight_bit".to_owned(), self.eight_bit.into());
        }
        let normalisation = self.normalisation.table(faults);
        input.insert("normalisation".to_owned(), normalisation.into());
        input
    }
}

impl NormalisationDraft {
    fn of(normalisation: &Normalisation) -> Self {
        let list = |values: &[f32]| {
            let texts: Vec<String> = values.iter().map(f32::to_string).collect();
            texts.join(", ")
        };
        let mut draft = Self {
            method: normalisation.method().name().to_owned(),
            joint: normalisation.joint(),
            ..Self::default()
        };
        match normalisation.method() {
            Method::None | Method::Max => {}
            Method::MeanStd { mean, std } => (draft.mean, draft.std) = (list(mean), list(std)),
            Method::Asinh {
                scale,
                sky,
                divide_by,
            } => {
                (draft.scale, draft.divide_by) = (scale.to_string(), divide_by.to_string());
                draft.all_sky = *sky == Sky::All;
            }
            Method::Percentile { lo, hi } => {
                (draft.lo, draft.hi) = (lo.to_string(), hi.to_string());
            }
        }
        draft
    }

    fn table(&self, faults: &mut Vec<CardFault>) -> Table {
        let mut table = Table::new();
        if !Method::NAMES.contains(&self.method.as_str()) {
            let reason = format!("choose one of {}", Method::NAMES.join(", "));
            fault(faults, "input.normalisation.method", &reason);
        }
        table.insert("method".to_owned(), self.method.as_str().into());
        table.insert("joint".to_owned(), self.joint.into());
        let mut add = |key: &str, text: &str| {
            let path = format!("input.normalisation.{key}");
            let mut numbers: Vec<Value> = Vec::new();
            for word in words(text) {
                numbers.extend(number(&path, &word, faults).map(Value::from));
            }
            match numbers.len() {
                0 if text.trim().is_empty() => fault(faults, &path, "is missing"),
                0 => {}
                1 => {
                    table.insert(key.to_owned(), numbers.remove(0));
                }
                _ => {
                    table.insert(key.to_owned(), numbers.into());
                }
            }
        };
        match self.method.as_str() {
            "mean-std" => {
                add("mean", &self.mean);
                add("std", &self.std);
            }
            "asinh" => {
                add("scale", &self.scale);
                if !self.divide_by.trim().is_empty() {
                    add("divide_by", &self.divide_by);
                }
                let sky = if self.all_sky { Sky::All } else { Sky::Border };
                table.insert("sky".to_owned(), sky.name().into());
            }
            "percentile" => {
                add("lo", &self.lo);
                add("hi", &self.hi);
            }
            _ => {}
        }
        table
    }
}

fn fault(faults: &mut Vec<CardFault>, key: &str, reason: &str) {
    if !faults.iter().any(|known| known.key == key) {
        faults.push(CardFault {
            key: key.to_owned(),
            reason: reason.to_owned(),
        });
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c == ',' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn number(key: &str, text: &str, faults: &mut Vec<CardFault>) -> Option<f64> {
    let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    if number.is_none() {
        fault(faults, key, &format!("`{}` is not a number", text.trim()));
    }
    number
}

/// A whole number of `1..=most`, of the table `input`.
fn whole(input: &mut Table, key: &str, text: &str, most: usize, faults: &mut Vec<CardFault>) {
    match text.trim().parse::<usize>() {
        Ok(n) if (1..=most).contains(&n) => {
            input.insert(key.to_owned(), (n as i64).into());
        }
        _ => {
            let reason = format!("must be a whole number, 1 to {most}");
            fault(faults, &format!("input.{key}"), &reason);
        }
    }
}

impl ModelCard {
    /// Checks, without an engine, that the model is there and is the one that the card describes.
    ///
    /// # Errors
    /// What in the card disagrees with the graph.
    pub fn check_model(&self) -> Result<(), EncodeError> {
        let model = Model::load(self.model_path())?;
        let (model, embedding) = fitted(model, self)?;
        Wiring::new(&model, self, &embedding).map(drop)
    }
}
