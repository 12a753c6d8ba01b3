//! How much of the truth a graph holds, by comparing some of the points with all others.

use super::KnnGraph;
use super::KnnParams;
use super::best::{NONE, insert, key, key_dist2, key_index};
use super::join::take;
use crate::analysis::axes::robust_centre;
use crate::analysis::points::{Points, Space};
use crate::analysis::rng::spread_sample;
use crate::analysis::simd::{self, Block};
use crate::progress::{Cancelled, Progress};
use rayon::prelude::*;

/// Points compared with all asked ones by one task, and at a time.
const TASK: usize = 1 << 14;
const BLOCK: usize = 256;
/// Candidates beyond `k`, which the rounding of the block formula may have put in the wrong order.
const MARGIN: usize = 8;

/// Share of the true neighbours that a graph holds, by comparing `asked` of the points, spread evenly,
/// with all others; at equal distance either counts.
///
/// # Errors
/// When the work was cancelled.
pub fn recall(
    points: Points<'_>,
    graph: &KnnGraph,
    params: &KnnParams,
    asked: usize,
    progress: &Progress,
) -> Result<f64, Cancelled> {
    let space = Space::new(points, params.metric);
    let chosen = spread_sample(graph.len(), asked, params.seed);
    let keep = graph.k + MARGIN;
    let lists = nearest(&space, &chosen, keep, params.seed, progress)?;
    let hits: Vec<usize> = chosen
        .par_iter()
        .zip(lists.par_chunks(keep))
        .map(|(&i, list)| {
            let i = i as usize;
            let mut true_ones = vec![NONE; graph.k];
            for &v in list.iter().filter(|v| **v != NONE) {
                let j = key_index(v);
                insert(&mut true_ones, key(space.dist2(i, j as usize), j));
            }
            let farthest = true_ones.last().map_or(0.0, |&last| key_dist2(last));
            let near = |j: &&u32| space.dist2(i, **j as usize) <= farthest;
            graph.neighbors(i).iter().filter(near).count()
        })
        .collect();
    let most = (chosen.len() * graph.k).max(1);
    Ok(hits.iter().sum::<usize>() as f64 / most as f64)
}

/// Mapped rows, centred, and their squared lengths.
struct Centred {
    rows: Vec<f32>,
    norms: Vec<f32>,
    width: usize,
}

impl Centred {
    fn fill(&mut self, space: &Space<'_>, ids: &[u32], centre: &[f32]) {
        self.rows.resize(ids.len() * self.width, 0.0);
        let mut row = vec![0f32; self.width];
        self.norms.clear();
        for (&i, out) in ids.iter().zip(self.rows.chunks_exact_mut(self.width)) {
            space.write(i as usize, &mut row);
            self.norms.push(simd::centred(out, &row, centre));
        }
    }

    fn block(&self) -> Block<'_> {
        Block {
            rows: &self.rows,
            norms: &self.norms,
            width: self.width,
        }
    }
}

/// For each chosen point the `keep` nearest others, by the block formula.
fn nearest(
    space: &Space<'_>,
    chosen: &[u32],
    keep: usize,
    seed: u64,
    progress: &Progress,
) -> Result<Vec<u64>, Cancelled> {
    let centre = robust_centre(space, seed);
    let empty = || Centred {
        rows: Vec::new(),
        norms: Vec::new(),
        width: centre.len(),
    };
    let mut asked = empty();
    asked.fill(space, chosen, &centre);
    let pick: Vec<u32> = (0..chosen.len() as u32).collect();
    let none = || vec![NONE; chosen.len() * keep];
    let all: Vec<u32> = (0..space.points.len() as u32).collect();
    let lists = all
        .par_chunks(TASK)
        .map(|part| {
            let (mut lists, mut others, mut dist2) = (none(), empty(), Vec::new());
            for ids in part.chunks(BLOCK) {
                if progress.is_cancelled() {
                    break;
                }
                others.fill(space, ids, &centre);
                let stride = simd::padded(ids.len());
                dist2.resize(chosen.len() * stride, 0.0);
                simd::dist2_block(asked.block(), &pick, others.block(), &mut dist2);
                let rows = dist2.chunks_exact_mut(stride).zip(chosen);
                for ((row, own), list) in rows.zip(lists.chunks_exact_mut(keep)) {
                    if let Some(itself) = own.checked_sub(ids[0])
                        && (itself as usize) < ids.len()
                    {
                        row[itself as usize] = f32::INFINITY;
                    }
                    take(row, ids[0], list);
                }
            }
            lists
        })
        .reduce(none, |mut a, b| {
            let lists = a.chunks_exact_mut(keep).zip(b.chunks_exact(keep));
            lists.for_each(|(a, b)| {
                for &v in b {
                    insert(a, v);
                }
            });
            a
        });
    progress.check()?;
    Ok(lists)
}
