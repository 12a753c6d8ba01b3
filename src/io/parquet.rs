//! Parquet, the project's own format for catalogues, embeddings and projections.
//!
//! Every file holds `id` and the catalogue columns. An embedding file adds `embedding` (fixed-size
//! list of f32, null where an object could not be encoded) and `warning`; a projection file adds
//! `x`, `y` (and `z`), null where there is no point. Provenance is in the file's key-value metadata
//! under `latentarium.`.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, RecordBatch, StringArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::IoError;
use super::atomic::{AtomicFile, Overwrite};
use super::table::{EMBEDDING_COLUMN, Parts, TableParts};
use crate::data::{Catalog, DataError, Embedding, Projection, Provenance};
use crate::progress::Progress;

const PREFIX: &str = "latentarium.";
const KIND: &str = "kind";
const BATCH_ROWS: usize = 16_384;
const AXES: [&str; 3] = ["x", "y", "z"];
const WARNING_COLUMN: &str = "warning";

/// What a Parquet file holds.
pub(super) struct Content {
    pub parts: Parts,
    pub projection: Option<Projection>,
    pub provenance: Provenance,
}

/// Reads a Parquet file.
pub(super) fn read(path: &Path, progress: &Progress) -> Result<Content, IoError> {
    let damaged = |e: &dyn std::fmt::Display| {
        IoError::content(
            path,
            format!("the Parquet file is damaged or incomplete ({e}); copy or write it again"),
        )
    };
    let file = File::open(path).map_err(|e| IoError::system(path, "read", e))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| damaged(&e))?;
    let metadata = builder.metadata().file_metadata();
    let provenance: Provenance = metadata
        .key_value_metadata()
        .into_iter()
        .flatten()
        .filter_map(|kv| Some((kv.key.strip_prefix(PREFIX)?.to_owned(), kv.value.clone()?)))
        .collect();
    let total = usize::try_from(metadata.num_rows()).unwrap_or(0);
    if u32::try_from(total).is_err() {
        return Err(IoError::content(
            path,
            "more than 4294967295 rows; split the table",
        ));
    }
    let mut parts = TableParts::new(builder.schema().clone());
    let reader = builder
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|e| damaged(&e))?;
    let mut done = 0;
    for batch in reader {
        let batch = batch.map_err(|e| damaged(&e))?;
        parts.push(&batch).map_err(|e| damaged(&e))?;
        done += batch.num_rows();
        progress.set(done, total)?;
    }
    let mut parts = parts
        .finish(provenance.clone())
        .map_err(|e| IoError::data(path, &e))?;
    let projection = if provenance.get(KIND) == Some("projection") {
        let (catalog, projection) =
            split_projection(&parts.catalog, &provenance).map_err(|e| IoError::data(path, &e))?;
        parts.catalog = catalog;
        Some(projection)
    } else {
        None
    };
    Ok(Content {
        parts,
        projection,
        provenance,
    })
}

fn split_projection(
    catalog: &Catalog,
    provenance: &Provenance,
) -> Result<(Catalog, Projection), DataError> {
    // A catalogue may have a column `z` of its own, the redshift.
    let dims = provenance
        .get("dims")
        .and_then(|d| d.parse().ok())
        .unwrap_or(2_usize);
    let axes: Vec<Float32Array> = AXES
        .iter()
        .take(dims)
        .map_while(|axis| catalog.column(axis))
        .map_while(|column| cast(column.values(), &DataType::Float32).ok())
        .map(|values| values.as_primitive::<Float32Type>().clone())
        .collect();
    if axes.len() < 2 {
        return Err(DataError::Table(
            "the file calls itself a projection but has no columns x and y".to_owned(),
        ));
    }
    let (mut coords, mut rows) = (
        Vec::with_capacity(catalog.len() * axes.len()),
        Vec::with_capacity(catalog.len()),
    );
    for row in 0..catalog.len() {
        let point: Vec<f32> = axes
            .iter()
            .filter(|a| a.is_valid(row))
            .map(|a| a.value(row))
            .collect();
        if point.len() == axes.len() && point.iter().all(|v| v.is_finite()) {
            coords.extend(point);
            rows.push(row as u32);
        }
    }
    let projection = Projection::new(coords, axes.len(), rows, catalog.len(), provenance.clone())?;
    let batch = catalog.batch();
    let keep: Vec<usize> = (0..batch.num_columns())
        .filter(|&i| !AXES[..axes.len()].contains(&batch.schema_ref().field(i).name().as_str()))
        .collect();
    let batch = batch
        .project(&keep)
        .map_err(|e| DataError::Table(e.to_string()))?;
    Ok((Catalog::new(&batch)?, projection))
}

/// Writes the catalogue alone.
///
/// # Errors
/// When the file exists and may not be replaced, or the disk is full.
pub fn write_catalog(
    path: &Path,
    catalog: &Catalog,
    provenance: &Provenance,
    overwrite: Overwrite,
) -> Result<(), IoError> {
    write(
        path,
        catalog,
        Vec::new(),
        &provenance.clone().with(KIND, "catalog"),
        overwrite,
        &Progress::new(),
    )
}

