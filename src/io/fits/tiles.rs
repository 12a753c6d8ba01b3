//! Tiles of compressed images (FITS standard 4.0, section 10), looked at before cfitsio unpacks them: its decoders
//! read on past the end of a damaged tile, or write past that of their memory.

use super::ffi::{Fits, FitsFailure};

type Outcome<T> = Result<T, FitsFailure>;

/// A compressed image, as its header describes it.
struct Compressed {
    /// Axes of the image and of its tiles, px, fastest first.
    axes: Vec<usize>,
    tile: Vec<usize>,
    coding: Coding,
}

/// What of the coding matters here.
#[derive(Debug, Clone, Copy)]
enum Coding {
    Rice {
        block: usize,
        kind: Rice,
    },
    Plio,
    Hcompress,
    /// By cfitsio's decoders that know where a tile ends.
    Bounded,
}

impl Compressed {
    fn of(fits: &mut Fits) -> Outcome<Self> {
        let whole = |fits: &mut Fits, name: &str| {
            let number = fits.key_number(name).filter(|number| *number >= 0.0);
            number.map(|number| number as usize)
        };
        let missing = |name: &str| FitsFailure(format!("a compressed image without {name}"));
        let count = whole(fits, "ZNAXIS").unwrap_or(0).min(9);
        let (mut axes, mut tile) = (Vec::new(), Vec::new());
        for axis in 1..=count {
            let name = format!("ZNAXIS{axis}");
            let length = whole(fits, &name).ok_or_else(|| missing(&name))?;
            // Rows, unless it is said.
            let default = if axis == 1 { length } else { 1 };
            let side = whole(fits, &format!("ZTILE{axis}")).unwrap_or(default);
            axes.push(length);
            tile.push(side.max(1));
        }
        let coding = match fits.key_text("ZCMPTYPE").as_deref() {
            Some("RICE_1" | "RICE_ONE") => {
                let block = whole(fits, "ZVAL1").unwrap_or(32);
                let old = fits.key_text("ZNAME2").as_deref() == Some("NOISEBIT");
                let bytes = whole(fits, "ZVAL2").filter(|_| !old).unwrap_or(4);
                // Some files have them the other way around.
                let (block, bytes) = if block < 16 && bytes > 8 {
                    (bytes, block)
                } else {
                    (block, bytes)
                };
                let kind = Rice::of_bytes(bytes);
                Coding::Rice { block, kind }
            }
            Some("PLIO_1") => Coding::Plio,
            Some("HCOMPRESS_1") => Coding::Hcompress,
            _ => Coding::Bounded,
        };
        Ok(Self { axes, tile, coding })
    }

    /// Of each axis the tiles that hold some of `count` pixels from `first` on.
    fn touched(&self, first: usize, count: usize) -> Vec<std::ops::RangeInclusive<usize>> {
        let (mut from, mut to) = (first, first + count.max(1) - 1);
        let mut touched = Vec::with_capacity(self.axes.len());
        for (&length, &side) in self.axes.iter().zip(&self.tile) {
            let length = length.max(1);
            // Pixels of more than one row lie anywhere in it.
            let (start, end) = if from / length == to / length {
                (from % length, to % length)
            } else {
                (0, length - 1)
            };
            touched.push(start / side..=end / side);
            (from, to) = (from / length, to / length);
        }
        touched
    }

    /// Row of the table and number of pixels of each tile that holds some of `count` pixels from `first` on.
    fn tiles(&self, first: usize, count: usize) -> Vec<(usize, usize)> {
        let mut tiles = vec![(0, 1)];
        let mut before = 1;
        let axes = self.axes.iter().zip(&self.tile);
        for ((&length, &side), touched) in axes.zip(self.touched(first, count)) {
            let along = |at: usize| (at * before, side.min(length - (at * side).min(length)));
            let steps: Vec<_> = touched.map(along).collect();
            let next = steps.iter().flat_map(|(rows, px)| {
                tiles
                    .iter()
                    .map(move |(row, pixels)| (row + rows, pixels * px))
            });
            tiles = next.collect();
            before *= length.div_ceil(side);
        }
        tiles
    }
}

