//! Colours, spacing and type sizes of a figure, in one place.

use super::canvas::Rgba;

/// Colours of one ground.
#[derive(Debug, Clone, Copy)]
pub(super) struct Theme {
    pub ground: Rgba,
    pub text: Rgba,
    pub muted: Rgba,
    pub line: Rgba,
}

const DARK: Theme = Theme {
    ground: [0x0d, 0x10, 0x16, 255],
    text: [0xd8, 0xde, 0xe9, 255],
    muted: [0x87, 0x92, 0xa2, 255],
    line: [0x23, 0x2a, 0x35, 255],
};

const LIGHT: Theme = Theme {
    ground: [0xfa, 0xfb, 0xfc, 255],
    text: [0x26, 0x2d, 0x38, 255],
    muted: [0x5f, 0x6a, 0x7a, 255],
    line: [0xd5, 0xda, 0xe2, 255],
};

impl Theme {
    pub(super) fn new(dark: bool) -> Self {
        if dark { DARK } else { LIGHT }
    }
}

/// The unit of all distances, in pt.
pub(super) const STEP: f32 = 4.0;
/// Tick labels, legend entries and the caption, in pt.
pub(super) const SMALL: f32 = 11.0;
/// Axis titles, in pt.
pub(super) const BODY: f32 = 13.0;
/// The title of the figure, in pt.
pub(super) const HEADING: f32 = 15.0;
/// Height of capitals and digits over the type size; centres text on a line.
pub(super) const CAP_HEIGHT: f32 = 0.727;

/// The colour at another opacity, 0 to 1.
pub(super) fn with_alpha([r, g, b, _]: Rgba, opacity: f32) -> Rgba {
    [r, g, b, (opacity.clamp(0.0, 1.0) * 255.0).round() as u8]
}
