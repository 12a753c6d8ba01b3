//! Encoders that come with the program: inside the binary, so that they are there wherever it is.
//!
//! Cards and engines work with files, so a model is unpacked into the user's data folder when it is
//! first used, and again when it differs from the one in the binary.

use std::fs;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::{EncodeError, ModelCard};

/// Names of the shipped encoders.
pub const NAMES: [&str; 1] = ["simclr"];

const SIMCLR: [(&str, &[u8]); 2] = [
    ("simclr.onnx", include_bytes!("../../models/simclr.onnx")),
    ("simclr.toml", include_bytes!("../../models/simclr.toml")),
];

/// The card of a shipped encoder, its model unpacked beside it.
///
/// # Errors
/// When there is none of that name, or the data folder cannot be written to.
pub fn card(name: &str) -> Result<ModelCard, EncodeError> {
    let [(_, model), (card_name, text)] = match name {
        "simclr" => SIMCLR,
        _ => {
            return Err(EncodeError::Card {
                path: PathBuf::from(name),
                key: "name".to_owned(),
                reason: format!(
                    "no encoder of that name is shipped; there is {}",
                    NAMES.join(", ")
                ),
            });
        }
    };
    let folder = folder();
    unpack(&folder, &format!("{name}.onnx"), model)?;
    unpack(&folder, card_name, text)?;
    ModelCard::load(&folder.join(card_name))
}

fn folder() -> PathBuf {
    let data = ProjectDirs::from("", "", "latentarium").map(|d| d.data_dir().to_owned());
    data.unwrap_or_else(|| std::env::temp_dir().join("latentarium"))
        .join("models")
}

/// Writes a file unless it is there with the same content; complete or not at all.
fn unpack(folder: &Path, name: &str, content: &[u8]) -> Result<(), EncodeError> {
    let path = folder.join(name);
    if fs::read(&path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let write = || {
        fs::create_dir_all(folder)?;
        let file = tempfile::NamedTempFile::new_in(folder)?;
        fs::write(file.path(), content)?;
        file.persist(&path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(|source| EncodeError::Read {
        what: "the shipped encoder, which is unpacked into the user's data folder,",
        path: path.clone(),
        source,
    })
}
