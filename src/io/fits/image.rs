//! Image HDUs as cutouts: which picture is where, its bands, pixel scale and unit.
//!
//! A 2-D image is one band; a 3-D image holds bands (its `BANDn` keywords name them) unless it has
//! more than [`MOST_BANDS`] planes and names none, which makes it a stack of single-band pictures;
//! a 4-D image is a stack of multi-band pictures.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::ffi::{Fits, FitsFailure, Hdu};
use super::plain::PlainImage;
use crate::data::{Cutout, CutoutError, RowOrder};

/// More planes than this, unnamed, are taken for a stack of pictures rather than for bands.
const MOST_BANDS: usize = 16;
/// Longest side of a picture, px: larger images are mosaics, to be cut up first.
const LONGEST_SIDE: usize = 8192;
/// Most pixels of one picture, all bands.
const MOST_PIXELS: usize = 1 << 26;
/// Pixels for each byte of the best compressed image.
pub(super) const BEST_COMPRESSION: u64 = 1024;
/// Open files kept for random access.
const OPEN_FILES: usize = 16;

/// One image HDU that holds pixels.
#[derive(Debug, Clone)]
pub(in crate::io) struct ImageHdu {
    /// HDU number; 0 is the primary.
    pub hdu: usize,
    /// EXTNAME, if any.
    pub name: Option<String>,
    /// Number of pictures in it (1 unless it is a stack).
    pub planes: usize,
}

/// How the axes of an image divide into pictures, bands and pixels.
struct Layout {
    width: usize,
    height: usize,
    bands: usize,
    planes: usize,
}

fn layout(axes: &[usize], names_bands: bool) -> Option<Layout> {
    let trailing_ones = axes.iter().rev().take_while(|&&n| n == 1).count();
    let axes = &axes[..(axes.len() - trailing_ones).max(axes.len().min(2))];
    if axes.contains(&0) {
        return None;
    }
    let (bands, planes) = match axes {
        [_, _] => (1, 1),
        [_, _, n] if *n > MOST_BANDS && !names_bands => (1, *n),
        [_, _, n] => (*n, 1),
        [_, _, bands, n] => (*bands, *n),
        _ => return None,
    };
    Some(Layout {
        width: axes[0],
        height: axes[1],
        bands,
        planes,
    })
}

/// The current HDU as pictures, if it holds any. A header that declares more pixels than the file
/// can hold (a compressed image has at most [`BEST_COMPRESSION`] times fewer bytes) holds none.
pub(super) fn describe(
    keys: &mut dyn Keys,
    hdu: usize,
    axes: &[usize],
    most_bytes: u64,
) -> Option<ImageHdu> {
    let names_bands = keys.text("BAND1").is_some();
    let layout = layout(axes, names_bands)?;
    let pixels = axes
        .iter()
        .try_fold(1_u64, |n, &axis| n.checked_mul(axis as u64))?;
    if pixels / BEST_COMPRESSION > most_bytes {
        return None;
    }
    Some(ImageHdu {
        hdu,
        name: keys.text("EXTNAME"),
        planes: layout.planes,
    })
}

/// The keywords of one HDU.
pub(super) trait Keys {
    /// A text that is not empty, without spaces around it.
    fn text(&mut self, name: &str) -> Option<String>;
    /// A finite number.
    fn number(&mut self, name: &str) -> Option<f64>;
}

impl Keys for Fits {
    fn text(&mut self, name: &str) -> Option<String> {
        self.key_text(name)
    }

    fn number(&mut self, name: &str) -> Option<f64> {
        self.key_number(name)
    }
}

/// What a header says of the picture in it.
struct Facts {
    bands: Vec<String>,
    scale: Option<f32>,
    unit: Option<String>,
}

impl Facts {
    fn of(keys: &mut dyn Keys, bands: usize, first_band: Option<&str>) -> Self {
        let scale = pixel_scale_arcsec(keys);
        let unit = keys.text("BUNIT");
        let filter = keys.text("FILTER").filter(|_| bands == 1);
        let name = |i: usize| {
            let named = match i {
                1 => first_band.map(str::to_owned),
                2..=MOST_BANDS => keys.text(&format!("BAND{i}")),
                _ => None,
            };
            named
                .or_else(|| filter.clone())
                .unwrap_or_else(|| format!("band {i}"))
        };
        Self {
            bands: (1..=bands).map(name).collect(),
            scale,
            unit,
        }
    }

    fn cutout(self, values: Vec<f32>, layout: &Layout, name: &str) -> Result<Cutout, CutoutError> {
        let (height, width) = (layout.height, layout.width);
        Cutout::new(values, self.bands, height, width, RowOrder::BottomUp)
            .map(|c| c.with_pixel_scale_arcsec(self.scale).with_unit(self.unit))
            .map_err(|e| CutoutError(format!("{name}: {e}")))
    }
}

