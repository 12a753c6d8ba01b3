//! The density of points that no catalogue should hold.

use super::tests::{area, check, enclosed, estimate, fraction_enclosed, gaussian};
use super::{DensityGrid, DensityParams};

#[test]
fn poison_is_survived() {
    let constant_x: Vec<[f32; 2]> = (0..1000).map(|i| [4.0, i as f32]).collect();
    let tiny: Vec<[f32; 2]> = (0..1000)
        .map(|i| [f32::from_bits(i), f32::from_bits(i * 7 % 1000)])
        .collect();
    let huge: Vec<[f32; 2]> = gaussian(1000, [0.0; 2], 1.0)
        .iter()
        .map(|p| p.map(|v| v * 8e37))
        .collect();
    let mixed: Vec<[f32; 2]> = (0..1000).map(|i| [f32::MAX, f32::from_bits(i)]).collect();
    let ends: Vec<[f32; 2]> = (0..1000)
        .map(|i| [if i % 2 == 0 { f32::MAX } else { f32::MIN }, 0.0])
        .collect();
    let two = vec![[0.0, 0.0], [1.0, 1.0]];
    for points in [
        constant_x,
        tiny,
        huge,
        mixed,
        ends,
        two,
        vec![[2.0, 3.0]],
        vec![[0.0; 2]],
    ] {
        for bandwidth in [
            None,
            Some(1e-300),
            Some(1e300),
            Some(f64::NAN),
            Some(-1.0),
            Some(0.5),
        ] {
            for cells in [0, 100, 512] {
                let params = DensityParams {
                    cells,
                    bandwidth,
                    ..DensityParams::default()
                };
                let grid = DensityGrid::estimate(&points, |_| true, params, &|| false).unwrap();
                check(&grid);
                assert!(!grid.contours(grid.levels(&[0.9])[0]).is_empty());
            }
        }
    }
    let bad = [
        [f32::NAN, 0.0],
        [0.0, f32::INFINITY],
        [f32::NEG_INFINITY; 2],
    ];
    assert!(estimate(&bad).is_none());
    assert!(estimate(&[]).is_none());
    let none = DensityGrid::estimate(&[[0.0; 2]], |_| false, DensityParams::default(), &|| false);
    assert!(none.is_none());
}

#[test]
fn identical_points_give_a_small_circle() {
    let grid = estimate(&vec![[0.1, -250.0]; 1_000_000]).unwrap();
    check(&grid);
    for fraction in [0.5, 1.0] {
        let rings = grid.contours(grid.levels(&[fraction])[0]);
        assert_eq!(rings.len(), 1);
        assert!(enclosed(&rings, [0.1, -250.0]));
        assert!(area(&rings[0]) < 1e-3);
    }
    assert!(
        grid.levels(&[0.0, f64::NAN])
            .iter()
            .all(|l| l.is_infinite())
    );
    assert!(grid.contours(f32::INFINITY).is_empty() && grid.contours(f32::NAN).is_empty());
}

#[test]
fn far_points_do_not_waste_the_grid() {
    let mut points = gaussian(1000, [0.0; 2], 0.3);
    points.extend([[1e8, 0.0], [f32::MAX, f32::MIN], [f32::NAN, 0.0]]);
    points.push([0.0, f32::INFINITY]);
    let grid = estimate(&points).unwrap();
    check(&grid);
    assert_eq!((grid.inside(), grid.outside()), (1000, 2));
    assert!(grid.cell() * (grid.width() as f64) < 10.0);
    // 1001 of 1002 points cannot be held.
    assert!(grid.levels(&[0.999])[0] == 0.0 && grid.contours(0.0).is_empty());
    let rings = grid.contours(grid.levels(&[0.9])[0]);
    let held = fraction_enclosed(&rings, &points) * 1004.0 / 1002.0;
    assert!((held - 0.9).abs() < 0.01, "{held}");
}
