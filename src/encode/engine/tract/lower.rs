//! Puts operations of our own in the place of tract's: convolutions, with the sum and the rectifier that
//! follow them, means over windows, and sums and maxima over whole planes.

#![expect(
    unsafe_code,
    reason = "tensors are made for operations to write, and not filled before"
)]

use std::iter;
use std::sync::Arc;

use tract_onnx::tract_core::internal::{
    Datum, DatumExt, EvalContext, EvalOp, IntoTValue, Op, OutletId, PlainView, Rewriter,
    StaticName, TDim, TValue, TVec, Tensor, ToDim, TractResult, TypedFact, TypedModel,
    TypedModelPatch, TypedNode, TypedOp, Validation, as_op, bail, op_as_typed_op, op_out_of_plan,
    tvec,
};
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cnn::{Conv, PoolSpec, SumPool};
use tract_onnx::tract_core::ops::math::{Add, Max, Mul};
use tract_onnx::tract_core::ops::nn::{DataFormat, Reduce, Reducer};

use super::convolution::{Convolution, Window};
use super::mean_pool::MeanPool;
use super::plane_reduce::PlaneReduce;

/// Fewest positions for which a tile is worth filling.
const FEW: usize = 4;

/// Replaces what can be replaced; whether there are convolutions among it.
///
/// To be called before tract declutters, which turns small kernels into products of matrices, and again when
/// it has.
pub(super) fn lower(model: &mut TypedModel, decluttered: bool) -> TractResult<bool> {
    let rules = Rewriter::default()
        .with_rule_for("convolution", |decluttered, model, node, _, op| {
            if *decluttered || !is_scaled(model, node)? {
                convolution(model, node, op)
            } else {
                Ok(None)
            }
        })
        .with_rule_for("sum", |_, model, node, _, op| with_sum(model, node, op))
        .with_rule_for("rectifier", |_, model, node, _, op| {
            with_rectifier(model, node, op)
        })
        .with_rule_for("mean", |_, model, node, _, op| mean(model, node, op))
        .with_rule_for("reduce", |_, model, node, _, op| reduce(model, node, op));
    rules.rewrite(&decluttered, model)?;
    Ok(model.nodes().iter().any(TypedNode::op_is::<Direct>))
}

/// A convolution of each picture, then perhaps a sum with a second input, then perhaps a rectifier.
#[derive(Debug, Clone)]
struct Direct {
    convolution: Arc<Convolution>,
    summed: bool,
    rectified: bool,
}

impl PartialEq for Direct {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.convolution, &other.convolution)
            && (self.summed, self.rectified) == (other.summed, other.rectified)
    }
}

impl Eq for Direct {}

impl Op for Direct {
    fn name(&self) -> StaticName {
        "DirectConvolution".into()
    }

    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl EvalOp for Direct {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let count = inputs[0].shape().first().copied().unwrap_or(1);
        let shape: TVec<usize> = iter::once(count).chain(self.convolution.output()).collect();
        // SAFETY: the convolution writes every value.
        let mut out = unsafe { Tensor::uninitialized::<f32>(&shape)? };
        let pictures = inputs[0].try_as_plain_ram()?;
        let added = inputs.get(1).map(|added| added.try_as_plain_ram());
        let added = added.transpose()?;
        let added = added.as_ref().map(PlainView::as_slice).transpose()?;
        self.convolution.run(
            pictures.as_slice()?,
            added,
            self.rectified,
            out.try_as_plain_ram_mut()?.as_slice_mut()?,
        );
        Ok(tvec!(out.into_tvalue()))
    }
}

impl TypedOp for Direct {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let inner = self.convolution.output().map(|axis| axis.to_dim());
        let shape = iter::once(inputs[0].shape[0].clone()).chain(inner);
        Ok(tvec!(f32::fact(shape.collect::<TVec<TDim>>())))
    }

    as_op!();
}

impl Op for MeanPool {
    fn name(&self) -> StaticName {
        "MeanPool".into()
    }

    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl EvalOp for MeanPool {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let shape: TVec<usize> = inputs[0].shape()[..2]
            .iter()
            .copied()
            .chain(self.output())
            .collect();
        // SAFETY: every value is written.
        let mut out = unsafe { Tensor::uninitialized::<f32>(&shape)? };
        self.run(
            inputs[0].try_as_plain_ram()?.as_slice()?,
            out.try_as_plain_ram_mut()?.as_slice_mut()?,
        );
        Ok(tvec!(out.into_tvalue()))
    }
}

