use super::*;
use crate::data::Provenance;

/// A bent cloud of `n` points, far from zero, on every third row.
fn cloud(n: u32, dims: usize) -> MapPoints {
    let rows: Vec<u32> = (0..n).map(|i| i * 3).collect();
    let coords = rows.iter().flat_map(|&r| {
        let t = r as f32;
        let point = [
            t.sin() * 5.0 + 40.0,
            (t * 0.37).cos() * 3.0,
            (t * 1.7).sin() - 20.0,
        ];
        point.into_iter().take(dims)
    });
    let coords = coords.collect();
    let projection =
        Projection::new(coords, dims, rows, 3 * n as usize, Provenance::default()).unwrap();
    MapPoints::new(projection.with_origin([1e6, -2e6, 3e6]).unwrap())
}

#[test]
fn places_and_rows_belong_together() {
    let flat = cloud(100, 2);
    assert!(flat.turned(Plane::turned(10.0, 0.0)).is_none());
    let turned = cloud(100, 3).turned(Plane::turned(35.0, -20.0)).unwrap();
    for points in [flat, cloud(100, 3), turned] {
        for place in 0..100 {
            let row = points.row(place);
            let position = points.tree().points()[place];
            assert_eq!(points.position_of_row(row), Some(position));
        }
        assert_eq!(points.position_of_row(1), None);
    }
}

#[test]
fn positions_and_origin_are_coordinates_in_the_plane() {
    let map = cloud(500, 3);
    let middle = map.bounds().unwrap().center();
    for (yaw, pitch) in [(0.0, 0.0), (30.0, 10.0), (-120.0, 80.0), (180.0, -90.0)] {
        let plane = Plane::turned(yaw, pitch);
        let turned = map.turned(plane).unwrap();
        let origin = turned.origin();
        for place in (0..500).step_by(7) {
            let index = map
                .projection()
                .rows()
                .binary_search(&(turned.row(place) as u32));
            let point = map.projection().point(index.unwrap());
            let file = [0, 1, 2].map(|i| point[i] + map.projection().origin()[i]);
            let wanted = plane.project(file);
            // Back to the file, the place lies in the plane through the middle, under the point.
            let at = turned.tree().points()[place].map(f64::from);
            let back = plane.project(turned.position_at(at));
            assert!((0..2).all(|i| (back[i] - wanted[i]).abs() < 1e-4));
            for i in 0..2 {
                let found = f64::from(turned.tree().points()[place][i]) + origin[i];
                assert!((found - wanted[i]).abs() < 1e-4, "{found} {}", wanted[i]);
            }
        }
        // It turns in its place.
        let moved = turned.bounds().unwrap().center();
        assert!(
            (0..2).all(|i| (moved[i] - middle[i]).abs() < 6.0),
            "{moved:?}"
        );
    }
}

#[test]
fn a_sample_turns_as_the_whole_does() {
    let map = cloud(3000, 3);
    let plane = Plane::turned(50.0, 25.0);
    let whole = map.turned(plane).unwrap();
    let (sample, places) = whole.sampled(400);
    let again = map.sampled(400).0.turned(plane).unwrap();
    assert!((300..500).contains(&sample.len()) && sample.len() == again.len());
    let (deep, deep_again) = (whole.depths().unwrap(), again.depths().unwrap());
    for (index, &place) in places.iter().enumerate() {
        let row = sample.projection().rows()[index] as usize;
        assert_eq!(row, whole.row(place as usize));
        assert_eq!(sample.position_of_row(row), whole.position_of_row(row));
        assert_eq!(again.position_of_row(row), whole.position_of_row(row));
        let here = (0..again.len()).find(|&p| again.row(p) == row).unwrap();
        assert_eq!(deep_again(here), deep(place as usize));
    }
}

#[test]
fn depth_runs_from_near_to_far() {
    let map = cloud(1000, 3);
    assert!(cloud(10, 2).depths().is_none());
    for (yaw, pitch) in [(0.0, 0.0), (90.0, 0.0), (20.0, 60.0)] {
        let plane = Plane::turned(yaw, pitch);
        let turned = map.turned(plane).unwrap();
        let depth = turned.depths().unwrap();
        let toward = plane.toward();
        let mut along: Vec<(f64, f32)> = (0..1000)
            .map(|place| {
                let index = turned.tree().order()[place] as usize;
                let point = map.projection().point(index);
                let nearer: f64 = (0..3).map(|i| point[i] * toward[i]).sum();
                (nearer, depth(place))
            })
            .collect();
        along.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(along.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        let mean = along.iter().map(|(_, d)| f64::from(*d)).sum::<f64>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.02 && along[0].1 > 0.7 && along[999].1 < 0.3);
    }
}
