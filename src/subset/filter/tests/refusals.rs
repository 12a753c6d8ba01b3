//! Texts that are no conditions, by mistake or to do harm.

use super::super::Filter;
use super::{rows, table};

pub(super) fn error(sql: &str) -> String {
    let schema = table(&rows()[..1]).schema();
    Filter::parse(sql, &schema).expect_err(sql).to_string()
}

fn marked(sql: &str) -> &str {
    let schema = table(&rows()[..1]).schema();
    &sql[Filter::parse(sql, &schema)
        .expect_err(sql)
        .range()
        .expect("a place")]
}

#[test]
fn errors_are_sentences_with_a_place() {
    assert_eq!(
        error("masss > 1"),
        "there is no column masss; did you mean mass?"
    );
    assert_eq!(marked("z > 1 AND masss > 1"), "masss");
    assert_eq!(
        error("b/a < 1"),
        "there is no column b; write \"b/a\" in double quotes"
    );
    assert_eq!(error("z >"), "expected a number after >");
    assert_eq!(error("z > AND n = 1"), "expected a number after >");
    assert_eq!(error("survey ="), "expected a text after =");
    assert_eq!(error("z > 1 AND"), "expected a condition after AND");
    assert_eq!(
        error("z + 1"),
        "the expression gives a number, not true or false"
    );
    assert_eq!(
        error("z > 'abc'"),
        "a number cannot be compared with a text"
    );
    assert_eq!(marked("n = 1 AND z > 'abc'"), "z > 'abc'");
    assert_eq!(
        error("survey = \"JWST\""),
        "there is no column JWST; a text is written in single quotes"
    );
    assert_eq!(
        error("sqr(z) > 1"),
        "there is no function sqr; did you mean sqrt?"
    );
    assert_eq!(marked("sqr(z) > 1"), "sqr");
    assert_eq!(error("sqrt(survey) > 1"), "sqrt does not take a text");
    assert_eq!(
        error("survey = 'abc"),
        "a text in single quotes is not closed"
    );
    assert_eq!(error("\"z > 1"), "a name in double quotes is not closed");
    assert_eq!(error(""), "the condition is empty");
    assert_eq!(error("(z > 1"), "expected ) after 1");
    assert_eq!(error("z > 1)"), "this parenthesis has no opening one");
    assert_eq!(error("z > 1 n"), "expected AND, OR or the end before n");
    assert_eq!(
        error("z AND n = 1"),
        "expected a condition, but this is a number"
    );
    assert_eq!(error("day > 'soon'"), "this text is no date or time");
    assert!(error("WHERE z > 1").contains("without WHERE"));
    assert!(error("z > 1; DROP TABLE t").contains("semicolon"));
}

#[test]
fn queries_and_volatile_functions_are_refused() {
    for sql in [
        "z > (SELECT 1)",
        "EXISTS (SELECT 1)",
        "z IN (SELECT 1)",
        "SELECT 1",
        "z > (WITH t AS (SELECT 1) SELECT * FROM t)",
    ] {
        assert!(
            error(sql).contains("query is not allowed"),
            "{sql}: {}",
            error(sql)
        );
    }
    for sql in [
        "random() > 0.5",
        "now() > '2020-01-01'",
        "uuid() = 'a'",
        "current_date > '2020-01-01'",
    ] {
        assert!(
            error(sql).contains("another answer each time"),
            "{sql}: {}",
            error(sql)
        );
    }
    for sql in [
        "read_csv('/etc/passwd') = 1",
        "max(z) > 1",
        "sum(z) OVER () > 1",
        "z IS JSON",
        "*",
    ] {
        error(sql);
    }
}

#[test]
fn hostile_texts_are_errors() {
    let many = 100_000;
    let nested = |open: &str, inner: &str, close: &str, n: usize| {
        format!("{}{inner}{}", open.repeat(n), close.repeat(n))
    };
    let texts = [
        nested("(", "z > 1", ")", many),
        "(".repeat(many),
        nested("(", "z > 1", ")", 41),
        ")".repeat(1000),
        "NOT ".repeat(many) + "good",
        "NOT ".repeat(3000) + "good",
        "-".repeat(3000) + "z > 1",
        "- ".repeat(3000) + "z > 1",
        "+ ".repeat(3000) + "z > 1",
        format!("z{} > 1", " + z".repeat(2000)),
        format!("z{} > 1", " - 1".repeat(4000)),
        format!("z{} > 1", "::int".repeat(2000)),
        format!("z{} > 1", ".z".repeat(2000)),
        format!("z{} > 1", "[1]".repeat(1000)),
        format!("z{}", " IS NULL".repeat(2000)),
        format!("z{}", " COLLATE a".repeat(2000)),
        format!("CAST(z AS {}", "ARRAY<".repeat(1500)),
        format!("CAST(z AS {}", "STRUCT<a ".repeat(1500)),
        nested("abs(", "z", ")", 2000) + " > 1",
        nested("CASE WHEN ", "good", " THEN true END", 300),
        "CASE ".repeat(300),
        "interval ".repeat(300),
        "interval(".repeat(39),
        "z > ".repeat(1000) + "1",
        "z BETWEEN ".repeat(1000),
        "a".repeat(1 << 20),
        "z > 1 ".repeat(200_000),
        "z > 1\0".to_owned(),
        "\0".to_owned(),
        "'".repeat(1001),
        "\"".repeat(1001),
        "/*".repeat(5000),
        "$$".repeat(501),
        "\u{feff}z > 1".to_owned(),
        "🜁 > 1".to_owned(),
        "z > 1e999".to_owned(),
        "z > 99999999999999999999999999999999999999999999".repeat(3),
    ];
    let schema = table(&rows()[..1]).schema();
    for text in texts {
        let start = std::time::Instant::now();
        let error = Filter::parse(&text, &schema).expect_err(&text[..20.min(text.len())]);
        assert!(!error.message().is_empty());
        drop(error.caret(&text));
        assert!(
            start.elapsed().as_secs() < 2,
            "{}...",
            text.chars().take(20).collect::<String>()
        );
    }
}

#[test]
fn no_keyword_makes_the_parser_slow() {
    let schema = table(&rows()[..1]).schema();
    let special = "ARRAY CASE CAST CEIL CONVERT DATE EXISTS EXTRACT FLOOR LAMBDA LEFT LISTAGG MAP MATCH NOT \
        OVERLAY PRIOR STRUCT SUBSTRING TIMESTAMP TRIM TRY_CAST UNNEST VALUES z";
    let alone = sqlparser::keywords::ALL_KEYWORDS
        .iter()
        .map(|keyword| (*keyword, *keyword));
    let pairs = special
        .split_whitespace()
        .flat_map(|one| special.split_whitespace().map(move |other| (one, other)));
    for (one, other) in alone.chain(pairs) {
        for open in [" ", "(", "(z, ", " z ", "[", " '1' ", "(z AS "] {
            // an exponential time would be over a thousand times the linear one
            let text = format!("{one}{open}{other}{open}").repeat(12);
            let start = std::time::Instant::now();
            drop(Filter::parse(&text, &schema));
            assert!(start.elapsed().as_millis() < 500, "{text}");
        }
    }
}
