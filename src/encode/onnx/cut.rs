//! A graph cut at tensors inside it: they become the outputs, and only what leads to them is kept.
//!
//! Byte ranges of the file are copied, so that weights are not decoded. Weights that lie in other files
//! are taken into the graph.

use std::collections::{HashMap, HashSet};

use super::nodes::Nodes;
use super::weights::{External, Weights};
use super::wire::{Fields, Malformed, Value, write_bytes, write_int};
use super::{Fault, Tensor, text};

/// Reads weights from another file.
pub(in crate::encode) type ReadWeights<'a> = &'a dyn Fn(&External) -> Result<Vec<u8>, String>;

/// The model whose outputs are `wanted`, in that order; inputs that none of them depends on are gone.
///
/// # Errors
/// One clause when a tensor is not there, or weights cannot be read.
pub(in crate::encode) fn cut(
    model: &[u8],
    wanted: &[&str],
    read: ReadWeights<'_>,
) -> Result<Vec<u8>, String> {
    let malformed = |_: Malformed| DAMAGED.to_owned();
    let found = Nodes::read(model).map_err(malformed)?;
    let kept = Kept::new(&found, wanted)?;
    kept.model(model, wanted, read)
        .map_err(|fault| match fault {
            Fault::Malformed => DAMAGED.to_owned(),
            Fault::Refused(reason) => reason,
        })
}

const DAMAGED: &str = "it is damaged: export or download it again";

/// What of a graph leads to the wanted tensors.
struct Kept {
    /// By place in the main graph.
    nodes: Vec<bool>,
    names: HashSet<String>,
}

impl Kept {
    fn new(found: &Nodes, wanted: &[&str]) -> Result<Self, String> {
        let maker: HashMap<&str, usize> = found
            .nodes
            .iter()
            .enumerate()
            .flat_map(|(place, node)| node.makes.iter().map(move |name| (name.as_str(), place)))
            .collect();
        let mut kept = Self {
            nodes: vec![false; found.nodes.len()],
            names: HashSet::new(),
        };
        let mut open: Vec<&str> = Vec::new();
        for &name in wanted {
            if !maker.contains_key(name) {
                return Err(format!("no operation makes a tensor `{name}`"));
            }
            open.push(name);
        }
        while let Some(name) = open.pop() {
            if !kept.names.insert(name.to_owned()) {
                continue;
            }
            if let Some(&place) = maker.get(name)
                && !std::mem::replace(&mut kept.nodes[place], true)
            {
                let node = &found.nodes[place];
                open.extend(node.reads.iter().chain(&node.makes).map(String::as_str));
            }
        }
        Ok(kept)
    }

    fn model(
        &self,
        model: &[u8],
        wanted: &[&str],
        read: ReadWeights<'_>,
    ) -> Result<Vec<u8>, Fault> {
        let (mut whole, mut graph) = (Vec::new(), Vec::new());
        let mut outputs: HashMap<String, &[u8]> = HashMap::new();
        let mut place = 0;
        for field in Fields::new(model) {
            match field? {
                // Protobuf merges repeated occurrences of the graph.
                (7, Value::Bytes(part)) => {
                    self.graph(part, &mut place, &mut graph, &mut outputs, read)?;
                }
                (number, Value::Bytes(bytes)) => write_bytes(&mut whole, number, bytes),
                (number, Value::Int(value)) => write_int(&mut whole, number, value),
                (_, Value::Fixed) => {}
            }
        }
        for &name in wanted {
            match outputs.get(name) {
                Some(info) => write_bytes(&mut graph, 12, info),
                None => write_bytes(&mut graph, 12, &float_tensor(name)),
            }
        }
        write_bytes(&mut whole, 7, &graph);
        Ok(whole)
    }

    /// Copies what is kept of one part of the graph, and collects what the file says of its tensors.
    fn graph<'a>(
        &self,
        part: &'a [u8],
        place: &mut usize,
        graph: &mut Vec<u8>,
        described: &mut HashMap<String, &'a [u8]>,
        read: ReadWeights<'_>,
    ) -> Result<(), Fault> {
        for field in Fields::new(part) {
            match field? {
                (1, Value::Bytes(node)) => {
                    if self.nodes.get(*place).copied().unwrap_or_default() {
                        write_bytes(graph, 1, node);
                    }
                    *place += 1;
                }
                (5, Value::Bytes(weights)) => {
                    if self.names.contains(&name(weights, 8)?) {
                        match Weights::read(weights)?.stored().map_err(Fault::Refused)? {
                            None => write_bytes(graph, 5, weights),
                            Some(external) => {
                                let values = read(&external).map_err(Fault::Refused)?;
                                write_bytes(graph, 5, &taken_in(weights, &values)?);
                            }
                        }
                    }
                }
                (11, Value::Bytes(input)) => {
                    if self.names.contains(&name(input, 1)?) {
                        write_bytes(graph, 11, input);
                    }
                }
                (number @ (12 | 13), Value::Bytes(info)) => {
                    let name = Tensor::read(info)?.name;
                    // What was an output may lie inside now.
                    if number == 13 && self.names.contains(&name) {
                        write_bytes(graph, 13, info);
                    }
                    described.insert(name, info);
                }
                // Notes on quantisation may be of tensors that are gone.
                (14, _) | (_, Value::Fixed) => {}
                (number, Value::Bytes(bytes)) => write_bytes(graph, number, bytes),
                (number, Value::Int(value)) => write_int(graph, number, value),
            }
        }
        Ok(())
    }
}

/// A `TensorProto` with these values instead of those that it says to lie in another file.
fn taken_in(weights: &[u8], values: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut tensor = Vec::with_capacity(weights.len() + values.len());
    for field in Fields::new(weights) {
        match field? {
            (13 | 14, _) | (_, Value::Fixed) => {}
            (number, Value::Bytes(bytes)) => write_bytes(&mut tensor, number, bytes),
            (number, Value::Int(value)) => write_int(&mut tensor, number, value),
        }
    }
    write_bytes(&mut tensor, 9, values);
    Ok(tensor)
}

/// The text in one field of a message.
fn name(message: &[u8], number: u32) -> Result<String, Malformed> {
    let mut name = String::new();
    for field in Fields::new(message) {
        match field? {
            (found, Value::Bytes(bytes)) if found == number => name = text(bytes),
            _ => {}
        }
    }
    Ok(name)
}

/// A `ValueInfoProto` of a float32 tensor of unknown shape.
fn float_tensor(name: &str) -> Vec<u8> {
    let (mut kind, mut wrapped, mut info) = (Vec::new(), Vec::new(), Vec::new());
    write_int(&mut kind, 1, 1);
    write_bytes(&mut wrapped, 1, &kind);
    write_bytes(&mut info, 1, name.as_bytes());
    write_bytes(&mut info, 2, &wrapped);
    info
}
