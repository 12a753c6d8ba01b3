//! Smoothed density of points of the plane and its contours by enclosed fraction of the points.
//!
//! A binned kernel estimate (Wand 1994, "Fast computation of multivariate kernel estimators",
//! J. Comput. Graph. Stat. 3, 433): whole counts on a grid of square cells, then one separable
//! Gaussian. Contours bound highest density regions (Hyndman 1996, "Computing and graphing
//! highest density regions", Am. Stat. 50, 120).

mod bandwidth;
mod bin;
mod contour;
mod extent;
mod frame;
mod sample;
mod scan;
mod simplify;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_poison;

use crate::smooth::Gaussian;
use extent::{Bounds, Fence};
use frame::Frame;

/// Standard deviations up to which the kernel reaches.
const REACH: f32 = 4.0;

/// How fine and how smooth a density is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DensityParams {
    /// Cells along the longest side of the grid, held within 32 and 2048. A grid whose cells
    /// would be smaller than 1/16 of the bandwidth is made coarser: nothing is to be seen below.
    pub cells: usize,
    /// Standard deviation of the Gaussian kernel in world units. `None`, and any value that is
    /// not finite and positive, takes the normal-reference rule of Silverman (1986).
    pub bandwidth: Option<f64>,
    /// Times what that rule gives, which is too wide for many small clusters: above 0.
    pub times: f64,
}

impl Default for DensityParams {
    fn default() -> Self {
        Self {
            cells: 512,
            bandwidth: None,
            times: 1.0,
        }
    }
}

/// A line of constant density in world coordinates, the higher density on its left.
#[derive(Clone, Debug, PartialEq)]
pub struct Polyline {
    /// Vertices `[x, y]` in order; a ring does not repeat its first vertex at the end.
    pub points: Vec<[f64; 2]>,
    /// True for a ring, false for a line that ends at the border of the grid.
    pub closed: bool,
}

/// A smoothed density on a grid of square cells, row by row from the lowest `y`.
#[derive(Clone, Debug, PartialEq)]
pub struct DensityGrid {
    frame: Frame,
    values: Vec<f32>,
    counts: Vec<u32>,
    inside: u64,
    outside: u64,
}

impl DensityGrid {
    /// Estimates the density of those `points` (`[x, y]`, world units) for which `use_point`,
    /// given the index of the point, is true.
    ///
    /// Points that are not finite are ignored. The grid spans the points between robust fences:
    /// on either axis the 1 % and 99 % quantiles, each moved outwards by their distance, so that
    /// at most about 2 % of the points per axis, and none of a compact distribution, fall beyond;
    /// these are reported by [`Self::outside`]. A margin of 4 bandwidths closes every contour.
    ///
    /// The kernel is never narrower than one cell: [`Self::bandwidth`] tells what was used.
    /// The result does not depend on the number of threads. `use_point` is called up to three
    /// times for a point and has to answer the same each time. At most `u32::MAX` points.
    ///
    /// `None` when no point is left to estimate from or when `cancelled` answers true; it is
    /// asked on the calling thread between batches of about four million points.
    pub fn estimate(
        points: &[[f32; 2]],
        use_point: impl Fn(usize) -> bool + Sync,
        params: DensityParams,
        cancelled: &dyn Fn() -> bool,
    ) -> Option<Self> {
        if cancelled() {
            return None;
        }
        let sample = sample::draw(points, &use_point);
        let fence = Fence::around(&sample)?;
        let bounds = Bounds::within(&fence, points, &use_point, cancelled)?;
        let bandwidth = params
            .bandwidth
            .filter(|h| h.is_finite() && *h > 0.0)
            .unwrap_or_else(|| {
                let rule = bandwidth::normal_reference(&sample, &fence, bounds.used);
                rule * params.times.clamp(1e-3, 1e3)
            });
        let frame = Frame::new(&bounds, bandwidth, params.cells);
        let counts = bin::count(points, &use_point, &bounds, &frame, cancelled)?;
        let gaussian = Gaussian::new(frame.sigma_cells() as f32, REACH);
        let fill = |y: usize, row: &mut [f32]| {
            let counts = &counts[y * frame.width..][..frame.width];
            for (value, count) in row.iter_mut().zip(counts) {
                *value = *count as f32;
            }
        };
        let mut values = Vec::new();
        gaussian.smooth([frame.width, frame.height], fill, &mut values);
        if cancelled() {
            return None;
        }
        Some(Self {
            frame,
            values,
            counts,
            inside: bounds.inside,
            outside: bounds.used - bounds.inside,
        })
    }

