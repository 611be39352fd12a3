//! `add_validation`, `drop_validation`, triggers made by hand, and commands that would end a validation.

use super::*;
use crate::support::session::Refusal;

const LATE_TRIGGER: &str =
    "CREATE OR REPLACE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER zzz BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION change()";

#[test]
fn validation_is_for_the_owner() {
    let (database, mut owner) = unvalidated();
    owner.run("GRANT ALL ON t TO stranger");
    let mut stranger = database.connect("stranger");
    stranger.refused(ADD).with("42501", "must be owner of table t");
    owner.run(ADD);
    stranger.refused("SELECT drop_validation('t', 'payload')").with("42501", "must be owner of table t");
}

#[test]
fn validation_is_for_tables() {
    let (_database, mut session) = unvalidated();
    session.run(
        "CREATE VIEW v AS SELECT * FROM t;
         CREATE TABLE parent (payload jsonb);
         CREATE TABLE child () INHERITS (parent)",
    );
    session.refused("SELECT add_validation('v', 'payload', schema => 'order')").with("42809", "\"v\" is not a table");
    session
        .refused("SELECT add_validation('parent', 'payload', schema => 'order')")
        .with("0A000", "table \"parent\" has inheritance children")
        .detail("Documents in the rows of a child would not be validated.")
        .hint("Use declarative partitioning.");
    session.run("SELECT add_validation('child', 'payload', schema => 'order')");
    session.refused("SELECT add_validation(4000000000, 'payload', schema => 'order')").with_code("42704");
}

#[test]
fn validation_needs_columns_that_are_there_and_of_the_right_type() {
    let (_database, mut session) = unvalidated();
    session.run(
        "ALTER TABLE t ADD text_json json, ADD number numeric,
             ADD stored jsonb GENERATED ALWAYS AS ('{}') STORED, ADD fixed text GENERATED ALWAYS AS ('order') STORED",
    );
    for arguments in
        ["'nothing', schema => 'x'", "'payload', type => 'nothing'", "'payload', schema => 'x', version => 'nothing'"]
    {
        session
            .refused(&format!("SELECT add_validation('t', {arguments})"))
            .with("42703", "column \"nothing\" of relation \"t\" does not exist");
    }
    let must_be = |column: &str, types: &str| format!("column \"{column}\" of relation \"t\" must be of type {types}");
    session
        .refused("SELECT add_validation('t', 'text_json', schema => 'x')")
        .with("42804", &must_be("text_json", "jsonb"))
        .hint("Use jsonb, or a CHECK with json_matches_schema().");
    session
        .refused("SELECT add_validation('t', 'kind', schema => 'x')")
        .with("42804", &must_be("kind", "jsonb"))
        .hint("Use jsonb.");
    for column in ["id", "payload", "text_json", "number"] {
        session
            .refused(&format!("SELECT add_validation('t', 'payload', type => '{column}')"))
            .with("42804", &must_be(column, "text, varchar, name or an enum"));
    }
    for column in ["kind", "payload", "number"] {
        session
            .refused(&format!("SELECT add_validation('t', 'payload', type => 'kind', version => '{column}')"))
            .with("42804", &must_be(column, "bigint, integer or smallint"));
    }
    for (arguments, column) in [("'stored', schema => 'x'", "stored"), ("'payload', type => 'fixed'", "fixed")] {
        session
            .refused(&format!("SELECT add_validation('t', {arguments})"))
            .with("0A000", &format!("generated column \"{column}\" cannot be part of a validation"))
            .detail("Its value is computed after the document is validated.");
    }
}

