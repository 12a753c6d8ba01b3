//! The only place that calls cfitsio: safe, bounded reads and writes over one open file.
//!
//! Files are opened as plain disk files (`ffdkopn`), so that cfitsio's extended file-name syntax
//! (filters, URLs, output names) never sees a name that came from a catalogue. Pixels and numbers
//! arrive scaled (BSCALE, TSCAL, unsigned offsets) with undefined values as NaN or null.

#![expect(unsafe_code, reason = "cfitsio is a C library")]

mod columns;
mod writing;

use std::ffi::{CStr, CString, c_char, c_int, c_long};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Once;

use fitsio::sys;

use super::{header, tiles};
pub(super) use columns::ColumnShape;

// Of cfitsio, not among the functions that `fitsio-sys` declares.
unsafe extern "C" {
    safe fn fits_init_randoms() -> c_int;
    fn ffgbyt(
        fits: *mut sys::fitsfile,
        count: i64,
        bytes: *mut std::ffi::c_void,
        status: *mut c_int,
    ) -> c_int;
}

/// Bytes of which headers are whole multiples.
const BLOCK: usize = 2880;
/// Largest header, bytes.
const MOST_HEADER: usize = 1 << 26;

/// Longest card value plus terminator (`FLEN_VALUE` is 71; long strings may reach `FLEN_CARD`).
const VALUE_BYTES: usize = 256;

/// An open FITS file, positioned at one HDU. Closed on drop.
pub(super) struct Fits {
    raw: *mut sys::fitsfile,
    path: PathBuf,
    /// HDUs from the first on whose headers cfitsio may read.
    looked_at: usize,
}

// SAFETY: cfitsio is built re-entrant; a handle may move between threads and `&mut self` on every
// call keeps it to one at a time.
unsafe impl Send for Fits {}

/// What an HDU holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hdu {
    /// An image with its axes, fastest first (`NAXIS1, NAXIS2, ...`); compressed ones included.
    Image(Vec<usize>),
    /// An ASCII or binary table.
    Table,
}

/// cfitsio's message for a failed call.
#[derive(Debug, Clone)]
pub(super) struct FitsFailure(pub String);

type Outcome<T> = Result<T, FitsFailure>;

fn failure(status: c_int) -> FitsFailure {
    let mut text = [0 as c_char; VALUE_BYTES];
    // SAFETY: cfitsio writes at most 31 bytes; the buffer holds more and starts zeroed.
    let message = unsafe {
        sys::ffcmsg();
        sys::ffgerr(status, text.as_mut_ptr());
        CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned()
    };
    FitsFailure(message)
}

fn outcome(status: c_int) -> Outcome<()> {
    if status == 0 {
        Ok(())
    } else {
        Err(failure(status))
    }
}

/// Makes cfitsio's table of random numbers, by which dithered pixels are decompressed. Its own first
/// call makes the table known to other threads before it is filled, and these read wrong pixels.
fn make_dither_table() {
    static MADE: Once = Once::new();
    // Out of memory it stays unmade, and the reading call fails in its turn.
    MADE.call_once(|| {
        fits_init_randoms();
    });
}

fn c_path(path: &Path) -> Outcome<CString> {
    CString::new(path.as_os_str().as_encoded_bytes())
        .map_err(|_| FitsFailure("the name holds a zero byte".to_owned()))
}

fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

/// A zeroed buffer, or a failure instead of an abort when a hostile header asks for too much.
fn buffer<T: Clone + Default>(len: usize) -> Outcome<Vec<T>> {
    let mut values = Vec::new();
    values
        .try_reserve_exact(len)
        .map_err(|_| FitsFailure(format!("{len} values do not fit in memory")))?;
    values.resize(len, T::default());
    Ok(values)
}

impl Fits {
    /// Opens for reading; gzip and Unix-compress are unpacked in memory by cfitsio.
    pub fn open(path: &Path) -> Outcome<Self> {
        make_dither_table();
        let name = c_path(path)?;
        let (mut raw, mut status) = (ptr::null_mut(), 0);
        // SAFETY: `name` outlives the call; `raw` is valid only when status is zero.
        unsafe {
            sys::ffdkopn(
                &raw mut raw,
                name.as_ptr(),
                sys::READONLY as c_int,
                &raw mut status,
            )
        };
        outcome(status)?;
        Ok(Self {
            raw,
            path: path.to_owned(),
            looked_at: 1,
        })
    }

