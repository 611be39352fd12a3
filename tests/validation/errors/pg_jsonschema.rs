//! The functions of pg_jsonschema.

use super::*;

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