    /// For each of `fractions` (within 0 to 1) the density whose super-level set holds that
    /// fraction of all points, those outside the grid included: the highest density region of
    /// Hyndman (1996), by the quantile of the density at the points themselves, so that the
    /// smoothing does not widen it.
    ///
    /// Any level between the density of the last point held and that of the next one bounds the
    /// same points; the middle is given, so that a contour does not run through a point.
    /// In points per cell, as [`Self::values`]. A fraction that needs points outside the grid
    /// gives 0, one that is not positive gives infinity; neither has a contour.
    #[must_use]
    pub fn levels(&self, fractions: &[f64]) -> Vec<f32> {
        let mut occupied: Vec<(f32, u32)> = self
            .values
            .iter()
            .zip(&self.counts)
            .filter(|(_, count)| **count > 0)
            .map(|(value, count)| (*value, *count))
            .collect();
        occupied.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        // Cells of one density enter together: (density, points of at least that density).
        let mut held: Vec<(f32, u64)> = Vec::with_capacity(occupied.len());
        let mut sum = 0;
        for (value, count) in occupied {
            sum += u64::from(count);
            match held.last_mut() {
                Some(last) if last.0.total_cmp(&value).is_eq() => last.1 = sum,
                _ => held.push((value, sum)),
            }
        }
        let total = (self.inside + self.outside) as f64;
        fractions
            .iter()
            .map(|&fraction| {
                if fraction.is_nan() || fraction <= 0.0 {
                    return f32::INFINITY;
                }
                let at = held.partition_point(|(_, sum)| (*sum as f64) < fraction * total);
                let Some((value, _)) = held.get(at) else {
                    return 0.0;
                };
                let next = held.get(at + 1).map_or(0.0, |(next, _)| *next);
                next + 0.5 * (value - next)
            })
            .collect()
    }

    /// The lines along which the density is `level` (points per cell), in world coordinates.
    ///
    /// Marching squares on the centres of the cells with linear interpolation, saddles decided
    /// by the mean of their four corners; lines are thinned by Douglas and Peucker (1973) with a
    /// tolerance of 0.05 cells. Higher density lies on the left: rings around a peak run
    /// counter-clockwise, rings around a hollow clockwise. A point is within the super-level set
    /// when an odd number of rings surrounds it.
    #[must_use]
    pub fn contours(&self, level: f32) -> Vec<Polyline> {
        contour::trace(&self.values, self.frame.width, level)
            .into_iter()
            .map(|line| {
                let mut points = simplify::thin(&line.points, line.closed, 0.05);
                for point in &mut points {
                    *point = self.frame.world_of_centre(*point);
                }
                Polyline {
                    points,
                    closed: line.closed,
                }
            })
            .collect()
    }

    /// Lower left corner `[x, y]` of the first cell in world units.
    #[must_use]
    pub fn min(&self) -> [f64; 2] {
        self.frame.min
    }

    /// Side of a cell in world units.
    #[must_use]
    pub fn cell(&self) -> f64 {
        self.frame.cell
    }

    /// Cells along `x`.
    #[must_use]
    pub fn width(&self) -> usize {
        self.frame.width
    }

    /// Cells along `y`.
    #[must_use]
    pub fn height(&self) -> usize {
        self.frame.height
    }

    /// Smoothed points per cell, `height` rows of `width`, the lowest `y` first; their sum is
    /// [`Self::inside`] up to rounding. Divide by the square of [`Self::cell`] for points per
    /// world area.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Standard deviation of the kernel that was used, in world units.
    #[must_use]
    pub fn bandwidth(&self) -> f64 {
        self.frame.bandwidth
    }

    /// Number of points counted in the grid.
    #[must_use]
    pub fn inside(&self) -> u64 {
        self.inside
    }

    /// Number of finite points beyond the grid; they lie outside every contour.
    #[must_use]
    pub fn outside(&self) -> u64 {
        self.outside
    }
}
