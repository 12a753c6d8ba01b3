//! What a run found, but for the vectors: which rows have one, predictions, and what was tolerated.

use std::collections::BTreeMap;

use super::super::EncodeError;
use super::super::card::{Head, ImageInput, ModelCard, ModelInput};
use super::super::preprocess::Notes;
use crate::data::Segment;

/// A column that a head predicts.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// `head_column`.
    pub name: String,
    /// One for each catalogue row; `None` where the object could not be encoded, or the head gave
    /// nothing finite.
    pub values: Vec<Option<f32>>,
}

/// What a run found.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// The rows that have a vector, increasing.
    pub rows: Vec<u32>,
    /// What the heads of the encoder predict, in the order of its card.
    pub predictions: Vec<Predicted>,
    /// Catalogue row and sentence, by row: every row that was left out; and once, at the first row
    /// it happened to, everything that was tolerated in pictures.
    pub warnings: Vec<(u32, String)>,
}

/// Puts the findings of a run together, segment by segment.
pub struct Collector<'a> {
    card: &'a ModelCard,
    rows: Vec<u32>,
    /// `rows.len()` values for each predicted column.
    predictions: Vec<f32>,
    failed: Vec<(u32, String)>,
    tolerated: BTreeMap<Kind, Tally>,
    /// End of what was worked on.
    done: usize,
}

/// Something tolerated in a picture; see [`Notes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Filled,
    Repeated,
    ByPosition,
    Resized,
    OtherScale,
}

struct Tally {
    first: u32,
    rows: usize,
}

impl<'a> Collector<'a> {
    /// For a run of the encoder of `card`.
    #[must_use]
    pub fn new(card: &'a ModelCard) -> Self {
        Self {
            card,
            rows: Vec::new(),
            predictions: Vec::new(),
            failed: Vec::new(),
            tolerated: BTreeMap::new(),
            done: 0,
        }
    }

    /// Takes the next rows.
    pub fn add(&mut self, segment: &Segment) {
        self.rows.extend_from_slice(&segment.rows);
        self.predictions.extend_from_slice(&segment.predictions);
        self.failed.extend_from_slice(&segment.failed);
        for &(row, bits) in &segment.tolerated {
            self.count(row, Notes::from_bits(bits));
        }
        self.done = segment.span.end;
    }

    fn count(&mut self, row: u32, notes: Notes) {
        let Notes {
            filled,
            repeated,
            by_position,
            resized,
            other_scale,
        } = notes;
        for (kind, happened) in [
            (Kind::Filled, filled),
            (Kind::Repeated, repeated),
            (Kind::ByPosition, by_position),
            (Kind::Resized, resized),
            (Kind::OtherScale, other_scale),
        ] {
            if happened {
                let tally = self.tolerated.entry(kind).or_insert(Tally {
                    first: row,
                    rows: 0,
                });
                tally.first = tally.first.min(row);
                tally.rows += 1;
            }
        }
    }

    /// The findings, for a catalogue of so many rows.
    ///
    /// # Errors
    /// [`EncodeError::NothingEncoded`] when no row has a vector.
    pub fn finish(mut self, catalog_rows: usize) -> Result<Findings, EncodeError> {
        self.failed.sort_by_key(|&(row, _)| row);
        if self.rows.is_empty() {
            let (first_row, reason) = self.failed.into_iter().next().unwrap_or_default();
            return Err(EncodeError::NothingEncoded {
                rows: self.done,
                first_row,
                reason,
            });
        }
        let predictions = self.predicted(catalog_rows);
        let mut warnings = self.failed;
        for (kind, Tally { first, rows }) in &self.tolerated {
            let others = match rows - 1 {
                0 => String::new(),
                1 => ", here and in one more row".to_owned(),
                more => format!(", here and in {more} more rows"),
            };
            let text = match self.card.input() {
                ModelInput::Image(image) => kind.text(image),
                _ => "wavelengths without a flux were given the median of the others".to_owned(),
            };
            warnings.push((*first, format!("{text}{others}")));
        }
        warnings.sort_by_key(|&(row, _)| row);
        Ok(Findings {
            rows: self.rows,
            predictions,
            warnings,
        })
    }

    fn predicted(&self, catalog_rows: usize) -> Vec<Predicted> {
        let names: Vec<String> = self
            .card
            .heads()
            .iter()
            .flat_map(Head::column_names)
            .collect();
        let width = names.len();
        names
            .into_iter()
            .enumerate()
            .map(|(column, name)| {
                let mut values = vec![None; catalog_rows];
                for (&row, object) in self.rows.iter().zip(self.predictions.chunks_exact(width)) {
                    values[row as usize] = Some(object[column]).filter(|v| v.is_finite());
                }
                Predicted { name, values }
            })
            .collect()
    }
}

impl Kind {
    fn text(self, input: &ImageInput) -> String {
        let ImageInput {
            channels,
            size,
            bands,
            ..
        } = input;
        match self {
            Self::Filled => "masked pixels were filled with the median of their band".to_owned(),
            Self::Repeated => format!("the only band was used for all {channels} of the encoder"),
            Self::ByPosition => format!(
                "bands were taken in order for the encoder's {}",
                bands.join(", ")
            ),
            Self::Resized => format!("the picture was resampled to {size} x {size} px"),
            Self::OtherScale => format!(
                "its pixels are not the {} arcsec that the encoder was trained with",
                input.pixel_scale_arcsec.unwrap_or_default()
            ),
        }
    }
}
