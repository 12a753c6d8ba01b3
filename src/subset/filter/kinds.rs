//! The kinds of values a condition computes with, and the few Arrow types they are computed in.

use std::fmt;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, NullArray, StringArray,
};

use arrow::datatypes::{DataType, TimeUnit};
use sqlparser::ast;

/// Whole numbers that need more than 63 bits.
pub(super) const WIDE: DataType = DataType::Decimal128(38, 0);

/// What can be compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Text,
    Truth,
    Time,
    /// The value NULL, which goes with every kind.
    Null,
    /// Lists, structures and bytes, of which only the absence can be asked.
    Other,
}

impl Kind {
    pub(super) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Truth,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Dictionary(_, value) => Self::of(value),
            DataType::Date32
            | DataType::Date64
            | DataType::Time32(_)
            | DataType::Time64(_)
            | DataType::Timestamp(..) => Self::Time,
            other if other.is_numeric() => Self::Number,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Truth => "true or false",
            Self::Time => "a date or time",
            Self::Null => "NULL",
            Self::Other => "a list or structure",
        })
    }
}

/// The type in which the values of a column are computed with.
///
/// Numbers are `Float64`, `Int64` or [`WIDE`], texts `Utf8`; times of day and dates keep their
/// resolution, and an instant is one of UTC.
pub(super) fn computed_in(column: &DataType) -> DataType {
    use DataType as T;
    match column {
        T::Dictionary(_, value) => computed_in(value),
        T::LargeUtf8 | T::Utf8View => T::Utf8,
        T::Timestamp(unit, _) => T::Timestamp(*unit, None),
        T::UInt64 | T::Decimal32(_, 0) | T::Decimal64(_, 0) | T::Decimal128(_, 0) => WIDE,
        other if other.is_integer() => T::Int64,
        other if other.is_numeric() => T::Float64,
        other => other.clone(),
    }
}

/// The type of two values that are compared, or are results of one CASE.
pub(super) fn common_type(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType as T;
    let time_of_day = |data_type: &T| matches!(data_type, T::Time32(_) | T::Time64(_));
    Some(match (one, other) {
        (one, other) if one == other => one.clone(),
        (T::Null, known) | (known, T::Null) => known.clone(),
        (one, other) if Kind::of(one) != Kind::of(other) => return None,
        (T::Float64, _) | (_, T::Float64) => T::Float64,
        (one, _) if Kind::of(one) == Kind::Number => WIDE,
        (one, other) if time_of_day(one) && time_of_day(other) => T::Time64(TimeUnit::Nanosecond),
        // of nanoseconds, 64 bits hold less than the centuries of observations there are
        (one, other) if Kind::of(one) == Kind::Time && !time_of_day(one) && !time_of_day(other) => {
            T::Timestamp(TimeUnit::Microsecond, None)
        }
        _ => return None,
    })
}

/// A value as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Truth(bool),
    Text(String),
    Whole(i128),
    Float(f64),
}

impl Literal {
    /// A number: whole if it can be.
    pub(super) fn number(text: &str) -> Option<Self> {
        // what a decimal of 38 digits holds
        let most = 10_i128.pow(38);
        if let Ok(whole) = text.parse::<i128>()
            && (-most..most).contains(&whole)
        {
            return Some(Self::Whole(whole));
        }
        let float = text.parse::<f64>().ok().filter(|float| float.is_finite())?;
        // -0 is 0
        Some(Self::Float(float + 0.0))
    }

    /// A whole number as such, even when it is written as a float.
    pub(super) fn whole(&self) -> Option<i128> {
        match *self {
            Self::Whole(whole) => Some(whole),
            Self::Float(float) if float.fract() == 0.0 && float.abs() < 1e38 => Some(float as i128),
            _ => None,
        }
    }

    pub(super) fn float(&self) -> Option<f64> {
        match *self {
            Self::Whole(whole) => Some(whole as f64),
            Self::Float(float) => Some(float),
            _ => None,
        }
    }

    /// One row.
    pub(super) fn array(&self) -> ArrayRef {
        match self {
            Self::Null => Arc::new(NullArray::new(1)),
            Self::Truth(truth) => Arc::new(BooleanArray::from(vec![*truth])),
            Self::Text(text) => Arc::new(StringArray::from(vec![text.as_str()])),
            Self::Float(float) => Arc::new(Float64Array::from(vec![*float])),
            Self::Whole(whole) => match i64::try_from(*whole) {
                Ok(whole) => Arc::new(Int64Array::from(vec![whole])),
                Err(_) => Arc::new(Decimal128Array::from(vec![*whole]).with_data_type(WIDE)),
            },
        }
    }
}

/// The type that a cast names.
pub(super) fn cast_type(name: &ast::DataType) -> Option<DataType> {
    use ast::DataType as Sql;
    Some(match name {
        Sql::Double(_) | Sql::DoublePrecision | Sql::Float(_) | Sql::Float8 | Sql::Float64 => {
            DataType::Float64
        }
        Sql::Real | Sql::Float4 | Sql::Float32 => DataType::Float32,
        Sql::Int(_) | Sql::Integer(_) | Sql::BigInt(_) | Sql::Int8(_) | Sql::Int64 => {
            DataType::Int64
        }
        Sql::SmallInt(_) => DataType::Int16,
        Sql::TinyInt(_) => DataType::Int8,
        Sql::Text
        | Sql::Varchar(None)
        | Sql::CharacterVarying(None)
        | Sql::CharVarying(None)
        | Sql::String(None) => DataType::Utf8,
        Sql::Bool | Sql::Boolean => DataType::Boolean,
        Sql::Date => DataType::Date32,
        _ => return None,
    })
}
