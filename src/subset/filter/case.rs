//! Values chosen among others: CASE, COALESCE, NULLIF, GREATEST and LEAST.

use arrow::compute::kernels::cmp;
use arrow::datatypes::DataType;
use sqlparser::ast::{CaseWhen, Expr};

use super::FilterError;
use super::compile::Compiler;
use super::formula::Formula;
use super::kinds::{Kind, Literal, common_type};
use super::node::Node;
use super::operation::Operation;
use super::operators::compare;

impl Compiler<'_> {
    pub(super) fn case(
        &mut self,
        operand: Option<&Expr>,
        branches: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Result<Node, FilterError> {
        let operand = operand.map(|operand| self.node(operand)).transpose()?;
        let operand = operand.map(|operand| self.share(operand));
        let (mut conditions, mut results) = (Vec::new(), Vec::new());
        for branch in branches {
            let condition = self.node(&branch.condition)?;
            conditions.push(match &operand {
                Some(operand) => compare(operand.node(), cmp::eq, condition)?,
                None => condition.into_truth()?,
            });
            results.push(self.node(&branch.result)?);
        }
        results.push(match otherwise {
            Some(otherwise) => self.node(otherwise)?,
            None => Node::literal(Literal::Null),
        });
        let mut choice = chosen(results, |mut results| {
            let otherwise = Box::new(results.pop()?);
            let branches = conditions.into_iter().zip(results).collect();
            Some(Formula::Case {
                branches,
                otherwise,
            })
        })?;
        if let Some(operand) = operand {
            let outer = operand.around(choice.formula, &choice.data_type);
            choice.formula = outer.formula;
        }
        Ok(choice)
    }
}

/// The functions that give one of their values, or NULL.
pub(super) fn choice(name: &str, values: Vec<Node>) -> Option<Result<Node, FilterError>> {
    let operation = match (name, values.len()) {
        ("coalesce" | "ifnull" | "nvl", 1..) => Operation::Coalesce,
        ("nullif", 2) => Operation::NullIf,
        ("greatest", 1..) => Operation::Extreme(cmp::gt_eq),
        ("least", 1..) => Operation::Extreme(cmp::lt_eq),
        _ => return None,
    };
    let apply = |values| Some(Formula::Apply(operation, values));
    Some(chosen(values, apply))
}

/// Brings the possible results to one type, and joins them.
fn chosen(
    results: Vec<Node>,
    join: impl FnOnce(Vec<Formula>) -> Option<Formula>,
) -> Result<Node, FilterError> {
    let mut common = DataType::Null;
    for result in &results {
        let kind = result.kind();
        common = match common_type(&common, &result.data_type) {
            Some(joined) if kind != Kind::Other => joined,
            _ => {
                let message = format!("the choices give {} and {kind}", Kind::of(&common));
                return Err(FilterError::at(message, result.at.clone()));
            }
        };
    }
    // what is computed decides how exact the numbers are that are written beside it
    let mut computed = results.iter().filter(|result| result.value.is_none());
    let first = computed.next().and_then(|first| first.narrow.clone());
    let narrow = first.filter(|first| computed.all(|other| other.narrow.as_ref() == Some(first)));
    let model = Node::computed(Formula::Column(0), &common).narrowed(narrow.clone());
    let typed = results.into_iter().map(|result| match narrow {
        Some(_) => result.fitted(&model).cast_to(&common).formula,
        None => result.cast_to(&common).formula,
    });
    let formula = join(typed.collect()).ok_or_else(|| FilterError::new("a value is missing"))?;
    Ok(Node::computed(formula, &common).narrowed(narrow))
}
