//! The low-dimensional membership curve 1 / (1 + a d^2b) of `McInnes`, Healy & Melville (2018).

/// Its two parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    pub a: f64,
    pub b: f64,
}

const SAMPLES: usize = 300;

impl Curve {
    /// Least squares to 1 up to `min_dist` and exp(-(d - `min_dist`) / spread) beyond, over
    /// 0..3 spread (Gauss-Newton with Levenberg's damping on log a and log b).
    #[must_use]
    pub fn fit(min_dist: f64, spread: f64) -> Self {
        let spread = if spread.is_finite() {
            spread.clamp(1e-3, 1e3)
        } else {
            1.0
        };
        let min_dist = if min_dist.is_finite() {
            min_dist.clamp(0.0, 3.0 * spread)
        } else {
            0.1
        };
        // positions in units of `spread`: only a depends on the unit
        let m = min_dist / spread;
        let samples: Vec<(f64, f64)> = (1..SAMPLES)
            .map(|i| {
                let d = 3.0 * i as f64 / (SAMPLES - 1) as f64;
                (d, if d <= m { 1.0 } else { (m - d).exp() })
            })
            .collect();
        let cost = |p: [f64; 2]| {
            samples
                .iter()
                .map(|&(d, y)| (value(p, d) - y).powi(2))
                .sum::<f64>()
        };
        let mut p = [0.0f64, 0.0];
        let mut damping = 1e-2;
        let mut now = cost(p);
        for _ in 0..200 {
            let (mut h, mut g) = ([[0f64; 2]; 2], [0f64; 2]);
            for &(d, y) in &samples {
                let f = value(p, d);
                let t = f * (1.0 - f);
                // d f / d log a and d f / d log b
                let j = [-t, -t * 2.0 * p[1].exp() * d.ln()];
                for r in 0..2 {
                    g[r] += j[r] * (f - y);
                    for c in 0..2 {
                        h[r][c] += j[r] * j[c];
                    }
                }
            }
            let (h0, h1) = (
                h[0][0] * (1.0 + damping) + 1e-12,
                h[1][1] * (1.0 + damping) + 1e-12,
            );
            let det = h0 * h1 - h[0][1] * h[1][0];
            let step = [
                (h1 * g[0] - h[0][1] * g[1]) / det,
                (h0 * g[1] - h[1][0] * g[0]) / det,
            ];
            let next = [p[0] - step[0], (p[1] - step[1]).clamp(-3.0, 3.0)];
            let c = cost(next);
            if c < now {
                let gain = now - c;
                (p, now, damping) = (next, c, damping * 0.3);
                if gain < 1e-14 {
                    break;
                }
            } else {
                damping *= 10.0;
                if damping > 1e12 {
                    break;
                }
            }
        }
        let b = p[1].exp();
        Self {
            a: p[0].exp() / spread.powf(2.0 * b),
            b,
        }
    }
}

fn value(p: [f64; 2], d: f64) -> f64 {
    1.0 / (1.0 + p[0].exp() * d.powf(2.0 * p[1].exp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_curves() {
        // umap-learn's values for its defaults, and for min_dist 0.5
        let c = Curve::fit(0.1, 1.0);
        assert!(
            (c.a - 1.5769).abs() < 2e-2 && (c.b - 0.8951).abs() < 5e-3,
            "{c:?}"
        );
        let c = Curve::fit(0.5, 1.0);
        assert!(
            (c.a - 0.5830).abs() < 2e-2 && (c.b - 1.3342).abs() < 1e-2,
            "{c:?}"
        );
        let c = Curve::fit(0.0, f64::NAN);
        assert!(c.a.is_finite() && c.b.is_finite());
    }
}
