//! One object's spectrum: flux by wavelength.

use std::sync::Arc;

use super::DataError;

/// What was measured at one wavelength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Angstrom.
    pub wavelength: f64,
    /// In the unit of the spectrum; NaN for none.
    pub flux: f32,
    /// Inverse variance, or anything in proportion to it; a flux without weight is no flux.
    pub weight: f32,
}

/// Flux by wavelength. Fluxes may be NaN (masked), not all of them are.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    wavelengths: Arc<[f64]>,
    fluxes: Arc<[f32]>,
    unit: Option<String>,
}

impl Spectrum {
    /// A spectrum of samples in any order. Where several lie at one wavelength, as where the arms of a
    /// spectrograph overlap, their mean is taken by weight.
    ///
    /// # Errors
    /// When no sample has a flux at a positive wavelength.
    pub fn new(mut samples: Vec<Sample>) -> Result<Self, DataError> {
        /// Closer ones are one wavelength: a part of it.
        const SAME: f64 = 1e-6;
        samples.retain(|sample| sample.wavelength > 0.0 && sample.wavelength.is_finite());
        samples.sort_by(|a, b| a.wavelength.total_cmp(&b.wavelength));
        let (mut wavelengths, mut fluxes) = (Vec::<f64>::new(), Vec::new());
        let mut rest = samples.as_slice();
        while let Some(first) = rest.first() {
            let near = |sample: &Sample| sample.wavelength <= first.wavelength * (1.0 + SAME);
            let (here, behind) = rest.split_at(rest.partition_point(near));
            let usable = here.iter().filter(|s| s.flux.is_finite() && s.weight > 0.0);
            let (mut sum, mut weights) = (0.0, 0.0);
            for sample in usable {
                let weight = f64::from(sample.weight);
                sum += weight * f64::from(sample.flux);
                weights += weight;
            }
            wavelengths.push(first.wavelength);
            // Nothing by nothing is NaN.
            fluxes.push((sum / weights) as f32);
            rest = behind;
        }
        if fluxes.iter().any(|flux| flux.is_finite()) {
            Ok(Self {
                wavelengths: wavelengths.into(),
                fluxes: fluxes.into(),
                unit: None,
            })
        } else {
            Err(DataError::Shape {
                what: "spectrum",
                reason: "no wavelength has a flux".to_owned(),
            })
        }
    }

    /// Sets the unit of the fluxes, such as `Jy`.
    #[must_use]
    pub fn with_unit(mut self, unit: Option<String>) -> Self {
        self.unit = unit;
        self
    }

    /// Angstrom, increasing.
    #[must_use]
    pub fn wavelengths(&self) -> &[f64] {
        &self.wavelengths
    }

    /// One for each wavelength.
    #[must_use]
    pub fn fluxes(&self) -> &[f32] {
        &self.fluxes
    }

    /// Unit of the fluxes, if known.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }
}

/// Why one object's spectrum could not be read: a sentence naming the file and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SpectrumError(pub String);

/// Random access to the spectra of a data set, one for each catalogue row.
pub trait SpectrumRead: Send + Sync {
    /// Number of rows.
    fn len(&self) -> usize;

    /// Whether there are no rows.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The spectrum of one row, read without loading the rest.
    ///
    /// # Errors
    /// One sentence saying why there is none.
    fn read(&self, row: usize) -> Result<Spectrum, SpectrumError>;
}

/// Spectra held in memory.
impl SpectrumRead for Vec<Spectrum> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn read(&self, row: usize) -> Result<Spectrum, SpectrumError> {
        self.get(row)
            .cloned()
            .ok_or_else(|| SpectrumError(format!("there is no spectrum {row}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arms_that_overlap_are_averaged_by_weight() {
        let sample = |wavelength, flux, weight| Sample {
            wavelength,
            flux,
            weight,
        };
        let spectrum = Spectrum::new(vec![
            sample(5000.0, 9.0, 1.0),
            sample(4000.0, 1.0, 1.0),
            sample(5_000.000_1, 1.0, 3.0),
            sample(5_000.000_1, f32::NAN, 3.0),
            sample(6000.0, 5.0, 0.0),
            sample(f64::NAN, 5.0, 1.0),
            sample(-1.0, 5.0, 1.0),
        ])
        .unwrap();
        assert_eq!(spectrum.wavelengths(), [4000.0, 5000.0, 6000.0]);
        assert_eq!(spectrum.fluxes()[..2], [1.0, 3.0]);
        assert!(spectrum.fluxes()[2].is_nan());
        assert!(Spectrum::new(vec![sample(6000.0, 5.0, 0.0)]).is_err());
        assert!(Spectrum::new(Vec::new()).is_err());
    }
}
