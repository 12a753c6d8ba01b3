//! Thinning of lines to fewer vertices (Douglas & Peucker 1973, Cartographica 10, 112).

/// The vertices of `line` without those nearer than `tolerance` to what is left of the line.
///
/// A ring is split at its first vertex and the one farthest from that; a ring that would fall
/// below four vertices is left as it is.
pub(super) fn thin(line: &[[f64; 2]], closed: bool, tolerance: f64) -> Vec<[f64; 2]> {
    let Some(first) = line.first() else {
        return Vec::new();
    };
    let mut ends = vec![0];
    let mut path = line.to_vec();
    if closed {
        let distance = |k: &usize| (line[*k][0] - first[0]).hypot(line[*k][1] - first[1]);
        let far = (0..line.len()).max_by(|a, b| distance(a).total_cmp(&distance(b)));
        ends.extend(far);
        path.push(*first);
    }
    ends.push(path.len() - 1);

    let mut keep = vec![false; path.len()];
    let mut open: Vec<(usize, usize)> = Vec::new();
    for pair in ends.windows(2) {
        keep[pair[0]] = true;
        keep[pair[1]] = true;
        open.push((pair[0], pair[1]));
    }
    while let Some((a, b)) = open.pop() {
        let far = (a + 1..b)
            .map(|k| (k, distance_to_segment(path[k], path[a], path[b])))
            .max_by(|p, q| p.1.total_cmp(&q.1));
        if let Some((k, distance)) = far
            && distance > tolerance
        {
            keep[k] = true;
            open.push((a, k));
            open.push((k, b));
        }
    }
    if closed {
        // The repeated first vertex.
        path.pop();
    }
    let thinned: Vec<[f64; 2]> = path
        .iter()
        .zip(&keep)
        .filter_map(|(p, keep)| keep.then_some(*p))
        .collect();
    if closed && thinned.len() < 4 {
        path
    } else {
        thinned
    }
}

fn distance_to_segment(p: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let (px, py) = (p[0] - a[0], p[1] - a[1]);
    let length = dx * dx + dy * dy;
    let t = if length > 0.0 {
        ((px * dx + py * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (px - t * dx).hypot(py - t * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circle_stays_within_tolerance() {
        let ring: Vec<[f64; 2]> = (0..1000)
            .map(|k| f64::from(k) * std::f64::consts::TAU / 1000.0)
            .map(|a| [20.0 * a.cos(), 20.0 * a.sin()])
            .collect();
        let thinned = thin(&ring, true, 0.05);
        assert!(thinned.len() < 100, "{}", thinned.len());
        for p in &ring {
            let next = thinned.iter().cycle().skip(1);
            let nearest = thinned
                .iter()
                .zip(next)
                .map(|(a, b)| distance_to_segment(*p, *a, *b))
                .fold(f64::INFINITY, f64::min);
            assert!(nearest <= 0.05 + 1e-12);
        }
    }

    #[test]
    fn straight_and_tiny_lines() {
        let line: Vec<[f64; 2]> = (0..10).map(|k| [f64::from(k), 1.0]).collect();
        assert_eq!(thin(&line, false, 0.05), vec![[0.0, 1.0], [9.0, 1.0]]);
        let tiny = [[0.01, 0.0], [0.0, 0.01], [-0.01, 0.0], [0.0, -0.01]];
        assert_eq!(thin(&tiny, true, 0.05), tiny.to_vec());
        assert!(thin(&[], true, 0.05).is_empty());
        assert_eq!(thin(&[[1.0, 2.0]], false, 0.05).len(), 1);
    }
}
