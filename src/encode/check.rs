//! The check of a model before it is used: two different synthetic objects, alone and together.
//!
//! Pictures are round and elongated galaxies on a noisy sky, of the size and bands that the card
//! states, so that the preparation is checked with the network; rows of columns lie one standard
//! deviation to either side of the mean.

use std::time::{Duration, Instant};

use super::auto::DeviceMemory;
use super::card::{
    ImageInput, Method, ModelCard, ModelInput, SedInput, Spacing, SpectrumInput, WavelengthGrid,
};
use super::encoder::Encoder;
use super::engine::Device;
use super::pipeline::{EncodeOptions, Encoded, Objects, buffer_bytes, encode};
use super::{AutoChoice, EncodeError};
use crate::data::{Catalog, Cutout, RowOrder, Sample, Spectrum};
use crate::memory;
use crate::progress::Progress;

/// Largest difference between batches, as a share of the largest value.
const TOLERANCE: f32 = 1e-4;
/// How long speed is measured.
const MEASURED_FOR: Duration = Duration::from_secs(1);

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What, such as "independent of the batch".
    pub what: &'static str,
    /// What was found; or what is wrong, and what to do.
    pub said: Result<String, String>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// In the order of looking.
    pub findings: Vec<Finding>,
    /// The engine and where it ran.
    pub engine: String,
    /// Why there, when the device was `auto`.
    pub device_reason: Option<AutoChoice>,
    /// Length of a vector.
    pub dim: usize,
    /// Objects per second in warm batches.
    pub objects_per_second: f64,
    /// Estimated peak of memory in a run, bytes.
    pub memory_bytes: u64,
}

impl Checked {
    /// The first thing that is wrong, if anything is.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        let mut found = self.findings.iter().map(|finding| finding.said.as_ref());
        found.find_map(Result::err).map(String::as_str)
    }
}

/// Opens a model on a device, runs it on synthetic objects, and measures it.
///
/// # Errors
/// When it cannot be opened or run at all, as [`Encoder::open`]; on cancellation.
pub fn check(
    card: &ModelCard,
    device: Device,
    devices: &dyn DeviceMemory,
    progress: &Progress,
) -> Result<Checked, EncodeError> {
    let (available, before) = (memory::available_bytes(), memory::resident_bytes());
    let mut encoder = Encoder::open_remembering(card, device, devices)?;
    progress.check()?;
    let vectors = Vectors::of(&mut encoder, progress)?;
    let objects_per_second = speed(&mut encoder, progress)?;
    let growth = memory::resident_bytes()
        .zip(before)
        .map_or(0, |(after, before)| after.saturating_sub(before));
    let buffers = buffer_bytes(&encoder);
    // Memory that was taken before may have been used again, so that little was added.
    let memory_bytes = growth.max(encoder.model_bytes()) + buffers;
    let findings = vec![
        Finding {
            what: "finite",
            said: vectors.finite(),
        },
        Finding {
            what: "independent of the batch",
            said: vectors.independent(),
        },
        Finding {
            what: "tells objects apart",
            said: vectors.distinct(),
        },
        Finding {
            what: "speed",
            said: Ok(format!(
                "{objects_per_second:.0} objects/s through the network, in batches of {}",
                encoder.batch(None)
            )),
        },
        Finding {
            what: "memory",
            said: fits(memory_bytes, buffers, available),
        },
    ];
    Ok(Checked {
        findings,
        engine: encoder.describe(),
        device_reason: encoder.auto_choice().cloned(),
        dim: encoder.dim(),
        objects_per_second,
        memory_bytes,
    })
}

fn fits(needed: u64, buffers: u64, available: Option<u64>) -> Result<String, String> {
    let text = format!(
        "about {} in a run, of which {} are batches",
        memory::in_words(needed),
        memory::in_words(buffers)
    );
    match available {
        Some(available) if needed > available => Err(format!(
            "{text}, but {} are left: close other programs, or choose a smaller --batch",
            memory::in_words(available)
        )),
        _ => Ok(text),
    }
}

/// Vectors of the same objects in batches of different composition; `None` where they are not finite.
struct Vectors {
    /// Batches as the objects in them, 0 or 1, and what came of each.
    batches: Vec<Vec<(usize, Option<Vec<f32>>)>>,
}

