//! Record batches divided into what they hold: scalar columns for the catalogue, one column of
//! vectors for the embedding.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Schema, SchemaRef};

use super::vectors::{VectorRows, is_vector, left_out};
use crate::data::{Catalog, DataError, Embedding, Provenance};

pub(super) const EMBEDDING_COLUMN: &str = "embedding";

/// Collects batches of one schema.
pub(super) struct TableParts {
    schema: SchemaRef,
    vector_column: Option<usize>,
    scalars: Vec<RecordBatch>,
    scalar_schema: SchemaRef,
    vectors: VectorRows,
}

/// The catalogue and embedding of a table, with what was tolerated.
pub(super) struct Parts {
    pub catalog: Catalog,
    pub embedding: Option<Embedding>,
    pub warnings: Vec<String>,
}

impl TableParts {
    /// Parts of tables of this schema. The vectors are in the column `embedding`, or else in the
    /// first column of float lists.
    pub fn new(schema: SchemaRef) -> Self {
        let vectors: Vec<usize> = (0..schema.fields().len())
            .filter(|&i| is_vector(schema.field(i).data_type()))
            .collect();
        let named = vectors
            .iter()
            .copied()
            .find(|&i| schema.field(i).name() == EMBEDDING_COLUMN);
        let scalar_fields: Vec<_> = schema
            .fields()
            .iter()
            .filter(|f| !f.data_type().is_nested())
            .cloned()
            .collect();
        Self {
            vector_column: named.or(vectors.first().copied()),
            scalar_schema: Schema::new(scalar_fields).into(),
            schema,
            scalars: Vec::new(),
            vectors: VectorRows::default(),
        }
    }

    /// Adds the next rows.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), DataError> {
        let keep: Vec<usize> = (0..batch.num_columns())
            .filter(|&i| !self.schema.field(i).data_type().is_nested())
            .collect();
        let scalars = batch
            .project(&keep)
            .map_err(|e| DataError::Table(e.to_string()))?;
        self.scalars.push(scalars);
        if let Some(column) = self.vector_column {
            self.push_vectors(batch.column(column))?;
        }
        Ok(())
    }

    /// Place of the column of vectors in the schema.
    pub fn vector_column(&self) -> Option<usize> {
        self.vector_column
    }

    /// Makes room for the vectors of `rows` rows; a size that does not fit is left to grow.
    pub fn expect_rows(&mut self, rows: usize) {
        if let Some(DataType::FixedSizeList(_, length)) =
            self.vector_column.map(|i| self.schema.field(i).data_type())
        {
            let length = usize::try_from(*length).unwrap_or(0);
            self.vectors.expect(rows, length);
        }
    }

    /// Adds the vectors of the next rows.
    pub fn push_vectors(&mut self, column: &ArrayRef) -> Result<(), DataError> {
        self.vectors.push(column)
    }

    /// Puts the parts together.
    pub fn finish(self, provenance: Provenance) -> Result<Parts, DataError> {
        let table = concat_batches(&self.scalar_schema, &self.scalars)
            .map_err(|e| DataError::Table(e.to_string()))?;
        self.finish_table(&table, provenance)
    }

    /// The same where `table` holds the scalar columns of all rows, and only vectors were added.
    pub fn finish_table(
        self,
        table: &RecordBatch,
        provenance: Provenance,
    ) -> Result<Parts, DataError> {
        let catalog = if table.num_columns() == 0 {
            Catalog::numbered(table.num_rows())
        } else {
            Catalog::new(table)?
        };
        let mut warnings = Vec::new();
        let unused: Vec<&str> = (0..self.schema.fields().len())
            .filter(|&i| Some(i) != self.vector_column || self.vectors.is_ragged())
            .map(|i| self.schema.field(i))
            .filter(|f| f.data_type().is_nested() || *f.data_type() == DataType::Null)
            .map(|f| f.name().as_str())
            .collect();
        if !unused.is_empty() {
            warnings.push(format!(
                "columns of lists, of structures or without any value were left out: {}",
                unused.join(", ")
            ));
        }
        warnings.extend(left_out(self.vectors.not_finite()));
        if self.vectors.is_ragged() {
            warnings.push("the list column holds vectors of different lengths and was not taken for an embedding".to_owned());
        }
        let (dim, ragged) = (self.vectors.dim(), self.vectors.is_ragged());
        let (values, rows) = self.vectors.into_parts();
        let embedding = if ragged || rows.is_empty() {
            None
        } else {
            Some(Embedding::new(
                values,
                dim,
                rows,
                catalog.len(),
                provenance,
            )?)
        };
        Ok(Parts {
            catalog,
            embedding,
            warnings,
        })
    }
}
