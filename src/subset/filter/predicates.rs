//! Predicates of SQL beyond plain comparisons: AND and OR, BETWEEN, IN, LIKE and IS TRUE.

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::compute::kernels::boolean::{and_kleene, or_kleene};
use arrow::compute::kernels::cmp;
use arrow::compute::kernels::comparison::{ilike, like};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use sqlparser::ast::{BinaryOperator, Expr, Value, ValueWithSpan};

use super::FilterError;
use super::compile::Compiler;
use super::formula::Formula;
use super::kinds::{Kind, Literal};
use super::node::Node;
use super::operation::{Members, Operation, Test};
use super::operators::compare;

/// Lists up to this length are compared one by one, which is faster than to hash each value.
const SHORT_LIST: usize = 6;

type Join = fn(&BooleanArray, &BooleanArray) -> Result<BooleanArray, ArrowError>;

impl Compiler<'_> {
    pub(super) fn is_null(&mut self, operand: &Expr, negated: bool) -> Result<Node, FilterError> {
        let is_null = Formula::one(Operation::IsNull, self.node(operand)?.formula);
        Ok(Node::truth(is_null.negated(negated)))
    }

    /// `IS TRUE` and its relatives.
    pub(super) fn is_truth(
        &mut self,
        operand: &Expr,
        truth: bool,
        test: Test,
    ) -> Result<Node, FilterError> {
        let operand = self.node(operand)?.into_truth()?;
        let truth = Formula::Literal(Literal::Truth(truth).array());
        let formula = Formula::two(Operation::Test(test), operand, truth);
        Ok(Node::truth(formula))
    }

    /// A chain of one operator as a balanced tree: the parser's tree is as deep as the chain is long.
    pub(super) fn chain(
        &mut self,
        left: &Expr,
        operator: &BinaryOperator,
        right: &Expr,
    ) -> Result<Node, FilterError> {
        let mut terms = vec![right];
        let mut rest = left;
        while let Expr::BinaryOp { left, op, right } = rest
            && op == operator
        {
            terms.push(right.as_ref());
            rest = left;
        }
        terms.push(rest);
        let mut conditions = Vec::with_capacity(terms.len());
        for term in terms.into_iter().rev() {
            conditions.push(self.node(term)?.into_truth()?);
        }
        let join = if *operator == BinaryOperator::And {
            and_kleene
        } else {
            or_kleene
        };
        Ok(Node::truth(balanced(conditions, join)))
    }

    pub(super) fn between(
        &mut self,
        [operand, low, high]: [&Expr; 3],
        negated: bool,
    ) -> Result<Node, FilterError> {
        let operand = self.node(operand)?;
        let operand = self.share(operand);
        let low = compare(operand.node(), cmp::gt_eq, self.node(low)?)?;
        let high = compare(operand.node(), cmp::lt_eq, self.node(high)?)?;
        let inside = Formula::two(Operation::Join(and_kleene), low, high).negated(negated);
        Ok(operand.around(inside, &DataType::Boolean))
    }

    pub(super) fn in_list(
        &mut self,
        operand: &Expr,
        list: &[Expr],
        negated: bool,
    ) -> Result<Node, FilterError> {
        let operand = self.node(operand)?;
        let operand = self.share(operand);
        // written values go into a hash set; the others are compared one by one
        let (mut set, mut conditions) = (Vec::new(), Vec::new());
        for item in list {
            let item = self.node(item)?;
            let value = item.value.as_ref();
            if list.len() > SHORT_LIST && value.is_some_and(|value| *value != Literal::Null) {
                let (_, fitted) = operand.node().checked(item)?;
                set.push(fitted);
            } else {
                conditions.push(compare(operand.node(), cmp::eq, item)?);
            }
        }
        let literals = set.iter().filter_map(|item| item.value.as_ref());
        let column = operand.node();
        let members = Members::new(literals, &column.data_type);
        match members.filter(|_| column.value.is_none() && !set.is_empty()) {
            Some(members) => {
                let among = Operation::Among(Arc::new(members));
                conditions.push(Formula::one(among, column.formula));
            }
            None => {
                for item in set {
                    conditions.push(compare(operand.node(), cmp::eq, item)?);
                }
            }
        }
        let inside = balanced(conditions, or_kleene).negated(negated);
        Ok(operand.around(inside, &DataType::Boolean))
    }

    /// `LIKE` and `ILIKE`.
    pub(super) fn like(
        &mut self,
        operand: &Expr,
        pattern: &Expr,
        escape: Option<&ValueWithSpan>,
        [negated, ignore_case]: [bool; 2],
    ) -> Result<Node, FilterError> {
        let backslash = |value: &ValueWithSpan| matches!(&value.value, Value::SingleQuotedString(escape) if escape == "\\");
        if !escape.is_none_or(backslash) {
            let message = "LIKE takes the backslash as its escape character";
            return Err(FilterError::new(message));
        }
        let (operand, pattern) = (self.node(operand)?, self.node(pattern)?);
        for side in [&operand, &pattern] {
            if !matches!(side.kind(), Kind::Text | Kind::Null) {
                let message = format!("LIKE compares texts, but this is {}", side.kind());
                return Err(FilterError::at(message, side.at.clone()));
            }
        }
        let [operand, pattern] = [operand, pattern].map(|side| side.cast_to(&DataType::Utf8));
        let test = Operation::Test(if ignore_case { ilike } else { like });
        let formula = Formula::two(test, operand.formula, pattern.formula).negated(negated);
        Ok(Node::truth(formula))
    }
}

/// Joins conditions pairwise; none at all hold nowhere.
fn balanced(mut terms: Vec<Formula>, join: Join) -> Formula {
    while terms.len() > 1 {
        let mut pairs = terms.into_iter();
        let mut joined = Vec::new();
        while let Some(left) = pairs.next() {
            joined.push(match pairs.next() {
                Some(right) => Formula::two(Operation::Join(join), left, right),
                None => left,
            });
        }
        terms = joined;
    }
    let none = || Formula::Literal(Literal::Truth(false).array());
    terms.pop().unwrap_or_else(none)
}
