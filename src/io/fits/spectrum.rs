//! Spectra in FITS files: a table with a sample in each row (SDSS, JWST), a table with a spectrum in
//! each row (ESO), or images of wavelengths and fluxes, for each arm of the spectrograph (DESI).

use std::path::Path;

use super::ffi::{Fits, FitsFailure, Hdu};
use super::image::BEST_COMPRESSION;
use super::open;
use crate::data::{Sample, Spectrum, SpectrumError};

// What columns and images are called, in lower case.
const WAVELENGTH: [&str; 7] = [
    "wavelength",
    "wave",
    "loglam",
    "lambda",
    "lam",
    "wavelengths",
    "log_wavelength",
];
const FLUX: [&str; 7] = [
    "flux",
    "flux_density",
    "fluxdensity",
    "f_lambda",
    "flam",
    "f_nu",
    "fnu",
];
const WEIGHT: [&str; 2] = ["ivar", "inverse_variance"];

/// Tables with fewer rows are lists of lines or filters.
const FEWEST: usize = 32;
/// Longest spectrum, samples.
const LONGEST: usize = 1 << 22;
/// Most spectra of one file.
const MOST: usize = 1 << 20;
/// Most columns that are looked at.
const MOST_COLUMNS: usize = 4096;
/// Without a unit, wavelengths below this are taken for micrometres, others for angstrom.
const LARGEST_MICRON: f64 = 100.0;

/// Where the spectra of a file lie.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::io) struct Spectra {
    /// How many there are, at least one.
    pub count: usize,
    /// The table that has a row for each of them, if there is one.
    pub objects: Option<usize>,
    layout: Layout,
}

#[derive(Debug, Clone, PartialEq)]
enum Layout {
    /// In a table: a sample in each row, or a spectrum.
    Table { hdu: usize, columns: Columns },
    /// Images: one row of wavelengths, a row of fluxes for each object.
    Arms(Vec<Arm>),
}

/// Columns of a table.
#[derive(Debug, Clone, PartialEq)]
struct Columns {
    wavelength: usize,
    flux: usize,
    weight: Option<usize>,
    /// Samples in a row; 1 where each row is a sample.
    length: usize,
    rows: usize,
    scale: Scale,
    unit: Option<String>,
}

/// One arm of a spectrograph, by HDU.
#[derive(Debug, Clone, PartialEq)]
struct Arm {
    wavelength: usize,
    flux: usize,
    weight: Option<usize>,
    length: usize,
}

/// From numbers in the file to angstrom.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    Times(f64),
    /// The common logarithm of angstrom.
    Log,
    /// There is no unit: by the largest wavelength.
    Unknown,
}

/// What is known of a file while its HDUs are gone through.
pub(super) struct Search {
    /// Most bytes that the data of an HDU can have.
    most_bytes: u64,
    table: Option<(usize, Columns)>,
    /// Lower-case name, HDU and axes.
    images: Vec<(String, usize, Vec<usize>)>,
    /// HDU and rows.
    tables: Vec<(usize, usize)>,
}

