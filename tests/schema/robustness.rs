//! Schemas and documents that are huge, deep, odd or hostile give an answer or a clean error, in time, and never end a
//! backend.

use std::time::{Duration, Instant};

use crate::support::Database;
use crate::support::session::Survivor;

/// Too large, or too deep.
const TOO_MUCH: &str = "54000";
const CANCELLED: &str = "57014";

/// A session, and a table whose documents match the schema `s`.
fn start() -> (Database<'static>, Survivor) {
    let database = Database::new();
    let mut session = Survivor::new(&database);
    session.run(
        "CREATE TABLE t (document jsonb);
         SELECT register_schema('s', 'true'), add_validation('t', 'document', schema => 's');
         SET statement_timeout = '60 s'",
    );
    (database, session)
}

/// Every way to ask whether a document matches a schema, both given as expressions.
fn ways(schema: &str, document: &str) -> [String; 4] {
    ways_of_both(schema, document, &format!("({document})::json"))
}

/// The same with the document as json, too.
fn ways_of_both(schema: &str, document: &str, text: &str) -> [String; 4] {
    [
        format!("SELECT jsonb_matches_schema(({schema})::json, {document})"),
        format!("SELECT json_matches_schema(({schema})::json, {text})"),
        format!("SELECT count(*) FROM schema_errors(({schema})::jsonb, {document})"),
        format!("SELECT cardinality(jsonschema_validation_errors(({schema})::json, {text}))"),
    ]
}

/// A query that may also be refused as too much.
fn if_not_too_much(query: &str) -> String {
    format!("DO $do$ BEGIN PERFORM * FROM ({query}) AS _; EXCEPTION WHEN program_limit_exceeded THEN NULL; END $do$")
}

