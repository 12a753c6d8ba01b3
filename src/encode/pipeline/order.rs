//! Batches back in order: each becomes a segment, handed on when all before it were.

use std::collections::BTreeMap;

use super::super::encoder::Answers;
use super::feed::Batch;
use crate::data::Segment;

/// Segments that overtook earlier ones, and the place of the next.
pub(super) struct Order {
    dim: usize,
    early: BTreeMap<usize, Segment>,
    /// Row that the next segment begins at.
    next: usize,
}

impl Order {
    /// From row `first` on, vectors of `dim` values.
    pub(super) fn new(first: usize, dim: usize) -> Self {
        Self {
            dim,
            early: BTreeMap::new(),
            next: first,
        }
    }

    /// Takes what the encoder answered to a batch.
    pub(super) fn add(&mut self, batch: &mut Batch, answers: &Answers) {
        let segment = self.segment(batch, answers);
        self.early.insert(segment.span.start, segment);
    }

    /// The next segment, if it is here.
    pub(super) fn next(&mut self) -> Option<Segment> {
        let segment = self.early.remove(&self.next)?;
        self.next = segment.span.end;
        Some(segment)
    }

    fn segment(&self, batch: &mut Batch, answers: &Answers) -> Segment {
        let mut segment = Segment {
            span: batch.span.clone(),
            failed: std::mem::take(&mut batch.failed),
            ..Segment::default()
        };
        let width = answers.predictions.len() / batch.rows.len().max(1);
        let vectors = answers.vectors.chunks_exact(self.dim).enumerate();
        for (&(row, notes), (i, vector)) in batch.rows.iter().zip(vectors) {
            if notes.bits() != 0 {
                segment.tolerated.push((row, notes.bits()));
            }
            if vector.iter().all(|v| v.is_finite()) {
                segment.rows.push(row);
                segment.vectors.extend_from_slice(vector);
                let predictions = &answers.predictions[i * width..(i + 1) * width];
                segment.predictions.extend_from_slice(predictions);
            } else {
                let reason = "the encoder returned values that are not finite";
                segment.failed.push((row, reason.to_owned()));
            }
        }
        segment
    }
}
