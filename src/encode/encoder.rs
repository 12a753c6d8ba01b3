//! An encoder ready to run: a card, its model, and the engine that holds it.

use std::time::{Duration, Instant};

use super::EncodeError;
use super::auto::{AutoChoice, Chosen, Contest, DeviceMemory, Trial, choose};
use super::card::{Head, ImageInput, ModelCard, ModelInput, Pooling, SedInput, SpectrumInput};
use super::engine::{Device, Engine, Output, Provider, pool};
use super::halving::Portion;
use super::heads;
use super::machine;
use super::model::Model;
use super::runtime;
use super::wiring::{Wiring, fitted};
use crate::data::Provenance;

/// Pictures up to this side are worth larger batches on a processor, px.
const SMALL_PICTURE_PX: usize = 96;
/// Rows of numbers in a batch: each costs next to nothing.
const SED_BATCH: usize = 1024;
/// Spectra in a batch.
const SPECTRUM_BATCH: usize = 16;

/// Models up to this size are tried on the compiled-in engine by the device `auto`.
const MOST_COMPILED_BYTES: usize = 64 << 20;

/// What a batch of objects gives.
#[derive(Default)]
pub(super) struct Answers {
    /// `count x dim`; rows may hold values that are not finite.
    pub(super) vectors: Vec<f32>,
    /// `count x columns` of all heads, NaN where there is no prediction.
    pub(super) predictions: Vec<f32>,
}

/// A model on an engine, checked against its card.
pub struct Encoder {
    card: ModelCard,
    wiring: Wiring,
    engine: Engine,
    sha256: String,
    model_bytes: u64,
    dim: usize,
    portion: Portion,
    auto: Option<AutoChoice>,
}

impl Encoder {
    /// Loads a card's model onto a device and runs it once, on zeros. The device `auto` is measured,
    /// see [`open_remembering`](Self::open_remembering).
    ///
    /// # Errors
    /// When the model cannot be read, does not fit its card, or the device cannot be used; a device
    /// that is named is never replaced by another.
    pub fn open(card: &ModelCard, device: Device) -> Result<Self, EncodeError> {
        Self::open_remembering(card, device, &())
    }

