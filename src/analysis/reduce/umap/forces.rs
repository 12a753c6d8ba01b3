//! UMAP's attraction and repulsion, eight pairs at a time, without a table or `powf`.
//!
//! Plain multiplications and additions in a fixed order: the AVX2 and the baseline build of the
//! same code give the same bits.

use super::curve::Curve;

/// Neighbours and negative samples that act on a point together.
pub const NEIGHBOURS: usize = 4;
pub const NEGATIVES: usize = 12;
const PAIRS: usize = NEIGHBOURS + NEGATIVES;

/// Bound of one coordinate of one force, as in the reference implementation.
pub const CLIP: f32 = 4.0;
/// Keeps the repulsion finite.
const NEAR: f32 = 1e-3;

/// The curve's constants as the kernel needs them.
#[derive(Clone, Copy, Debug)]
pub struct Forces {
    a: f32,
    b: f32,
    /// -2ab where a lane holds a neighbour, else 0.
    attract: [f32; PAIRS],
    /// 2b where a lane holds a negative sample, else 0.
    repel: [f32; PAIRS],
    /// What keeps a negative sample's force finite.
    near: [f32; PAIRS],
    /// By the number of neighbours: the weight of each lane.
    weights: [[f32; PAIRS]; NEIGHBOURS + 1],
}

impl Forces {
    /// `negatives` samples per neighbour, as nearly as lanes allow; weights make up for the rest.
    pub fn new(curve: Curve, negatives: f32) -> Self {
        let lane = |neighbour: f64, negative: f64| {
            std::array::from_fn(|l| if l < NEIGHBOURS { neighbour } else { negative } as f32)
        };
        let mut weights = [[0f32; PAIRS]; NEIGHBOURS + 1];
        for (m, w) in weights.iter_mut().enumerate().skip(1) {
            let wanted = negatives * m as f32;
            let lanes = (wanted.ceil() as usize).min(NEGATIVES);
            w[..m].fill(1.0);
            w[NEIGHBOURS..NEIGHBOURS + lanes].fill(if lanes > 0 {
                wanted / lanes as f32
            } else {
                0.0
            });
        }
        Self {
            a: curve.a as f32,
            b: curve.b as f32,
            attract: lane(-2.0 * curve.a * curve.b, 0.0),
            repel: lane(0.0, 2.0 * curve.b),
            near: lane(0.0, f64::from(NEAR)),
            weights,
        }
    }

    /// Moves `point` by `rate` times the forces of the first `count` neighbours and their share of
    /// the negative samples.
    #[inline(always)]
    pub fn apply<const D: usize>(
        &self,
        point: &mut [f32; D],
        neighbours: &[[f32; NEIGHBOURS]; D],
        count: usize,
        negatives: &[[f32; NEGATIVES]; D],
        rate: f32,
    ) {
        let mut delta = [[0f32; PAIRS]; D];
        let mut d2 = [0f32; PAIRS];
        for d in 0..D {
            for l in 0..NEIGHBOURS {
                delta[d][l] = point[d] - neighbours[d][l];
            }
            for l in 0..NEGATIVES {
                delta[d][NEIGHBOURS + l] = point[d] - negatives[d][l];
            }
            for l in 0..PAIRS {
                d2[l] += delta[d][l] * delta[d][l];
            }
        }
        let mut coefficient = [0f32; PAIRS];
        for l in 0..PAIRS {
            // attraction -2ab d^(2b) / (d^2 (1 + a d^2b)), repulsion 2b / ((eps + d^2) (1 + a d^2b))
            let q = d2[l].clamp(1e-12, 1e12);
            let p = power(q, self.b);
            coefficient[l] =
                (self.attract[l] * p + self.repel[l]) / ((q + self.near[l]) * (1.0 + self.a * p));
        }
        let weights = &self.weights[count];
        for d in 0..D {
            let mut g = [0f32; PAIRS];
            for l in 0..PAIRS {
                g[l] = weights[l] * (coefficient[l] * delta[d][l]).clamp(-CLIP, CLIP);
            }
            let mut h = [0f32; 8];
            for l in 0..8 {
                h[l] = g[l] + g[l + 8];
            }
            point[d] += rate * total(h);
        }
    }
}

/// The sum of lanes, in a fixed order.
#[inline(always)]
pub fn total(lanes: [f32; 8]) -> f32 {
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
        + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

/// 1.5 x 2^23: sums with it are whole numbers.
const MAGIC: f32 = 12_582_912.0;

/// x^b for positive normal x, to about 1e-4: 2^(b log2 x) by polynomials.
#[inline(always)]
pub fn power(x: f32, b: f32) -> f32 {
    let bits = x.to_bits();
    // x = 2^e * m with m in [sqrt(1/2), sqrt(2))
    let shifted = bits.wrapping_sub(0x3f35_04f3);
    let e = ((shifted as i32) >> 23) as f32;
    let m = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(0x3f35_04f3));
    // log2 m = 2 / ln 2 * artanh(t), t = (m - 1) / (m + 1), |t| < 0.172
    let t = (m - 1.0) / (m + 1.0);
    let t2 = t * t;
    let log = e + t * (2.885_39 + t2 * (0.961_796_7 + t2 * 0.577_078));
    let y = (b * log).clamp(-120.0, 120.0);
    // 2^y = 2^round(y) * 2^f, f in [-0.5, 0.5]; adding 1.5 * 2^23 rounds
    let r = y + MAGIC;
    let whole = (r.to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32);
    let f = y - (r - MAGIC);
    let poly = 1.0
        + f * (std::f32::consts::LN_2 + f * (0.240_226_5 + f * (0.055_504_1 + f * 0.009_618_1)));
    f32::from_bits((poly.to_bits() as i32).wrapping_add(whole << 23) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_is_close() {
        for b in [0.5f32, 0.79, 0.895, 1.33, 2.0] {
            for i in 0..2000 {
                let x = 10f32.powf(-9.0 + i as f32 * 0.009);
                let (p, q) = (power(x, b), x.powf(b));
                assert!((p / q - 1.0).abs() < 2e-4, "{x}^{b}: {p} {q}");
            }
        }
    }

    #[test]
    fn forces_match_their_formulas() {
        let curve = Curve { a: 1.577, b: 0.895 };
        let f = Forces::new(curve, 1.0);
        let d2 = 2.5f64;
        let w = 1.0 + curve.a * d2.powf(curve.b);
        let c = -2.0 * curve.a * curve.b * d2.powf(curve.b - 1.0) / w;
        let r = 2.0 * curve.b / ((0.001 + d2) * w);
        let (near, mut far) = (
            [[1.5f32; NEIGHBOURS], [-0.5; NEIGHBOURS]],
            [[9.0f32; NEGATIVES]; 2],
        );
        (far[0][0], far[1][0]) = (-0.5, 1.5);
        let mut p = [0f32, 0.0];
        f.apply(&mut p, &near, 1, &far, 1.0);
        let expected = [c * -1.5 + r * 0.5, c * 0.5 + r * -1.5];
        assert!(
            (f64::from(p[0]) - expected[0]).abs() < 1e-3
                && (f64::from(p[1]) - expected[1]).abs() < 1e-3,
            "{p:?} {expected:?}"
        );
    }
}
