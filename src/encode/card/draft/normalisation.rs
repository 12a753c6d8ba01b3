//! How values are scaled, as it is being filled in.

use toml::{Table, Value};

use super::super::{Method, Normalisation, Sky};
use super::{Fault, fault, number, words};

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

impl From<&Normalisation> for NormalisationDraft {
    fn from(normalisation: &Normalisation) -> Self {
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
}

impl NormalisationDraft {
    /// The table `[input.normalisation]`.
    pub(super) fn table(&self, faults: &mut Vec<Fault>) -> Table {
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
                0 if text.trim().is_empty() => fault(faults, &path, "state a number"),
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
