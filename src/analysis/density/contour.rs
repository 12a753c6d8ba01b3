//! Marching squares: lines of constant value on a grid.
//!
//! Lorensen & Cline (1987), "Marching cubes", in the plane. Crossings are named by the edge of
//! the grid they lie on and joined by name, so that no coordinates have to be compared.

/// A line in cells, the first value of the grid lying at `[0, 0]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) points: Vec<[f64; 2]>,
    /// A ring does not repeat its first point.
    pub(super) closed: bool,
}

/// No edge.
const NONE: u32 = u32::MAX;
/// Crossings keep this part of an edge away from its ends: where a value equals the level, the
/// crossings on the edges around it stay apart.
const CLEAR: f64 = 1e-3;

/// Lines along which `values` (rows of `width`, at most 2^30 in all) pass `level`, higher values
/// on the left.
///
/// Lines that end at the border come first, then rings, each in the order in which a scan of the
/// grid meets them.
pub(super) fn trace(values: &[f32], width: usize, level: f32) -> Vec<Line> {
    if width < 2 || values.len() < 2 * width {
        return Vec::new();
    }
    let mut links = Links::of(values, width, level);
    let crossing = |edge: u32| crossing(values, width, level, edge);
    let mut lines = Vec::new();
    for closed in [false, true] {
        for k in 0..links.starts.len() {
            let start = links.starts[k];
            if links.next[start as usize] == NONE || (!closed && links.reached[start as usize]) {
                continue;
            }
            let mut points = Vec::new();
            let mut edge = start;
            loop {
                points.push(crossing(edge));
                // Taking the link away is what ends every walk.
                edge = std::mem::replace(&mut links.next[edge as usize], NONE);
                if edge == start {
                    break;
                }
                if links.next[edge as usize] == NONE {
                    points.push(crossing(edge));
                    break;
                }
            }
            lines.push(Line { points, closed });
        }
    }
    lines
}

/// For each edge of the grid that a line crosses the edge it crosses next.
///
/// Edge `2 k` leads from node `k` to the right, `2 k + 1` from node `k` upwards. A square that a
/// line enters by an edge is left by it on the other side: an edge has at most one successor and
/// one predecessor.
struct Links {
    next: Vec<u32>,
    /// Whether an edge has a predecessor.
    reached: Vec<bool>,
    /// Edges with a successor, in the order of the scan.
    starts: Vec<u32>,
}

impl Links {
    fn of(values: &[f32], width: usize, level: f32) -> Self {
        let mut links = Self {
            next: vec![NONE; 2 * values.len()],
            reached: vec![false; 2 * values.len()],
            starts: Vec::new(),
        };
        for lower in 0..values.len() / width - 1 {
            let row = lower * width;
            for node in row..row + width - 1 {
                // Counter-clockwise from the lower left, as are the edges that follow them.
                let corners = [node, node + 1, node + width + 1, node + width].map(|k| values[k]);
                let within = corners.map(|value| value >= level);
                if within == [false; 4] || within == [true; 4] {
                    continue;
                }
                let edges = [
                    2 * node,
                    2 * (node + 1) + 1,
                    2 * (node + width),
                    2 * node + 1,
                ];
                links.square(corners, within, edges, level);
            }
        }
        links
    }

    /// Links the crossings of one square. Going round it counter-clockwise, a line starts where
    /// the region is left and ends where it is entered: then the region is on its left.
    fn square(&mut self, corners: [f32; 4], within: [bool; 4], edges: [usize; 4], level: f32) {
        let leaves = |k: usize| within[k % 4] && !within[(k + 1) % 4];
        let enters = |k: usize| !within[k % 4] && within[(k + 1) % 4];
        let saddle = within[0] == within[2] && within[1] == within[3];
        let joined = saddle && {
            let sum: f64 = corners.iter().map(|v| f64::from(*v)).sum();
            sum >= 4.0 * f64::from(level)
        };
        for from in (0..4).filter(|k| leaves(*k)) {
            let to = if saddle {
                // A centre within joins both regions: the line cuts off the low corner ahead.
                if joined { from + 1 } else { from + 3 }
            } else {
                (from + 1..from + 4)
                    .find(|k| enters(*k))
                    .unwrap_or(from + 1)
            };
            let (from, to) = (edges[from], edges[to % 4]);
            self.next[from] = to as u32;
            self.reached[to] = true;
            self.starts.push(from as u32);
        }
    }
}