/// Writes the catalogue with one vector for each row; `warnings` are `(row, text)`.
///
/// # Errors
/// When the file exists and may not be replaced, the disk is full, or the work was cancelled.
pub fn write_embedding(
    path: &Path,
    catalog: &Catalog,
    embedding: &Embedding,
    warnings: &[(u32, String)],
    provenance: &Provenance,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<(), IoError> {
    let failed = |e: arrow::error::ArrowError| {
        IoError::content(path, format!("the embedding cannot be written ({e})"))
    };
    let (dim, n) = (embedding.dim(), catalog.len());
    let (mut values, mut there) = (vec![0.0; n * dim], vec![false; n]);
    for (i, &row) in embedding.rows().iter().enumerate() {
        let row = row as usize;
        values[row * dim..(row + 1) * dim].copy_from_slice(embedding.vector(i));
        there[row] = true;
    }
    let length = i32::try_from(dim)
        .map_err(|_| IoError::content(path, "the vectors are too long to be written"))?;
    let item = Arc::new(Field::new("item", DataType::Float32, false));
    let vectors = FixedSizeListArray::try_new(
        item,
        length,
        Arc::new(Float32Array::from(values)),
        Some(NullBuffer::from(there)),
    )
    .map_err(failed)?;
    let mut texts: Vec<Option<String>> = vec![None; n];
    for (row, text) in warnings {
        let slot = &mut texts[*row as usize];
        *slot = Some(
            slot.take()
                .map_or_else(|| text.clone(), |earlier| format!("{earlier}; {text}")),
        );
    }
    let added: Vec<(&str, ArrayRef)> = vec![
        (WARNING_COLUMN, Arc::new(StringArray::from(texts))),
        (EMBEDDING_COLUMN, Arc::new(vectors)),
    ];
    let provenance = provenance
        .clone()
        .merged(embedding.provenance())
        .with(KIND, "embedding");
    write(path, catalog, added, &provenance, overwrite, progress)
}

/// Writes the catalogue with the coordinates of each row.
///
/// # Errors
/// When the file exists and may not be replaced, the disk is full, or the work was cancelled.
pub fn write_projection(
    path: &Path,
    catalog: &Catalog,
    projection: &Projection,
    provenance: &Provenance,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<(), IoError> {
    let dims = projection.dims();
    let added = (0..dims)
        .map(|axis| {
            let mut values: Vec<Option<f32>> = vec![None; catalog.len()];
            for (point, &row) in projection
                .coords()
                .chunks_exact(dims)
                .zip(projection.rows())
            {
                values[row as usize] = Some(point[axis]);
            }
            (AXES[axis], Arc::new(Float32Array::from(values)) as ArrayRef)
        })
        .collect();
    let provenance = provenance
        .clone()
        .merged(projection.provenance())
        .with(KIND, "projection");
    write(path, catalog, added, &provenance, overwrite, progress)
}

fn write(
    path: &Path,
    catalog: &Catalog,
    added: Vec<(&str, ArrayRef)>,
    provenance: &Provenance,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<(), IoError> {
    let failed = |e: &dyn std::fmt::Display| {
        IoError::content(
            path,
            format!("the file cannot be written ({e}); check the disk"),
        )
    };
    let names: Vec<&str> = added.iter().map(|(name, _)| *name).collect();
    let (mut fields, mut columns): (Vec<FieldRef>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    let table = catalog.batch();
    for (field, values) in table.schema_ref().fields().iter().zip(table.columns()) {
        let clashes = names.contains(&field.name().as_str());
        // Our own earlier results are replaced; a column of the user's keeps its values.
        if clashes && [WARNING_COLUMN, EMBEDDING_COLUMN].contains(&field.name().as_str()) {
            continue;
        }
        fields.push(if clashes {
            Arc::new(
                field
                    .as_ref()
                    .clone()
                    .with_name(format!("catalog_{}", field.name())),
            )
        } else {
            Arc::clone(field)
        });
        columns.push(Arc::clone(values));
    }
    for (name, values) in added {
        fields.push(Arc::new(Field::new(name, values.data_type().clone(), true)));
        columns.push(values);
    }
    let batch =
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| failed(&e))?;
    let metadata = provenance
        .iter()
        .map(|(key, value)| KeyValue::new(format!("{PREFIX}{key}"), value.to_owned()))
        .collect();
    let vectors = ColumnPath::from(vec![
        EMBEDDING_COLUMN.to_owned(),
        "list".to_owned(),
        "item".to_owned(),
    ]);
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(metadata))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_column_compression(vectors.clone(), Compression::UNCOMPRESSED)
        .set_column_dictionary_enabled(vectors, false)
        .build();
    let file = AtomicFile::create(path, overwrite)?;
    let mut writer =
        ArrowWriter::try_new(file, batch.schema(), Some(properties)).map_err(|e| failed(&e))?;
    for first in (0..batch.num_rows()).step_by(BATCH_ROWS) {
        let rows = BATCH_ROWS.min(batch.num_rows() - first);
        writer
            .write(&batch.slice(first, rows))
            .map_err(|e| failed(&e))?;
        progress.set(first + rows, batch.num_rows())?;
    }
    let file = writer.into_inner().map_err(|e| failed(&e))?;
    file.commit()
}
