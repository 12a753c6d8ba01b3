//! Selects rows of a table with a SQL condition, such as `z BETWEEN 1 AND 3 AND survey = 'JADES'`.
//!
//! The text is parsed by `sqlparser`, typed against the columns here, and evaluated with Arrow's
//! kernels; there is no query planner, catalog or file access behind it.
//!
//! What differs from other SQL systems, because the tables are astronomical:
//! - **NaN is missing.** A NaN in a column, or one that arithmetic yields (`sqrt(-1)`), is NULL: it
//!   matches neither `z > 1` nor `NOT z > 1`, and it does match `z IS NULL`.
//! - `/` always gives a float, so that `a / b` of two counts is their ratio and not its whole part.
//! - A number written in the text is rounded to the type of a 32-bit column it is compared with:
//!   `mag = 24.1` finds the rows that show 24.1.
//! - Whole numbers are compared exactly over all 64 bits, and their arithmetic does not wrap around.

mod canonical;
mod case;
mod columns;
mod compile;
mod error;
mod evaluate;
mod formula;
mod functions;
mod kinds;
mod node;
mod operation;
mod operators;
mod parse;
mod predicates;
mod source;
mod syntax;
#[cfg(test)]
mod tests;
mod texts;

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

pub use error::FilterError;

use compile::Compiler;
use formula::Formula;
use source::Source;

/// A condition on the rows of a table, checked against the table's columns.
#[derive(Debug, Clone)]
pub struct Filter {
    text: String,
    condition: Arc<Formula>,
    /// The columns that the condition reads, in the order of its column indices.
    columns: SchemaRef,
}

impl Filter {
    /// Parses `sql` against the columns of `schema`.
    ///
    /// # Errors
    /// When the text is no condition, names a column or function that does not exist, or compares
    /// values that cannot be compared.
    pub fn parse(sql: &str, schema: &Schema) -> Result<Self, FilterError> {
        let source = Source::new(sql)?;
        let syntax = parse::parse(&source, schema)?;
        let mut compiler = Compiler::new(&source, schema);
        let condition = Arc::new(compiler.condition(&syntax)?);
        Ok(Self {
            text: sql.to_owned(),
            condition,
            columns: compiler.into_columns(),
        })
    }

    /// The text as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of the columns that the condition reads, in order of their first mention.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        let fields = self.columns.fields().iter();
        fields.map(|field| field.name().clone()).collect()
    }

    /// One bit for each row of `batch`, without nulls: a NULL condition does not match.
    ///
    /// # Errors
    /// When `batch` lacks a column of the condition or has it with another type, or when whole
    /// numbers become too large.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<BooleanArray, FilterError> {
        let mask = self.evaluate_until(batch, &|| false)?;
        mask.ok_or_else(|| FilterError::new("the filter was cancelled"))
    }

    /// Like [`Filter::evaluate`], but gives up soon after `cancelled` says so: then `None`.
    ///
    /// # Errors
    /// As [`Filter::evaluate`].
    pub fn evaluate_until(
        &self,
        batch: &RecordBatch,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<BooleanArray>, FilterError> {
        evaluate::evaluate(&self.condition, &self.columns, batch, cancelled)
    }
}
