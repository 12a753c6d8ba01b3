//! A spectrum as the fluxes an encoder expects: taken at its wavelengths, lacking ones filled, and
//! normalised, in this order.

use super::super::card::SpectrumInput;
use super::{Notes, normalise, percentile};
use crate::data::Spectrum;

/// Prepares spectra for one encoder; keeps its working memory from spectrum to spectrum.
pub(in crate::encode) struct Sampler<'a> {
    input: &'a SpectrumInput,
    /// Where fluxes are taken, angstrom.
    grid: Vec<f64>,
    /// The samples that have a flux.
    usable: Vec<(f64, f32)>,
    scratch: Vec<f32>,
}

impl<'a> Sampler<'a> {
    pub(in crate::encode) fn new(input: &'a SpectrumInput) -> Self {
        let grid = input.wavelength.iter();
        Self {
            input,
            grid: grid.flat_map(|grid| grid.wavelengths(input.size)).collect(),
            usable: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Writes `size` values into `out`, all finite.
    ///
    /// # Errors
    /// A clause saying why this spectrum cannot be encoded.
    pub(in crate::encode) fn run(
        &mut self,
        spectrum: &Spectrum,
        out: &mut [f32],
    ) -> Result<Notes, String> {
        if self.grid.is_empty() {
            let found = spectrum.fluxes();
            if found.len() != out.len() {
                return Err(format!(
                    "it has {} fluxes, but the encoder takes {} and its card names no wavelengths to take them at",
                    found.len(),
                    out.len()
                ));
            }
            out.copy_from_slice(found);
        } else {
            self.take(spectrum, out);
        }
        let lacking = out.iter().filter(|v| !v.is_finite()).count();
        if 2 * lacking > out.len() {
            return Err(self.uncovered(spectrum, lacking));
        }
        if lacking > 0 {
            self.scratch.clear();
            self.scratch.extend(out.iter().filter(|v| v.is_finite()));
            let fill = percentile::median(&mut self.scratch);
            for value in out.iter_mut().filter(|v| !v.is_finite()) {
                *value = fill;
            }
        }
        let (how, shape) = (&self.input.normalisation, (out.len(), out.len()));
        normalise::run(how, shape, out, &mut [], &mut self.scratch)?;
        if out.iter().fold(true, |all, v| all & v.is_finite()) {
            Ok(Notes {
                filled: lacking > 0,
                ..Notes::default()
            })
        } else {
            Err("its fluxes are too large".to_owned())
        }
    }

    /// The flux at each wavelength of the grid: the mean of the samples that are nearest to it where
    /// they lie closer than the grid does, else on the line between its neighbours; NaN beyond the
    /// spectrum's ends. On the grid's own wavelengths, the fluxes as they are.
    fn take(&mut self, spectrum: &Spectrum, out: &mut [f32]) {
        /// More samples than this in a step are averaged.
        const MOST_ON_A_LINE: usize = 2;
        let samples = spectrum.wavelengths().iter().zip(spectrum.fluxes());
        let finite = samples.filter(|(_, flux)| flux.is_finite());
        self.usable.clear();
        self.usable.extend(finite.map(|(&at, &flux)| (at, flux)));
        let (usable, grid) = (&self.usable, &self.grid);
        let (mut from, mut to) = (0, 0);
        for (i, (out, &at)) in out.iter_mut().zip(grid).enumerate() {
            let before = i.checked_sub(1).map_or(at, |i| grid[i]);
            let behind = grid.get(i + 1).copied().unwrap_or(at);
            let (low, high) = (0.5 * (before + at), 0.5 * (at + behind));
            from += usable[from..].partition_point(|sample| sample.0 < low);
            to = to.max(from);
            to += usable[to..].partition_point(|sample| sample.0 < high);
            let near = &usable[from..to];
            *out = if near.len() > MOST_ON_A_LINE {
                let sum: f64 = near.iter().map(|sample| f64::from(sample.1)).sum();
                (sum / near.len() as f64) as f32
            } else {
                on_a_line(usable, at)
            };
        }
    }

    fn uncovered(&self, spectrum: &Spectrum, lacking: usize) -> String {
        let all = self.input.size;
        let there = spectrum.wavelengths();
        match (
            self.grid.first(),
            self.grid.last(),
            there.first(),
            there.last(),
        ) {
            (Some(first), Some(last), Some(from), Some(to)) => format!(
                "it has a flux at {} of the {all} wavelengths that the encoder takes: its own are {from:.0} to {to:.0} \
                 angstrom, the encoder's {first:.0} to {last:.0}",
                all - lacking
            ),
            _ => format!("more than half of its {all} fluxes are masked"),
        }
    }
}

/// The flux at one wavelength, between the samples on both sides.
fn on_a_line(samples: &[(f64, f32)], at: f64) -> f32 {
    /// A wavelength this close to an end is not beyond it: a part of it.
    const SAME: f64 = 1e-6;
    let next = samples.partition_point(|sample| sample.0 < at);
    match (next.checked_sub(1).map(|i| samples[i]), samples.get(next)) {
        (_, Some(&(there, flux))) if there <= at * (1.0 + SAME) => flux,
        (Some((there, flux)), _) if there >= at * (1.0 - SAME) => flux,
        (Some((a, below)), Some(&(b, above))) => {
            let part = (at - a) / (b - a);
            (f64::from(below) * (1.0 - part) + f64::from(above) * part) as f32
        }
        _ => f32::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Sample;
    use crate::encode::{Method, Normalisation, Spacing, WavelengthGrid};

    fn spectrum(samples: &[(f64, f32)]) -> Spectrum {
        let sample = |&(wavelength, flux): &(f64, f32)| Sample {
            wavelength,
            flux,
            weight: 1.0,
        };
        Spectrum::new(samples.iter().map(sample).collect()).unwrap()
    }

    fn input(size: usize, ends: Option<(f64, f64)>, method: Method) -> SpectrumInput {
        let grid = |(first, last)| WavelengthGrid {
            first,
            last,
            spacing: Spacing::Linear,
        };
        SpectrumInput {
            name: None,
            size,
            wavelength: ends.map(grid),
            normalisation: Normalisation::new(method, false).unwrap(),
        }
    }

    fn taken(input: &SpectrumInput, samples: &[(f64, f32)]) -> Result<(Vec<f32>, bool), String> {
        let mut out = vec![0.0; input.size];
        let notes = Sampler::new(input).run(&spectrum(samples), &mut out)?;
        Ok((out, notes.filled))
    }

    #[test]
    fn fluxes_on_the_grid_stay_and_others_are_interpolated_or_averaged() {
        let on = input(4, Some((4000.0, 4003.0)), Method::None);
        let own = [(4000.0, 1.0), (4001.0, 3.0), (4002.0, -2.0), (4003.0, 7.0)];
        assert_eq!(
            taken(&on, &own).unwrap(),
            (vec![1.0, 3.0, -2.0, 7.0], false)
        );
        let coarse = [(3990.0, 0.0), (4010.0, 20.0)];
        assert_eq!(taken(&on, &coarse).unwrap().0, [10.0, 11.0, 12.0, 13.0]);
        // Ten samples a step: noise is averaged, not picked.
        let fine: Vec<(f64, f32)> = (0..40)
            .map(|i| {
                (
                    3999.55 + 0.1 * f64::from(i),
                    5.0 + [1.0, -1.0][i as usize % 2],
                )
            })
            .collect();
        let found = taken(&on, &fine).unwrap().0;
        assert!(
            found[1..3].iter().all(|v| (v - 5.0).abs() < 0.2),
            "{found:?}"
        );
    }

    #[test]
    fn what_is_lacking_gets_the_median_or_is_refused() {
        let on = input(4, Some((4000.0, 4003.0)), Method::None);
        let short = [(4000.0, 1.0), (4001.0, 3.0), (4002.0, 2.0)];
        assert_eq!(
            taken(&on, &short).unwrap(),
            (vec![1.0, 3.0, 2.0, 2.0], true)
        );
        let told = taken(&on, &[(4003.0, 1.0), (9000.0, 1.0)]).unwrap_err();
        assert!(
            told.contains("1 of the 4") && told.contains("4003 to 9000"),
            "{told}"
        );
        let bare = input(3, None, Method::Max);
        let found = taken(&bare, &[(1.0, 2.0), (5.0, f32::NAN), (9.0, 4.0)]).unwrap();
        assert_eq!(found, (vec![0.5, 0.75, 1.0], true));
        assert!(
            taken(&bare, &[(1.0, 2.0)])
                .unwrap_err()
                .contains("1 fluxes")
        );
    }

    #[test]
    fn all_fluxes_share_the_statistics() {
        let method = Method::MeanStd {
            mean: vec![1.0],
            std: vec![2.0],
        };
        let bare = input(2, None, method);
        assert_eq!(
            taken(&bare, &[(1.0, 3.0), (2.0, 5.0)]).unwrap().0,
            [1.0, 2.0]
        );
        let sky = Method::Asinh {
            scale: 1.0,
            sky: crate::encode::Sky::Border,
            divide_by: 1.0,
        };
        let bare = input(5, None, sky);
        let found = taken(
            &bare,
            &[(1.0, 0.0), (2.0, 1.0), (3.0, 2.0), (4.0, 3.0), (5.0, 4.0)],
        );
        assert!(found.unwrap().0[2].abs() < 1e-6);
    }
}
