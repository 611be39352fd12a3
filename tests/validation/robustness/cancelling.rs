//! What takes long ends soon after it is told to.

use std::time::{Duration, Instant};

use super::schemas::explosive;
use super::*;

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

/// Nothing can stop the library while it reads a pattern: a pattern that takes long is refused before.
#[test]
fn a_pattern_that_takes_long_to_read_is_refused_in_time() {
    let (_database, mut session) = start();
    for pattern in [
        r"repeat('\w', 50000)",
        r"repeat('\s', 1000)",
        r"repeat('\cA', 50000)",
        r"'[' || repeat('\d\s', 20000) || ']'",
        r"'(?=a)' || repeat('\cA', 20000)",
        r"repeat('\p{Any}', 30000)",
        r"'(?i)' || repeat('[\x{1}-\x{10ffff}]', 2000)",
    ] {
        let pattern = session.value(&format!("SELECT {pattern}"));
        for schema in ["{\"pattern\": %s}", "{\"patternProperties\": {%s: true}}"] {
            let schema = format!("format('{schema}', to_jsonb('{pattern}'::text))");
            let mut all = ways(&schema, "'\"a\"'::jsonb").to_vec();
            all.push(format!("SELECT register_schema('p', ({schema})::jsonb, strict => false)"));
            all.push(format!("SELECT count(*) FROM schema_problems(({schema})::jsonb)"));
            all.push(format!("SELECT schema_compatibility(({schema})::jsonb, 'true')"));
            all.push(format!("SELECT jsonschema_is_valid(({schema})::json)"));
            for statement in all {
                let start = Instant::now();
                session.try_one(&statement, &[TOO_MUCH, "22023"]);
                assert!(start.elapsed() < Duration::from_secs(2), "{:?}: {}", start.elapsed(), &statement[..80]);
            }
        }
    }
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

/// Whatever budget a comparison has, a request to stop ends it.
#[test]
fn comparing_schemas_can_be_cancelled() {
    let (database, _) = start();
    database.superuser().run(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET veritable.comparison_work_limit = 2147483647', current_database()); END $$",
    );
    let mut session = Survivor::new(&database);
    let list = |one: &str, count: u32| format!("(SELECT jsonb_agg({one}) FROM generate_series(1, {count}) AS n)");
    // Branches that overlap, products of unions, and conditions on conditions.
    let overlapping = |count| {
        list(
            "jsonb_build_object('properties', jsonb_build_object('p' || n, jsonb_build_object('type', 'string')), 'required', jsonb_build_array('q' || n % 7))",
            count,
        )
    };
    let products = |count| {
        list(
            "jsonb_build_object('anyOf', jsonb_build_array(jsonb_build_object('required', jsonb_build_array('a' || n)), jsonb_build_object('properties', jsonb_build_object('b' || n, jsonb_build_object('minimum', n)))))",
            count,
        )
    };
    let conditions = |count| {
        list(
            "jsonb_build_object('if', jsonb_build_object('required', jsonb_build_array('a' || n)), 'then', jsonb_build_object('required', jsonb_build_array('b' || n % 5)), 'else', jsonb_build_object('maxProperties', n % 9))",
            count,
        )
    };
    let mut cancelled = 0;
    for (keyword, old, new) in [
        ("oneOf", overlapping(24), overlapping(25)),
        ("anyOf", overlapping(60), overlapping(59)),
        ("allOf", products(18), products(19)),
        ("allOf", conditions(16), conditions(17)),
    ] {
        session.run("SET statement_timeout = '300 ms'");
        let start = Instant::now();
        let statement = format!(
            "SELECT * FROM schema_compatibility(jsonb_build_object('{keyword}', {old}), jsonb_build_object('{keyword}', {new}))"
        );
        let code = session.try_one(&statement, &[CANCELLED]);
        let elapsed = start.elapsed();
        session.run("RESET statement_timeout");
        assert!(elapsed < Duration::from_secs(2), "{elapsed:?}: {statement}");
        cancelled += u32::from(code.as_deref() == Some(CANCELLED));
    }
    assert!(cancelled > 0, "all ended by themselves");
}

/// A text of JSON takes far more memory once it is parsed.
#[test]
fn parsing_a_document_can_be_cancelled_and_is_bounded() {
    let (_database, mut session) = start();
    session.run(r#"CREATE TABLE j AS SELECT ('[{"":0}' || repeat(',{"":0}', 3000000) || ']')::json AS j"#);
    for function in ["json_matches_schema", "jsonschema_validation_errors"] {
        let query = format!(r#"SELECT {function}('{{"type": "null"}}', j) FROM j"#);
        session.run("SET statement_timeout = '20 ms'");
        let start = Instant::now();
        session.refused(&query).with_code(CANCELLED);
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        session.run("SET statement_timeout = '60 s'");
        session.refused(&query).with_code(TOO_MUCH);
    }
    let grown = session.memory_growth("SELECT 1", "SELECT length(j::text) FROM j; DO $$ BEGIN PERFORM json_matches_schema('true', j) FROM j; EXCEPTION WHEN program_limit_exceeded THEN NULL; END $$");
    assert!(grown < 500 << 10, "{grown} kB");
}

/// What patterns have met in texts is kept with them, and counted.
#[test]
fn patterns_keep_little_of_what_they_have_matched() {
    let (_database, mut session) = start();
    session.run(
        r#"CREATE TABLE p AS SELECT json_build_object('allOf', json_agg(json_build_object('not', json_build_object('pattern',
            format('[n-z][a-z]{%s}[À-Ýa-m]?[À-Ý]{%s}', n % 12 + 6, n / 12 + 1)))))::text AS s FROM generate_series(0, 479) AS n;
        CREATE TABLE r AS SELECT to_jsonb(string_agg(chr(97 + get_byte(decode(md5(n::text), 'hex'), 0) % 26), '' ORDER BY n)) AS d
        FROM generate_series(1, 16000) AS n"#,
    );
    let grown = session.memory_growth(
        "SELECT 1",
        "SELECT jsonb_matches_schema(s::json, d), jsonb_matches_schema((s || ' ')::json, d), json_matches_schema(s::json, d::text::json) FROM p, r",
    );
    assert!(grown < 150 << 10, "{grown} kB");
}

