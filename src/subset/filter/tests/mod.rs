//! Filters against the same conditions written in Rust.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array,
    Int8Array, Int32Array, Int64Array, LargeStringArray, StringArray, StringViewArray, UInt64Array,
};
use arrow::datatypes::Int32Type;
use arrow::record_batch::RecordBatch;

use super::Filter;

mod refusals;
mod rules;
mod whole;

const ROWS: usize = 70_001;
const NAMES: [&str; 4] = ["TNG50-like", "JWST deep", "jwst wide", "ÉLAN"];

/// One row of the test table, as plain values.
struct Row {
    z: f64,
    mass: Option<f32>,
    n: Option<i32>,
    id: i64,
    survey: &'static str,
    good: Option<bool>,
}

fn rows() -> Vec<Row> {
    let mut state = 7_u64;
    let mut next = move |most: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    };
    (0..ROWS)
        .map(|row| Row {
            z: match next(8) {
                0 => f64::NAN,
                1 => -0.0,
                _ => next(5000) as f64 / 1000.0 - 1.0,
            },
            mass: (next(9) > 0).then(|| next(200) as f32 / 10.0),
            n: (next(5) > 0).then(|| next(7) as i32 - 3),
            id: (1 << 53) + row as i64,
            survey: NAMES[next(4) as usize],
            good: (next(4) > 0).then(|| next(2) == 0),
        })
        .collect()
}

fn table(rows: &[Row]) -> RecordBatch {
    let names = || rows.iter().map(|row| row.survey);
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "z",
            Arc::new(rows.iter().map(|r| Some(r.z)).collect::<Float64Array>()),
        ),
        (
            "mass",
            Arc::new(rows.iter().map(|r| r.mass).collect::<Float32Array>()),
        ),
        (
            "n",
            Arc::new(rows.iter().map(|r| r.n).collect::<Int32Array>()),
        ),
        (
            "id",
            Arc::new(rows.iter().map(|r| Some(r.id)).collect::<Int64Array>()),
        ),
        (
            "uid",
            Arc::new(
                rows.iter()
                    .map(|r| Some(r.id as u64))
                    .collect::<UInt64Array>(),
            ),
        ),
        (
            "tiny",
            Arc::new(
                rows.iter()
                    .map(|r| Some((r.id % 100) as i8))
                    .collect::<Int8Array>(),
            ),
        ),
        ("survey", Arc::new(StringArray::from_iter_values(names()))),
        (
            "large",
            Arc::new(LargeStringArray::from_iter_values(names())),
        ),
        ("view", Arc::new(StringViewArray::from_iter_values(names()))),
        (
            "coded",
            Arc::new(names().collect::<DictionaryArray<Int32Type>>()),
        ),
        (
            "good",
            Arc::new(rows.iter().map(|r| r.good).collect::<BooleanArray>()),
        ),
        (
            "day",
            Arc::new(
                rows.iter()
                    .map(|r| Some((r.id % 30_000) as i32))
                    .collect::<Date32Array>(),
            ),
        ),
        (
            "b/a",
            Arc::new(
                rows.iter()
                    .map(|r| Some(r.z / 5.0))
                    .collect::<Float64Array>(),
            ),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Checks that `sql` selects the rows that `expected` does.
fn check(sql: &str, expected: impl Fn(&Row) -> bool) {
    let rows = rows();
    let table = table(&rows);
    let filter = Filter::parse(sql, &table.schema()).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let mask = filter
        .evaluate(&table)
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    assert_eq!(mask.len(), ROWS, "{sql}");
    assert!(mask.nulls().is_none());
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(
            mask.value(index),
            expected(row),
            "{sql}: row {index}, z {} n {:?}",
            row.z,
            row.n
        );
    }
}

#[test]
fn numbers() {
    check("z BETWEEN 1 AND 3 AND survey = 'TNG50-like'", |r| {
        (1.0..=3.0).contains(&r.z) && r.survey == NAMES[0]
    });
    check("z NOT BETWEEN 1 AND 3", |r| r.z < 1.0 || r.z > 3.0);
    check("z > 1", |r| r.z > 1.0);
    check("NOT z > 1", |r| r.z <= 1.0);
    check("z <> 1", |r| !r.z.is_nan() && r.z != 1.0);
    check("z == 0", |r| r.z == 0.0);
    check("z = 0", |r| r.z == 0.0);
    check("z IN (0, 1.5, 2)", |r| [0.0, 1.5, 2.0].contains(&r.z));
    check("1 < z", |r| r.z > 1.0);
    check("mass > 10 OR n IS NULL", |r| {
        r.mass.is_some_and(|m| m > 10.0) || r.n.is_none()
    });
    check("mass = 12.3", |r| r.mass == Some(12.3_f32));
    check("mass <= 12.3", |r| r.mass.is_some_and(|m| m <= 12.3));
    check("mass IN (0.1, 19.9, 3)", |r| {
        r.mass.is_some_and(|m| [0.1, 19.9, 3.0].contains(&m))
    });
    check("n > 1.5", |r| r.n.is_some_and(|n| n > 1));
    check("n = 2.0", |r| r.n == Some(2));
    check("n NOT IN (1, 2)", |r| r.n.is_some_and(|n| n != 1 && n != 2));
    check("n IN (1, NULL)", |r| r.n == Some(1));
    check("n NOT IN (1, NULL)", |_| false);
    check("tiny < 1000", |_| true);
    check("tiny IN (1, 1000)", |r| r.id % 100 == 1);
    check("\"b/a\" < 0.4", |r| r.z / 5.0 < 0.4);
    check("Z > 1", |r| r.z > 1.0);
    check("1 < 2", |_| true);
    check("NULL", |_| false);
    check("z > NULL", |_| false);
}

