//! One `.onnx` file in memory with its description.

use std::cell::Cell;
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::EncodeError;
use super::onnx::{self, Element, External, Graph, Nodes, Tensor};
use super::wiring::Wanted;
use crate::data::closest;
use crate::hash::Hash;
use crate::memory;

/// Protobuf cannot hold more, so a larger file is no model.
const MAX_BYTES: u64 = 2 << 30;

/// The bytes of a model, what its graph says, and its hash.
pub(super) struct Model {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) graph: Graph,
    /// 64 lower-case hex digits.
    pub(super) sha256: String,
    /// Bytes of the file and of those that hold its weights.
    pub(super) size: u64,
}

impl Model {
    /// Reads a model file; files that hold its weights must lie beside it.
    pub(super) fn load(path: &Path) -> Result<Self, EncodeError> {
        Self::load_within(path, memory::available_bytes())
    }

    /// As [`load`](Self::load), where that much memory is left, if anybody knows.
    pub(super) fn load_within(path: &Path, available: Option<u64>) -> Result<Self, EncodeError> {
        let refuse = |reason: String| EncodeError::Model {
            path: path.to_owned(),
            reason,
        };
        let read_error = |source| EncodeError::Read {
            what: "the model",
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(read_error)?;
        let metadata = file.metadata().map_err(read_error)?;
        if !metadata.is_file() {
            return Err(refuse("it is not a file".to_owned()));
        }
        if metadata.len() > MAX_BYTES {
            return Err(refuse(
                "it is larger than 2 GiB, more than an ONNX file can hold: export it with external data".to_owned(),
            ));
        }
        let mut size = metadata.len();
        check_memory(size, available).map_err(refuse)?;
        let mut bytes = Vec::new();
        file.take(MAX_BYTES)
            .read_to_end(&mut bytes)
            .map_err(read_error)?;
        let graph = onnx::describe(&bytes).map_err(refuse)?;
        for (tensors, lacks) in [
            (&graph.inputs, "takes nothing: its graph has no input"),
            (&graph.outputs, "returns nothing: its graph has no output"),
        ] {
            if tensors.is_empty() {
                return Err(refuse(format!("it {lacks}; export it again")));
            }
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        for (name, &needed) in &graph.external_files {
            let weights = folder.join(name).metadata().ok().filter(Metadata::is_file);
            let weights = weights.ok_or_else(|| {
                refuse(format!(
                    "its weights lie in `{name}`, which is not beside it: copy it there"
                ))
            })?;
            if weights.len() < needed {
                return Err(refuse(format!(
                    "its weights lie in `{name}`, which has {} of at least {needed} bytes: copy it there again",
                    weights.len()
                )));
            }
            size += weights.len();
        }
        check_memory(size, available).map_err(refuse)?;
        let sha256 = Hash::of(&bytes);
        Ok(Self {
            path: path.to_owned(),
            bytes,
            graph,
            sha256,
            size,
        })
    }

    /// The input that takes the objects: the one of that name, or the only one.
    pub(super) fn only_input(&self, name: Option<&str>) -> Result<&Tensor, EncodeError> {
        let inputs = &self.graph.inputs;
        let [input] = inputs.as_slice() else {
            return Err(self.refuse(format!(
                "an encoder has one input, but this one has {} ({}): export it with the others fixed",
                inputs.len(),
                names(inputs)
            )));
        };
        if let Some(name) = name.filter(|name| *name != input.name) {
            return Err(self.refuse(format!(
                "it has no input `{name}`: name `{}` in the card, or none",
                input.name
            )));
        }
        if input.element != Element::FLOAT32 {
            return Err(self.refuse(format!(
                "its input `{}` takes {}: export it with float32 input",
                input.name, input.element
            )));
        }
        Ok(input)
    }

    /// The name of the output, where there is one.
    pub(super) fn only_output(&self) -> Result<&str, EncodeError> {
        match self.graph.outputs.as_slice() {
            [output] => Ok(&output.name),
            outputs => Err(self.refuse(format!(
                "state in its card which output holds the vectors (`output.name`): {}",
                names(outputs)
            ))),
        }
    }

    /// An output that returns single-precision numbers.
    pub(super) fn output(&self, name: &str) -> Result<Wanted, EncodeError> {
        let outputs = &self.graph.outputs;
        let index = outputs.iter().position(|output| output.name == name);
        let Some(index) = index else {
            return Err(self.refuse(format!(
                "it has no output `{name}`, only {}",
                names(outputs)
            )));
        };
        let output = &outputs[index];
        if output.element != Element::FLOAT32 && output.element != Element::default() {
            return Err(self.refuse(format!(
                "its tensor `{name}` holds {}: choose one of float32, or export it so",
                output.element
            )));
        }
        Ok(Wanted {
            name: name.to_owned(),
            index,
        })
    }

    /// Whether the graph returns a tensor.
    pub(super) fn is_output(&self, name: &str) -> bool {
        self.graph.outputs.iter().any(|output| output.name == name)
    }

    /// Refuses a name of a tensor that the graph does not make, with those that may be meant; `key`
    /// is where the name stands in a card.
    pub(super) fn check_tensor(&self, name: &str, key: &str) -> Result<(), EncodeError> {
        if self.is_output(name) {
            return Ok(());
        }
        let nodes = self.nodes()?;
        if nodes.names().any(|made| made == name) {
            return Ok(());
        }
        Err(self.refuse(format!(
            "it has no tensor `{name}` (`{key}`): it returns {}{}; `latentarium info` on the .onnx lists all tensors",
            names(&self.graph.outputs),
            similar(name, &nodes)
        )))
    }

    /// The operations of the graph.
    pub(super) fn nodes(&self) -> Result<Nodes, EncodeError> {
        Nodes::read(&self.bytes).map_err(|_| {
            self.refuse("it is damaged inside: export or download it again".to_owned())
        })
    }

    /// This model with tensors inside it as its only outputs, in that order, and all its weights in
    /// memory. The hash stays that of the file.
    pub(super) fn cut(self, wanted: &[&str]) -> Result<Self, EncodeError> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let left = Cell::new(MAX_BYTES.saturating_sub(self.bytes.len() as u64));
        let read = |external: &External| {
            let length = external.end - external.start;
            let Some(less) = left.get().checked_sub(length) else {
                let reason = "the weights that lead to this tensor are more than the 2 GiB that a graph can hold: \
                              choose one further up, or export that part by itself";
                return Err(reason.to_owned());
            };
            left.set(less);
            let name = &external.location;
            read_part(&folder.join(name), external.start, length).map_err(|e| {
                format!(
                    "its weights lie in `{name}`, which cannot be read ({e}): copy it there again"
                )
            })
        };
        let bytes = onnx::cut(&self.bytes, wanted, &read).map_err(|reason| self.refuse(reason))?;
        let graph = onnx::describe(&bytes).map_err(|reason| self.refuse(reason))?;
        if !graph.external_files.is_empty() {
            return Err(self.refuse(
                "weights of a loop or a branch lie in a file of their own, so that no tensor inside can be taken: \
                 export it as one file"
                    .to_owned(),
            ));
        }
        if graph.inputs.is_empty() {
            return Err(self.refuse(format!(
                "its tensor `{}` is the same for every object: choose one further on",
                wanted.join("`, `")
            )));
        }
        Ok(Self {
            bytes,
            graph,
            ..self
        })
    }

    pub(super) fn refuse(&self, reason: String) -> EncodeError {
        EncodeError::Model {
            path: self.path.clone(),
            reason,
        }
    }
}

/// Bytes from the middle of a file.
fn read_part(path: &Path, start: u64, length: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length {
        Ok(bytes)
    } else {
        Err(std::io::ErrorKind::UnexpectedEof.into())
    }
}

/// Refuses a model of `size` bytes where it does not fit: an engine holds it twice while it opens it.
fn check_memory(size: u64, available: Option<u64>) -> Result<(), String> {
    let needed = size.saturating_mul(2);
    match available {
        Some(available) if needed > available => Err(format!(
            "it needs about {} of memory, and {} are left: close other programs, or use a machine that has more",
            memory::in_words(needed),
            memory::in_words(available)
        )),
        _ => Ok(()),
    }
}

/// Up to eight names, for a message.
fn names(tensors: &[Tensor]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<&str> = tensors
        .iter()
        .take(SHOWN)
        .map(|t| t.name.as_str())
        .collect();
    let more = if tensors.len() > SHOWN { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// Tensors that a mistyped name may mean, for a message: that with the nearest name, and those that
/// contain it.
fn similar(name: &str, nodes: &Nodes) -> String {
    const SHOWN: usize = 4;
    let lower = name.to_lowercase();
    let containing = nodes
        .names()
        .filter(|made| !lower.is_empty() && made.to_lowercase().contains(&lower));
    let mut found: Vec<&str> = Vec::new();
    for made in closest(name, nodes.names()).into_iter().chain(containing) {
        if found.len() < SHOWN && !found.contains(&made) {
            found.push(made);
        }
    }
    if found.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", found.join(", "))
    }
}
