//! The compiled-in engine: objects run one by one, each on a worker of the thread pool.
//!
//! tract is fastest on graphs whose every axis has a length, and its speed for one object drops
//! with the batch, so symbols are replaced by one object's shape before it optimises and all
//! workers share that plan.

use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

use rayon::prelude::*;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid;

use super::super::EncodeError;
use super::super::model::Model;
use super::super::wiring::Wiring;
use super::Output;
use crate::quiet::{catch, one_line};

/// As pinned in Cargo.toml.
pub(super) const VERSION: &str = "0.23";

pub(in crate::encode) struct TractEngine {
    plan: Arc<TypedRunnableModel>,
    /// Of one run: the batch, and the axes of one object.
    shape: Vec<usize>,
}

impl TractEngine {
    pub(super) fn open(model: &Model, wiring: &Wiring) -> Result<Self, EncodeError> {
        let batch = wiring.fixed_batch.unwrap_or(1);
        let shape: Vec<usize> = iter::once(batch).chain(wiring.shape.clone()).collect();
        let plan = catch(|| plan(model, wiring, &shape))
            .and_then(|result| result.map_err(|e| one_line(&format!("{e:#}"))))
            .map_err(|reason| {
                model.refuse(format!(
                    "the compiled-in engine: {reason}: ONNX Runtime knows more graphs, see `latentarium doctor`"
                ))
            })?;
        Ok(Self { plan, shape })
    }

    pub(super) fn run(&self, values: &[f32], count: usize) -> Result<Vec<Output>, String> {
        let length: usize = self.shape.iter().product();
        let runs = count.div_ceil(self.shape[0]);
        let values = values.get(..runs * length).ok_or("the batch is not full")?;
        let answers: Vec<Vec<Output>> = values
            .par_chunks_exact(length)
            .map(|values| {
                catch(|| self.run_once(values))
                    .and_then(|result| result.map_err(|e| one_line(&format!("{e:#}"))))
            })
            .collect::<Result<_, _>>()?;
        Output::join(answers)
    }

    fn run_once(&self, values: &[f32]) -> TractResult<Vec<Output>> {
        let input = Tensor::from_shape(&self.shape, values)?;
        let outputs = self.plan.run(tvec!(input.into()))?;
        let output = |answer: &TValue| {
            let view = answer.to_plain_array_view::<f32>()?;
            Ok(Output {
                shape: view.shape().to_vec(),
                values: view.iter().copied().collect(),
            })
        };
        outputs.iter().map(output).collect()
    }
}

fn plan(model: &Model, wiring: &Wiring, shape: &[usize]) -> TractResult<Arc<TypedRunnableModel>> {
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
    let outlets = graph.output_outlets()?;
    let outlets: Vec<OutletId> = wiring
        .outputs
        .iter()
        .filter_map(|wanted| outlets.get(wanted.index).copied())
        .collect();
    graph.select_output_outlets(&outlets)?;
    let typed = graph.into_typed()?;
    let axes = typed.input_fact(0)?.shape.clone();
    let symbols: HashMap<Symbol, TDim> = axes
        .iter()
        .zip(shape)
        .filter_map(|(axis, &length)| match axis {
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

/// The shapes of tensors, by name, as far as they can be inferred without weights in other files.
pub(in crate::encode) fn inferred_shapes(model: &Model) -> HashMap<String, String> {
    catch(|| {
        let mut graph = tract_onnx::onnx().model_for_read(&mut model.bytes.as_slice())?;
        // What was found before it stopped is worth listing.
        let _ = graph.analyse(true);
        let shape = |(&outlet, name): (&OutletId, &String)| {
            let fact = &graph.outlet_fact(outlet).ok()?.shape;
            let axes: Vec<String> = fact.concretize()?.iter().map(ToString::to_string).collect();
            Some((name.clone(), axes.join(" x ")))
        };
        Ok(graph.outlet_labels.iter().filter_map(shape).collect())
    })
    .and_then(|result: TractResult<_>| result.map_err(|e| e.to_string()))
    .unwrap_or_default()
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
