//! Evaluates a compiled condition over a table, block by block and in parallel.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, BooleanBufferBuilder};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use rayon::prelude::*;

use super::FilterError;
use super::canonical::load;
use super::formula::{Block, Formula, certain};

/// Large enough that a block's overhead does not count, small enough to stay in a core's cache.
const BLOCK_ROWS: usize = 64 * 1024;

/// The mask of `batch`, or `None` when cancelled.
pub(super) fn evaluate(
    condition: &Formula,
    columns: &SchemaRef,
    batch: &RecordBatch,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Option<BooleanArray>, FilterError> {
    let batch = project(columns, batch)?;
    let rows = batch.num_rows();
    let blocks = (0..rows.div_ceil(BLOCK_ROWS)).into_par_iter().map(|block| {
        if cancelled() {
            return Ok(None);
        }
        let start = block * BLOCK_ROWS;
        let slice = batch.slice(start, BLOCK_ROWS.min(rows - start));
        evaluate_block(condition, &slice).map(Some)
    });
    let blocks: Option<Vec<BooleanBuffer>> = blocks
        .collect::<Result<Vec<_>, FilterError>>()?
        .into_iter()
        .collect();
    Ok(blocks.map(|blocks| {
        let mut mask = BooleanBufferBuilder::new(rows);
        for block in &blocks {
            mask.append_buffer(block);
        }
        BooleanArray::new(mask.finish(), None)
    }))
}

/// The columns that the condition reads, in its order.
fn project(columns: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, FilterError> {
    let mut arrays = Vec::with_capacity(columns.fields().len());
    for field in columns.fields() {
        let name = field.name();
        let Some(array) = batch.column_by_name(name) else {
            return Err(FilterError::new(format!("there is no column {name}")));
        };
        if array.data_type() != field.data_type() {
            return Err(FilterError::new(format!(
                "column {name} is {}, not {} as when the condition was written",
                array.data_type(),
                field.data_type()
            )));
        }
        arrays.push(Arc::clone(array));
    }
    // the count matters where the condition reads no column at all
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(columns), arrays, &options)?;
    Ok(batch)
}

fn evaluate_block(condition: &Formula, batch: &RecordBatch) -> Result<BooleanBuffer, FilterError> {
    let rows = batch.num_rows();
    let columns = batch.columns().iter().map(load);
    let block = Block::new(rows, columns.collect::<Result<_, _>>()?);
    let array = condition.evaluate(&block)?.rows(rows)?;
    Ok(certain(array.as_boolean()).values().clone())
}
