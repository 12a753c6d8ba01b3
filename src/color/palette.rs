//! Categorical colours that stay apart for colour-blind eyes.

use super::Rgba;

/// Simulation and observation first (an orange-blue pair), then hues after Okabe & Ito (2008) and
/// Tol (2021), lightened for a dark ground.
const COLORS: [[u8; 3]; 12] = [
    [0xf6, 0xa4, 0x4a],
    [0x52, 0xbe, 0xf0],
    [0xff, 0x7e, 0x93],
    [0x9f, 0xd3, 0x64],
    [0xc0, 0x9b, 0xff],
    [0x2f, 0xc9, 0xa5],
    [0xf2, 0xe1, 0x6b],
    [0xe0, 0x7a, 0xd0],
    [0x7a, 0xa2, 0xf7],
    [0xc8, 0x8d, 0x6a],
    [0x9a, 0xe3, 0xe6],
    [0xb4, 0xb9, 0xc4],
];

/// Colour of an object without a value.
pub const MISSING: Rgba = [0x6b, 0x74, 0x82, 255];

/// The colour of category `index`. Beyond the palette, hues repeat darker, then lighter; further rounds are
/// darker by a trifle, so that each of 256 categories has a colour of its own.
#[must_use]
pub fn category(index: usize) -> Rgba {
    let [r, g, b] = COLORS[index % COLORS.len()];
    let (round, darker) = (index / COLORS.len() % 3, index / (3 * COLORS.len()) % 8);
    let shade = |c: u8| {
        let c = match round {
            0 => c,
            1 => (u16::from(c) * 5 / 8) as u8,
            _ => c + ((255 - u16::from(c)) / 2) as u8,
        };
        c - 3 * darker as u8
    };
    [shade(r), shade(g), shade(b), 255]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_category_has_its_own_color() {
        let mut colors: Vec<Rgba> = (0..256).map(category).chain([MISSING]).collect();
        colors.sort_unstable();
        colors.dedup();
        assert_eq!(colors.len(), 257);
    }
}
