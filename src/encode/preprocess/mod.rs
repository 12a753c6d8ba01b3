//! A cutout as the picture an encoder expects: bands chosen, masked pixels filled, cropped,
//! resampled and normalised, in this order.
//!
//! Rows stay in memory order: an encoder trained on FITS arrays gets the bottom row first, one
//! trained on JPEGs the top row. Statistics of the normalisation are those of the resampled
//! picture, the same pixels that a training script sees.

mod asinh;
mod normalise;
mod percentile;
mod resize;
mod spectrum;
#[cfg(test)]
mod tests;

use super::card::ImageInput;
use crate::data::Cutout;
use resize::Resampler;
pub(super) use spectrum::Sampler;

/// What was tolerated in one picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, counted one by one"
)]
pub(super) struct Notes {
    /// Masked pixels were filled with their band's median.
    pub(super) filled: bool,
    /// The only band stands for all channels.
    pub(super) repeated: bool,
    /// Bands were taken by position, since their names are not those of the card.
    pub(super) by_position: bool,
    /// The picture was resampled.
    pub(super) resized: bool,
    /// Its pixels cover another angle than those the encoder was trained with.
    pub(super) other_scale: bool,
}

impl Notes {
    /// One bit for each, as they are kept on disk.
    pub(super) fn bits(self) -> u8 {
        let flags = [
            self.filled,
            self.repeated,
            self.by_position,
            self.resized,
            self.other_scale,
        ];
        let bits = flags.into_iter().enumerate();
        bits.fold(0, |bits, (i, flag)| bits | u8::from(flag) << i)
    }

    /// From such bits.
    pub(super) fn from_bits(bits: u8) -> Self {
        let flag = |i: u8| bits >> i & 1 == 1;
        Self {
            filled: flag(0),
            repeated: flag(1),
            by_position: flag(2),
            resized: flag(3),
            other_scale: flag(4),
        }
    }
}

/// Prepares pictures for one encoder; keeps its working memory from picture to picture.
pub(super) struct Preprocessor<'a> {
    input: &'a ImageInput,
    /// One filled and cropped band.
    plane: Vec<f32>,
    /// For order statistics.
    scratch: Vec<f32>,
    resampler: Resampler,
}

impl<'a> Preprocessor<'a> {
    pub(super) fn new(input: &'a ImageInput) -> Self {
        Self {
            input,
            plane: Vec::new(),
            scratch: Vec::new(),
            resampler: Resampler::new(input.eight_bit),
        }
    }

    /// Writes `channels x size x size` values into `out`, all finite.
    ///
    /// # Errors
    /// A clause saying why this picture cannot be encoded.
    pub(super) fn run(&mut self, cutout: &Cutout, out: &mut [f32]) -> Result<Notes, String> {
        self.run_beside(cutout, out, None, &mut [])
    }

    /// As [`run`](Self::run), and writes a further band of the cutout into `beside` (`size x size`),
    /// normalised by what was measured of all the others together.
    pub(super) fn run_beside(
        &mut self,
        cutout: &Cutout,
        out: &mut [f32],
        band: Option<usize>,
        beside: &mut [f32],
    ) -> Result<Notes, String> {
        let size = self.input.size;
        let side = cutout.width().min(cutout.height());
        let mut notes = Notes {
            resized: side != size,
            other_scale: self.has_other_scale(cutout, side),
            ..Notes::default()
        };
        let bands = choose_bands(self.input, cutout, &mut notes)?;
        for (channel, target) in out.chunks_exact_mut(size * size).enumerate() {
            let band = bands.index(channel);
            self.resample(cutout, band, target, &mut notes)?;
        }
        if let Some(band) = band {
            self.resample(cutout, band, beside, &mut notes)?;
        }
        normalise::run(
            &self.input.normalisation,
            (size, size * size),
            out,
            beside,
            &mut self.scratch,
        )?;
        // Without a way out in between: several values at a time.
        if out.iter().fold(true, |all, v| all & v.is_finite()) {
            Ok(notes)
        } else {
            Err("its pixel values are too large".to_owned())
        }
    }

    /// Writes the central square of one band, with masked pixels replaced, resampled.
    fn resample(
        &mut self,
        cutout: &Cutout,
        band: usize,
        target: &mut [f32],
        notes: &mut Notes,
    ) -> Result<(), String> {
        let (pixels, size) = (cutout.band(band), self.input.size);
        let (width, height) = (cutout.width(), cutout.height());
        let side = width.min(height);
        let masked: u32 = pixels.iter().map(|v| u32::from(!v.is_finite())).sum();
        if masked == 0 && width == height {
            self.resampler.run(pixels, side, target, size);
            return Ok(());
        }
        if 2 * masked as usize > pixels.len() {
            return Err(format!(
                "more than half of the pixels are masked (band {})",
                cutout.bands()[band]
            ));
        }
        let fill = if masked == 0 {
            0.0
        } else {
            notes.filled = true;
            self.scratch.clear();
            self.scratch.extend(pixels.iter().filter(|v| v.is_finite()));
            percentile::median(&mut self.scratch)
        };
        let (left, top) = ((width - side) / 2, (height - side) / 2);
        self.plane.clear();
        for row in pixels.chunks_exact(width).skip(top).take(side) {
            self.plane.extend_from_slice(&row[left..left + side]);
        }
        if masked > 0 {
            for value in &mut self.plane {
                *value = if value.is_finite() { *value } else { fill };
            }
        }
        self.resampler.run(&self.plane, side, target, size);
        Ok(())
    }

    /// Whether the resampled pixel differs by more than a twentieth from the card's.
    fn has_other_scale(&self, cutout: &Cutout, side: usize) -> bool {
        let Some((found, expected)) = cutout
            .pixel_scale_arcsec()
            .zip(self.input.pixel_scale_arcsec)
        else {
            return false;
        };
        let resampled = found * side as f32 / self.input.size as f32;
        (resampled / expected - 1.0).abs() > 0.05
    }
}

/// Which band of the cutout feeds each channel.
enum Bands {
    ByName(Vec<usize>),
    InOrder,
    Only,
}

impl Bands {
    fn index(&self, channel: usize) -> usize {
        match self {
            Self::ByName(indices) => indices[channel],
            Self::InOrder => channel,
            Self::Only => 0,
        }
    }
}

/// By name when the card names bands and the cutout has them all; else the only band for every
/// channel; else in order when there are just as many.
fn choose_bands(input: &ImageInput, cutout: &Cutout, notes: &mut Notes) -> Result<Bands, String> {
    let found = cutout.bands();
    let by_name: Option<Vec<usize>> = input
        .bands
        .iter()
        .map(|name| found.iter().position(|band| band == name))
        .collect();
    if let Some(indices) = by_name.filter(|indices| !indices.is_empty()) {
        return Ok(Bands::ByName(indices));
    }
    if found.len() == 1 {
        notes.repeated = input.channels > 1;
        notes.by_position = input.channels == 1 && !input.bands.is_empty();
        return Ok(Bands::Only);
    }
    if found.len() == input.channels {
        notes.by_position = !input.bands.is_empty();
        return Ok(Bands::InOrder);
    }
    let expected = if input.bands.is_empty() {
        format!("{} bands", input.channels)
    } else {
        format!("bands {}", input.bands.join(", "))
    };
    Err(format!(
        "it has bands {}, but the encoder needs {expected}",
        found.join(", ")
    ))
}
