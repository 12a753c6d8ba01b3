//! A partition of the points into Voronoi cells of a few hundred: a tree of k-means splits
//! (Lloyd 1982; hierarchical as in Muja & Lowe 2014), then a few global corrections in which each
//! point looks at the centroids next to its own.

use super::best::{key, key_index};
use crate::analysis::rng::spread_sample;
use crate::analysis::simd::{self, Block};
use crate::memory::prefetch;
use crate::progress::{Cancelled, Progress};
use rayon::prelude::*;

/// The widest split of one tree node.
const MAX_FANOUT: usize = 64;
/// Training rows per centroid.
const TRAIN_PER_CENTROID: usize = 48;
const LLOYD_ROUNDS: usize = 4;
/// Centroids compared with all others at a time.
const NEAR_ROWS: usize = 32;
/// Rows handled together when assigning.
const ASSIGN_ROWS: usize = 256;
/// Centroids next to its own that a point looks at while correcting.
const CORRECT_NEAR: usize = 48;

/// Rows of `width` values (a multiple of the vector length).
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    values: &'a [f32],
    width: usize,
    /// Which of them row `i` is, where they lie in another order.
    order: Option<&'a [u32]>,
}

impl<'a> Rows<'a> {
    /// As they lie.
    #[must_use]
    pub fn new(values: &'a [f32], width: usize) -> Self {
        Self {
            values,
            width,
            order: None,
        }
    }
    /// In an order of all or some of them.
    #[must_use]
    pub fn ordered(self, order: &'a [u32]) -> Self {
        Self {
            order: Some(order),
            ..self
        }
    }
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }
    #[inline(always)]
    #[must_use]
    pub fn row(&self, i: usize) -> &'a [f32] {
        let i = self.order.map_or(i, |order| order[i] as usize);
        &self.values[i * self.width..(i + 1) * self.width]
    }
    #[must_use]
    pub fn len(&self) -> usize {
        self.order
            .map_or(self.values.len() / self.width, <[u32]>::len)
    }
}

/// The cells: `members[bounds[c]..bounds[c + 1]]` are the points of cell `c`, ascending.
/// Neighbouring cells have neighbouring numbers where the tree allows.
pub(super) struct Cells {
    pub members: Vec<u32>,
    pub bounds: Vec<u32>,
    pub centroids: Vec<f32>,
}

impl Cells {
    #[must_use]
    pub fn len(&self) -> usize {
        self.bounds.len() - 1
    }
    #[must_use]
    pub fn range(&self, c: usize) -> std::ops::Range<usize> {
        self.bounds[c] as usize..self.bounds[c + 1] as usize
    }
    #[must_use]
    pub fn centroid(&self, c: usize, width: usize) -> &[f32] {
        &self.centroids[c * width..(c + 1) * width]
    }
}

/// Partitions all rows into cells of about `size` points.
pub fn partition(
    rows: Rows<'_>,
    size: usize,
    corrections: usize,
    seed: u64,
    progress: &Progress,
) -> Result<Cells, Cancelled> {
    let mut open = vec![(0..rows.len() as u32).collect::<Vec<u32>>()];
    // breadth first; children take the place of their parent, so leaves keep the tree's order
    loop {
        progress.check()?;
        let next: Vec<Vec<Vec<u32>>> = open
            .into_par_iter()
            .map(|ids| split(rows, ids, size, seed, progress))
            .collect();
        let grown = next.iter().any(|c| c.len() > 1);
        open = next.into_iter().flatten().collect();
        if !grown {
            break;
        }
    }
    let mut lists = open;
    for _ in 0..corrections {
        progress.check()?;
        lists = correct(rows, &lists, progress)?;
    }
    let lists: Vec<Vec<u32>> = lists.into_iter().flat_map(|l| chop(l, size * 4)).collect();
    let mut bounds = Vec::with_capacity(lists.len() + 1);
    bounds.push(0);
    let centroids = means(rows, &lists);
    let mut members = Vec::with_capacity(rows.len());
    for l in lists {
        members.extend(l);
        bounds.push(members.len() as u32);
    }
    Ok(Cells {
        members,
        bounds,
        centroids,
    })
}

/// Cuts a list that splitting could not make smaller (identical points) into equal parts.
fn chop(list: Vec<u32>, most: usize) -> Vec<Vec<u32>> {
    if list.len() <= most {
        return vec![list];
    }
    let parts = list.len().div_ceil(most);
    let each = list.len().div_ceil(parts);
    list.chunks(each).map(<[u32]>::to_vec).collect()
}

