//! Where a tensor of weights is stored, and whether what is stored can hold its shape.

use super::text;
use super::wire::{Fields, Malformed, Value};

/// What the file says of one tensor of weights.
#[derive(Debug, Default)]
pub(super) struct Weights {
    pub name: String,
    /// Values; `None` where they are more than can be counted.
    values: Option<u64>,
    /// As in `TensorProto.DataType`.
    element: u64,
    /// Bytes of the values as they lie in memory.
    raw: Option<u64>,
    /// The most values that numbers written one by one can stand for.
    typed: u64,
    is_external: bool,
    location: Option<String>,
    offset: Option<String>,
    length: Option<String>,
}

/// Weights in another file.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::encode) struct External {
    /// Relative to the model's folder, unchecked.
    pub location: String,
    /// First byte.
    pub start: u64,
    /// End, which the file must reach.
    pub end: u64,
}

impl Weights {
    /// Reads a `TensorProto`, skipping its values.
    pub fn read(tensor: &[u8]) -> Result<Self, Malformed> {
        let mut weights = Self {
            values: Some(1),
            ..Self::default()
        };
        for field in Fields::new(tensor) {
            match field? {
                (1, Value::Int(length)) => weights.axis(length),
                (1, Value::Bytes(packed)) => {
                    for length in Fields::packed(packed) {
                        weights.axis(length?);
                    }
                }
                (2, Value::Int(element)) => weights.element = element,
                (4, Value::Bytes(packed)) => weights.typed += packed.len() as u64 / 4,
                (10, Value::Bytes(packed)) => weights.typed += packed.len() as u64 / 8,
                (5 | 7 | 11, Value::Bytes(packed)) => weights.typed += packed.len() as u64,
                (4 | 5 | 7 | 10 | 11, Value::Int(_) | Value::Fixed) => weights.typed += 1,
                (8, Value::Bytes(bytes)) => weights.name = text(bytes),
                (9, Value::Bytes(bytes)) => weights.raw = Some(bytes.len() as u64),
                (13, Value::Bytes(entry)) => weights.entry(entry)?,
                (14, Value::Int(place)) => weights.is_external = place == 1,
                _ => {}
            }
        }
        Ok(weights)
    }

    fn axis(&mut self, length: u64) {
        // An axis below zero is a number beyond all others here.
        self.values = self.values.and_then(|values| values.checked_mul(length));
    }

    /// One entry of `external_data`.
    fn entry(&mut self, entry: &[u8]) -> Result<(), Malformed> {
        let (mut key, mut value) = (String::new(), String::new());
        for field in Fields::new(entry) {
            match field? {
                (1, Value::Bytes(bytes)) => key = text(bytes),
                (2, Value::Bytes(bytes)) => value = text(bytes),
                _ => {}
            }
        }
        match key.as_str() {
            "location" => self.location = Some(value),
            "offset" => self.offset = Some(value),
            "length" => self.length = Some(value),
            _ => {}
        }
        Ok(())
    }

    /// Bytes of the values, where each takes a whole number of them.
    fn bytes(&self) -> Result<Option<u64>, String> {
        let size = match self.element {
            2 | 3 | 9 | 17..=20 => 1,
            4 | 5 | 10 | 16 => 2,
            1 | 6 | 12 => 4,
            7 | 11 | 13 | 14 => 8,
            15 => 16,
            _ => return Ok(None),
        };
        let bytes = self.values.and_then(|values| values.checked_mul(size));
        let too_large = || self.fault("are said to be larger than any file");
        bytes.map(Some).ok_or_else(too_large)
    }

    fn fault(&self, what: &str) -> String {
        format!(
            "its weights `{}` {what}: export or download it again",
            self.name
        )
    }

    /// Where they lie, if that is in another file.
    ///
    /// # Errors
    /// One clause where what is stored cannot hold the shape.
    pub fn stored(&self) -> Result<Option<External>, String> {
        let bytes = self.bytes()?;
        if self.is_external || self.location.is_some() {
            let number = |text: &Option<String>| match text {
                Some(text) => {
                    let not_a_number =
                        |_| self.fault(&format!("lie at `{text}` of a file, which is no place"));
                    text.trim().parse::<u64>().map(Some).map_err(not_a_number)
                }
                None => Ok(None),
            };
            let (offset, length) = (number(&self.offset)?, number(&self.length)?);
            if let (Some(bytes), Some(length)) = (bytes, length)
                && bytes != length
            {
                return Err(self.fault(&format!(
                    "have {length} bytes where their shape needs {bytes}"
                )));
            }
            let start = offset.unwrap_or(0);
            let end = start.checked_add(length.or(bytes).unwrap_or(0));
            return Ok(Some(External {
                location: self.location.clone().unwrap_or_default(),
                start,
                end: end.ok_or_else(|| self.fault("end beyond any file"))?,
            }));
        }
        match (bytes, self.raw) {
            (Some(bytes), Some(raw)) if bytes != raw => {
                Err(self.fault(&format!("have {raw} bytes where their shape needs {bytes}")))
            }
            (Some(_), None) if self.values.is_some_and(|values| values > self.typed) => Err(self
                .fault(&format!(
                    "have at most {} values where their shape needs {}",
                    self.typed,
                    self.values.unwrap_or(0)
                ))),
            _ => Ok(None),
        }
    }
}