/// Refuses pixels of the current HDU, a compressed image, that cfitsio could not unpack within its memory.
pub(super) fn check(fits: &mut Fits, first: usize, count: usize) -> Outcome<()> {
    let image = Compressed::of(fits)?;
    let Some(column) = fits.column("COMPRESSED_DATA") else {
        return Ok(());
    };
    let unpacked = fits.column("UNCOMPRESSED_DATA");
    let (rows, _) = fits.table_shape()?;
    let tiles = image.tiles(first, count).into_iter();
    for (row, pixels) in tiles.filter(|(row, _)| *row < rows) {
        let len = fits.cell_len(column, row)?;
        let fits_in = if len == 0 {
            match unpacked {
                Some(column) => fits.cell_len(column, row)? <= pixels,
                None => true,
            }
        } else {
            match image.coding {
                Coding::Rice { block, kind } => {
                    let bytes = fits.bytes(column, row, len)?.0;
                    kind.ends(&bytes, pixels, block)
                }
                Coding::Plio => plio_ends(&fits.integers(column, row, len)?.0, pixels),
                Coding::Hcompress => hcompress_fits(&fits.bytes(column, row, len)?.0, pixels),
                Coding::Bounded => true,
            }
        };
        if !fits_in {
            return Err(FitsFailure(format!(
                "tile {} of a compressed image is damaged",
                row + 1
            )));
        }
    }
    Ok(())
}

/// How differences of pixels are written (Rice, Yeh & Miller 1993), by the width of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rice {
    /// Bytes of a pixel.
    bytes: usize,
    /// Bits that tell how a block is written.
    head: usize,
    /// What they say of one whose differences are written as they are.
    plain: usize,
}

impl Rice {
    /// cfitsio reads all but pixels of one and two bytes as of four.
    fn of_bytes(bytes: usize) -> Self {
        let (bytes, head, plain) = match bytes {
            1 => (1, 3, 7),
            2 => (2, 4, 15),
            _ => (4, 5, 26),
        };
        Self { bytes, head, plain }
    }

    /// Whether all pixels of a tile are written before its bytes end.
    fn ends(self, bytes: &[u8], pixels: usize, block: usize) -> bool {
        self.walk(bytes, pixels, block.max(1)).is_some()
    }

    fn walk(self, bytes: &[u8], pixels: usize, block: usize) -> Option<()> {
        // The first pixel, and at least one byte after it, is always read.
        let mut bits = Bits {
            bytes,
            at: 8 * self.bytes,
        };
        bytes.get(self.bytes)?;
        for first in (0..pixels).step_by(block) {
            let pixels = block.min(pixels - first);
            match bits.number(self.head)? {
                // All the same.
                0 => {}
                kind if kind == self.plain => bits.skip(8 * self.bytes * pixels)?,
                kind => {
                    for _ in 0..pixels {
                        // The zeros, the one after them, and the bits of the difference.
                        bits.at += bits.zeros()? + kind;
                    }
                    bits.skip(0)?;
                }
            }
        }
        Some(())
    }
}

/// Bits from the highest of each byte on.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn skip(&mut self, count: usize) -> Option<()> {
        self.at += count;
        (self.at <= 8 * self.bytes.len()).then_some(())
    }

    /// A number of up to eight bits.
    fn number(&mut self, bits: usize) -> Option<usize> {
        let at = self.at;
        self.skip(bits)?;
        let byte = |i: usize| u16::from(self.bytes.get(i).copied().unwrap_or(0));
        let two = byte(at / 8) << 8 | byte(at / 8 + 1);
        Some(usize::from(two << (at % 8) >> (16 - bits)))
    }

    /// At least the next 57 bits, or those that are left and zeros.
    #[inline]
    fn next(&self) -> u64 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let word = match rest.first_chunk() {
            Some(word) => *word,
            None => std::array::from_fn(|i| rest.get(i).copied().unwrap_or(0)),
        };
        u64::from_be_bytes(word) << (self.at % 8)
    }

    /// How many zeros come before the next one.
    #[inline]
    fn zeros(&self) -> Option<usize> {
        let zeros = self.next().leading_zeros() as usize;
        if zeros < 57 {
            Some(zeros)
        } else {
            self.many_zeros()
        }
    }

    /// The same over more bytes.
    #[cold]
    fn many_zeros(&self) -> Option<usize> {
        let first = self.bytes.get(self.at / 8)? << (self.at % 8);
        if first != 0 {
            return Some(first.leading_zeros() as usize);
        }
        let next = self.at / 8 + 1;
        let empty = self.bytes[next..].iter().take_while(|b| **b == 0).count();
        let last = self.bytes.get(next + empty)?;
        Some(8 * (next + empty) - self.at + last.leading_zeros() as usize)
    }
}

