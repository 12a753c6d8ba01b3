//! What an ONNX file says about itself: inputs, outputs, opset, producer and where its weights lie;
//! the operations inside, and the graph cut at any of their tensors.
//!
//! Reads the protobuf by hand in one pass that skips the weights, so a model of any size is
//! described at once and no engine is needed. Field numbers are those of `onnx.proto`.

mod cut;
mod nodes;
mod tensor;
mod weights;
mod wire;

use std::collections::{BTreeMap, HashSet};

pub(super) use cut::cut;
pub(super) use nodes::Nodes;
pub(super) use tensor::{Dim, Element, Tensor};
pub(super) use weights::External;
use weights::Weights;
use wire::{Fields, Malformed, Value};

/// Attributes may hold graphs that hold attributes; deeper files are refused.
const MAX_DEPTH: usize = 32;

/// The face of a graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Graph {
    /// What must be fed; initialisers are left out.
    pub(super) inputs: Vec<Tensor>,
    pub(super) outputs: Vec<Tensor>,
    /// Version of the standard operators, 0 when not stated.
    pub(super) opset: u64,
    pub(super) producer: String,
    /// Files beside the model that hold weights, relative to its folder, none leaving it, each with the bytes
    /// that it must have for them.
    pub(super) external_files: BTreeMap<String, u64>,
}

/// Reads the description of a model file.
///
/// # Errors
/// One clause saying what is wrong.
pub(super) fn describe(model: &[u8]) -> Result<Graph, String> {
    let mut reader = Reader::default();
    reader.model(model).map_err(|e| match e {
        Fault::Malformed => {
            "it is not an ONNX file, or only part of one: export or download it again".to_owned()
        }
        Fault::Refused(reason) => reason,
    })?;
    if !reader.has_graph {
        return Err("it holds no graph: is it an ONNX file?".to_owned());
    }
    let Reader {
        mut graph,
        initialisers,
        ..
    } = reader;
    graph
        .inputs
        .retain(|input| !initialisers.contains(&input.name));
    Ok(graph)
}

enum Fault {
    Malformed,
    Refused(String),
}

impl From<Malformed> for Fault {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

#[derive(Default)]
struct Reader {
    graph: Graph,
    has_graph: bool,
    initialisers: HashSet<String>,
}

impl Reader {
    fn model(&mut self, model: &[u8]) -> Result<(), Fault> {
        for field in Fields::new(model) {
            match field? {
                (2, Value::Bytes(producer)) => self.graph.producer = text(producer),
                (7, Value::Bytes(graph)) => self.main_graph(graph)?,
                (8, Value::Bytes(import)) => self.opset(import)?,
                (25, Value::Bytes(function)) => {
                    for field in Fields::new(function) {
                        if let (7, Value::Bytes(node)) = field? {
                            self.node(node, 0)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn opset(&mut self, import: &[u8]) -> Result<(), Fault> {
        let (mut domain, mut version) = (String::new(), 0);
        for field in Fields::new(import) {
            match field? {
                (1, Value::Bytes(name)) => domain = text(name),
                (2, Value::Int(number)) => version = number,
                _ => {}
            }
        }
        if domain.is_empty() || domain == "ai.onnx" {
            self.graph.opset = version;
        }
        Ok(())
    }

    /// Protobuf merges repeated occurrences of the graph, so this adds to what is there.
    fn main_graph(&mut self, graph: &[u8]) -> Result<(), Fault> {
        self.has_graph = true;
        for field in Fields::new(graph) {
            match field? {
                (1, Value::Bytes(node)) => self.node(node, 0)?,
                (5, Value::Bytes(tensor)) => {
                    let name = self.weights(tensor)?;
                    self.initialisers.insert(name);
                }
                (11, Value::Bytes(input)) => self.graph.inputs.push(Tensor::read(input)?),
                (12, Value::Bytes(output)) => self.graph.outputs.push(Tensor::read(output)?),
                (15, Value::Bytes(sparse)) => self.sparse_weights(sparse)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn node(&mut self, node: &[u8], depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::Refused(format!(
                "its graphs are nested more than {MAX_DEPTH} deep"
            )));
        }
        for field in Fields::new(node) {
            let (5, Value::Bytes(attribute)) = field? else {
                continue;
            };
            for field in Fields::new(attribute) {
                match field? {
                    (5 | 10, Value::Bytes(tensor)) => {
                        self.weights(tensor)?;
                    }
                    (22 | 23, Value::Bytes(sparse)) => self.sparse_weights(sparse)?,
                    (6 | 11, Value::Bytes(graph)) => self.inner_graph(graph, depth + 1)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn inner_graph(&mut self, graph: &[u8], depth: usize) -> Result<(), Fault> {
        for field in Fields::new(graph) {
            match field? {
                (1, Value::Bytes(node)) => self.node(node, depth)?,
                (5, Value::Bytes(tensor)) => {
                    self.weights(tensor)?;
                }
                (15, Value::Bytes(sparse)) => self.sparse_weights(sparse)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn sparse_weights(&mut self, sparse: &[u8]) -> Result<(), Fault> {
        for field in Fields::new(sparse) {
            if let (1 | 2, Value::Bytes(tensor)) = field? {
                let name = self.weights(tensor)?;
                self.initialisers.insert(name);
            }
        }
        Ok(())
    }

    /// Notes where a tensor is stored and returns its name.
    fn weights(&mut self, tensor: &[u8]) -> Result<String, Fault> {
        let weights = Weights::read(tensor)?;
        let stored = weights.stored().map_err(Fault::Refused)?;
        if let Some(External { location, end, .. }) = stored {
            if !stays_inside(&location) {
                return Err(Fault::Refused(format!(
                    "its weights lie in `{location}`, outside its own folder: export it with the data beside it"
                )));
            }
            let needed = self.graph.external_files.entry(location).or_default();
            *needed = end.max(*needed);
        }
        Ok(weights.name)
    }
}

/// Whether a location of external data names something inside the model's folder, on any system.
fn stays_inside(location: &str) -> bool {
    let is_plain = |part: &str| !part.is_empty() && part != "..";
    !location.contains([':', '\0']) && location.split(['/', '\\']).all(is_plain)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
