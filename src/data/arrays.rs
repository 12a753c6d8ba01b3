//! Named arrays with facts about them: what a fitted model is taken apart into to be kept in a file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Provenance;

/// Why arrays do not make what they should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArraysError {
    /// One is not there.
    #[error("\"{0}\" is missing")]
    Missing(String),
    /// One has another shape or type of values.
    #[error("\"{name}\" should be {expected} and is {found}")]
    Shape {
        /// The array.
        name: String,
        /// Such as "f32 10 x 2".
        expected: String,
        /// What it is.
        found: String,
    },
    /// Values that cannot be.
    #[error("\"{0}\" holds values that cannot be right")]
    Values(String),
}

/// The values of an array.
#[derive(Debug, Clone, PartialEq)]
pub enum Values<'a> {
    /// Single precision.
    F32(Cow<'a, [f32]>),
    /// Double precision.
    F64(Cow<'a, [f64]>),
    /// Numbers of things.
    U32(Cow<'a, [u32]>),
}

impl Values<'_> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
            Self::U32(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::F32(_) => f32::KIND,
            Self::F64(_) => f64::KIND,
            Self::U32(_) => u32::KIND,
        }
    }
}

/// A type of values.
pub trait Value: Clone + Sized {
    /// Name of the type.
    const KIND: &'static str;

    /// Values of this type as an array's.
    fn wrap(values: Cow<'_, [Self]>) -> Values<'_>;

    /// The values, where they are of this type.
    fn unwrap(values: Values<'_>) -> Option<Cow<'_, [Self]>>;
}

macro_rules! value {
    ($type:ty, $variant:ident, $kind:literal) => {
        impl Value for $type {
            const KIND: &'static str = $kind;

            fn wrap(values: Cow<'_, [Self]>) -> Values<'_> {
                Values::$variant(values)
            }

            fn unwrap(values: Values<'_>) -> Option<Cow<'_, [Self]>> {
                match values {
                    Values::$variant(values) => Some(values),
                    _ => None,
                }
            }
        }
    };
}

value!(f32, F32, "f32");
value!(f64, F64, "f64");
value!(u32, U32, "u32");

/// One array, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Array<'a> {
    /// Length along each axis; their product is the number of values.
    pub shape: Vec<usize>,
    /// The values.
    pub values: Values<'a>,
}

/// Arrays by name, and facts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arrays<'a> {
    /// Text by name.
    pub facts: Provenance,
    /// The arrays by name.
    pub arrays: BTreeMap<String, Array<'a>>,
}

impl<'a> Arrays<'a> {
    /// Adds an array; `values` may be borrowed.
    pub fn put<T: Value + 'a>(
        &mut self,
        name: &str,
        shape: &[usize],
        values: impl Into<Cow<'a, [T]>>,
    ) {
        let array = Array {
            shape: shape.to_vec(),
            values: T::wrap(values.into()),
        };
        debug_assert_eq!(array.values.len(), shape.iter().product::<usize>());
        self.arrays.insert(name.to_owned(), array);
    }

    /// Length of an array along its first axis.
    ///
    /// # Errors
    /// When there is no such array, or it has no axes.
    pub fn len_of(&self, name: &str) -> Result<usize, ArraysError> {
        let array = self.arrays.get(name);
        let missing = || ArraysError::Missing(name.to_owned());
        array
            .and_then(|array| array.shape.first().copied())
            .ok_or_else(missing)
    }

    /// Takes an array of a known shape out.
    ///
    /// # Errors
    /// When it is not there, or is another.
    pub fn take<T: Value>(&mut self, name: &str, shape: &[usize]) -> Result<Vec<T>, ArraysError> {
        let array = self.arrays.remove(name);
        let array = array.ok_or_else(|| ArraysError::Missing(name.to_owned()))?;
        let refuse = |found: &'static str, of: &[usize]| ArraysError::Shape {
            name: name.to_owned(),
            expected: described(T::KIND, shape),
            found: described(found, of),
        };
        let kind = array.values.kind();
        if array.shape != shape {
            return Err(refuse(kind, &array.shape));
        }
        let values = T::unwrap(array.values).ok_or_else(|| refuse(kind, &array.shape))?;
        Ok(values.into_owned())
    }

    /// A fact, read as what it should be.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn fact<T: std::str::FromStr>(&self, name: &str) -> Result<T, ArraysError> {
        let text = self.facts.get(name);
        let text = text.ok_or_else(|| ArraysError::Missing(name.to_owned()))?;
        text.parse()
            .map_err(|_| ArraysError::Values(name.to_owned()))
    }
}

fn described(kind: &str, shape: &[usize]) -> String {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("{kind} {}", lengths.join(" x "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_is_what_was_put_in() {
        let mut arrays = Arrays::default();
        arrays.put("a", &[2, 2], vec![1.0_f32, 2.0, 3.0, 4.0]);
        arrays.facts = arrays.facts.with("n", "7");
        assert_eq!(arrays.fact::<u32>("n"), Ok(7));
        assert_eq!(arrays.len_of("a"), Ok(2));
        let wrong = arrays.clone().take::<f32>("a", &[4]).unwrap_err();
        assert_eq!(wrong.to_string(), "\"a\" should be f32 4 and is f32 2 x 2");
        assert!(arrays.clone().take::<u32>("a", &[2, 2]).is_err());
        assert_eq!(arrays.take("a", &[2, 2]), Ok(vec![1.0_f32, 2.0, 3.0, 4.0]));
        let missing = arrays.take::<f32>("a", &[2, 2]).unwrap_err();
        assert_eq!(missing, ArraysError::Missing("a".to_owned()));
    }
}
