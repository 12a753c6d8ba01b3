//! Looking at a model before it is used, and writing its card.

use std::path::Path;

use super::JobError;
use super::devices::DeviceFile;
use crate::encode::{Checked, ModelCard, check};
use crate::io::{self, Overwrite};
use crate::progress::Progress;
use crate::session::EncoderChoice;

/// Runs an encoder on synthetic objects, see [`check`].
///
/// # Errors
/// When it cannot be opened or run at all; on cancellation.
pub fn check_encoder(choice: &EncoderChoice, progress: &Progress) -> Result<Checked, JobError> {
    let (card, device) = (choice.card()?, choice.device()?);
    Ok(check(&card, device, &DeviceFile::of_user(), progress)?)
}

/// Writes a card for a model, once it was compared with the graph.
///
/// # Errors
/// When the card disagrees with the graph, would not lie in the model's folder, exists and may not be
/// replaced, or cannot be written.
pub fn write_card(card: &ModelCard, path: &Path, overwrite: Overwrite) -> Result<(), JobError> {
    io::check_output(path, overwrite)?;
    let folder = |path: &Path| {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        absolute.parent().map(Path::to_owned)
    };
    let is_card = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    if !is_card || folder(path) != folder(card.model_path()) {
        return Err(JobError::Missing(format!(
            "a card is a .toml file in the folder of its model, {}: choose another name than {}",
            card.model_path().display(),
            path.display()
        )));
    }
    card.check_model()?;
    Ok(io::write_whole(
        path,
        card.to_toml(path).as_bytes(),
        overwrite,
    )?)
}
