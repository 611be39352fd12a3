//! What is changed behind the triggers: each kind of edit has its fault, and no other.

use crate::support::tampering::{past_the_guard, unguarded};
use crate::support::{Database, Session};

const TABLE: &str = "
    CREATE TABLE t (id int PRIMARY KEY, amount int, note text, seen int);
    SELECT add_history('t', ignore => '{seen}');
    INSERT INTO t SELECT n, 1, 'new', 0 FROM generate_series(1, 5) AS n;
    UPDATE t SET amount = 2 WHERE id < 4;
    DELETE FROM t WHERE id = 5";

/// What `verify_history()` finds, as `entity|fault`.
fn found(session: &mut Session) -> Vec<String> {
    session.rows("SELECT key, fault FROM verify_history('t') ORDER BY 1, 2")
}

/// Each in a transaction of its own, which is undone.
fn check(database: &Database, edit: &str, expected: &[&str]) {
    let mut session = database.superuser();
    session.run(&format!("BEGIN; {edit}"));
    assert_eq!(found(&mut session), expected, "{edit}");
    session.run("ROLLBACK");
    assert_eq!(found(&mut session), [""; 0], "{edit}");
}

const TABLE_EDITS: [(&str, &[&str]); 9] = [
    ("UPDATE t SET amount = 9 WHERE id = 1", &["{1}|diverged"]),
    ("UPDATE t SET amount = NULL, note = NULL WHERE id = 2", &["{2}|diverged"]),
    ("UPDATE t SET note = 'NEW' WHERE id IN (3, 4)", &["{3}|diverged", "{4}|diverged"]),
    ("UPDATE t SET seen = 1", &[]),
    ("INSERT INTO t VALUES (6, 1, 'new', 0)", &["{6}|unrecorded"]),
    // Deleted, and inserted again as it was.
    ("INSERT INTO t VALUES (5, 1, 'new', 0)", &["{5}|unrecorded"]),
    ("DELETE FROM t WHERE id = 1", &["{1}|diverged"]),
    ("UPDATE t SET id = 7 WHERE id = 1", &["{1}|diverged", "{7}|unrecorded"]),
    ("TRUNCATE t", &["{1}|diverged", "{2}|diverged", "{3}|diverged", "{4}|diverged"]),
];

#[test]
fn an_edit_of_the_table_behind_its_triggers_is_named() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    for (edit, faults) in TABLE_EDITS {
        check(
            &database,
            &format!("SET LOCAL session_replication_role = replica; {edit}; RESET session_replication_role"),
            faults,
        );
        check(
            &database,
            &format!("ALTER TABLE t DISABLE TRIGGER USER; {edit}; ALTER TABLE t ENABLE TRIGGER USER"),
            faults,
        );
        // The chain of the history says nothing of the table.
        session.run(&format!("BEGIN; SET LOCAL session_replication_role = replica; {edit}"));
        assert_eq!(session.faults(""), [""; 0], "{edit}");
        session.run("ROLLBACK");
    }
}

#[test]
fn the_detail_names_the_columns() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    session.run("BEGIN; SET LOCAL session_replication_role = replica; UPDATE t SET amount = 9, note = 'x', seen = 9 WHERE id = 1");
    let detail = session.value("SELECT detail FROM verify_history('t')");
    assert!(detail.contains("\"amount\"") && detail.contains("\"note\"") && !detail.contains("\"seen\""), "{detail}");
}

const HISTORY_EDITS: [(&str, &[&str]); 12] = [
    // An event that another one has followed.
    ("UPDATE t_history SET amount = 9 WHERE id = 1 AND seq = 1", &["{1}|altered"]),
    ("UPDATE t_history SET seen = 9 WHERE id = 1 AND seq = 1", &["{1}|altered"]),
    ("UPDATE t_history SET recorded_by = 'nobody' WHERE id = 1 AND seq = 1", &["{1}|altered"]),
    ("UPDATE t_history SET operation = 'insert' WHERE id = 1 AND seq = 2", &["{1}|altered"]),
    ("UPDATE t_history SET recorded = recorded + interval '1 us' WHERE id = 1 AND seq = 2", &["{1}|altered"]),
    // The newest one.
    ("UPDATE t_history SET amount = 9 WHERE id = 1 AND seq = 2", &["{1}|altered", "{1}|diverged"]),
    ("UPDATE t_history SET operation = 'delete' WHERE id = 4", &["{4}|altered", "{4}|unrecorded"]),
    ("DELETE FROM t_history WHERE id = 1 AND seq = 1", &["{1}|missing"]),
    // Cut off: the chain cannot show it, but the table does.
    ("DELETE FROM t_history WHERE id = 1 AND seq = 2", &["{1}|diverged"]),
    ("DELETE FROM t_history WHERE id = 4", &["{4}|unrecorded"]),
    ("DELETE FROM t_history WHERE id = 5 AND seq = 2", &["{5}|diverged"]),
    // All trace of a row that is gone: nothing within a database can show it.
    ("DELETE FROM t_history WHERE id = 5", &[]),
];

