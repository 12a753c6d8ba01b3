//! The truth as a table.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};

use super::truth::{Rare, Truth};
use crate::data::{Catalog, field_with_unit};

/// The truth as a catalogue: one row for each galaxy, with units and UCDs where they exist.
#[must_use]
pub fn catalog(truth: &[Truth]) -> Catalog {
    let number = |name, unit, ucd, value: fn(&Truth) -> f64| {
        let values = Float64Array::from_iter_values(truth.iter().map(value));
        column(name, unit, ucd, Arc::new(values))
    };
    let text = |name, ucd, value: fn(&Truth) -> Option<&'static str>| {
        let values: StringArray = truth.iter().map(value).collect();
        column(name, "", ucd, Arc::new(values))
    };
    let ids = Int64Array::from_iter_values(truth.iter().map(|t| t.id));
    let matched: BooleanArray = truth.iter().map(|t| Some(t.has_counterpart)).collect();
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = [
        column("id", "", "meta.id;meta.main", Arc::new(ids)),
        text("survey", "meta.dataset", |t| Some(t.survey.name())),
        number("ra", "deg", "pos.eq.ra;meta.main", |t| t.ra_deg),
        number("dec", "deg", "pos.eq.dec;meta.main", |t| t.dec_deg),
        number("z", "", "src.redshift", |t| t.z),
        number("log_mass", "log(solMass)", "phys.mass", |t| t.log_mass),
        number("r_e", "arcsec", "phys.angSize", |t| t.r_e_arcsec),
        number("r_e_kpc", "kpc", "phys.size.radius", |t| t.r_e_kpc),
        number("n", "", "", |t| t.n),
        number("b_a", "", "phys.size.axisRatio", |t| t.b_a),
        number("pa", "deg", "pos.posAng", |t| t.pa_deg),
        number("spin", "", "", |t| t.spin),
        number("viewing_angle", "deg", "", |t| t.viewing_angle_deg),
        text("class", "src.morph.type", |t| Some(t.class.name())),
        text("rare", "", |t| t.rare.map(Rare::name)),
        column("has_counterpart", "", "meta.code", Arc::new(matched)),
        number("mag_f200w", "mag", "phot.mag;em.IR.K", |t| t.mag[0]),
        number("mag_f277w", "mag", "phot.mag;em.IR", |t| t.mag[1]),
        number("mag_f356w", "mag", "phot.mag;em.IR", |t| t.mag[2]),
        number("snr_f356w", "", "stat.snr", |t| t.snr_f356w),
    ]
    .into_iter()
    .unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .ok()
        .and_then(|batch| Catalog::new(&batch).ok())
        .unwrap_or_else(|| Catalog::numbered(truth.len()))
}

/// A column; an empty unit or UCD is none.
fn column(name: &str, unit: &str, ucd: &str, values: ArrayRef) -> (Field, ArrayRef) {
    let unit = Some(unit).filter(|text| !text.is_empty());
    let ucd = Some(ucd).filter(|text| !text.is_empty());
    let field = field_with_unit(name, values.data_type().clone(), unit, ucd);
    (field, values)
}
