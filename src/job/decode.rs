//! Pictures that the encoder of vectors makes of them: what it has for that, and whether it is theirs.

use super::JobError;
use crate::data::Provenance;
use crate::encode::PictureModel;
use crate::session::{Encoded, EncoderChoice};

/// The decoder, or the prediction, of the encoder that `encoded` came from; where that is not known, of
/// `chosen`, if it is the same one. `None` where the encoder has neither, or is another.
///
/// # Errors
/// When the card or a model cannot be used.
pub fn picture_model(
    encoded: &Encoded,
    chosen: &EncoderChoice,
) -> Result<Option<PictureModel>, JobError> {
    let vectors = encoded.embedding.provenance();
    let (card, choice) = match &encoded.encoder {
        Some(choice) => (choice.card()?, choice),
        // Whatever is wrong with an encoder that is not theirs says nothing about these vectors.
        None => match chosen.card() {
            Ok(card) if is_theirs(card.sha256(), vectors) => (card, chosen),
            _ => return Ok(None),
        },
    };
    Ok(PictureModel::open(&card, choice.device()?)?)
}

/// Whether vectors say that the model of this hash made them.
fn is_theirs(sha256: Option<&str>, vectors: &Provenance) -> bool {
    sha256.is_some() && sha256 == vectors.get("model_sha256")
}

/// The decoder, or the prediction, of the encoder that a person named for some vectors.
///
/// # Errors
/// When the card or a model cannot be used, it has neither, or another model made the vectors.
pub fn named_picture_model(
    choice: &EncoderChoice,
    vectors: &Provenance,
) -> Result<PictureModel, JobError> {
    let card = choice.card()?;
    let name = &card.about().name;
    let made_by = vectors.get("model_sha256");
    if card.sha256().zip(made_by).is_some_and(|(a, b)| a != b) {
        let other = vectors.get("encoder").unwrap_or("another encoder");
        return Err(JobError::Missing(format!(
            "these vectors were made by {other}, not by the model of {name}: name the card of their encoder"
        )));
    }
    PictureModel::open(&card, choice.device()?)?.ok_or_else(|| {
        JobError::Missing(format!(
            "the card of {name} has neither a decoder nor a prediction: choose an encoder that has one"
        ))
    })
}
