//! How a card's words and a graph's tensors fit together.

use super::EncodeError;
use super::card::ModelCard;
use super::model::Model;
use super::onnx::{Dim, Tensor};

/// Larger fixed batches are refused.
const MAX_FIXED_BATCH: usize = 1024;

/// What an engine must know to feed a graph and read its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wiring {
    pub(super) input: String,
    pub(super) output: String,
    /// Position of the output among the graph's outputs.
    pub(super) output_index: usize,
    /// One picture: channels, height, width.
    pub(super) picture: [usize; 3],
    /// The only number of pictures that the graph accepts, if it is written for one.
    pub(super) fixed_batch: Option<usize>,
    /// Whether some input axis has neither a length nor a name.
    pub(super) has_open_axis: bool,
}

impl Wiring {
    /// Number of values in one picture.
    pub(super) fn picture_len(&self) -> usize {
        self.picture.iter().product()
    }

    /// Checks that the card describes this graph.
    pub(super) fn new(model: &Model, card: &ModelCard) -> Result<Self, EncodeError> {
        if let Some(expected) = card.sha256().filter(|hash| *hash != model.sha256) {
            return Err(model.refuse(format!(
                "its card was written for another file (sha256 {expected}, found {}): get the right one or correct the card",
                model.sha256
            )));
        }
        let input = model.image_input(card.input().name.as_deref())?;
        let (output_index, output) = model.embedding_output(card.output().name.as_deref())?;
        let (channels, size) = (card.input().channels, card.input().size);
        let picture = [channels, size, size];
        let mismatch = || {
            model.refuse(format!(
                "its input is {input}, but its card describes batch x {channels} x {size} x {size}: correct the card"
            ))
        };
        let batch = match input.dims.as_deref() {
            None => &Dim::Open,
            Some([batch, axes @ ..]) if axes.len() == 3 => {
                for (axis, length) in axes.iter().zip(picture) {
                    if matches!(axis, Dim::Fixed(fixed) if *fixed != length) {
                        return Err(mismatch());
                    }
                }
                batch
            }
            Some(_) => return Err(mismatch()),
        };
        let fixed_batch = match batch {
            Dim::Fixed(n) if (1..=MAX_FIXED_BATCH).contains(n) => Some(*n),
            Dim::Fixed(n) => {
                return Err(model.refuse(format!(
                    "it takes batches of {n}: export it with an open batch axis"
                )));
            }
            Dim::Named(_) | Dim::Open => None,
        };
        Ok(Self {
            input: input.name.clone(),
            output: output.name.clone(),
            output_index,
            picture,
            fixed_batch,
            has_open_axis: has_open_axis(input),
        })
    }
}

fn has_open_axis(input: &Tensor) -> bool {
    input
        .dims
        .as_ref()
        .is_none_or(|dims| dims.contains(&Dim::Open))
}
