//! The name, type and shape of a graph's inputs and outputs.

use std::fmt;

use super::text;
use super::wire::{Fields, Malformed, Value};

/// Name, element type and shape of one input or output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::encode) struct Tensor {
    pub(in crate::encode) name: String,
    pub(in crate::encode) element: Element,
    /// `None` when the file states no shape.
    pub(in crate::encode) dims: Option<Vec<Dim>>,
}

/// Number of the element type, as in `TensorProto.DataType`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::encode) struct Element(u64);

impl Element {
    pub(in crate::encode) const FLOAT32: Self = Self(1);
}

/// Length of one axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::encode) enum Dim {
    Fixed(usize),
    Named(String),
    Open,
}

impl Tensor {
    /// Reads a `ValueInfoProto`.
    pub(super) fn read(info: &[u8]) -> Result<Self, Malformed> {
        let mut tensor = Self::default();
        for field in Fields::new(info) {
            match field? {
                (1, Value::Bytes(name)) => tensor.name = text(name),
                (2, Value::Bytes(kind)) => {
                    for field in Fields::new(kind) {
                        if let (1, Value::Bytes(kind)) = field? {
                            tensor_type(kind, &mut tensor)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(tensor)
    }
}

fn tensor_type(kind: &[u8], tensor: &mut Tensor) -> Result<(), Malformed> {
    for field in Fields::new(kind) {
        match field? {
            (1, Value::Int(element)) => tensor.element = Element(element),
            (2, Value::Bytes(shape)) => {
                let dims = tensor.dims.insert(Vec::new());
                for field in Fields::new(shape) {
                    if let (1, Value::Bytes(axis)) = field? {
                        dims.push(dim(axis)?);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn dim(axis: &[u8]) -> Result<Dim, Malformed> {
    let mut dim = Dim::Open;
    for field in Fields::new(axis) {
        match field? {
            // Some exporters write -1 for an open axis.
            (1, Value::Int(length)) => {
                dim = u32::try_from(length).map_or(Dim::Open, |n| Dim::Fixed(n as usize));
            }
            (2, Value::Bytes(name)) if !name.is_empty() => dim = Dim::Named(text(name)),
            _ => {}
        }
    }
    Ok(dim)
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 17] = [
            "an unknown type",
            "float32",
            "uint8",
            "int8",
            "uint16",
            "int16",
            "int32",
            "int64",
            "text",
            "bool",
            "float16",
            "float64",
            "uint32",
            "uint64",
            "complex64",
            "complex128",
            "bfloat16",
        ];
        let index = usize::try_from(self.0).unwrap_or(0);
        f.write_str(NAMES.get(index).unwrap_or(&NAMES[0]))
    }
}

/// Such as `batch x 3 x 64 x 64`; an axis without a length or name is `?`.
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(dims) = &self.dims else {
            return f.write_str("of unknown shape");
        };
        for (i, dim) in dims.iter().enumerate() {
            if i > 0 {
                f.write_str(" x ")?;
            }
            match dim {
                Dim::Fixed(length) => write!(f, "{length}")?,
                Dim::Named(name) => f.write_str(name)?,
                Dim::Open => f.write_str("?")?,
            }
        }
        Ok(())
    }
}
