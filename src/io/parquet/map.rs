//! The coordinates of a projection file: columns of numbers to points.

use arrow::array::{Array, ArrayRef, AsArray, Float32Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use rayon::prelude::*;

use super::columns::Pieces;
use crate::data::{DataError, Projection, Provenance};

/// A projection of the rows in which every axis has a finite value.
pub(in crate::io) fn projection(
    axes: &[Pieces],
    catalog_rows: usize,
    provenance: Provenance,
) -> Result<Projection, DataError> {
    let dims = axes.len();
    let mut origin = [0.0; 3];
    for (origin, pieces) in origin.iter_mut().zip(axes) {
        *origin = origin_of(pieces);
    }
    let table = |e: arrow::error::ArrowError| DataError::Table(e.to_string());
    let pieces: Vec<Vec<Float32Array>> = (0..axes.first().map_or(0, Vec::len))
        .into_par_iter()
        .map(|at| {
            let axes = axes.iter().zip(origin);
            axes.map(|(pieces, origin)| offsets(&pieces[at], origin))
                .collect::<Result<_, _>>()
                .map_err(table)
        })
        .collect::<Result<_, _>>()?;
    // `None` where every row of a piece has a point.
    let kept: Vec<Option<Vec<u32>>> = pieces.par_iter().map(|axes| some(axes)).collect();
    let rows_of = |(axes, kept): (&Vec<Float32Array>, &Option<Vec<u32>>)| {
        kept.as_ref().map_or(axes[0].len(), Vec::len)
    };
    let points = pieces.iter().zip(&kept).map(rows_of).sum::<usize>();
    let mut coords = vec![0.0; points * dims];
    let mut rows = vec![0; points];
    let (mut free, mut free_rows) = (coords.as_mut_slice(), rows.as_mut_slice());
    let mut first = 0;
    let mut work = Vec::with_capacity(pieces.len());
    for (axes, kept) in pieces.iter().zip(&kept) {
        let (here, rest) = free.split_at_mut(rows_of((axes, kept)) * dims);
        let (here_rows, rest_rows) = free_rows.split_at_mut(rows_of((axes, kept)));
        work.push((axes, kept, first, here, here_rows));
        (free, free_rows) = (rest, rest_rows);
        first += axes[0].len() as u32;
    }
    work.into_par_iter()
        .for_each(|(axes, kept, first, coords, rows)| {
            for (i, axis) in axes.iter().enumerate() {
                let values = axis.values();
                let points = coords.chunks_exact_mut(dims);
                match kept {
                    None => points.zip(values).for_each(|(p, v)| p[i] = *v),
                    Some(kept) => points
                        .zip(kept)
                        .for_each(|(p, &row)| p[i] = values[row as usize]),
                }
            }
            match kept {
                None => rows.iter_mut().zip(first..).for_each(|(r, row)| *r = row),
                Some(kept) => rows.iter_mut().zip(kept).for_each(|(r, k)| *r = first + k),
            }
        });
    Projection::new(coords, dims, rows, catalog_rows, provenance)?.with_origin(origin)
}

/// What is taken from the values of an axis before they become single: where the axis is in double
/// precision and lies farther from zero than it is long, about its middle, so that the difference is
/// exact; else nothing.
fn origin_of(pieces: &[ArrayRef]) -> f64 {
    if pieces.first().map(Array::data_type) != Some(&DataType::Float64) {
        return 0.0;
    }
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    let (low, high) = pieces
        .par_iter()
        .map(|piece| {
            let values = piece.as_primitive::<Float64Type>().iter().flatten();
            let usable = values.filter(|v| (*v as f32).is_finite());
            usable.fold(none, |(low, high), v| (low.min(v), high.max(v)))
        })
        .reduce(|| none, |a, b| (a.0.min(b.0), a.1.max(b.1)));
    let length = high - low;
    let middle = low + length / 2.0;
    if !middle.is_finite() || middle.abs() <= length {
        return 0.0;
    }
    // A power of two no smaller than the axis, or than the last digits of its values.
    let step = length.max(middle.abs() * f64::EPSILON).log2().ceil().exp2();
    let origin = (middle / step).round() * step;
    if origin.is_finite() { origin } else { 0.0 }
}

fn offsets(piece: &ArrayRef, origin: f64) -> Result<Float32Array, arrow::error::ArrowError> {
    if origin != 0.0 {
        let values = piece.as_primitive::<Float64Type>();
        return Ok(values.unary(|v| (v - origin) as f32));
    }
    let values = cast(piece, &DataType::Float32)?;
    Ok(values.as_primitive::<Float32Type>().clone())
}

/// The rows in which every axis has a finite value; `None` for all.
fn some(axes: &[Float32Array]) -> Option<Vec<u32>> {
    let whole = |axis: &Float32Array| {
        let not_finite = axis.values().iter().map(|v| u32::from(!v.is_finite()));
        axis.null_count() == 0 && not_finite.sum::<u32>() == 0
    };
    if axes.iter().all(whole) {
        return None;
    }
    let there = |axis: &Float32Array, row: usize| axis.is_valid(row) && axis.value(row).is_finite();
    let rows = 0..axes[0].len();
    let kept = rows.filter(|&row| axes.iter().all(|axis| there(axis, row)));
    Some(kept.map(|row| row as u32).collect())
}
