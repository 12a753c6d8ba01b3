use super::*;
use arrow::array::{
    BooleanArray, Date32Array, Int64Array, LargeStringArray, StringArray, StringViewArray,
    UInt8Array,
};
use std::sync::Arc;

/// Row by row, by how values are printed.
fn plainly(values: &ArrayRef, most: usize) -> Option<Categories> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(values.as_ref(), &options).unwrap();
    let (mut names, mut of_row) = (Vec::<String>::new(), Vec::new());
    for row in 0..values.len() {
        let text = formatter.value(row).to_string();
        if values.is_null(row) || text.is_empty() {
            of_row.push(None);
            continue;
        }
        let place = names.iter().position(|n| *n == text).unwrap_or(names.len());
        if place == names.len() {
            names.push(text);
        }
        of_row.push(Some(place as u16));
    }
    (names.len() <= most).then_some((names, of_row))
}

#[test]
fn all_kinds_agree_with_looking_at_what_is_printed() {
    let n = 2 * CHUNK + 1000;
    let number = |i: usize| (i % 7 != 3).then_some((i * i / 1000 % 40) as i64 - 5);
    let text = |i: usize| {
        number(i).map(|v| {
            if v == 0 {
                String::new()
            } else {
                "é".repeat(v.unsigned_abs() as usize)
            }
        })
    };
    let texts: Vec<Option<String>> = (0..n).map(text).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new((0..n).map(number).collect::<Int64Array>()),
        Arc::new(
            (0..n)
                .map(|i| number(i).map(|v| (v + 5) as u8))
                .collect::<UInt8Array>(),
        ),
        Arc::new(
            (0..n)
                .map(|i| number(i).map(|v| v > 9))
                .collect::<BooleanArray>(),
        ),
        Arc::new(
            (0..n)
                .map(|i| number(i).map(|v| v as i32))
                .collect::<Date32Array>(),
        ),
        Arc::new(StringArray::from(texts.clone())),
        Arc::new(LargeStringArray::from(texts.clone())),
        Arc::new(StringViewArray::from_iter(texts)),
    ];
    for whole in columns {
        for values in [
            whole.slice(0, n),
            whole.slice(977, n - 5000),
            whole.slice(5, 0),
        ] {
            for most in [0, 1, 39, 64] {
                let expected = plainly(&values, most);
                assert_eq!(at_most(&values, most), expected.is_some());
                assert_eq!(of(&values, most), expected, "{}", values.data_type());
            }
        }
    }
}
