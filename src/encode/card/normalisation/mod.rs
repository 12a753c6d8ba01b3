//! How pixel values are brought to the scale an encoder was trained with.

mod text;

use serde::Deserialize;

pub(super) use text::NormalisationTable;

use crate::encode::EncodeError;

/// A method, and whether the bands share its statistics. Valid by construction.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalisation {
    method: Method,
    joint: bool,
}

/// How the pixels of a picture, at the size the model takes, become its input.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// As they are.
    None,
    /// `(x - mean) / std`; one value for all bands (or columns) or one for each.
    MeanStd {
        /// In units of the pixels or columns.
        mean: Vec<f32>,
        /// In units of the pixels or columns, positive.
        std: Vec<f32>,
    },
    /// `asinh((x - median) / (scale * sigma)) / divide_by`, where sigma is 1.4826 times the median
    /// absolute deviation of the sky.
    Asinh {
        /// Softening, in units of sigma, positive.
        scale: f32,
        /// Where median and sigma are taken.
        sky: Sky,
        /// Constant divisor, positive.
        divide_by: f32,
    },
    /// Divided by the brightest pixel.
    Max,
    /// From these percentiles to `0..1`, clipped.
    Percentile {
        /// In percent, `0..100`.
        lo: f32,
        /// In percent, above `lo`.
        hi: f32,
    },
}

/// Which pixels tell about the sky.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sky {
    /// The frame: a tenth of the side at each edge, at least one pixel.
    #[default]
    Border,
    /// All pixels.
    All,
}

impl Method {
    /// The names of all methods, as in a card.
    pub const NAMES: [&str; 5] = ["none", "mean-std", "asinh", "max", "percentile"];

    /// As in a card.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::MeanStd { .. } => "mean-std",
            Self::Asinh { .. } => "asinh",
            Self::Max => "max",
            Self::Percentile { .. } => "percentile",
        }
    }
}

impl Sky {
    /// As in a card.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Border => "border",
            Self::All => "all",
        }
    }
}

impl Normalisation {
    /// Checks and joins a method and whether the bands share its statistics.
    ///
    /// # Errors
    /// Names the parameter that is out of range.
    pub fn new(method: Method, joint: bool) -> Result<Self, EncodeError> {
        match &method {
            Method::None | Method::Max => {}
            Method::MeanStd { mean, std } => {
                require(
                    "mean",
                    !mean.is_empty() && mean.iter().all(|m| m.is_finite()),
                    "must be finite numbers",
                )?;
                require(
                    "std",
                    !std.is_empty() && std.iter().all(|&s| positive(s)),
                    "must be positive numbers",
                )?;
            }
            Method::Asinh {
                scale, divide_by, ..
            } => {
                require(
                    "scale",
                    positive(*scale),
                    "must be a positive number, in sky sigma",
                )?;
                require(
                    "divide_by",
                    positive(*divide_by),
                    "must be a positive number",
                )?;
            }
            Method::Percentile { lo, hi } => {
                require("lo", (0.0..100.0).contains(lo), "must lie in 0..100")?;
                require(
                    "hi",
                    *hi > *lo && *hi <= 100.0,
                    "must lie above `lo`, up to 100",
                )?;
            }
        }
        Ok(Self { method, joint })
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Whether all bands share one set of statistics.
    #[must_use]
    pub fn joint(&self) -> bool {
        self.joint
    }

    /// Means and deviations must be one, or one for each of the `length` `parts` (bands, columns).
    pub(in crate::encode) fn check_length(
        &self,
        length: usize,
        parts: &str,
    ) -> Result<(), EncodeError> {
        let fits = |values: &[f32]| values.len() == 1 || values.len() == length;
        if let Method::MeanStd { mean, std } = &self.method {
            let reason = format!("must be one number, or one for each of the {length} {parts}");
            require("mean", fits(mean), &reason)?;
            require("std", fits(std), &reason)?;
        }
        Ok(())
    }
}

fn positive(value: f32) -> bool {
    value.is_finite() && value > 0.0
}

fn require(key: &str, holds: bool, reason: &str) -> Result<(), EncodeError> {
    if holds {
        Ok(())
    } else {
        Err(EncodeError::Normalisation {
            key: key.to_owned(),
            reason: reason.to_owned(),
        })
    }
}
