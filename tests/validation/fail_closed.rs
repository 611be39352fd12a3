//! What validations and the registry do not understand, they refuse: somebody who may do everything has put it there.

use crate::support::tampering::{allow_nulls, past_the_guard, set_arguments, silent, with_triggers_off};
use crate::support::{Database, Session};

/// A validated table `t`, where documents of an unknown schema pass, and a schema `order`.
fn validated() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        r#"SELECT register_schema('id', '{"type": "integer"}');
           SELECT register_schema('order', '{"type": "object", "properties": {"id": {"$ref": "veritable:///id"}}}');
           CREATE TABLE t (kind text, payload jsonb, version int);
           SELECT add_validation('t', 'payload', type => 'kind', version => 'version', unknown => 'allow');
           INSERT INTO t VALUES ('order', '{"id": 1}'), ('nobody', '1')"#,
    );
    (database, session)
}

const WRONG: &str = r#"INSERT INTO t VALUES ('order', '{"id": "x"}')"#;
const RIGHT: &str = r#"INSERT INTO t VALUES ('order', '{"id": 2}')"#;
const UPDATE: &str = r#"UPDATE t SET payload = '{"id": 3}' WHERE kind = 'order'"#;

const VERIFICATIONS: [&str; 2] = ["SELECT * FROM verify_validation()", "SELECT * FROM verify_validation('t')"];

/// What would silently end the validation.
const COMMANDS: [&str; 5] = [
    "ALTER TABLE t DROP payload",
    "ALTER TABLE t DROP kind",
    "ALTER TABLE t ALTER version TYPE text",
    "DROP TRIGGER veritable_validate_payload ON t",
    FOLLOWED,
];

/// What a validation follows, if it can read its configuration.
const FOLLOWED: &str = "ALTER TABLE t RENAME kind TO type";

#[test]
fn arguments_that_nobody_knows_are_refused() {
    let (database, mut session) = validated();
    let columns = ["document=payload", "type=kind", "version=version"];
    let with = |others: &[&'static str]| [others, &columns].concat();
    let mut unsaid = Vec::new();
    for arguments in [
        with(&["format=2"]),
        with(&["colour=red"]),
        with(&["unknown=perhaps"]),
        with(&["schema=order"]),
        with(&["type=kind"]),
        with(&["type"]),
        vec!["document=payload"],
        vec!["type=kind"],
        vec![],
    ] {
        set_arguments(&mut session, "t", &arguments);
        let how = arguments.join(" ");
        for statements in [&[WRONG, RIGHT, UPDATE][..], &COMMANDS, &VERIFICATIONS] {
            unsaid.extend(silent(&database, &how, statements));
        }
    }
    assert_eq!(unsaid, [""; 0]);
}

/// A row of the registry that registration would not have admitted is no schema, and none that is unknown or retired.
#[test]
fn a_registry_that_nobody_understands_lets_nothing_pass() {
    let mut unsaid = Vec::new();
    for change in [
        "version = NULL",
        "version = 0",
        "resolved = NULL",
        "resolved = '[]'",
        "resolved = '{\"id\": null}'",
        "resolved = '{\"id\": \"1\"}'",
        "resolved = '{\"id\": 7}'",
        "compatibility = NULL",
        "compatibility = 'SOMETIMES'",
        "schema = '1'",
    ] {
        let (database, mut session) = validated();
        allow_nulls(&mut session, "veritable.event_schemas");
        let update = format!("UPDATE veritable.event_schemas SET {change} WHERE name = 'order'");
        session.run(&past_the_guard(&with_triggers_off("veritable.event_schemas", &update)));
        unsaid.extend(silent(&database, change, &["SELECT * FROM verify_chain()"]));
        let statements = match change.split(' ').next() {
            Some("compatibility") => [
                "SELECT 1 WHERE register_schema('order', 'true') IS NULL",
                "SELECT 1 WHERE retire_schema('order') IS NULL",
            ],
            _ => {
                unsaid.extend(silent(&database, change, &VERIFICATIONS));
                [WRONG, RIGHT]
            }
        };
        unsaid.extend(silent(&database, change, &statements));
    }
    assert_eq!(unsaid, [""; 0]);
}

#[test]
fn a_registry_that_cannot_be_read_lets_nothing_pass() {
    let mut unsaid = Vec::new();
    for how in [
        "ALTER TABLE veritable.event_schemas RENAME TO another",
        "ALTER EVENT TRIGGER veritable_after_ddl DISABLE; ALTER TABLE veritable.event_schemas RENAME resolved TO another",
        "ALTER EVENT TRIGGER veritable_after_ddl DISABLE; ALTER TABLE veritable.event_schemas RENAME schema TO another",
    ] {
        let (database, mut session) = validated();
        session.run(how);
        unsaid.extend(silent(&database, how, &[WRONG, RIGHT, "INSERT INTO t VALUES ('nobody', '{}')"]));
        unsaid.extend(silent(&database, how, &VERIFICATIONS));
    }
    assert_eq!(unsaid, [""; 0]);
}

/// Whoever writes a document need not see the registry, and its owner may not hide it from them.
#[test]
fn a_registry_whose_rows_are_hidden_still_counts() {
    let (database, mut session) = validated();
    session.run(
        "ALTER TABLE veritable.event_schemas ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
         ALTER TABLE veritable.event_schemas OWNER TO owner",
    );
    assert_eq!(silent(&database, "hidden rows", &[WRONG]), [""; 0]);
}

#[test]
fn the_guard_of_commands_does_without_no_function() {
    let mut unsaid = Vec::new();
    for how in [
        "ALTER FUNCTION veritable.validate() RENAME TO another",
        "ALTER FUNCTION veritable.trigger_arguments(bytea) RENAME TO another",
        "CREATE OR REPLACE FUNCTION veritable.trigger_arguments(arguments bytea) RETURNS text[] LANGUAGE sql RETURN NULL::text[]",
        "CREATE OR REPLACE FUNCTION veritable.trigger_argument(arguments bytea, key text) RETURNS text[] LANGUAGE sql RETURN NULL::text[]",
        "CREATE OR REPLACE FUNCTION veritable.trigger_arguments(arguments bytea) RETURNS text[] LANGUAGE sql RETURN '{NULL}'::text[]",
    ] {
        let (database, mut session) = validated();
        if how.ends_with("RENAME TO another") && !how.contains("trigger_argument") {
            session.refused(how).with_code("XX001");
        }
        session.run(&past_the_guard(how));
        for statements in [&COMMANDS[..], &["CREATE TABLE child () INHERITS (t)"]] {
            unsaid.extend(silent(&database, how, statements));
        }
        // Where the guard does without the function, the validation follows the column.
        if unsaid.pop_if(|what| what.ends_with(FOLLOWED)).is_some() {
            session.run(FOLLOWED);
            session.refused(WRONG).with_code("23514");
        }
    }
    assert_eq!(unsaid, [""; 0]);
}