/// One tree node into its children, in the order of a walk from centroid to nearest centroid;
/// a node that is small enough, or cannot be split, comes back alone.
fn split(
    rows: Rows<'_>,
    ids: Vec<u32>,
    size: usize,
    seed: u64,
    progress: &Progress,
) -> Vec<Vec<u32>> {
    let fanout = ids.len().div_ceil(size).min(MAX_FANOUT);
    if ids.len() <= size + size / 2 || progress.is_cancelled() {
        return vec![ids];
    }
    let seed = seed ^ u64::from(ids[0]) << 20 ^ ids.len() as u64;
    let sample: Vec<u32> = spread_sample(ids.len(), fanout * TRAIN_PER_CENTROID, seed)
        .into_iter()
        .map(|t| ids[t as usize])
        .collect();
    let mut centroids: Vec<f32> = Vec::with_capacity(fanout * rows.width());
    for t in spread_sample(sample.len(), fanout, seed ^ 1) {
        centroids.extend_from_slice(rows.row(sample[t as usize] as usize));
    }
    for _ in 0..LLOYD_ROUNDS {
        let nearest = assign(rows, &sample, &centroids);
        update(rows, &sample, &nearest, &mut centroids);
    }
    let order = walk(&centroids, rows.width());
    let nearest = assign(rows, &ids, &centroids);
    let mut children = vec![Vec::new(); fanout];
    for (&i, &c) in ids.iter().zip(&nearest) {
        children[c as usize].push(i);
    }
    let largest = children.iter().map(Vec::len).max().unwrap_or(0);
    if largest == ids.len() {
        return vec![ids];
    }
    order
        .into_iter()
        .map(|c| std::mem::take(&mut children[c]))
        .filter(|c| !c.is_empty())
        .collect()
}

/// Moves the centroids to the means of their points; one that lost all stays where it is.
fn update(rows: Rows<'_>, ids: &[u32], nearest: &[u32], centroids: &mut [f32]) {
    let width = rows.width();
    let mut lists = vec![Vec::new(); centroids.len() / width];
    for (&i, &c) in ids.iter().zip(nearest) {
        lists[c as usize].push(i);
    }
    let old = centroids.to_vec();
    centroids.copy_from_slice(&means(rows, &lists));
    for (c, l) in lists.iter().enumerate() {
        if l.is_empty() {
            centroids[c * width..(c + 1) * width].copy_from_slice(&old[c * width..(c + 1) * width]);
        }
    }
}

fn means(rows: Rows<'_>, lists: &[Vec<u32>]) -> Vec<f32> {
    let width = rows.width();
    let mut out = vec![0f32; lists.len() * width];
    out.par_chunks_mut(width).zip(lists).for_each(|(o, list)| {
        let mut sum = vec![0f64; width];
        for &i in list {
            for (s, v) in sum.iter_mut().zip(rows.row(i as usize)) {
                *s += f64::from(*v);
            }
        }
        for (o, s) in o.iter_mut().zip(&sum) {
            *o = (s / list.len().max(1) as f64) as f32;
        }
    });
    out
}

/// The order of a greedy walk over the centroids, from the first to the nearest unvisited one.
fn walk(centroids: &[f32], width: usize) -> Vec<usize> {
    let row = |c: usize| &centroids[c * width..(c + 1) * width];
    let mut left: Vec<usize> = (1..centroids.len() / width).collect();
    let mut order = vec![0];
    let mut at = 0;
    while !left.is_empty() {
        let next = (0..left.len())
            .min_by(|&a, &b| {
                simd::dist2(row(at), row(left[a])).total_cmp(&simd::dist2(row(at), row(left[b])))
            })
            .unwrap_or(0);
        at = left.remove(next);
        order.push(at);
    }
    order
}

/// The nearest centroid of each row, ties to the lower number. Everything is centred on the
/// first centroid, so that the block formula does not cancel far from the origin.
#[must_use]
pub fn assign(rows: Rows<'_>, ids: &[u32], centroids: &[f32]) -> Vec<u32> {
    let width = rows.width();
    let centre = &centroids[..width];
    let mut shifted = vec![0f32; centroids.len()];
    let norms: Vec<f32> = shifted
        .chunks_exact_mut(width)
        .zip(centroids.chunks_exact(width))
        .map(|(d, s)| simd::centred(d, s, centre))
        .collect();
    let b = Block {
        rows: &shifted,
        norms: &norms,
        width,
    };
    let mut out = vec![0u32; ids.len()];
    out.par_chunks_mut(ASSIGN_ROWS)
        .zip(ids.par_chunks(ASSIGN_ROWS))
        .for_each(|(out, ids)| {
            let mut scratch = Scratch::default();
            scratch.gather(rows, ids, centre);
            scratch.nearest(b, out);
        });
    out
}

/// Buffers of one block computation.
#[derive(Default)]
pub struct Scratch {
    pub rows: Vec<f32>,
    pub norms: Vec<f32>,
    pub pick: Vec<u32>,
    pub dist2: Vec<f32>,
}

impl Scratch {
    /// Copies the rows named by `ids`, centred.
    pub fn gather(&mut self, rows: Rows<'_>, ids: &[u32], centre: &[f32]) {
        self.copy(rows, ids.len(), |at| ids[at] as usize, centre);
    }

    /// Copies a run of rows, centred.
    pub fn gather_range(&mut self, rows: Rows<'_>, range: std::ops::Range<usize>, centre: &[f32]) {
        self.copy(rows, range.len(), |at| range.start + at, centre);
    }

