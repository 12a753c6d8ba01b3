//! One `.onnx` file in memory with its description.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::EncodeError;
use super::onnx::{self, Element, Graph, Tensor};

/// Protobuf cannot hold more, so a larger file is no model.
const MAX_BYTES: u64 = 2 << 30;

/// The bytes of a model, what its graph says, and its hash.
pub(super) struct Model {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) graph: Graph,
    /// 64 lower-case hex digits.
    pub(super) sha256: String,
}

impl Model {
    /// Reads a model file; files that hold its weights must lie beside it.
    pub(super) fn load(path: &Path) -> Result<Self, EncodeError> {
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
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(metadata.len() as usize)
            .map_err(|_| {
                refuse(format!(
                    "it needs {} MiB of memory, more than there is",
                    metadata.len() >> 20
                ))
            })?;
        file.take(MAX_BYTES)
            .read_to_end(&mut bytes)
            .map_err(read_error)?;
        let graph = onnx::describe(&bytes).map_err(refuse)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for name in &graph.external_files {
            if !folder.join(name).is_file() {
                return Err(refuse(format!(
                    "its weights lie in `{name}`, which is not beside it: copy it there"
                )));
            }
        }
        let sha256 = Sha256::digest(&bytes)
            .iter()
            .fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            });
        Ok(Self {
            path: path.to_owned(),
            bytes,
            graph,
            sha256,
        })
    }

    /// The input that takes the pictures: the one of that name, or the only one.
    pub(super) fn image_input(&self, name: Option<&str>) -> Result<&Tensor, EncodeError> {
        let inputs = &self.graph.inputs;
        let [input] = inputs.as_slice() else {
            return Err(self.refuse(format!(
                "an image encoder has one input, but this one has {} ({}): export it with the others fixed",
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

    /// The position and description of the output that holds the vectors.
    pub(super) fn embedding_output(
        &self,
        name: Option<&str>,
    ) -> Result<(usize, &Tensor), EncodeError> {
        let outputs = &self.graph.outputs;
        let found = match name {
            Some(name) => outputs.iter().position(|output| output.name == name),
            None if outputs.len() == 1 => Some(0),
            None => None,
        };
        let Some(index) = found else {
            return Err(self.refuse(format!(
                "state in its card which output holds the vectors (`output.name`): {}",
                names(outputs)
            )));
        };
        let output = &outputs[index];
        if output.element != Element::FLOAT32 && output.element != Element::default() {
            return Err(self.refuse(format!(
                "its output `{}` holds {}: export it with float32 output",
                output.name, output.element
            )));
        }
        Ok((index, output))
    }

    pub(super) fn refuse(&self, reason: String) -> EncodeError {
        EncodeError::Model {
            path: self.path.clone(),
            reason,
        }
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
