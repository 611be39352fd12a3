//! What event schemas refuse.

use super::support::session::Refusal;
use super::*;

/// A session of an owner who may register, with a table `t` that is not validated and a schema `order`.
fn unvalidated() -> (Database<'static>, Session) {
    let (database, mut session) = plain();
    database.superuser().run("GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO owner");
    session.run("ALTER TABLE t ADD kind text, ADD version int");
    session.run(
        r#"SELECT register_schema('order', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}')"#,
    );
    (database, session)
}

/// The same, validated by the column `kind`, with a row.
fn validated() -> (Database<'static>, Session) {
    let (database, mut session) = unvalidated();
    session.run(ADD);
    session.run(r#"INSERT INTO t (id, kind, payload) VALUES (1, 'order', '{"id": 1}')"#);
    (database, session)
}

const ADD: &str = "SELECT add_validation('t', 'payload', type => 'kind', version => 'version')";
const NOT_VALID: &str = "schema is not valid";
const WITHOUT_CHECK: &str = "With compatibility => 'NONE' it is registered without this check.";

// --- register_schema and retire_schema

#[test]
fn registering_is_for_those_who_are_granted_to() {
    let (database, mut owner) = unvalidated();
    let mut stranger = database.connect("stranger");
    stranger
        .refused("SELECT register_schema('order', '{}')")
        .with("42501", "permission denied for function register_schema");
    stranger.refused("SELECT retire_schema('order')").with("42501", "permission denied for function retire_schema");
    for statement in [
        "INSERT INTO veritable.event_schemas (name) VALUES ('x')",
        "UPDATE veritable.event_schemas SET schema = '{}'",
        "DELETE FROM veritable.event_schemas",
        "TRUNCATE veritable.event_schemas",
    ] {
        owner.refused(statement).with("42501", "permission denied for table event_schemas");
    }
    let mut superuser = database.superuser();
    superuser.refused("UPDATE veritable.event_schemas SET schema = '{}'").with_code("23001");
    superuser.refused("DELETE FROM veritable.event_schemas").with_code("23001");
    superuser.refused("TRUNCATE veritable.event_schemas").with_code("23001");
}

#[test]
fn a_name_has_1_to_200_characters() {
    let (_database, mut session) = unvalidated();
    for function in ["register_schema(NAME, '{}')", "retire_schema(NAME)"] {
        let mut refused = |name: &str| session.refused(&format!("SELECT {}", function.replace("NAME", name)));
        refused("NULL").with("22023", "argument \"name\" must not be null");
        refused("''").with("22023", "the name of an event schema must not be empty");
        refused("repeat('é', 201)").with("22023", "the name of an event schema is longer than 200 characters");
    }
    session.run("SELECT register_schema(repeat('é', 200), '{}')");
}

#[test]
fn arguments_of_registering_are_checked() {
    let (_database, mut session) = unvalidated();
    session.refused("SELECT register_schema('x', NULL)").with("22023", "argument \"schema\" must not be null");
    session
        .refused("SELECT register_schema('x', '{}', strict => NULL)")
        .with("22023", "argument \"strict\" must not be null");
    for mode in ["", "backward", "SOMETIMES"] {
        session
            .refused(&format!("SELECT register_schema('x', '{{}}', '{mode}')"))
            .with("22023", &format!("unrecognized compatibility \"{mode}\""))
            .hint("It is NONE, BACKWARD, FORWARD, FULL, BACKWARD_TRANSITIVE, FORWARD_TRANSITIVE or FULL_TRANSITIVE.");
    }
    session.refused("SELECT register_schema('x', '{')").with_code("22P02");
}

#[test]
fn a_schema_that_is_not_valid_is_told_all_that_is_wrong_with_it() {
    let (_database, mut session) = unvalidated();
    let schema = r#"'{"type": "objct", "requred": [], "items": {"minimum": "1", "pattern": "(?=a)"}, "$ref": "http://example.com/x", "format": "e-mail"}'"#;
    let first = "/$ref: \"http://example.com/x\" is neither in this schema nor in the registry (veritable:///name)
/format: unknown format \"e-mail\", did you mean \"email\"?
/items/minimum: \"minimum\" must be a number
/items/pattern: pattern \"(?=a)\" uses look-around, whose time has no bound
/requred: unknown keyword \"requred\", did you mean \"required\"?";
    let last = "/type: \"type\" must be the name of a type or a non-empty array of different ones";
    let register = format!("SELECT register_schema('x', {schema})");
    session.refused(&register).with("22023", NOT_VALID).detail(&format!("{first}\nand 1 more error")).hint("");
    session.run("SET veritable.errors_shown = 6");
    session.refused(&register).with("22023", NOT_VALID).detail(&format!("{first}\n{last}"));
    session
        .refused("SELECT register_schema('x', '[]')")
        .with("22023", NOT_VALID)
        .detail("a schema is an object or a boolean");
    for function in ["schema_errors({}, '1')", "schema_compatibility({}, 'true')", "schema_compatibility('true', {})"] {
        let call = function.replace("{}", r#"'{"type": "objct"}'"#);
        session.refused(&format!("SELECT * FROM {call}")).with("22023", NOT_VALID);
    }
}

#[test]
fn references_lead_to_schemas_that_exist() {
    let (_database, mut session) = unvalidated();
    session.run("SELECT register_schema('retired', '{}'), retire_schema('retired')");
    for (reference, message) in [
        ("nobody", "event schema \"nobody\" does not exist"),
        ("nobody/1", "event schema \"nobody\" has no version 1"),
        ("order/2", "event schema \"order\" has no version 2"),
        ("retired", "event schema \"retired\" is retired"),
        ("retired/2", "event schema \"retired\" has no version 2"),
    ] {
        let schema = format!(r#"'{{"$ref": "veritable:///{reference}"}}'"#);
        for call in [
            format!("register_schema('x', {schema})"),
            format!("schema_errors({schema}, '1')"),
            format!("schema_compatibility('true', {schema})"),
        ] {
            session.refused(&format!("SELECT * FROM {call}")).with("42704", message).detail("The schema refers to it.");
        }
    }
    session
        .refused(r#"SELECT register_schema('x', '{"$ref": "veritable:///x"}')"#)
        .with("22023", "event schema \"x\" refers to itself by its name")
        .hint("Refer to the schema itself by \"#\".");
    session.run(r#"SELECT register_schema('x', '{"$ref": "veritable:///retired/1"}')"#);
}

#[test]
fn schemas_are_bounded_in_size_and_depth() {
    let (database, mut session) = unvalidated();
    let large = "jsonb_build_object('title', repeat('x', 262144))";
    for call in [
        format!("register_schema('x', {large})"),
        format!("schema_problems({large})"),
        format!("schema_errors({large}, '1')"),
        format!("schema_compatibility({large}, 'true')"),
        format!("jsonb_matches_schema({large}::json, '1')"),
        format!("jsonschema_is_valid({large}::json)"),
    ] {
        session
            .refused(&format!("SELECT * FROM {call}"))
            .with("54000", "schema is too large")
            .detail("Its text has 262157 bytes; veritable.schema_size_limit is 256 kB.");
    }
    for levels in [65, 5000] {
        let deep = format!("(repeat('{{\"not\":', {levels} - 1) || '{{}}' || repeat('}}', {levels} - 1))::jsonb");
        for call in [format!("register_schema('x', {deep})"), format!("schema_problems({deep})")] {
            session
                .refused(&format!("SELECT * FROM {call}"))
                .with("54000", "schema is nested too deeply")
                .detail("It has more than 64 levels, which is veritable.schema_depth_limit.");
        }
    }
    for setting in [
        "schema_size_limit = 512",
        "schema_depth_limit = 65",
        "schema_work_limit = 65",
        "schema_pattern_limit = 65",
        "document_size_limit = 1",
        "comparison_size_limit = 64",
        "assert_formats = off",
    ] {
        session.refused(&format!("SET veritable.{setting}")).with_code("42501");
        database.superuser().run(&format!("SET veritable.{setting}"));
    }
    for setting in ["errors_shown = 0", "errors_shown = 101", "errors_shown = 'all'"] {
        session.refused(&format!("SET veritable.{setting}")).with_code("22023");
    }
}

#[test]
fn a_version_follows_those_before_it() {
    let (_database, mut session) = unvalidated();
    session.run(r#"SELECT register_schema('x', '{"type": "string", "minLength": 1}', 'FULL')"#);
    session
        .refused(r#"SELECT register_schema('x', '{"type": "string", "minLength": 2}')"#)
        .with("23514", "schema is not backward compatible with version 1 of event schema \"x\"")
        .detail(r#"Documents that were valid are refused now; in this schema: {"$schema":"https://json-schema.org/draft/2020-12/schema","maxLength":1,"minLength":1,"type":"string"}"#)
        .hint(WITHOUT_CHECK);
    session
        .refused(r#"SELECT register_schema('x', '{"type": "string"}')"#)
        .with("23514", "schema is not forward compatible with version 1 of event schema \"x\"")
        .detail(r#"Documents are valid that were refused before; in this schema: {"$schema":"https://json-schema.org/draft/2020-12/schema","const":""}"#)
        .hint(WITHOUT_CHECK);
    session
        .refused("SELECT register_schema('x', jsonb_build_object('title', repeat('x', 32768)))")
        .with("23514", "schema may not be backward compatible with version 1 of event schema \"x\"")
        .detail("It could not be decided: a schema is larger than veritable.comparison_size_limit.")
        .hint(WITHOUT_CHECK);
}

#[test]
fn what_is_retired_is_so_once() {
    let (_database, mut session) = unvalidated();
    session.refused("SELECT retire_schema('nobody')").with("42704", "event schema \"nobody\" does not exist");
    session.run("SELECT retire_schema('order')");
    session.refused("SELECT retire_schema('order')").with("55000", "event schema \"order\" is retired already");
}

// --- add_validation and drop_validation

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
        .detail("Documents in their rows would not be validated.")
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
        .hint("");
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
        .hint("It is refuse or allow.");
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
    session.refused(ADD).with("42710", "column \"payload\" of table \"t\" is validated already");
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
    session.refused(ADD).with("42501", "row-level security hides rows of table \"t\" from you");
}

#[test]
fn no_trigger_changes_what_has_been_validated() {
    let (_database, mut session) = unvalidated();
    session.run(LATE_TRIGGER);
    let late = |refusal: Refusal| {
        refusal
            .with("55000", "trigger \"zzz\" of table \"t\" could change documents after they are validated")
            .detail("BEFORE triggers fire in the order of their names, and it sorts after the trigger that validates.")
            .hint("Give it a name that sorts before \"veritable_validate_\".");
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
            "It is refuse or allow.",
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

// --- rows

#[test]
fn a_document_that_does_not_match_is_refused() {
    let (_database, mut session) = validated();
    let message = "document does not match event schema \"order\" version 1";
    for statement in [
        "INSERT INTO t (id, kind, payload) VALUES (1, 'order', '{\"id\": \"x\"}')",
        "UPDATE t SET payload = '{\"id\": \"x\"}'",
        "INSERT INTO t (id, kind, payload, version) VALUES (1, 'order', '{\"id\": \"x\"}', 1)",
    ] {
        session.refused(statement).with("23514", message).detail("/id: \"x\" is not of type \"integer\"").hint("");
    }
    session.refused("UPDATE t SET payload = '[]'").with("23514", message).detail("[] is not of type \"object\"");
    session.run(r#"SELECT register_schema('list', '{"items": {"type": "null"}}')"#);
    session
        .refused("INSERT INTO t (id, kind, payload) VALUES (1, 'list', '[1, 2, 3, null, 5, 6, 7]')")
        .with_code("23514")
        .detail(
            "/0: 1 is not of type \"null\"\n/1: 2 is not of type \"null\"\n/2: 3 is not of type \"null\"\n\
             /4: 5 is not of type \"null\"\n/5: 6 is not of type \"null\"\nand 1 more error",
        );
    session.run("SET veritable.errors_shown = 1");
    session
        .refused("INSERT INTO t (id, kind, payload) VALUES (1, 'list', '[1, 2, 3, null, 5, 6, 7]')")
        .with_code("23514")
        .detail("/0: 1 is not of type \"null\"\nand 5 more errors");
}

#[test]
fn a_document_needs_a_schema() {
    let (_database, mut session) = validated();
    let insert = |kind: &str, version: &str| {
        format!("INSERT INTO t (id, kind, payload, version) VALUES (1, {kind}, '{{}}', {version})")
    };
    for kind in ["nobody", "Order", "order ", ""] {
        session
            .refused(&insert(&format!("'{kind}'"), "NULL"))
            .with("23514", &format!("event schema \"{kind}\" does not exist"))
            .hint(
                "register_schema() registers it; with unknown => 'allow', add_validation() lets such documents pass.",
            );
    }
    // What was never registered is not repeated at any length.
    let shown = format!("event schema \"{}…\" does not exist", "x".repeat(800));
    session.refused(&insert("repeat('x', 100000)", "NULL")).with("23514", &shown);
    session
        .refused(&insert("NULL", "NULL"))
        .with("23514", "document has no event schema")
        .detail("The column that names its schema is null.");
    for version in ["0", "2", "-1"] {
        session
            .refused(&insert("'order'", version))
            .with("23514", &format!("event schema \"order\" version {version} does not exist"));
    }
    session.run("SELECT retire_schema('order')");
    for version in ["NULL", "1", "2", "3"] {
        session.refused(&insert("'order'", version)).with("23514", "event schema \"order\" is retired");
    }
    session.run("SELECT register_schema('order', '{}')");
    session.refused(&insert("'order'", "2")).with("23514", "event schema \"order\" version 2 does not exist");
    session.run(&insert("'order'", "3"));
}

#[test]
fn what_is_unknown_passes_where_it_is_allowed_and_nothing_else() {
    let (_database, mut session) = unvalidated();
    session.run("SELECT add_validation('t', 'payload', type => 'kind', version => 'version', unknown => 'allow')");
    session.run("INSERT INTO t (id, kind, payload, version) VALUES (1, 'nobody', '{}', NULL), (1, 'nobody', '{}', 9), (1, NULL, '{}', NULL)");
    session.refused("INSERT INTO t (id, kind, payload) VALUES (1, 'order', '{}')").with_code("23514");
    session
        .refused("INSERT INTO t (id, kind, payload, version) VALUES (1, 'order', '{}', 9)")
        .with("23514", "event schema \"order\" version 9 does not exist");
    session.run("SELECT retire_schema('order')");
    session
        .refused("INSERT INTO t (id, kind, payload) VALUES (1, 'order', '{}')")
        .with("23514", "event schema \"order\" is retired");
}

#[test]
fn an_update_does_not_tell_which_schema_a_row_names() {
    let (database, mut owner) = validated();
    owner.run(
        r#"SELECT register_schema('secret.merger', '{"properties": {"price": {"type": "integer"}}}');
           SELECT register_schema('ended', 'true');
           DELETE FROM t;
           INSERT INTO t (id, kind, payload) VALUES (1, 'secret.merger', '{}'), (2, 'ended', '{}');
           SELECT retire_schema('ended');
           GRANT UPDATE (payload) ON t TO stranger"#,
    );
    let mut stranger = database.connect("stranger");
    for document in [r#"{"price": "x"}"#, r#"{"price": null}"#] {
        stranger
            .refused(&format!("UPDATE t SET payload = '{document}'"))
            .with("23514", "document does not match its event schema")
            .detail("You do not have permission to read the table.");
    }
    owner.run("UPDATE t SET payload = '{\"a\": 1}' WHERE id = 1");
    stranger.refused(r#"UPDATE t SET payload = '{"b": 1}'"#).with("23514", "document does not match its event schema");
    // Who reads the table is told.
    owner.run("GRANT SELECT ON t TO stranger");
    stranger
        .refused(r#"UPDATE t SET payload = '{"price": "x"}' WHERE id = 1"#)
        .with("23514", "document does not match event schema \"secret.merger\" version 1");
    stranger
        .refused(r#"UPDATE t SET payload = '{"b": 1}' WHERE id = 2"#)
        .with("23514", "event schema \"ended\" is retired");
}

#[test]
fn who_may_not_read_the_table_is_shown_no_values_and_no_names() {
    let (database, mut owner) = validated();
    owner.run(
        r#"SELECT register_schema('closed', '{"properties": {"known": {"type": "integer"}}, "additionalProperties": false, "propertyNames": {"maxLength": 9}}');
           SELECT register_schema('open', '{"additionalProperties": {"type": "null"}}');
           GRANT INSERT ON t TO stranger"#,
    );
    let mut stranger = database.connect("stranger");
    let closed = r#"INSERT INTO t (id, kind, payload) VALUES (1, 'closed', '{"known": "secret", "secret_name": 1}')"#;
    let open = r#"INSERT INTO t (id, kind, payload) VALUES (1, 'open', '{"secret": 1}')"#;
    let masked = |session: &mut Session| {
        let message = "document does not match event schema \"closed\" version 1";
        let refusal = session.refused(closed);
        refusal.with("23514", message).detail(
            "/known: value is not of type \"integer\"\nAdditional properties are not allowed (1 was unexpected)\n\
             In a property name: value is longer than 9 characters",
        );
        session.refused(open).detail("/*: value is not of type \"null\"");
    };
    masked(&mut stranger);
    owner.run(
        "GRANT SELECT ON t TO stranger;
         CREATE POLICY p ON t WITH CHECK (true);
         ALTER TABLE t ENABLE ROW LEVEL SECURITY",
    );
    masked(&mut stranger);
    owner.run("ALTER TABLE t DISABLE ROW LEVEL SECURITY");
    stranger.refused(open).detail("/secret: 1 is not of type \"null\"");
    owner.refused(open).detail("/secret: 1 is not of type \"null\"");
}

#[test]
fn documents_are_bounded() {
    let (database, _owner) = validated();
    let mut session = database.superuser();
    session.run("SET veritable.document_size_limit = '1kB'");
    let long = "to_jsonb(repeat('x', 1100))";
    for statement in [
        format!("INSERT INTO t (id, kind, payload) VALUES (1, 'order', {long})"),
        format!("SELECT * FROM schema_errors('true', {long})"),
        format!("SELECT jsonb_matches_schema('true', {long})"),
    ] {
        session
            .refused(&statement)
            .with("54000", "document is too large to be validated")
            .detail("It has 1108 bytes; veritable.document_size_limit is 1 kB.");
    }
    session.run("RESET veritable.document_size_limit");
    session.run(r##"SELECT register_schema('deep', '{"items": {"$ref": "#"}}')"##);
    session.run("SET max_stack_depth = '300kB'");
    let deep = "(repeat('[', 2000) || repeat(']', 2000))::jsonb";
    for statement in [
        format!("INSERT INTO t (id, kind, payload) VALUES (1, 'deep', {deep})"),
        format!(r##"SELECT * FROM schema_errors('{{"items": {{"$ref": "#"}}}}', {deep})"##),
        format!(r##"SELECT jsonb_matches_schema('{{"items": {{"$ref": "#"}}}}', {deep})"##),
    ] {
        session
            .refused(&statement)
            .with("54000", "document is nested too deeply to be validated")
            .hint("Increase the configuration parameter \"max_stack_depth\".");
    }
    session.run("RESET max_stack_depth");
    // Whose errors are too many to list.
    let tree = r##"{"anyOf": [{"properties": {"a": {"$ref": "#"}}, "required": ["b"]}, {"properties": {"a": {"$ref": "#"}}, "required": ["c"]}]}"##;
    let nested = "(repeat('{\"a\":', 20) || '1' || repeat('}', 20))::jsonb";
    session.run(&format!("SELECT register_schema('tree', '{tree}')"));
    session
        .refused(&format!("INSERT INTO t (id, kind, payload) VALUES (1, 'tree', {nested})"))
        .with("23514", "document does not match event schema \"tree\" version 1")
        .detail("There is too much wrong with it to list.");
    for call in [
        format!("schema_errors('{tree}', {nested})"),
        format!("jsonschema_validation_errors('{tree}', {nested}::json)"),
    ] {
        session.refused(&format!("SELECT * FROM {call}")).with("54000", "document is too complex for this schema");
    }
}

// --- commands

#[test]
fn a_command_does_not_end_a_validation_unsaid() {
    let (_database, mut session) = validated();
    let anew = "Use drop_validation() to end the validation; add_validation() can begin a new one.";
    for (command, message) in [
        ("ALTER TABLE t RENAME payload TO body", "cannot rename column \"payload\" of validated table \"t\""),
        ("ALTER TABLE t DROP kind", "cannot drop column \"kind\" of validated table \"t\""),
        ("ALTER TABLE t ALTER version TYPE bigint", "cannot change column \"version\" of validated table \"t\""),
    ] {
        session.refused(command).with("55000", message).detail("The table's documents are validated by it.").hint(anew);
    }
    for (command, verb) in [
        ("DROP TRIGGER veritable_validate_payload ON t", "drop"),
        ("ALTER TRIGGER veritable_validate_payload ON t RENAME TO a", "rename"),
    ] {
        session
            .refused(command)
            .with("55000", &format!("cannot {verb} trigger \"veritable_validate_payload\" of validated table \"t\""))
            .detail("It validates the table's documents.")
            .hint(anew);
    }
    session
        .refused("CREATE TABLE child () INHERITS (t)")
        .with("0A000", "table \"child\" cannot inherit from validated table \"t\"")
        .detail("Documents in the rows of a child would not be validated.")
        .hint("Use declarative partitioning.");
    session.run("ALTER TABLE t RENAME id TO number; ALTER TABLE t ALTER number TYPE bigint; ALTER TABLE t DROP number");
}

// --- the functions of pg_jsonschema

#[test]
fn a_schema_that_is_not_valid_matches_nothing() {
    let (_database, mut session) = plain();
    for function in ["json_matches_schema", "jsonb_matches_schema"] {
        session
            .refused(&format!(r#"SELECT {function}('{{"minimum": "1"}}', '1')"#))
            .with("22023", NOT_VALID)
            .detail("/minimum: \"1\" is not of type \"number\"");
        session
            .refused(&format!(r#"SELECT {function}('{{"$ref": "file:///etc/passwd"}}', '1')"#))
            .with("22023", NOT_VALID);
    }
    session.run(r#"ALTER TABLE t ADD CONSTRAINT matches CHECK (jsonb_matches_schema('{"type": "object"}', payload))"#);
    session
        .refused("INSERT INTO t VALUES (1, '[]')")
        .with("23514", "new row for relation \"t\" violates check constraint \"matches\"");
}

// --- damage

#[test]
fn a_registry_that_was_tampered_with_is_damaged() {
    let (database, mut session) = validated();
    let mut superuser = database.superuser();
    for (column, value) in [
        ("schema", "'[]'"),
        ("schema", r#"'{"$ref": "http://example.com/x"}'"#),
        ("schema", r#"'{"$ref": "veritable:///nobody/1"}'"#),
        ("schema", r#"'{"pattern": "(?=a)"}'"#),
    ] {
        superuser.run(&format!(
            "BEGIN;
             ALTER TABLE veritable.event_schemas DISABLE TRIGGER USER;
             UPDATE veritable.event_schemas SET {column} = {value};
             COMMIT"
        ));
        session
            .refused("INSERT INTO t (id, kind, payload) VALUES (1, 'order', '{}')")
            .with("XX001", "event schema \"order\" version 1 is damaged")
            .hint("verify_chain('veritable.event_schemas') names what was changed.");
    }
    superuser.run("UPDATE veritable.event_schemas SET compatibility = 'SOMETIMES'");
    session
        .refused("SELECT register_schema('order', 'true')")
        .with("XX001", "event schema \"order\" version 1 is damaged");
}

#[test]
fn a_name_stands_for_itself_in_an_address() {
    let (_database, mut session) = unvalidated();
    for name in [".", ".."] {
        session
            .refused(&format!("SELECT register_schema('{name}', 'true')"))
            .with("22023", &format!("\"{name}\" cannot be the name of an event schema"))
            .detail("In the address of a schema it would not stand for itself.");
    }
}

#[test]
fn an_identifier_is_that_of_one_schema() {
    let (_database, mut session) = unvalidated();
    session.run(
        r#"SELECT register_schema('identified', '{"$id": "https://example.com/order", "$defs": {"a": {"type": "string"}}}')"#,
    );
    session
        .refused(
            r#"SELECT register_schema('identified', '{"$id": "https://example.com/order", "properties": {"old": {"$ref": "veritable:///identified/1"}}}')"#,
        )
        .with("22023", "schema is not valid")
        .detail("this schema and one that it refers to both have the identifier https://example.com/order");
}

#[test]
fn a_validation_whose_work_doubles_with_each_level_ends() {
    let (_database, mut session) = plain();
    let definitions: Vec<_> = (0..30)
        .map(|n| {
            let next = format!(r##"[{{"$ref": "#/$defs/d{0}"}}, {{"$ref": "#/$defs/d{0}"}}]"##, n + 1);
            format!(r#""d{n}": {{"items": {{"allOf": {next}}}, "allOf": {next}}}"#)
        })
        .collect();
    let schema = format!(r##"{{"$ref": "#/$defs/d0", "$defs": {{{}, "d30": {{}}}}}}"##, definitions.join(", "));
    session
        .refused(&format!("SELECT jsonb_matches_schema('{schema}', '[1]')"))
        .with("54000", "document is too complex for this schema");
}
