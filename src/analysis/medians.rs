//! The middle of each column: what one wild row does not move.

use ndarray::ArrayView2;

/// The median of each column of rows of `dim` values; the upper of two middle ones, 0 of none.
pub(super) fn medians(rows: &[f32], dim: usize) -> Vec<f32> {
    let Ok(rows) = ArrayView2::from_shape((rows.len() / dim, dim), rows) else {
        return vec![0.0; dim];
    };
    let column = |column: ndarray::ArrayView1<'_, f32>| median(&mut column.to_vec());
    rows.columns().into_iter().map(column).collect()
}

/// The median, 0 of none.
fn median(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}
