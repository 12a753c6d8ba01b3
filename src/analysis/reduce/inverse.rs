//! From a place on a map back to a vector.

use super::model::{Fitted, MapModel};

/// Points that have a say.
const NEAREST: usize = 8;

impl MapModel {
    /// The vector of a place of the map, `dims` coordinates. Of PCA it is the one that has these
    /// coordinates and none in the other components; of UMAP, what lies between those of the nearest
    /// points ([`interpolated`]). `None` for another number of coordinates.
    #[must_use]
    pub fn vector_at(&self, at: &[f32]) -> Option<Vec<f32>> {
        if at.len() != self.params().dims {
            return None;
        }
        match self.fitted() {
            Fitted::Pca(pca) => Some(pca.inverse_rows(at)),
            Fitted::Flat(vectors, model) => {
                interpolated(&model.positions, at, |i| Some(vectors.vector(i)))
            }
            Fitted::Solid(vectors, model) => {
                interpolated(&model.positions, at, |i| Some(vectors.vector(i)))
            }
        }
    }

    /// Standard deviation of the objects along each axis of a PCA map; `None` for other maps.
    #[must_use]
    pub fn deviations(&self) -> Option<Vec<f64>> {
        match self.fitted() {
            Fitted::Pca(pca) => {
                let variances = pca.variances().iter().take(self.params().dims);
                Some(variances.map(|v| v.max(0.0).sqrt()).collect())
            }
            Fitted::Flat(..) | Fitted::Solid(..) => None,
        }
    }
}

/// The mean of the vectors of the eight points nearest to `at`, weighed by one over the square of their
/// distance (Shepard 1968): at a point it is the vector of that point. Points for which `vector` has
/// none are passed over; `None` when none of the nearest has one.
pub fn interpolated<'a, const D: usize>(
    points: &[[f32; D]],
    at: &[f32],
    vector: impl Fn(usize) -> Option<&'a [f32]>,
) -> Option<Vec<f32>> {
    let mut nearest: Vec<(f64, usize)> = Vec::with_capacity(NEAREST + 1);
    for (i, point) in points.iter().enumerate() {
        let off = point
            .iter()
            .zip(at)
            .map(|(&a, &b)| f64::from(a) - f64::from(b));
        let squared: f64 = off.map(|off| off * off).sum();
        // NaN is never nearer.
        if nearest.len() < NEAREST || nearest.last().is_some_and(|&(most, _)| squared < most) {
            let place = nearest.partition_point(|&(known, _)| known <= squared);
            nearest.insert(place, (squared, i));
            nearest.truncate(NEAREST);
        }
    }
    let found: Vec<(f64, &[f32])> = nearest
        .into_iter()
        .filter_map(|(squared, i)| Some((squared, vector(i)?)))
        .collect();
    let &(first, vector) = found.first()?;
    if first == 0.0 {
        return Some(vector.to_vec());
    }
    let mut sum = vec![0.0_f64; vector.len()];
    let mut weights = 0.0;
    for (squared, vector) in found {
        // Relative to the nearest: no distance is too small or too large for it.
        let weight = first / squared;
        weights += weight;
        sum.iter_mut()
            .zip(vector)
            .for_each(|(sum, &v)| *sum += weight * f64::from(v));
    }
    Some(sum.into_iter().map(|sum| (sum / weights) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lies_between_the_nearest_and_is_theirs_at_a_point() {
        // A map that is its own latent space: a grid, and vectors that are linear in its places.
        let points: Vec<[f32; 2]> = (0..400)
            .map(|i| [(i % 20) as f32, (i / 20) as f32])
            .collect();
        let vectors: Vec<Vec<f32>> = points.iter().map(|p| vec![p[0], 3.0 * p[1], 1.0]).collect();
        let at = |x: f32, y: f32| interpolated(&points, &[x, y], |i| Some(&vectors[i]));
        assert_eq!(at(7.0, 11.0).unwrap(), [7.0, 33.0, 1.0]);
        // In the middle of a square its corners, and the eight around them, balance.
        let middle = at(7.5, 11.5).unwrap();
        assert!(
            (middle[0] - 7.5).abs() < 0.3 && (middle[1] - 34.5).abs() < 0.9,
            "{middle:?}"
        );
        assert!((middle[2] - 1.0).abs() < 1e-6);
        let few = interpolated(&points[..3], &[1e30, -1e30], |i| Some(&vectors[i])).unwrap();
        assert!(few.iter().all(|v| v.is_finite()));
        assert!(interpolated(&points, &[0.0, 0.0], |_| None).is_none());
        assert!(interpolated::<2>(&[], &[0.0, 0.0], |i| Some(&vectors[i])).is_none());
    }
}
