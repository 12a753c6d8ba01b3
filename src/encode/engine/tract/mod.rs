//! The compiled-in engine: objects run one by one or a few at a time, on the workers of the thread pool.
//!
//! tract is fastest on graphs whose every axis has a length, and most of its operations are no faster for
//! several objects at once, so symbols are replaced by one object's shape before it optimises and all
//! workers share that plan. Convolutions, which are our own, read their weights once for several small
//! pictures: networks of them have a second plan.

mod convolution;
mod lower;
mod mean_pool;
mod plane_reduce;

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
use lower::lower;

/// As pinned in Cargo.toml.
pub(super) const VERSION: &str = "0.23";

/// Objects that are run together where that pays.
const TOGETHER: usize = 8;
/// Values of all those objects, so that what is between operations stays in the processor's caches.
const TOGETHER_VALUES: usize = 1 << 17;
/// Each plan has weights of its own: models with a second plan stay below this, 64 MiB.
const TOGETHER_BYTES: usize = 64 << 20;

pub(in crate::encode) struct TractEngine {
    single: Plan,
    /// For several objects, where that pays and the graph can be run so.
    several: Option<Plan>,
}

struct Plan {
    runnable: Arc<TypedRunnableModel>,
    /// Of one run: the batch, and the axes of one object.
    shape: Vec<usize>,
    convolves: bool,
}

impl TractEngine {
    pub(super) fn open(model: &Model, wiring: &Wiring) -> Result<Self, EncodeError> {
        let single = Plan::new(model, wiring, wiring.fixed_batch.unwrap_or(1)).map_err(|reason| {
            model.refuse(format!(
                "the compiled-in engine: {reason}: ONNX Runtime knows more graphs, see `latentarium doctor`"
            ))
        })?;
        let together = (TOGETHER_VALUES / wiring.object_len().max(1)).min(TOGETHER);
        let pays = single.convolves && together > 1 && model.bytes.len() <= TOGETHER_BYTES;
        let several = (pays && wiring.fixed_batch.is_none())
            .then(|| Plan::new(model, wiring, together).ok())
            .flatten()
            .filter(Plan::is_divisible);
        Ok(Self { single, several })
    }

    pub(super) fn run(&self, values: &[f32], count: usize) -> Result<Vec<Output>, String> {
        let Self { single, several } = self;
        let object = single.len() / single.shape[0];
        let whole = |plan: &Plan| count / plan.shape[0] * plan.shape[0];
        let together = several.as_ref().map_or(0, whole);
        let padded = together + (count - together).next_multiple_of(single.shape[0]);
        let values = values.get(..padded * object);
        let (first, rest) = values
            .ok_or("the batch is not full")?
            .split_at(together * object);
        let several = several.iter().flat_map(|plan| plan.parts(first));
        let parts: Vec<(&Plan, &[f32])> = several.chain(single.parts(rest)).collect();
        let answers: Vec<Vec<Output>> = parts
            .into_par_iter()
            .with_max_len(1)
            .map(|(plan, part)| {
                catch(|| plan.run(part))
                    .and_then(|result| result.map_err(|e| one_line(&format!("{e:#}"))))
            })
            .collect::<Result<_, _>>()?;
        Output::join(answers)
    }
}

impl Plan {
    /// For `batch` objects.
    fn new(model: &Model, wiring: &Wiring, batch: usize) -> Result<Self, String> {
        let shape: Vec<usize> = iter::once(batch).chain(wiring.shape.clone()).collect();
        let (runnable, convolves) = catch(|| plan(model, wiring, &shape))
            .and_then(|result| result.map_err(|e| one_line(&format!("{e:#}"))))?;
        Ok(Self {
            runnable,
            shape,
            convolves,
        })
    }

    /// Values of all objects of one run.
    fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The values of each run.
    fn parts<'a>(&'a self, values: &'a [f32]) -> impl Iterator<Item = (&'a Self, &'a [f32])> {
        values
            .chunks_exact(self.len())
            .map(move |part| (self, part))
    }

    /// Whether what it puts out is divided by objects as what it takes; a graph that is written for one
    /// object may run all of them together as one.
    fn is_divisible(&self) -> bool {
        let graph = self.runnable.model();
        let batch = self.shape[0].to_dim();
        let has_batch = |outlet: &OutletId| {
            let fact = graph.outlet_fact(*outlet);
            fact.is_ok_and(|fact| fact.shape.first() == Some(&batch))
        };
        graph
            .output_outlets()
            .is_ok_and(|outlets| outlets.iter().all(has_batch))
    }

    fn run(&self, values: &[f32]) -> TractResult<Vec<Output>> {
        let input = Tensor::from_shape(&self.shape, values)?;
        let outputs = self.runnable.run(tvec!(input.into()))?;
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

fn plan(
    model: &Model,
    wiring: &Wiring,
    shape: &[usize],
) -> TractResult<(Arc<TypedRunnableModel>, bool)> {
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
    let mut typed = if symbols.is_empty() {
        typed
    } else {
        typed.set_symbols(&symbols)?
    };
    lower(&mut typed, false)?;
    let mut typed = typed.into_decluttered()?;
    let convolves = lower(&mut typed, true)?;
    Ok((typed.into_optimized()?.into_runnable()?, convolves))
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
        let manifest: toml::Table = include_str!("../../../../Cargo.toml").parse().unwrap();
        let pinned = manifest["dependencies"]["tract-onnx"]["version"]
            .as_str()
            .unwrap();
        assert!(pinned.starts_with(super::VERSION), "{pinned}");
    }
}
