//! The weighted graph that layouts pull along, made of a graph of nearest neighbours.

use rayon::prelude::*;

use crate::progress::{Cancelled, Progress};

/// Vertices between two looks at the cancel flag.
const CHECKED: usize = 1 << 14;

/// Symmetric weighted edges by head vertex: both directions are stored.
pub(super) struct Edges {
    /// `tails[bounds[v]..bounds[v + 1]]` are the neighbours of `v`.
    pub bounds: Vec<u32>,
    pub tails: Vec<u32>,
    pub weights: Vec<f32>,
}

impl Edges {
    /// No edges between `n` vertices.
    pub fn none(n: usize) -> Self {
        Self {
            bounds: vec![0; n + 1],
            tails: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// From the `k` neighbours of each of `n` vertices, `n x k`, and the weights given to them. The two
    /// directions of an edge are joined by `join`; one that is not there weighs 0.
    ///
    /// # Errors
    /// When the work was cancelled.
    pub fn joined(
        n: usize,
        k: usize,
        near: &[u32],
        directed: &[f32],
        join: impl Fn(f32, f32) -> f32 + Sync,
        progress: &Progress,
    ) -> Result<Self, Cancelled> {
        // the weight of each edge, and whether its tail does not have it
        let edges: Vec<(f32, bool)> = near
            .par_iter()
            .zip(directed)
            .enumerate()
            .map(|(p, (&j, &w))| {
                let back = j as usize * k..(j as usize + 1) * k;
                let place = near[back.clone()].iter().position(|&t| t as usize == p / k);
                let back = place.map_or(0.0, |q| directed[back.start + q]);
                (join(w, back), place.is_none())
            })
            .collect();
        progress.check()?;
        let mut bounds = vec![0u32; n + 1];
        for (p, (&j, (_, one_sided))) in near.iter().zip(&edges).enumerate() {
            bounds[p / k + 1] += 1;
            bounds[j as usize + 1] += u32::from(*one_sided);
        }
        for v in 0..n {
            bounds[v + 1] += bounds[v];
        }
        progress.check()?;
        let count = bounds[n] as usize;
        let (mut tails, mut weights) = (vec![0u32; count], vec![0f32; count]);
        let mut next: Vec<u32> = bounds[..n].to_vec();
        for (i, (near, edges)) in near.chunks_exact(k).zip(edges.chunks_exact(k)).enumerate() {
            if i.is_multiple_of(CHECKED) {
                progress.check()?;
            }
            for (&j, &(weight, one_sided)) in near.iter().zip(edges) {
                let at = next[i] as usize;
                next[i] += 1;
                (tails[at], weights[at]) = (j, weight);
                if one_sided {
                    let at = next[j as usize] as usize;
                    next[j as usize] += 1;
                    (tails[at], weights[at]) = (i as u32, weight);
                }
            }
        }
        Ok(Self {
            bounds,
            tails,
            weights,
        })
    }

    /// The edges of vertex `v`: neighbours and weights.
    pub fn of(&self, v: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let range = self.bounds[v] as usize..self.bounds[v + 1] as usize;
        let tails = self.tails[range.clone()].iter().copied();
        tails.zip(self.weights[range].iter().copied())
    }
}