/// In every way, and by a trigger, an answer or one of these errors.
#[track_caller]
fn answers(session: &mut Survivor, schema: &str, document: &str, codes: &[&str]) {
    for way in ways(schema, document) {
        session.try_one(&way, codes);
    }
    session.run(&format!("SELECT register_schema('s', ({schema})::jsonb, strict => false)"));
    let insert = format!("INSERT INTO t VALUES ({document})");
    session.try_one(&insert, &[codes, &["23514"]].concat());
}

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
fn a_schema_of_any_shape_is_compiled_or_refused() {
    let (_database, mut session) = start();
    session.run("SET veritable.schema_size_limit = '16MB'");
    for (schema, document) in [
        (r##"'{"$ref": "#"}'"##, "'1'::jsonb"),
        (r##"'{"not": {"$ref": "#"}}'"##, "'1'::jsonb"),
        (
            r##"'{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}'"##,
            "'1'::jsonb",
        ),
        (r##"'{"allOf": [{"$ref": "#"}, {"anyOf": [{"$ref": "#"}, {"$ref": "#/allOf"}]}]}'"##, "'1'::jsonb"),
        (r##"'{"$dynamicRef": "#a", "$dynamicAnchor": "a"}'"##, "'[1]'::jsonb"),
        (r#"repeat('{"allOf":[', 30) || 'true' || repeat(']}', 30)"#, "'1'::jsonb"),
        (r#"repeat('{"allOf":[', 1000) || 'true' || repeat(']}', 1000)"#, "'1'::jsonb"),
        (r#"repeat('{"not":', 6000) || 'true' || repeat('}', 6000)"#, "'1'::jsonb"),
        (
            r#"(SELECT json_build_object('enum', json_agg(n))::text FROM generate_series(1, 1000000) AS n)"#,
            "'1000000'::jsonb",
        ),
        (
            "(SELECT json_build_object('items', json_build_object('enum', json_agg('v' || n)))::text FROM generate_series(1, 100000) AS n)",
            "(SELECT jsonb_agg('v' || n) FROM generate_series(1, 1000000) AS n)",
        ),
        (
            "(SELECT json_build_object('properties', json_object_agg('p' || n, true))::text FROM generate_series(1, 300000) AS n)",
            "(SELECT jsonb_object_agg('p' || n, n) FROM generate_series(1, 300000) AS n)",
        ),
        (
            "(SELECT json_build_object('required', json_agg('p' || n))::text FROM generate_series(1, 100000) AS n)",
            "'{}'::jsonb",
        ),
        ("json_build_object('pattern', repeat('(a|b)', 20000))::text", "'\"a\"'::jsonb"),
        ("json_build_object('pattern', repeat('(', 100000) || repeat(')', 100000))::text", "'\"a\"'::jsonb"),
        (r#"'{"pattern": "((a{1,1000}){1,1000}){1,1000}"}'"#, "'\"a\"'::jsonb"),
        ("json_build_object('$ref', '#/' || repeat('a/', 1000000))::text", "'1'::jsonb"),
        ("json_build_object('$ref', repeat('x', 1000000))::text", "'1'::jsonb"),
    ] {
        for way in ways(schema, document) {
            session.try_one(&way, &["22023", TOO_MUCH, "54001"]);
        }
        let schema = format!("({schema})::jsonb");
        for statement in [
            format!("SELECT register_schema('s', {schema}, strict => false)"),
            format!("SELECT count(*) FROM schema_problems({schema})"),
            format!("SELECT register_schema('s', {schema}, 'FULL')"),
        ] {
            session.try_one(&statement, &["22023", TOO_MUCH, "54001", "23514"]);
        }
        session.try_one(&format!("INSERT INTO t VALUES ({document})"), &["23514", TOO_MUCH]);
    }
}

/// Schemas that are short and would take all memory, all of the stack, or years. Each is a text.
fn explosive() -> Vec<String> {
    let chain = |keyword: &str, definition: &str, count: u32| {
        format!(
            r##"(SELECT format('{{"$ref":"#/$defs/a0","{keyword}":false,"$defs":{{%s,"a{count}":{{}}}}}}',
                 string_agg(format('"a%s":{definition}', g, g + 1), ',')) FROM generate_series(0, {count} - 1) AS g)"##
        )
    };
    let next = r##"{"$ref":"#/$defs/a%2$s"}"##;
    let mut all = Vec::new();
    for keyword in ["unevaluatedProperties", "unevaluatedItems"] {
        let doubling = [
            format!(r##"{{"allOf":[{next},{next}],"{keyword}":false}}"##),
            format!(r#"{{"if":true,"then":{next},"else":{next}}}"#),
            format!(r#"{{"anyOf":[{next},{next}]}}"#),
            r##"{"$ref":"#/$defs/a%2$s","$dynamicRef":"#/$defs/a%2$s"}"##.to_string(),
        ];
        all.extend(doubling.iter().map(|definition| chain(keyword, definition, 40)));
        all.push(chain(keyword, next, 3500));
        all.push(chain(keyword, &format!(r##"{{"$ref":"#/$defs/a%2$s","{keyword}":false}}"##), 3500));
    }
    all.push(chain("unevaluatedProperties", &format!(r#"{{"dependentSchemas":{{"a":{next},"b":{next}}}}}"#), 40));
    // Twelve resources, each of which refers to all.
    all.push(
        r#"(SELECT json_build_object('$id', 'http://x/root', '$ref', 'http://x/1', '$defs', json_object_agg('r' || g,
            json_build_object('$id', 'http://x/' || g, 'anyOf', (SELECT json_agg(json_build_object('$ref', 'http://x/' || h))
            FROM generate_series(1, 12) AS h))))::text FROM generate_series(1, 12) AS g)"#
            .to_string(),
    );
    // Branches that are looked through for what tells them apart.
    all.push(
        r##"(SELECT format('{"oneOf":[%1$s,%1$s,%1$s],"$defs":{%2$s,"a10":{}}}', '{"$ref":"#/$defs/a1"}',
             string_agg(format('"a%s":{"allOf":[%strue]}', g, repeat(format('{"$ref":"#/$defs/a%s"},', g + 1), 20)), ','))
             FROM generate_series(1, 9) AS g)"##
            .to_string(),
    );
    // A long name, or identifier, above many schemas.
    for (place, rest) in [
        ("'properties', json_build_object(repeat('x', 100000), ", ")"),
        ("'$id', 'http://x/' || repeat('x', 100000), 'not', ", ""),
    ] {
        all.push(format!(
            "(SELECT json_build_object({place}json_build_object('allOf', json_agg('{{\"minimum\": 1}}'::json)){rest})::text
              FROM generate_series(1, 3000))"
        ));
    }
    all
}

/// The most memory that the session's process has had, in megabytes.
fn memory(session: &Survivor) -> usize {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", session.backend)).expect("this machine's own process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line for the peak");
    line.split_whitespace().next().and_then(|number| number.parse::<usize>().ok()).expect("a number") / 1024
}

#[test]
fn a_schema_that_explodes_is_refused_in_time_and_memory() {
    let (_database, mut session) = start();
    session.run("SET statement_timeout = '10 s'");
    for schema in explosive() {
        let schema = session.value(&format!("SELECT {schema}"));
        let start = Instant::now();
        for way in ways(&format!("'{schema}'"), "'{}'::jsonb") {
            session.refused(&way).with_code(TOO_MUCH);
        }
        for statement in [
            "register_schema('s', '@', strict => false)",
            "schema_problems('@')",
            "schema_compatibility('@', 'true')",
            "jsonschema_is_valid('@')",
        ] {
            session.refused(&format!("SELECT {}", statement.replace('@', &schema))).with_code(TOO_MUCH);
        }
        assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    }
    for form in [r"(?=\w{100}@)", r"\p{L}{1,200}@"] {
        let pattern = form.replace('@', "' || g || '");
        let schema = format!(
            "(SELECT json_build_object('allOf', json_agg(json_build_object('pattern', '{pattern}')))::text FROM generate_series(1, 1600) AS g)"
        );
        for way in ways(&schema, "'{}'::jsonb") {
            session.try_one(&way, &[TOO_MUCH, "22023"]);
        }
    }
    assert!(memory(&session) < 400, "{} MB", memory(&session));
}

#[test]
fn a_schema_whose_compilation_takes_long_is_cancelled() {
    let (_database, mut session) = start();
    session.run(
        "SET veritable.schema_work_limit = 2147483647; SET max_stack_depth = '7MB'; SET statement_timeout = '1 s'",
    );
    for schema in explosive().iter().take(4) {
        let start = Instant::now();
        for way in ways(schema, "'{}'::jsonb") {
            session.refused(&way).with_code(CANCELLED);
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}

#[test]
fn schemas_are_compiled_or_refused_whatever_is_left_of_the_stack() {
    let (_database, mut session) = start();
    let usual = r##"{"properties": {"a": {"items": {"anyOf": [{"type": "string"}, {"$ref": "#"}]}}}, "unevaluatedProperties": false}"##;
    for limit in ["100kB", "200kB", "1MB", "7MB"] {
        session.run(&format!("SET max_stack_depth = '{limit}'"));
        for way in ways(&format!("'{usual}'"), "'{}'::jsonb") {
            session.run(&way);
        }
        for schema in explosive() {
            session.try_one(&ways(&schema, "'{}'::jsonb")[0], &[TOO_MUCH]);
        }
    }
}

#[test]
fn comparing_many_values_ends_in_time() {
    let (_database, mut session) = start();
    session.run("SET statement_timeout = '10 s'");
    for value in [
        "g",
        "g + 0.5",
        "'v' || g",
        "jsonb_build_object('a', g)",
        "jsonb_build_array(g)",
        "g * 1e30",
        "('1e-' || g % 300)::numeric",
    ] {
        let schema = |from: u32| {
            format!(
                "(SELECT jsonb_build_object('enum', jsonb_agg(DISTINCT {value})) FROM generate_series({from}, {from} + 2500) AS g)"
            )
        };
        session.run(&format!("SELECT * FROM schema_compatibility({}, {})", schema(0), schema(1)));
    }
    for pair in [
        ("{\"minimum\": 1e100000}", "{\"minimum\": 2e100000}"),
        ("{\"multipleOf\": 1e-9000}", "{\"multipleOf\": 3e-9000}"),
    ] {
        session.run(&format!("SELECT * FROM schema_compatibility('{}', '{}')", pair.0, pair.1));
    }
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

/// Whatever takes long ends soon after it is told to.
#[test]
fn validation_can_be_cancelled() {
    let (_database, mut session) = start();
    session.run(
        r#"CREATE TABLE d (name text PRIMARY KEY, document jsonb, text json);
        INSERT INTO d SELECT 'integers', jsonb_agg(n), json_agg(n) FROM generate_series(1, 1000000) AS n;
        INSERT INTO d SELECT 'huge', jsonb_agg('1e131000'::numeric), ('[' || repeat('1e131000,', 3000) || '1]')::json FROM generate_series(1, 3000) AS n;
        INSERT INTO d SELECT 'as', jsonb_agg(repeat('a', 40) || '!' || n), json_agg(repeat('a', 40) || '!' || n) FROM generate_series(1, 3000) AS n;
        INSERT INTO d SELECT 'as in names', jsonb_object_agg(repeat('a', 40) || '!' || n, n), json_object_agg(repeat('a', 40) || '!' || n, n) FROM generate_series(1, 3000) AS n;
        INSERT INTO d SELECT 'long', to_jsonb(repeat('a', 60000000) || '!'), to_json(repeat('a', 60000000) || '!');
        INSERT INTO d SELECT 'alike', jsonb_agg(one), json_agg(one) FROM generate_series(1, 30000) AS n, jsonb_build_object('same', repeat('x', 1000), 'n', n) AS one;
        INSERT INTO d SELECT 'deep', text::jsonb, text::json FROM repeat('{"a":', 100) AS open, concat(open, '{}', repeat('}', 100)) AS text"#,
    );
    let mut ended = 0;
    for (name, schema) in [
        (
            "integers",
            r##"{"items": {"anyOf": [{"type": "string"}, {"allOf": [{"minimum": 0}, {"maximum": 9}]}, {"multipleOf": 1}]}}"##,
        ),
        ("integers", r#"{"uniqueItems": true}"#),
        ("huge", r#"{"items": {"minimum": 1, "multipleOf": 0.01}}"#),
        ("huge", r#"{"uniqueItems": true, "items": {"enum": [1, 2, 1e100000, 1e131000]}}"#),
        ("as", r#"{"contains": {"pattern": "^(?:(a+)\\1?)+$"}}"#),
        ("as", r#"{"items": {"not": {"pattern": "^(?=(a+)+$)(?:(a+)\\1?)+$"}}}"#),
        ("as in names", r#"{"patternProperties": {"^(?:(a+)\\1?)+$": false}}"#),
        ("long", r#"{"pattern": "^(?:(a+)\\1?)+$"}"#),
        ("long", r#"{"pattern": "^(a|b|[^c]){1,1000}$"}"#),
        ("long", r#"{"format": "email", "minLength": 1000000000}"#),
        ("alike", r#"{"uniqueItems": true}"#),
        (
            "alike",
            r##"{"items": {"anyOf": [{"const": {"same": 1}}, {"$ref": "#/$defs/a"}]}, "$defs": {"a": {"propertyNames": {"enum": ["same", "n"]}}}}"##,
        ),
        (
            "deep",
            r##"{"anyOf": [{"properties": {"a": {"$ref": "#"}}, "required": ["b"]}, {"properties": {"a": {"$ref": "#"}}, "required": ["c"]}]}"##,
        ),
    ] {
        let document = format!("(SELECT document FROM d WHERE name = '{name}')");
        session.try_one(&format!("SELECT register_schema('s', '{schema}')"), &["22023"]);
        let schema = format!("'{schema}'");
        let insert = format!("INSERT INTO t SELECT {document}");
        for statement in ways_of_both(&schema, &document, &document.replace("document", "text")).iter().chain([&insert])
        {
            session.run("SET statement_timeout = '200 ms'");
            let start = Instant::now();
            let code = session.try_one(statement, &[CANCELLED, TOO_MUCH, "23514", "22023"]);
            let elapsed = start.elapsed();
            session.run("RESET statement_timeout");
            // Within a second, and some more where others run.
            assert!(elapsed < Duration::from_secs(2), "{elapsed:?}: {statement}");
            ended += u32::from(code.as_deref() == Some(CANCELLED));
        }
    }
    assert!(ended > 10, "only {ended} were cancelled");
}
