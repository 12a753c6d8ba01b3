//! Text tables: comma, tab or blank separated, with a header line; types are inferred, and
//! integers stay 64-bit integers.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::csv::reader::Format;
use arrow::csv::{ReaderBuilder, WriterBuilder};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};

use super::IoError;
use super::atomic::{AtomicFile, Overwrite};
use crate::data::{Catalog, Projection};

/// Largest text table, bytes.
const LARGEST: u64 = 4 << 30;
const BATCH_ROWS: usize = 65_536;

/// Writes all columns with a header line, the coordinates of a map after them (empty where an object
/// has no place on it).
///
/// # Errors
/// When the file exists and may not be replaced, or the disk is full.
pub fn write_csv(
    path: &Path,
    catalog: &Catalog,
    projection: Option<&Projection>,
    overwrite: Overwrite,
) -> Result<(), IoError> {
    let failed = |e: &dyn std::fmt::Display| {
        IoError::content(
            path,
            format!("the file cannot be written ({e}); check the disk"),
        )
    };
    let table = catalog.batch();
    let mut fields: Vec<FieldRef> = table.schema_ref().fields().iter().cloned().collect();
    let mut columns: Vec<ArrayRef> = table.columns().to_vec();
    for (axis, name) in projection
        .iter()
        .flat_map(|p| (0..p.dims()).map(|i| (i, ["x", "y", "z"][i])))
    {
        let Some(projection) = projection else { break };
        let mut values: Vec<Option<f64>> = vec![None; catalog.len()];
        let points = projection.coords().chunks(projection.dims());
        for (row, point) in projection.rows().iter().zip(points) {
            values[*row as usize] = Some(projection.origin()[axis] + f64::from(point[axis]));
        }
        let mut name = name.to_owned();
        while table.schema_ref().index_of(&name).is_ok() {
            name = format!("map_{name}");
        }
        // Far from zero single precision would not do.
        let far = projection.origin().iter().any(|v| *v != 0.0);
        let data_type = if far {
            DataType::Float64
        } else {
            DataType::Float32
        };
        let values: ArrayRef = Arc::new(Float64Array::from(values));
        columns.push(cast(&values, &data_type).map_err(|e| failed(&e))?);
        fields.push(Arc::new(Field::new(name, data_type, true)));
    }
    let batch =
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| failed(&e))?;
    let mut file = AtomicFile::create(path, overwrite)?;
    let mut writer = WriterBuilder::new().with_header(true).build(&mut file);
    writer.write(&batch).map_err(|e| failed(&e))?;
    drop(writer);
    file.commit()
}

/// Reads a text table into one batch; also what was tolerated.
pub(super) fn read(path: &Path) -> Result<(RecordBatch, Vec<String>), IoError> {
    let size = std::fs::metadata(path)
        .map_err(|e| IoError::system(path, "read", e))?
        .len();
    if size > LARGEST {
        return Err(IoError::content(
            path,
            "a text table above 4 GiB; convert it to Parquet first",
        ));
    }
    let bytes = std::fs::read(path).map_err(|e| IoError::system(path, "read", e))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        IoError::content(
            path,
            "not a text table (it is not UTF-8); save it as UTF-8 CSV, Parquet or FITS",
        )
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut warnings = Vec::new();
    let text = without_comments(text);
    let header = text.lines().next().unwrap_or_default();
    if header.trim().is_empty() {
        let reason = "the table is empty; it needs a header line with column names";
        return Err(IoError::content(path, reason));
    }
    let delimiter = [b',', b'\t', b';']
        .into_iter()
        .find(|d| header.as_bytes().contains(d));
    let (delimiter, text) = match delimiter {
        Some(delimiter) => (delimiter, text),
        None => (b'\t', blanks_to_tabs(&text, &mut warnings)),
    };
    let malformed = |e: arrow::error::ArrowError| {
        IoError::content(
            path,
            format!(
                "the text table cannot be read ({e}); check that every line has as many cells as the header"
            ),
        )
    };
    let format = Format::default()
        .with_header(true)
        .with_delimiter(delimiter);
    let (schema, _) = format
        .infer_schema(Cursor::new(text.as_bytes()), None)
        .map_err(malformed)?;
    // Integers are read as text first: 000123 is an identity, not a number.
    let as_text = |field: &FieldRef| match field.data_type() {
        DataType::Int64 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8)),
        _ => Arc::clone(field),
    };
    let raw_schema = Arc::new(Schema::new(
        schema.fields().iter().map(as_text).collect::<Vec<_>>(),
    ));
    let reader = ReaderBuilder::new(Arc::clone(&raw_schema))
        .with_format(format)
        .with_batch_size(BATCH_ROWS)
        .build(Cursor::new(text.as_bytes()))
        .map_err(malformed)?;
    let batches = reader.collect::<Result<Vec<_>, _>>().map_err(malformed)?;
    let raw = concat_batches(&raw_schema, &batches).map_err(malformed)?;
    let mut columns = raw.columns().to_vec();
    let mut fields: Vec<FieldRef> = raw_schema.fields().iter().cloned().collect();
    for (index, inferred) in schema.fields().iter().enumerate() {
        if inferred.data_type() == &DataType::Int64 && !has_leading_zeros(&columns[index]) {
            columns[index] = cast(&columns[index], &DataType::Int64).map_err(malformed)?;
            fields[index] = Arc::clone(inferred);
        }
    }
    let table = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(malformed)?;
    Ok((table, warnings))
}