#[test]
fn an_edit_of_the_history_is_named() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    for (edit, faults) in HISTORY_EDITS {
        session.run("BEGIN");
        unguarded(&mut session, "t_history", edit);
        assert_eq!(found(&mut session), faults, "{edit}");
        session.run("ROLLBACK");
        check(&database, &format!("SET LOCAL session_replication_role = replica; ALTER TABLE t_history DISABLE TRIGGER USER; {edit};
            DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = 't_history'::regclass AND NOT tgisinternal LOOP
                    EXECUTE format('ALTER TABLE t_history ENABLE ALWAYS TRIGGER %I', name);
                END LOOP; END $$; RESET session_replication_role"), faults);
    }
}

#[test]
fn an_event_that_is_put_into_the_history_by_hand_is_named() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    // The chain seals it like any other: but the table is not what it says.
    session.run("BEGIN; INSERT INTO t_history (id, amount, note, seen, operation, recorded_by) VALUES (1, 9, 'new', 0, 'update', 'x')");
    assert_eq!(found(&mut session), ["{1}|diverged"]);
    session.run(
        "ROLLBACK; BEGIN; INSERT INTO t_history (id, amount, operation, recorded_by) VALUES (8, 1, 'insert', 'x')",
    );
    assert_eq!(found(&mut session), ["{8}|diverged"]);
    session.run("ROLLBACK");
}

/// As the threat model says: what was stored elsewhere shows it.
#[test]
fn a_row_and_its_newest_event_that_are_edited_alike_show_nothing() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    session.run("BEGIN; SET LOCAL session_replication_role = replica");
    let both = "UPDATE t SET amount = 9 WHERE id = 1; UPDATE t_history SET amount = 9 WHERE id = 1 AND seq = 2;
        UPDATE t_history AS h SET hash = sha256(convert_to(chain_line(h), 'UTF8')) WHERE id = 1 AND seq = 2";
    unguarded(&mut session, "t_history", both);
    assert_eq!(found(&mut session), [""; 0]);
}

#[test]
fn a_trigger_that_is_off_is_named() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    let triggers = session.rows(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 't'::regclass AND NOT tgisinternal AND tgname ~ 'veritable_history' ORDER BY 1",
    );
    assert!(triggers.len() >= 4, "{triggers:?}");
    for trigger in &triggers {
        check(&database, &format!("ALTER TABLE t DISABLE TRIGGER {trigger}"), &["|unguarded"]);
        check(&database, &format!("ALTER TABLE t ENABLE REPLICA TRIGGER {trigger}"), &["|unguarded"]);
        let drop = past_the_guard(&format!("DROP TRIGGER {trigger} ON t"));
        if trigger != "ab_veritable_history" {
            check(&database, &drop, &["|unguarded"]);
            continue;
        }
        // It names the history: without it, there is nothing to compare with, and nothing can be written.
        session.run(&format!("BEGIN; {drop}"));
        assert_eq!(session.rows("SELECT target, fault FROM verify_history()"), ["t|unread"]);
        assert_eq!(session.rows("SELECT target, fault FROM verify_all()"), ["t|unread"]);
        session.refused("UPDATE t SET amount = 7").with_code("55000");
        session.run("ROLLBACK");
    }
    let of_history = session
        .rows("SELECT tgname FROM pg_trigger WHERE tgrelid = 't_history'::regclass AND NOT tgisinternal ORDER BY 1");
    for trigger in &of_history {
        check(&database, &format!("ALTER TABLE t_history DISABLE TRIGGER {trigger}"), &["|unguarded"]);
    }
    // A rule goes round the triggers.
    check(&database, &past_the_guard("CREATE RULE away AS ON DELETE TO t DO INSTEAD NOTHING"), &["|unguarded"]);
}