    /// Creates a new file; fails where one exists.
    pub fn create(path: &Path) -> Outcome<Self> {
        make_dither_table();
        let name = c_path(path)?;
        let (mut raw, mut status) = (ptr::null_mut(), 0);
        // SAFETY: as in `open`.
        unsafe { sys::ffdkinit(&raw mut raw, name.as_ptr(), &raw mut status) };
        outcome(status)?;
        Ok(Self {
            raw,
            path: path.to_owned(),
            looked_at: 1,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of HDUs.
    pub fn hdu_count(&mut self) -> Outcome<usize> {
        self.look_ahead(usize::MAX)?;
        let (mut count, mut status) = (0, 0);
        // SAFETY: `raw` is open for the life of `self`, here and below.
        unsafe { sys::ffthdu(self.raw, &raw mut count, &raw mut status) };
        outcome(status)?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Looks at headers up to that of HDU `index`, or of the last, before cfitsio reads them.
    fn look_ahead(&mut self, index: usize) -> Outcome<()> {
        while self.looked_at <= index {
            // The one before it says where it begins; what is wrong with that, cfitsio says itself.
            if self.seek(self.looked_at - 1).is_err() || !self.look_at_next()? {
                return Ok(());
            }
            self.looked_at += 1;
        }
        Ok(())
    }

    /// Looks at the header after the current HDU; whether there is one.
    fn look_at_next(&mut self) -> Outcome<bool> {
        let (mut start, mut status) = (0, 0);
        let mut header = Vec::new();
        // SAFETY: plain out-parameters; the others may be null.
        unsafe {
            let none = ptr::null_mut();
            sys::ffghadll(self.raw, none, none, &raw mut start, &raw mut status);
            sys::ffmbyt(self.raw, start, 0, &raw mut status);
        }
        while status == 0 && header.len() < MOST_HEADER {
            let read = header.len();
            header.resize(read + BLOCK, 0);
            // SAFETY: a block lies behind `read`.
            unsafe {
                let bytes = header.as_mut_ptr().add(read).cast();
                ffgbyt(self.raw, BLOCK as i64, bytes, &raw mut status);
            }
            if status == 0 && header::ends_in(&header[read..]) {
                header::check(&header)?;
                return Ok(true);
            }
        }
        // SAFETY: takes nothing.
        unsafe { sys::ffcmsg() };
        Ok(false)
    }

    /// Moves to HDU `index`; its kind.
    fn seek(&mut self, index: usize) -> Outcome<c_int> {
        let number =
            c_int::try_from(index + 1).map_err(|_| FitsFailure("no such HDU".to_owned()))?;
        let (mut kind, mut status) = (0, 0);
        // SAFETY: see above.
        unsafe { sys::ffmahd(self.raw, number, &raw mut kind, &raw mut status) };
        outcome(status)?;
        Ok(kind)
    }

    /// Moves to HDU `index` (0 is the primary) and says what it is.
    pub fn move_to(&mut self, index: usize) -> Outcome<Hdu> {
        self.look_ahead(index)?;
        let kind = self.seek(index)?;
        if kind != sys::IMAGE_HDU as c_int && !self.is_compressed()? {
            return Ok(Hdu::Table);
        }
        let (mut bitpix, mut naxis, mut status) = (0, 0, 0);
        let mut axes = [0 as c_long; 9];
        // SAFETY: cfitsio fills at most `maxaxis` = 9 entries.
        unsafe {
            sys::ffgipr(
                self.raw,
                9,
                &raw mut bitpix,
                &raw mut naxis,
                axes.as_mut_ptr(),
                &raw mut status,
            )
        };
        outcome(status)?;
        let naxis = usize::try_from(naxis).unwrap_or(0).min(axes.len());
        axes[..naxis]
            .iter()
            .map(|&n| {
                usize::try_from(n)
                    .map_err(|_| FitsFailure("an axis has a negative length".to_owned()))
            })
            .collect::<Outcome<_>>()
            .map(Hdu::Image)
    }

    /// `count` pixels of the current image from the 0-based pixel `first` on; undefined ones NaN.
    pub fn pixels(&mut self, first: usize, count: usize) -> Outcome<Vec<f32>> {
        let mut values = buffer::<f32>(count)?;
        if self.is_compressed()? {
            tiles::check(self, first, count)?;
        }
        // Undefined floats are NaN already; looking for them would take longer than reading.
        let undefined = if self.holds_plain_floats()? {
            0.0
        } else {
            f32::NAN
        };
        let (mut any_null, mut status) = (0, 0);
        // SAFETY: `values` holds `count` floats. Zero asks for no search.
        unsafe {
            sys::ffgpve(
                self.raw,
                1,
                first as i64 + 1,
                count as i64,
                undefined,
                values.as_mut_ptr(),
                &raw mut any_null,
                &raw mut status,
            );
        }
        outcome(status)?;
        Ok(values)
    }

    /// As [`pixels`](Self::pixels), in double precision.
    pub fn pixels_exact(&mut self, first: usize, count: usize) -> Outcome<Vec<f64>> {
        let mut values = buffer::<f64>(count)?;
        if self.is_compressed()? {
            tiles::check(self, first, count)?;
        }
        let (mut any_null, mut status) = (0, 0);
        // SAFETY: `values` holds `count` doubles.
        unsafe {
            sys::ffgpvd(
                self.raw,
                1,
                first as i64 + 1,
                count as i64,
                f64::NAN,
                values.as_mut_ptr(),
                &raw mut any_null,
                &raw mut status,
            );
        }
        outcome(status)?;
        Ok(values)
    }

    /// Whether the current image holds floats that are not compressed.
    fn holds_plain_floats(&mut self) -> Outcome<bool> {
        let (mut bitpix, mut status) = (0, 0);
        // SAFETY: plain out-parameters.
        unsafe { sys::ffgidt(self.raw, &raw mut bitpix, &raw mut status) };
        outcome(status)?;
        Ok(bitpix < 0 && !self.is_compressed()?)
    }

    /// Whether the current HDU is an image in the form of a table.
    fn is_compressed(&mut self) -> Outcome<bool> {
        let mut status = 0;
        // SAFETY: plain out-parameters.
        let compressed = unsafe { sys::fits_is_compressed_image(self.raw, &raw mut status) };
        outcome(status)?;
        Ok(compressed == 1)
    }

    /// A text keyword of the current HDU.
    pub fn key_text(&mut self, name: &str) -> Option<String> {
        let key = c_text(name);
        let mut value = [0 as c_char; VALUE_BYTES];
        let mut status = 0;
        // SAFETY: cfitsio writes at most FLEN_VALUE (71) bytes.
        let text = unsafe {
            sys::ffgkys(
                self.raw,
                key.as_ptr(),
                value.as_mut_ptr(),
                ptr::null_mut(),
                &raw mut status,
            );
            sys::ffcmsg();
            CStr::from_ptr(value.as_ptr())
                .to_string_lossy()
                .trim()
                .to_owned()
        };
        (status == 0 && !text.is_empty()).then_some(text)
    }

    /// A finite numeric keyword of the current HDU.
    pub fn key_number(&mut self, name: &str) -> Option<f64> {
        let key = c_text(name);
        let (mut value, mut status) = (0.0, 0);
        // SAFETY: plain out-parameters.
        unsafe {
            sys::ffgkyd(
                self.raw,
                key.as_ptr(),
                &raw mut value,
                ptr::null_mut(),
                &raw mut status,
            );
            sys::ffcmsg();
        }
        (status == 0 && value.is_finite()).then_some(value)
    }

    /// Flushes and closes; an error here means the file is incomplete (a full disk, say).
    pub fn close(self) -> Outcome<()> {
        let mut status = 0;
        // SAFETY: `forget` keeps `drop` from closing a second time.
        unsafe { sys::ffclos(self.raw, &raw mut status) };
        std::mem::forget(self);
        outcome(status)
    }
}

impl Drop for Fits {
    fn drop(&mut self) {
        let mut status = 0;
        // SAFETY: closed once; `close` forgets `self`.
        unsafe {
            sys::ffclos(self.raw, &raw mut status);
            sys::ffcmsg();
        }
    }
}
