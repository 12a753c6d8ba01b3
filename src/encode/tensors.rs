//! The tensors inside a model, for choosing one of them as the embedding.

use std::collections::HashMap;
use std::path::Path;

use super::EncodeError;
use super::card::Pooling;
use super::engine::inferred_shapes;
use super::model::Model;

/// One tensor that a graph makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name in the graph.
    pub name: String,
    /// The operation that makes it, such as `Conv`.
    pub op: String,
    /// Its axes, such as `batch x 128`; `None` when neither the file nor the compiled-in engine knows.
    pub shape: Option<String>,
    /// Whether the graph returns it.
    pub is_output: bool,
}

impl TensorInfo {
    /// The pooling that makes one vector of it: none where it is `batch x d`, else the mean.
    #[must_use]
    pub fn suitable_pooling(&self) -> Pooling {
        match &self.shape {
            Some(shape) if shape.split(" x ").count() > 2 => Pooling::Mean,
            Some(_) | None => Pooling::None,
        }
    }
}

/// All tensors that the graph of an `.onnx` file makes, in the order of its operations.
///
/// Shapes are those that the file states, else what the compiled-in engine infers.
///
/// # Errors
/// When the file cannot be read as a model.
pub fn tensors(path: &Path) -> Result<Vec<TensorInfo>, EncodeError> {
    let model = Model::load(path)?;
    let inferred = inferred_shapes(&model);
    let found = model.nodes()?;
    let stated: HashMap<&str, String> = found
        .shapes
        .iter()
        .filter(|tensor| tensor.dims.is_some())
        .map(|tensor| (tensor.name.as_str(), tensor.to_string()))
        .collect();
    let infos = found.nodes.iter().flat_map(|node| {
        node.makes.iter().map(|name| TensorInfo {
            name: name.clone(),
            op: node.op.clone(),
            shape: stated
                .get(name.as_str())
                .or_else(|| inferred.get(name))
                .cloned(),
            is_output: model.is_output(name),
        })
    });
    Ok(infos.collect())
}
