//! Where objects come from, and how one of them becomes the values that a model takes.

use super::super::EncodeError;
use super::super::card::{ImageInput, Method, ModelCard, SedInput, SpectrumInput};
use super::super::preprocess::{Notes, Preprocessor, Sampler};
use crate::data::{Catalog, CutoutRead, SpectrumRead, closest};

/// Objects to encode.
pub(super) trait Source: Sync {
    /// What a worker prepares objects with.
    fn preparer(&self) -> Box<dyn Prepare + '_>;
}

/// Prepares objects one by one, with working memory of its own.
pub(super) trait Prepare {
    /// Writes the values of one row.
    ///
    /// # Errors
    /// A clause saying why this object cannot be encoded.
    fn prepare(&mut self, row: usize, values: &mut [f32]) -> Result<Notes, String>;
}

/// Pictures.
pub(super) struct Pictures<'a> {
    pub(super) cutouts: &'a dyn CutoutRead,
    pub(super) input: &'a ImageInput,
}

impl Source for Pictures<'_> {
    fn preparer(&self) -> Box<dyn Prepare + '_> {
        Box::new(PicturePreparer {
            cutouts: self.cutouts,
            preprocessor: Preprocessor::new(self.input),
        })
    }
}

struct PicturePreparer<'a> {
    cutouts: &'a dyn CutoutRead,
    preprocessor: Preprocessor<'a>,
}

impl Prepare for PicturePreparer<'_> {
    fn prepare(&mut self, row: usize, values: &mut [f32]) -> Result<Notes, String> {
        let cutout = self.cutouts.read(row).map_err(|e| e.0)?;
        self.preprocessor.run(&cutout, values)
    }
}

/// Spectra.
pub(super) struct Spectra<'a> {
    pub(super) spectra: &'a dyn SpectrumRead,
    pub(super) input: &'a SpectrumInput,
}

impl Source for Spectra<'_> {
    fn preparer(&self) -> Box<dyn Prepare + '_> {
        Box::new(SpectrumPreparer {
            spectra: self.spectra,
            sampler: Sampler::new(self.input),
        })
    }
}

struct SpectrumPreparer<'a> {
    spectra: &'a dyn SpectrumRead,
    sampler: Sampler<'a>,
}

impl Prepare for SpectrumPreparer<'_> {
    fn prepare(&mut self, row: usize, values: &mut [f32]) -> Result<Notes, String> {
        let spectrum = self.spectra.read(row).map_err(|e| e.0)?;
        self.sampler.run(&spectrum, values)
    }
}

/// Rows of numbers.
pub(super) struct Columns<'a> {
    input: &'a SedInput,
    /// One list for each column, NaN where a row has no value.
    values: Vec<Vec<f64>>,
}

impl<'a> Columns<'a> {
    /// The columns of `catalog` that an encoder reads.
    pub(super) fn new(
        catalog: &Catalog,
        card: &ModelCard,
        input: &'a SedInput,
    ) -> Result<Self, EncodeError> {
        let values = |name: &String| {
            let refuse = |reason: String| EncodeError::Column {
                encoder: card.about().name.clone(),
                column: name.clone(),
                reason,
            };
            let column = catalog.column(name).ok_or_else(|| {
                let like = closest(name, catalog.columns().map(|column| column.name()));
                refuse(like.map_or_else(
                    || "which the catalogue does not have: add it, or give the column that holds it this name".to_owned(),
                    |like| format!("which the catalogue does not have: is it `{like}`? Then give that this name"),
                ))
            })?;
            column.numbers().ok_or_else(|| {
                refuse("which does not hold numbers in this catalogue: convert it".to_owned())
            })
        };
        Ok(Self {
            input,
            values: input.columns.iter().map(values).collect::<Result<_, _>>()?,
        })
    }
}

impl Source for Columns<'_> {
    fn preparer(&self) -> Box<dyn Prepare + '_> {
        Box::new(self)
    }
}

impl Prepare for &Columns<'_> {
    fn prepare(&mut self, row: usize, values: &mut [f32]) -> Result<Notes, String> {
        for (i, (value, column)) in values.iter_mut().zip(&self.values).enumerate() {
            let found = column[row] as f32;
            if !found.is_finite() {
                return Err(format!(
                    "the column `{}` has no value",
                    self.input.columns[i]
                ));
            }
            *value = match self.input.normalisation.method() {
                // One value stands for all columns.
                Method::MeanStd { mean, std } => {
                    (found - mean[i % mean.len()]) / std[i % std.len()]
                }
                _ => found,
            };
        }
        Ok(Notes::default())
    }
}