#[test]
fn arguments_of_validation_are_checked() {
    let (_database, mut session) = unvalidated();
    for arguments in ["'t', 'payload'", "'t', 'payload', type => 'kind', schema => 'order'"] {
        session
            .refused(&format!("SELECT add_validation({arguments})"))
            .with("22023", "exactly one of \"type\" and \"schema\" must be given")
            .hint("type is a column that names the schema of each row; schema is the name of one for all rows.");
    }
    session
        .refused("SELECT add_validation('t', 'payload', type => 'kind', unknown => 'perhaps')")
        .with("22023", "unrecognized value of \"unknown\": \"perhaps\"")
        .hint("Available values: refuse, allow.");
    for (arguments, name) in [
        ("NULL, 'payload', schema => 'x'", "target"),
        ("'t', NULL, schema => 'x'", "document"),
        ("'t', 'payload', schema => 'x', unknown => NULL", "unknown"),
        ("'t', 'payload', schema => 'x', check_existing => NULL", "check_existing"),
    ] {
        session
            .refused(&format!("SELECT add_validation({arguments})"))
            .with("22023", &format!("argument \"{name}\" must not be null"));
    }
    for (arguments, name) in [("NULL, 'payload'", "target"), ("'t', NULL", "document")] {
        session
            .refused(&format!("SELECT drop_validation({arguments})"))
            .with("22023", &format!("argument \"{name}\" must not be null"));
    }
}

#[test]
fn a_column_is_validated_once() {
    let (_database, mut session) = validated();
    session.run("ALTER TABLE t ADD other jsonb");
    session.refused(ADD).with("42710", "column \"payload\" of table \"t\" is already validated");
    session
        .refused("SELECT add_validation('t', 'other', schema => 'order', version => 'version')")
        .with("22023", "column \"version\" of table \"t\" holds the version of another document");
    session
        .refused("SELECT drop_validation('t', 'other')")
        .with("55000", "column \"other\" of table \"t\" is not validated");
}

