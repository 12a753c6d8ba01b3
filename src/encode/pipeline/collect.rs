//! The collecting half of the pipeline: vectors in row order, and what was tolerated.

use std::collections::BTreeMap;

use super::super::EncodeError;
use super::super::card::{Head, ImageInput, ModelCard};
use super::super::encoder::Answers;
use super::super::preprocess::Notes;
use super::feed::Batch;
use crate::data::{Embedding, Provenance};

/// Vectors of a data set, and what went wrong on the way.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// The vectors, in the order of their rows.
    pub embedding: Embedding,
    /// What the heads of the encoder predict, in the order of its card.
    pub predictions: Vec<Predicted>,
    /// Catalogue row and sentence, by row: every row that was left out; and once, at the first row
    /// it happened to, everything that was tolerated in pictures.
    pub warnings: Vec<(u32, String)>,
}

/// A column that a head predicts.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// `head_column`.
    pub name: String,
    /// One for each catalogue row; `None` where the object could not be encoded, or the head gave
    /// nothing finite.
    pub values: Vec<Option<f32>>,
}

/// One batch's rows after the engine.
struct Done {
    rows: Vec<u32>,
    answers: Answers,
}

/// Puts batches back in order.
pub(super) struct Collector {
    dim: usize,
    /// Names of predicted columns.
    columns: Vec<String>,
    rows: Vec<u32>,
    vectors: Vec<f32>,
    /// `rows.len() x columns.len()`.
    predictions: Vec<f32>,
    warnings: Vec<(u32, String)>,
    tolerated: BTreeMap<Kind, Tally>,
    /// Batches that overtook earlier ones.
    early: BTreeMap<usize, Done>,
    next: usize,
    asked: usize,
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

impl Collector {
    /// For `asked` rows, vectors of `dim` values and the predictions of heads.
    pub(super) fn new(asked: usize, dim: usize, heads: &[Head]) -> Self {
        Self {
            dim,
            columns: heads.iter().flat_map(Head::column_names).collect(),
            rows: Vec::new(),
            vectors: Vec::new(),
            predictions: Vec::new(),
            warnings: Vec::new(),
            tolerated: BTreeMap::new(),
            early: BTreeMap::new(),
            next: 0,
            asked,
        }
    }

    /// Takes what one batch gave, for each of `batch.rows`.
    pub(super) fn add(&mut self, batch: &Batch, answers: Answers) {
        self.warnings.extend(batch.failed.iter().cloned());
        for &(row, notes) in &batch.rows {
            self.count(row, notes);
        }
        let rows = batch.rows.iter().map(|&(row, _)| row).collect();
        self.early.insert(batch.index, Done { rows, answers });
        let width = self.columns.len();
        while let Some(Done { rows, answers }) = self.early.remove(&self.next) {
            self.next += 1;
            let vectors = answers.vectors.chunks_exact(self.dim);
            for (i, (row, vector)) in rows.into_iter().zip(vectors).enumerate() {
                if vector.iter().all(|v| v.is_finite()) {
                    self.rows.push(row);
                    self.vectors.extend_from_slice(vector);
                    self.predictions
                        .extend_from_slice(&answers.predictions[i * width..(i + 1) * width]);
                } else {
                    self.warnings.push((
                        row,
                        "the encoder returned values that are not finite".to_owned(),
                    ));
                }
            }
        }
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

    pub(super) fn finish(
        mut self,
        catalog_rows: usize,
        provenance: Provenance,
        card: &ModelCard,
    ) -> Result<Encoded, EncodeError> {
        self.warnings.sort_by_key(|&(row, _)| row);
        if self.rows.is_empty() {
            let (first_row, reason) = self.warnings.into_iter().next().unwrap_or_default();
            return Err(EncodeError::NothingEncoded {
                rows: self.asked,
                first_row,
                reason,
            });
        }
        let tolerated = card
            .input()
            .image()
            .into_iter()
            .flat_map(|image| self.tolerated.iter().map(move |(kind, t)| (image, kind, t)));
        for (image, kind, Tally { first, rows }) in tolerated {
            let others = match rows - 1 {
                0 => String::new(),
                1 => ", here and in one more row".to_owned(),
                more => format!(", here and in {more} more rows"),
            };
            self.warnings
                .push((*first, format!("{}{others}", kind.text(image))));
        }
        self.warnings.sort_by_key(|&(row, _)| row);
        let predictions = self.predicted(catalog_rows);
        let embedding =
            Embedding::new(self.vectors, self.dim, self.rows, catalog_rows, provenance)?;
        Ok(Encoded {
            embedding,
            predictions,
            warnings: self.warnings,
        })
    }

    fn predicted(&mut self, catalog_rows: usize) -> Vec<Predicted> {
        let width = self.columns.len();
        let names = std::mem::take(&mut self.columns).into_iter().enumerate();
        names
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