impl TypedOp for MeanPool {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let outer = inputs[0].shape.iter().take(2).cloned();
        let shape = outer.chain(self.output().map(|axis| axis.to_dim()));
        Ok(tvec!(f32::fact(shape.collect::<TVec<TDim>>())))
    }

    as_op!();
}

impl Op for PlaneReduce {
    fn name(&self) -> StaticName {
        "PlaneReduce".into()
    }

    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl EvalOp for PlaneReduce {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [objects, channels, ..] = inputs[0].shape() else {
            bail!("a picture has channels, rows and columns");
        };
        // SAFETY: every value is written.
        let mut out = unsafe { Tensor::uninitialized::<f32>(&[*objects, *channels, 1, 1])? };
        self.run(
            inputs[0].try_as_plain_ram()?.as_slice()?,
            out.try_as_plain_ram_mut()?.as_slice_mut()?,
        );
        Ok(tvec!(out.into_tvalue()))
    }
}

impl TypedOp for PlaneReduce {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let outer = inputs[0].shape.iter().take(2).cloned();
        let shape = outer.chain([1.to_dim(), 1.to_dim()]);
        Ok(tvec!(f32::fact(shape.collect::<TVec<TDim>>())))
    }

    as_op!();
}

/// How a kernel moves over pictures of single-precision numbers, channels first, of a known size; with that
/// size: objects, channels, rows and columns.
fn window(spec: &PoolSpec, input: &TypedFact) -> Option<(Window, [usize; 4])> {
    let fits = input.datum_type == f32::datum_type()
        && spec.data_format == DataFormat::NCHW
        && spec.rank() == 2;
    let shape: [usize; 4] = input
        .shape
        .as_concrete()
        .filter(|_| fits)?
        .try_into()
        .ok()?;
    let axes = spec.computed_padding(&shape[2..]);
    let window = Window {
        kernel: [spec.kernel_shape[0], spec.kernel_shape[1]],
        strides: [spec.stride(0), spec.stride(1)],
        dilations: [spec.dilation(0), spec.dilation(1)],
        padding: [0, 1].map(|axis| [axes[axis].pad_before, axes[axis].pad_after]),
    };
    Some((window, shape))
}

fn mean(
    model: &TypedModel,
    node: &TypedNode,
    pool: &SumPool,
) -> TractResult<Option<TypedModelPatch>> {
    let input = model.outlet_fact(node.inputs[0])?;
    let Some((window, [.., height, width])) = window(&pool.pool_spec, input) else {
        return Ok(None);
    };
    let op = MeanPool {
        input: [height, width],
        kernel: window.kernel,
        strides: window.strides,
    };
    let plain = window.padding == [[0; 2]; 2] && window.dilations == [1; 2];
    if !pool.normalize || !plain || op.output_facts(&[input])? != pool.output_facts(&[input])? {
        return Ok(None);
    }
    TypedModelPatch::replace_single_op(model, node, &node.inputs, op).map(Some)
}

fn reduce(
    model: &TypedModel,
    node: &TypedNode,
    op: &Reduce,
) -> TractResult<Option<TypedModelPatch>> {
    let input = model.outlet_fact(node.inputs[0])?;
    let of_planes = input.datum_type == f32::datum_type()
        && input.shape.rank() == 4
        && op.axes.as_slice() == [2, 3]
        && input
            .shape
            .as_concrete()
            .is_some_and(|shape| !shape.contains(&0));
    let reduce = match op.reducer {
        Reducer::Max => PlaneReduce::Max,
        Reducer::Sum => PlaneReduce::Sum,
        _ => return Ok(None),
    };
    if !of_planes {
        return Ok(None);
    }
    TypedModelPatch::replace_single_op(model, node, &node.inputs, reduce).map(Some)
}

/// Whether what a convolution puts out is multiplied with something, as by a batch normalisation, which
/// decluttering brings into its weights.
fn is_scaled(model: &TypedModel, node: &TypedNode) -> TractResult<bool> {
    Ok(reader(model, node)?.is_some_and(|(_, op, _)| op.0.is::<Mul>()))
}

