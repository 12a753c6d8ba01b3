//! What an encoder expects of one object: a picture, a spectrum, or a row of catalogue columns.

use serde::Deserialize;

use super::fault::{Fault, check_names};
use super::normalisation::NormalisationTable;
use super::{MAX_BANDS, MAX_COLUMNS, MAX_SAMPLES, MAX_SIZE, Method, Normalisation};

/// What an encoder is fed.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelInput {
    /// Pictures.
    Image(ImageInput),
    /// Spectra.
    Spectrum(SpectrumInput),
    /// Spectral energy distributions, from columns of the catalogue.
    Sed(SedInput),
}

/// The picture an encoder expects: `channels x size x size`.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageInput {
    /// Graph tensor; the only input when `None`.
    pub name: Option<String>,
    /// Names of the bands in order; empty when only their number is known.
    pub bands: Vec<String>,
    /// Number of bands, `1..=64`.
    pub channels: usize,
    /// Side, px, `1..=4096`.
    pub size: usize,
    /// Size of a pixel on the sky that the encoder was trained with, arcsec.
    pub pixel_scale_arcsec: Option<f32>,
    /// Whether it was trained on pictures that were resampled as bytes: values are then rounded to
    /// whole numbers of `0..=255` where a picture is resampled. Networks notice on dark pictures.
    pub eight_bit: bool,
    /// How pixel values are scaled.
    pub normalisation: Normalisation,
}

/// The spectrum an encoder expects: `size` fluxes.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumInput {
    /// Graph tensor; the only input when `None`.
    pub name: Option<String>,
    /// Number of fluxes, `1..=65536`.
    pub size: usize,
    /// Where they are taken; `None` takes spectra that have just as many samples, as they are.
    pub wavelength: Option<WavelengthGrid>,
    /// How fluxes are scaled, all of them alike.
    pub normalisation: Normalisation,
}

/// The wavelengths at which an encoder takes fluxes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WavelengthGrid {
    /// Angstrom, positive.
    pub first: f64,
    /// Angstrom, above `first`.
    pub last: f64,
    /// How they are spaced in between.
    pub spacing: Spacing,
}

/// How wavelengths are spaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spacing {
    /// By equal differences.
    #[default]
    Linear,
    /// By equal ratios.
    Log,
}

impl Spacing {
    /// As in a card.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Log => "log",
        }
    }
}

impl WavelengthGrid {
    /// The wavelengths of so many fluxes, angstrom, increasing.
    pub fn wavelengths(&self, size: usize) -> impl Iterator<Item = f64> {
        let Self {
            first,
            last,
            spacing,
        } = *self;
        (0..size).map(move |i| {
            let part = i as f64 / (size - 1).max(1) as f64;
            match spacing {
                Spacing::Linear => first + (last - first) * part,
                Spacing::Log => first * (last / first).powf(part),
            }
        })
    }
}

/// The row of numbers an encoder expects, in the units of the columns.
#[derive(Debug, Clone, PartialEq)]
pub struct SedInput {
    /// Graph tensor; the only input when `None`.
    pub name: Option<String>,
    /// Columns of the catalogue in order, `1..=4096` of them.
    pub columns: Vec<String>,
    /// How values are scaled: none, or mean and standard deviation of each column.
    pub normalisation: Normalisation,
}

impl ModelInput {
    /// Graph tensor; the only input when `None`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Image(image) => image.name.as_deref(),
            Self::Spectrum(spectrum) => spectrum.name.as_deref(),
            Self::Sed(sed) => sed.name.as_deref(),
        }
    }

    /// How values are scaled.
    #[must_use]
    pub fn normalisation(&self) -> &Normalisation {
        match self {
            Self::Image(image) => &image.normalisation,
            Self::Spectrum(spectrum) => &spectrum.normalisation,
            Self::Sed(sed) => &sed.normalisation,
        }
    }

    /// The picture, for an encoder of pictures.
    #[must_use]
    pub fn image(&self) -> Option<&ImageInput> {
        match self {
            Self::Image(image) => Some(image),
            Self::Spectrum(_) | Self::Sed(_) => None,
        }
    }

    /// The spectrum, for an encoder of spectra.
    #[must_use]
    pub fn spectrum(&self) -> Option<&SpectrumInput> {
        match self {
            Self::Spectrum(spectrum) => Some(spectrum),
            Self::Image(_) | Self::Sed(_) => None,
        }
    }

    /// The columns, for an encoder of spectral energy distributions.
    #[must_use]
    pub fn sed(&self) -> Option<&SedInput> {
        match self {
            Self::Image(_) | Self::Spectrum(_) => None,
            Self::Sed(sed) => Some(sed),
        }
    }

    /// The axes of one object: channels, height and width, or the number of fluxes or columns.
    #[must_use]
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Self::Image(image) => vec![image.channels, image.size, image.size],
            Self::Spectrum(spectrum) => vec![spectrum.size],
            Self::Sed(sed) => vec![sed.columns.len()],
        }
    }
}

/// The table `[input]` of a card, before its values are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InputTable {
    name: Option<String>,
    #[serde(default)]
    modality: Modality,
    bands: Option<Vec<String>>,
    channels: Option<usize>,
    size: Option<usize>,
    pixel_scale_arcsec: Option<f32>,
    eight_bit: Option<bool>,
    columns: Option<Vec<String>>,
    wavelength: Option<GridTable>,
    normalisation: NormalisationTable,
}

/// The table `[input.wavelength]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GridTable {
    first: f64,
    last: f64,
    #[serde(default)]
    spacing: Spacing,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Modality {
    #[default]
    Image,
    Spectrum,
    Sed,
}

