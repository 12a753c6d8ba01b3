//! The weighted graph that layouts pull along, made of a graph of nearest neighbours.

use rayon::prelude::*;

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
    pub fn joined(
        n: usize,
        k: usize,
        near: &[u32],
        directed: &[f32],
        join: impl Fn(f32, f32) -> f32,
    ) -> Self {
        let place = |head: usize, tail: u32| {
            near[head * k..(head + 1) * k]
                .iter()
                .position(|&t| t == tail)
        };
        // whether the edge is one-sided: its tail does not have it
        let one_sided: Vec<bool> = near
            .par_iter()
            .enumerate()
            .map(|(p, &j)| place(j as usize, (p / k) as u32).is_none())
            .collect();
        let mut bounds = vec![0u32; n + 1];
        for (p, &j) in near.iter().enumerate() {
            bounds[p / k + 1] += 1;
            if one_sided[p] {
                bounds[j as usize + 1] += 1;
            }
        }
        for v in 0..n {
            bounds[v + 1] += bounds[v];
        }
        let edges = bounds[n] as usize;
        let (mut tails, mut weights) = (vec![0u32; edges], vec![0f32; edges]);
        let mut next: Vec<u32> = bounds[..n].to_vec();
        for (p, (&j, &w)) in near.iter().zip(directed).enumerate() {
            let i = p / k;
            let at = next[i] as usize;
            next[i] += 1;
            tails[at] = j;
            let back = place(j as usize, i as u32);
            let back = back.map_or(0.0, |q| directed[j as usize * k + q]);
            weights[at] = join(w, back);
            if one_sided[p] {
                let at = next[j as usize] as usize;
                next[j as usize] += 1;
                tails[at] = i as u32;
                weights[at] = join(w, 0.0);
            }
        }
        Self {
            bounds,
            tails,
            weights,
        }
    }

    /// The edges of vertex `v`: neighbours and weights.
    pub fn of(&self, v: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let range = self.bounds[v] as usize..self.bounds[v + 1] as usize;
        let tails = self.tails[range.clone()].iter().copied();
        tails.zip(self.weights[range].iter().copied())
    }
}