/// Whether a list of runs (IRAF's PLIO) says truly how long it is, and no more than its pixels need.
fn plio_ends(words: &[i64], pixels: usize) -> bool {
    // Words are counted from one. Of those before the runs, the third is positive in old lists alone.
    let (first, last) = match *words {
        [_, _, last, ..] if last > 0 => (4, last),
        [_, before, _, low, high, ..] => (before + 1, (high << 15) + low),
        _ => return false,
    };
    let Ok(last) = usize::try_from(last) else {
        // Nothing is read.
        return true;
    };
    let Some(end) = words.get(last.wrapping_sub(1)).filter(|_| first > 0) else {
        return last == 0;
    };
    // A word that sets a value is read with the one after it.
    let whole = end / 4096 != 1;
    // Pixels that the runs cover are counted in 32 bits.
    let covered: i64 = words[..last].iter().map(|word| word & 4095).sum();
    whole && covered < i64::from(i32::MAX) - pixels as i64
}

/// Whether a tile begins as one of so many pixels does (White, Postman & Lattanzi 1992): its sides come in the bytes
/// after two that tell what it is.
fn hcompress_fits(bytes: &[u8], pixels: usize) -> bool {
    /// Of what comes before the tile's planes of bits.
    const HEAD: usize = 25;
    let side = |at: usize| {
        let side = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(i32::from_be_bytes(side)).ok()
    };
    let sides = side(2).zip(side(6));
    bytes.len() > HEAD && sides.is_some_and(|(x, y)| x > 0 && x.checked_mul(y) == Some(pixels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_found_by_their_pixels() {
        let image = Compressed {
            axes: vec![10, 6, 2],
            tile: vec![4, 3, 1],
            coding: Coding::Plio,
        };
        let all = image.tiles(0, 120);
        assert_eq!(all.len(), 3 * 2 * 2);
        assert_eq!(all.iter().map(|(_, pixels)| pixels).sum::<usize>(), 120);
        assert!(all.iter().map(|(row, _)| *row).eq(0..12));
        // Within one row; over the end of one; the second plane.
        assert_eq!(image.tiles(9, 1), [(2, 6)]);
        assert_eq!(image.tiles(8, 4), [(0, 12), (1, 12), (2, 6)]);
        assert_eq!(image.tiles(60, 60)[0], (6, 12));
        // Tiles larger than their image.
        let small = Compressed {
            axes: vec![5, 5],
            tile: vec![8, 8],
            coding: Coding::Plio,
        };
        assert_eq!(small.tiles(0, 25), [(0, 25)]);
    }

    #[test]
    fn a_tile_that_ends_too_early_is_found() {
        let rice = Rice::of_bytes(4);
        // The first pixel, then two blocks: all the same, and of differences as they are.
        let mut bytes = vec![0, 0, 0, 7, 0b0000_0110, 0b1000_0000];
        bytes.extend([0; 12]);
        assert!(rice.ends(&bytes, 4 + 3, 4));
        assert!(!rice.ends(&bytes, 4 + 4, 4));
        assert!(!rice.ends(&bytes[..bytes.len() - 1], 4 + 3, 4));
        assert!(!rice.ends(&[0; 4], 1, 32));
        // Zeros without an end.
        assert!(!rice.ends(&[0, 0, 0, 0, 0b0001_0000, 0, 0, 0], 1, 32));
        assert!(rice.ends(&[0, 0, 0, 0, 0b0001_0000, 0, 0b0000_1000], 1, 32));

        let list = [0, 7, -100, 8, 0, 0, 0, 16384 + 300];
        assert!(plio_ends(&list, 300));
        assert!(!plio_ends(&list[..7], 300));
        assert!(!plio_ends(&[0, -9, -100, 8, 0, 0, 0, 1], 300));
        assert!(!plio_ends(&[0, 7, -100, 8, 0, 0, 0, 4096], 300));
        assert!(!plio_ends(&[0, 0, 32767], 300));

        let mut tile = vec![0xdd, 0x99, 0, 0, 0, 3, 0, 0, 0, 100];
        tile.extend([0; 20]);
        assert!(hcompress_fits(&tile, 300));
        assert!(!hcompress_fits(&tile, 299) && !hcompress_fits(&tile[..25], 300));
        tile[2] = 0x80;
        assert!(!hcompress_fits(&tile, 300));
    }
}
