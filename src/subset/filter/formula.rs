//! A compiled condition: a tree that is evaluated over a block of rows.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Datum, UInt32Array};
use arrow::compute::kernels::merge::merge;
use arrow::compute::{FilterBuilder, not, take};
use arrow::error::ArrowError;

use super::operation::Operation;

/// A typed computation; what it is applied to has the types it needs.
#[derive(Debug)]
pub(super) enum Formula {
    /// One row.
    Literal(ArrayRef),
    /// The index among the columns that the condition reads.
    Column(usize),
    /// What the `Let` of this slot, around this, has computed.
    Shared(usize),
    /// Computes a value once for a body that needs it several times.
    Let {
        slot: usize,
        value: Box<Formula>,
        body: Box<Formula>,
    },
    /// The result of the first condition that holds; each is computed only where it is needed.
    Case {
        branches: Vec<(Formula, Formula)>,
        otherwise: Box<Formula>,
    },
    Apply(Operation, Vec<Formula>),
}

impl Formula {
    pub(super) fn one(operation: Operation, operand: Self) -> Self {
        Self::Apply(operation, vec![operand])
    }

    pub(super) fn two(operation: Operation, left: Self, right: Self) -> Self {
        Self::Apply(operation, vec![left, right])
    }

    pub(super) fn negated(self, negated: bool) -> Self {
        if negated {
            Self::one(Operation::Not, self)
        } else {
            self
        }
    }

    pub(super) fn evaluate(&self, block: &Block) -> Result<Value, ArrowError> {
        Ok(match self {
            Self::Literal(array) => Value {
                array: array.clone(),
                constant: true,
            },
            Self::Column(index) => Value {
                array: block.columns[*index].clone(),
                constant: false,
            },
            Self::Shared(slot) => block.shared(*slot)?.clone(),
            Self::Let { slot, value, body } => {
                let mut inner = block.clone();
                inner.shared.push((*slot, value.evaluate(block)?));
                body.evaluate(&inner)?
            }
            Self::Case {
                branches,
                otherwise,
            } => case(branches, otherwise, block)?,
            Self::Apply(operation, arguments) => {
                let arguments = arguments.iter().map(|argument| argument.evaluate(block));
                let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
                let constant = arguments.iter().all(|argument| argument.constant);
                let rows = if constant { 1 } else { block.rows };
                Value {
                    array: operation.apply(&arguments, rows)?,
                    constant,
                }
            }
        })
    }
}

fn case(
    branches: &[(Formula, Formula)],
    otherwise: &Formula,
    block: &Block,
) -> Result<Value, ArrowError> {
    let mut rest = block.clone();
    let mut chosen = Vec::with_capacity(branches.len());
    for (condition, result) in branches {
        let mask = condition.evaluate(&rest)?.rows(rest.rows)?;
        let mask = certain(mask.as_boolean());
        chosen.push((mask.clone(), result.evaluate(&rest.select(&mask)?)?));
        rest = rest.select(&not(&mask)?)?;
    }
    let mut value = otherwise.evaluate(&rest)?;
    for (mask, result) in chosen.iter().rev() {
        value = Value {
            array: merge(mask, result, &value)?,
            constant: false,
        };
    }
    Ok(value)
}

/// A mask without nulls: NULL is not set.
pub(super) fn certain(mask: &BooleanArray) -> BooleanArray {
    let values = match mask.nulls() {
        Some(valid) => mask.values() & valid.inner(),
        None => mask.values().clone(),
    };
    BooleanArray::new(values, None)
}

/// Some rows of the columns that a condition reads.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) rows: usize,
    pub(super) columns: Vec<ArrayRef>,
    shared: Vec<(usize, Value)>,
}

impl Block {
    pub(super) fn new(rows: usize, columns: Vec<ArrayRef>) -> Self {
        Self {
            rows,
            columns,
            shared: Vec::new(),
        }
    }

    fn shared(&self, slot: usize) -> Result<&Value, ArrowError> {
        let found = self.shared.iter().rev().find(|(other, _)| *other == slot);
        let missing = || ArrowError::ComputeError("a shared value is missing".to_owned());
        found.map(|(_, value)| value).ok_or_else(missing)
    }

    /// The rows at which `mask` is set.
    fn select(&self, mask: &BooleanArray) -> Result<Self, ArrowError> {
        let filter = FilterBuilder::new(mask).optimize().build();
        let columns = self.columns.iter().map(|column| filter.filter(column));
        let shared = self.shared.iter().map(|(slot, value)| {
            let array = if value.constant {
                value.array.clone()
            } else {
                filter.filter(&value.array)?
            };
            let constant = value.constant;
            Ok((*slot, Value { array, constant }))
        });
        Ok(Self {
            rows: filter.count(),
            columns: columns.collect::<Result<_, _>>()?,
            shared: shared.collect::<Result<_, ArrowError>>()?,
        })
    }
}

/// One value for each row, or one for all of them.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) array: ArrayRef,
    pub(super) constant: bool,
}

impl Value {
    /// An array of as many rows.
    pub(super) fn rows(&self, rows: usize) -> Result<ArrayRef, ArrowError> {
        if self.constant && rows != 1 {
            take(&self.array, &UInt32Array::from(vec![0; rows]), None)
        } else {
            Ok(self.array.clone())
        }
    }
}

impl Datum for Value {
    fn get(&self) -> (&dyn Array, bool) {
        (self.array.as_ref(), self.constant)
    }
}
