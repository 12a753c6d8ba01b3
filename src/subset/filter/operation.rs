//! The operations of a condition, each over whole arrays of the types it needs.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Datum, Float64Array,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::kernels::zip::zip;
use arrow::compute::kernels::{boolean, cmp, numeric};
use arrow::compute::{binary, cast, nullif};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use arrow::error::ArrowError;

use super::canonical::canonical;
use super::formula::{Value, certain};
use super::kinds::{Literal, WIDE};
use super::texts;

/// Compares two values row by row.
pub(super) type Test = fn(&dyn Datum, &dyn Datum) -> Result<BooleanArray, ArrowError>;

/// What is done with the values of one or several formulas.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    /// A comparison, numeric or of texts.
    Test(Test),
    /// AND or OR.
    Join(fn(&BooleanArray, &BooleanArray) -> Result<BooleanArray, ArrowError>),
    Not,
    IsNull,
    Among(Arc<Members>),
    Arithmetic(fn(&dyn Datum, &dyn Datum) -> Result<ArrayRef, ArrowError>),
    /// A bad row gives NULL.
    Cast(DataType),
    /// The first value that is not NULL.
    Coalesce,
    /// The value that compares so with all others that are not NULL.
    Extreme(Test),
    /// NULL where two values are equal.
    NullIf,
    Float(fn(f64) -> f64),
    Floats(fn(f64, f64) -> f64),
    Text(fn(&str) -> String),
    Length,
    Substring,
    /// The texts one after the other; a NULL counts for nothing, or makes the whole NULL.
    Concat {
        skip_nulls: bool,
    },
}

impl Operation {
    /// One row for each of `rows`.
    pub(super) fn apply(&self, arguments: &[Value], rows: usize) -> Result<ArrayRef, ArrowError> {
        Ok(match (self, arguments) {
            (Self::Test(test), [left, right]) => Arc::new(test(left, right)?),
            (Self::Join(join), [left, right]) => {
                let (left, right) = (left.rows(rows)?, right.rows(rows)?);
                Arc::new(join(left.as_boolean(), right.as_boolean())?)
            }
            (Self::Not, [truth]) => Arc::new(boolean::not(truth.array.as_boolean())?),
            (Self::IsNull, [value]) => Arc::new(boolean::is_null(&value.array)?),
            (Self::Among(members), [value]) => Arc::new(members.test(&value.array)),
            (Self::Arithmetic(compute), [left, right]) => canonical(compute(left, right)?),
            (Self::Cast(target), [value]) => canonical(cast(&value.array, target)?),
            (Self::Coalesce, [values @ .., last]) => {
                values.iter().try_rfold(last.rows(rows)?, |rest, value| {
                    let value = value.rows(rows)?;
                    zip(&boolean::is_not_null(&value)?, &value, &rest)
                })?
            }
            (Self::Extreme(test), [first, others @ ..]) => {
                others.iter().try_fold(first.rows(rows)?, |best, value| {
                    let value = value.rows(rows)?;
                    let better = certain(&test(&best, &value)?);
                    let alone = boolean::is_null(&value)?;
                    zip(&boolean::or(&better, &alone)?, &best, &value)
                })?
            }
            (Self::NullIf, [value, other]) => {
                let (value, other) = (value.rows(rows)?, other.rows(rows)?);
                nullif(&value, &cmp::eq(&value, &other)?)?
            }
            (Self::Float(compute), [x]) => {
                let floats = x.array.as_primitive::<Float64Type>();
                canonical(Arc::new(floats.unary::<_, Float64Type>(compute)))
            }
            (Self::Floats(compute), [x, y]) => {
                let (x, y) = (x.rows(rows)?, y.rows(rows)?);
                let [x, y] = [&x, &y].map(AsArray::as_primitive::<Float64Type>);
                let floats: Float64Array = binary(x, y, compute)?;
                canonical(Arc::new(floats))
            }
            (Self::Text(change), [text]) => texts::map(&text.array, *change),
            (Self::Length, [text]) => texts::length(&text.array),
            (Self::Substring, [text, bounds @ ..]) => {
                let bounds = bounds.iter().map(|bound| bound.rows(rows));
                texts::substring(&text.rows(rows)?, &bounds.collect::<Result<Vec<_>, _>>()?)
            }
            (Self::Concat { skip_nulls }, parts) => {
                let parts = parts.iter().map(|part| part.rows(rows));
                texts::concat(&parts.collect::<Result<Vec<_>, _>>()?, rows, *skip_nulls)
            }
            _ => {
                let message = "an operation has the wrong number of values".to_owned();
                return Err(ArrowError::ComputeError(message));
            }
        })
    }
}

/// The remainder of a division; by 0 it is NULL.
pub(super) fn remainder(left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
    let (divisors, constant) = right.get();
    if *divisors.data_type() == DataType::Float64 {
        return numeric::rem(left, right);
    }
    let zero = cast(&Literal::Whole(0).array(), divisors.data_type())?;
    let is_zero = cmp::eq(&divisors, &arrow::array::Scalar::new(zero))?;
    let array = nullif(divisors, &is_zero)?;
    numeric::rem(left, &Value { array, constant })
}

/// The values of a long list.
#[derive(Debug)]
pub(super) enum Members {
    /// Whole numbers, or the bits of floats.
    Numbers(HashSet<i128>),
    Texts(HashSet<String>),
}

impl Members {
    /// The members among literals that were fitted to values of a type; `None` for dates and truths.
    pub(super) fn new<'a>(
        literals: impl Iterator<Item = &'a Literal>,
        of: &DataType,
    ) -> Option<Self> {
        let text = |literal: &Literal| match literal {
            Literal::Text(text) => Some(text.clone()),
            _ => None,
        };
        let bits = |literal: &Literal| literal.float().map(|x| i128::from(x.to_bits()));
        Some(match of {
            DataType::Utf8 => Self::Texts(literals.filter_map(text).collect()),
            DataType::Float64 => Self::Numbers(literals.filter_map(bits).collect()),
            // no whole number equals a fraction
            DataType::Int64 | &WIDE => Self::Numbers(literals.filter_map(Literal::whole).collect()),
            _ => return None,
        })
    }

    fn test(&self, array: &ArrayRef) -> BooleanArray {
        let values = match (self, array.data_type()) {
            (Self::Texts(set), _) => {
                let texts = array.as_string::<i32>();
                BooleanBuffer::collect_bool(texts.len(), |i| set.contains(texts.value(i)))
            }
            (Self::Numbers(set), DataType::Int64) => among::<Int64Type>(array, set, i128::from),
            (Self::Numbers(set), DataType::Float64) => {
                among::<Float64Type>(array, set, |x| i128::from(x.to_bits()))
            }
            (Self::Numbers(set), _) => among::<Decimal128Type>(array, set, |x| x),
        };
        BooleanArray::new(values, array.nulls().cloned())
    }
}

fn among<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    set: &HashSet<i128>,
    key: impl Fn(T::Native) -> i128,
) -> BooleanBuffer {
    let values = array.as_primitive::<T>().values();
    BooleanBuffer::collect_bool(values.len(), |i| set.contains(&key(values[i])))
}
