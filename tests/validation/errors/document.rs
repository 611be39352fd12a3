//! Rows whose documents do not match, and what their writers are told.

use super::*;

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