/// Whether some cell of a text column reads like 007.
fn has_leading_zeros(column: &ArrayRef) -> bool {
    column
        .as_string::<i32>()
        .iter()
        .flatten()
        .map(|cell| cell.trim_start_matches(['-', '+']))
        .any(|cell| cell.len() > 1 && cell.starts_with('0'))
}

/// The text from its header line on. Comment lines before it are dropped (those of ECSV among
/// them), but for a last one that is the header itself: `# z u g r` above lines of numbers.
fn without_comments(text: &str) -> String {
    let comments = text.lines().take_while(|l| l.starts_with('#')).count();
    if comments == 0 {
        return text.to_owned();
    }
    let first_line = text.lines().nth(comments).unwrap_or_default();
    let first_cell = first_line
        .split([',', '\t', ';', ' '])
        .find(|cell| !cell.is_empty());
    let starts_with_data = first_cell.is_some_and(|cell| cell.parse::<f64>().is_ok());
    let header = usize::from(starts_with_data && !text.starts_with("# %ECSV"));
    let lines: Vec<&str> = text.lines().skip(comments - header).collect();
    lines
        .join("\n")
        .trim_start_matches('#')
        .trim_start_matches(' ')
        .to_owned()
}

/// Blank-separated columns, as many astronomical tables have; a leading `#` marks the header. A
/// header that names too few columns is completed, with a warning.
fn blanks_to_tabs(text: &str, warnings: &mut Vec<String>) -> String {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    let mut names: Vec<String> = header.split_whitespace().map(str::to_owned).collect();
    let mut rows = lines
        .filter(|l| !l.trim_start().starts_with('#') && !l.trim().is_empty())
        .peekable();
    let cells = rows.peek().map_or(0, |row| row.split_whitespace().count());
    if cells > names.len() {
        warnings.push(format!(
            "the header names {} columns and the lines have {cells}; the last ones were numbered, and the names \
             may belong to other columns",
            names.len()
        ));
        names.extend((names.len() + 1..=cells).map(|number| format!("col{number}")));
    }
    std::iter::once(names.join("\t"))
        .chain(rows.map(|row| row.split_whitespace().collect::<Vec<_>>().join("\t")))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<RecordBatch, IoError> {
        read_with_warnings(text).map(|(table, _)| table)
    }

    fn read_with_warnings(text: &str) -> Result<(RecordBatch, Vec<String>), IoError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn integers_are_not_turned_into_floats() {
        let batch =
            read_text("objid,z,ok\n1237678620102623480,0.5,true\n1237678620102623481,,false\n")
                .unwrap();
        let schema = batch.schema();
        let types: Vec<_> = schema
            .fields()
            .iter()
            .map(|f| f.data_type().clone())
            .collect();
        assert_eq!(
            types,
            [DataType::Int64, DataType::Float64, DataType::Boolean]
        );
        assert_eq!(batch.column(1).null_count(), 1);
    }

    #[test]
    fn identities_with_leading_zeros_stay_text() {
        let table = read_text("id,n\n000123,1\n000124,0\n").unwrap();
        let types: Vec<_> = table
            .columns()
            .iter()
            .map(|c| c.data_type().clone())
            .collect();
        assert_eq!(types, [DataType::Utf8, DataType::Int64]);
    }

    #[test]
    fn comments_above_the_header_are_skipped() {
        for text in [
            "# %ECSV 1.0\n# ---\n# datatype:\na b\n1 2\n",
            "# made by someone\na,b\n1,2\n",
            "# made by someone\n# a b\n1 2\n",
        ] {
            let table = read_text(text).unwrap();
            assert_eq!(
                (table.schema().field(0).name().as_str(), table.num_rows()),
                ("a", 1),
                "{text}"
            );
        }
    }

    #[test]
    fn a_header_that_is_too_short_is_completed_and_told() {
        let (table, warnings) = read_with_warnings("# a b\n1 2 3\n4 5 6\n").unwrap();
        assert_eq!(table.schema().field(2).name(), "col3");
        assert_eq!(warnings.len(), 1);
    }

    #[test]
    fn blanks_separate_and_ragged_lines_are_refused() {
        assert_eq!(
            read_text("#zs u g\n0.1  2.5 3\n0.2 1 4\n")
                .unwrap()
                .num_columns(),
            3
        );
        assert!(
            read_text("a,b\n1,2\n3\n")
                .unwrap_err()
                .to_string()
                .contains("as many cells")
        );
        assert!(read_text("").unwrap_err().to_string().contains("empty"));
    }
}
