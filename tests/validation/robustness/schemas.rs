//! Schemas of any shape, and how they compare.

use std::time::{Duration, Instant};

use super::*;

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
pub fn explosive() -> Vec<String> {
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
        for statement in
            ["register_schema('s', '@', strict => false)", "schema_problems('@')", "schema_compatibility('@', 'true')"]
        {
            session.refused(&format!("SELECT {}", statement.replace('@', &schema))).with_code(TOO_MUCH);
        }
        // It compiles nothing.
        session.try_one(&format!("SELECT jsonschema_is_valid('{schema}')"), &[TOO_MUCH]);
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
    session.run(r#"SELECT * FROM schema_compatibility('{"minimum": 1e100000}', '{"minimum": 2e100000}')"#);
    // A divisor has a thousand digits at most.
    session
        .refused(r#"SELECT * FROM schema_compatibility('{"multipleOf": 1e-9000}', '{"multipleOf": 3e-9000}')"#)
        .with_code(TOO_MUCH);
}