#[test]
fn large_integers_are_exact() {
    let id = (1_i64 << 53) + 7;
    check("id = 9007199254740999", |r| r.id == id);
    check("uid = 9007199254740999", |r| r.id == id);
    check("id IN (9007199254740999, 9007199254741001)", |r| {
        [id, id + 2].contains(&r.id)
    });
    check("id >= 9007199254741001", |r| r.id >= id + 2);
    check("uid > -1", |_| true);
    check("id = uid", |_| true);
    check("uid < 18446744073709551615", |_| true);
    check("id > -9223372036854775808", |_| true);
    check("id % 10 = 3", |r| r.id % 10 == 3);
    check("id + 1 = 9007199254741000", |r| r.id == id);
}

#[test]
fn missing_values() {
    check("z IS NULL", |r| r.z.is_nan());
    check("z IS NOT NULL", |r| !r.z.is_nan());
    check("z IN (1) OR NOT z IN (1)", |r| !r.z.is_nan());
    check("sqrt(z) IS NULL", |r| r.z.is_nan() || r.z < 0.0);
    check("sqrt(z) > 1", |r| r.z.sqrt() > 1.0);
    check("ln(z) < 0", |r| r.z > 0.0 && r.z < 1.0);
    check("power(z, -1) > 0", |r| r.z > 0.0);
    check("power(z, 0.5) > 1", |r| r.z > 1.0);
    check("power(id, 2) > 1", |_| true);
    check("z / 0 > 1", |r| r.z > 0.0);
    check("z * 0 / 0 > 1", |_| false);
    check("n % 0 = 1", |_| false);
    check("5 % n = 1", |r| r.n.is_some_and(|n| n != 0 && 5 % n == 1));
    check("coalesce(z, -9) < -5", |r| r.z.is_nan());
    check("nullif(n, 1) IS NULL", |r| r.n.is_none_or(|n| n == 1));
}

#[test]
fn texts() {
    for column in ["survey", "large", "view", "coded"] {
        check(&format!("{column} LIKE 'JWST%'"), |r| {
            r.survey.starts_with("JWST")
        });
        check(&format!("{column} NOT ILIKE 'jwst%'"), |r| {
            !r.survey.to_lowercase().starts_with("jwst")
        });
        check(&format!("{column} = 'ÉLAN'"), |r| r.survey == "ÉLAN");
        check(&format!("{column} > 'JWST deep'"), |r| {
            r.survey > "JWST deep"
        });
        check(&format!("{column} IN ('ÉLAN', 'none')"), |r| {
            r.survey == "ÉLAN"
        });
        check(&format!("{column} = survey AND {column} = coded"), |_| true);
        check(&format!("lower({column}) = 'jwst deep'"), |r| {
            r.survey.to_lowercase() == "jwst deep"
        });
        check(&format!("starts_with({column}, 'TNG')"), |r| {
            r.survey.starts_with("TNG")
        });
        check(&format!("{column} LIKE '____'"), |r| {
            r.survey.chars().count() == 4
        });
    }
    check("survey || '!' = 'ÉLAN!'", |r| r.survey == "ÉLAN");
    check("survey = 'it''s'", |_| false);
}

#[test]
fn truths_dates_and_choices() {
    check("good", |r| r.good == Some(true));
    check("NOT good", |r| r.good == Some(false));
    check("good = false OR good IS NULL", |r| r.good != Some(true));
    check("good IS NOT TRUE", |r| r.good != Some(true));
    check("good IS UNKNOWN", |r| r.good.is_none());
    check("n IS DISTINCT FROM 1", |r| r.n != Some(1));
    check("day < '1970-02-01'", |r| r.id % 30_000 < 31);
    check("CASE WHEN n > 0 THEN z ELSE -5 END > 1", |r| {
        r.n.is_some_and(|n| n > 0) && r.z > 1.0
    });
    check("CASE n WHEN 1 THEN 'a' WHEN 2 THEN 'b' END = 'b'", |r| {
        r.n == Some(2)
    });
    check("CAST(n AS DOUBLE) / 2 = 0.5", |r| r.n == Some(1));
    check("TRY_CAST(survey AS INT) IS NULL", |_| true);
    check("n::text = '-3'", |r| r.n == Some(-3));
}

#[test]
fn arithmetic_and_functions() {
    check("abs(mass - 12) < 0.5", |r| {
        r.mass.is_some_and(|m| (f64::from(m) - 12.0).abs() < 0.5)
    });
    check("sqrt(z*z+n*n) < 3", |r| {
        r.n.is_some_and(|n| (r.z * r.z + f64::from(n) * f64::from(n)).sqrt() < 3.0)
    });
    check("n / 2 = 0.5", |r| r.n == Some(1));
    check("-n > 1", |r| r.n.is_some_and(|n| n < -1));
    check("tiny * tiny > 130", |r| (r.id % 100).pow(2) > 130);
    check("power(z, 2) > 4 AND log10(mass) > 1", |r| {
        r.z * r.z > 4.0 && r.mass.is_some_and(|m| f64::from(m).log10() > 1.0)
    });
    check("floor(z) = 1 OR ceil(z) = -0", |r| {
        r.z.floor() == 1.0 || r.z.ceil() == 0.0
    });
    check("greatest(z, 1) = 1", |r| r.z <= 1.0 || r.z.is_nan());
}

#[test]
fn overflow_is_an_error_and_not_a_wrong_answer() {
    let table = table(&rows());
    let filter = Filter::parse("id * id > 0", &table.schema()).unwrap();
    assert!(
        filter
            .evaluate(&table)
            .unwrap_err()
            .to_string()
            .contains("verflow")
    );
}