impl Layout {
    /// Values of one picture, if it is not too large for a cutout.
    fn pixels(&self) -> Option<usize> {
        let pixels = self
            .width
            .checked_mul(self.height)?
            .checked_mul(self.bands)?;
        let fits = pixels <= MOST_PIXELS && self.width.max(self.height) <= LONGEST_SIDE;
        fits.then_some(pixels)
    }
}

/// The images of a file that holds nothing but floats in its primary HDU; `None` where cfitsio is to be asked.
pub(super) fn describe_plain(path: &Path) -> Option<Vec<ImageHdu>> {
    let mut image = PlainImage::open(path)?;
    let axes = image.axes().to_vec();
    let bytes = image.only_data()?;
    let images = describe(&mut image, 0, &axes, bytes).into_iter().collect();
    image.is_certain().then_some(images)
}

/// The picture of a file that holds it, in floats, in its primary HDU; `None` where cfitsio is to be asked.
fn read_plain(path: &Path) -> Option<Result<Cutout, CutoutError>> {
    let mut image = PlainImage::open(path)?;
    let first_band = image.text("BAND1");
    let layout = layout(image.axes(), first_band.is_some()).filter(|it| it.planes == 1)?;
    let pixels = layout.pixels()?;
    let facts = Facts::of(&mut image, layout.bands, first_band.as_deref());
    if !image.is_certain() {
        return None;
    }
    let values = image.pixels(pixels)?;
    Some(facts.cutout(values, &layout, &path.display().to_string()))
}

/// Reads picture `plane` of HDU `hdu`; without `hdu`, of the first HDU that holds an image.
fn read_cutout(fits: &mut Fits, hdu: Option<usize>, plane: usize) -> Result<Cutout, CutoutError> {
    let name = fits.path().display().to_string();
    let broken =
        |f: FitsFailure| CutoutError(format!("cannot read a picture from {name}: {}", f.0));
    let (hdu, axes) = match hdu {
        Some(hdu) => match fits.move_to(hdu).map_err(&broken)? {
            Hdu::Image(axes) => (hdu, axes),
            Hdu::Table => {
                return Err(CutoutError(format!(
                    "HDU {hdu} of {name} is a table, not an image"
                )));
            }
        },
        None => first_image(fits).map_err(&broken)?.ok_or_else(|| {
            CutoutError(format!(
                "{name} holds no image; name a file with an image HDU"
            ))
        })?,
    };
    let first_band = fits.key_text("BAND1");
    let Some(layout) = layout(&axes, first_band.is_some()) else {
        return Err(CutoutError(format!(
            "HDU {hdu} of {name} holds no 2-D image (axes {axes:?})"
        )));
    };
    let Layout {
        width,
        height,
        bands,
        planes,
    } = layout;
    let Some(pixels) = layout.pixels() else {
        return Err(CutoutError(format!(
            "{name} holds an image of {width} x {height} px x {bands} bands, larger than a cutout \
             ({LONGEST_SIDE} px); cut the objects out first"
        )));
    };
    if plane >= planes {
        return Err(CutoutError(format!(
            "{name} has no picture {plane}; HDU {hdu} holds {planes}"
        )));
    }
    let facts = Facts::of(fits, bands, first_band.as_deref());
    let values = fits.pixels(plane * pixels, pixels).map_err(&broken)?;
    facts.cutout(values, &layout, &name)
}

fn first_image(fits: &mut Fits) -> Result<Option<(usize, Vec<usize>)>, FitsFailure> {
    for hdu in 0..fits.hdu_count()? {
        if let Hdu::Image(axes) = fits.move_to(hdu)?
            && layout(&axes, true).is_some()
        {
            return Ok(Some((hdu, axes)));
        }
    }
    Ok(None)
}