impl TryFrom<InputTable> for ModelInput {
    type Error = Fault;

    fn try_from(table: InputTable) -> Result<Self, Fault> {
        match table.modality {
            Modality::Image => image(table).map(Self::Image),
            Modality::Spectrum => spectrum(table).map(Self::Spectrum),
            Modality::Sed => sed(table).map(Self::Sed),
        }
    }
}

fn image(table: InputTable) -> Result<ImageInput, Fault> {
    Fault::unless(
        table.columns.is_none(),
        "input.columns",
        "does not belong to pictures: remove it, or set `modality = \"sed\"`",
    )?;
    Fault::unless(
        table.wavelength.is_none(),
        "input.wavelength",
        "does not belong to pictures: remove it, or set `modality = \"spectrum\"`",
    )?;
    let size = table.size.ok_or_else(|| {
        Fault::new(
            "input.size",
            "is missing: the side of a picture that the model takes, in px",
        )
    })?;
    Fault::unless(
        (1..=MAX_SIZE).contains(&size),
        "input.size",
        format!("must be 1 to {MAX_SIZE} px"),
    )?;
    Fault::unless(
        table
            .pixel_scale_arcsec
            .is_none_or(|scale| scale.is_finite() && scale > 0.0),
        "input.pixel_scale_arcsec",
        "must be a positive number",
    )?;
    let bands = table.bands.unwrap_or_default();
    let channels = channels(&bands, table.channels)?;
    let normalisation = Normalisation::try_from(table.normalisation)?;
    normalisation.check_length(channels, "bands")?;
    Ok(ImageInput {
        name: table.name,
        bands,
        channels,
        size,
        pixel_scale_arcsec: table.pixel_scale_arcsec,
        eight_bit: table.eight_bit.unwrap_or_default(),
        normalisation,
    })
}

/// Refuses keys that only pictures have.
fn without_pictures(table: &InputTable, modality: &str) -> Result<(), Fault> {
    for (key, is_given) in [
        ("input.bands", table.bands.is_some()),
        ("input.channels", table.channels.is_some()),
        (
            "input.pixel_scale_arcsec",
            table.pixel_scale_arcsec.is_some(),
        ),
        ("input.eight_bit", table.eight_bit.is_some()),
    ] {
        Fault::unless(!is_given, key, foreign(modality))?;
    }
    Ok(())
}

fn foreign(modality: &str) -> String {
    format!("does not belong to modality `{modality}`: remove it")
}

fn spectrum(table: InputTable) -> Result<SpectrumInput, Fault> {
    const MODALITY: &str = "spectrum";
    without_pictures(&table, MODALITY)?;
    Fault::unless(table.columns.is_none(), "input.columns", foreign(MODALITY))?;
    let size = table.size.ok_or_else(|| {
        Fault::new(
            "input.size",
            "is missing: the number of fluxes that the model takes",
        )
    })?;
    Fault::unless(
        (1..=MAX_SAMPLES).contains(&size),
        "input.size",
        format!("must be 1 to {MAX_SAMPLES} fluxes"),
    )?;
    let grid = |GridTable {
                    first,
                    last,
                    spacing,
                }| {
        let sound = first > 0.0 && last > first && f64::is_finite(last) && size > 1;
        Fault::unless(
            sound,
            "input.wavelength",
            "must lead from a positive `first` to a larger `last`, in angstrom, in at least two steps",
        )?;
        Ok::<_, Fault>(WavelengthGrid {
            first,
            last,
            spacing,
        })
    };
    let normalisation = Normalisation::try_from(table.normalisation)?;
    normalisation.check_length(1, "spectrum")?;
    Ok(SpectrumInput {
        name: table.name,
        size,
        wavelength: table.wavelength.map(grid).transpose()?,
        normalisation,
    })
}

fn sed(table: InputTable) -> Result<SedInput, Fault> {
    without_pictures(&table, "sed")?;
    for (key, is_given) in [
        ("input.size", table.size.is_some()),
        ("input.wavelength", table.wavelength.is_some()),
    ] {
        Fault::unless(!is_given, key, foreign("sed"))?;
    }
    let columns = table.columns.unwrap_or_default();
    Fault::unless(
        (1..=MAX_COLUMNS).contains(&columns.len()),
        "input.columns",
        format!("must list 1 to {MAX_COLUMNS} columns of the catalogue, in the order of the model"),
    )?;
    check_names("input.columns", &columns)?;
    let normalisation = Normalisation::try_from(table.normalisation)?;
    Fault::unless(
        matches!(
            normalisation.method(),
            Method::None | Method::MeanStd { .. }
        ),
        "input.normalisation.method",
        "must be `none` or `mean-std` for columns of a catalogue",
    )?;
    normalisation.check_length(columns.len(), "columns")?;
    Ok(SedInput {
        name: table.name,
        columns,
        normalisation,
    })
}

/// The number of channels, from the names of the bands or stated outright.
fn channels(bands: &[String], channels: Option<usize>) -> Result<usize, Fault> {
    check_names("input.bands", bands)?;
    let number = match (bands.len(), channels) {
        (0, None) => {
            return Err(Fault::new(
                "input.bands",
                "is missing: list the bands, or give their number as `channels`",
            ));
        }
        (0, Some(channels)) => channels,
        (named, stated) => {
            Fault::unless(
                stated.is_none_or(|stated| stated == named),
                "input.channels",
                format!("does not agree with the {named} names in `bands`: remove it"),
            )?;
            named
        }
    };
    Fault::unless(
        (1..=MAX_BANDS).contains(&number),
        "input.channels",
        format!("must be 1 to {MAX_BANDS}"),
    )?;
    Ok(number)
}
