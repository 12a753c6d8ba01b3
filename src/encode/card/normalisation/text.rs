//! Normalisations as text: a card's table, and one line such as `asinh scale=0.1 joint=true`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::{Method, Normalisation, Sky, require};
use crate::encode::EncodeError;

/// The table `[input.normalisation]` of a card, before its values are checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::encode::card) struct NormalisationTable {
    method: MethodName,
    #[serde(default)]
    joint: bool,
    mean: Option<OneOrMany>,
    std: Option<OneOrMany>,
    scale: Option<f32>,
    sky: Option<Sky>,
    divide_by: Option<f32>,
    lo: Option<f32>,
    hi: Option<f32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MethodName {
    None,
    MeanStd,
    Asinh,
    Max,
    Percentile,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(f32),
    Many(Vec<f32>),
}

impl From<OneOrMany> for Vec<f32> {
    fn from(values: OneOrMany) -> Self {
        match values {
            OneOrMany::One(value) => vec![value],
            OneOrMany::Many(values) => values,
        }
    }
}

fn needed<T>(key: &str, value: Option<T>) -> Result<T, EncodeError> {
    value.ok_or_else(|| EncodeError::Normalisation {
        key: key.to_owned(),
        reason: "is missing: this method needs it".to_owned(),
    })
}

impl TryFrom<NormalisationTable> for Normalisation {
    type Error = EncodeError;

    fn try_from(table: NormalisationTable) -> Result<Self, EncodeError> {
        let NormalisationTable {
            method: name,
            joint,
            mean,
            std,
            scale,
            sky,
            divide_by,
            lo,
            hi,
        } = table;
        for (key, is_given, owner) in [
            ("mean", mean.is_some(), MethodName::MeanStd),
            ("std", std.is_some(), MethodName::MeanStd),
            ("scale", scale.is_some(), MethodName::Asinh),
            ("sky", sky.is_some(), MethodName::Asinh),
            ("divide_by", divide_by.is_some(), MethodName::Asinh),
            ("lo", lo.is_some(), MethodName::Percentile),
            ("hi", hi.is_some(), MethodName::Percentile),
        ] {
            require(
                key,
                !is_given || owner == name,
                "does not belong to this method: remove it",
            )?;
        }
        let method = match name {
            MethodName::None => Method::None,
            MethodName::MeanStd => Method::MeanStd {
                mean: needed("mean", mean)?.into(),
                std: needed("std", std)?.into(),
            },
            MethodName::Asinh => Method::Asinh {
                scale: needed("scale", scale)?,
                sky: sky.unwrap_or_default(),
                divide_by: divide_by.unwrap_or(1.0),
            },
            MethodName::Max => Method::Max,
            MethodName::Percentile => Method::Percentile {
                lo: needed("lo", lo)?,
                hi: needed("hi", hi)?,
            },
        };
        Self::new(method, joint)
    }
}

impl fmt::Display for Normalisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[f32]| {
            let texts: Vec<String> = values.iter().map(f32::to_string).collect();
            format!("[{}]", texts.join(","))
        };
        f.write_str(self.method.name())?;
        match &self.method {
            Method::None | Method::Max => {}
            Method::MeanStd { mean, std } => {
                write!(f, " mean={} std={}", list(mean), list(std))?;
            }
            Method::Asinh {
                scale,
                sky,
                divide_by,
            } => {
                let sky = sky.name();
                write!(f, " scale={scale} sky={sky} divide_by={divide_by}")?;
            }
            Method::Percentile { lo, hi } => write!(f, " lo={lo} hi={hi}")?,
        }
        if self.joint {
            f.write_str(" joint=true")?;
        }
        Ok(())
    }
}

/// Reads `method key=value ...`, such as `mean-std mean=127 std=128`.
impl FromStr for Normalisation {
    type Err = EncodeError;

    fn from_str(text: &str) -> Result<Self, EncodeError> {
        let mut words = text.split_whitespace();
        let mut table = toml::Table::new();
        let method = words.next().unwrap_or_default();
        table.insert("method".to_owned(), method.into());
        for word in words {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            // A bare word is text: `sky=all`.
            let value = value.parse().unwrap_or_else(|_| toml::Value::from(value));
            table.insert(key.to_owned(), value);
        }
        let table: NormalisationTable =
            table
                .try_into()
                .map_err(|e: toml::de::Error| EncodeError::Normalisation {
                    key: text.to_owned(),
                    reason: e.message().to_owned(),
                })?;
        table.try_into()
    }
}
