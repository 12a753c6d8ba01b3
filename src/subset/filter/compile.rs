//! Turns a syntax tree into a formula over the columns, typed and checked part by part.

use std::sync::Arc;

use arrow::compute::can_cast_types;
use arrow::compute::kernels::cmp;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use sqlparser::ast::{Expr, Spanned, UnaryOperator, Value, ValueWithSpan};

use super::FilterError;
use super::formula::Formula;
use super::kinds::{Kind, Literal, cast_type, computed_in};
use super::node::{Node, Place};
use super::operators::{arithmetic, unsupported};
use super::source::Source;

/// How deep an expression may be, apart from chains of AND and OR, which are balanced.
const DEEPEST_EXPRESSION: usize = 128;

/// In a longer text, the place of an error is that of a name or value, or unknown.
const LONGEST_SPAN: usize = 2048;

/// What is known while one condition is compiled.
pub(super) struct Compiler<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) schema: &'a Schema,
    /// The columns mentioned so far; a formula holds indices into these.
    pub(super) columns: Schema,
    depth: usize,
    slots: usize,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(source: &'a Source<'a>, schema: &'a Schema) -> Self {
        Self {
            source,
            schema,
            columns: Schema::empty(),
            depth: 0,
            slots: 0,
        }
    }

    pub(super) fn into_columns(self) -> SchemaRef {
        Arc::new(self.columns)
    }

    /// Compiles a whole condition.
    pub(super) fn condition(&mut self, expr: &Expr) -> Result<Formula, FilterError> {
        let node = self.node(expr)?;
        match node.kind() {
            Kind::Truth | Kind::Null => node.into_truth(),
            kind => {
                let message = format!("the expression gives {kind}, not true or false");
                let whole = self.source.text.trim();
                let start = self.source.text.len() - self.source.text.trim_start().len();
                Err(FilterError::at(message, Some(start..start + whole.len())))
            }
        }
    }

    /// Compiles one part.
    pub(super) fn node(&mut self, expr: &Expr) -> Result<Node, FilterError> {
        if self.depth >= DEEPEST_EXPRESSION {
            return Err(FilterError::new("the condition is too deeply nested"));
        }
        self.depth += 1;
        let node = self.dispatch(expr);
        self.depth -= 1;
        let at = || self.place(expr);
        match node {
            Ok(node) => Ok(Node {
                at: node.at.or_else(at),
                ..node
            }),
            Err(error) => Err(error.or_at(at)),
        }
    }

    pub(super) fn nodes(&mut self, exprs: &[&Expr]) -> Result<Vec<Node>, FilterError> {
        exprs.iter().map(|expr| self.node(expr)).collect()
    }

    fn dispatch(&mut self, expr: &Expr) -> Result<Node, FilterError> {
        match expr {
            Expr::Nested(inner) => self.node(inner),
            Expr::Identifier(name) => self.column(name),
            Expr::CompoundIdentifier(names) => Err(self.qualified(names)),
            Expr::Value(value) => literal(value),
            Expr::UnaryOp { op, expr: operand } => self.unary(*op, operand),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::Between {
                expr: x,
                negated,
                low,
                high,
            } => self.between([x, low, high], *negated),
            Expr::InList {
                expr: x,
                list,
                negated,
            } => self.in_list(x, list, *negated),
            Expr::Like {
                negated,
                any: false,
                expr: x,
                pattern,
                escape_char,
            }
            | Expr::ILike {
                negated,
                any: false,
                expr: x,
                pattern,
                escape_char,
            } => {
                let ignore_case = matches!(expr, Expr::ILike { .. });
                self.like(x, pattern, escape_char.as_ref(), [*negated, ignore_case])
            }
            Expr::IsNull(x) | Expr::IsUnknown(x) => self.is_null(x, false),
            Expr::IsNotNull(x) | Expr::IsNotUnknown(x) => self.is_null(x, true),
            Expr::IsTrue(x) => self.is_truth(x, true, cmp::not_distinct),
            Expr::IsFalse(x) => self.is_truth(x, false, cmp::not_distinct),
            Expr::IsNotTrue(x) => self.is_truth(x, true, cmp::distinct),
            Expr::IsNotFalse(x) => self.is_truth(x, false, cmp::distinct),
            Expr::IsDistinctFrom(left, right) => self.compared(left, cmp::distinct, right),
            Expr::IsNotDistinctFrom(left, right) => self.compared(left, cmp::not_distinct, right),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            Expr::Cast {
                expr: x,
                data_type,
                array: false,
                format: None,
                ..
            } => self.cast(x, cast_type(data_type)),
            Expr::Function(function) => self.function(function),
            Expr::Ceil { expr: x, .. } => self.call("ceil", &[x]),
            Expr::Floor { expr: x, .. } => self.call("floor", &[x]),
            Expr::Trim {
                expr: x,
                trim_where: None,
                trim_what: None,
                trim_characters: None,
            } => self.call("trim", &[x]),
            Expr::Substring {
                expr: x,
                substring_from: Some(from),
                substring_for,
                ..
            } => {
                let arguments = [Some(x), Some(from), substring_for.as_ref()];
                let arguments: Vec<&Expr> = arguments.into_iter().flatten().map(|x| &**x).collect();
                self.call("substr", &arguments)
            }
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => {
                let message =
                    "a query is not allowed here: write a condition on the columns of one table";
                Err(FilterError::new(message))
            }
            _ => Err(FilterError::new("this is not supported in a filter")),
        }
    }

    /// The place of a part in the text.
    pub(super) fn place(&self, expr: &Expr) -> Place {
        // without recursion, because a chain of operators is as deep as it is long
        let (mut first, mut last) = (expr, expr);
        while let Expr::BinaryOp { left: x, .. } | Expr::UnaryOp { expr: x, .. } | Expr::Nested(x) =
            first
        {
            first = x;
        }
        while let Expr::BinaryOp { right: x, .. }
        | Expr::UnaryOp { expr: x, .. }
        | Expr::Nested(x) = last
        {
            last = x;
        }
        let span = |expr: &Expr| match expr {
            // the parser leaves the last parenthesis of a call out of its span
            Expr::Function(function) => self.source.range(function.name.span()),
            Expr::Value(_) | Expr::Identifier(_) => self.source.range(expr.span()),
            // the parser looks for the span recursively
            _ if self.source.text.len() > LONGEST_SPAN => None,
            other => self.source.range(other.span()),
        };
        Some(span(first)?.start..span(last)?.end)
    }

    /// A value that several formulas need; they are wrapped with [`Shared::around`].
    pub(super) fn share(&mut self, node: Node) -> Shared {
        self.slots += 1;
        Shared {
            slot: self.slots,
            node,
        }
    }

    fn unary(&mut self, op: UnaryOperator, operand: &Expr) -> Result<Node, FilterError> {
        let mut operand = self.node(operand)?;
        let symbol = match (op, &operand.value) {
            (UnaryOperator::Not, _) => {
                return Ok(Node::truth(operand.into_truth()?.negated(true)));
            }
            (UnaryOperator::Minus, Some(Literal::Whole(x))) => {
                return Ok(Node::literal(Literal::Whole(-x)));
            }
            (UnaryOperator::Minus, Some(Literal::Float(x))) => {
                return Ok(Node::literal(Literal::Float(0.0 - x)));
            }
            (UnaryOperator::Minus, _) => "-",
            (UnaryOperator::Plus, _) => "+",
            _ => return Err(unsupported(op)),
        };
        let narrow = operand.narrow.take();
        let zero = Node::literal(Literal::Whole(0));
        Ok(arithmetic(zero, symbol, operand)?.narrowed(narrow))
    }

    /// `CAST` and `TRY_CAST`.
    fn cast(&mut self, operand: &Expr, target: Option<DataType>) -> Result<Node, FilterError> {
        let Some(target) = target else {
            let known = "DOUBLE, REAL, BIGINT, SMALLINT, TINYINT, TEXT, BOOLEAN and DATE";
            return Err(FilterError::new(format!("a cast can give {known}")));
        };
        let mut node = self.node(operand)?;
        if node.kind() == Kind::Other || !can_cast_types(&node.data_type, &target) {
            let (from, to) = (node.kind(), Kind::of(&target));
            return Err(FilterError::new(format!("{from} cannot become {to}")));
        }
        node.value = None;
        node = node.cast_to(&target).cast_to(&computed_in(&target));
        node.at = None;
        Ok(node.narrowed(Some(target).filter(|target| *target == DataType::Float32)))
    }
}