/// Pixel scale from the WCS of the current HDU (Greisen & Calabretta 2002): the root of the pixel
/// area by CD, else PC and CDELT, in the unit of CUNIT (degrees by default); else PIXSCALE.
fn pixel_scale_arcsec(keys: &mut dyn Keys) -> Option<f32> {
    const CELESTIAL: [&str; 6] = ["RA", "DEC", "GLON", "GLAT", "ELON", "ELAT"];
    let celestial = keys
        .text("CTYPE1")
        .is_some_and(|ctype| CELESTIAL.iter().any(|axis| ctype.starts_with(axis)));
    let stated = |keys: &mut dyn Keys| keys.number("PIXSCALE").map(|s| s as f32);
    if !celestial {
        return stated(keys);
    }
    let arcsec_per_unit = match keys.text("CUNIT1").as_deref() {
        Some("arcsec") => 1.0,
        Some("arcmin") => 60.0,
        Some("rad") => 1.0_f64.to_degrees() * 3600.0,
        _ => 3600.0,
    };
    let mut determinant = |stem: &str, diagonal: f64| {
        let mut at = |i, j, default| keys.number(&format!("{stem}{i}_{j}")).unwrap_or(default);
        (at(1, 1, diagonal) * at(2, 2, diagonal) - at(1, 2, 0.0) * at(2, 1, 0.0)).abs()
    };
    let (cd, pc) = (determinant("CD", 0.0), determinant("PC", 1.0));
    let area = if cd > 0.0 {
        Some(cd)
    } else {
        let steps = keys.number("CDELT1").zip(keys.number("CDELT2"));
        steps.map(|(x, y)| pc * (x * y).abs())
    };
    match area.filter(|a| *a > 0.0) {
        Some(area) => Some((area.sqrt() * arcsec_per_unit) as f32),
        None => stated(keys),
    }
}

/// Random access to the pictures of many FITS files, with the last few kept open.
#[derive(Default)]
pub(in crate::io) struct FitsCutouts {
    /// Most recently used last. A file is taken out while it is read, so that readers of different
    /// files, or of the same file twice, do not wait for each other.
    idle: Mutex<Vec<(PathBuf, Fits)>>,
}

impl FitsCutouts {
    /// Reads picture `plane` of HDU `hdu` (the first image, when not given) of `path`.
    pub fn read(
        &self,
        path: &Path,
        hdu: Option<usize>,
        plane: usize,
    ) -> Result<Cutout, CutoutError> {
        // What is open already goes on being read that way.
        let mut fits = if let Some(fits) = self.opened(path) {
            fits
        } else {
            if plane == 0
                && hdu.unwrap_or(0) == 0
                && let Some(cutout) = read_plain(path)
            {
                return cutout;
            }
            super::open(path).map_err(|e| CutoutError(e.to_string()))?.0
        };
        let cutout = read_cutout(&mut fits, hdu, plane);
        if cutout.is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() >= OPEN_FILES {
                idle.remove(0);
            }
            idle.push((path.to_owned(), fits));
        }
        cutout
    }

    fn opened(&self, path: &Path) -> Option<Fits> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // To the letter: paths are compared part by part, which takes longer than reading some of them.
        let same = |(known, _): &(PathBuf, Fits)| known.as_os_str() == path.as_os_str();
        let at = idle.iter().position(same)?;
        Some(idle.remove(at).1)
    }
}