/// Where the level is passed on `edge`, by linear interpolation.
fn crossing(values: &[f32], width: usize, level: f32, edge: u32) -> [f64; 2] {
    let node = edge as usize / 2;
    let upwards = edge % 2 == 1;
    let other = node + if upwards { width } else { 1 };
    let (a, b) = (f64::from(values[node]), f64::from(values[other]));
    let t = ((f64::from(level) - a) / (b - a)).clamp(CLEAR, 1.0 - CLEAR);
    let (x, y) = ((node % width) as f64, (node / width) as f64);
    if upwards { [x, y + t] } else { [x + t, y] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(ring: &[[f64; 2]]) -> f64 {
        let next = ring.iter().cycle().skip(1);
        ring.iter()
            .zip(next)
            .map(|(a, b)| 0.5 * (a[0] * b[1] - b[0] * a[1]))
            .sum()
    }

    #[test]
    fn one_peak_and_one_hollow() {
        let mut values = vec![0.0; 25];
        values[12] = 1.0;
        let lines = trace(&values, 5, 0.25);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].closed && lines[0].points.len() == 4);
        assert!((area(&lines[0].points) - 2.0 * 0.75 * 0.75).abs() < 1e-9);
        let hollow: Vec<f32> = values.iter().map(|v| 1.0 - v).collect();
        let lines = trace(&hollow, 5, 0.75);
        assert_eq!(lines.len(), 1);
        assert!((area(&lines[0].points) + 2.0 * 0.75 * 0.75).abs() < 1e-9);
    }

    #[test]
    fn saddle_follows_its_centre() {
        // High at two opposite corners of the middle square, in a frame of low values.
        let mut values = vec![0.0_f32; 16];
        values[5] = 1.0;
        values[10] = 1.0;
        // Centre 0.5: at 0.6 the peaks are apart, at 0.4 they are one region.
        let apart = trace(&values, 4, 0.6);
        assert_eq!(apart.len(), 2);
        assert!(apart.iter().all(|l| l.closed && area(&l.points) > 0.0));
        let joined = trace(&values, 4, 0.4);
        assert_eq!(joined.len(), 1);
        assert_eq!(joined[0].points.len(), 8);
        assert!(area(&joined[0].points) > 0.0);
        // The other diagonal.
        values.swap(5, 6);
        values.swap(10, 9);
        assert_eq!(trace(&values, 4, 0.6).len(), 2);
        assert_eq!(trace(&values, 4, 0.4).len(), 1);
    }

    #[test]
    fn open_line_has_high_values_on_its_left() {
        // Values rise to the right, which is the left of a line that runs downwards.
        let values: Vec<f32> = (0..12).map(|k| (k % 4) as f32).collect();
        let lines = trace(&values, 4, 1.5);
        assert_eq!(lines.len(), 1);
        assert!(!lines[0].closed);
        assert_eq!(lines[0].points, vec![[1.5, 2.0], [1.5, 1.0], [1.5, 0.0]]);
    }

    #[test]
    fn values_at_the_level_make_no_empty_segment() {
        let values: Vec<f32> = (0..900)
            .map(|k: usize| (k.wrapping_mul(2_654_435_761) >> 7) % 3)
            .map(|v| v as f32)
            .collect();
        for level in [0.0, 0.5, 1.0, 2.0, f32::NAN, f32::INFINITY, -1.0] {
            let lines = trace(&values, 30, level);
            let mut seen = std::collections::HashSet::new();
            for line in &lines {
                assert!(line.points.len() >= if line.closed { 4 } else { 2 });
                for pair in line.points.windows(2) {
                    assert!(pair[0] != pair[1]);
                }
                for p in &line.points {
                    // A crossing belongs to one line only.
                    assert!(seen.insert(p.map(f64::to_bits)));
                }
            }
            // Every edge whose ends differ is crossed exactly once.
            let mut edges = 0;
            for k in 0..900 {
                let high = |k: usize| values[k] >= level;
                edges += usize::from(k % 30 < 29 && high(k) != high((k + 1).min(899)));
                edges += usize::from(k < 870 && high(k) != high((k + 30).min(899)));
            }
            assert_eq!(seen.len(), edges);
        }
    }

    #[test]
    fn grids_too_small_have_no_lines() {
        assert!(trace(&[], 0, 1.0).is_empty());
        assert!(trace(&[1.0, 2.0], 1, 1.5).is_empty());
        assert!(trace(&[1.0, 2.0], 2, 1.5).is_empty());
    }
}
