//! Colours: two rest-frame spectra, an old and a young population, behind a dust screen.
//!
//! Coarse by design: smooth AB spectra with the 4000 angstrom break and the 1.6 micron bump where
//! they belong, so that colours move with redshift, age and dust as real ones do.

/// Pivot wavelengths of F200W, F277W and F356W, micron.
const PIVOT_UM: [f64; 3] = [1.989, 2.786, 3.563];

/// Rest wavelength (micron), AB magnitude of the old and of the young spectrum, 0 at 1 micron.
const TEMPLATE: [(f64, f64, f64); 14] = [
    (0.12, 8.0, 0.60),
    (0.20, 6.0, 0.55),
    (0.30, 4.3, 0.52),
    (0.365, 3.2, 0.50),
    (0.41, 2.2, 0.12),
    (0.50, 1.45, 0.10),
    (0.65, 0.75, 0.06),
    (0.80, 0.35, 0.03),
    (1.00, 0.0, 0.0),
    (1.25, -0.25, 0.03),
    (1.65, -0.34, 0.10),
    (2.20, -0.14, 0.35),
    (3.50, 0.50, 0.80),
    (5.00, 1.00, 1.00),
];

/// A stellar population as its light is seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Population {
    /// 0 (young) to 1 (old).
    pub(super) age: f64,
    /// Attenuation of the screen at 0.55 micron, mag.
    pub(super) a_v: f64,
}

impl Population {
    /// AB magnitude at a rest wavelength, up to a constant.
    fn magnitude(self, rest_um: f64) -> f64 {
        let last = TEMPLATE.len() - 1;
        let at = TEMPLATE
            .partition_point(|row| row.0 < rest_um)
            .clamp(1, last);
        let ((l0, old0, young0), (l1, old1, young1)) = (TEMPLATE[at - 1], TEMPLATE[at]);
        let t = ((rest_um / l0).ln() / (l1 / l0).ln()).clamp(0.0, 1.0);
        let old = old0 + t * (old1 - old0);
        let young = young0 + t * (young1 - young0);
        young + self.age * (old - young) + self.a_v * attenuation(rest_um)
    }

    /// Flux in the three bands at redshift `z`, relative to that in F356W.
    pub(super) fn colours(self, z: f64) -> [f64; 3] {
        let magnitudes = PIVOT_UM.map(|um| self.magnitude(um / (1.0 + z)));
        magnitudes.map(|m| 10f64.powf(-0.4 * (m - magnitudes[2])))
    }
}

/// Attenuation relative to that at 0.55 micron, rest frame.
fn attenuation(rest_um: f64) -> f64 {
    (0.55 / rest_um).powf(0.9)
}

/// Attenuation in the three bands at redshift `z`, relative to that at 0.55 micron in the rest frame.
pub(super) fn attenuation_in_bands(z: f64) -> [f64; 3] {
    PIVOT_UM.map(|um| attenuation(um / (1.0 + z)))
}

/// Flux, nJy, of an AB magnitude.
pub(super) fn njy_from_ab(magnitude: f64) -> f64 {
    10f64.powf(-0.4 * (magnitude - 31.4))
}

/// AB magnitude of a flux, nJy.
pub(super) fn ab_from_njy(flux: f64) -> f64 {
    31.4 - 2.5 * flux.log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_light_is_redder_than_young_and_reddens_across_the_break() {
        let ratio = |age, z| Population { age, a_v: 0.0 }.colours(z)[0];
        for z in [0.8, 2.0, 4.0] {
            assert!(ratio(1.0, z) < ratio(0.0, z));
        }
        assert!(ratio(1.0, 4.0) < ratio(1.0, 1.5));
        assert!((ab_from_njy(njy_from_ab(25.3)) - 25.3).abs() < 1e-9);
    }
}
