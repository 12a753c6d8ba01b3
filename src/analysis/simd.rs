//! The inner loops over coordinates, compiled twice: for the x86-64 baseline and for AVX2 + FMA,
//! chosen at run time. Rows are padded with zeros to a multiple of [`LANES`] values.
//!
//! The only `unsafe` is the call into a `#[target_feature]` function after the feature test.

#![expect(
    unsafe_code,
    reason = "functions for AVX2 are called after the processor was asked"
)]

/// Values per vector step; row lengths must be multiples of it.
pub const LANES: usize = 8;

/// `len` rounded up to a whole number of vectors.
pub const fn padded(len: usize) -> usize {
    len.div_ceil(LANES) * LANES
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
}

/// Squared Euclidean distance of two equally long padded rows.
#[inline]
pub fn dist2(a: &[f32], b: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the CPU has AVX2 and FMA, the features `dist2` is compiled for.
        return unsafe { avx2::dist2(a, b) };
    }
    portable::dist2(a, b)
}

/// Scalar product of two equally long padded rows.
#[inline]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: as above.
        return unsafe { avx2::dot(a, b) };
    }
    portable::dot(a, b)
}

/// Squared Euclidean distance of `sa * a` and `sb * b`; any length.
#[inline]
pub fn dist2_scaled(a: &[f32], sa: f32, b: &[f32], sb: f32) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: as above.
        return unsafe { avx2::dist2_scaled(a, sa, b, sb) };
    }
    portable::dist2_scaled(a, sa, b, sb)
}

/// `dst = src - centre`, returning the squared norm of the result (padded rows).
#[inline]
pub fn centred(dst: &mut [f32], src: &[f32], centre: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: as above.
        return unsafe { avx2::centred(dst, src, centre) };
    }
    portable::centred(dst, src, centre)
}

/// A block of rows with their squared norms; `rows.len() == norms.len() * width`.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    pub rows: &'a [f32],
    pub norms: &'a [f32],
    pub width: usize,
}

impl<'a> Block<'a> {
    #[inline(always)]
    pub fn row(&self, i: usize) -> &'a [f32] {
        &self.rows[i * self.width..(i + 1) * self.width]
    }
    pub fn len(&self) -> usize {
        self.norms.len()
    }
    pub fn is_empty(&self) -> bool {
        self.norms.is_empty()
    }
}

/// Squared distances of the picked rows of `a` to all rows of `b` as |a|^2 + |b|^2 - 2 a.b:
/// `out[t * stride + j]`, stride = `b.len()` rounded up to [`LANES`] (the rest holds infinity).
/// `a` and `b` should be centred near their common mean: the formula cancels.
pub fn dist2_block(a: Block<'_>, pick: &[u32], b: Block<'_>, out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: as above.
        unsafe { avx2::dist2_block(a, pick, b, out) };
        return;
    }
    portable::dist2_block(a, pick, b, out);
}

/// Calls `hit(j, d)` for each `d = row[j] < limit`, where `hit` returns the new limit.
#[inline]
pub fn scan_below(row: &[f32], limit: f32, hit: impl FnMut(usize, f32) -> f32) {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: as above.
        unsafe { avx2::scan_below(row, limit, hit) };
        return;
    }
    portable::scan_below(row, limit, hit);
}

/// Same loops for both instruction sets; `inline(always)` makes each caller compile its own copy.
mod portable {
    use super::{Block, LANES};

