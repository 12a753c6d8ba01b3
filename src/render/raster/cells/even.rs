//! What lies in crowded stretches of a row, as spread over its pixels.

use pulp::{Arch, Simd, WithSimd};
use wide::{f32x4, u16x8};

use super::super::tile::Area;
use super::bits::{WORD, signs};
use super::{Cells, single_sum};

/// Pixels of a row that are looked at together: where so many of them hold points, these overlap all over,
/// and where in its pixel each lies is no longer seen.
const STRETCH: usize = 16;
const CROWDED: u32 = 8;

impl Cells {
    /// Writes what is spread over each pixel of a row of the area, and what lies in its crowded stretches, and notes in
    /// which of the others something lies. Row after row, from the first. Says whether there is anything in `evens`.
    pub fn even_out(&mut self, row: usize, area: &Area, evens: &mut [f32x4]) -> bool {
        let mut lone = std::mem::take(&mut self.lone);
        let words = area.width.div_ceil(WORD);
        lone.resize((row + 1) * words, 0);
        let row_lone = &mut lone[row * words..];
        let pixels = row * area.width..(row + 1) * area.width;
        let any = Arch::new().dispatch(Evening {
            occupied: &self.lights[0][pixels.clone()],
            singles: &self.singles[pixels.clone()],
            spread: self.spread_in(row, area),
            evens,
            lone: row_lone,
        });
        for (i, other) in self.others.get(pixels).unwrap_or(&[]).iter().enumerate() {
            let is_lone = row_lone[i / WORD] >> (i % WORD) & 1 == 1;
            if !is_lone {
                evens[i] += other.sum;
            }
        }
        self.lone = lone;
        any
    }
}

struct Evening<'a> {
    occupied: &'a [u16],
    singles: &'a [u16x8],
    spread: Option<&'a [f32x4]>,
    evens: &'a mut [f32x4],
    lone: &'a mut [u64],
}

impl WithSimd for Evening<'_> {
    type Output = bool;

    #[expect(
        clippy::inline_always,
        reason = "compiled once for each kind of processor"
    )]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        let Self {
            occupied,
            singles,
            spread,
            evens,
            lone,
        } = self;
        match spread {
            Some(spread) => evens.copy_from_slice(spread),
            None => evens.fill(f32x4::ZERO),
        }
        let mut any = spread.is_some();
        let mut stretches = singles.chunks(STRETCH).zip(evens.chunks_mut(STRETCH));
        for (bits, occupied) in lone.iter_mut().zip(occupied.chunks(WORD)) {
            let mut bytes = [0; WORD];
            for (byte, occupied) in bytes.iter_mut().zip(occupied) {
                *byte = (*occupied >> 8) as u8;
            }
            *bits = signs(bytes);
            for (stretch, (singles, evens)) in stretches.by_ref().take(WORD / STRETCH).enumerate() {
                let within = *bits & ((1 << STRETCH) - 1) << (stretch * STRETCH);
                if within.count_ones() >= CROWDED {
                    *bits ^= within;
                    any = true;
                    add_singles(evens, singles);
                }
            }
        }
        any
    }
}

/// Adds the colours and numbers of a stretch.
#[expect(
    clippy::inline_always,
    reason = "compiled once for each kind of processor"
)]
#[inline(always)]
fn add_singles(evens: &mut [f32x4], singles: &[u16x8]) {
    let whole = (
        evens.as_chunks_mut::<STRETCH>().0,
        singles.as_chunks::<STRETCH>().0,
    );
    if let ([evens], [singles]) = whole {
        let evens: &mut [f32; 4 * STRETCH] = bytemuck::cast_mut(evens);
        let singles: &[u64; 2 * STRETCH] = bytemuck::cast_ref(singles);
        let sums: [u64; STRETCH] = std::array::from_fn(|i| singles[2 * i]);
        let sums: [u16; 4 * STRETCH] = bytemuck::cast(sums);
        for (even, sum) in evens.iter_mut().zip(sums) {
            *even += f32::from(sum);
        }
    } else {
        for (even, single) in evens.iter_mut().zip(singles) {
            *even += single_sum(*single).sum;
        }
    }
}
