//! Every method through linfa's traits, on linfa's data sets.
//!
//! `params.fit(&dataset)` gives a [`MapModel`], and `model.transform(..)` places records on its map.
//! `params.transform(&records)` gives the map of these records alone, as linfa's own t-SNE does: the only
//! way for methods that place no further ones.

use linfa::DatasetBase;
use linfa::traits::{Fit, Transformer};
use ndarray::{Array2, ArrayBase, Data, Ix2};

use super::{InMemory, MapModel, Method, ReduceError, ReduceParams, Reduction, reduce};
use crate::data::{Embedding, Provenance};
use crate::progress::Progress;

impl ReduceParams {
    fn reduced<D: Data<Elem = f32>>(
        &self,
        records: &ArrayBase<D, Ix2>,
    ) -> Result<Reduction, ReduceError> {
        let (count, dim) = records.dim();
        let values = records.iter().copied().collect();
        let rows = (0..count).map(|row| row as u32).collect();
        let embedding = Embedding::new(values, dim, rows, count, Provenance::default())?;
        reduce(&embedding, count, self, &Progress::new())
    }
}

impl<D: Data<Elem = f32>, T> Fit<ArrayBase<D, Ix2>, T, ReduceError> for ReduceParams {
    type Object = MapModel;

    /// The map of the records, as a model. t-SNE has none.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<MapModel, ReduceError> {
        let no_model =
            "t-SNE places no further objects: transform the records by the parameters, or use UMAP";
        if self.method == Method::Tsne {
            return Err(ReduceError::Params(no_model.to_owned()));
        }
        let model = self.reduced(&dataset.records)?.model;
        model.ok_or_else(|| ReduceError::Params(no_model.to_owned()))
    }
}

impl<D: Data<Elem = f32>> Transformer<&ArrayBase<D, Ix2>, Result<Array2<f32>, ReduceError>>
    for ReduceParams
{
    /// The map of the records, `n x dims`.
    fn transform(&self, records: &ArrayBase<D, Ix2>) -> Result<Array2<f32>, ReduceError> {
        let made = self.reduced(records)?.projection;
        Ok(array(made.coords().to_vec(), self.dims))
    }
}

impl<D: Data<Elem = f32>> Transformer<&ArrayBase<D, Ix2>, Result<Array2<f32>, ReduceError>>
    for MapModel
{
    /// The places of the records on the map, `n x dims`, each a function of its record alone.
    fn transform(&self, records: &ArrayBase<D, Ix2>) -> Result<Array2<f32>, ReduceError> {
        let values: Vec<f32> = records.iter().copied().collect();
        let mut source = InMemory {
            values: &values,
            dim: records.ncols(),
        };
        let coords = self.place_from(&mut source, &Progress::new())?;
        Ok(array(coords, self.params().dims))
    }
}

impl<D: Data<Elem = f32>, T>
    Transformer<DatasetBase<ArrayBase<D, Ix2>, T>, Result<DatasetBase<Array2<f32>, T>, ReduceError>>
    for MapModel
{
    fn transform(
        &self,
        dataset: DatasetBase<ArrayBase<D, Ix2>, T>,
    ) -> Result<DatasetBase<Array2<f32>, T>, ReduceError> {
        let coords = self.transform(&dataset.records)?;
        Ok(DatasetBase::new(coords, dataset.targets))
    }
}

/// Rows of `dims` coordinates.
fn array(coords: Vec<f32>, dims: usize) -> Array2<f32> {
    let count = coords.len() / dims.max(1);
    Array2::from_shape_vec((count, dims), coords).unwrap_or_else(|_| Array2::zeros((0, dims)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(count: usize) -> Array2<f32> {
        let value =
            |(i, k): (usize, usize)| ((i * 37 + k * 11) % 101) as f32 + (i % 3) as f32 * 200.0;
        Array2::from_shape_fn((count, 5), value)
    }

    #[test]
    fn every_method_composes_with_linfa() {
        let dataset = DatasetBase::from(records(200));
        for method in Method::ALL {
            for dims in [2, 3] {
                let params = ReduceParams {
                    method,
                    dims,
                    epochs: Some(20),
                    ..ReduceParams::default()
                };
                let map = params.transform(dataset.records()).unwrap();
                assert_eq!(map.dim(), (200, dims));
                assert!(map.iter().all(|v| v.is_finite()));
                let model = params.fit(&dataset);
                if method == Method::Tsne {
                    assert!(model.map(drop).unwrap_err().to_string().contains("UMAP"));
                    continue;
                }
                // What a map was made from lies where it lay.
                let model = model.unwrap();
                assert_eq!(model.transform(dataset.records()).unwrap(), map);
                let placed = model.transform(DatasetBase::from(records(7))).unwrap();
                assert_eq!(placed.records().dim(), (7, dims));
                // Others than it was made from are told so.
                let other = Array2::<f32>::zeros((4, 3));
                assert!(model.transform(&other).is_err());
            }
        }
    }

    #[test]
    fn records_that_cannot_be_used_are_an_error() {
        for bad in [Array2::zeros((0, 5)), Array2::from_elem((20, 5), f32::NAN)] {
            assert!(ReduceParams::default().transform(&bad).is_err());
            assert!(
                ReduceParams::default()
                    .fit(&DatasetBase::from(bad))
                    .is_err()
            );
        }
    }
}
