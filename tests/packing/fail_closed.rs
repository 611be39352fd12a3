//! What packings do not understand, they refuse or name: somebody who may do everything has put it there.

use crate::support::tampering::{allow_nulls, past_the_guard, set_arguments, silent, with_triggers_off};
use crate::support::{Database, Session};

/// A packed table `t`.
fn packed() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE t (id int NOT NULL, price int, unit text, period int4range NOT NULL);
         SELECT add_packing('t', 'period', '{id}');
         INSERT INTO t VALUES (1, 5, 'a', '[1,5)'), (1, 6, 'a', '[5,9)'), (2, 5, 'a', '[1,5)')",
    );
    (database, session)
}

const VERIFICATIONS: [&str; 2] = ["SELECT * FROM verify_packing()", "SELECT * FROM verify_packing('t')"];

/// What would silently break the packing.
const COMMANDS: [&str; 6] = [
    "ALTER TABLE t DROP price CASCADE",
    "ALTER TABLE t ALTER price TYPE int USING 5",
    "ALTER TABLE t ALTER id DROP NOT NULL",
    "ALTER TABLE t DROP CONSTRAINT t_packing",
    "DROP TRIGGER zz_veritable_packing ON t",
    FOLLOWED,
];

/// What a packing follows, if it can read its configuration.
const FOLLOWED: &str = "ALTER TABLE t RENAME period TO during";

const CHANGES: [&str; 6] = [
    "INSERT INTO t VALUES (3, 5, 'a', '[5,7)')",
    "UPDATE t SET price = 6",
    "SELECT pack('t')",
    "SELECT * FROM set_period(NULL::t, '{\"id\": 1, \"price\": 7, \"unit\": \"b\", \"period\": \"[2,3)\"}')",
    "SELECT * FROM update_period(NULL::t, '{\"id\": 1, \"price\": 7, \"period\": \"[2,3)\"}')",
    "SELECT * FROM clear_period(NULL::t, '{\"id\": 1, \"period\": \"[2,3)\"}')",
];

#[test]
fn arguments_that_nobody_knows_are_refused_and_named() {
    let (database, mut session) = packed();
    let columns = ["period=period", "key=id", "value=price", "value=unit"];
    let with = |others: &[&'static str]| [others, &columns].concat();
    let mut unsaid = Vec::new();
    for arguments in
        [with(&["format=2"]), with(&["colour=red"]), with(&["period=period"]), with(&["key"]), vec!["key=id"], vec![]]
    {
        set_arguments(&mut session, "t", &arguments);
        let how = arguments.join(" ");
        for statements in [&VERIFICATIONS[..], &COMMANDS, &CHANGES] {
            unsaid.extend(silent(&database, &how, statements));
        }
    }
    assert_eq!(unsaid, [""; 0]);
}

#[test]
fn nulls_where_none_can_be_are_named() {
    let mut unsaid = Vec::new();
    // Rows of no key that overlap, and rows of no period.
    for change in [
        "UPDATE t SET id = NULL WHERE price = 5; UPDATE t SET unit = 'b' WHERE id IS NULL AND ctid = (SELECT min(ctid) FROM t WHERE id IS NULL)",
        "UPDATE t SET period = NULL WHERE price = 6",
    ] {
        let (database, mut session) = packed();
        allow_nulls(&mut session, "t");
        session.run(&past_the_guard(&with_triggers_off("t", change)));
        unsaid.extend(silent(&database, change, &VERIFICATIONS));
    }
    assert_eq!(unsaid, [""; 0]);
}

#[test]
fn the_guard_of_commands_does_without_no_function() {
    let mut unsaid = Vec::new();
    for how in [
        "ALTER FUNCTION veritable.pack() RENAME TO another",
        "ALTER FUNCTION veritable.pack_early() RENAME TO another",
        "ALTER FUNCTION veritable.trigger_arguments(bytea) RENAME TO another",
        "CREATE OR REPLACE FUNCTION veritable.trigger_arguments(arguments bytea) RETURNS text[] LANGUAGE sql RETURN NULL::text[]",
        "CREATE OR REPLACE FUNCTION veritable.trigger_argument(arguments bytea, key text) RETURNS text[] LANGUAGE sql RETURN NULL::text[]",
        "CREATE OR REPLACE FUNCTION veritable.trigger_arguments(arguments bytea) RETURNS text[] LANGUAGE sql RETURN '{NULL}'::text[]",
    ] {
        let (database, mut session) = packed();
        if how.ends_with("RENAME TO another") && !how.contains("trigger_argument") {
            session.refused(how).with_code("XX001");
        }
        session.run(&past_the_guard(how));
        for statements in [&COMMANDS[..], &["CREATE TABLE child () INHERITS (t)"]] {
            unsaid.extend(silent(&database, how, statements));
        }
        // Where the guard does without the function, the packing follows the column.
        if unsaid.pop_if(|what| what.ends_with(FOLLOWED)).is_some() {
            session.run(FOLLOWED);
            session.run("INSERT INTO t VALUES (2, 5, 'a', '[5,6)')");
            session.is_packed("3 periods in 2 keys of 1 table");
        }
        if how.contains("veritable.pack") {
            unsaid.extend(silent(&database, how, &VERIFICATIONS));
        }
    }
    assert_eq!(unsaid, [""; 0]);
}
