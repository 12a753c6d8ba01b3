//! What is selected: regions and conditions, joined.

use arrow::array::RecordBatch;

use super::steps::Step;
use super::{Filter, FilterError, Region};
use crate::mask::Mask;

/// A set of catalogue rows, as it was asked for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(into = "Vec<Step>", try_from = "Vec<Step>")]
pub enum SubsetExpr {
    /// The rows whose points lie in a region of the map.
    Region(Region),
    /// The rows for which a SQL condition holds.
    Where(String),
    /// In both.
    And(Box<SubsetExpr>, Box<SubsetExpr>),
    /// In either.
    Or(Box<SubsetExpr>, Box<SubsetExpr>),
    /// In the first and not in the second.
    AndNot(Box<SubsetExpr>, Box<SubsetExpr>),
    /// Not in it.
    Not(Box<SubsetExpr>),
}

/// What a new selection does to the one there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CombineMode {
    /// It takes its place.
    #[default]
    Replace,
    /// Both together.
    Add,
    /// The old without the new.
    Subtract,
    /// What is in both.
    Intersect,
}

impl CombineMode {
    /// All modes, in the order menus show them.
    pub const ALL: [Self; 4] = [Self::Replace, Self::Add, Self::Subtract, Self::Intersect];

    /// Name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Replace => "Replace",
            Self::Add => "Add",
            Self::Subtract => "Subtract",
            Self::Intersect => "Intersect",
        }
    }

    /// The expression of `new` after `old`.
    #[must_use]
    pub fn join(self, old: Option<SubsetExpr>, new: SubsetExpr) -> SubsetExpr {
        let Some(old) = old.map(Box::new) else {
            return match self {
                // Everything is there to be taken from where nothing was chosen.
                Self::Subtract => SubsetExpr::Not(Box::new(new)),
                _ => new,
            };
        };
        match self {
            Self::Replace => new,
            Self::Add => SubsetExpr::Or(old, Box::new(new)),
            Self::Subtract => SubsetExpr::AndNot(old, Box::new(new)),
            Self::Intersect => SubsetExpr::And(old, Box::new(new)),
        }
    }

    /// The set of `new` after `old`.
    #[must_use]
    pub fn join_masks(self, old: Option<&Mask>, new: &Mask) -> Mask {
        match (self, old) {
            (Self::Replace, _) | (Self::Add | Self::Intersect, None) => new.clone(),
            (Self::Subtract, None) => new.not(),
            (Self::Add, Some(old)) => old.or(new),
            (Self::Subtract, Some(old)) => old.and_not(new),
            (Self::Intersect, Some(old)) => old.and(new),
        }
    }
}

/// What an expression is evaluated against.
#[derive(Clone, Copy)]
pub struct SubsetOf<'a> {
    /// The catalogue.
    pub table: &'a RecordBatch,
    /// The rows whose points lie in a region of the map; no row is in any region without a map.
    pub inside: Option<&'a dyn Fn(&Region) -> Mask>,
}

impl SubsetExpr {
    /// The rows of the catalogue; rows without a place on the map are in no region.
    ///
    /// # Errors
    /// When a condition cannot be read or evaluated.
    pub fn evaluate(&self, of: SubsetOf<'_>) -> Result<Mask, FilterError> {
        Ok(match self {
            Self::Region(region) => {
                let none = || Mask::none(of.table.num_rows());
                of.inside.map_or_else(none, |inside| inside(region))
            }
            Self::Where(sql) => {
                let filter = Filter::parse(sql, of.table.schema_ref())?;
                let holds = filter.evaluate(of.table)?;
                Mask::from_fn(holds.len(), |row| holds.value(row))
            }
            Self::And(a, b) => a.evaluate(of)?.and(&b.evaluate(of)?),
            Self::Or(a, b) => a.evaluate(of)?.or(&b.evaluate(of)?),
            Self::AndNot(a, b) => a.evaluate(of)?.and_not(&b.evaluate(of)?),
            Self::Not(a) => a.evaluate(of)?.not(),
        })
    }

    /// All regions in it.
    #[must_use]
    pub fn regions(&self) -> Vec<&Region> {
        match self {
            Self::Region(region) => vec![region],
            Self::Where(_) => Vec::new(),
            Self::And(a, b) | Self::Or(a, b) | Self::AndNot(a, b) => {
                [a.regions(), b.regions()].concat()
            }
            Self::Not(a) => a.regions(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subset::Roi;
    use arrow::array::{ArrayRef, Float64Array};
    use std::sync::Arc;

    #[test]
    fn expressions_are_sets_of_rows() {
        let values: ArrayRef =
            Arc::new((0..100).map(f64::from).map(Some).collect::<Float64Array>());
        let table = RecordBatch::try_from_iter(vec![("v", values)]).unwrap();
        // Row 2 i lies at (i, i); odd rows are not on the map.
        let inside = |region: &Region| {
            let Roi::Rectangle { from, to } = region.roi else {
                panic!()
            };
            let within = |v: f64| (0..2).all(|i| v >= to[i] && v <= from[i]);
            Mask::from_fn(100, |row| row % 2 == 0 && within(row as f64 / 2.0))
        };
        let of = SubsetOf {
            table: &table,
            inside: Some(&inside),
        };
        let region = Roi::Rectangle {
            from: [9.5, 30.0],
            to: [0.0, 0.0],
        };
        let region = SubsetExpr::Region(region.into());
        let wanted = SubsetExpr::Where("v >= 10 AND v < 50".to_owned());
        let rows = |expr: &SubsetExpr| expr.evaluate(of).unwrap().iter().collect::<Vec<_>>();
        assert_eq!(rows(&region), (0..10).map(|i| i * 2).collect::<Vec<_>>());
        let mut old = (None, None);
        for (mode, new, count) in [
            (CombineMode::Replace, &region, 10),
            (CombineMode::Add, &wanted, 45),
            (CombineMode::Intersect, &region, 10),
            (CombineMode::Subtract, &wanted, 5),
        ] {
            let (expr, mask): (Option<SubsetExpr>, Option<Mask>) = old;
            let mask = mode.join_masks(mask.as_ref(), &new.evaluate(of).unwrap());
            let expr = mode.join(expr, new.clone());
            assert_eq!(expr.evaluate(of).unwrap(), mask);
            assert_eq!(mask.count(), count, "{mode:?}");
            old = (Some(expr), Some(mask));
        }
        assert!(SubsetExpr::Where("w > 1".to_owned()).evaluate(of).is_err());
    }
}
