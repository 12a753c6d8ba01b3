//! Distances in a flat universe with `H0 = 70 km/s/Mpc` and `Omega_m = 0.3` (Hogg 1999).

const HUBBLE_DISTANCE_KPC: f64 = 299_792.458 / 70.0 * 1000.0;
const OMEGA_M: f64 = 0.3;
const ARCSEC_PER_RAD: f64 = 206_264.806;
const STEPS: usize = 64;

/// Comoving distance, kpc, by Simpson's rule.
fn comoving_kpc(z: f64) -> f64 {
    let inverse_e = |z: f64| 1.0 / (OMEGA_M * (1.0 + z).powi(3) + 1.0 - OMEGA_M).sqrt();
    let step = z / STEPS as f64;
    let sum: f64 = (0..=STEPS)
        .map(|k| {
            let weight = match k {
                0 | STEPS => 1.0,
                k if k % 2 == 1 => 4.0,
                _ => 2.0,
            };
            weight * inverse_e(k as f64 * step)
        })
        .sum();
    HUBBLE_DISTANCE_KPC * sum * step / 3.0
}

/// Proper size, kpc, of one arcsecond at redshift `z`.
pub(super) fn kpc_per_arcsec(z: f64) -> f64 {
    comoving_kpc(z) / (1.0 + z) / ARCSEC_PER_RAD
}

/// `5 log10` of the ratio of luminosity distances at two redshifts, mag.
pub(super) fn dimming_mag(z: f64, reference: f64) -> f64 {
    let luminosity = |z: f64| comoving_kpc(z) * (1.0 + z);
    5.0 * (luminosity(z) / luminosity(reference)).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_agrees_with_published_calculators() {
        // Wright (2006) gives 8.37 kpc per arcsec at z = 2 and 8.01 at z = 1 for this cosmology.
        assert!((kpc_per_arcsec(2.0) - 8.37).abs() < 0.02);
        assert!((kpc_per_arcsec(1.0) - 8.01).abs() < 0.02);
    }
}