    /// As [`open`](Self::open); what the device `auto` stands for is taken from `memory`, or measured and
    /// kept there.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_remembering(
        card: &ModelCard,
        device: Device,
        memory: &dyn DeviceMemory,
    ) -> Result<Self, EncodeError> {
        let (model, embedding) = fitted(Model::load(card.model_path())?, card)?;
        let wiring = Wiring::new(&model, card, &embedding)?;
        let open = |provider| Self::on(card, &model, &wiring, provider);
        let library = match device {
            Device::Compiled => return open(None),
            Device::Runtime(provider) => return open(Some(provider)),
            Device::Auto => runtime::runtime().loaded.as_ref(),
        };
        let Some((environment, library)) = library else {
            let mut encoder = open(None)?;
            encoder.auto = Some(AutoChoice::NoLibrary);
            return Ok(encoder);
        };
        let offered = runtime::offered(environment);
        let tensors = wiring.outputs.iter().map(|wanted| wanted.name.as_str());
        let key = machine::key(&model.sha256, tensors, &library.identity(), &offered);
        let mut contest = Devices(&|device| match device {
            // It would be long in the making, for a model that is not its strength.
            None if model.bytes.len() > MOST_COMPILED_BYTES => Err(EncodeError::Device {
                device: Device::Compiled.to_string(),
                reason: "the model is too large".to_owned(),
            }),
            device => open(device),
        });
        let Chosen { runner, choice } = choose(&mut contest, &offered, memory.recall(&key))?;
        if let AutoChoice::Compared {
            measured,
            failed,
            remembered: false,
        } = &choice
            && failed.is_empty()
        {
            memory.remember(&key, &card.about().name, measured);
        }
        Ok(Self {
            auto: Some(choice),
            ..runner
        })
    }

    /// The model on a provider of ONNX Runtime, or on the compiled-in engine, run once.
    fn on(
        card: &ModelCard,
        model: &Model,
        wiring: &Wiring,
        provider: Option<Provider>,
    ) -> Result<Self, EncodeError> {
        let mut encoder = Self {
            card: card.clone(),
            wiring: wiring.clone(),
            engine: Engine::open(model, wiring, provider)?,
            sha256: model.sha256.clone(),
            model_bytes: model.size,
            dim: 0,
            portion: Portion::default(),
            auto: None,
        };
        let zeros = encoder.buffer(1)?;
        let (_, dim) = encoder.run_and_pool(&zeros, 1)?;
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

    /// Number of columns that its heads predict.
    #[must_use]
    pub fn predictions(&self) -> usize {
        self.card
            .heads()
            .iter()
            .flat_map(Head::column_names)
            .count()
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

    /// Size of the model on the disk, bytes.
    pub(super) fn model_bytes(&self) -> u64 {
        self.model_bytes
    }

    /// What the device `auto` came to and why; `None` for a device that was named.
    #[must_use]
    pub fn auto_choice(&self) -> Option<&AutoChoice> {
        self.auto.as_ref()
    }

    /// Everything that determines its vectors.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        let about = self.card.about();
        let facts = Provenance::default()
            .with("encoder", about.name.as_str())
            .with("encoder_version", about.version.as_str())
            .with("model_sha256", self.sha256.as_str())
            .with("model_file", self.card.model_file())
            .with("tensor", self.wiring.outputs[0].name.as_str())
            .with("pooling", self.card.output().pooling.name())
            .with("preprocessing", self.preprocessing())
            .with("engine", self.describe())
            .with("latentarium_version", env!("CARGO_PKG_VERSION"))
            .with("embedding_dim", self.dim.to_string());
        // Vectors of a card that names no space are comparable with those of the same tensor alone.
        let own = || {
            let sha = self.sha256.get(..12).unwrap_or_default();
            let tensor = &self.wiring.outputs[0].name;
            format!(
                "{} {sha} {tensor} {}",
                about.name,
                self.card.output().pooling.name()
            )
        };
        let facts = facts.with("space", self.card.space().map_or_else(own, str::to_owned));
        if self.card.heads().is_empty() {
            return facts;
        }
        let head = |head: &Head| format!("{} ({})", head.name, head.activation.name());
        let heads: Vec<String> = self.card.heads().iter().map(head).collect();
        facts.with("heads", heads.join(", "))
    }

    /// The preparation of objects and vectors on one line.
    fn preprocessing(&self) -> String {
        let output = self.card.output();
        let mut text = match self.card.input() {
            ModelInput::Image(image) => of_pictures(image),
            ModelInput::Spectrum(spectrum) => of_spectra(spectrum),
            ModelInput::Sed(sed) => of_columns(sed),
        };
        if output.pooling != Pooling::None {
            text.push_str("; pooling ");
            text.push_str(output.pooling.name());
        }
        if output.l2_normalised {
            text.push_str("; unit length");
        }
        text
    }

    /// The number of objects in a batch: what the graph is fixed to, what was asked for, or what
    /// suits the device.
    #[must_use]
    pub fn batch(&self, asked: Option<usize>) -> usize {
        const MAX_BATCH: usize = 4096;
        /// A default batch stays below this, 64 MiB.
        const MAX_VALUES: usize = 16 << 20;
        if let Some(fixed) = self.wiring.fixed_batch {
            return fixed;
        }
        let suitable = match self.card.input() {
            ModelInput::Sed(_) => SED_BATCH,
            ModelInput::Spectrum(_) => SPECTRUM_BATCH,
            ModelInput::Image(_) if self.engine.prefers_large_batches() => 32,
            ModelInput::Image(image) if image.size <= SMALL_PICTURE_PX => 64,
            ModelInput::Image(_) => 8,
        };
        let affordable = (MAX_VALUES / self.object_len()).max(1);
        asked
            .unwrap_or(suitable.min(affordable))
            .clamp(1, MAX_BATCH)
    }

    /// Number of values in one object: `channels x size x size`, or columns.
    pub(super) fn object_len(&self) -> usize {
        self.wiring.object_len()
    }

    /// Zeros for `batch` objects, or for the batch that the graph is fixed to.
    pub(super) fn buffer(&self, batch: usize) -> Result<Vec<f32>, EncodeError> {
        let length = batch.max(self.wiring.fixed_batch.unwrap_or(1)) * self.object_len();
        let mut buffer = Vec::new();
        buffer
            .try_reserve_exact(length)
            .map_err(|_| EncodeError::Memory {
                mebibytes: (length * size_of::<f32>()) >> 20,
            })?;
        buffer.resize(length, 0.0);
        Ok(buffer)
    }

    /// A batch of the size that suits the device, and that size. Any pattern: zeros would be a special case
    /// for some processors.
    pub(super) fn sample_batch(&self) -> Result<(Vec<f32>, usize), EncodeError> {
        let batch = self.batch(None);
        let mut values = self.buffer(batch)?;
        for (i, value) in values.iter_mut().enumerate() {
            *value = (i * 37 % 101) as f32 / 50.0 - 1.0;
        }
        Ok((values, batch))
    }

    /// What the first `count` objects of a buffer give.
    pub(super) fn run(&mut self, values: &[f32], count: usize) -> Result<Answers, EncodeError> {
        let (answers, dim) = self.run_and_pool(values, count)?;
        if dim == self.dim {
            Ok(answers)
        } else {
            Err(self.run_error(format!(
                "vectors of {dim} values after some of {}",
                self.dim
            )))
        }
    }

    /// The answers, and the length of a vector. A batch that is too large for the device is run in
    /// portions, unless the graph is written for that batch.
    fn run_and_pool(
        &mut self,
        values: &[f32],
        count: usize,
    ) -> Result<(Answers, usize), EncodeError> {
        let Self {
            engine,
            portion,
            wiring,
            ..
        } = self;
        let object_len = wiring.object_len();
        let outputs = if wiring.fixed_batch.is_some() {
            engine
                .run(values, count)
                .map(|outputs| vec![(outputs, count)])
        } else {
            portion.run(count, &mut |first, count| {
                let values = values.get(first * object_len..).unwrap_or_default();
                engine.run(values, count).map(|outputs| (outputs, count))
            })
        };
        let mut all = Answers::default();
        let mut length = 0;
        for (outputs, count) in outputs.map_err(|reason| self.run_error(reason))? {
            let (answers, dim) = self.pooled(outputs, count)?;
            all.vectors.extend(answers.vectors);
            all.predictions.extend(answers.predictions);
            length = dim;
        }
        Ok((all, length))
    }

    /// What the outputs of one run say of its first `count` objects, and the length of a vector.
    fn pooled(
        &self,
        mut outputs: Vec<Output>,
        count: usize,
    ) -> Result<(Answers, usize), EncodeError> {
        let refuse = |reason| EncodeError::Model {
            path: self.card.model_path().to_owned(),
            reason,
        };
        let predictions = heads::predict(self.card.heads(), &self.wiring.heads, &outputs, count)
            .map_err(refuse)?;
        // The engine returns what the wiring asks for, the embedding first.
        let embedding = outputs.swap_remove(0);
        let (vectors, dim) = pool(embedding, count, self.card.output()).map_err(refuse)?;
        let answers = Answers {
            vectors,
            predictions,
        };
        Ok((answers, dim))
    }

    fn run_error(&self, reason: String) -> EncodeError {
        EncodeError::Run {
            engine: self.describe(),
            reason,
            path: self.card.model_path().to_owned(),
        }
    }
}

