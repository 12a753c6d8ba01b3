//! An expression as a list of steps, each of which joins what those before it left: files nest no deeper for
//! a selection of many strokes.

use super::{Region, SubsetExpr};

/// Most joins of which one takes in the other.
const DEEPEST: usize = 1000;

/// One step, in reverse Polish notation.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Step {
    Region(Region),
    Where(String),
    And,
    Or,
    AndNot,
    Not,
}

impl From<SubsetExpr> for Vec<Step> {
    fn from(expr: SubsetExpr) -> Self {
        // From the last step to the first.
        let (mut open, mut steps) = (vec![expr], Self::new());
        while let Some(expr) = open.pop() {
            let (step, joined) = match expr {
                SubsetExpr::Region(region) => (Step::Region(region), vec![]),
                SubsetExpr::Where(sql) => (Step::Where(sql), vec![]),
                SubsetExpr::And(a, b) => (Step::And, vec![a, b]),
                SubsetExpr::Or(a, b) => (Step::Or, vec![a, b]),
                SubsetExpr::AndNot(a, b) => (Step::AndNot, vec![a, b]),
                SubsetExpr::Not(a) => (Step::Not, vec![a]),
            };
            steps.push(step);
            open.extend(joined.into_iter().map(|expr| *expr));
        }
        steps.reverse();
        steps
    }
}

impl TryFrom<Vec<Step>> for SubsetExpr {
    type Error = String;

    fn try_from(steps: Vec<Step>) -> Result<Self, String> {
        let missing = || "a step of the selection has nothing to join".to_owned();
        // Each with its depth.
        let mut left: Vec<(Self, usize)> = Vec::new();
        for step in steps {
            let mut take = || left.pop().ok_or_else(missing);
            let (expr, depth) = match step {
                Step::Region(region) => (Self::Region(region), 0),
                Step::Where(sql) => (Self::Where(sql), 0),
                Step::Not => {
                    let (a, depth) = take()?;
                    (Self::Not(Box::new(a)), depth)
                }
                Step::And | Step::Or | Step::AndNot => {
                    let ((b, below), (a, depth)) = (take()?, take()?);
                    let (a, b) = (Box::new(a), Box::new(b));
                    let expr = match step {
                        Step::And => Self::And(a, b),
                        Step::Or => Self::Or(a, b),
                        _ => Self::AndNot(a, b),
                    };
                    (expr, depth.max(below))
                }
            };
            // Evaluating walks down the expression.
            if depth == DEEPEST {
                return Err(format!(
                    "a selection of more than {DEEPEST} steps; export it, and select what the file holds"
                ));
            }
            left.push((expr, depth + 1));
        }
        match (left.pop(), left.is_empty()) {
            (Some((expr, _)), true) => Ok(expr),
            _ => Err("the steps of the selection do not make one".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_its_steps() {
        let of = |sql: &str| Box::new(SubsetExpr::Where(sql.to_owned()));
        let joined = SubsetExpr::Or(
            Box::new(SubsetExpr::Not(of("a"))),
            Box::new(SubsetExpr::AndNot(
                of("b"),
                Box::new(SubsetExpr::And(of("c"), of("d"))),
            )),
        );
        let steps = Vec::<Step>::from(joined.clone());
        assert_eq!(steps.len(), 8);
        assert_eq!(steps[..2], [Step::Where("a".to_owned()), Step::Not]);
        assert_eq!(SubsetExpr::try_from(steps.clone()).unwrap(), joined);
        for wrong in [&steps[..7], &steps[1..], &[]] {
            assert!(SubsetExpr::try_from(wrong.to_vec()).is_err());
        }
    }

    #[test]
    fn a_chain_may_be_long_but_not_endless() {
        let chain = |steps: usize| {
            let mut expr = SubsetExpr::Where("a".to_owned());
            for _ in 1..steps {
                expr = SubsetExpr::Not(Box::new(expr));
            }
            SubsetExpr::try_from(Vec::<Step>::from(expr))
        };
        assert!(chain(DEEPEST).is_ok() && chain(DEEPEST + 1).is_err());
    }
}
