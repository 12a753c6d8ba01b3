//! Images and keywords of new files.

use std::ffi::{c_int, c_long};

use fitsio::sys;

use super::{Fits, Outcome, c_text, outcome};

impl Fits {
    /// Adds an image of `axes` (fastest first), float, RICE-compressed with one tile for each plane.
    ///
    /// Quantised at 1/16 of each tile's noise with subtractive dithering (Pence, White & Seaman
    /// 2010), seeded so that the same pixels always give the same file.
    pub fn append_rice_image(
        &mut self,
        axes: &[usize],
        pixels: &[f32],
        dither_seed: i32,
    ) -> Outcome<()> {
        let mut lengths: Vec<c_long> = axes.iter().map(|&n| n as c_long).collect();
        let mut tile: Vec<c_long> = (0..axes.len())
            .map(|i| if i < 2 { lengths[i] } else { 1 })
            .collect();
        let mut values = pixels.to_vec();
        let naxis = axes.len() as c_int;
        let mut status = 0;
        // SAFETY: the arrays hold `naxis` entries; `values` holds the product of the axes (asserted
        // by the only caller); cfitsio does not keep the pointers.
        unsafe {
            sys::fits_set_compression_type(self.raw, sys::RICE_1 as c_int, &raw mut status);
            sys::fits_set_tile_dim(self.raw, naxis, tile.as_mut_ptr(), &raw mut status);
            sys::fits_set_quantize_method(
                self.raw,
                sys::SUBTRACTIVE_DITHER_1 as c_int,
                &raw mut status,
            );
            sys::fits_set_dither_seed(
                self.raw,
                dither_seed.rem_euclid(10_000) + 1,
                &raw mut status,
            );
            sys::fits_set_quantize_level(self.raw, 16.0, &raw mut status);
            sys::ffcrim(
                self.raw,
                sys::FLOAT_IMG,
                naxis,
                lengths.as_mut_ptr(),
                &raw mut status,
            );
            sys::ffppre(
                self.raw,
                1,
                1,
                values.len() as i64,
                values.as_mut_ptr(),
                &raw mut status,
            );
        }
        outcome(status)
    }

    /// Writes a text keyword into the current HDU.
    pub fn put_text(&mut self, name: &str, value: &str, comment: &str) -> Outcome<()> {
        let (key, value, comment) = (c_text(name), c_text(value), c_text(comment));
        let mut status = 0;
        // SAFETY: the strings outlive the call.
        unsafe {
            sys::ffpkys(
                self.raw,
                key.as_ptr(),
                value.as_ptr(),
                comment.as_ptr(),
                &raw mut status,
            )
        };
        outcome(status)
    }

    /// Writes a numeric keyword into the current HDU.
    pub fn put_number(&mut self, name: &str, value: f64, comment: &str) -> Outcome<()> {
        let (key, comment) = (c_text(name), c_text(comment));
        let mut status = 0;
        // SAFETY: the strings outlive the call.
        unsafe {
            sys::ffpkyd(
                self.raw,
                key.as_ptr(),
                value,
                12,
                comment.as_ptr(),
                &raw mut status,
            )
        };
        outcome(status)
    }
}
