//! An encoder ready to run: a card, its model, and the engine that holds it.

use super::EncodeError;
use super::card::ModelCard;
use super::engine::{Device, Engine, pool};
use super::model::Model;
use super::wiring::Wiring;
use crate::data::Provenance;

/// Pictures up to this side are worth larger batches on a processor, px.
const SMALL_PICTURE_PX: usize = 96;

/// A model on an engine, checked against its card.
pub struct Encoder {
    card: ModelCard,
    wiring: Wiring,
    engine: Engine,
    sha256: String,
    dim: usize,
}

impl Encoder {
    /// Loads a card's model onto a device and runs it once, on zeros.
    ///
    /// # Errors
    /// When the model cannot be read, does not fit its card, or the device cannot be used; a device
    /// that is named is never replaced by another.
    pub fn open(card: &ModelCard, device: Device) -> Result<Self, EncodeError> {
        let model = Model::load(card.model_path())?;
        let wiring = Wiring::new(&model, card)?;
        let engine = Engine::open(&model, &wiring, device)?;
        let mut encoder = Self {
            card: card.clone(),
            wiring,
            engine,
            sha256: model.sha256,
            dim: 0,
        };
        let pixels = encoder.buffer(1)?;
        let (_, dim) = encoder.run_and_pool(&pixels, 1)?;
        encoder.dim = dim;
        Ok(encoder)
    }

    /// The card it was opened with.
    #[must_use]
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// Length of its vectors.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// SHA-256 of the model file, 64 lower-case hex digits.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The engine and where it runs, such as "ONNX Runtime 1.31.1 CPU" or "tract 0.23 CPU".
    #[must_use]
    pub fn describe(&self) -> String {
        self.engine.to_string()
    }

    /// Everything that determines its vectors.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        let about = self.card.about();
        Provenance::default()
            .with("encoder", about.name.as_str())
            .with("encoder_version", about.version.as_str())
            .with("model_sha256", self.sha256.as_str())
            .with("model_file", self.card.model_file())
            .with("preprocessing", self.preprocessing())
            .with("engine", self.describe())
            .with("latentarium_version", env!("CARGO_PKG_VERSION"))
            .with("embedding_dim", self.dim.to_string())
    }

    /// The preparation of pictures and vectors on one line.
    fn preprocessing(&self) -> String {
        let (input, output) = (self.card.input(), self.card.output());
        let bands = if input.bands.is_empty() {
            format!("{} bands", input.channels)
        } else {
            format!("bands {}", input.bands.join(","))
        };
        let mut text = format!(
            "{bands}; masked pixels to the median; centre crop; bicubic to {size} x {size} px{rounding}; {normalisation}",
            size = input.size,
            rounding = if input.eight_bit { ", as bytes" } else { "" },
            normalisation = input.normalisation,
        );
        if output.pooling != super::card::Pooling::None {
            text.push_str("; pooling ");
            text.push_str(output.pooling.name());
        }
        if output.l2_normalised {
            text.push_str("; unit length");
        }
        text
    }

    /// The number of pictures in a batch: what the graph is fixed to, what was asked for, or what
    /// suits the device.
    pub(super) fn batch(&self, asked: Option<usize>) -> usize {
        const MAX_BATCH: usize = 4096;
        /// A default batch stays below this, 64 MiB.
        const MAX_VALUES: usize = 16 << 20;
        if let Some(fixed) = self.wiring.fixed_batch {
            return fixed;
        }
        let suitable = if self.engine.prefers_large_batches() {
            32
        } else if self.card.input().size <= SMALL_PICTURE_PX {
            16
        } else {
            8
        };
        let affordable = (MAX_VALUES / self.picture_len()).max(1);
        asked
            .unwrap_or(suitable.min(affordable))
            .clamp(1, MAX_BATCH)
    }

    /// Number of values in one picture, `channels x size x size`.
    pub(super) fn picture_len(&self) -> usize {
        self.wiring.picture_len()
    }

    /// Zeros for `batch` pictures, or for the batch that the graph is fixed to.
    pub(super) fn buffer(&self, batch: usize) -> Result<Vec<f32>, EncodeError> {
        let length = batch.max(self.wiring.fixed_batch.unwrap_or(1)) * self.picture_len();
        let mut buffer = Vec::new();
        buffer
            .try_reserve_exact(length)
            .map_err(|_| EncodeError::Memory {
                mebibytes: (length * size_of::<f32>()) >> 20,
            })?;
        buffer.resize(length, 0.0);
        Ok(buffer)
    }

    /// The vectors of the first `count` pictures of a buffer, `count x dim`; they may not be finite.
    pub(super) fn run(&mut self, pixels: &[f32], count: usize) -> Result<Vec<f32>, EncodeError> {
        let (vectors, dim) = self.run_and_pool(pixels, count)?;
        if dim == self.dim {
            Ok(vectors)
        } else {
            Err(self.run_error(format!(
                "vectors of {dim} values after some of {}",
                self.dim
            )))
        }
    }

    fn run_and_pool(
        &mut self,
        pixels: &[f32],
        count: usize,
    ) -> Result<(Vec<f32>, usize), EncodeError> {
        let output = self
            .engine
            .run(pixels, count)
            .map_err(|reason| self.run_error(reason))?;
        pool(output, count, self.card.output()).map_err(|reason| EncodeError::Model {
            path: self.card.model_path().to_owned(),
            reason,
        })
    }

    fn run_error(&self, reason: String) -> EncodeError {
        EncodeError::Run {
            engine: self.describe(),
            reason,
            path: self.card.model_path().to_owned(),
        }
    }
}
