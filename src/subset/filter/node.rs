//! A typed part of a condition while it is compiled, and how two of them come to one type.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};

use super::FilterError;
use super::formula::Formula;
use super::kinds::{Kind, Literal, common_type, computed_in};
use super::operation::Operation;

/// A place in the text.
pub(super) type Place = Option<Range<usize>>;

/// A typed part of a condition.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) formula: Formula,
    pub(super) data_type: DataType,
    /// The type of less than 64 bits that the floats were rounded to; a literal takes it on.
    pub(super) narrow: Option<DataType>,
    /// The value of a literal, which can still take another type without loss.
    pub(super) value: Option<Literal>,
    pub(super) at: Place,
}

impl Node {
    pub(super) fn literal(value: Literal) -> Self {
        let array = value.array();
        let node = Self::computed(Formula::Literal(array.clone()), array.data_type());
        let value = Some(value);
        Self { value, ..node }
    }

    pub(super) fn column(formula: Formula, stored: &DataType) -> Self {
        let values = match stored {
            DataType::Dictionary(_, values) => values,
            other => other,
        };
        let narrow = [DataType::Float16, DataType::Float32].contains(values);
        let narrow = narrow.then(|| values.clone());
        Self::computed(formula, &computed_in(stored)).narrowed(narrow)
    }

    pub(super) fn computed(formula: Formula, data_type: &DataType) -> Self {
        Self {
            formula,
            data_type: data_type.clone(),
            narrow: None,
            value: None,
            at: None,
        }
    }

    /// A condition.
    pub(super) fn truth(formula: Formula) -> Self {
        Self::computed(formula, &DataType::Boolean)
    }

    pub(super) fn narrowed(self, narrow: Option<DataType>) -> Self {
        Self { narrow, ..self }
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::of(&self.data_type)
    }

    /// The same value in another type.
    pub(super) fn cast_to(mut self, target: &DataType) -> Self {
        if self.data_type == *target {
            return self;
        }
        if *target == DataType::Utf8
            && let Some(narrow) = self.narrow.take()
        {
            // as short as it was before it was widened
            self = self.cast_to(&narrow);
        }
        let literal = match &self.value {
            Some(Literal::Null) => Some(new_null_array(target, 1)),
            Some(literal) => cast(&literal.array(), target).ok(),
            None => None,
        };
        self.formula = match literal {
            Some(array) => Formula::Literal(array),
            None => Formula::one(Operation::Cast(target.clone()), self.formula),
        };
        self.data_type = target.clone();
        self
    }

    /// A condition, NULL included.
    pub(super) fn into_truth(self) -> Result<Formula, FilterError> {
        match self.kind() {
            Kind::Truth | Kind::Null => Ok(self.cast_to(&DataType::Boolean).formula),
            kind => Err(FilterError::at(
                format!("expected a condition, but this is {kind}"),
                self.at,
            )),
        }
    }

    /// A literal in the form that compares exactly with `other`; everything else as it is.
    pub(super) fn fitted(self, other: &Self) -> Self {
        let Some(value) = self.value.as_ref().filter(|_| other.value.is_none()) else {
            return self;
        };
        let fitted = match (other.kind(), &other.data_type) {
            (Kind::Number, DataType::Float64) => {
                let float = value.float().map(|x| rounded(x, other.narrow.as_ref()));
                float.map(|float| Self::literal(Literal::Float(float)))
            }
            (Kind::Number, _) => value.whole().map(Literal::Whole).map(Self::literal),
            (Kind::Time, time) => {
                readable(value, time).map(|array| Self::computed(Formula::Literal(array), time))
            }
            _ => None,
        };
        let at = self.at.clone();
        Self {
            at,
            ..fitted.unwrap_or(self)
        }
    }

    /// Two values that may be compared, a literal in the form that compares exactly.
    pub(super) fn checked(self, other: Self) -> Result<(Self, Self), FilterError> {
        check_kinds(&self, &other)?;
        let one = self.fitted(&other);
        let other = other.fitted(&one);
        Ok((one, other))
    }

    /// Brings two values to a type in which they can be compared.
    pub(super) fn matched(self, other: Self) -> Result<(Self, Self), FilterError> {
        let (one, other) = self.checked(other)?;
        let common = match common_type(&one.data_type, &other.data_type) {
            Some(DataType::Null) => DataType::Boolean,
            Some(common) => common,
            None => {
                let message = "a date cannot be compared with a time of day";
                return Err(FilterError::at(message, other.at));
            }
        };
        Ok((one.cast_to(&common), other.cast_to(&common)))
    }
}

/// A number rounded to a type of less bits, unless that makes it infinite.
fn rounded(x: f64, narrow: Option<&DataType>) -> f64 {
    let round = |narrow| {
        let wide = Float64Array::from(vec![x]);
        let narrow = cast(&cast(&wide, narrow).ok()?, &DataType::Float64).ok()?;
        Some(narrow.as_primitive::<Float64Type>().value(0))
    };
    let narrow = narrow.and_then(round).filter(|x| x.is_finite());
    narrow.unwrap_or(x) + 0.0
}

/// A written text as a date or time.
fn readable(value: &Literal, time: &DataType) -> Option<ArrayRef> {
    let array = cast(&value.array(), time).ok()?;
    (matches!(value, Literal::Text(_)) && array.is_valid(0)).then_some(array)
}

/// Numbers go with numbers and texts with texts; a written text can also be a date.
fn check_kinds(left: &Node, right: &Node) -> Result<(), FilterError> {
    let kinds = (left.kind(), right.kind());
    for (time, text) in [(left, right), (right, left)] {
        if time.kind() == Kind::Time
            && let Some(value @ Literal::Text(_)) = &text.value
        {
            return match readable(value, &time.data_type) {
                Some(_) => Ok(()),
                None => Err(FilterError::at(
                    "this text is no date or time",
                    text.at.clone(),
                )),
            };
        }
        if time.kind() == Kind::Other {
            let message = format!("{} cannot be compared", Kind::Other);
            return Err(FilterError::at(message, time.at.clone()));
        }
    }
    if kinds.0 == kinds.1 || kinds.0 == Kind::Null || kinds.1 == Kind::Null {
        return Ok(());
    }
    let message = format!("{} cannot be compared with {}", kinds.0, kinds.1);
    let at = match (&left.at, &right.at) {
        (Some(left), Some(right)) => Some(left.start.min(right.start)..left.end.max(right.end)),
        (one, other) => one.clone().or_else(|| other.clone()),
    };
    Err(FilterError::at(message, at))
}