    fn copy(&mut self, rows: Rows<'_>, count: usize, id: impl Fn(usize) -> usize, centre: &[f32]) {
        /// Rows that are asked for before they are copied: they may lie anywhere.
        const AHEAD: usize = 4;
        self.rows.resize(count * rows.width(), 0.0);
        self.norms.clear();
        for (at, d) in self.rows.chunks_exact_mut(rows.width()).enumerate() {
            if at + AHEAD < count {
                prefetch(rows.row(id(at + AHEAD)));
            }
            self.norms.push(simd::centred(d, rows.row(id(at)), centre));
        }
    }

    /// All distances between the gathered rows and `b`.
    pub fn against(&mut self, b: Block<'_>) {
        self.pick.clear();
        self.pick.extend(0..self.norms.len() as u32);
        self.dist2
            .resize(self.norms.len() * simd::padded(b.len()), 0.0);
        let a = Block {
            rows: &self.rows,
            norms: &self.norms,
            width: b.width,
        };
        simd::dist2_block(a, &self.pick, b, &mut self.dist2);
    }

    fn nearest(&mut self, b: Block<'_>, out: &mut [u32]) {
        self.against(b);
        for (o, row) in out
            .iter_mut()
            .zip(self.dist2.chunks_exact(simd::padded(b.len())))
        {
            *o = smallest(row) as u32;
        }
    }
}

/// Place of the first smallest value; the length is a multiple of the vector length.
fn smallest(row: &[f32]) -> usize {
    let (chunks, _) = row.as_chunks::<{ simd::LANES }>();
    let mut best = [f32::INFINITY; simd::LANES];
    for c in chunks {
        for l in 0..simd::LANES {
            best[l] = best[l].min(c[l]);
        }
    }
    let least = best.iter().copied().fold(f32::INFINITY, f32::min);
    row.iter().position(|&v| v <= least).unwrap_or(0)
}

/// For each centroid the `near` nearest others, nearest first.
#[must_use]
pub fn near_centroids(centroids: &[f32], width: usize, near: usize) -> Vec<Vec<u32>> {
    let all = Rows::new(centroids, width);
    let ids: Vec<u32> = (0..all.len() as u32).collect();
    ids.par_chunks(NEAR_ROWS)
        .flat_map_iter(|own| {
            // numbers next to each other are near each other: centred on one of them
            let centre = all.row(own[0] as usize);
            let (mut a, mut b) = (Scratch::default(), Scratch::default());
            a.gather(all, own, centre);
            b.gather(all, &ids, centre);
            a.against(Block {
                rows: &b.rows,
                norms: &b.norms,
                width,
            });
            let stride = simd::padded(ids.len());
            let mut keys = Vec::with_capacity(ids.len());
            own.iter()
                .zip(a.dist2.chunks_exact(stride))
                .map(|(&c, row)| {
                    keys.clear();
                    keys.extend(
                        row.iter()
                            .zip(&ids)
                            .filter(|&(_, &b)| b != c)
                            .map(|(d, &b)| key(*d, b)),
                    );
                    if keys.len() > near {
                        keys.select_nth_unstable(near);
                        keys.truncate(near);
                    }
                    keys.sort_unstable();
                    let mut list = Vec::with_capacity(keys.len());
                    list.extend(keys.iter().map(|&v| key_index(v)));
                    list
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// One step of Lloyd's iteration, each point choosing among its own centroid and those nearest
/// to it; cells that empty disappear.
fn correct(
    rows: Rows<'_>,
    lists: &[Vec<u32>],
    progress: &Progress,
) -> Result<Vec<Vec<u32>>, Cancelled> {
    let width = rows.width();
    let centroids = means(rows, lists);
    let near = near_centroids(&centroids, width, CORRECT_NEAR);
    let moved: Vec<Vec<u32>> = lists
        .par_iter()
        .enumerate()
        .map(|(c, ids)| {
            let mut out = vec![c as u32; ids.len()];
            if progress.is_cancelled() {
                return out;
            }
            let mut candidates = vec![c as u32];
            candidates.extend(&near[c]);
            let centre = &centroids[c * width..(c + 1) * width];
            let (mut a, mut b) = (Scratch::default(), Scratch::default());
            b.gather(Rows::new(&centroids, width), &candidates, centre);
            let b = Block {
                rows: &b.rows,
                norms: &b.norms,
                width,
            };
            for (ids, out) in ids.chunks(ASSIGN_ROWS).zip(out.chunks_mut(ASSIGN_ROWS)) {
                a.gather(rows, ids, centre);
                a.nearest(b, out);
                for o in out.iter_mut() {
                    *o = candidates[*o as usize];
                }
            }
            out
        })
        .collect();
    progress.check()?;
    let mut new = vec![Vec::new(); lists.len()];
    for (ids, to) in lists.iter().zip(&moved) {
        for (&i, &c) in ids.iter().zip(to) {
            new[c as usize].push(i);
        }
    }
    new.retain(|l| !l.is_empty());
    new.par_iter_mut().for_each(|l| l.sort_unstable());
    Ok(new)
}
