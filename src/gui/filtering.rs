//! The condition in the filter bar, evaluated on another thread.

use std::sync::Arc;

use eframe::egui::Context;

use super::latest::Latest;
use crate::mask::Mask;
use crate::session::{OpenData, Part, Revision, ViewSpec};
use crate::subset::{Filter, FilterError};

/// The condition in the filter bar, evaluated as it is typed.
#[derive(Default)]
pub(super) struct Filtering {
    typed: Latest<(Revision, String), Result<Arc<Mask>, FilterError>>,
    /// The rows of the filter in use, its key, and a number that changes with them.
    used: Option<((Revision, String), Arc<Mask>)>,
    serial: u64,
}

impl Filtering {
    /// Asks what `text` keeps and takes in what has arrived.
    pub fn update(&mut self, ctx: &Context, data: &Part<OpenData>, text: &str, view: &ViewSpec) {
        let text = text.trim();
        if !text.is_empty() {
            let (opened, sql) = (data.share(), text.to_owned());
            let key = (data.revision(), sql.clone());
            self.typed.ask(ctx, &key, move || {
                let table = opened.dataset.catalog.batch();
                let filter = Filter::parse(&sql, table.schema_ref())?;
                let holds = filter.evaluate(table)?;
                Ok(Arc::new(Mask::from_fn(holds.len(), |row| holds.value(row))))
            });
        }
        self.typed.poll(ctx);
        let wanted = view
            .filter
            .as_ref()
            .map(|sql| (data.revision(), sql.clone()));
        if self.used.as_ref().map(|(key, _)| key) != wanted.as_ref() {
            let mask = wanted
                .as_ref()
                .and_then(|key| match self.typed.answer_to(key) {
                    Some(Ok(mask)) => Some(Arc::clone(mask)),
                    _ => None,
                });
            if mask.is_some() || wanted.is_none() {
                self.used = wanted.zip(mask);
                self.serial += 1;
            }
        }
    }

    /// What is known of `text`.
    pub fn answer(&self, data: Revision, text: &str) -> Option<&Result<Arc<Mask>, FilterError>> {
        self.typed.answer_to(&(data, text.trim().to_owned()))
    }

    /// The rows that the filter in use keeps.
    pub fn rows(&self) -> Option<(u64, Arc<Mask>)> {
        let (_, mask) = self.used.as_ref()?;
        Some((self.serial, Arc::clone(mask)))
    }
}
