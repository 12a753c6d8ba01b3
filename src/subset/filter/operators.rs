//! Comparisons and arithmetic: brings two operands to one type and joins them.

use std::fmt::Display;

use arrow::compute::kernels::{cmp, numeric};
use arrow::datatypes::DataType;
use sqlparser::ast::{BinaryOperator, Expr};

use super::FilterError;
use super::compile::Compiler;
use super::formula::Formula;
use super::kinds::{Kind, WIDE};
use super::node::Node;
use super::operation::{Operation, Test, remainder};

impl Compiler<'_> {
    pub(super) fn binary(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
    ) -> Result<Node, FilterError> {
        let test: Test = match op {
            BinaryOperator::And | BinaryOperator::Or => return self.chain(left, op, right),
            BinaryOperator::StringConcat => return self.call("||", &[left, right]),
            BinaryOperator::Eq => cmp::eq,
            BinaryOperator::NotEq => cmp::neq,
            BinaryOperator::Lt => cmp::lt,
            BinaryOperator::LtEq => cmp::lt_eq,
            BinaryOperator::Gt => cmp::gt,
            BinaryOperator::GtEq => cmp::gt_eq,
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo => {
                let (left, right) = (self.node(left)?, self.node(right)?);
                return arithmetic(left, &op.to_string(), right);
            }
            _ => return Err(unsupported(op)),
        };
        self.compared(left, test, right)
    }

    pub(super) fn compared(
        &mut self,
        left: &Expr,
        test: Test,
        right: &Expr,
    ) -> Result<Node, FilterError> {
        let (left, right) = (self.node(left)?, self.node(right)?);
        Ok(Node::truth(compare(left, test, right)?))
    }
}

/// Compares two values of one kind.
pub(super) fn compare(left: Node, test: Test, right: Node) -> Result<Formula, FilterError> {
    let (left, right) = left.matched(right)?;
    let test = Operation::Test(test);
    Ok(Formula::two(test, left.formula, right.formula))
}

/// Arithmetic in 64 bits: of floats, unless both numbers are whole and the operator keeps them so.
pub(super) fn arithmetic(left: Node, symbol: &str, right: Node) -> Result<Node, FilterError> {
    for side in [&left, &right] {
        if !matches!(side.kind(), Kind::Number | Kind::Null) {
            let message = format!("{symbol} needs numbers, but this is {}", side.kind());
            return Err(FilterError::at(message, side.at.clone()));
        }
    }
    let types = [&left.data_type, &right.data_type];
    let whole = |data_type: &&DataType| [DataType::Int64, WIDE].contains(data_type);
    let target = if symbol == "/" || !types.iter().all(whole) {
        DataType::Float64
    } else if types.contains(&&WIDE) {
        WIDE
    } else {
        DataType::Int64
    };
    let compute = match symbol {
        "+" => numeric::add,
        "-" => numeric::sub,
        "*" => numeric::mul,
        "/" => numeric::div,
        _ => remainder,
    };
    let (left, right) = (left.cast_to(&target), right.cast_to(&target));
    let formula = Formula::two(Operation::Arithmetic(compute), left.formula, right.formula);
    Ok(Node::computed(formula, &target))
}

/// What is wrong with an operator.
pub(super) fn unsupported(operator: impl Display) -> FilterError {
    FilterError::new(format!("the operator {operator} is not supported"))
}
