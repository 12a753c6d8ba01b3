//! What vector lies under a place of the map, and what vectors lie between two objects.

use crate::analysis::reduce::interpolated;
use crate::data::Embedding;
use crate::session::{MapPoints, Mapped};

/// The vector of a place `at` (offsets, in the plane of `points`) of the map `mapped`, which `points`
/// belong to, turned or not. Of a PCA map it is exact; of any other it lies between the vectors of the
/// nearest points. `None` where no point near it has a vector.
#[must_use]
pub fn vector_at(
    mapped: &Mapped,
    points: &MapPoints,
    embedding: &Embedding,
    at: [f64; 2],
) -> Option<Vec<f32>> {
    let model = mapped.model.as_ref();
    if let Some(model) = model.filter(|model| model.is_linear() && model.dim() == embedding.dim()) {
        let at = points.position_at(at).map(|v| v as f32);
        return model.vector_at(&at[..points.projection().dims()]);
    }
    let tree = points.tree();
    interpolated(tree.points(), &at.map(|v| v as f32), |place| {
        vector_of(embedding, points.row(place))
    })
}

/// The vector of an object, if it has one.
#[must_use]
pub fn vector_of(embedding: &Embedding, row: usize) -> Option<&[f32]> {
    let row = u32::try_from(row).ok()?;
    let index = embedding.rows().binary_search(&row).ok()?;
    Some(embedding.vector(index))
}

/// `steps` vectors (`steps x d`, row-major; at least the two ends) on the straight line from one to the
/// other.
#[must_use]
pub fn walk(from: &[f32], to: &[f32], steps: usize) -> Vec<f32> {
    let last = steps.max(2) - 1;
    (0..=last)
        .flat_map(|step| {
            let share = step as f32 / last as f32;
            from.iter()
                .zip(to)
                .map(move |(a, b)| a * (1.0 - share) + b * share)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_goes_from_end_to_end_in_equal_steps() {
        let path = walk(&[0.0, 4.0], &[8.0, 0.0], 5);
        assert_eq!(path, [0.0, 4.0, 2.0, 3.0, 4.0, 2.0, 6.0, 1.0, 8.0, 0.0]);
        assert_eq!(walk(&[1.0], &[2.0], 0), [1.0, 2.0]);
    }
}