/// Shared by the clones of a cutout source.
pub(in crate::io) type SharedFitsCutouts = Arc<FitsCutouts>;

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of these cards, and pixels.
    fn file(cards: &[&str], pixels: &[f32]) -> tempfile::NamedTempFile {
        let mut bytes = Vec::new();
        for card in cards {
            bytes.extend(format!("{card:80}").as_bytes());
        }
        bytes.resize(bytes.len().next_multiple_of(2880), b' ');
        bytes.extend(pixels.iter().flat_map(|v| v.to_be_bytes()));
        bytes.resize(bytes.len().next_multiple_of(2880), 0);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    const HEAD: [&str; 6] = [
        "SIMPLE  =                    T / conforms to the standard",
        "BITPIX  =                  -32",
        "NAXIS   =                    3",
        "NAXIS1  =                    3 / columns",
        "NAXIS2  =                    2",
        "NAXIS3  =                    2",
    ];

    fn by_cfitsio(file: &tempfile::NamedTempFile) -> Cutout {
        let mut fits = super::super::open(file.path()).unwrap().0;
        read_cutout(&mut fits, None, 0).unwrap()
    }

    #[test]
    fn plain_files_are_read_as_cfitsio_reads_them() {
        let pixels = [
            0.0,
            -0.0,
            1.5,
            f32::NAN,
            f32::INFINITY,
            -f32::MAX,
            1e-42,
            -3e-39,
            7.0,
            8.0,
            9.0,
            10.0,
        ];
        for more in [
            &[][..],
            &[
                "BAND1   = 'F200W   '",
                "BAND2   = 'F356W'           / second",
                "BUNIT   = 'MJy/sr  '",
            ],
            &[
                "FILTER  = 'F356W'",
                "PIXSCALE=                 0.03",
                "COMMENT   BZERO = 5",
            ],
            &[
                "CTYPE1  = 'RA---TAN'",
                "CDELT1  =            -1.0E-05",
                "CDELT2  = 1e-5",
            ],
            &[
                "CTYPE1  = 'RA---TAN'",
                "CD1_1   =  -8.3E-06",
                "CD1_2   = 1.E-7 / tilted",
                "CD2_2   = 8.3E-06",
            ],
        ] {
            let cards = [&HEAD[..], more, &["END"]].concat();
            let file = file(&cards, &pixels);
            let (plain, known) = (read_plain(file.path()).unwrap().unwrap(), by_cfitsio(&file));
            let bits = |cutout: &Cutout| -> Vec<u32> {
                let bands = (0..cutout.bands().len()).flat_map(|band| cutout.band(band));
                bands.map(|v| v.to_bits()).collect()
            };
            assert_eq!(bits(&plain), bits(&known));
            let [found] = &describe_plain(file.path()).unwrap()[..] else {
                panic!("{more:?}")
            };
            let contents = super::super::contents(file.path()).unwrap();
            assert_eq!((found.hdu, found.planes, &found.name), (0, 1, &None));
            assert!(contents.images.len() == 1 && contents.spectra.is_none());
            assert_eq!(plain.bands(), known.bands(), "{more:?}");
            assert_eq!(plain.unit(), known.unit(), "{more:?}");
            assert_eq!(
                plain.pixel_scale_arcsec(),
                known.pixel_scale_arcsec(),
                "{more:?}"
            );
        }
    }

    #[test]
    fn what_leaves_doubt_is_left_to_cfitsio() {
        let head = |line: usize, card: &'static str| {
            let mut head = HEAD;
            head[line] = card;
            head.to_vec()
        };
        for (cards, pixels) in [
            (head(0, "SIMPLE  =                    F"), 12),
            (head(1, "BITPIX  =                   16"), 12),
            (head(1, "BITPIX  =                  -64"), 24),
            (head(2, "NAXIS   =                   -1"), 12),
            (head(3, "NAXIS1  =                    0"), 12),
            (head(4, "NAXIS2  = 9999999999999999999"), 12),
            (
                [&HEAD[..], &["BZERO   =                  5.0"]].concat(),
                12,
            ),
            (
                [&HEAD[..], &["GROUPS  =                    T"]].concat(),
                12,
            ),
            (
                [&HEAD[..], &["NAXIS1  =                    3"]].concat(),
                12,
            ),
            ([&HEAD[..], &["BUNIT   = 'it''s'"]].concat(), 12),
            (
                [&HEAD[..], &["BUNIT   = 'much of&'", "CONTINUE  'it'"]].concat(),
                12,
            ),
            ([&HEAD[..], &["BUNIT   =   'later'"]].concat(), 12),
            ([&HEAD[..], &["BUNIT   = 5"]].concat(), 12),
            ([&HEAD[..], &["PIXSCALE= 1.0D-01"]].concat(), 12),
            ([&HEAD[..], &["PIXSCALE  0.1"]].concat(), 12),
            (HEAD.to_vec(), 0),
        ] {
            let file = file(&[&cards[..], &["END"]].concat(), &vec![1.0; pixels]);
            assert!(read_plain(file.path()).is_none(), "{cards:?}");
            assert!(
                describe_plain(file.path()).is_none() || cards.len() > HEAD.len(),
                "{cards:?}"
            );
        }
        // More axes than names of eight letters.
        let axes: Vec<String> = (1..=1000)
            .map(|i| format!("NAXIS{i:<3}=                    1"))
            .collect();
        let mut cards = vec![HEAD[0], HEAD[1], "NAXIS   =                 1000"];
        cards.extend(axes.iter().map(String::as_str).chain(["END"]));
        assert!(read_plain(file(&cards, &[1.0]).path()).is_none());
        let endless = file(&HEAD, &[1.0; 12]);
        assert!(read_plain(endless.path()).is_none());
        assert!(read_plain(Path::new("/nowhere.fits")).is_none());
    }

    #[test]
    fn axes_divide_into_pictures_and_bands() {
        let shape = |axes: &[usize], named| layout(axes, named).map(|l| (l.bands, l.planes));
        assert_eq!(shape(&[64, 64], false), Some((1, 1)));
        assert_eq!(shape(&[64, 64, 3], false), Some((3, 1)));
        assert_eq!(shape(&[64, 64, 500], false), Some((1, 500)));
        assert_eq!(shape(&[64, 64, 32], true), Some((32, 1)));
        assert_eq!(shape(&[64, 64, 3, 500], false), Some((3, 500)));
        assert_eq!(shape(&[64, 64, 1, 1], false), Some((1, 1)));
        assert_eq!(shape(&[100], false), None);
        assert_eq!(shape(&[0, 64], false), None);
    }
}