/// The documents of a table are read one by one, and no more of them are in memory than PostgreSQL keeps of a batch.
#[test]
fn verification_can_be_cancelled_and_takes_little_memory() {
    let (_database, mut session) = start();
    session.run(
        r#"SELECT register_schema('strings', '{"type": "array", "uniqueItems": true}');
        CREATE TABLE v (id int PRIMARY KEY, payload jsonb);
        SELECT add_validation('v', 'payload', schema => 'strings');
        SET session_replication_role = replica;
        INSERT INTO v SELECT n, jsonb_agg(repeat(md5(m::text), 100)) FROM generate_series(1, 2000) AS n, generate_series(1, 50) AS m GROUP BY n;
        INSERT INTO v SELECT n, '{}' FROM generate_series(10001, 60000) AS n;
        RESET session_replication_role; SET work_mem = '1MB'"#,
    );
    for milliseconds in [1, 50] {
        session.run(&format!("SET statement_timeout = {milliseconds}"));
        for verify in
            ["SELECT * FROM verify_validation('v')", "SELECT * FROM verify_validation()", "SELECT * FROM verify_all()"]
        {
            session.refused(verify).with_code(CANCELLED);
        }
    }
    session.run("SET statement_timeout = '60 s'");
    // The documents have 320 MB.
    let verified = session.memory_growth("SELECT 1", "SELECT count(*) FROM verify_validation('v')");
    assert!(verified < 16 << 10, "{verified} kB to verify 52,000 documents");
    assert_eq!(session.value("SELECT count(*) FROM verify_validation('v')"), "50000");
}
