//! Protobuf's wire format, read field by field without decoding weights.

/// The value of one field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// A varint.
    Int(u64),
    /// Text, a message or packed numbers.
    Bytes(&'a [u8]),
    /// A 32- or 64-bit number; none of those that matter here is one.
    Fixed,
}

/// The bytes are not protobuf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::encode) struct Malformed;

/// The fields of one message; ends after the first error.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// The varints of a packed field.
    pub(super) fn packed(bytes: &'a [u8]) -> impl Iterator<Item = Result<u64, Malformed>> {
        let mut fields = Self(bytes);
        std::iter::from_fn(move || fields.step(Self::varint))
    }

    /// What is read next; `None` at the end, which an error is as well.
    fn step<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Result<T, Malformed>> {
        if self.0.is_empty() {
            return None;
        }
        let found = read(self).ok_or(Malformed);
        if found.is_err() {
            self.0 = &[];
        }
        Some(found)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn field(&mut self) -> Option<(u32, Value<'a>)> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok()?;
        let value = match tag & 7 {
            0 => Value::Int(self.varint()?),
            1 => {
                self.take(8)?;
                Value::Fixed
            }
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => {
                self.take(4)?;
                Value::Fixed
            }
            _ => return None,
        };
        Some((number, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Self::field)
    }
}

/// Appends a field that holds a number.
pub(super) fn write_int(message: &mut Vec<u8>, number: u32, value: u64) {
    write_varint(message, u64::from(number) << 3);
    write_varint(message, value);
}

/// Appends a field that holds text or a message.
pub(super) fn write_bytes(message: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    write_varint(message, u64::from(number) << 3 | 2);
    write_varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

fn write_varint(message: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        message.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let mut message = Vec::new();
        write_int(&mut message, 5, u64::MAX);
        write_bytes(&mut message, 1000, &[7; 300]);
        let fields: Vec<_> = Fields::new(&message).map(Result::unwrap).collect();
        assert!(matches!(fields[0], (5, Value::Int(u64::MAX))));
        assert!(matches!(fields[1], (1000, Value::Bytes(bytes)) if bytes == [7; 300]));
    }

    #[test]
    fn reads_fields_and_stops_at_nonsense() {
        let message = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 1, 2, 3, 4];
        let fields: Vec<_> = Fields::new(&message).map(Result::unwrap).collect();
        assert!(matches!(fields[0], (1, Value::Int(150))));
        assert!(matches!(fields[1], (2, Value::Bytes(b"hi"))));
        assert!(matches!(fields[2], (3, Value::Fixed)));
        for bad in [&[0x12, 0x05, 1][..], &[0x0b], &[0x08], &[0xff; 12]] {
            let all: Vec<_> = Fields::new(bad).collect();
            assert_eq!(all.len(), 1);
            assert!(all[0].is_err());
        }
    }
}
