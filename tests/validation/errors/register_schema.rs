//! `register_schema`, `retire_schema`, and a registry that was tampered with.

use super::*;

const WITHOUT_CHECK: &str = "With compatibility => 'NONE' it is registered without this check.";

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
fn arguments_of_registering_are_checked() {
    let (_database, mut session) = unvalidated();
    session.refused("SELECT register_schema('x', NULL)").with("22023", "argument \"schema\" must not be null");
    session
        .refused("SELECT register_schema('x', '{}', annotations => '{NULL}')")
        .with("22023", "an annotation must not be null");
    session
        .refused("SELECT register_schema('x', '{}', annotations => '{required}')")
        .with("22023", "\"required\" cannot be an annotation")
        .detail("JSON Schema defines this keyword, and it has an effect.");
    for mode in ["", "backwards", "SOMETIMES"] {
        session
            .refused(&format!("SELECT register_schema('x', '{{}}', '{mode}')"))
            .with("22023", &format!("unrecognized compatibility \"{mode}\""))
            .hint("Available values: NONE, BACKWARD, FORWARD, FULL, BACKWARD_TRANSITIVE, FORWARD_TRANSITIVE, FULL_TRANSITIVE.");
    }
    session.refused("SELECT register_schema('x', '{')").with_code("22P02");
}

#[test]
fn a_schema_that_is_not_valid_is_told_all_that_is_wrong_with_it() {
    let (_database, mut session) = unvalidated();
    let schema = r#"'{"type": "objct", "requred": [], "items": {"minimum": "1", "pattern": "(?=a)"}, "$ref": "http://example.com/x", "format": "e-mail"}'"#;
    let first = "/$ref: \"http://example.com/x\" is neither in this schema nor in the registry (veritable:///name, or the \"$id\" of a schema)
/format: unknown format \"e-mail\", did you mean \"email\"?
/items/minimum: \"minimum\" must be a number
/items/pattern: pattern \"(?=a)\" uses look-around, whose time has no bound
/requred: unknown keyword \"requred\", did you mean \"required\"?";
    let last = "/type: \"type\" must be the name of a type or a non-empty array of different ones";
    let register = format!("SELECT register_schema('x', {schema})");
    session
        .refused(&register)
        .with("22023", NOT_VALID)
        .detail(&format!("{first}\nand 1 more error"))
        .hint("With strict => false, some of this is admitted.");
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
        "comparison_work_limit = 64",
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
        .detail(r#"Documents that were valid are refused now; for example: "a""#)
        .hint(WITHOUT_CHECK);
    session
        .refused(r#"SELECT register_schema('x', '{"type": "string"}')"#)
        .with("23514", "schema is not forward compatible with version 1 of event schema \"x\"")
        .detail(r#"Documents are valid that were refused before; for example: """#)
        .hint(WITHOUT_CHECK);
    session.run(r#"SELECT register_schema('y', '{"type": "string", "format": "email"}', 'BACKWARD')"#);
    session
        .refused(r#"SELECT register_schema('y', '{"type": "string", "pattern": "@"}')"#)
        .with("23514", "schema may not be backward compatible with version 1 of event schema \"y\"")
        .detail("It could not be decided: there is neither a proof nor a counterexample, at /pattern.")
        .hint(WITHOUT_CHECK);
}

#[test]
fn what_is_retired_is_so_once() {
    let (_database, mut session) = unvalidated();
    session.refused("SELECT retire_schema('nobody')").with("42704", "event schema \"nobody\" does not exist");
    session.run("SELECT retire_schema('order')");
    session.refused("SELECT retire_schema('order')").with("55000", "event schema \"order\" is already retired");
}

#[test]
fn a_registry_that_was_tampered_with_is_damaged() {
    let (database, mut session) = validated();
    let mut superuser = database.superuser();
    for (column, value) in [
        ("schema", "'[]'"),
        ("schema", r#"'{"$ref": "http://example.com/x"}'"#),
        ("schema", r#"'{"$ref": "veritable:///nobody/1"}'"#),
        ("schema", r#"'{"pattern": "(?=a"}'"#),
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
