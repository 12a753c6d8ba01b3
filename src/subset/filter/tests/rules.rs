//! Conditions on single values: functions, casts, and columns of less common types.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float16Array, Float32Array,
    Int64Array, LargeStringArray, ListArray, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int8Type, Int32Type};
use arrow::record_batch::RecordBatch;

use super::super::Filter;
use super::refusals::error;

/// One row of a value, and one of NULL.
fn one_row() -> RecordBatch {
    let floats: ArrayRef = Arc::new(Float32Array::from(vec![Some(12.3), None]));
    let half: ArrayRef = cast(&floats, &DataType::Float16).unwrap();
    assert!(half.as_any().is::<Float16Array>());
    let coded: DictionaryArray<Int8Type> = vec![Some("deep"), None].into_iter().collect();
    let coded_whole = cast(
        &UInt64Array::from(vec![Some(u64::MAX), None]),
        &DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::UInt64)),
    );
    let decimal = Decimal128Array::from(vec![Some(1234), None]);
    let decimal = decimal.with_precision_and_scale(10, 2).unwrap();
    let utc = TimestampMicrosecondArray::from(vec![Some(86_400_000_000), None]);
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)]), None]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("f", floats),
        ("half", half),
        ("coded", Arc::new(coded)),
        ("code", coded_whole.unwrap()),
        ("decimal", Arc::new(decimal)),
        ("time", Arc::new(utc.with_timezone("UTC"))),
        ("list", Arc::new(list)),
        (
            "large",
            Arc::new(LargeStringArray::from(vec![Some("é1"), None])),
        ),
        (
            "text",
            Arc::new(StringArray::from(vec![Some(" 7.5 "), None])),
        ),
        (
            "big",
            Arc::new(Int64Array::from(vec![Some(i64::MAX), None])),
        ),
        ("yes", Arc::new(BooleanArray::from(vec![Some(true), None]))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Whether the row of values and the row of NULL are selected.
fn selected(sql: &str) -> [bool; 2] {
    let table = one_row();
    let filter = Filter::parse(sql, &table.schema()).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let mask = filter
        .evaluate(&table)
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    [mask.value(0), mask.value(1)]
}

#[test]
fn true_of_values() {
    for sql in [
        "f = 12.3 AND -f = -12.3 AND abs(-f) = 12.3 AND coalesce(f, 1) = 12.3",
        "f IN (1, 2, 3, 4, 5, 6, 12.3) AND f BETWEEN 12.3 AND 12.3 AND CAST(f AS TEXT) = '12.3'",
        "round(f, 1) = 12.3 AND CAST(f AS DOUBLE) <> 12.3 AND CAST(12.3 AS REAL) = 12.3",
        "half = 12.3 AND f < 1e300",
        "coded LIKE 'd_ep' AND coded IN ('a', 'b', 'c', 'd', 'e', 'f', 'deep')",
        "code = 18446744073709551615 AND code > big AND code - 1 > big",
        "code IN (1, 2, 3, 4, 5, 6, 18446744073709551615) AND code < 18446744073709551616",
        "decimal = 12.34 AND decimal * 100 = 1234",
        "time = '1970-01-02' AND time >= '1970-01-02T00:00:00Z' AND time < '1970-01-02 00:00:01'",
        "time NOT IN ('1970-01-03', '1970-01-04') AND CAST(time AS DATE) = '1970-01-02'",
        "CAST(time AS DATE) = time",
        "list IS NOT NULL",
        "length(large) = 2 AND upper(large) = 'É1' AND substr(large, 2) = '1'",
        "substring(large FROM 1 FOR 1) = 'é' AND substr(large, 0, 2) = 'é' AND substr(large, 9) = ''",
        "trim(text) = '7.5' AND TRY_CAST(trim(text) AS DOUBLE) = 7.5",
        "contains(text, '7') AND ends_with(large, '1') AND concat(large, f, NULL) = 'é112.3'",
        "big = 9223372036854775807 AND big > 4503599627370495.5 AND abs(-big) = big",
        "big <> 9223372036854775806 AND big < 1e19",
        "big IN (0.5, 9223372036854775806, 9223372036854775807)",
        "floor(big) = 9223372036854775807 AND mod(big, 10) = 7 AND big % 0 IS NULL",
        "yes IS TRUE AND CAST(yes AS INT) = 1 AND CAST(1 AS BOOLEAN) AND yes = (1 < 2)",
        "log(100) = 2 AND log(2, 8) BETWEEN 2.99 AND 3.01 AND ln(0) IS NULL AND log2(-1) IS NULL",
        "power(0, -1) IS NULL AND power(2, 3) = 8 AND sqrt(-1) IS NULL AND cbrt(27) = 3",
        "round(2.5) = 3 AND round(-2.5) = -3 AND round(1234, -2) = 1200 AND trunc(-1.5) = -1",
        "sign(-3) = -1 AND sign(0) = 0 AND ceil(1.2) = 2 AND ceiling(1.2) = 2 AND pi() > 3.14",
        "degrees(pi()) = 180 AND atan2(0, 1) = 0 AND isnan(sqrt(-f)) AND NOT isnan(f)",
        "least(3, 1, NULL) = 1 AND greatest('a', 'b') = 'b' AND nullif(f, 12.3) IS NULL",
        "CASE WHEN big < 10 THEN big * big ELSE 0 END = 0",
        "CASE f WHEN 1 THEN 'a' WHEN 12.3 THEN 'b' END = 'b' AND coalesce(NULL, 3) = 3",
        "large NOT LIKE 'É%' AND large ILIKE 'É%' AND text || large LIKE '%é_'",
    ] {
        let sql = format!("f > 0 AND {sql}");
        assert_eq!(selected(&sql), [true, false], "{sql}");
    }
}

#[test]
fn true_of_nothing() {
    for sql in [
        "f <> 12.3",
        "list IS NULL AND list IS NOT NULL",
        "CAST(text AS INT) > 0 OR NOT CAST(text AS INT) > 0",
        "text || NULL = text OR nullif(1, 1) > 0",
        "big IN (0.5, 1, 2, 3, 4, 5, 6, 7) OR big = 0.5",
    ] {
        assert_eq!(selected(sql), [false, false], "{sql}");
    }
    assert_eq!(selected("list IS NULL"), [false, true]);
    assert_eq!(selected("isnan(f)"), [false, true]);
    assert_eq!(selected("coalesce(f, 1) < 2"), [false, true]);
}

#[test]
fn a_value_is_computed_once_however_deep_it_stands() {
    let mut sql = "yes".to_owned();
    for _ in 0..19 {
        sql = format!("(({sql}) BETWEEN false AND true) IN (true)");
    }
    assert_eq!(selected(&sql), [true, false]);
    let sql = format!("{}big{} > 1", "abs(".repeat(39), ")".repeat(39));
    assert_eq!(selected(&sql), [true, false]);
}

#[test]
fn kinds_do_not_mix() {
    for (sql, message) in [
        ("day = 1", "a date or time cannot be compared with a number"),
        ("good > 1", "true or false cannot be compared with a number"),
        (
            "coalesce(n, 'a') = 1",
            "the choices give a number and a text",
        ),
        ("n IN (1, 'a')", "a number cannot be compared with a text"),
        ("survey + 1 = 2", "+ needs numbers, but this is a text"),
        ("n LIKE 'a'", "LIKE compares texts, but this is a number"),
        (
            "CAST(day AS BOOLEAN)",
            "a date or time cannot become true or false",
        ),
        ("power(n) > 1", "power does not take a number"),
        ("survey || n = 'a'", "|| does not take a text and a number"),
    ] {
        assert_eq!(error(sql), message, "{sql}");
    }
}

#[test]
fn no_combination_of_values_panics() {
    let values = [
        "f",
        "half",
        "coded",
        "code",
        "decimal",
        "time",
        "list",
        "large",
        "big",
        "yes",
        "NULL",
        "1",
        "-1",
        "0.5",
        "18446744073709551615",
        "1e300",
        "'a'",
        "'1970-01-01'",
        "true",
        "(1 = 1)",
        "big % 7",
        "abs(NULL)",
        "CASE WHEN yes THEN NULL END",
        "nullif(NULL, 1)",
        "lower(NULL)",
    ];
    let table = one_row();
    let mut evaluated = 0;
    for x in values {
        for y in values {
            for sql in [
                format!("{x} = {y} AND {x} < {y} OR {x} IS DISTINCT FROM {y}"),
                format!("{x} BETWEEN {y} AND {x}"),
                format!("{x} IN ({y}, {x}) OR {x} IN ()"),
                format!("{x} IN ({y}, {y}, {y}, {y}, {y}, {y}, {y}, {y})"),
                format!(
                    "{x} LIKE {y} OR {x} ILIKE {y} OR contains({x}, {y}) OR ends_with({x}, {y})"
                ),
                format!("{x} + {y} - {x} > {x} * {y} / {y}"),
                format!("{x} % {y} = mod({y}, {x}) OR -{x} = +{y} OR abs({x}) IS NULL"),
                format!("CASE {x} WHEN {y} THEN {x} ELSE {y} END IS NULL"),
                format!("CASE WHEN {x} THEN {y} END IS NULL"),
                format!("coalesce({x}, {y}, {x}) IS NULL OR nullif({x}, {y}) IS NULL"),
                format!("greatest({x}, {y}) = least({x}, {y})"),
                format!(
                    "power({x}, {y}) > 1 OR atan2({x}, {y}) > 1 OR round({x}, {y}) > log({x}, {y})"
                ),
                format!("{x} || {y} = concat({x}, {y})"),
                format!("substr({x}, {y}) = substr({x}, {y}, {y}) OR length({x}) > {y}"),
                format!("CAST({x} AS TEXT) = {y} OR CAST({x} AS DATE) = {y}"),
                format!("CAST({x} AS BIGINT) = {y} OR CAST({x} AS REAL) = {y}"),
                format!("CAST({x} AS BOOLEAN) = {y} OR CAST({x} AS TINYINT) = {y}"),
                format!("NOT {x} AND ({y} OR {x}) IS NOT TRUE OR isnan({x})"),
            ] {
                let filter = Filter::parse(&sql, &table.schema());
                // an overflow is an error, and nothing else is
                match filter.map(|filter| filter.evaluate(&table)) {
                    Ok(Err(error)) => {
                        assert!(error.message().contains("verflow"), "{sql}: {error}");
                    }
                    Ok(Ok(_)) => evaluated += 1,
                    Err(error) => assert!(!error.message().is_empty()),
                }
            }
        }
    }
    assert!(evaluated > 1000, "{evaluated}");
}
