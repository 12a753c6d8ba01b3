//! The model that is chosen: whether it lacks a card, and the tensors inside it. Models are read on other
//! threads.

use std::path::PathBuf;

use eframe::egui::Context;

use super::latest::Latest;
use crate::encode::{CardDraft, TensorInfo};
use crate::job::{missing_card, tensors_of};
use crate::session::{EncoderChoice, ModelRef};

/// `None` where a card lies beside the model.
type Missing = Result<Option<CardDraft>, String>;
/// The tensors of a model, or why it cannot be read.
pub(super) type Listed = Result<Vec<TensorInfo>, String>;

/// What is known of the chosen model, and the card that is being filled in for it.
#[derive(Default)]
pub(super) struct Chosen {
    missing: Latest<PathBuf, Missing>,
    tensors: Latest<ModelRef, Listed>,
    /// The card in the form, while that is open.
    pub form: Option<CardDraft>,
    /// Whether the list of tensors is open, and what is searched for in it.
    pub listing: bool,
    pub query: String,
}

impl Chosen {
    /// Finds out whether the model that is chosen lacks a card, and opens the form once it does.
    pub fn update(&mut self, ctx: &Context, choice: &EncoderChoice) {
        let bare = choice.bare_model();
        let other = self.form.take_if(|draft| bare != Some(draft.model()));
        self.listing &= other.is_none();
        let Some(path) = bare.map(ToOwned::to_owned) else {
            // What is chosen again later is looked at again.
            self.missing = Latest::default();
            return;
        };
        let model = path.clone();
        self.missing.ask(ctx, &path, move || {
            missing_card(&model).map_err(|e| e.to_string())
        });
        if self.missing.poll(ctx) && self.missing.answer_to(&path).is_some() {
            self.fill_in(choice);
        }
    }

    /// What is known of the card of the model that is chosen.
    pub fn missing(&self, choice: &EncoderChoice) -> Option<&Missing> {
        self.missing.answer_to(&choice.bare_model()?.to_owned())
    }

    /// Opens the form, if the model lacks a card.
    pub fn fill_in(&mut self, choice: &EncoderChoice) {
        if let Some(Ok(draft)) = self.missing(choice) {
            self.form = draft.clone();
        }
    }

    /// The tensors of the chosen model, once they are known.
    pub fn tensors(&mut self, ctx: &Context, choice: &EncoderChoice) -> Option<&Listed> {
        let (key, chosen) = (
            &choice.model,
            EncoderChoice {
                tap: None,
                ..choice.clone()
            },
        );
        self.tensors.ask(ctx, key, move || {
            tensors_of(&chosen).map_err(|e| e.to_string())
        });
        self.tensors.poll(ctx);
        self.tensors.answer_to(key)
    }
}
