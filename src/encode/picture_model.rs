//! What a model says an object looks like: the picture that a card's decoder makes of a vector, or the
//! picture in another band that an encoder predicts, beside the picture that was observed.
//!
//! All of them are in the units of the card's normalisation, as the encoder takes them.

use std::path::{Path, PathBuf};

use super::EncodeError;
use super::card::{Decoder, ImageInput, Method, ModelCard, Prediction};
use super::engine::{Device, Engine};
use super::model::Model;
use super::onnx::Dim;
use super::preprocess::Preprocessor;
use super::wiring::Wiring;
use crate::data::{Cutout, RowOrder};

/// The decoder or the prediction of a card, on an engine.
pub struct PictureModel {
    input: ImageInput,
    makes: Makes,
    engine: Engine,
    /// Number of values that it takes for one object.
    object_len: usize,
    fixed_batch: usize,
    path: PathBuf,
}

/// What a [`PictureModel`] makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Makes {
    /// The picture again, from its vector.
    Reconstruction,
    /// The picture in this band, from those in others.
    Band(String),
}

/// A picture that was observed and what a model makes of it, `bands x size x size` both.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// `None` where a predicted band was not observed.
    pub observed: Option<Cutout>,
    /// What the model says.
    pub made: Cutout,
}

impl Comparison {
    /// Observed minus made, in the units of the normalisation.
    #[must_use]
    pub fn residual(&self) -> Option<Vec<f32>> {
        let observed = self.observed.as_ref()?.pixels().iter();
        Some(
            observed
                .zip(self.made.pixels())
                .map(|(o, m)| o - m)
                .collect(),
        )
    }

    /// The root mean square of the residual.
    #[must_use]
    pub fn rms(&self) -> Option<f64> {
        let residual = self.residual()?;
        let sum: f64 = residual.iter().map(|&r| f64::from(r).powi(2)).sum();
        Some((sum / residual.len() as f64).sqrt())
    }
}

