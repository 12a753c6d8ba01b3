//! What is known of a synthetic galaxy because it was drawn.

/// Which of the two surveys a galaxy belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Survey {
    /// Simulated mocks with realistic noise.
    Tng50Like,
    /// The observed sky.
    JwstLike,
}

impl Survey {
    /// Name in the catalogue.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tng50Like => "TNG50-like",
            Self::JwstLike => "JWST-like",
        }
    }
}

/// Morphological class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A smooth disc with a bulge.
    Disc,
    /// A disc with spiral arms, seen at less than 66 degrees.
    Spiral,
    /// A pressure-supported, nearly round galaxy.
    Spheroid,
    /// An elongated, cigar-like galaxy.
    Prolate,
    /// A small, dense spheroid.
    Compact,
    /// A clumpy, lopsided disc.
    Irregular,
}

impl Class {
    /// Name in the catalogue.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Disc => "disc",
            Self::Spiral => "spiral",
            Self::Spheroid => "spheroid",
            Self::Prolate => "prolate",
            Self::Compact => "compact",
            Self::Irregular => "irregular",
        }
    }
}

/// The kinds of which there is one object in a thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rare {
    /// Two nuclei with tidal tails.
    Merger,
    /// A blue ring around a yellow nucleus.
    Ring,
    /// A blue source lensed by the red galaxy in front of it.
    LensedArc,
    /// A point-like, very red source (Matthee et al. 2024).
    CompactRed,
    /// A fault of the image.
    Artefact,
}

impl Rare {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::Merger,
        Self::Ring,
        Self::LensedArc,
        Self::CompactRed,
        Self::Artefact,
    ];

    /// Name in the catalogue.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Merger => "merger",
            Self::Ring => "ring",
            Self::LensedArc => "lensed_arc",
            Self::CompactRed => "compact_red",
            Self::Artefact => "artefact",
        }
    }
}

/// Everything that was drawn for one galaxy: the image follows from this and the seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// Row in the catalogue, from 0.
    pub index: usize,
    /// Identity, unique in both surveys.
    pub id: i64,
    /// Survey.
    pub survey: Survey,
    /// Right ascension, degrees, ICRS.
    pub ra_deg: f64,
    /// Declination, degrees, ICRS.
    pub dec_deg: f64,
    /// Redshift.
    pub z: f64,
    /// Stellar mass, `log10(M / M_sun)`.
    pub log_mass: f64,
    /// Semi-major half-light radius in F356W before the PSF, arcsec. Of a lensed arc: the lens; of
    /// a merger: the common envelope.
    pub r_e_arcsec: f64,
    /// The same, kpc.
    pub r_e_kpc: f64,
    /// Sérsic index; of bulge and disc the light-weighted geometric mean.
    pub n: f64,
    /// Projected axis ratio, `0..=1`; of bulge and disc that of the summed second moments.
    pub b_a: f64,
    /// Position angle of the major axis, degrees east of north, `0..180`.
    pub pa_deg: f64,
    /// Halo spin parameter (Bullock et al. 2001).
    pub spin: f64,
    /// Angle between the line of sight and the symmetry axis, degrees: 0 is a face-on disc, or a
    /// prolate galaxy seen end-on.
    pub viewing_angle_deg: f64,
    /// Morphological class.
    pub class: Class,
    /// Rare kind, if any.
    pub rare: Option<Rare>,
    /// Whether the simulated survey has galaxies like this one. Always true of the mocks.
    pub has_counterpart: bool,
    /// Total AB magnitudes in [`BANDS`](super::BANDS).
    pub mag: [f64; 3],
    /// Expected signal-to-noise ratio in F356W within the PSF-broadened half-light ellipse.
    pub snr_f356w: f64,
    /// What only the renderer needs.
    pub(super) anatomy: Anatomy,
}

/// The parts a galaxy is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Anatomy {
    /// Sérsic index of the bulge, or of a galaxy without disc.
    pub(super) bulge_n: f64,
    /// Projected axis ratio of the bulge, or of a galaxy without disc.
    pub(super) bulge_q: f64,
    /// `sech^2` scale height over the scale length of the disc.
    pub(super) thickness: f64,
    /// Face-on optical depth of the dust at 0.55 micron, rest frame.
    pub(super) tau: f64,
    /// Flux in the three bands, nJy: bulge (or the whole), old disc, young stars.
    pub(super) bulge_njy: [f64; 3],
    pub(super) disc_njy: [f64; 3],
    pub(super) young_njy: [f64; 3],
}

impl Anatomy {
    /// Total flux in the three bands, nJy.
    pub(super) fn total_njy(&self) -> [f64; 3] {
        std::array::from_fn(|b| self.bulge_njy[b] + self.disc_njy[b] + self.young_njy[b])
    }
}