impl Vectors {
    fn of(encoder: &mut Encoder, progress: &Progress) -> Result<Self, EncodeError> {
        let full: Vec<usize> = (0..encoder.batch(None)).map(|i| i % 3 % 2).collect();
        let compositions = [vec![0], vec![1], vec![0, 1], vec![1, 0], full];
        let run = |which: &Vec<usize>| {
            let found = encoded(encoder, which, progress);
            let vectors = match found {
                Ok(found) => (0..which.len())
                    .map(|row| {
                        let at = found.embedding.rows().binary_search(&(row as u32)).ok()?;
                        Some(found.embedding.vector(at).to_vec())
                    })
                    .collect(),
                Err(EncodeError::NothingEncoded { .. }) => vec![None; which.len()],
                Err(e) => return Err(e),
            };
            Ok(which.iter().copied().zip(vectors).collect())
        };
        let batches = compositions.iter().map(run).collect::<Result<_, _>>()?;
        Ok(Self { batches })
    }

    fn finite(&self) -> Result<String, String> {
        let all = || self.batches.iter().flatten();
        let bad = all().filter(|(_, vector)| vector.is_none()).count();
        if bad == 0 {
            Ok(format!("{} vectors of 2 synthetic objects", all().count()))
        } else {
            Err(format!(
                "{bad} of {} vectors hold NaN or infinity: check the normalisation, or take another tensor",
                all().count()
            ))
        }
    }

    /// What each object gave when it was alone.
    fn alone(&self, object: usize) -> Result<&[f32], String> {
        let vector = self.batches[object][0].1.as_deref();
        vector.ok_or_else(|| "the vectors are not finite".to_owned())
    }

    fn independent(&self) -> Result<String, String> {
        let alone = [self.alone(0)?, self.alone(1)?];
        let largest = |vector: &[f32]| vector.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
        let mut worst = 0.0_f32;
        for (object, vector) in self.batches.iter().flatten() {
            let vector = vector.as_deref().ok_or("the vectors are not finite")?;
            let differences = vector
                .iter()
                .zip(alone[*object])
                .map(|(a, b)| (a - b).abs());
            let difference = differences.fold(0.0, f32::max);
            if difference > 0.0 {
                worst = worst.max(difference / largest(alone[*object]).max(f32::MIN_POSITIVE));
            }
        }
        if worst == 0.0 {
            Ok("the same to the bit, alone and among others".to_owned())
        } else if worst <= TOLERANCE {
            Ok(format!(
                "differences up to {worst:.0e} of the largest value"
            ))
        } else {
            Err(format!(
                "the vector of an object changes by {worst:.0e} of its largest value with the others in its batch: \
                 export the model in evaluation mode"
            ))
        }
    }

    fn distinct(&self) -> Result<String, String> {
        if self.alone(0)? == self.alone(1)? {
            Err("two different objects have the same vector: check the normalisation, or take another tensor".to_owned())
        } else {
            Ok("two different objects have different vectors".to_owned())
        }
    }
}

/// Objects per second in warm batches.
fn speed(encoder: &mut Encoder, progress: &Progress) -> Result<f64, EncodeError> {
    let (values, batch) = encoder.sample_batch()?;
    encoder.run(&values, batch)?;
    let (begun, mut runs) = (Instant::now(), 0);
    while runs == 0 || begun.elapsed() < MEASURED_FOR {
        encoder.run(&values, batch)?;
        runs += 1;
        progress.check()?;
        progress.report(begun.elapsed().as_secs_f32() / MEASURED_FOR.as_secs_f32());
    }
    Ok((runs * batch) as f64 / begun.elapsed().as_secs_f64())
}

/// The vectors of these synthetic objects, 0 or 1, as one batch.
fn encoded(
    encoder: &mut Encoder,
    which: &[usize],
    progress: &Progress,
) -> Result<Encoded, EncodeError> {
    let options = EncodeOptions {
        batch: Some(which.len()),
        limit: None,
    };
    let quiet = progress.part(0.0..0.0);
    match encoder.card().input().clone() {
        ModelInput::Image(image) => {
            let cutouts: Result<Vec<Cutout>, _> =
                which.iter().map(|&object| galaxy(&image, object)).collect();
            encode(Objects::Pictures(&cutouts?), encoder, &options, &quiet)
        }
        ModelInput::Spectrum(input) => {
            let spectra: Result<Vec<Spectrum>, _> =
                which.iter().map(|&object| lines(&input, object)).collect();
            encode(Objects::Spectra(&spectra?), encoder, &options, &quiet)
        }
        ModelInput::Sed(sed) => {
            let catalog = rows(&sed, which)?;
            encode(Objects::Columns(&catalog), encoder, &options, &quiet)
        }
    }
}

