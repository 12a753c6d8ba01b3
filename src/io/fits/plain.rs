//! Files of one picture in single precision, read without cfitsio, whose buffers cost more than so small a
//! file.
//!
//! Only what the standard leaves no doubt about is read here: the primary HDU of an unpacked file, an image of
//! floats without scaling, its header in fixed format. Of everything else, and of whatever is not as it should
//! be, nothing is said: cfitsio reads the file, or says what is wrong with it.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::image::Keys;

/// A header and a data unit are whole blocks of so many bytes, a header of so many cards.
const BLOCK: usize = 2880;
const CARD: usize = 80;
/// The first card, that of a file that conforms to the standard.
const START: &[u8] = b"SIMPLE  =                    T";
/// Longest header that is read here.
const MOST_BLOCKS: usize = 64;
/// Of values in fixed format, and of the sign before them.
const VALUE: std::ops::Range<usize> = 10..CARD;
const SIGN: std::ops::Range<usize> = 8..10;
/// Axes of an image, of those that are read here.
const AXES: std::ops::RangeInclusive<i64> = 2..=9;
/// What is not a plain image of floats in its own unit.
const OTHERS: [&str; 5] = ["BSCALE", "BZERO", "BLANK", "GROUPS", "XTENSION"];

/// Most bytes that are kept for the next picture.
const KEPT: usize = 1 << 20;

thread_local! {
    /// Bytes of the last picture, so that those of the next need no memory.
    static READ: RefCell<Vec<u8>> = RefCell::default();
}

/// A primary HDU of floats, positioned at its first pixel.
pub(super) struct PlainImage {
    file: File,
    /// Bytes of the whole file.
    len: u64,
    /// The cards before the last one.
    header: Vec<u8>,
    pixels_at: u64,
    axes: Vec<usize>,
    doubted: Cell<bool>,
}

impl PlainImage {
    pub(super) fn open(path: &Path) -> Option<Self> {
        // A pipe would wait to be written to.
        let known = std::fs::metadata(path)
            .ok()
            .filter(std::fs::Metadata::is_file)?;
        let mut file = File::open(path).ok()?;
        let mut header = Vec::with_capacity(BLOCK);
        let cards = loop {
            if header.len() == MOST_BLOCKS * BLOCK {
                return None;
            }
            let read = header.len();
            header.resize(read + BLOCK, 0);
            file.read_exact(&mut header[read..]).ok()?;
            // All of them, without a way out in between: many at a time.
            let is_text = |all, byte: &u8| all & (b' '..=b'~').contains(byte);
            if !header.starts_with(START) || !header[read..].iter().fold(true, is_text) {
                return None;
            }
            if let Some(end) = find(&header[read..], "END") {
                break read / CARD + end;
            }
        };
        let pixels_at = header.len() as u64;
        header.truncate(cards * CARD);
        let mut image = Self {
            file,
            len: known.len(),
            header,
            pixels_at,
            axes: Vec::new(),
            doubted: Cell::new(false),
        };
        let whole = |name: &str| image.value(name)?.parse::<i64>().ok();
        if whole("BITPIX")? != -32 || OTHERS.iter().any(|name| image.card(name).is_some()) {
            return None;
        }
        let count = whole("NAXIS").filter(|count| AXES.contains(count))?;
        let axes = (1..=count).map(|axis| usize::try_from(whole(&format!("NAXIS{axis}"))?).ok());
        image.axes = axes.collect::<Option<_>>()?;
        image.is_certain().then_some(image)
    }

    /// Fastest first.
    pub(super) fn axes(&self) -> &[usize] {
        &self.axes
    }

    /// Whether all that was asked for was found, or found missing, without doubt.
    pub(super) fn is_certain(&self) -> bool {
        !self.doubted.get()
    }

    /// Bytes of the file, if all pixels are there and nothing comes after them.
    pub(super) fn only_data(&self) -> Option<u64> {
        let values = self
            .axes
            .iter()
            .try_fold(1_usize, |n, &axis| n.checked_mul(axis))?;
        let end = values.checked_mul(size_of::<f32>())?;
        let end = self.pixels_at.checked_add(end as u64)?;
        let padded = end.checked_next_multiple_of(BLOCK as u64)?;
        (end..=padded).contains(&self.len).then_some(self.len)
    }

    /// The first `count` pixels; `None` when the file ends before.
    pub(super) fn pixels(&mut self, count: usize) -> Option<Vec<f32>> {
        let bytes = count.checked_mul(size_of::<f32>())?;
        if self.len < self.pixels_at + bytes as u64 {
            return None;
        }
        READ.with_borrow_mut(|read| {
            read.resize(bytes, 0);
            self.file.read_exact(read).ok()?;
            let (values, _) = read.as_chunks();
            let values = values.iter().map(|value| f32::from_be_bytes(*value));
            let values = values.collect();
            if bytes > KEPT {
                *read = Vec::new();
            }
            Some(values)
        })
    }

    /// The only card of that name.
    fn card(&self, name: &str) -> Option<&[u8]> {
        let first = find(&self.header, name)?;
        let (card, rest) = self.header[first * CARD..].split_at(CARD);
        if find(rest, name).is_some() {
            self.doubted.set(true);
        }
        Some(card)
    }

    /// A value that is not a text, without the comment after it.
    fn value(&self, name: &str) -> Option<&str> {
        let card = self.card(name)?;
        let value = std::str::from_utf8(&card[VALUE]).unwrap_or_default();
        let value = value.split('/').next().unwrap_or_default().trim_ascii();
        if &card[SIGN] != b"= " || value.is_empty() {
            self.doubted.set(true);
        }
        Some(value)
    }
}

impl Keys for PlainImage {
    fn text(&mut self, name: &str) -> Option<String> {
        let card = self.card(name)?;
        let value = std::str::from_utf8(&card[VALUE]).unwrap_or_default();
        let text = value
            .strip_prefix('\'')
            .and_then(|value| value.split_once('\''));
        match text {
            // Neither a quote within the text nor a text that goes on in the next card.
            Some((text, rest))
                if &card[SIGN] == b"= " && !rest.starts_with('\'') && !text.ends_with('&') =>
            {
                let text = text.trim();
                (!text.is_empty()).then(|| text.to_owned())
            }
            _ => {
                self.doubted.set(true);
                None
            }
        }
    }

    fn number(&mut self, name: &str) -> Option<f64> {
        let number = self.value(name)?.parse::<f64>().ok();
        let finite = number.filter(|number| number.is_finite());
        if finite.is_none() {
            self.doubted.set(true);
        }
        finite
    }
}

/// Which of some cards is the first of that name, of at most eight letters.
fn find(cards: &[u8], name: &str) -> Option<usize> {
    let mut padded = [b' '; SIGN.start];
    padded[..name.len()].copy_from_slice(name.as_bytes());
    cards
        .chunks_exact(CARD)
        .position(|card| card.first_chunk() == Some(&padded))
}
