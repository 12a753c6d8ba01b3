//! JPEG pictures, decoded to the very bytes that libjpeg gives.
//!
//! The standard leaves decoders some freedom: how the inverse cosine transform is rounded, how chroma is
//! enlarged. Encoders were trained on what libjpeg makes of it (the accurate integer transform, chroma
//! enlarged by a triangle filter, colours in fixed point), and a few levels of difference move their
//! vectors. CMYK becomes RGB as in Pillow.

use libjpeg_turbo_rs::{DecodeLimits, DecodeWarning, Decoder, PixelFormat};

use crate::quiet;

/// What a picture may take while it is decoded, bytes.
const MAX_MEMORY: u64 = 1 << 30;
/// Passes over the picture. Usual progressive files have ten; a hostile one has as many as fit.
const MAX_SCANS: usize = 256;

/// Bytes of a picture, pixel by pixel, top row first.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) width: usize,
    pub(super) height: usize,
    /// 1 (grey) or 3 (R, G, B).
    pub(super) channels: usize,
    pub(super) bytes: Vec<u8>,
}

/// Decodes a whole file, of a picture whose sides are at most `longest_side` px.
///
/// # Errors
/// A clause saying what is wrong: no JPEG, cut off, damaged, too large, or of a kind that libjpeg does not
/// turn into bytes (12 bits).
pub(super) fn decode(file: &[u8], longest_side: usize) -> Result<Decoded, String> {
    let limits = DecodeLimits {
        max_width: longest_side,
        max_height: longest_side,
        max_scans: MAX_SCANS,
        max_memory: Some(MAX_MEMORY),
        ..DecodeLimits::default()
    };
    let decoded = quiet::catch(|| Decoder::new_with_limits(file, limits)?.decode_image());
    let image = decoded?.map_err(|e| e.to_string())?;
    // Stray bytes between the segments do no harm; anything else is a damaged picture.
    let damage = image
        .warnings
        .iter()
        .find(|w| !matches!(w, DecodeWarning::ExtraneousData { .. }));
    if let Some(damage) = damage {
        return Err(damage.to_string());
    }
    let (channels, bytes) = match image.pixel_format {
        PixelFormat::Grayscale => (1, image.data),
        PixelFormat::Rgb => (3, image.data),
        PixelFormat::Cmyk => (3, rgb_of_cmyk(&image.data)),
        other => return Err(format!("its pixels are {other:?}")),
    };
    if bytes.len() != image.width * image.height * channels {
        return Err("it holds fewer pixels than it says".to_owned());
    }
    Ok(Decoded {
        width: image.width,
        height: image.height,
        channels,
        bytes,
    })
}

/// Inks to light. Files hold inks inverted, as Adobe's programs write them: 255 is none.
fn rgb_of_cmyk(inks: &[u8]) -> Vec<u8> {
    inks.as_chunks::<4>()
        .0
        .iter()
        .flat_map(|&[cyan, magenta, yellow, white]| {
            [cyan, magenta, yellow].map(|paper| white - share(255 - paper, white))
        })
        .collect()
}

/// `a * b / 255`, rounded to nearest.
fn share(a: u8, b: u8) -> u8 {
    let product = u32::from(a) * u32::from(b) + 128;
    ((product + (product >> 8)) >> 8) as u8
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const SIDE: usize = 8192;

    /// The pictures of `tests/pictures`: name and content.
    fn pictures() -> Vec<(PathBuf, Vec<u8>)> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pictures");
        let files = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        let found: Vec<_> = files
            .filter(|path| path.extension().is_some_and(|e| e == "jpg"))
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        assert!(found.len() >= 16);
        found
    }

    #[test]
    fn bytes_are_those_that_pillow_decodes() {
        for (path, file) in pictures() {
            let found = decode(&file, SIDE).unwrap();
            let expected = image::open(path.with_extension("png")).unwrap();
            let size = (expected.width() as usize, expected.height() as usize);
            assert_eq!((found.width, found.height), size, "{}", path.display());
            assert!(found.bytes == expected.into_bytes(), "{}", path.display());
        }
    }

    #[test]
    fn half_a_file_is_an_error_and_no_cut_is_a_panic() {
        for (path, file) in pictures() {
            for end in 0..file.len() {
                let found = decode(&file[..end], SIDE);
                assert!(end > file.len() / 2 || found.is_err(), "{}", path.display());
            }
        }
    }

    #[test]
    fn damaged_files_give_a_picture_or_a_clause() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for (_, file) in pictures() {
            for _ in 0..200 {
                let mut damaged = file.clone();
                for _ in 0..random.random_range(1..5) {
                    let at = random.random_range(0..damaged.len());
                    damaged[at] = random.random();
                }
                if let Err(reason) = decode(&damaged, SIDE) {
                    assert!(!reason.is_empty() && !reason.contains('\n'));
                }
            }
        }
    }

    #[test]
    fn a_size_that_is_not_there_takes_no_memory() {
        let (_, mut file) = pictures().swap_remove(0);
        let frame = file
            .windows(2)
            .position(|w| w == [0xff, 0xc0] || w == [0xff, 0xc2]);
        let size = frame.unwrap() + 5;
        file[size..size + 4].fill(0xff);
        assert!(decode(&file, SIDE).unwrap_err().contains("65535"));
    }

    #[test]
    fn products_of_bytes_are_rounded_to_nearest() {
        for a in 0..=255_u8 {
            for b in 0..=255_u8 {
                let exact = f64::from(a) * f64::from(b) / 255.0;
                assert_eq!(f64::from(share(a, b)), exact.round(), "{a} {b}");
            }
        }
    }
}
