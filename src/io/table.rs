//! Record batches divided into what they hold: scalar columns for the catalogue, one column of
//! vectors for the embedding.

use arrow::array::{Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Float32Type, Schema, SchemaRef};

use crate::data::{Catalog, DataError, Embedding, Provenance};

pub(super) const EMBEDDING_COLUMN: &str = "embedding";

/// Collects batches of one schema.
pub(super) struct TableParts {
    schema: SchemaRef,
    vector_column: Option<usize>,
    scalars: Vec<RecordBatch>,
    scalar_schema: SchemaRef,
    dim: usize,
    values: Vec<f32>,
    rows: Vec<u32>,
    seen: usize,
    /// Rows whose vector is there but holds NaN or infinity.
    not_finite: usize,
    /// The vectors are of different lengths, so they are no embedding.
    ragged: bool,
}

/// The catalogue and embedding of a table, with what was tolerated.
pub(super) struct Parts {
    pub catalog: Catalog,
    pub embedding: Option<Embedding>,
    pub warnings: Vec<String>,
}

/// Where a row's items begin, and how many there are.
type Span = Box<dyn Fn(usize) -> (usize, usize)>;

fn span_of<O: OffsetSizeTrait>(list: &GenericListArray<O>) -> Span {
    let offsets = list.offsets().clone();
    Box::new(move |row| {
        let (first, end) = (offsets[row].as_usize(), offsets[row + 1].as_usize());
        (first, end - first)
    })
}

fn is_vector(data_type: &DataType) -> bool {
    match data_type {
        DataType::FixedSizeList(item, _) | DataType::List(item) | DataType::LargeList(item) => {
            item.data_type().is_floating()
        }
        _ => false,
    }
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
            dim: 0,
            values: Vec::new(),
            rows: Vec::new(),
            seen: 0,
            not_finite: 0,
            ragged: false,
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
            let values = rows.saturating_mul(usize::try_from(*length).unwrap_or(0));
            let _ = self.values.try_reserve_exact(values);
        }
    }

    /// Adds the vectors of the next rows.
    pub fn push_vectors(&mut self, column: &ArrayRef) -> Result<(), DataError> {
        let (items, nulls, span): (_, _, Span) = match column.data_type() {
            DataType::FixedSizeList(_, length) => {
                let list = column.as_fixed_size_list();
                let (first, length) = (
                    list.value_offset(0) as usize,
                    usize::try_from(*length).unwrap_or(0),
                );
                let span = Box::new(move |row| (first + row * length, length));
                (list.values(), list.nulls(), span)
            }
            DataType::List(_) => {
                let list = column.as_list::<i32>();
                (list.values(), list.nulls(), span_of(list))
            }
            _ => {
                let list = column.as_list::<i64>();
                (list.values(), list.nulls(), span_of(list))
            }
        };
        let items = cast(items, &DataType::Float32).map_err(|e| DataError::Table(e.to_string()))?;
        let items = items.as_primitive::<Float32Type>();
        for row in 0..column.len() {
            if self.ragged || nulls.is_some_and(|n| n.is_null(row)) {
                continue;
            }
            let (offset, length) = span(row);
            if self.dim == 0 {
                self.dim = length;
            }
            let missing = items.null_count() > 0 && items.slice(offset, length).null_count() > 0;
            let vector = &items.values()[offset..offset + length];
            if length != self.dim {
                self.ragged = true;
            } else if missing || vector.iter().any(|v| !v.is_finite()) {
                self.not_finite += 1;
            } else {
                self.values.extend_from_slice(vector);
                self.rows.push((self.seen + row) as u32);
            }
        }
        self.seen += column.len();
        Ok(())
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
        let left_out: Vec<&str> = (0..self.schema.fields().len())
            .filter(|&i| Some(i) != self.vector_column || self.ragged)
            .map(|i| self.schema.field(i))
            .filter(|f| f.data_type().is_nested() || *f.data_type() == DataType::Null)
            .map(|f| f.name().as_str())
            .collect();
        if !left_out.is_empty() {
            warnings.push(format!(
                "columns of lists, of structures or without any value were left out: {}",
                left_out.join(", ")
            ));
        }
        if self.not_finite > 0 {
            warnings.push(format!(
                "{} vectors hold NaN or infinity and were left out",
                self.not_finite
            ));
        }
        if self.ragged {
            warnings.push("the list column holds vectors of different lengths and was not taken for an embedding".to_owned());
        }
        let embedding = if self.vector_column.is_some()
            && !self.ragged
            && self.dim > 0
            && !self.rows.is_empty()
        {
            Some(Embedding::new(
                self.values,
                self.dim,
                self.rows,
                catalog.len(),
                provenance,
            )?)
        } else {
            None
        };
        Ok(Parts {
            catalog,
            embedding,
            warnings,
        })
    }
}
