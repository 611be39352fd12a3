//! The README's SQL does what it says: its blocks are run in one database, statement for statement.

mod support;

use support::Cluster;

const README: &str = include_str!("../README.md");

/// The statements of the README's SQL blocks, each with the rest of its last line.
fn statements() -> Vec<(String, String)> {
    let mut statements = Vec::new();
    let mut pending = String::new();
    let mut in_sql = false;
    for line in README.lines() {
        match line {
            "```sql" => in_sql = true,
            "```" => in_sql = false,
            // A whole line of comment is an answer, or prose.
            line if in_sql && !line.trim_start().starts_with("--") => {
                let (code, comment) = line.split_once("--").unwrap_or((line, ""));
                pending.push_str(code);
                pending.push('\n');
                if code.trim_end().ends_with(';') {
                    statements.push((std::mem::take(&mut pending), comment.trim().to_string()));
                }
            }
            _ => {}
        }
    }
    assert!(pending.trim().is_empty(), "unfinished: {pending}");
    statements
}

#[test]
fn the_readme_is_true() {
    let database = Cluster::shared().bare_database("");
    let mut session = database.superuser();
    let statements = statements();
    assert!(statements.len() > 15, "the README has examples");
    for (sql, comment) in statements {
        let answer = session.simple_query(&sql);
        match comment.strip_prefix("ERROR: ") {
            Some(message) => {
                let error = answer.expect_err(&sql);
                assert_eq!(error.as_db_error().map(|error| error.message()), Some(message.trim()), "{sql}");
            }
            None => assert!(answer.is_ok(), "{sql}{:?}", answer.err()),
        }
    }
    // What the one-minute start ends with.
    let faults = session.rows("SELECT seq || ' ' || fault FROM verify_chain('entity_events')");
    assert_eq!(faults, ["2 altered"]);
    assert_eq!(
        session.rows("SELECT price, during FROM tariffs ORDER BY during"),
        ["5|[2026-01-01,2026-06-01)", "6|[2026-06-01,2026-08-01)", "5|[2026-08-01,2026-12-24)", "5|[2026-12-27,)"]
    );
    assert_eq!(session.value("SELECT count(*) FROM employment"), "2");
    assert_eq!(session.value("SELECT count(*) FROM rates"), "1");
    assert_eq!(session.rows("SELECT * FROM verify_packing()"), [""; 0]);
    assert_eq!(session.value("SELECT count(*) FROM events"), "0");
    assert_eq!(session.rows("SELECT order_id, version FROM shipments ORDER BY order_id"), ["7|2", "8|1"]);
    assert_eq!(session.value("SELECT resolved->'address' FROM veritable.event_schemas WHERE name = 'customer'"), "1");
    assert_eq!(session.value("SELECT count(*) FROM preferences"), "1");
    assert_eq!(session.value("SELECT count(*) FROM webhooks"), "0");
    for chain in ["veritable.event_schemas", "shipments", "audit", "ledger"] {
        assert!(session.rows(&format!("SELECT fault FROM verify_chain('{chain}')")).is_empty(), "{chain}");
    }
}
