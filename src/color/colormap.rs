//! Perceptually uniform colour maps (van der Walt & Smith 2015; cividis: Nuñez et al. 2018).

use super::Rgba;

/// A perceptual colour map of 256 colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colormap {
    /// Blue-green-yellow.
    #[default]
    Viridis,
    /// Black-purple-white.
    Magma,
    /// Black-red-yellow.
    Inferno,
    /// Blue-yellow, made for colour-blind eyes.
    Cividis,
}

impl Colormap {
    /// All maps, in the order menus show them.
    pub const ALL: [Self; 4] = [Self::Viridis, Self::Magma, Self::Inferno, Self::Cividis];

    /// Name as shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Magma => "magma",
            Self::Inferno => "inferno",
            Self::Cividis => "cividis",
        }
    }

    fn table(self) -> &'static [u8; 768] {
        match self {
            Self::Viridis => include_bytes!("../../assets/colormaps/viridis.rgb"),
            Self::Magma => include_bytes!("../../assets/colormaps/magma.rgb"),
            Self::Inferno => include_bytes!("../../assets/colormaps/inferno.rgb"),
            Self::Cividis => include_bytes!("../../assets/colormaps/cividis.rgb"),
        }
    }

    /// The colour at `t`, clamped to `0..=1`; NaN gives the lowest colour.
    #[must_use]
    pub fn at(self, t: f32) -> Rgba {
        let index = (t.clamp(0.0, 1.0) * 255.0).round() as usize;
        let [r, g, b] = [0, 1, 2].map(|c| self.table()[3 * index.min(255) + c]);
        [r, g, b, 255]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_map_grows_brighter_from_end_to_end() {
        for map in Colormap::ALL {
            let light = |[r, g, b, _]: Rgba| 2 * u32::from(r) + 5 * u32::from(g) + u32::from(b);
            let steps: Vec<u32> = (0..=16).map(|i| light(map.at(i as f32 / 16.0))).collect();
            assert!(
                steps.windows(2).all(|s| s[1] > s[0]),
                "{} {steps:?}",
                map.name()
            );
            assert_eq!(map.at(f32::NAN), map.at(0.0));
        }
    }
}