    #[inline(always)]
    pub fn lanes_sum(v: [f32; LANES]) -> f32 {
        ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]))
    }

    #[inline(always)]
    pub fn dist2(a: &[f32], b: &[f32]) -> f32 {
        let mut acc = [0f32; LANES];
        let (a, _) = a.as_chunks::<LANES>();
        let (b, _) = b.as_chunks::<LANES>();
        for (p, q) in a.iter().zip(b) {
            for l in 0..LANES {
                let t = p[l] - q[l];
                acc[l] += t * t;
            }
        }
        lanes_sum(acc)
    }

    #[inline(always)]
    pub fn dot(a: &[f32], b: &[f32]) -> f32 {
        let mut acc = [0f32; LANES];
        let (a, _) = a.as_chunks::<LANES>();
        let (b, _) = b.as_chunks::<LANES>();
        for (p, q) in a.iter().zip(b) {
            for l in 0..LANES {
                acc[l] += p[l] * q[l];
            }
        }
        lanes_sum(acc)
    }

    #[inline(always)]
    pub fn dist2_scaled(a: &[f32], sa: f32, b: &[f32], sb: f32) -> f32 {
        let mut acc = [0f32; LANES];
        let (ac, at) = a.as_chunks::<LANES>();
        let (bc, bt) = b.as_chunks::<LANES>();
        for (p, q) in ac.iter().zip(bc) {
            for l in 0..LANES {
                let t = p[l] * sa - q[l] * sb;
                acc[l] += t * t;
            }
        }
        for (l, (p, q)) in at.iter().zip(bt).enumerate() {
            let t = p * sa - q * sb;
            acc[l] += t * t;
        }
        lanes_sum(acc)
    }

    #[inline(always)]
    pub fn centred(dst: &mut [f32], src: &[f32], centre: &[f32]) -> f32 {
        let mut acc = [0f32; LANES];
        let (dst, _) = dst.as_chunks_mut::<LANES>();
        let (src, _) = src.as_chunks::<LANES>();
        let (centre, _) = centre.as_chunks::<LANES>();
        for ((d, s), c) in dst.iter_mut().zip(src).zip(centre) {
            for l in 0..LANES {
                let t = s[l] - c[l];
                d[l] = t;
                acc[l] += t * t;
            }
        }
        lanes_sum(acc)
    }

    pub fn dist2_block(a: Block<'_>, pick: &[u32], b: Block<'_>, out: &mut [f32]) {
        let stride = super::padded(b.len());
        for (&i, row) in pick.iter().zip(out.chunks_exact_mut(stride)) {
            let (p, pn) = (a.row(i as usize), a.norms[i as usize]);
            for (j, o) in row.iter_mut().enumerate() {
                *o = if j < b.len() {
                    (pn + b.norms[j] - 2.0 * dot(p, b.row(j))).max(0.0)
                } else {
                    f32::INFINITY
                };
            }
        }
    }

    #[inline(always)]
    pub fn scan_below(row: &[f32], mut limit: f32, mut hit: impl FnMut(usize, f32) -> f32) {
        for (c, v) in row.chunks(LANES).enumerate() {
            let mut any = false;
            for &d in v {
                any |= d < limit;
            }
            if any {
                for (l, &d) in v.iter().enumerate() {
                    if d < limit {
                        limit = hit(c * LANES + l, d);
                    }
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{Block, LANES, portable};
    use std::arch::x86_64::{
        __m256, _mm_add_ps, _mm256_castps256_ps128, _mm256_extractf128_ps, _mm256_fmadd_ps,
        _mm256_hadd_ps, _mm256_setzero_ps,
    };

    #[target_feature(enable = "avx2,fma")]
    pub fn dist2(a: &[f32], b: &[f32]) -> f32 {
        portable::dist2(a, b)
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn dot(a: &[f32], b: &[f32]) -> f32 {
        portable::dot(a, b)
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn dist2_scaled(a: &[f32], sa: f32, b: &[f32], sb: f32) -> f32 {
        portable::dist2_scaled(a, sa, b, sb)
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn centred(dst: &mut [f32], src: &[f32], centre: &[f32]) -> f32 {
        portable::centred(dst, src, centre)
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn scan_below(row: &[f32], limit: f32, hit: impl FnMut(usize, f32) -> f32) {
        portable::scan_below(row, limit, hit);
    }

    /// Rows of `a` handled together, and rows of `b`: 12 sums stay in registers.
    const TILE_A: usize = 3;
    const TILE_B: usize = 4;
    /// Rows of `b` kept in the first-level cache while all of `a` passes by (16 KB).
    const CACHE_FLOATS: usize = 4096;

    #[target_feature(enable = "avx2,fma")]
    fn load(chunk: &[f32; LANES]) -> __m256 {
        bytemuck::cast(*chunk)
    }

    /// Four vectors to their four sums.
    #[target_feature(enable = "avx2,fma")]
    fn sums(v: [__m256; TILE_B]) -> [f32; TILE_B] {
        let s = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
        bytemuck::cast(_mm_add_ps(
            _mm256_castps256_ps128(s),
            _mm256_extractf128_ps::<1>(s),
        ))
    }

    #[target_feature(enable = "avx2,fma")]
    fn tile<const M: usize>(
        a: [&[[f32; LANES]]; M],
        b: [&[[f32; LANES]]; TILE_B],
    ) -> [[f32; TILE_B]; M] {
        let n = a[0].len();
        // plain loops: a closure passed to `map` would not be compiled for these features
        let (mut a, mut b) = (a, b);
        for r in &mut a {
            *r = &r[..n];
        }
        for r in &mut b {
            *r = &r[..n];
        }
        let mut acc = [[_mm256_setzero_ps(); TILE_B]; M];
        for s in 0..n {
            let q = [
                load(&b[0][s]),
                load(&b[1][s]),
                load(&b[2][s]),
                load(&b[3][s]),
            ];
            for i in 0..M {
                let p = load(&a[i][s]);
                for j in 0..TILE_B {
                    acc[i][j] = _mm256_fmadd_ps(p, q[j], acc[i][j]);
                }
            }
        }
        let mut out = [[0f32; TILE_B]; M];
        for i in 0..M {
            out[i] = sums(acc[i]);
        }
        out
    }

    #[target_feature(enable = "avx2,fma")]
    fn strip<const M: usize>(
        a: Block<'_>,
        pick: &[u32],
        b: Block<'_>,
        from: usize,
        to: usize,
        stride: usize,
        out: &mut [f32],
    ) {
        let mut rows: [&[[f32; LANES]]; M] = [&[]; M];
        for (r, &i) in rows.iter_mut().zip(pick) {
            *r = a.row(i as usize).as_chunks().0;
        }
        let mut j = from;
        while j < to {
            // the last tile of the block may be short: its rows are repeated, their values dropped
            let last = b.len() - 1;
            let q = [
                j.min(last),
                (j + 1).min(last),
                (j + 2).min(last),
                (j + 3).min(last),
            ];
            let near = [
                b.row(q[0]).as_chunks().0,
                b.row(q[1]).as_chunks().0,
                b.row(q[2]).as_chunks().0,
                b.row(q[3]).as_chunks().0,
            ];
            let dots = tile(rows, near);
            for (t, dot) in dots.iter().enumerate() {
                let pn = a.norms[pick[t] as usize];
                for l in 0..TILE_B {
                    let d = (pn + b.norms[q[l]] - 2.0 * dot[l]).max(0.0);
                    out[t * stride + j + l] = if j + l <= last { d } else { f32::INFINITY };
                }
            }
            j += TILE_B;
        }
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn dist2_block(a: Block<'_>, pick: &[u32], b: Block<'_>, out: &mut [f32]) {
        if b.is_empty() {
            return;
        }
        let stride = super::padded(b.len());
        let step = (CACHE_FLOATS / b.width.max(1)).clamp(LANES, 64) / LANES * LANES;
        let mut from = 0;
        while from < stride {
            let to = (from + step).min(stride);
            let mut t = 0;
            while t < pick.len() {
                let o = &mut out[t * stride..];
                let p = &pick[t..];
                match p.len() {
                    1 => strip::<1>(a, p, b, from, to, stride, o),
                    2 => strip::<2>(a, p, b, from, to, stride, o),
                    _ => strip::<TILE_A>(a, p, b, from, to, stride, o),
                }
                t += TILE_A;
            }
            from = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::rng::Rng;

    #[test]
    fn block_distances_match_the_plain_ones() {
        for (na, nb, w) in [
            (1, 1, 8),
            (7, 13, 24),
            (5, 64, 128),
            (4, 33, 16),
            (65, 70, 8),
        ] {
            let mut rng = Rng::new(1, na as u64, nb as u64);
            let mut fill = |n: usize| -> (Vec<f32>, Vec<f32>) {
                let rows: Vec<f32> = (0..n * w).map(|_| rng.signed()).collect();
                let norms = rows
                    .chunks(w)
                    .map(|r| r.iter().map(|v| v * v).sum())
                    .collect();
                (rows, norms)
            };
            let ((ar, an), (br, bn)) = (fill(na), fill(nb));
            let (a, b) = (
                Block {
                    rows: &ar,
                    norms: &an,
                    width: w,
                },
                Block {
                    rows: &br,
                    norms: &bn,
                    width: w,
                },
            );
            let pick: Vec<u32> = (0..na as u32).rev().collect();
            let stride = padded(nb);
            let mut out = vec![0f32; na * stride];
            let mut plain = out.clone();
            dist2_block(a, &pick, b, &mut out);
            portable::dist2_block(a, &pick, b, &mut plain);
            for (t, &i) in pick.iter().enumerate() {
                for j in 0..stride {
                    let (x, y) = (out[t * stride + j], plain[t * stride + j]);
                    assert!(x == y || (x - y).abs() < 1e-4, "{x} {y}");
                    if j < nb {
                        assert!((x - dist2(a.row(i as usize), b.row(j))).abs() < 1e-4);
                    }
                }
            }
        }
    }
}
