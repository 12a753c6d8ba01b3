//! The course of a spectrum: few enough points to be drawn in every frame.

use crate::data::Spectrum;

/// Runs of samples that are drawn.
const RUNS: usize = 240;

/// A spectrum as it is drawn.
#[derive(Debug, Clone)]
pub struct Course {
    /// Its parts without gaps.
    pub pieces: Vec<Piece>,
    /// Samples, masked ones included.
    pub samples: usize,
    /// Unit of the fluxes, if known.
    pub unit: Option<String>,
}

/// A part of a spectrum without gaps; points are wavelength (angstrom) and flux.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The mean of each run of samples.
    pub means: Vec<[f64; 2]>,
    /// The least and the largest of each run.
    pub spanned: Vec<[f64; 2]>,
}

impl Course {
    /// That of a spectrum.
    #[must_use]
    pub fn of(spectrum: &Spectrum) -> Self {
        Self {
            pieces: pieces(spectrum),
            samples: spectrum.fluxes().len(),
            unit: spectrum.unit().map(str::to_owned),
        }
    }

    /// Points that are drawn in the middle of the line.
    pub fn means(&self) -> impl Iterator<Item = &[f64; 2]> {
        self.pieces.iter().flat_map(|piece| &piece.means)
    }
}

fn pieces(spectrum: &Spectrum) -> Vec<Piece> {
    let run = spectrum.fluxes().len().div_ceil(RUNS).max(1);
    let samples = spectrum.wavelengths().iter().zip(spectrum.fluxes());
    let points: Vec<[f64; 2]> = samples.map(|(&at, &flux)| [at, f64::from(flux)]).collect();
    let mean = |run: &[[f64; 2]]| {
        [0, 1].map(|axis| run.iter().map(|p| p[axis]).sum::<f64>() / run.len() as f64)
    };
    let ends = |run: &[[f64; 2]]| {
        let by = |a: &&[f64; 2], b: &&[f64; 2]| a[1].total_cmp(&b[1]);
        let (low, high) = (run.iter().min_by(by), run.iter().max_by(by));
        let mut ends: Vec<[f64; 2]> = low.into_iter().chain(high).copied().collect();
        ends.sort_by(|a, b| a[0].total_cmp(&b[0]));
        ends
    };
    points
        .split(|point| !point[1].is_finite())
        .filter(|piece| !piece.is_empty())
        .map(|piece| Piece {
            means: piece.chunks(run).map(mean).collect(),
            spanned: piece.chunks(run).flat_map(ends).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Sample;

    #[test]
    fn gaps_part_the_line_and_peaks_survive() {
        let sample = |i: usize| Sample {
            wavelength: 4000.0 + i as f64,
            flux: match i {
                2000..2100 => f32::NAN,
                5003 => 9.0,
                _ => (i % 7) as f32 / 7.0,
            },
            weight: 1.0,
        };
        let spectrum = Spectrum::new((0..7781).map(sample).collect()).unwrap();
        let pieces = pieces(&spectrum);
        assert_eq!(pieces.len(), 2);
        let spanned: Vec<[f64; 2]> = pieces.iter().flat_map(|p| p.spanned.clone()).collect();
        assert!(spanned.len() <= 2 * RUNS + 4, "{}", spanned.len());
        assert!(spanned.contains(&[9003.0, 9.0]));
        assert!(spanned.windows(2).all(|w| w[0][0] <= w[1][0]));
        let means = pieces.iter().flat_map(|p| &p.means);
        assert!(means.clone().all(|p| (0.3..0.8).contains(&p[1])));
        assert_eq!(2 * means.count(), spanned.len());
    }
}
