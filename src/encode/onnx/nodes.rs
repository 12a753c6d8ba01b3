//! The tensors inside a graph: what makes each of them, and from what.

use super::tensor::Tensor;
use super::text;
use super::wire::{Fields, Malformed, Value};

/// One operation of the main graph.
pub(in crate::encode) struct Node {
    /// Such as `Conv`.
    pub(in crate::encode) op: String,
    /// What it reads, by graphs in its attributes too.
    pub(super) reads: Vec<String>,
    /// The tensors it makes; those without a name are left out.
    pub(in crate::encode) makes: Vec<String>,
}

/// The operations of a model's main graph in their order, and the shapes that the file states.
#[derive(Default)]
pub(in crate::encode) struct Nodes {
    pub(in crate::encode) nodes: Vec<Node>,
    /// Inputs, outputs and tensors inside.
    pub(in crate::encode) shapes: Vec<Tensor>,
}

impl Nodes {
    /// Of a model that [`describe`](super::describe) has accepted, which bounds how deep graphs nest.
    pub(in crate::encode) fn read(model: &[u8]) -> Result<Self, Malformed> {
        let mut found = Self::default();
        for field in Fields::new(model) {
            let (7, Value::Bytes(graph)) = field? else {
                continue;
            };
            for field in Fields::new(graph) {
                match field? {
                    (1, Value::Bytes(node)) => found.nodes.push(Node::read(node)?),
                    (11..=13, Value::Bytes(info)) => found.shapes.push(Tensor::read(info)?),
                    _ => {}
                }
            }
        }
        Ok(found)
    }

    /// Names of all tensors that operations make.
    pub(in crate::encode) fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes
            .iter()
            .flat_map(|node| node.makes.iter().map(String::as_str))
    }
}

impl Node {
    fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut node = Self {
            op: String::new(),
            reads: Vec::new(),
            makes: Vec::new(),
        };
        for field in Fields::new(bytes) {
            match field? {
                (2, Value::Bytes(name)) if !name.is_empty() => node.makes.push(text(name)),
                (4, Value::Bytes(op)) => node.op = text(op),
                _ => {}
            }
        }
        reads_of_node(bytes, &mut node.reads)?;
        Ok(node)
    }
}

/// Names that a node reads. A graph in an attribute may read tensors of the graph around it; names
/// of its own are listed as well, which does no harm.
fn reads_of_node(node: &[u8], reads: &mut Vec<String>) -> Result<(), Malformed> {
    for field in Fields::new(node) {
        match field? {
            (1, Value::Bytes(name)) if !name.is_empty() => reads.push(text(name)),
            (5, Value::Bytes(attribute)) => {
                for field in Fields::new(attribute) {
                    if let (6 | 11, Value::Bytes(graph)) = field? {
                        reads_of_graph(graph, reads)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn reads_of_graph(graph: &[u8], reads: &mut Vec<String>) -> Result<(), Malformed> {
    for field in Fields::new(graph) {
        match field? {
            (1, Value::Bytes(node)) => reads_of_node(node, reads)?,
            (12, Value::Bytes(output)) => reads.push(Tensor::read(output)?.name),
            _ => {}
        }
    }
    Ok(())
}
