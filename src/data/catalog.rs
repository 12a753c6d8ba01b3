//! The table of objects: Arrow columns with units, and an `id` for every row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float32Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};

use super::column::PREDICTED_KEY;
use super::{Column, DataError};

/// Column names that are taken for the object's identity when there is no `id`.
const ID_NAMES: [&str; 9] = [
    "object_id",
    "objid",
    "objectid",
    "source_id",
    "sourceid",
    "targetid",
    "ident",
    "dr8id",
    "galaxy_id",
];

/// A table with a guaranteed, lossless `id` column (64-bit integers or text) in first place.
///
/// Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Catalog {
    batch: RecordBatch,
}

impl Catalog {
    /// A catalogue of the scalar columns of `batch`; list columns are left out.
    ///
    /// When there is no `id` column of integers or text, a well-known name (`object_id`, `objid`,
    /// ...) is repeated as `id`; failing that rows are numbered from 0.
    ///
    /// # Errors
    /// When the columns cannot be put together.
    pub fn new(batch: &RecordBatch) -> Result<Self, DataError> {
        let batch = &without_dictionaries(batch)?;
        let schema = batch.schema();
        let scalar = |t: &DataType| !t.is_nested() && *t != DataType::Null;
        let is_id = |t: &DataType| {
            t.is_integer() || matches!(t, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
        };
        let usable =
            |i: usize| is_id(schema.field(i).data_type()) && batch.column(i).null_count() == 0;
        let find = |name: &str| {
            (0..schema.fields().len())
                .find(|&i| schema.field(i).name().eq_ignore_ascii_case(name) && usable(i))
        };
        let id = find("id").or_else(|| ID_NAMES.iter().find_map(|name| find(name)));

        let mut fields: Vec<FieldRef> = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        let values: ArrayRef = match id {
            Some(i) => Arc::clone(batch.column(i)),
            None => Arc::new(Int64Array::from_iter_values(
                0..i64::try_from(batch.num_rows()).unwrap_or(i64::MAX),
            )),
        };
        fields.push(Arc::new(Field::new(
            "id",
            values.data_type().clone(),
            false,
        )));
        columns.push(values);
        for (i, field) in schema.fields().iter().enumerate() {
            if field.name() == "id" && id == Some(i) || !scalar(field.data_type()) {
                continue;
            }
            // A second column called `id` that cannot serve as one keeps its values under another name.
            if field.name().eq_ignore_ascii_case("id") {
                fields.push(Arc::new(
                    field
                        .as_ref()
                        .clone()
                        .with_name(format!("{}_", field.name())),
                ));
            } else {
                fields.push(Arc::clone(field));
            }
            columns.push(Arc::clone(batch.column(i)));
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
            .map(|batch| Self { batch })
            .map_err(|e| DataError::Table(e.to_string()))
    }

    /// A catalogue of `rows` numbered objects with no other column.
    ///
    /// # Panics
    /// Never: one column fits its own schema.
    #[must_use]
    pub fn numbered(rows: usize) -> Self {
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(
            0..i64::try_from(rows).unwrap_or(i64::MAX),
        ));
        let schema = Schema::new(vec![Field::new("id", DataType::Int64, false)]);
        #[expect(
            clippy::expect_used,
            reason = "one column that was made to fit the schema"
        )]
        let batch =
            RecordBatch::try_new(Arc::new(schema), vec![ids]).expect("one column of one length");
        Self { batch }
    }

    /// The first `rows` objects.
    #[must_use]
    pub fn first(&self, rows: usize) -> Self {
        Self {
            batch: self.batch.slice(0, rows.min(self.len())),
        }
    }

    /// This catalogue with further columns of numbers that `by` predicts, one value for each row.
    ///
    /// A column of that name that was predicted earlier is replaced; one that was not keeps its values
    /// under the name `catalog_...`.
    ///
    /// # Errors
    /// When a column is not as long as the catalogue.
    pub fn with_predictions<'a>(
        &self,
        by: &str,
        columns: impl IntoIterator<Item = (&'a str, &'a [Option<f32>])>,
    ) -> Result<Self, DataError> {
        let columns: Vec<_> = columns.into_iter().collect();
        let is_new = |name: &str| columns.iter().any(|(new, _)| *new == name);
        let schema = self.batch.schema_ref();
        let (mut fields, mut values): (Vec<FieldRef>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for (field, array) in schema.fields().iter().zip(self.batch.columns()) {
            if !is_new(field.name()) {
                fields.push(Arc::clone(field));
            } else if field.metadata().contains_key(PREDICTED_KEY) {
                continue;
            } else {
                let mut name = format!("catalog_{}", field.name());
                while schema.index_of(&name).is_ok() || is_new(&name) {
                    name.push('_');
                }
                fields.push(Arc::new(field.as_ref().clone().with_name(name)));
            }
            values.push(Arc::clone(array));
        }
        for (name, column) in columns {
            let predicted = [(PREDICTED_KEY.to_owned(), by.to_owned())].into();
            let field = Field::new(name, DataType::Float32, true).with_metadata(predicted);
            fields.push(Arc::new(field));
            values.push(Arc::new(Float32Array::from(column.to_vec())));
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), values)
            .map(|batch| Self { batch })
            .map_err(|e| DataError::Table(e.to_string()))
    }

    /// Number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether there are no objects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The Arrow table.
    #[must_use]
    pub fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// The columns, `id` first.
    #[must_use]
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'_>> {
        self.batch
            .schema_ref()
            .fields()
            .iter()
            .zip(self.batch.columns())
            .map(|(field, values)| Column::new(field, values))
    }

    /// The column of that exact name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<Column<'_>> {
        let (index, field) = self.batch.schema_ref().column_with_name(name)?;
        Some(Column::new(field, self.batch.column(index)))
    }

    /// The identity of one row, as text, exactly.
    #[must_use]
    pub fn id(&self, row: usize) -> String {
        Column::new(self.batch.schema_ref().field(0), self.batch.column(0)).text(row)
    }
}

