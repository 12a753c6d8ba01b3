//! How a card's words and a graph's tensors fit together.

use super::EncodeError;
use super::card::ModelCard;
use super::model::Model;
use super::onnx::{Dim, Tensor};

/// Larger fixed batches are refused.
const MAX_FIXED_BATCH: usize = 1024;

/// What an engine must know to feed a graph and read its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wiring {
    pub(super) input: String,
    /// The tensors that are wanted, each once: that of the embedding first.
    pub(super) outputs: Vec<Wanted>,
    /// For each head of the card, which of the outputs it reads.
    pub(super) heads: Vec<usize>,
    /// One object: channels, height, width; or the number of columns.
    pub(super) shape: Vec<usize>,
    /// The only number of objects that the graph accepts, if it is written for one.
    pub(super) fixed_batch: Option<usize>,
    /// Whether some input axis has neither a length nor a name.
    pub(super) has_open_axis: bool,
}

/// One output of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: String,
    /// Position among the graph's outputs.
    pub(super) index: usize,
}

impl Wiring {
    /// Number of values in one object.
    pub(super) fn object_len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Checks that the card describes this graph, which returns the tensor `embedding` and those of
    /// the heads.
    pub(super) fn new(
        model: &Model,
        card: &ModelCard,
        embedding: &str,
    ) -> Result<Self, EncodeError> {
        let mut outputs = vec![model.output(embedding)?];
        let mut heads = Vec::new();
        for head in card.heads() {
            let output = model.output(&head.tensor)?;
            let place = outputs.iter().position(|known| *known == output);
            heads.push(place.unwrap_or(outputs.len()));
            if place.is_none() {
                outputs.push(output);
            }
        }
        let (input, shape) = (card.input().name(), card.input().shape());
        Self::of(model, input, shape, outputs, heads)
    }

    /// For a graph that takes objects of this shape by that name and returns one tensor.
    pub(super) fn single(
        model: &Model,
        (input, shape): (&str, &[usize]),
        output: &str,
    ) -> Result<Self, EncodeError> {
        let outputs = vec![model.output(output)?];
        Self::of(model, Some(input), shape.to_vec(), outputs, Vec::new())
    }

    fn of(
        model: &Model,
        input: Option<&str>,
        shape: Vec<usize>,
        outputs: Vec<Wanted>,
        heads: Vec<usize>,
    ) -> Result<Self, EncodeError> {
        let input = model.only_input(input)?;
        let batch = batch_axis(input, &shape).ok_or_else(|| {
            let axes: Vec<String> = shape.iter().map(usize::to_string).collect();
            model.refuse(format!(
                "its input is {input}, but its card describes batch x {}: correct the card",
                axes.join(" x ")
            ))
        })?;
        let fixed_batch = match batch {
            Dim::Fixed(n) if (1..=MAX_FIXED_BATCH).contains(&n) => Some(n),
            Dim::Fixed(n) => {
                return Err(model.refuse(format!(
                    "it takes batches of {n}: export it with an open batch axis"
                )));
            }
            Dim::Named(_) | Dim::Open => None,
        };
        Ok(Self {
            input: input.name.clone(),
            outputs,
            heads,
            shape,
            fixed_batch,
            has_open_axis: input
                .dims
                .as_ref()
                .is_none_or(|dims| dims.contains(&Dim::Open)),
        })
    }
}

/// The model as the card wants it, cut where a tensor that it names lies inside the graph; and the name
/// of the tensor that becomes the embedding.
pub(super) fn fitted(model: Model, card: &ModelCard) -> Result<(Model, String), EncodeError> {
    if let Some(expected) = card.sha256().filter(|hash| *hash != model.sha256) {
        return Err(model.refuse(format!(
            "its card was written for another file (sha256 {expected}, found {}): get the right one or correct the card",
            model.sha256
        )));
    }
    if let Some(prediction) = card.prediction().filter(|p| p.file.is_none()) {
        model.check_tensor(&prediction.tensor, "prediction.tensor")?;
    }
    let embedding = match &card.output().name {
        Some(name) => name.clone(),
        None => model.only_output()?.to_owned(),
    };
    model.check_tensor(&embedding, "output.name")?;
    let mut wanted = vec![embedding.as_str()];
    for head in card.heads() {
        model.check_tensor(&head.tensor, "heads.tensor")?;
        if !wanted.contains(&head.tensor.as_str()) {
            wanted.push(&head.tensor);
        }
    }
    let model = if wanted.iter().all(|name| model.is_output(name)) {
        model
    } else {
        model.cut(&wanted)?
    };
    Ok((model, embedding))
}

/// The batch axis of an input whose other axes may have these lengths.
fn batch_axis(input: &Tensor, shape: &[usize]) -> Option<Dim> {
    let Some(dims) = &input.dims else {
        return Some(Dim::Open);
    };
    let (batch, axes) = dims.split_first()?;
    let fits = |(axis, length): (&Dim, &usize)| match axis {
        Dim::Fixed(fixed) => fixed == length,
        Dim::Named(_) | Dim::Open => true,
    };
    (axes.len() == shape.len() && axes.iter().zip(shape).all(fits)).then(|| batch.clone())
}
