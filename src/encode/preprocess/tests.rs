use super::Preprocessor;
use super::resize::Resampler;
use crate::data::Cutout;
use crate::encode::card::{ImageInput, Normalisation};
use crate::encode::tests::{assert_close, cutout, golden, numbers, pixels};

fn input(bands: &[&str], channels: usize, size: usize, normalisation: &str) -> ImageInput {
    ImageInput {
        name: None,
        bands: bands.iter().map(|&band| band.to_owned()).collect(),
        channels,
        size,
        pixel_scale_arcsec: Some(0.1),
        eight_bit: false,
        normalisation: normalisation.parse::<Normalisation>().unwrap(),
    }
}

fn prepare(input: &ImageInput, cutout: &Cutout) -> Result<(Vec<f32>, super::Notes), String> {
    let mut out = vec![f32::NAN; input.channels * input.size * input.size];
    Preprocessor::new(input)
        .run(cutout, &mut out)
        .map(|notes| (out, notes))
}

#[test]
fn bands_by_name_repeated_or_in_order() {
    let three = cutout(vec![1.0, 2.0, 3.0], &["g", "r", "z"], 1, 1);
    let one = cutout(vec![7.0], &["F200W"], 1, 1);
    let (out, notes) = prepare(&input(&["z", "g"], 2, 1, "none"), &three).unwrap();
    assert_eq!((out, notes), (vec![3.0, 1.0], super::Notes::default()));
    let (out, notes) = prepare(&input(&[], 3, 1, "none"), &three).unwrap();
    assert_eq!((out, notes.by_position), (vec![1.0, 2.0, 3.0], false));
    let (out, notes) = prepare(&input(&["a", "b", "c"], 3, 1, "none"), &three).unwrap();
    assert_eq!((out, notes.by_position), (vec![1.0, 2.0, 3.0], true));
    let (out, notes) = prepare(&input(&["g", "r", "z"], 3, 1, "none"), &one).unwrap();
    assert_eq!((out, notes.repeated), (vec![7.0; 3], true));
    let message = prepare(&input(&["g", "i"], 2, 1, "none"), &three).unwrap_err();
    assert_eq!(
        message,
        "it has bands g, r, z, but the encoder needs bands g, i"
    );
}

#[test]
fn masked_pixels_become_the_median() {
    let plain = input(&[], 1, 2, "none");
    let (out, notes) =
        prepare(&plain, &cutout(vec![1.0, f32::NAN, 3.0, 8.0], &["g"], 2, 2)).unwrap();
    assert_eq!((out, notes.filled), (vec![1.0, 3.0, 3.0, 8.0], true));
    let half = cutout(vec![1.0, f32::NAN, 3.0, f32::NEG_INFINITY], &["g"], 2, 2);
    assert_eq!(prepare(&plain, &half).unwrap().0, [1.0, 2.0, 3.0, 2.0]);
    let most = cutout(vec![f32::NAN, f32::NAN, 3.0, f32::NAN], &["g"], 2, 2);
    assert!(
        prepare(&plain, &most)
            .unwrap_err()
            .contains("more than half of the pixels are masked")
    );
}

#[test]
fn crops_the_centre() {
    let wide = cutout((0..10).map(|v| v as f32).collect(), &["g"], 2, 5);
    let (out, notes) = prepare(&input(&[], 1, 2, "none"), &wide).unwrap();
    assert_eq!((out, notes.resized), (vec![1.0, 2.0, 6.0, 7.0], false));
    let tall = cutout((0..10).map(|v| v as f32).collect(), &["g"], 5, 2);
    assert_eq!(
        prepare(&input(&[], 1, 2, "none"), &tall).unwrap().0,
        [2.0, 3.0, 4.0, 5.0]
    );
}

