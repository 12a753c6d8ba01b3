//! Looking at a model before it is used, and writing its card.

use std::path::Path;

use super::devices::DeviceFile;
use super::{JobError, Report};
use crate::encode::{
    CardDraft, Checked, Device, EncodeError, ModelCard, TensorInfo, check, tensors,
};
use crate::io::{self, Overwrite};
use crate::memory;
use crate::progress::Progress;
use crate::session::{EncoderChoice, ModelRef};

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

/// The card that a model lacks, as far as its graph tells; `None` where one lies beside it.
///
/// # Errors
/// When the card or the model cannot be used.
pub fn missing_card(model: &Path) -> Result<Option<CardDraft>, EncodeError> {
    match ModelCard::load(model) {
        Err(EncodeError::NoCard { .. }) => CardDraft::read(model).map(Some),
        found => found.map(|_| None),
    }
}

/// The tensors inside the model that was chosen.
///
/// # Errors
/// When its card or the model cannot be used.
pub fn tensors_of(choice: &EncoderChoice) -> Result<Vec<TensorInfo>, EncodeError> {
    match choice.bare_model() {
        Some(path) => tensors(path),
        None => tensors(choice.card()?.model_path()),
    }
}

/// The job that checks an encoder.
pub(super) fn tell(
    choice: &EncoderChoice,
    progress: &Progress,
    report: &mut dyn FnMut(Report),
) -> Result<(), JobError> {
    let found = verdict(&choice.card()?, choice.device()?, progress)?;
    report(Report::Notice(found));
    Ok(())
}

/// The job that writes the card of a model beside it, once the model was checked with it; the model is
/// then the encoder to use.
pub(super) fn tell_and_write(
    draft: &CardDraft,
    device: &str,
    progress: &Progress,
    report: &mut dyn FnMut(Report),
) -> Result<(), JobError> {
    let card = draft.card()?;
    let path = draft.model().with_extension("toml");
    io::check_output(&path, Overwrite::Refuse)?;
    let choice = EncoderChoice {
        model: ModelRef::File(path.clone()),
        device: device.to_owned(),
        ..EncoderChoice::default()
    };
    let found = verdict(&card, choice.device()?, progress)?;
    write_card(&card, &path, Overwrite::Refuse)?;
    report(Report::Encoder(choice));
    report(Report::Notice(format!("The card was written. {found}")));
    Ok(())
}

/// What a check found, in a sentence; what is wrong is an error.
fn verdict(card: &ModelCard, device: Device, progress: &Progress) -> Result<String, JobError> {
    let checked = check(card, device, &DeviceFile::of_user(), progress)?;
    let name = &card.about().name;
    if let Some(fault) = checked.fault() {
        let text = format!("{name} should not be used as it is: {fault}");
        return Err(JobError::Missing(text));
    }
    let reason = checked.device_reason.as_ref();
    let reason = reason.map_or(String::new(), |reason| format!(" ({reason})"));
    Ok(format!(
        "{name} can be used: {} values on {}{reason}, {:.0} objects/s, about {} of memory; finite, and independent of the batch",
        checked.dim,
        checked.engine,
        checked.objects_per_second,
        memory::in_words(checked.memory_bytes)
    ))
}