/// A model and the devices that `auto` chooses from.
struct Devices<'a>(&'a dyn Fn(Option<Provider>) -> Result<Encoder, EncodeError>);

impl Contest for Devices<'_> {
    type Runner = Encoder;

    fn open(&mut self, device: Option<Provider>) -> Result<Encoder, EncodeError> {
        (self.0)(device)
    }

    fn time(&mut self, encoder: &mut Encoder) -> Result<Trial, EncodeError> {
        /// Runs are repeated for this long, and the fastest counts: others may be at work.
        const LONG_ENOUGH: Duration = Duration::from_millis(60);
        let (values, batch) = encoder.sample_batch()?;
        let dim = encoder.dim;
        let mut vectors = encoder.run(&values, batch)?.vectors;
        vectors.truncate(dim);
        let (begun, mut least) = (Instant::now(), Duration::MAX);
        while begun.elapsed() < LONG_ENOUGH {
            let run = Instant::now();
            encoder.run(&values, batch)?;
            least = least.min(run.elapsed());
        }
        Ok(Trial {
            rate: batch as f64 / least.as_secs_f64().max(f64::MIN_POSITIVE),
            vectors,
        })
    }
}

fn of_pictures(image: &ImageInput) -> String {
    let bands = if image.bands.is_empty() {
        format!("{} bands", image.channels)
    } else {
        format!("bands {}", image.bands.join(","))
    };
    format!(
        "{bands}; masked pixels to the median; centre crop; bicubic to {size} x {size} px{rounding}; {normalisation}",
        size = image.size,
        rounding = if image.eight_bit { ", as bytes" } else { "" },
        normalisation = image.normalisation,
    )
}

fn of_spectra(spectrum: &SpectrumInput) -> String {
    let size = spectrum.size;
    let grid = spectrum.wavelength.map_or_else(
        || format!("{size} fluxes as they are"),
        |grid| {
            let (first, last, spacing) = (grid.first, grid.last, grid.spacing.name());
            format!("fluxes at {size} wavelengths from {first} to {last} angstrom, {spacing}")
        },
    );
    format!(
        "{grid}; lacking ones to the median; {}",
        spectrum.normalisation
    )
}

fn of_columns(sed: &SedInput) -> String {
    format!("columns {}; {}", sed.columns.join(","), sed.normalisation)
}