impl Search {
    pub(super) fn new(most_bytes: u64) -> Self {
        Self {
            most_bytes,
            table: None,
            images: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// Looks at the current HDU.
    pub(super) fn look(&mut self, fits: &mut Fits, hdu: usize, kind: &Hdu) {
        match kind {
            Hdu::Table => {
                let Ok((rows, columns)) = fits.table_shape() else {
                    return;
                };
                self.tables.push((hdu, rows));
                let row_bytes = fits.key_number("NAXIS1").unwrap_or(0.0);
                let there = rows as f64 * row_bytes <= self.most_bytes as f64;
                if self.table.is_none() && there {
                    self.table = table(fits, rows, columns).map(|columns| (hdu, columns));
                }
            }
            Hdu::Image(axes) if matches!(axes.len(), 1 | 2) && self.holds(axes) => {
                if let Some(name) = fits.key_text("EXTNAME") {
                    self.images
                        .push((name.to_ascii_lowercase(), hdu, axes.clone()));
                }
            }
            Hdu::Image(_) => {}
        }
    }

    /// Whether the file is long enough for an image.
    fn holds(&self, axes: &[usize]) -> bool {
        let values = axes
            .iter()
            .try_fold(1_u64, |n, &axis| n.checked_mul(axis as u64));
        values.is_some_and(|n| n / BEST_COMPRESSION <= self.most_bytes)
    }

    /// The spectra, once all HDUs were looked at.
    pub(super) fn finish(self, fits: &mut Fits) -> Option<Spectra> {
        if let Some((arms, count)) = self.arms() {
            let of_objects = |table: &&(usize, usize)| table.1 == count;
            return Some(Spectra {
                count,
                objects: self.tables.iter().find(of_objects).map(|&(hdu, _)| hdu),
                layout: Layout::Arms(arms),
            });
        }
        let (hdu, columns) = self.table?;
        fits.move_to(hdu).ok()?;
        if columns.length > 1 {
            return (columns.rows <= MOST).then_some(Spectra {
                count: columns.rows,
                objects: Some(hdu),
                layout: Layout::Table { hdu, columns },
            });
        }
        // Wavelengths that do not increase are those of lines, or of many spectra in one list.
        let (values, _) = fits.doubles(columns.wavelength, 0, columns.rows).ok()?;
        let increasing = values.windows(2).all(|pair| pair[0] < pair[1]);
        increasing.then_some(Spectra {
            count: 1,
            objects: None,
            layout: Layout::Table { hdu, columns },
        })
    }

    /// The arms that hang together, and the number of objects that all of them have.
    fn arms(&self) -> Option<(Vec<Arm>, usize)> {
        let find = |name: &str| self.images.iter().find(|(known, ..)| known == name);
        let mut arms = Vec::new();
        let mut count = None;
        for (name, wavelength, axes) in &self.images {
            let prefix = match name.strip_suffix("wavelength") {
                Some(prefix) if prefix.is_empty() || prefix.ends_with('_') => prefix,
                _ => continue,
            };
            let &[length] = axes.as_slice() else { continue };
            let Some((_, flux, shape)) = find(&format!("{prefix}flux")) else {
                continue;
            };
            let rows = match *shape.as_slice() {
                [own] if own == length => 1,
                [own, rows] if own == length => rows,
                _ => continue,
            };
            let weight = find(&format!("{prefix}ivar")).filter(|(.., own)| own == shape);
            let fits = (1..=LONGEST).contains(&length) && (1..=MOST).contains(&rows);
            if fits && count.is_none_or(|count| count == rows) {
                count = Some(rows);
                arms.push(Arm {
                    wavelength: *wavelength,
                    flux: *flux,
                    weight: weight.map(|&(_, hdu, _)| hdu),
                    length,
                });
            }
        }
        Some((arms, count?))
    }
}

/// The current table, if its columns are those of a spectrum.
fn table(fits: &mut Fits, rows: usize, columns: usize) -> Option<Columns> {
    let names: Vec<String> = (1..=columns.min(MOST_COLUMNS))
        .map(|i| fits.key_text(&format!("TTYPE{i}")).unwrap_or_default())
        .map(|name| name.to_ascii_lowercase())
        .collect();
    let find = |wanted: &[&str]| {
        let at = |wanted: &&str| names.iter().position(|name| name == wanted);
        wanted.iter().find_map(at)
    };
    let (wavelength, flux) = (find(&WAVELENGTH)?, find(&FLUX)?);
    let mut length = |index: usize| fits.column_shape(index).map_or(0, |shape| shape.repeat);
    let own = length(wavelength);
    let weight = find(&WEIGHT).filter(|&weight| length(weight) == own);
    let samples = if own == 1 { rows } else { own };
    if length(flux) != own || rows == 0 || !(FEWEST..=LONGEST).contains(&samples) {
        return None;
    }
    let unit = |fits: &mut Fits, index: usize| fits.key_text(&format!("TUNIT{}", index + 1));
    let scale = if names[wavelength].starts_with("log") {
        Scale::Log
    } else {
        unit(fits, wavelength).map_or(Scale::Unknown, |unit| scale(&unit))
    };
    Some(Columns {
        wavelength,
        flux,
        weight,
        length: own,
        rows,
        scale,
        unit: unit(fits, flux),
    })
}

/// By the unit of wavelengths.
fn scale(unit: &str) -> Scale {
    let unit = unit.trim().to_ascii_lowercase();
    match unit.as_str() {
        "angstrom" | "angstroms" | "ang" | "a" | "0.1nm" => Scale::Times(1.0),
        "nm" | "nanometer" | "nanometre" => Scale::Times(10.0),
        "um" | "micron" | "microns" | "micrometer" | "micrometre" | "µm" => Scale::Times(1e4),
        "m" | "meter" | "metre" => Scale::Times(1e10),
        _ => Scale::Unknown,
    }
}

impl Scale {
    /// Angstrom.
    fn apply(self, values: &mut [f64]) {
        let times = match self {
            Self::Log => {
                values.iter_mut().for_each(|v| *v = 10_f64.powf(*v));
                return;
            }
            Self::Times(times) => times,
            Self::Unknown if !values.iter().any(|v| *v >= LARGEST_MICRON) => 1e4,
            Self::Unknown => 1.0,
        };
        values.iter_mut().for_each(|v| *v *= times);
    }
}

/// Reads spectrum `index` of a file.
pub(in crate::io) fn read(path: &Path, index: usize) -> Result<Spectrum, SpectrumError> {
    let (mut fits, most_bytes) = open(path).map_err(|e| SpectrumError(e.to_string()))?;
    let name = path.display();
    let broken = |f: FitsFailure| {
        SpectrumError(format!(
            "{name} is not a complete FITS file ({}); copy or download it again",
            f.0
        ))
    };
    let spectra = search(&mut fits, most_bytes).map_err(broken)?.ok_or_else(|| {
        SpectrumError(format!(
            "{name} holds no spectrum: neither a table with the columns wavelength and flux nor images of that name"
        ))
    })?;
    if index >= spectra.count {
        return Err(SpectrumError(format!(
            "{name} has no spectrum {index}; it holds {}",
            spectra.count
        )));
    }
    let read = match &spectra.layout {
        Layout::Table { hdu, columns } => {
            from_table(&mut fits, *hdu, columns, index, most_bytes).map_err(broken)?
        }
        Layout::Arms(arms) => from_arms(&mut fits, arms, index, most_bytes).map_err(broken)?,
    };
    let (samples, unit) = read;
    Spectrum::new(samples)
        .map(|spectrum| spectrum.with_unit(unit))
        .map_err(|_| {
            SpectrumError(format!(
                "all fluxes of spectrum {index} in {name} are masked"
            ))
        })
}

/// The spectra of a file.
fn search(fits: &mut Fits, most_bytes: u64) -> Result<Option<Spectra>, FitsFailure> {
    let mut search = Search::new(most_bytes);
    for hdu in 0..fits.hdu_count()? {
        let kind = fits.move_to(hdu)?;
        search.look(fits, hdu, &kind);
    }
    Ok(search.finish(fits))
}

type Read = (Vec<Sample>, Option<String>);

fn from_table(
    fits: &mut Fits,
    hdu: usize,
    columns: &Columns,
    index: usize,
    most_bytes: u64,
) -> Result<Read, FitsFailure> {
    fits.move_to(hdu)?;
    let &Columns { length, rows, .. } = columns;
    let (row, count) = if length == 1 {
        (0, rows)
    } else {
        (index, length)
    };
    within(count, most_bytes)?;
    let (mut wavelengths, _) = fits.doubles(columns.wavelength, row, count)?;
    columns.scale.apply(&mut wavelengths);
    let (fluxes, defined) = fits.floats(columns.flux, row, count)?;
    let weights = match columns.weight {
        Some(weight) => Some(fits.floats(weight, row, count)?.0),
        None => None,
    };
    let sample = |(at, wavelength): (usize, f64)| Sample {
        wavelength,
        flux: if defined[at] { fluxes[at] } else { f32::NAN },
        weight: weights.as_ref().map_or(1.0, |weights| weights[at]),
    };
    let samples = wavelengths.into_iter().enumerate().map(sample).collect();
    let unit = match &columns.unit {
        Some(unit) => Some(unit.clone()),
        // SDSS says it in the primary header.
        None => fits.move_to(0).ok().and_then(|_| fits.key_text("BUNIT")),
    };
    Ok((samples, unit))
}

fn from_arms(
    fits: &mut Fits,
    arms: &[Arm],
    index: usize,
    most_bytes: u64,
) -> Result<Read, FitsFailure> {
    let (mut samples, mut unit) = (Vec::new(), None);
    for arm in arms {
        let length = arm.length;
        within(length, most_bytes)?;
        fits.move_to(arm.wavelength)?;
        let scale = fits
            .key_text("BUNIT")
            .map_or(Scale::Unknown, |unit| scale(&unit));
        let mut wavelengths = fits.pixels_exact(0, length)?;
        scale.apply(&mut wavelengths);
        fits.move_to(arm.flux)?;
        unit = unit.or_else(|| fits.key_text("BUNIT"));
        let fluxes = fits.pixels(index * length, length)?;
        let weights = match arm.weight {
            Some(weight) => {
                fits.move_to(weight)?;
                Some(fits.pixels(index * length, length)?)
            }
            None => None,
        };
        samples.extend((0..length).map(|i| Sample {
            wavelength: wavelengths[i],
            flux: fluxes[i],
            weight: weights.as_ref().map_or(1.0, |weights| weights[i]),
        }));
    }
    Ok((samples, unit))
}

/// A header may declare more than the file holds.
fn within(samples: usize, most_bytes: u64) -> Result<(), FitsFailure> {
    if samples as u64 <= most_bytes {
        Ok(())
    } else {
        Err(FitsFailure("it is longer than the file".to_owned()))
    }
}