impl PictureModel {
    /// Loads what `card` has to make pictures with; `None` where it has neither a decoder nor a
    /// prediction.
    ///
    /// # Errors
    /// When the model cannot be read, does not fit its card, or the device cannot be used.
    pub fn open(card: &ModelCard, device: Device) -> Result<Option<Self>, EncodeError> {
        let Some(input) = card.input().image() else {
            return Ok(None);
        };
        match (card.decoder(), card.prediction()) {
            (Some(decoder), _) => Self::decoder(card, input, decoder, device).map(Some),
            (None, Some(prediction)) => Self::prediction(card, input, prediction, device).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn decoder(
        card: &ModelCard,
        input: &ImageInput,
        decoder: &Decoder,
        device: Device,
    ) -> Result<Self, EncodeError> {
        let model = Model::load(&beside(card, &decoder.file))?;
        let taken = model.only_input(Some(&decoder.input))?;
        let length = match taken.dims.as_deref() {
            Some([_, Dim::Fixed(length)]) => Some(*length),
            _ => card.output().dimension,
        };
        let Some(length) = length else {
            return Err(model.refuse(format!(
                "its input {taken} leaves the length of vectors open: state `output.dimension` in the card"
            )));
        };
        let makes = Makes::Reconstruction;
        Self::new(
            model,
            input,
            makes,
            (&decoder.input, &[length]),
            &decoder.output,
            device,
        )
    }

    fn prediction(
        card: &ModelCard,
        input: &ImageInput,
        prediction: &Prediction,
        device: Device,
    ) -> Result<Self, EncodeError> {
        // The picture of the other band is measured with the statistics of the input's.
        let normalisation = &input.normalisation;
        if !(normalisation.joint() || *normalisation.method() == Method::None) {
            return Err(EncodeError::Card {
                path: card.model_path().with_extension("toml"),
                key: "prediction".to_owned(),
                reason: "needs `input.normalisation.joint = true`: another band has no statistics of its own"
                    .to_owned(),
            });
        }
        let path = match &prediction.file {
            Some(file) => beside(card, file),
            None => card.model_path().to_owned(),
        };
        let model = Model::load(&path)?;
        model.check_tensor(&prediction.tensor, "prediction.tensor")?;
        let model = if model.is_output(&prediction.tensor) {
            model
        } else {
            model.cut(&[&prediction.tensor])?
        };
        let taken = model.only_input(None)?.name.clone();
        let shape = card.input().shape();
        let makes = Makes::Band(prediction.band.clone());
        Self::new(
            model,
            input,
            makes,
            (&taken, &shape),
            &prediction.tensor,
            device,
        )
    }

    fn new(
        model: Model,
        input: &ImageInput,
        makes: Makes,
        taken: (&str, &[usize]),
        returned: &str,
        device: Device,
    ) -> Result<Self, EncodeError> {
        let wiring = Wiring::single(&model, taken, returned)?;
        Ok(Self {
            input: input.clone(),
            makes,
            engine: Engine::open(&model, &wiring, device.for_single_objects())?,
            object_len: wiring.object_len(),
            fixed_batch: wiring.fixed_batch.unwrap_or(1),
            path: model.path,
        })
    }

    /// What it makes.
    #[must_use]
    pub fn makes(&self) -> &Makes {
        &self.makes
    }

    /// Length of the vectors that it decodes; `None` for a prediction.
    #[must_use]
    pub fn dim(&self) -> Option<usize> {
        (self.makes == Makes::Reconstruction).then_some(self.object_len)
    }

    /// The pictures of vectors (`n x d`, row-major), `channels x size x size` each.
    ///
    /// # Errors
    /// For a model that predicts from pictures; vectors of another length; when the engine fails.
    pub fn decode(&mut self, vectors: &[f32]) -> Result<Vec<Cutout>, EncodeError> {
        let Some(dim) = self.dim() else {
            return Err(self.refuse("it makes pictures of pictures, not of vectors".to_owned()));
        };
        if !vectors.len().is_multiple_of(dim) {
            let reason =
                format!("its decoder takes vectors of {dim} values: choose that of their encoder");
            return Err(self.refuse(reason));
        }
        let bands = if self.input.bands.is_empty() {
            (1..=self.input.channels)
                .map(|band| format!("band {band}"))
                .collect()
        } else {
            self.input.bands.clone()
        };
        let vectors = vectors.chunks_exact(dim);
        vectors
            .map(|vector| self.picture(vector, &bands, RowOrder::BottomUp))
            .collect()
    }

    /// What the model makes of an object: of its picture, or of its vector.
    ///
    /// # Errors
    /// When the picture cannot be prepared, the vector has another length, or the engine fails.
    pub fn compare(&mut self, cutout: &Cutout, vector: &[f32]) -> Result<Comparison, EncodeError> {
        let ImageInput { channels, size, .. } = self.input;
        let rows = cutout.row_order();
        let band = match &self.makes {
            Makes::Reconstruction => None,
            Makes::Band(band) => Some(band.clone()),
        };
        let place = band
            .as_ref()
            .and_then(|band| cutout.bands().iter().position(|b| b == band));
        let mut observed = vec![0.0; channels * size * size];
        let mut beside = vec![0.0; if place.is_some() { size * size } else { 0 }];
        Preprocessor::new(&self.input)
            .run_beside(cutout, &mut observed, place, &mut beside)
            .map_err(|reason| self.refuse(reason))?;
        let bands = match (&band, &self.makes) {
            (Some(band), _) => vec![band.clone()],
            _ if self.input.bands.is_empty() => cutout.bands().to_vec(),
            _ => self.input.bands.clone(),
        };
        let made = match &self.makes {
            Makes::Band(_) => self.picture(&observed, &bands, rows)?,
            Makes::Reconstruction if vector.len() == self.object_len => {
                self.picture(vector, &bands, rows)?
            }
            Makes::Reconstruction => {
                let reason = format!(
                    "its decoder takes vectors of {} values, and these have {}",
                    self.object_len,
                    vector.len()
                );
                return Err(self.refuse(reason));
            }
        };
        let observed = match (band, place) {
            (Some(_), None) => None,
            (Some(_), Some(_)) => Some(beside),
            (None, _) => Some(observed),
        };
        let observed = observed.map(|pixels| Cutout::new(pixels, bands, size, size, rows));
        Ok(Comparison {
            observed: observed.transpose()?,
            made,
        })
    }

    fn picture(
        &mut self,
        values: &[f32],
        bands: &[String],
        rows: RowOrder,
    ) -> Result<Cutout, EncodeError> {
        let size = self.input.size;
        let wanted = bands.len() * size * size;
        let mut batch = values.to_vec();
        batch.resize(self.fixed_batch * self.object_len, 0.0);
        let outputs = self
            .engine
            .run(&batch, 1)
            .map_err(|reason| EncodeError::Run {
                engine: self.engine.to_string(),
                reason,
                path: self.path.clone(),
            })?;
        let mut pixels = outputs
            .into_iter()
            .next()
            .map(|o| o.values)
            .unwrap_or_default();
        if pixels.len() != wanted * self.fixed_batch {
            return Err(self.refuse(format!(
                "it returns {} values for a picture of {} x {size} x {size}: correct its card",
                pixels.len() / self.fixed_batch,
                bands.len()
            )));
        }
        pixels.truncate(wanted);
        let cutout = Cutout::new(pixels, bands.to_vec(), size, size, rows)?;
        Ok(cutout.with_pixel_scale_arcsec(self.input.pixel_scale_arcsec))
    }

    fn refuse(&self, reason: String) -> EncodeError {
        EncodeError::Model {
            path: self.path.clone(),
            reason,
        }
    }
}

/// A file in the card's folder.
fn beside(card: &ModelCard, file: &str) -> PathBuf {
    card.model_path()
        .parent()
        .unwrap_or(Path::new(""))
        .join(file)
}
