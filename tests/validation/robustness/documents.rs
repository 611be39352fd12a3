//! Documents of any depth and size, numbers and characters.

use std::time::{Duration, Instant};

use super::*;

#[test]
fn a_document_of_any_depth_is_validated_or_refused() {
    let (_database, mut session) = start();
    let nested = |open: &str, close: &str, times: u32| {
        format!("(repeat('{open}', {times}) || '1' || repeat('{close}', {times}))::jsonb")
    };
    for schema in [
        r##"{"items": {"$ref": "#"}, "additionalProperties": {"$ref": "#"}}"##,
        r##"{"if": {"not": {"oneOf": [{"items": {"$ref": "#"}}]}}, "then": {"anyOf": [{"additionalProperties": {"$ref": "#"}}]}}"##,
        r##"{"dependentSchemas": {"a": {"allOf": [{"properties": {"a": {"$ref": "#"}}}]}}, "unevaluatedItems": {"$ref": "#"}, "unevaluatedProperties": {"$ref": "#"}}"##,
        r##"{"contains": {"$ref": "#"}, "patternProperties": {"a": {"$ref": "#"}}}"##,
        r#"{"uniqueItems": true, "enum": [[[[1]]]]}"#,
    ] {
        for times in [100, 1000, 6000] {
            for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":"#, "}]")] {
                answers(&mut session, &format!("'{schema}'"), &nested(open, close, times), &[TOO_MUCH]);
            }
        }
        // As deep as PostgreSQL takes it.
        session.try_one(&ways(&format!("'{schema}'"), &nested("[", "]", 12000))[0], &[TOO_MUCH, "54001"]);
        session.try_one(&ways(&format!("'{schema}'"), &nested(r#"{"a":"#, "}", 12000))[0], &[TOO_MUCH, "54001"]);
    }
    // What is too deep says what to do, and then it is not.
    let deep = format!("SELECT jsonb_matches_schema('{{\"items\": {{\"$ref\": \"#\"}}}}', {})", nested("[", "]", 6000));
    session.run("SET max_stack_depth = '200kB'; SET max_stack_depth = '2MB'");
    session
        .refused(&deep)
        .with(TOO_MUCH, "document is nested too deeply to be validated")
        .hint("Increase the configuration parameter \"max_stack_depth\".");
    session.run("SET max_stack_depth = '7MB'");
    assert_eq!(session.value(&deep), "t");
    // A text is parsed, and not below 128 levels.
    session
        .refused("SELECT json_matches_schema('true', (repeat('[', 200) || repeat(']', 200))::json)")
        .with_code(TOO_MUCH);
}

#[test]
fn a_document_of_a_million_elements_is_validated() {
    let (_database, mut session) = start();
    session.run("CREATE TABLE d AS SELECT jsonb_agg(n) AS document FROM generate_series(1, 1000000) AS n");
    for (schema, errors) in [
        (r#"{"items": {"type": "integer"}}"#, 0),
        (r#"{"items": {"type": "string"}}"#, 1_000_000),
        (r#"{"uniqueItems": true}"#, 0),
        (r#"{"contains": {"const": 0}}"#, 1),
        (r#"{"contains": {"const": 1000000}, "maxContains": 1, "maxItems": 1000000}"#, 0),
        (r#"{"unevaluatedItems": false}"#, 1),
    ] {
        let valid = if errors == 0 { "t" } else { "f" };
        assert_eq!(
            session.value(&format!("SELECT jsonb_matches_schema('{schema}', document) FROM d")),
            valid,
            "{schema}"
        );
        // All errors, or none of them.
        let all = format!("SELECT count(*) FROM d, schema_errors('{schema}', document)");
        if session.try_one(&all, &[TOO_MUCH]).is_none() {
            assert_eq!(session.value(&all), errors.to_string(), "{schema}");
        }
        session.run(&format!("SELECT register_schema('s', '{schema}')"));
        let insert = "INSERT INTO t SELECT document FROM d";
        match errors {
            0 => session.run(insert),
            _ => _ = session.refused(insert).with_code("23514"),
        }
    }
}

/// A document is refused for its size before it is looked at, and where it is not refused it is not copied.
#[test]
fn a_document_of_200_megabytes_is_refused_or_validated_in_place() {
    let (_database, mut session) = start();
    session.run(
        "CREATE TABLE d (document jsonb);
         ALTER TABLE d ALTER document SET STORAGE external;
         ALTER TABLE t ALTER document SET STORAGE external;
         INSERT INTO d SELECT to_jsonb(array_fill(repeat('x', 1000), '{200000}'))",
    );
    let size = 200 << 10;
    for sql in [
        "SELECT jsonb_matches_schema('true', document) FROM d",
        "SELECT count(*) FROM d, schema_errors('true', document)",
        "INSERT INTO t SELECT document FROM d",
        "SELECT json_matches_schema('true', to_json(repeat('x', 200000000)))",
        "SELECT jsonschema_validation_errors('true', to_json(repeat('x', 200000000)))",
    ] {
        session.refused(sql).with(TOO_MUCH, "document is too large to be validated");
    }
    session.run("SET veritable.document_size_limit = '1GB'");
    let schema = r#"{"items": {"minLength": 1000, "pattern": "^x+$"}, "maxItems": 200000}"#;
    session.run(&format!("SELECT register_schema('s', '{schema}')"));
    let read = "SELECT jsonb_array_length(document) FROM d";
    let growth = session.memory_growth(read, &format!("SELECT jsonb_matches_schema('{schema}', document) FROM d"));
    // What it takes to read it at all is one of them.
    assert!(growth < 2 * size, "{growth} kB to validate {size}");
    assert_eq!(session.value(&format!("SELECT jsonb_matches_schema('{schema}', document) FROM d")), "t");
    session.run("INSERT INTO t SELECT document FROM d");
    let errors = format!("SELECT count(*) FROM d, schema_errors('{schema}', document)");
    let growth = session.memory_growth(read, &if_not_too_much(&errors));
    assert!(growth < 2 * size, "{growth} kB to list the errors of {size}");
    // Refused, with the document in no message.
    session.run("SELECT register_schema('s', '{\"items\": {\"type\": \"number\"}}')");
    session.refused("INSERT INTO t SELECT document FROM d").with_code("23514");
    let text = "to_json(repeat('x', 200000000))";
    assert_eq!(session.value(&format!("SELECT json_matches_schema('{{\"minLength\": 200000000}}', {text})")), "t");
    assert_eq!(session.value(&format!("SELECT json_matches_schema('{{\"maxLength\": 200}}', {text})")), "f");
    session.try_one(&format!("SELECT jsonschema_validation_errors('{{\"maxLength\": 200}}', {text})"), &[TOO_MUCH]);
}

/// To list errors may take exponentially longer than to find that there are some.
#[test]
fn errors_are_listed_within_bounds() {
    let (_database, mut session) = start();
    let branch = |name: &str| format!(r##"{{"properties": {{"a": {{"$ref": "#"}}}}, "required": ["{name}"]}}"##);
    let schema = format!("'{{\"anyOf\": [{}, {}]}}'", branch("b"), branch("c"));
    let document = r#"(repeat('{"a":', 100) || '{}' || repeat('}', 100))::jsonb"#;
    assert_eq!(session.value(&ways(&schema, document)[0]), "f");
    session.run(&format!("SET statement_timeout = '3 s'; SELECT register_schema('s', {schema})"));
    for way in [&ways(&schema, document)[2], &ways(&schema, document)[3]] {
        let start = Instant::now();
        let growth = session.memory_growth("SELECT 1", &if_not_too_much(way));
        assert!(growth < 300 << 10, "{growth} kB: {way}");
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}: {way}", start.elapsed());
    }
    let start = Instant::now();
    session.refused(&format!("INSERT INTO t VALUES ({document})")).with_code("23514");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn numbers_are_compared_exactly_whatever_their_size() {
    let (_database, mut session) = start();
    let nines = "repeat('9', 100000)";
    let tiny = |last: u32| format!("'0.' || repeat('0', 16000) || '{last}'");
    for (schema, document, valid) in [
        (r#"'{"multipleOf": 9}'"#.to_string(), nines.to_string(), true),
        (r#"'{"multipleOf": 7}'"#.to_string(), nines.to_string(), false),
        (format!("'{{\"const\": ' || {nines} || '}}'"), nines.to_string(), true),
        (format!("'{{\"const\": ' || {nines} || '}}'"), "repeat('9', 99999) || '8'".to_string(), false),
        (format!("'{{\"enum\": [1, ' || {nines} || ']}}'"), nines.to_string(), true),
        (format!("'{{\"maximum\": ' || {nines} || '}}'"), nines.to_string(), true),
        (format!("'{{\"exclusiveMaximum\": ' || {nines} || '}}'"), nines.to_string(), false),
        (format!("'{{\"exclusiveMaximum\": ' || {} || '}}'", tiny(2)), tiny(1), true),
        (format!("'{{\"exclusiveMaximum\": ' || {} || '}}'", tiny(1)), tiny(1), false),
        (r#"'{"minimum": 1e400}'"#.to_string(), "'1e400'".to_string(), true),
        (r#"'{"exclusiveMinimum": 1e400}'"#.to_string(), "'1e400'".to_string(), false),
        (r#"'{"const": 1e131000}'"#.to_string(), "'1e131000'".to_string(), true),
        (r#"'{"const": 1e131000}'"#.to_string(), "'1e130999'".to_string(), false),
        (r#"'{"maximum": 1e131000}'"#.to_string(), "'1e130999'".to_string(), true),
        (r#"'{"multipleOf": 0.01}'"#.to_string(), "'1e131000'".to_string(), true),
        (
            r#"'{"type": "integer", "maximum": 12345678901234567890.5}'"#.to_string(),
            "'12345678901234567890'".to_string(),
            true,
        ),
        (r#"'{"minimum": 12345678901234567890.5}'"#.to_string(), "'12345678901234567890'".to_string(), false),
    ] {
        let [jsonb, json, errors, texts] = ways(&schema, &format!("({document})::jsonb"));
        let (said, count) = if valid { ("t", "0") } else { ("f", "1") };
        assert_eq!(
            (session.value(&jsonb).as_str(), session.value(&json).as_str()),
            (said, said),
            "{schema} {document}"
        );
        assert_eq!(
            (session.value(&errors).as_str(), session.value(&texts).as_str()),
            (count, count),
            "{schema} {document}"
        );
        session.run(&format!("SELECT register_schema('s', ({schema})::jsonb)"));
        let insert = format!("INSERT INTO t VALUES (({document})::jsonb)");
        match valid {
            true => session.run(&insert),
            false => _ = session.refused(&insert).with_code("23514"),
        }
    }
    // No numeric has so many digits, but a text may.
    for number in ["1e999999999", "-1e999999999", "1e-999999999", "1e99999999999999999999", "0e99999999999999999999"] {
        for keyword in ["minimum", "maximum", "multipleOf", "const", "exclusiveMinimum"] {
            for (schema, document) in [(number, "1"), ("1", number), (number, number)] {
                let [_, json, _, texts] = ways(&format!("'{{\"{keyword}\": {schema}}}'"), &format!("'{document}'"));
                session.try_one(&json, &["22023", TOO_MUCH]);
                session.try_one(&texts, &["22023", TOO_MUCH]);
            }
        }
    }
}

#[test]
fn keys_may_be_empty_repeated_or_of_any_character() {
    let (_database, mut session) = start();
    for (sql, expected) in [
        (r#"SELECT json_matches_schema('{"properties": {"a": {"const": 2}}}', '{"a": 1, "a": 2}')"#, "t"),
        (r#"SELECT json_matches_schema('{"properties": {"a": {"const": 1}}}', '{"a": 1, "a": 2}')"#, "f"),
        (r#"SELECT jsonb_matches_schema('{"const": 1, "const": 2}', '2')"#, "t"),
        (
            r#"SELECT jsonb_matches_schema('{"required": [""], "additionalProperties": false, "properties": {"": {"const": 1}}}', '{"": 1}')"#,
            "t",
        ),
        (r#"SELECT jsonb_matches_schema('{"properties": {"": {"const": 1}}}', '{"": 2}')"#, "f"),
        (r#"SELECT instance_location FROM schema_errors('{"properties": {"": {"const": 1}}}', '{"": 2}')"#, "/"),
        (
            r#"SELECT instance_location FROM schema_errors('{"additionalProperties": {"const": 1}}', '{"a/b~c": 2}')"#,
            "/a~1b~0c",
        ),
        (r#"SELECT jsonb_matches_schema('{"properties": {"\u00e9": false}}', '{"é": 1}')"#, "f"),
        (r#"SELECT jsonb_matches_schema('{"properties": {"\ud83d\ude00": false}}', '{"😀": 1}')"#, "f"),
        // No normalization: the same to the eye, but another name.
        (r#"SELECT jsonb_matches_schema('{"properties": {"e\u0301": false}}', '{"é": 1}')"#, "t"),
    ] {
        assert_eq!(session.value(sql), expected, "{sql}");
    }
}

#[test]
fn every_character_is_one_character() {
    let (_database, mut session) = start();
    session.run(
        "SET veritable.schema_size_limit = '16MB';
         CREATE TABLE chars AS SELECT chr(n) AS c FROM generate_series(1, 1114111) AS n WHERE n NOT BETWEEN 55296 AND 57343;
         CREATE TABLE u AS SELECT string_agg(c, '') AS text, jsonb_object_agg(c, c) AS object, count(*) AS count FROM chars",
    );
    for sql in [
        "SELECT jsonb_matches_schema(json_build_object('minLength', count, 'maxLength', count), to_jsonb(text)) FROM u",
        "SELECT json_matches_schema(json_build_object('minLength', count, 'maxLength', count), to_json(text)) FROM u",
        "SELECT NOT jsonb_matches_schema(json_build_object('minLength', count + 1), to_jsonb(text)) FROM u",
        "SELECT jsonb_matches_schema(json_build_object('const', text), to_jsonb(text)) FROM u",
        "SELECT NOT jsonb_matches_schema(json_build_object('const', text), to_jsonb('x' || text)) FROM u",
        r#"SELECT jsonb_matches_schema('{"propertyNames": {"minLength": 1, "maxLength": 1, "pattern": "^[\\s\\S]$"}}', object) FROM u"#,
        r#"SELECT jsonb_matches_schema(json_build_object('minProperties', count, 'maxProperties', count), object) FROM u"#,
    ] {
        assert_eq!(session.value(sql), "t", "{sql}");
    }
    // Messages stay short and are text, wherever they were cut.
    let characters =
        "SELECT string_agg(c, '') AS text, jsonb_object_agg(c, c) AS object FROM chars WHERE ascii(c) % 60 = 0";
    for errors in [
        "schema_errors(jsonb_build_object('const', text), to_jsonb('x' || text))",
        "schema_errors('{\"type\": \"number\"}', to_jsonb(text))",
        "schema_errors('{\"additionalProperties\": false}', object)",
        "schema_errors('{\"additionalProperties\": {\"const\": 1}}', object)",
        "schema_errors('{\"enum\": [1, 2]}', object)",
        "schema_errors('{\"propertyNames\": false}', object)",
    ] {
        let longest =
            format!("SELECT max(length(concat(instance_location, message))) < 300 FROM ({characters}) AS u, {errors}");
        assert_eq!(session.value(&longest), "t", "{errors}");
    }
    session.run("SELECT register_schema('s', '{\"propertyNames\": false}')");
    session.refused("INSERT INTO t SELECT object FROM u").with_code("23514");
    session.run("SELECT register_schema('s', '{\"propertyNames\": {\"pattern\": \"^.$|^\\\\s$\"}}')");
    session.run("INSERT INTO t SELECT object FROM u");
}
