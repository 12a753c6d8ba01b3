//! One column of a catalogue: values with name, unit and what they can be used for.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::categories;

const UNIT_KEY: &str = "unit";
const UCD_KEY: &str = "ucd";
/// In a field's metadata: the encoder that predicted the column.
pub(super) const PREDICTED_KEY: &str = "predicted_by";
/// At most this many distinct values make a column of whole numbers categorical, or one of texts.
const MOST_NUMBERS: usize = 64;
const MOST_TEXTS: usize = 255;

/// One column: values with name, unit and UCD.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    field: &'a Field,
    values: &'a ArrayRef,
}

/// How a column can colour the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A number that varies continuously.
    Continuous,
    /// Few distinct values: text, flags, small integers.
    Categorical,
    /// Neither: identifiers, free text.
    Opaque,
}

/// Arrow field for a column with a unit.
#[must_use]
pub(crate) fn field_with_unit(
    name: &str,
    data_type: DataType,
    unit: Option<&str>,
    ucd: Option<&str>,
) -> Field {
    let metadata = [(UNIT_KEY, unit), (UCD_KEY, ucd)]
        .into_iter()
        .filter_map(|(key, value)| value.map(|v| (key.to_owned(), v.to_owned())))
        .collect();
    Field::new(name, data_type, true).with_metadata(metadata)
}

impl<'a> Column<'a> {
    pub(super) fn new(field: &'a Field, values: &'a ArrayRef) -> Self {
        Self { field, values }
    }

    /// Name as in the file.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.field.name()
    }

    /// Unit as in the file, such as `arcsec`.
    #[must_use]
    pub fn unit(&self) -> Option<&'a str> {
        self.field.metadata().get(UNIT_KEY).map(String::as_str)
    }

    /// Unified content descriptor (IVOA UCD1+), if the file has one.
    #[must_use]
    pub fn ucd(&self) -> Option<&'a str> {
        self.field.metadata().get(UCD_KEY).map(String::as_str)
    }

    /// The encoder that predicted it, if one did.
    #[must_use]
    pub fn predicted_by(&self) -> Option<&'a str> {
        self.field.metadata().get(PREDICTED_KEY).map(String::as_str)
    }

    /// The Arrow values.
    #[must_use]
    pub fn values(&self) -> &'a ArrayRef {
        self.values
    }

    /// Whether the values are numbers.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        self.values.data_type().is_numeric()
    }

    /// Whether the values are texts.
    #[must_use]
    pub fn is_text(&self) -> bool {
        use DataType::{LargeUtf8, Utf8, Utf8View};
        matches!(self.values.data_type(), Utf8 | LargeUtf8 | Utf8View)
    }

    /// Whether the values are true or false.
    #[must_use]
    pub fn is_truth(&self) -> bool {
        self.values.data_type() == &DataType::Boolean
    }

    /// One value as the catalogue would print it; empty where there is none.
    #[must_use]
    pub fn text(&self, row: usize) -> String {
        let options = FormatOptions::default();
        if row >= self.values.len() || self.values.is_null(row) {
            return String::new();
        }
        ArrayFormatter::try_new(self.values.as_ref(), &options)
            .map(|f| f.value(row).to_string())
            .unwrap_or_default()
    }

    /// All values as numbers: NaN where there is none; `None` for a column that is not numeric.
    #[must_use]
    pub fn numbers(&self) -> Option<Vec<f64>> {
        if !self.is_numeric() {
            return None;
        }
        let numbers = arrow::compute::cast(self.values, &DataType::Float64).ok()?;
        let numbers = numbers.as_primitive::<Float64Type>();
        Some(numbers.iter().map(|v| v.unwrap_or(f64::NAN)).collect())
    }

    /// Distinct values in order of first appearance, and each row's place among them (`None` where
    /// the value is missing). `None` when there are more than `most` of them.
    #[must_use]
    pub fn categories(&self, most: usize) -> Option<(Vec<String>, Vec<Option<u16>>)> {
        categories::of(self.values, most)
    }

    /// How this column can colour the map.
    #[must_use]
    pub fn kind(&self) -> ColumnKind {
        let data_type = self.values.data_type();
        if data_type.is_floating() || matches!(data_type, DataType::Decimal128(..)) {
            return ColumnKind::Continuous;
        }
        let most = if data_type.is_numeric() {
            MOST_NUMBERS
        } else {
            MOST_TEXTS
        };
        if categories::at_most(self.values, most) {
            return ColumnKind::Categorical;
        }
        if data_type.is_numeric() {
            ColumnKind::Continuous
        } else {
            ColumnKind::Opaque
        }
    }

    /// Name with its unit, as a label: `r_e (arcsec)`.
    #[must_use]
    pub fn label(&self) -> Cow<'a, str> {
        match self.unit() {
            Some(unit) if !unit.is_empty() => Cow::Owned(format!("{} ({unit})", self.name())),
            _ => Cow::Borrowed(self.name()),
        }
    }
}