fn literal(value: &ValueWithSpan) -> Result<Node, FilterError> {
    Ok(Node::literal(match &value.value {
        Value::Number(text, _) => match Literal::number(text) {
            Some(number) => number,
            None => return Err(FilterError::new(format!("{text} is too large"))),
        },
        Value::SingleQuotedString(text) => Literal::Text(text.clone()),
        Value::Boolean(truth) => Literal::Truth(*truth),
        Value::Null => Literal::Null,
        _ => {
            let message = "this kind of value is not supported in a filter";
            return Err(FilterError::new(message));
        }
    }))
}

/// A value that is computed once and used several times.
pub(super) struct Shared {
    slot: usize,
    node: Node,
}

impl Shared {
    /// The value, for the formulas inside.
    pub(super) fn node(&self) -> Node {
        let node = Node::computed(Formula::Shared(self.slot), &self.node.data_type);
        Node {
            value: self.node.value.clone(),
            at: self.node.at.clone(),
            ..node.narrowed(self.node.narrow.clone())
        }
    }

    /// The formulas that use the value, as one.
    pub(super) fn around(self, body: Formula, data_type: &DataType) -> Node {
        let formula = Formula::Let {
            slot: self.slot,
            value: Box::new(self.node.formula),
            body: Box::new(body),
        };
        Node::computed(formula, data_type)
    }
}