#[test]
fn rows_that_are_there_must_match() {
    let (_database, mut session) = unvalidated();
    session.run(r#"INSERT INTO t (id, kind, payload) VALUES (1, 'order', '{"id": 1}'), (2, 'order', '{"id": "2"}')"#);
    session
        .refused(ADD)
        .with("23514", "document does not match event schema \"order\" version 1")
        .detail("/id: \"2\" is not of type \"integer\"");
    session.run("ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
    session.refused(ADD).with("42501", "query would be affected by row-level security policy for table \"t\"");
}

#[test]
fn no_trigger_changes_what_has_been_validated() {
    let (_database, mut session) = unvalidated();
    session.run(LATE_TRIGGER);
    let late = |refusal: Refusal| {
        refusal
            .with("55000", "trigger \"zzz\" of table \"t\" could change documents after they are validated")
            .detail(
                "BEFORE triggers fire in the order of their names, and \"zzz\" sorts after \"veritable_validate_\".",
            )
            .hint("Rename the trigger so that its name sorts before \"veritable_validate_\".");
    };
    late(session.refused(ADD));
    session.run("ALTER TRIGGER zzz ON t RENAME TO a");
    session.run(ADD);
    late(session.refused("ALTER TRIGGER a ON t RENAME TO zzz"));
    session.run("DROP TRIGGER a ON t");
    late(session.refused("CREATE TRIGGER zzz BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION change()"));
    session.run("CREATE TRIGGER zzz AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION change()");
}

#[test]
fn a_trigger_made_by_hand_validates_every_row() {
    let (_database, mut session) = unvalidated();
    let misplaced = "veritable.validate() must be fired BEFORE INSERT OR UPDATE FOR EACH ROW, without a condition or a list of columns";
    let create = |events: &str, arguments: &str| {
        format!("CREATE TRIGGER validate {events} EXECUTE FUNCTION veritable.validate({arguments})")
    };
    for events in [
        "BEFORE INSERT ON t FOR EACH ROW",
        "BEFORE UPDATE ON t FOR EACH ROW",
        "AFTER INSERT OR UPDATE ON t FOR EACH ROW",
        "BEFORE INSERT OR UPDATE ON t FOR EACH STATEMENT",
        "BEFORE INSERT OR UPDATE OF kind ON t FOR EACH ROW",
        "BEFORE INSERT OR UPDATE ON t FOR EACH ROW WHEN (NEW.kind <> 'order')",
    ] {
        session.refused(&create(events, "'document=payload', 'type=kind'")).with("39P01", misplaced);
    }
    let keys = "The arguments are key=value, with the keys document, type, schema, version, unknown.";
    for (arguments, code, message, hint) in [
        ("", "22023", "validation trigger argument \"document\" is missing", keys),
        ("'document=payload', 'colour=red'", "22023", "unrecognized validation trigger argument \"colour=red\"", keys),
        (
            "'document=payload', 'document=payload'",
            "22023",
            "validation trigger argument \"document\" is given more than once",
            keys,
        ),
        ("'document=nothing', 'type=kind'", "42703", "column \"nothing\" of relation \"t\" does not exist", ""),
        (
            "'document=payload', 'type=kind', 'unknown=no'",
            "22023",
            "unrecognized value of \"unknown\": \"no\"",
            "Available values: refuse, allow.",
        ),
    ] {
        session.refused(&create("BEFORE INSERT OR UPDATE ON t FOR EACH ROW", arguments)).with(code, message).hint(hint);
    }
    session.run(&create("BEFORE INSERT OR UPDATE ON t FOR EACH ROW", "'document=payload', 'type=kind'"));
    session.refused(ADD).with_code("42710");
    session.refused("SELECT veritable.validate()").with_code("39P01");
}

#[test]
fn a_partition_is_validated_as_its_table_is() {
    let (_database, mut session) = unvalidated();
    session.run(
        "CREATE TABLE p (id int, payload jsonb) PARTITION BY LIST (id);
         CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
         SELECT add_validation('p', 'payload', schema => 'order')",
    );
    session
        .refused("SELECT drop_validation('p_1', 'payload')")
        .with("42809", "\"p_1\" is a partition")
        .hint("Use drop_validation() on the partitioned table.");
    session.refused("INSERT INTO p_1 VALUES (1, '{}')").with_code("23514");
}

#[test]
fn a_command_does_not_end_a_validation_unsaid() {
    let (_database, mut session) = validated();
    let anew = "Use drop_validation() to end the validation; add_validation() can begin a new one.";
    for column in ["payload", "kind", "version"] {
        session
            .refused(&format!("ALTER TABLE t DROP {column}"))
            .with("55000", &format!("cannot drop column \"{column}\" of validated table \"t\""))
            .detail("The table's documents are validated by it.")
            .hint(anew);
    }
    session
        .refused("ALTER TABLE t ALTER version TYPE text")
        .with("42804", "column \"version\" of relation \"t\" must be of type bigint, integer or smallint");
    for (command, verb) in [
        ("DROP TRIGGER veritable_validate_payload ON t", "drop"),
        ("ALTER TRIGGER veritable_validate_payload ON t RENAME TO a", "rename"),
    ] {
        session
            .refused(command)
            .with("55000", &format!("cannot {verb} trigger \"veritable_validate_payload\" of validated table \"t\""))
            .detail("The trigger is part of the validation.")
            .hint(anew);
    }
    session
        .refused("CREATE TABLE child () INHERITS (t)")
        .with("0A000", "table \"t\" has inheritance children")
        .detail("Documents in the rows of a child would not be validated.")
        .hint("Use declarative partitioning.");
    session.run("ALTER TABLE t RENAME id TO number; ALTER TABLE t ALTER number TYPE bigint; ALTER TABLE t DROP number");
    // A validation follows its columns.
    session.run("ALTER TABLE t ALTER version TYPE bigint; ALTER TABLE t RENAME payload TO body; ALTER TABLE t RENAME kind TO type");
    session.refused("INSERT INTO t (type, body) VALUES ('order', '[]')").with_code("23514");
}
