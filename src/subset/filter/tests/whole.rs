//! How a filter behaves as a whole: long texts, other tables, cancellation and speed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, StringArray};
use arrow::record_batch::RecordBatch;

use super::super::Filter;
use super::refusals::error;
use super::{check, rows, table};

#[test]
fn long_but_shallow_conditions_work() {
    check(&format!("z > 1{}", " AND z < 9".repeat(900)), |r| r.z > 1.0);
    check(&format!("z > 1{}", " OR n = 1".repeat(900)), |r| {
        r.z > 1.0 || r.n == Some(1)
    });
    let ids = (0..12_000)
        .map(|i| ((1_i64 << 53) + 2 * i).to_string())
        .collect::<Vec<_>>();
    check(&format!("id IN ({})", ids.join(", ")), |r| {
        let offset = r.id - (1 << 53);
        offset < 24_000 && offset % 2 == 0
    });
    check(&format!("{}z > 1{}", "(".repeat(40), ")".repeat(40)), |r| {
        r.z > 1.0
    });
    let text = format!("z > 1{} AND survey", " AND z < 9".repeat(900));
    assert_eq!(error(&text), "expected a condition, but this is a text");
}

#[test]
fn the_longest_chains_fit_on_a_small_stack() {
    let schema = table(&rows()[..1]).schema();
    let chain = format!("good{}", " AND good".repeat(2030));
    let texts = [
        chain.clone(),
        format!("NOT ({chain})"),
        format!("({chain}) IS NULL"),
        format!("CASE WHEN {chain} THEN {} END", "good"),
        format!("({chain}) BETWEEN false AND true"),
        format!("coalesce(({chain}), false)"),
        format!("({chain}) + 1 = 2"),
        format!("({chain}) IS JSON"),
        format!("(z{}) COLLATE a", " - 1".repeat(4000)),
    ];
    let parse = move || {
        for text in texts {
            drop(Filter::parse(&text, &schema));
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    thread.spawn(parse).unwrap().join().unwrap();
}

#[test]
fn another_table_must_have_the_columns() {
    let rows = rows();
    let table = table(&rows);
    let filter = Filter::parse("n = 1 AND z > 1", &table.schema()).unwrap();
    assert_eq!(filter.columns(), ["n", "z"]);
    assert_eq!(filter.text(), "n = 1 AND z > 1");
    let without = table.project(&[0, 1]).unwrap();
    assert_eq!(
        filter.evaluate(&without).unwrap_err().to_string(),
        "there is no column n"
    );
    let reordered = table.project(&[2, 0]).unwrap();
    assert_eq!(
        filter.evaluate(&reordered).unwrap(),
        filter.evaluate(&table).unwrap()
    );
    let array: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    let other = RecordBatch::try_from_iter([("n", array)]).unwrap();
    assert!(
        filter
            .evaluate(&other)
            .unwrap_err()
            .to_string()
            .contains("Utf8")
    );
    let empty = filter.evaluate(&table.slice(0, 0)).unwrap();
    assert_eq!(empty.len(), 0);
}

#[test]
fn cancelling_stops_between_blocks() {
    let table = table(&rows());
    let filter = Filter::parse("z > 1", &table.schema()).unwrap();
    let asked = AtomicUsize::new(0);
    let cancelled = || asked.fetch_add(1, Ordering::Relaxed) > 0;
    assert!(filter.evaluate_until(&table, &cancelled).unwrap().is_none());
}
