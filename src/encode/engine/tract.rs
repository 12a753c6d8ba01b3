//! The compiled-in engine: pictures run one by one, each on a worker of the thread pool.
//!
//! tract is fastest on graphs whose every axis has a length, and its speed for one picture drops
//! with the batch, so symbols are replaced by one picture's shape before it optimises and all
//! workers share that plan.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use tract_onnx::prelude::*;

use super::super::EncodeError;
use super::super::model::Model;
use super::super::quiet::{catch, one_line};
use super::super::wiring::Wiring;
use super::Output;

/// As pinned in Cargo.toml.
pub(super) const VERSION: &str = "0.23";

pub(in crate::encode) struct TractEngine {
    plan: Arc<TypedRunnableModel>,
    /// `batch x channels x height x width` of one run.
    shape: [usize; 4],
}

impl TractEngine {
    pub(super) fn open(model: &Model, wiring: &Wiring) -> Result<Self, EncodeError> {
        let [channels, height, width] = wiring.picture;
        let shape = [wiring.fixed_batch.unwrap_or(1), channels, height, width];
        let plan = catch(|| plan(model, wiring, shape))
            .and_then(|result| result.map_err(|e| one_line(&format!("{e:#}"))))
            .map_err(|reason| {
                model.refuse(format!(
                    "the compiled-in engine: {reason}: ONNX Runtime knows more graphs, see `latentarium doctor`"
                ))
            })?;
        Ok(Self { plan, shape })
    }

    pub(super) fn run(&self, pixels: &[f32], count: usize) -> Result<Output, String> {
        let length: usize = self.shape.iter().product();
        let runs = count.div_ceil(self.shape[0]);
        let pixels = pixels.get(..runs * length).ok_or("the batch is not full")?;
        let outputs: Vec<Output> = pixels
            .par_chunks_exact(length)
            .map(|pixels| {
                catch(|| self.run_once(pixels))
                    .and_then(|result| result.map_err(|e| one_line(&format!("{e:#}"))))
            })
            .collect::<Result<_, _>>()?;
        Output::concatenate(outputs)
            .ok_or_else(|| "outputs of one graph differ in shape".to_owned())
    }

    fn run_once(&self, pixels: &[f32]) -> TractResult<Output> {
        let input = Tensor::from_shape(&self.shape, pixels)?;
        let outputs = self.plan.run(tvec!(input.into()))?;
        let view = outputs[0].to_plain_array_view::<f32>()?;
        Ok(Output {
            shape: view.shape().to_vec(),
            values: view.iter().copied().collect(),
        })
    }
}

fn plan(model: &Model, wiring: &Wiring, shape: [usize; 4]) -> TractResult<Arc<TypedRunnableModel>> {
    // Exporters note shapes of inner values in their own symbols; those contradict a shape that is
    // set from outside.
    let onnx = tract_onnx::onnx().with_ignore_value_info(wiring.has_open_axis);
    let mut graph = if model.graph.external_files.is_empty() {
        onnx.model_for_read(&mut model.bytes.as_slice())?
    } else {
        onnx.model_for_path(&model.path)?
    };
    if wiring.has_open_axis {
        graph.set_input_fact(0, f32::fact(shape).into())?;
    }
    if let Some(&output) = graph.output_outlets()?.get(wiring.output_index) {
        graph.select_output_outlets(&[output])?;
    }
    let typed = graph.into_typed()?;
    let axes = typed.input_fact(0)?.shape.clone();
    let symbols: HashMap<Symbol, TDim> = axes
        .iter()
        .zip(shape)
        .filter_map(|(axis, length)| match axis {
            TDim::Sym(symbol) => Some((symbol.clone(), length.to_dim())),
            _ => None,
        })
        .collect();
    let typed = if symbols.is_empty() {
        typed
    } else {
        typed.set_symbols(&symbols)?
    };
    typed.into_optimized()?.into_runnable()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_that_of_the_manifest() {
        let manifest: toml::Table = include_str!("../../../Cargo.toml").parse().unwrap();
        let pinned = manifest["dependencies"]["tract-onnx"]["version"]
            .as_str()
            .unwrap();
        assert!(pinned.starts_with(super::VERSION), "{pinned}");
    }
}
