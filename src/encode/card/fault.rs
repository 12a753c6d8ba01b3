//! A key of a card that is at fault, and the checks that several tables share.

use std::path::Path;

use super::has_extension;
use crate::encode::EncodeError;

/// A key of a card that cannot be as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Such as `input.size`.
    pub key: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl Fault {
    pub(super) fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            reason: reason.into(),
        }
    }

    pub(super) fn unless(
        holds: bool,
        key: impl Into<String>,
        reason: impl Into<String>,
    ) -> Result<(), Self> {
        if holds {
            Ok(())
        } else {
            Err(Self::new(key, reason))
        }
    }
}

/// Of the table `[input.normalisation]`.
impl From<EncodeError> for Fault {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::Normalisation { key, reason } => {
                Self::new(format!("input.normalisation.{key}"), reason)
            }
            other => Self::new("input.normalisation", other.to_string()),
        }
    }
}

/// Names must not be empty, and no name may stand twice.
pub(super) fn check_names(key: &str, names: &[String]) -> Result<(), Fault> {
    for (i, name) in names.iter().enumerate() {
        Fault::unless(!name.trim().is_empty(), key, "must not hold an empty name")?;
        Fault::unless(
            !names[..i].contains(name),
            key,
            format!("holds `{name}` twice"),
        )?;
    }
    Ok(())
}

/// A model file lies in the card's own folder, on every system.
pub(super) fn check_file(key: &str, name: Option<&str>) -> Result<(), Fault> {
    let is_plain = |name: &str| {
        !name.contains(['/', '\\', ':', '\0'])
            && !name.contains("..")
            && has_extension(Path::new(name), "onnx")
    };
    Fault::unless(
        name.is_none_or(is_plain),
        key,
        "must name an .onnx file in the card's own folder, without a path",
    )
}
