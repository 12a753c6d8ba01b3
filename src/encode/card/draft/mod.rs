//! A card that is being filled in: what a form holds, or what flags say, as text.

mod normalisation;

use std::path::{Path, PathBuf};

use toml::Table;

pub use normalisation::NormalisationDraft;

use super::fault::Fault;
use super::{MAX_BANDS, MAX_SAMPLES, MAX_SIZE, ModelCard, Pooling, Spacing, file};
use crate::encode::EncodeError;
use crate::encode::model::Model;
use crate::encode::onnx::Dim;
use crate::encode::wiring::{Wiring, fitted};

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
    /// For an encoder of spectra, the first and the last wavelength at which it takes fluxes, angstrom,
    /// and `log` where they are spaced by equal ratios.
    pub wavelengths: String,
    /// How values are scaled.
    pub normalisation: NormalisationDraft,
    /// Whether pictures are resampled as bytes.
    pub eight_bit: bool,
    /// The tensor that becomes the embedding; the only output when empty.
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

impl CardDraft {
    /// What the graph of an `.onnx` file says.
    ///
    /// # Errors
    /// When the file cannot be read as a model, or takes neither pictures nor rows of numbers.
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
                    "its input {input} is neither a batch of pictures (batch x bands x height x width) nor of rows of numbers (batch x columns or fluxes)"
                )));
            }
        };
        let text = |length: Option<usize>| length.map_or(String::new(), |n| n.to_string());
        Ok(Self {
            name: model
                .path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            channels: text(fixed_length.filter(|_| !takes_columns)),
            size: text(fixed_size),
            tensor: model.only_output().unwrap_or_default().to_owned(),
            model: model.path,
            sha256: model.sha256,
            takes_columns,
            fixed_length,
            fixed_size,
            ..Self::default()
        })
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Path {
        &self.model
    }

    /// Whether the model takes rows of numbers, columns or fluxes, not pictures.
    #[must_use]
    pub fn takes_columns(&self) -> bool {
        self.takes_columns
    }

    /// The number of bands, columns or fluxes, where the graph fixes it.
    #[must_use]
    pub fn fixed_length(&self) -> Option<usize> {
        self.fixed_length
    }

    /// The side of pictures in pixels, where the graph fixes it.
    #[must_use]
    pub fn fixed_size(&self) -> Option<usize> {
        self.fixed_size
    }

    /// The card, for a file beside the model.
    ///
    /// # Errors
    /// The first thing that is missing or cannot be.
    pub fn card(&self) -> Result<ModelCard, EncodeError> {
        self.judged().map_err(|faults| {
            let first = faults.into_iter().next();
            let reason = first.map_or(String::new(), |f| format!("{}: {}", f.key, f.reason));
            EncodeError::Model {
                path: self.model.clone(),
                reason: format!("its card has to say more than its graph does: {reason}"),
            }
        })
    }

    /// The card, for a file beside the model.
    ///
    /// # Errors
    /// What cannot be as it was filled in, by key; at least one.
    pub fn judged(&self) -> Result<ModelCard, Vec<Fault>> {
        let mut faults = Vec::new();
        let tables = self.tables(&mut faults);
        if faults.is_empty() {
            let path = self.model.with_extension("toml");
            return file::of_tables(tables, &path).map_err(|fault| vec![fault]);
        }
        Err(faults)
    }

    fn tables(&self, faults: &mut Vec<Fault>) -> Table {
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
        if !self.tensor.trim().is_empty() {
            output.insert("name".to_owned(), self.tensor.trim().into());
        }
        output.insert("pooling".to_owned(), self.pooling.name().into());
        output.insert("l2_normalised".to_owned(), self.l2_normalised.into());
        card.insert("output".to_owned(), output.into());
        card
    }

    fn input(&self, faults: &mut Vec<Fault>) -> Table {
        let mut input = Table::new();
        if self.takes_columns && !self.wavelengths.trim().is_empty() {
            self.spectrum(&mut input, faults);
            let normalisation = self.normalisation.table(faults);
            input.insert("normalisation".to_owned(), normalisation.into());
            return input;
        }
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

    fn spectrum(&self, input: &mut Table, faults: &mut Vec<Fault>) {
        const KEY: &str = "input.wavelength";
        input.insert("modality".to_owned(), "spectrum".into());
        if !self.columns.trim().is_empty() {
            let reason = "a spectrum has wavelengths, not columns: give the one or the other";
            fault(faults, "input.columns", reason);
        }
        let size = self
            .fixed_length
            .map_or(self.size.clone(), |n| n.to_string());
        whole(input, "size", &size, MAX_SAMPLES, faults);
        let words = words(&self.wavelengths);
        let (ends, spacing) = match words.as_slice() {
            [first, last] => ([first, last], Spacing::Linear),
            [first, last, how] if how == Spacing::Linear.name() => ([first, last], Spacing::Linear),
            [first, last, how] if how == Spacing::Log.name() => ([first, last], Spacing::Log),
            _ => {
                let reason = "must be the first and the last in angstrom, and perhaps `log`, such as 3600, 9824";
                return fault(faults, KEY, reason);
            }
        };
        let mut grid = Table::new();
        for (key, text) in ["first", "last"].into_iter().zip(ends) {
            if let Some(number) = number(KEY, text, faults) {
                grid.insert(key.to_owned(), number.into());
            }
        }
        grid.insert("spacing".to_owned(), spacing.name().into());
        input.insert("wavelength".to_owned(), grid.into());
    }
}

fn fault(faults: &mut Vec<Fault>, key: &str, reason: &str) {
    if !faults.iter().any(|known| known.key == key) {
        faults.push(Fault {
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

fn number(key: &str, text: &str, faults: &mut Vec<Fault>) -> Option<f64> {
    let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    if number.is_none() {
        fault(faults, key, &format!("`{}` is not a number", text.trim()));
    }
    number
}

/// A whole number of `1..=most`, of the table `input`.
fn whole(input: &mut Table, key: &str, text: &str, most: usize, faults: &mut Vec<Fault>) {
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
