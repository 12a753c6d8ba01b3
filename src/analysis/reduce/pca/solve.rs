//! Eigenvalues and -vectors of a symmetric matrix, on a thread of their own: the solver knows no
//! cancellation, and is left to itself.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use faer::{Mat, Side};

use crate::analysis::reduce::ReduceError;
use crate::progress::Progress;

/// Between two looks at the cancel flag.
const PATIENCE: Duration = Duration::from_millis(20);

/// What there is to know of a covariance.
pub(super) struct Spectrum {
    /// All eigenvalues, falling, none below zero.
    pub values: Vec<f64>,
    /// The first eigenvectors, one after the other, of length 1; the largest loading of each is
    /// positive.
    pub vectors: Vec<f64>,
}

/// Solves for all values and the first `vectors` vectors.
pub(super) fn eigen(
    matrix: Mat<f64>,
    vectors: usize,
    progress: &Progress,
) -> Result<Spectrum, ReduceError> {
    let size = matrix.nrows();
    // Beside a finite diagonal no product is infinite.
    if (0..size).any(|i| !matrix[(i, i)].is_finite()) {
        return Err(ReduceError::NoConvergence);
    }
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let _ = send.send(solve(&matrix, vectors));
    });
    loop {
        match receive.recv_timeout(PATIENCE) {
            Ok(found) => return found.ok_or(ReduceError::NoConvergence),
            Err(RecvTimeoutError::Timeout) => progress.check()?,
            Err(RecvTimeoutError::Disconnected) => return Err(ReduceError::NoConvergence),
        }
    }
}

fn solve(matrix: &Mat<f64>, vectors: usize) -> Option<Spectrum> {
    let size = matrix.nrows();
    let found = matrix.self_adjoint_eigen(Side::Lower).ok()?;
    // faer orders them upwards.
    let values = found.S().column_vector().iter().rev().map(|v| v.max(0.0));
    let mut first = Vec::with_capacity(vectors * size);
    for index in 0..vectors.min(size) {
        first.extend(found.U().col(size - 1 - index).iter());
    }
    first.chunks_exact_mut(size).for_each(upright);
    let spectrum = Spectrum {
        values: values.collect(),
        vectors: first,
    };
    let mut all = spectrum.values.iter().chain(&spectrum.vectors);
    all.all(|v| v.is_finite()).then_some(spectrum)
}

/// Makes the largest loading positive.
pub(super) fn upright(vector: &mut [f64]) {
    let largest = vector
        .iter()
        .fold(0.0_f64, |a, b| if b.abs() > a.abs() { *b } else { a });
    if largest < 0.0 {
        vector.iter_mut().for_each(|v| *v = -*v);
    }
}