#[test]
fn resamples_like_pillow() {
    let golden = golden();
    let mut resampler = Resampler::new(false);
    let mut of_bytes = Resampler::new(true);
    for case in golden["resize"].as_array().unwrap() {
        let side = |key: &str| case[key].as_u64().unwrap() as usize;
        let (from, to) = (side("from"), side("to"));
        let mut found = vec![f32::NAN; to * to];
        resampler.run(&pixels(1, from, 5), from, &mut found, to);
        assert_close(&found, &numbers(&case["pixels"]), 1e-5);
        let bytes: Vec<f32> = pixels(1, from, 5).iter().map(|v| v.floor()).collect();
        of_bytes.run(&bytes, from, &mut found, to);
        assert_eq!(found, numbers(&case["eight_bit"]));
    }
    // A constant stays constant at any pair of sides.
    for (from, to) in [(1, 9), (9, 1), (64, 63), (3, 200)] {
        let mut found = vec![f32::NAN; to * to];
        resampler.run(&vec![2.5; from * from], from, &mut found, to);
        assert_close(&found, &vec![2.5; to * to], 1e-5);
    }
}

#[test]
fn normalises_like_numpy() {
    let golden = golden();
    let picture = cutout(pixels(2, 10, 7), &["g", "r"], 10, 10);
    for (name, text) in [
        ("asinh", "asinh scale=0.5 divide_by=3"),
        (
            "asinh_joint_all",
            "asinh scale=0.5 divide_by=3 sky=all joint=true",
        ),
        ("percentile", "percentile lo=2 hi=98"),
        ("percentile_joint", "percentile lo=2 hi=98 joint=true"),
        ("max_joint", "max joint=true"),
    ] {
        let (found, _) = prepare(&input(&[], 2, 10, text), &picture).unwrap();
        assert_close(&found, &numbers(&golden["normalised"][name]), 2e-6);
    }
    let (found, _) = prepare(
        &input(&[], 2, 1, "mean-std mean=[1,2] std=[2,4]"),
        &cutout(vec![5.0, 6.0], &["g", "r"], 1, 1),
    )
    .unwrap();
    assert_eq!(found, [2.0, 1.0]);
}

#[test]
fn pictures_without_contrast_or_beyond_floats() {
    let flat = cutout(vec![3.0; 32], &["g", "r"], 4, 4);
    for text in ["asinh scale=1", "max", "percentile lo=0 hi=100"] {
        assert!(
            prepare(&input(&[], 2, 4, text), &flat)
                .unwrap_err()
                .contains("same value")
        );
    }
    // One empty band beside a full one is zeros.
    let mut half = vec![0.0; 32];
    half[16..].copy_from_slice(&pixels(1, 4, 1));
    let half = cutout(half, &["g", "r"], 4, 4);
    for text in ["asinh scale=1", "max", "percentile lo=0 hi=100"] {
        let (out, _) = prepare(&input(&[], 2, 4, text), &half).unwrap();
        assert!(
            out[..16].iter().all(|&v| v == 0.0) && out[16..].iter().any(|&v| v != 0.0),
            "{text}"
        );
    }
    // Sky that is mostly one value, as in JPEGs: the deviation of all pixels steps in.
    let mut dark = vec![0.0; 100];
    dark[44] = 100.0;
    let (out, _) = prepare(
        &input(&[], 1, 10, "asinh scale=1"),
        &cutout(dark, &["g"], 10, 10),
    )
    .unwrap();
    assert!((out[44] - 10.0_f32.asinh()).abs() < 0.01, "{}", out[44]);
    let negative = cutout(vec![-1.0, -2.0, -3.0, -4.0], &["g"], 2, 2);
    assert!(
        prepare(&input(&[], 1, 2, "max"), &negative)
            .unwrap_err()
            .contains("above zero")
    );
    let huge = cutout(vec![f32::MAX, f32::MIN, f32::MAX, 0.0], &["g"], 2, 2);
    for text in ["mean-std mean=0 std=0.5", "percentile lo=0 hi=100"] {
        let result = prepare(&input(&[], 1, 2, text), &huge);
        assert!(
            result.is_err() || result.is_ok_and(|(out, _)| out.iter().all(|v| v.is_finite())),
            "{text}"
        );
    }
}

#[test]
fn notes_another_pixel_scale() {
    let plain = input(&[], 1, 4, "none");
    for (side, scale, differs) in [
        (4, 0.1, false),
        (8, 0.05, false),
        (8, 0.1, true),
        (4, 0.2, true),
    ] {
        let picture =
            cutout(pixels(1, side, 0), &["g"], side, side).with_pixel_scale_arcsec(Some(scale));
        assert_eq!(
            prepare(&plain, &picture).unwrap().1.other_scale,
            differs,
            "{side} {scale}"
        );
    }
}
