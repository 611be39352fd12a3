//! What chains do not understand, they refuse or name: somebody who may do everything has put it there.

use crate::support::tampering::{allow_nulls, past_the_guard, set_arguments, silent, unguarded, with_triggers_off};
use crate::support::{Database, Session};

/// A chained table `t` of two entities.
fn chained() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE t (id int NOT NULL, payload text);
         SELECT add_chain('t', '{id}');
         INSERT INTO t VALUES (1, 'a'), (1, 'b'), (2, 'c')",
    );
    (database, session)
}

const VERIFICATIONS: [&str; 2] = ["SELECT * FROM verify_chain()", "SELECT * FROM verify_chain('t')"];

/// What would silently break the chain.
const COMMANDS: [&str; 5] = [
    "ALTER TABLE t DROP payload",
    "ALTER TABLE t RENAME seq TO place",
    "ALTER TABLE t ALTER id DROP NOT NULL",
    "DROP INDEX t_id_seq_idx",
    "DROP TRIGGER zz_veritable_chain_guard ON t",
];

const CHANGES: [&str; 4] =
    ["INSERT INTO t VALUES (1, 'd')", "UPDATE t SET payload = 'x'", "DELETE FROM t", "TRUNCATE t"];

#[test]
fn arguments_that_nobody_knows_are_refused_and_named() {
    let (database, mut session) = chained();
    let columns = ["entity=id", "seq=seq", "previous=previous_event_hash", "hash=event_hash"];
    let with = |others: &[&'static str]| [others, &columns].concat();
    let mut unsaid = Vec::new();
    for arguments in [
        with(&["format=2"]),
        with(&["format=1", "colour=red"]),
        with(&["format=1", "format=1"]),
        with(&["format=1", "exclude"]),
        vec!["format=1"],
        vec![],
    ] {
        set_arguments(&mut session, "t", &arguments);
        let how = arguments.join(" ");
        for statements in [&VERIFICATIONS[..], &["SELECT * FROM verify_chain('t', '{1}')"], &COMMANDS, &CHANGES] {
            unsaid.extend(silent(&database, &how, statements));
        }
    }
    assert_eq!(unsaid, [""; 0]);
}

#[test]
fn nulls_where_none_can_be_are_named() {
    let mut unsaid = Vec::new();
    for column in ["id", "seq", "previous_event_hash", "event_hash", "payload"] {
        let (database, mut session) = chained();
        allow_nulls(&mut session, "t");
        let update = format!("UPDATE t SET {column} = NULL WHERE payload = 'b'");
        session.run(&past_the_guard(&with_triggers_off("t", &update)));
        unsaid.extend(silent(&database, &format!("{column} is null"), &VERIFICATIONS));
    }
    assert_eq!(unsaid, [""; 0]);
}

/// Whoever replaces a function of ours can have it say that all is well. But where it says nothing, or what cannot be,
/// that is not taken for an answer.
#[test]
fn functions_that_say_nothing_are_no_answer() {
    let mut unsaid = Vec::new();
    let tampered = || {
        let (database, mut session) = chained();
        unguarded(&mut session, "t", "UPDATE t SET payload = 'x' WHERE id = 2");
        (database, session)
    };
    for (aggregate, value) in
        ["intact", "broken"].into_iter().flat_map(|name| ["NULL", "0", "-1"].map(|value| (name, value)))
    {
        let (database, mut session) = tampered();
        session.run(&format!(
            "CREATE FUNCTION say(bigint, record, bytea) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN {value}; END';
             CREATE OR REPLACE AGGREGATE veritable.{aggregate}(event record, key bytea) (SFUNC = say, STYPE = bigint)"
        ));
        unsaid.extend(silent(&database, &format!("veritable.{aggregate}() gives {value}"), &VERIFICATIONS));
    }
    for value in ["NULL", "false"] {
        let (database, mut session) = tampered();
        session.run(&format!(
            "CREATE OR REPLACE FUNCTION veritable.is_sought(event record, number bigint) RETURNS boolean
                 LANGUAGE plpgsql AS 'BEGIN RETURN {value}; END'"
        ));
        let how = format!("veritable.is_sought() gives {value}");
        unsaid.extend(silent(&database, &how, &VERIFICATIONS));
        unsaid.extend(silent(&database, &how, &["SELECT * FROM verify_chain('t', '{2}')"]));
    }
    assert_eq!(unsaid, [""; 0]);
}

#[test]
fn the_guard_of_commands_does_without_no_function() {
    let mut unsaid = Vec::new();
    for how in [
        "ALTER FUNCTION veritable.seal() RENAME TO another",
        "ALTER FUNCTION veritable.guard() RENAME TO another",
        "ALTER FUNCTION veritable.trigger_arguments(bytea) RENAME TO another",
        "CREATE OR REPLACE FUNCTION veritable.trigger_arguments(arguments bytea) RETURNS text[] LANGUAGE sql RETURN NULL::text[]",
        "CREATE OR REPLACE FUNCTION veritable.trigger_argument(arguments bytea, key text) RETURNS text[] LANGUAGE sql RETURN NULL::text[]",
        "CREATE OR REPLACE FUNCTION veritable.trigger_arguments(arguments bytea) RETURNS text[] LANGUAGE sql RETURN '{NULL}'::text[]",
    ] {
        let (database, mut session) = chained();
        if how.ends_with("RENAME TO another") && !how.contains("trigger_argument") {
            session.refused(how).with_code("XX001");
        }
        session.run(&past_the_guard(how));
        for statements in [&VERIFICATIONS[..], &COMMANDS, &["CREATE TABLE child () INHERITS (t)"]] {
            unsaid.extend(silent(&database, how, statements));
        }
    }
    // Verification of an intact chain that needs none of these says nothing, and is right.
    unsaid.retain(|what| {
        !what.contains("verify_chain") || what.contains("veritable.seal") || what.contains("veritable.guard")
    });
    assert_eq!(unsaid, [""; 0]);
}
