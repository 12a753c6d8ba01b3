//! The part of the plane worth a grid, whatever few points lie far out.

use super::scan;

/// Share of the points cut at either end of an axis before the fences are set.
const TRIM: f64 = 0.01;
/// With fewer points than this none can be told to be an outlier.
const FEW: usize = 8;

/// Limits of either axis beyond which a point is not worth widening the grid.
#[derive(Clone, Debug)]
pub(super) struct Fence {
    low: [f32; 2],
    high: [f32; 2],
}

impl Fence {
    /// Fences around a sample of finite points: the quantiles at 1 % and 99 % of either axis,
    /// moved outwards by their distance (7 standard deviations from the mean of a normal
    /// distribution). `None` for an empty sample.
    pub(super) fn around(sample: &[[f32; 2]]) -> Option<Self> {
        let mut fence = Self {
            low: [0.0; 2],
            high: [0.0; 2],
        };
        for axis in 0..2 {
            let mut values: Vec<f32> = sample.iter().map(|p| p[axis]).collect();
            let n = values.len();
            if n < FEW {
                fence.low[axis] = values.iter().copied().reduce(f32::min)?;
                fence.high[axis] = values.iter().copied().reduce(f32::max)?;
                continue;
            }
            let cut = (TRIM * n as f64).ceil() as usize;
            let low = f64::from(order_statistic(&mut values, cut));
            let high = f64::from(order_statistic(&mut values, n - 1 - cut));
            let largest = f64::from(f32::MAX);
            fence.low[axis] = (low - (high - low)).max(-largest) as f32;
            fence.high[axis] = (high + (high - low)).min(largest) as f32;
        }
        Some(fence)
    }

    /// True for a finite point between the fences.
    pub(super) fn holds(&self, p: [f32; 2]) -> bool {
        // Limits are finite: no comparison holds for a value that is not.
        self.low[0] <= p[0] && p[0] <= self.high[0] && self.low[1] <= p[1] && p[1] <= self.high[1]
    }
}

/// The value of rank `rank` (0 is the lowest) of finite `values`, which are reordered.
pub(super) fn order_statistic(values: &mut [f32], rank: usize) -> f32 {
    *values.select_nth_unstable_by(rank, f32::total_cmp).1
}

/// The box around all points between the fences.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    /// Lowest and highest coordinates, world units.
    pub(super) low: [f32; 2],
    pub(super) high: [f32; 2],
    /// Points within the box, which are those between the fences.
    pub(super) inside: u64,
    /// All finite points that are used.
    pub(super) used: u64,
}

impl Bounds {
    /// The box of the used `points` between the fences; `None` if there are none or cancelled.
    pub(super) fn within(
        fence: &Fence,
        points: &[[f32; 2]],
        use_point: &(impl Fn(usize) -> bool + Sync),
        cancelled: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let empty = Self {
            low: [f32::INFINITY; 2],
            high: [f32::NEG_INFINITY; 2],
            inside: 0,
            used: 0,
        };
        let parts = scan::partials(
            points,
            &empty,
            cancelled,
            |partial: &mut Self, first, part| {
                let mut own = partial.clone();
                for (i, p) in part.iter().enumerate() {
                    if !use_point(first + i) {
                        continue;
                    }
                    if fence.holds(*p) {
                        own.inside += 1;
                        own.used += 1;
                        own.widen(*p, *p);
                    } else if p[0].is_finite() && p[1].is_finite() {
                        own.used += 1;
                    }
                }
                *partial = own;
            },
        )?;
        let mut all = empty;
        for part in &parts {
            all.inside += part.inside;
            all.used += part.used;
            all.widen(part.low, part.high);
        }
        (all.inside > 0).then_some(all)
    }

    fn widen(&mut self, low: [f32; 2], high: [f32; 2]) {
        for axis in 0..2 {
            self.low[axis] = self.low[axis].min(low[axis]);
            self.high[axis] = self.high[axis].max(high[axis]);
        }
    }

    /// True for a finite point within the box.
    pub(super) fn holds(&self, p: [f32; 2]) -> bool {
        self.low[0] <= p[0] && p[0] <= self.high[0] && self.low[1] <= p[1] && p[1] <= self.high[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_point_stays_beyond_the_box() {
        let mut points: Vec<[f32; 2]> = (0..1000).map(|i| [i as f32 / 999.0, 0.5]).collect();
        points.push([1e8, 0.5]);
        points.push([0.5, -1e38]);
        points.push([f32::NAN, 0.0]);
        let fence = Fence::around(&points[..1002]).unwrap();
        let bounds = Bounds::within(&fence, &points, &|_| true, &|| false).unwrap();
        assert_eq!((bounds.inside, bounds.used), (1000, 1002));
        assert_eq!((bounds.low, bounds.high), ([0.0, 0.5], [1.0, 0.5]));
    }

    #[test]
    fn fences_stay_finite_at_the_end_of_the_range() {
        let points: Vec<[f32; 2]> = (0..100)
            .map(|i| [if i % 2 == 0 { f32::MAX } else { -f32::MAX }, 1e-45])
            .collect();
        let fence = Fence::around(&points).unwrap();
        assert!(fence.holds(points[0]) && fence.holds(points[1]));
        assert!(!fence.holds([f32::INFINITY, 1e-45]));
        assert!(Fence::around(&[]).is_none());
    }
}