/// A synthetic galaxy of up to about 200 counts: round and compact, or elongated and extended.
fn galaxy(image: &ImageInput, object: usize) -> Result<Cutout, EncodeError> {
    let side = image.size;
    let bands = if image.bands.is_empty() {
        (1..=image.channels).map(|i| format!("band {i}")).collect()
    } else {
        image.bands.clone()
    };
    let (scale, axis_ratio) = [(0.08, 1.0), (0.2, 0.4)][object % 2];
    let mut state = 1 + object as u32;
    let mut pixels = Vec::with_capacity(image.channels * side * side);
    for band in 0..image.channels {
        for i in 0..side * side {
            let at = |index: usize| (index as f32 + 0.5) / side as f32 - 0.5;
            let radius = at(i % side).hypot(at(i / side) / axis_ratio);
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / (1_u32 << 24) as f32;
            let peak = 200.0 / (1 + band + object) as f32;
            pixels.push(10.0 + 4.0 * noise + peak * (-radius / scale).exp());
        }
    }
    Ok(Cutout::new(pixels, bands, side, side, RowOrder::TopDown)?)
}

/// A synthetic spectrum: a continuum with noise and a few lines in emission, red or blue.
fn lines(input: &SpectrumInput, object: usize) -> Result<Spectrum, EncodeError> {
    let grid = input.wavelength.unwrap_or(WavelengthGrid {
        first: 4000.0,
        last: 9000.0,
        spacing: Spacing::Linear,
    });
    let mut state = 1 + object as u32;
    let sample = |(i, wavelength): (usize, f64)| {
        let part = i as f32 / input.size as f32;
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 8) as f32 / (1_u32 << 24) as f32;
        let slope = [0.5, -0.5][object % 2];
        let line = |at: f32| (-((part - at) / 0.004).powi(2)).exp();
        let lines = 4.0 * line(0.3 + 0.1 * object as f32) + 2.0 * line(0.7);
        Sample {
            wavelength,
            flux: 2.0 + slope * (2.0 * part - 1.0) + 0.3 * noise + lines,
            weight: 1.0,
        }
    };
    let samples = grid.wavelengths(input.size).enumerate().map(sample);
    Ok(Spectrum::new(samples.collect())?)
}

/// A catalogue of rows one deviation below and above the mean, in turn by column.
fn rows(sed: &SedInput, which: &[usize]) -> Result<Catalog, EncodeError> {
    let value = |column: usize, object: usize| {
        let z = if (column + object).is_multiple_of(2) {
            1.0
        } else {
            -1.0
        };
        Some(match sed.normalisation.method() {
            Method::MeanStd { mean, std } => {
                mean[column % mean.len()] + z * std[column % std.len()]
            }
            _ => z,
        })
    };
    let columns: Vec<Vec<Option<f32>>> = (0..sed.columns.len())
        .map(|column| which.iter().map(|&object| value(column, object)).collect())
        .collect();
    let named = sed.columns.iter().map(String::as_str);
    let columns = named.zip(columns.iter().map(Vec::as_slice));
    Ok(Catalog::numbered(which.len()).with_predictions("check", columns)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(batches: &[&[(usize, &[f32])]]) -> Vectors {
        let vector = |values: &[f32]| {
            let is_finite = values.iter().all(|v| v.is_finite());
            is_finite.then(|| values.to_vec())
        };
        Vectors {
            batches: batches
                .iter()
                .map(|batch| batch.iter().map(|&(i, v)| (i, vector(v))).collect())
                .collect(),
        }
    }

    #[test]
    fn what_is_wrong_is_found() {
        let (a, b): (&[f32], &[f32]) = (&[1.0, 2.0], &[2.0, 1.0]);
        let good = of(&[&[(0, a)], &[(1, b)], &[(0, a), (1, &[2.0001, 1.0])]]);
        assert!(good.finite().is_ok() && good.independent().is_ok() && good.distinct().is_ok());
        // As of batch normalisation that was left in training mode.
        let moved = of(&[&[(0, a)], &[(1, b)], &[(0, &[1.0, 2.1]), (1, b)]]);
        assert!(moved.independent().unwrap_err().contains("evaluation mode"));
        let same = of(&[&[(0, a)], &[(1, a)]]);
        assert!(same.distinct().unwrap_err().contains("same vector"));
        let holes = of(&[&[(0, a)], &[(1, &[f32::NAN, 1.0])]]);
        assert!(holes.finite().unwrap_err().contains("1 of 2 vectors"));
        assert!(holes.independent().is_err() && holes.distinct().is_err());
    }

    #[test]
    fn memory_that_is_not_there_is_told() {
        assert!(fits(3_000_000_000, 1_000_000, None).is_ok());
        assert!(fits(3_000_000_000, 1_000_000, Some(4_000_000_000)).is_ok());
        let told = fits(3_000_000_000, 1_000_000, Some(2_000_000_000)).unwrap_err();
        assert!(
            told.contains("3.0 GB") && told.contains("2.0 GB are left"),
            "{told}"
        );
    }
}
