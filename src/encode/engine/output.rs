//! From the tensor a graph returns to one vector for each object.

use super::super::card::{EmbeddingOutput, Pooling};

/// A tensor as an engine returned it, row-major.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::encode) struct Output {
    pub(in crate::encode) shape: Vec<usize>,
    pub(in crate::encode) values: Vec<f32>,
}

impl Output {
    /// Joins the answers of several runs, each with the same outputs in the same order.
    ///
    /// # Errors
    /// When runs differ in the shape of an output.
    pub(super) fn join(answers: Vec<Vec<Self>>) -> Result<Vec<Self>, String> {
        let mut by_output: Vec<Vec<Self>> = Vec::new();
        for answer in answers {
            by_output.resize_with(answer.len(), Vec::new);
            for (all, one) in by_output.iter_mut().zip(answer) {
                all.push(one);
            }
        }
        by_output
            .into_iter()
            .map(Self::concatenate)
            .collect::<Option<_>>()
            .ok_or_else(|| "outputs of one graph differ in shape".to_owned())
    }

    /// Joins outputs along their first axis; `None` when they do not fit or there are none.
    fn concatenate(outputs: Vec<Self>) -> Option<Self> {
        let mut outputs = outputs.into_iter();
        let mut whole = outputs.next()?;
        for Self { shape, values } in outputs {
            if shape.get(1..) != whole.shape.get(1..) {
                return None;
            }
            *whole.shape.first_mut()? += shape.first()?;
            whole.values.extend(values);
        }
        Some(whole)
    }
}

/// The vectors of the first `count` objects, `count x d`, and `d`.
///
/// Rows may hold values that are not finite; a vector without length becomes one of NaN when unit
/// length is asked for.
pub(in crate::encode) fn pool(
    output: Output,
    count: usize,
    how: &EmbeddingOutput,
) -> Result<(Vec<f32>, usize), String> {
    let Output { shape, mut values } = output;
    if shape.iter().product::<usize>() != values.len()
        || shape.first().is_none_or(|&rows| rows < count)
    {
        return Err(format!(
            "the graph returned {} for a batch of {count}: export it with an open batch axis",
            text(&shape)
        ));
    }
    let inner = &shape[1..];
    let per_picture: usize = inner.iter().product();
    if per_picture == 0 {
        return Err("the graph returns vectors without values".to_owned());
    }
    values.truncate(count * per_picture);
    let (mut vectors, dim) = match (how.pooling, inner) {
        // Global pooling leaves axes of length 1.
        (Pooling::None, &[dim] | &[dim, 1, 1]) => (values, dim),
        (Pooling::Mean, &[tokens, dim]) => {
            (mean(&values, tokens, dim, |token, i| token * dim + i), dim)
        }
        (Pooling::Mean, &[dim, height, width]) => {
            let positions = height * width;
            (
                mean(&values, positions, dim, |position, i| {
                    i * positions + position
                }),
                dim,
            )
        }
        (Pooling::Cls, &[tokens, dim]) => {
            let first = values
                .chunks_exact(tokens * dim)
                .flat_map(|picture| &picture[..dim]);
            (first.copied().collect(), dim)
        }
        _ => {
            return Err(format!(
                "the graph returns {}, which pooling `{}` does not make one vector: set `output.pooling` in its card, or --pool \
                 (none for batch x d, cls or mean for batch x tokens x d, mean for batch x d x height x width)",
                text(&shape),
                how.pooling.name()
            ));
        }
    };
    if let Some(expected) = how.dimension.filter(|&expected| expected != dim) {
        return Err(format!(
            "the graph returns vectors of {dim} values, but its card says {expected}: correct `output.dimension`"
        ));
    }
    if how.l2_normalised {
        vectors.chunks_exact_mut(dim).for_each(to_unit_length);
    }
    Ok((vectors, dim))
}

/// The mean of `parts` vectors of `dim` values in each picture; `at(part, i)` finds value `i`.
fn mean(values: &[f32], parts: usize, dim: usize, at: impl Fn(usize, usize) -> usize) -> Vec<f32> {
    values
        .chunks_exact(parts * dim)
        .flat_map(|picture| {
            (0..dim).map({
                let at = &at;
                move |i| {
                    let sum: f64 = (0..parts).map(|part| f64::from(picture[at(part, i)])).sum();
                    (sum / parts as f64) as f32
                }
            })
        })
        .collect()
}

fn to_unit_length(vector: &mut [f32]) {
    let norm = vector
        .iter()
        .map(|&v| f64::from(v).powi(2))
        .sum::<f64>()
        .sqrt();
    for value in vector {
        *value = (f64::from(*value) / norm) as f32;
    }
}

fn text(shape: &[usize]) -> String {
    let axes: Vec<String> = shape.iter().map(usize::to_string).collect();
    axes.join(" x ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooled(shape: &[usize], pooling: Pooling) -> Result<(Vec<f32>, usize), String> {
        let values = (0..shape.iter().product::<usize>())
            .map(|v| v as f32)
            .collect();
        let output = Output {
            shape: shape.to_vec(),
            values,
        };
        let how = EmbeddingOutput {
            pooling,
            ..EmbeddingOutput::default()
        };
        pool(output, 2, &how)
    }

    #[test]
    fn pools_tokens_and_positions() {
        assert_eq!(
            pooled(&[2, 2], Pooling::None),
            Ok((vec![0.0, 1.0, 2.0, 3.0], 2))
        );
        assert_eq!(
            pooled(&[3, 2], Pooling::None),
            Ok((vec![0.0, 1.0, 2.0, 3.0], 2))
        );
        assert_eq!(
            pooled(&[2, 2, 2], Pooling::Cls),
            Ok((vec![0.0, 1.0, 4.0, 5.0], 2))
        );
        assert_eq!(
            pooled(&[2, 2, 2], Pooling::Mean),
            Ok((vec![1.0, 2.0, 5.0, 6.0], 2))
        );
        assert_eq!(
            pooled(&[2, 1, 2, 2], Pooling::Mean),
            Ok((vec![1.5, 5.5], 1))
        );
        assert_eq!(
            pooled(&[2, 1, 1, 1], Pooling::None),
            Ok((vec![0.0, 1.0], 1))
        );
        for (shape, pooling) in [
            (&[2, 2, 2][..], Pooling::None),
            (&[2, 2, 2, 2], Pooling::Cls),
            (&[2, 2], Pooling::Mean),
            (&[1, 2], Pooling::None),
            (&[2, 0], Pooling::None),
            (&[2], Pooling::None),
            (&[2, 0, 2], Pooling::Cls),
            (&[], Pooling::None),
        ] {
            assert!(pooled(shape, pooling).is_err(), "{shape:?}");
        }
    }

    #[test]
    fn unit_length_and_dimension() {
        let output = Output {
            shape: vec![2, 2],
            values: vec![3.0, 4.0, 0.0, 0.0],
        };
        let mut how = EmbeddingOutput {
            l2_normalised: true,
            dimension: Some(2),
            ..EmbeddingOutput::default()
        };
        let (vectors, _) = pool(output.clone(), 2, &how).unwrap();
        assert!((vectors[0] - 0.6).abs() < 1e-6 && (vectors[1] - 0.8).abs() < 1e-6);
        assert!(vectors[2].is_nan());
        how.dimension = Some(3);
        assert!(pool(output, 2, &how).unwrap_err().contains("card says 3"));
    }
}
