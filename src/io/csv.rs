//! Text tables: comma, tab or blank separated, with a header line; types are inferred, and
//! integers stay 64-bit integers.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;

use super::IoError;

/// Largest text table, bytes.
const LARGEST: u64 = 4 << 30;
const BATCH_ROWS: usize = 65_536;

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
    let header = text.lines().next().unwrap_or_default();
    if header.trim().is_empty() {
        return Err(IoError::content(
            path,
            "the table is empty; it needs a header line with column names",
        ));
    }
    let (delimiter, text) = match [b',', b'\t', b';']
        .into_iter()
        .find(|&d| header.as_bytes().contains(&d))
    {
        Some(delimiter) => (delimiter, text.to_owned()),
        None => (b'\t', blanks_to_tabs(text, &mut warnings)),
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
    let schema = Arc::new(schema);
    let reader = ReaderBuilder::new(Arc::clone(&schema))
        .with_format(format)
        .with_batch_size(BATCH_ROWS)
        .build(Cursor::new(text.as_bytes()))
        .map_err(malformed)?;
    let batches = reader.collect::<Result<Vec<_>, _>>().map_err(malformed)?;
    let table = concat_batches(&schema, &batches).map_err(malformed)?;
    Ok((table, warnings))
}

/// Blank-separated columns, as many astronomical tables have; a leading `#` marks the header. A
/// header that names too few columns is completed, with a warning.
fn blanks_to_tabs(text: &str, warnings: &mut Vec<String>) -> String {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default().trim_start_matches('#');
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
    use arrow::datatypes::DataType;

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
