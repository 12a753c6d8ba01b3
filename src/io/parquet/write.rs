//! Writing Parquet: the catalogue with what was worked out beside it, a few rows at a time.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, FixedSizeListArray, Float32Array, Float64Array, RecordBatch, StringArray, UInt32Array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::{AXES, BATCH_ROWS, KIND, PREFIX, WARNING_COLUMN};
use crate::data::{Catalog, Projection, Provenance};
use crate::io::IoError;
use crate::io::atomic::{AtomicFile, Overwrite};
use crate::io::table::EMBEDDING_COLUMN;
use crate::io::vectors::{VectorSource, within};
use crate::progress::Progress;

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
        "catalog",
        catalog,
        &[],
        provenance,
        overwrite,
        &Progress::new(),
    )
}

/// Writes the catalogue with one vector for each row that has one; `warnings` are `(row, text)`,
/// `provenance` says how the vectors were made.
///
/// # Errors
/// When the file exists and may not be replaced, the disk is full, or the work was cancelled.
pub fn write_embedding(
    path: &Path,
    catalog: &Catalog,
    vectors: &dyn VectorSource,
    warnings: &[(u32, String)],
    provenance: &Provenance,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<(), IoError> {
    let dim = vectors.dim();
    let length = i32::try_from(dim)
        .map_err(|_| IoError::content(path, "the vectors are too long to be written"))?;
    let mut texts: Vec<Option<String>> = vec![None; catalog.len()];
    for (row, text) in warnings {
        if let Some(slot) = texts.get_mut(*row as usize) {
            *slot = Some(match slot.take() {
                Some(earlier) => format!("{earlier}; {text}"),
                None => text.clone(),
            });
        }
    }
    let item = Arc::new(Field::new("item", DataType::Float32, false));
    let warning = Added {
        name: WARNING_COLUMN,
        data_type: DataType::Utf8,
        values: Box::new(|rows| Ok(Arc::new(StringArray::from(texts[rows].to_vec())))),
    };
    let vectors = Added {
        name: EMBEDDING_COLUMN,
        data_type: DataType::FixedSizeList(Arc::clone(&item), length),
        values: Box::new(|rows| {
            let (mut values, mut there) = (vec![0.0; rows.len() * dim], vec![false; rows.len()]);
            vectors
                .each(rows.clone(), &mut |row, vector| {
                    let place = row as usize - rows.start;
                    values[place * dim..(place + 1) * dim].copy_from_slice(vector);
                    there[place] = true;
                })
                .map_err(|e| ArrowError::ExternalError(Box::new(e)))?;
            let (values, there) = (
                Arc::new(Float32Array::from(values)),
                NullBuffer::from(there),
            );
            let list = FixedSizeListArray::try_new(Arc::clone(&item), length, values, Some(there))?;
            Ok(Arc::new(list))
        }),
    };
    write(
        path,
        "embedding",
        catalog,
        &[warning, vectors],
        provenance,
        overwrite,
        progress,
    )
}

/// Writes the catalogue with the coordinates of each row: in double precision where the origin of
/// the projection is not zero.
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
    let origin = projection.origin();
    let far = origin != [0.0; 3];
    let axes: Vec<Added<'_>> = (0..dims)
        .map(|axis| Added {
            name: AXES[axis],
            data_type: if far {
                DataType::Float64
            } else {
                DataType::Float32
            },
            values: Box::new(move |rows| {
                let mut values = vec![None; rows.len()];
                for index in within(projection.rows(), &rows) {
                    let place = projection.rows()[index] as usize - rows.start;
                    values[place] = Some(projection.coords()[index * dims + axis]);
                }
                if !far {
                    return Ok(Arc::new(Float32Array::from(values)));
                }
                let whole = values
                    .into_iter()
                    .map(|v| Some(origin[axis] + f64::from(v?)));
                Ok(Arc::new(whole.collect::<Float64Array>()))
            }),
        })
        .collect();
    // Readers take a column `z` for the third axis only where it is said to be one.
    let provenance = provenance.clone().merged(projection.provenance());
    let provenance = provenance.with("dims", dims.to_string());
    write(
        path,
        "projection",
        catalog,
        &axes,
        &provenance,
        overwrite,
        progress,
    )
}

/// Neighbours of some rows of a catalogue.
#[derive(Debug, Clone, Copy)]
pub struct NeighborTable<'a> {
    /// The rows, increasing.
    pub rows: &'a [u32],
    /// Neighbours of each.
    pub k: usize,
    /// `n x k` places in `rows`, nearest first.
    pub indices: &'a [u32],
    /// `n x k`.
    pub distances: &'a [f32],
}

