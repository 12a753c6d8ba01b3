//! From the tensors of heads to predictions, one row for each object.

use super::card::{Activation, Head};
use super::engine::Output;

/// The predictions of all heads for the first `count` objects, `count x columns`; NaN where a head
/// returns none.
///
/// `outputs` are those of one run, and `places` says which of them each head reads.
///
/// # Errors
/// One clause when a head lies outside its tensor.
pub(super) fn predict(
    heads: &[Head],
    places: &[usize],
    outputs: &[Output],
    count: usize,
) -> Result<Vec<f32>, String> {
    let width: usize = heads.iter().map(|head| head.columns.len()).sum();
    let mut predictions = vec![f32::NAN; count * width];
    let mut column = 0;
    for (head, &place) in heads.iter().zip(places) {
        let own = column..column + head.columns.len();
        column = own.end;
        let Output { shape, values } = &outputs[place];
        let refuse = |reason: &str| {
            let axes: Vec<String> = shape.iter().map(usize::to_string).collect();
            format!(
                "head `{}` reads values {} to {} of tensor `{}`, which is {} for a batch of {count}: {reason}",
                head.name,
                head.first,
                head.first + head.columns.len() - 1,
                head.tensor,
                axes.join(" x "),
            )
        };
        let (&[rows, long] | &[rows, long, 1, 1]) = shape.as_slice() else {
            return Err(refuse("a head needs batch x values"));
        };
        if rows < count || values.len() != rows * long {
            return Err(refuse("export it with an open batch axis"));
        }
        let there = head.first..head.first + head.columns.len();
        if there.end > long {
            return Err(refuse("correct `heads.first` or `heads.columns`"));
        }
        let objects = predictions.chunks_exact_mut(width);
        for (object, values) in objects.zip(values.chunks_exact(long)) {
            let object = &mut object[own.clone()];
            object.copy_from_slice(&values[there.clone()]);
            activate(head.activation, object);
        }
    }
    Ok(predictions)
}

/// Replaces the values of one head for one object by its predictions: all NaN where there are none.
fn activate(activation: Activation, values: &mut [f32]) {
    let weigh = |values: &mut [f32], weight: &dyn Fn(f32) -> f64| {
        let sum: f64 = values.iter().map(|&v| weight(v)).sum();
        for value in values {
            *value = (weight(*value) / sum) as f32;
        }
    };
    match activation {
        Activation::None => {}
        Activation::Softmax => {
            let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            weigh(values, &|v| f64::from(v - most).exp());
        }
        Activation::Dirichlet => {
            // A concentration is above zero.
            weigh(values, &|v| {
                if v > 0.0 && v.is_finite() {
                    f64::from(v)
                } else {
                    f64::NAN
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(first: usize, columns: usize, activation: Activation) -> Head {
        Head {
            name: "h".to_owned(),
            tensor: "t".to_owned(),
            first,
            activation,
            columns: (0..columns).map(|i| i.to_string()).collect(),
        }
    }

    fn output(shape: &[usize], values: &[f32]) -> Output {
        Output {
            shape: shape.to_vec(),
            values: values.to_vec(),
        }
    }

    #[test]
    fn heads_share_a_tensor() {
        let votes = output(&[2, 4], &[1.0, 3.0, 0.0, 0.0, 5.0, 5.0, 1000.0, 999.0]);
        let heads = [
            head(0, 2, Activation::Dirichlet),
            head(2, 2, Activation::Softmax),
            head(3, 1, Activation::None),
        ];
        let found = predict(&heads, &[0, 0, 0], &[votes], 2).unwrap();
        let e = std::f32::consts::E;
        let expected = [
            [0.25, 0.75, 0.5, 0.5, 0.0],
            [0.5, 0.5, e / (1.0 + e), 1.0 / (1.0 + e), 999.0],
        ];
        for (a, b) in found.iter().zip(expected.as_flattened()) {
            assert!((a - b).abs() < 1e-6, "{found:?}");
        }
    }

    #[test]
    fn what_is_no_distribution_is_nothing() {
        for (activation, values) in [
            (Activation::Dirichlet, [0.0, 1.0]),
            (Activation::Dirichlet, [-1.0, 2.0]),
            (Activation::Dirichlet, [f32::INFINITY, 2.0]),
            (Activation::Dirichlet, [f32::NAN, 2.0]),
            (Activation::Softmax, [f32::NAN, 2.0]),
            (Activation::Softmax, [f32::INFINITY, 2.0]),
            (Activation::Softmax, [f32::NEG_INFINITY; 2]),
        ] {
            let mut values = values;
            activate(activation, &mut values);
            assert!(values.iter().all(|v| v.is_nan()), "{values:?}");
        }
    }

    #[test]
    fn a_head_outside_its_tensor_is_refused() {
        for (shape, first, reason) in [
            (
                &[2, 4][..],
                3,
                "values 3 to 4 of tensor `t`, which is 2 x 4",
            ),
            (&[2, 4], usize::MAX >> 1, "correct `heads.first`"),
            (&[1, 8], 0, "open batch axis"),
            (&[2, 2, 2], 0, "needs batch x values"),
            (&[8], 0, "needs batch x values"),
            (&[], 0, "needs batch x values"),
            (&[2, 0], 0, "correct `heads.first`"),
        ] {
            let values = vec![0.0; shape.iter().product()];
            let heads = [head(first, 2, Activation::None)];
            let message = predict(&heads, &[0], &[output(shape, &values)], 2).unwrap_err();
            assert!(message.contains(reason), "{message}");
        }
    }
}
