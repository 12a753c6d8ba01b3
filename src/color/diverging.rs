//! A diverging scale: what is too low and what is too high, on the dark ground of pictures.

use super::Rgba;

/// The ends stay apart for colour-blind eyes.
const LOW: [f32; 3] = [82.0, 190.0, 240.0];
const HIGH: [f32; 3] = [246.0, 164.0, 74.0];

/// Blue at -1, black at 0, orange at 1; what lies outside is clamped, NaN is black.
#[must_use]
pub fn diverging(t: f32) -> Rgba {
    let end = if t < 0.0 { LOW } else { HIGH };
    let share = if t.is_nan() { 0.0 } else { t.abs().min(1.0) };
    let [r, g, b] = end.map(|c| (c * share).round() as u8);
    [r, g, b, 255]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_black_in_the_middle_and_grows_to_both_sides() {
        assert_eq!(diverging(0.0), [0, 0, 0, 255]);
        assert_eq!(diverging(f32::NAN), [0, 0, 0, 255]);
        assert_eq!(diverging(-9.0), [82, 190, 240, 255]);
        assert_eq!(diverging(f32::INFINITY), [246, 164, 74, 255]);
        let light = |t: f32| diverging(t)[..3].iter().map(|&c| u32::from(c)).sum::<u32>();
        assert!((1..10).all(|i| light(i as f32 / 10.0) > light((i - 1) as f32 / 10.0)));
        assert!((1..10).all(|i| light(-i as f32 / 10.0) > light(-(i - 1) as f32 / 10.0)));
    }
}