/// Convolutions of all channels together, of pictures of known size.
fn convolution(
    model: &TypedModel,
    node: &TypedNode,
    conv: &Conv,
) -> TractResult<Option<TypedModelPatch>> {
    let facts = model.node_input_facts(node.id)?;
    let (Some((window, [_, channels, height, width])), Some(weights), Some(bias)) = (
        window(&conv.pool_spec, facts[0]),
        &facts[1].konst,
        &facts[2].konst,
    ) else {
        return Ok(None);
    };
    if conv.group != 1 || conv.q_params.is_some() || weights.datum_type() != f32::datum_type() {
        return Ok(None);
    }
    let weights = conv.kernel_fmt.kernel_as_group_o_ihw(weights, 1)?;
    let weights = weights.try_as_plain_ram()?;
    let bias = bias.cast_to::<f32>()?;
    let bias = bias.try_as_plain_ram()?;
    // One for all, or one each.
    let bias = bias.as_slice::<f32>()?.iter().cycle();
    let bias: Vec<f32> = bias.take(conv.output_channels()).copied().collect();
    let input = [channels, height, width];
    let convolution = Convolution::new(input, &window, weights.as_slice()?, &bias);
    let Some(convolution) = convolution.filter(|it| it.output()[1] * it.output()[2] >= FEW) else {
        return Ok(None);
    };
    let op = Direct {
        convolution: Arc::new(convolution),
        summed: false,
        rectified: false,
    };
    if op.output_facts(&facts[..1])? != conv.output_facts(&facts)? {
        return Ok(None);
    }
    TypedModelPatch::replace_single_op(model, node, &node.inputs[..1], op).map(Some)
}

/// The operation with two inputs that alone reads what this node puts out, and its other input.
fn reader<'a>(
    model: &'a TypedModel,
    node: &TypedNode,
) -> TractResult<Option<(&'a TypedNode, &'a TypedBinOp, OutletId)>> {
    let own = OutletId::from(node.id);
    if model.output_outlets()?.contains(&own) {
        return Ok(None);
    }
    let Some(next) = model.single_succ(node.id)? else {
        return Ok(None);
    };
    let other = next.inputs.iter().copied().find(|input| *input != own);
    Ok(next
        .op_as::<TypedBinOp>()
        .zip(other)
        .map(|(op, other)| (next, op, other)))
}

fn with_sum(
    model: &TypedModel,
    node: &TypedNode,
    direct: &Direct,
) -> TractResult<Option<TypedModelPatch>> {
    match reader(model, node)? {
        Some((next, op, other))
            if op.0.is::<Add>()
                && !direct.summed
                && !direct.rectified
                && model.outlet_fact(other)?.without_value()
                    == node.outputs[0].fact.without_value() =>
        {
            let op = Direct {
                summed: true,
                ..direct.clone()
            };
            fused(model, node, next, &[node.inputs[0], other], op)
        }
        _ => Ok(None),
    }
}

fn with_rectifier(
    model: &TypedModel,
    node: &TypedNode,
    direct: &Direct,
) -> TractResult<Option<TypedModelPatch>> {
    let Some((next, op, other)) = reader(model, node)? else {
        return Ok(None);
    };
    let zero = match &model.outlet_fact(other)?.konst {
        Some(other) if other.datum_type() == f32::datum_type() => {
            let other = other.try_as_plain_ram()?;
            other.as_slice::<f32>()?.iter().all(|value| *value == 0.0)
        }
        _ => false,
    };
    if !op.0.is::<Max>() || !zero || direct.rectified {
        return Ok(None);
    }
    let op = Direct {
        rectified: true,
        ..direct.clone()
    };
    fused(model, node, next, &node.inputs, op)
}

/// `op` in the place of a node and the one that follows it.
fn fused(
    model: &TypedModel,
    node: &TypedNode,
    next: &TypedNode,
    inputs: &[OutletId],
    op: Direct,
) -> TractResult<Option<TypedModelPatch>> {
    let mut patch = TypedModelPatch::default();
    let inputs = patch.taps(model, inputs)?;
    let wires = patch.wire_node(&node.name, op, &inputs)?;
    patch.shunt_outside(model, next.id.into(), wires[0])?;
    Ok(Some(patch))
}