/// Writes the catalogue with the neighbours of each row: `neighbors`, a list of catalogue rows counted
/// from 0, and `neighbor_distances`.
///
/// # Errors
/// When the file exists and may not be replaced, the disk is full, or the work was cancelled.
pub fn write_neighbors(
    path: &Path,
    catalog: &Catalog,
    table: &NeighborTable<'_>,
    provenance: &Provenance,
    overwrite: Overwrite,
    progress: &Progress,
) -> Result<(), IoError> {
    let k = table.k;
    let length = i32::try_from(k).map_err(|_| {
        IoError::content(path, "more neighbours than can be written; ask for fewer")
    })?;
    let list = |item: DataType| Arc::new(Field::new("item", item, false));
    let (row_item, distance_item) = (list(DataType::UInt32), list(DataType::Float32));
    let neighbors = Added {
        name: "neighbors",
        data_type: DataType::FixedSizeList(Arc::clone(&row_item), length),
        values: Box::new(move |rows| {
            let (values, there) = spread(table, &rows, |at| table.rows[table.indices[at] as usize]);
            let (values, item) = (Arc::new(UInt32Array::from(values)), Arc::clone(&row_item));
            Ok(Arc::new(FixedSizeListArray::try_new(
                item,
                length,
                values,
                Some(there),
            )?))
        }),
    };
    let distances = Added {
        name: "neighbor_distances",
        data_type: DataType::FixedSizeList(Arc::clone(&distance_item), length),
        values: Box::new(move |rows| {
            let (values, there) = spread(table, &rows, |at| table.distances[at]);
            let (values, item) = (
                Arc::new(Float32Array::from(values)),
                Arc::clone(&distance_item),
            );
            Ok(Arc::new(FixedSizeListArray::try_new(
                item,
                length,
                values,
                Some(there),
            )?))
        }),
    };
    let added = [neighbors, distances];
    write(
        path,
        "neighbors",
        catalog,
        &added,
        provenance,
        overwrite,
        progress,
    )
}

/// The `k` values of each of `rows`, and which of them have any.
fn spread<T: Copy + Default>(
    table: &NeighborTable<'_>,
    rows: &Range<usize>,
    value: impl Fn(usize) -> T,
) -> (Vec<T>, NullBuffer) {
    let k = table.k;
    let (mut values, mut there) = (vec![T::default(); rows.len() * k], vec![false; rows.len()]);
    for index in within(table.rows, rows) {
        let place = table.rows[index] as usize - rows.start;
        there[place] = true;
        for (slot, at) in values[place * k..]
            .iter_mut()
            .zip(index * k..(index + 1) * k)
        {
            *slot = value(at);
        }
    }
    (values, NullBuffer::from(there))
}

/// A column that is written beside the catalogue's; its values are made a few rows at a time.
struct Added<'a> {
    name: &'static str,
    data_type: DataType,
    values: Box<dyn Fn(Range<usize>) -> Result<ArrayRef, ArrowError> + 'a>,
}

/// `provenance` is that of the source, `kind` what the file becomes.
fn write(
    path: &Path,
    kind: &str,
    catalog: &Catalog,
    added: &[Added<'_>],
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
    let (mut fields, mut kept): (Vec<FieldRef>, Vec<usize>) = (Vec::new(), Vec::new());
    let table = catalog.batch();
    let ours = matches!(provenance.get(KIND), Some("embedding" | "projection"));
    for (index, field) in table.schema_ref().fields().iter().enumerate() {
        let clashes = added.iter().any(|a| a.name == field.name());
        // Our own earlier results are replaced; a column of the user's keeps its values.
        if clashes && ours && [WARNING_COLUMN, EMBEDDING_COLUMN].contains(&field.name().as_str()) {
            continue;
        }
        fields.push(if clashes {
            let mut name = format!("catalog_{}", field.name());
            while table.schema_ref().index_of(&name).is_ok() {
                name.push('_');
            }
            Arc::new(field.as_ref().clone().with_name(name))
        } else {
            Arc::clone(field)
        });
        kept.push(index);
    }
    fields.extend(
        added
            .iter()
            .map(|a| Arc::new(Field::new(a.name, a.data_type.clone(), true))),
    );
    let schema = Arc::new(Schema::new(fields));
    let provenance = provenance.clone().with(KIND, kind);
    let metadata = provenance
        .iter()
        .map(|(key, value)| KeyValue::new(format!("{PREFIX}{key}"), value.to_owned()))
        .collect();
    let vectors = ColumnPath::from(["embedding", "list", "item"].map(str::to_owned).to_vec());
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(metadata))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_column_compression(vectors.clone(), Compression::UNCOMPRESSED)
        .set_column_dictionary_enabled(vectors, false);
    // Coordinates hardly shrink, and a map is opened more often than it is written.
    let axes = added.iter().filter(|a| AXES.contains(&a.name));
    let properties = axes
        .map(|axis| ColumnPath::from(axis.name))
        .fold(properties, |properties, axis| {
            properties
                .set_column_compression(axis.clone(), Compression::UNCOMPRESSED)
                .set_column_dictionary_enabled(axis, false)
        })
        .build();
    let file = AtomicFile::create(path, overwrite)?;
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
        .map_err(|e| failed(&e))?;
    for first in (0..catalog.len()).step_by(BATCH_ROWS) {
        let rows = first..(first + BATCH_ROWS).min(catalog.len());
        let slice = table.slice(rows.start, rows.len());
        let mut columns: Vec<ArrayRef> =
            kept.iter().map(|&i| Arc::clone(slice.column(i))).collect();
        for column in added {
            columns.push((column.values)(rows.clone()).map_err(|e| failed(&e))?);
        }
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|e| failed(&e))?;
        writer.write(&batch).map_err(|e| failed(&e))?;
        progress.set(rows.end, catalog.len())?;
    }
    let file = writer.into_inner().map_err(|e| failed(&e))?;
    file.commit()
}