/// The same table with dictionary-encoded columns (categoricals of other programs) as plain values.
fn without_dictionaries(batch: &RecordBatch) -> Result<RecordBatch, DataError> {
    let table = |e: arrow::error::ArrowError| DataError::Table(e.to_string());
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, values) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if let DataType::Dictionary(_, plain) = field.data_type() {
            columns.push(arrow::compute::cast(values, plain).map_err(table)?);
            fields.push(Arc::new(
                field
                    .as_ref()
                    .clone()
                    .with_data_type(plain.as_ref().clone()),
            ));
        } else {
            columns.push(Arc::clone(values));
            fields.push(Arc::clone(field));
        }
    }
    if columns.is_empty() {
        return Ok(batch.clone());
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ColumnKind;
    use arrow::array::StringArray;

    fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn ids_above_two_to_the_53_survive() {
        let big = 1_237_678_620_102_623_480_i64;
        let catalog = Catalog::new(&table(vec![
            ("objid", Arc::new(Int64Array::from(vec![big, big + 1]))),
            ("z", Arc::new(Float32Array::from(vec![0.1, f32::NAN]))),
        ]))
        .unwrap();
        assert_eq!(catalog.id(1), (big + 1).to_string());
        assert_eq!(
            catalog.columns().map(|c| c.name()).collect::<Vec<_>>(),
            ["id", "objid", "z"]
        );
    }

    #[test]
    fn rows_are_numbered_when_nothing_identifies_them() {
        let catalog = Catalog::new(&table(vec![
            ("id", Arc::new(Float32Array::from(vec![0.5, 1.5]))),
            ("survey", Arc::new(StringArray::from(vec![Some("a"), None]))),
        ]))
        .unwrap();
        assert_eq!(catalog.id(1), "1");
        assert_eq!(catalog.column("id_").unwrap().text(1), "1.5");
        let (names, of_row) = catalog.column("survey").unwrap().categories(4).unwrap();
        assert_eq!((names, of_row), (vec!["a".to_owned()], vec![Some(0), None]));
        assert_eq!(
            catalog.column("survey").unwrap().kind(),
            ColumnKind::Categorical
        );
    }

    #[test]
    fn predictions_replace_earlier_ones_and_nothing_else() {
        let catalog = Catalog::new(&table(vec![(
            "smooth",
            Arc::new(StringArray::from(vec!["yes", "no"])),
        )]))
        .unwrap();
        let names = |c: &Catalog| {
            let names: Vec<_> = c.columns().map(|c| c.name().to_owned()).collect();
            names.join(" ")
        };
        let first: &[Option<f32>] = &[Some(0.5), None];
        let once = catalog
            .with_predictions("net", [("smooth", first)])
            .unwrap();
        assert_eq!(names(&once), "id catalog_smooth smooth");
        assert_eq!(once.column("catalog_smooth").unwrap().text(0), "yes");
        let smooth = once.column("smooth").unwrap();
        assert_eq!((smooth.text(0), smooth.unit()), ("0.5".to_owned(), None));
        assert!(smooth.numbers().unwrap()[1].is_nan());
        let second: &[Option<f32>] = &[None, Some(1.0)];
        let twice = once.with_predictions("net", [("smooth", second)]).unwrap();
        assert_eq!(names(&twice), "id catalog_smooth smooth");
        assert_eq!(twice.column("smooth").unwrap().text(1), "1.0");
        assert!(
            catalog
                .with_predictions("net", [("a", &first[..1])])
                .is_err()
        );
    }
}
