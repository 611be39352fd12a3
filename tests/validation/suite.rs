//! The required tests of the official JSON Schema test suite through SQL.
//!
//! Nothing is retrieved, so the schemas that the suite serves to others are bundled with the ones that refer to them.

use std::collections::BTreeMap;
use std::io::Write;

use veritable_schema::Value;

use crate::files::{DRAFTS, files, of_draft, remotes, suite};
use crate::support::{Database, Session};

/// `ask` runs every test in one way. An error is an answer, too.
const TABLES: &str = "
    CREATE TABLE cases (id int PRIMARY KEY, name text, schema json);
    CREATE TABLE tests (case_id int REFERENCES cases, name text, document json, for_json text, for_jsonb text);
    CREATE FUNCTION ask(way text, OUT case_id int, OUT test text, OUT answer text, OUT for_json text, OUT for_jsonb text)
        RETURNS SETOF record LANGUAGE plpgsql AS $$
    DECLARE
        next record;
    BEGIN
        FOR next IN
            SELECT t.*, c.name || ': ' || t.name AS test, schema FROM cases c JOIN tests t ON t.case_id = c.id ORDER BY id
        LOOP
            case_id := next.case_id;
            test := next.test;
            for_json := next.for_json;
            for_jsonb := next.for_jsonb;
            BEGIN
                EXECUTE way INTO answer USING next.schema, next.document, next.case_id;
            EXCEPTION WHEN OTHERS THEN
                answer := SQLSTATE;
            END;
            RETURN NEXT;
        END LOOP;
    END $$";

/// The answer where the meta-schema is one that the suite serves: a session cannot give one.
const INVALID_SCHEMA: &str = "22023";
/// The answer of jsonb itself, which does not hold U+0000.
const NO_JSONB: &str = "22P05";

/// A schema, and those of the suite's server that it leads to: in one document.
fn bundled(schema: &Value, remotes: &[(String, Value)]) -> Value {
    let mut needed: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut texts = vec![schema.to_string()];
    while let Some(text) = texts.pop() {
        for (uri, remote) in remotes {
            let file = uri.rsplit('/').next().expect("a path");
            if text.contains(file) && needed.insert(uri, remote).is_none() {
                texts.push(remote.to_string());
            }
        }
    }
    if needed.is_empty() {
        return schema.clone();
    }
    let draft = schema["$schema"].as_str().expect("a draft").to_string();
    let definitions = if draft.contains("draft-0") { "definitions" } else { "$defs" };
    let identifier = if draft.contains("draft-04") { "id" } else { "$id" };
    let mut bundle = with_siblings(schema, &draft);
    for (uri, remote) in needed {
        let mut remote = with_siblings(remote, &draft);
        match remote.get(identifier).and_then(Value::as_str) {
            None => remote[identifier] = uri.into(),
            Some(own) if own == uri => (),
            Some(own) => {
                let mut alias = Value::Null;
                alias[identifier] = uri.into();
                alias["$ref"] = own.into();
                bundle[definitions][format!("alias of {uri}")] = alias;
            }
        }
        bundle[definitions][uri] = remote;
    }
    bundle
}

/// Up to draft 7, what stands beside `$ref` counts for nothing.
fn with_siblings(schema: &Value, draft: &str) -> Value {
    let mut schema = schema.clone();
    if draft.contains("draft-0")
        && let Some(reference) = schema.as_object_mut().and_then(|members| members.remove("$ref"))
    {
        let mut alone = Value::Null;
        alone["$ref"] = reference;
        schema["allOf"] = Value::Array(vec![alone]);
    }
    schema
}

/// One value of a line of COPY.
fn copied(value: &Value) -> String {
    value.to_string().replace('\\', "\\\\")
}

/// A database with the suite's tests in it.
fn load() -> Option<(Database<'static>, Session)> {
    let suite = suite()?;
    let (mut cases, mut tests) = (String::new(), String::new());
    let mut id = 0;
    for (folder, draft) in DRAFTS {
        let mut remotes = remotes(suite, draft);
        remotes.retain(|(uri, _)| uri.contains(&format!("/{folder}/")) || !uri.contains("/draft"));
        for (file, content) in files(&suite.join("tests").join(folder)) {
            if file.starts_with("optional/") {
                continue;
            }
            for case in content.as_array().expect("cases") {
                id += 1;
                let schema = bundled(&of_draft(case["schema"].clone(), draft), &remotes);
                let name = format!("{folder}/{file}: {}", case["description"].as_str().expect("a text"));
                cases += &format!("{id}\t{}\t{}\n", name.replace('\\', "\\\\"), copied(&schema));
                let is_foreign = schema["$schema"].as_str().is_some_and(|draft| draft.contains("localhost"));
                for test in case["tests"].as_array().expect("tests") {
                    let (name, document) = (test["description"].as_str().expect("a text"), &test["data"]);
                    let valid = if is_foreign { INVALID_SCHEMA.to_string() } else { test["valid"].to_string() };
                    let for_jsonb = if document.to_string().contains("\\u0000") { NO_JSONB } else { &valid };
                    let name = name.replace('\\', "\\\\");
                    tests += &format!("{id}\t{name}\t{}\t{valid}\t{for_jsonb}\n", copied(document));
                }
            }
        }
    }
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLES);
    for (table, lines) in [("cases", cases), ("tests", tests)] {
        let mut writer = session.copy_in(&format!("COPY {table} FROM STDIN")).expect("a table");
        writer.write_all(lines.as_bytes()).and_then(|()| writer.finish().map_err(std::io::Error::other)).expect("rows");
    }
    assert!(session.value("SELECT count(*) FROM tests").parse::<u32>().expect("a number") > 4500);
    Some((database, session))
}

/// In each of these ways, the tests whose answer is another than the one in this column.
#[track_caller]
fn passes(session: &mut Session, expected: &str, ways: &[&str]) {
    for way in ways {
        let different = session.rows(&format!(
            "SELECT test, {expected} AS expected, answer FROM ask($${way}$$) WHERE answer IS DISTINCT FROM {expected}"
        ));
        assert_eq!(different, [""; 0], "{} tests: {way}", different.len());
    }
}

#[test]
fn every_required_test_passes_through_the_functions_of_pg_jsonschema() {
    let Some((_database, mut session)) = load() else { return };
    passes(&mut session, "for_json", &["SELECT json_matches_schema($1, $2)"]);
    passes(&mut session, "for_jsonb", &["SELECT jsonb_matches_schema($1, $2::jsonb)"]);
    // This one says of a schema that is not valid what is wrong with it.
    passes(
        &mut session,
        "CASE for_json WHEN '22023' THEN 'false' ELSE for_json END",
        &["SELECT jsonschema_validation_errors($1, $2) = '{}'"],
    );
}

/// How many of the suite's schemas cannot be registered, and why.
const NOT_REGISTERED: [&str; 2] = [
    "4|22023|/$schema: unknown dialect: drafts 4, 6, 7, 2019-09 and 2020-12 are known",
    "9|22P05|\\u0000 cannot be converted to text.",
];

#[test]
fn every_required_test_of_a_schema_that_can_be_registered_passes_through_the_registry() {
    let Some((_database, mut session)) = load() else { return };
    session.run(
        "SET veritable.assert_formats = off;
         CREATE TABLE refusals (case_id int, code text, detail text);
         DO $$
         DECLARE
             next record;
             said text;
         BEGIN
             FOR next IN SELECT * FROM cases ORDER BY id LOOP
                 BEGIN
                     PERFORM register_schema('case ' || next.id, next.schema::jsonb, strict => false);
                 EXCEPTION WHEN OTHERS THEN
                     GET STACKED DIAGNOSTICS said = PG_EXCEPTION_DETAIL;
                     INSERT INTO refusals VALUES (next.id, SQLSTATE, said);
                 END;
             END LOOP;
         END $$;",
    );
    let reasons = "SELECT count(*), code, detail FROM refusals GROUP BY code, detail ORDER BY code, detail";
    assert_eq!(session.rows(reasons), NOT_REGISTERED);
    session.run(
        "DELETE FROM tests WHERE case_id IN (SELECT case_id FROM refusals);
         CREATE TABLE documents (kind text, document jsonb);
         SELECT add_validation('documents', 'document', type => 'kind')",
    );
    passes(&mut session, "for_jsonb", &["SELECT NOT EXISTS (SELECT FROM schema_errors($1::jsonb, $2::jsonb))"]);
    passes(
        &mut session,
        "CASE for_jsonb WHEN 'false' THEN '23514' ELSE for_jsonb END",
        &["INSERT INTO documents SELECT 'case ' || $3, $2::jsonb RETURNING true"],
    );
    let expected = session.value("SELECT count(*) FROM tests WHERE for_jsonb = 'true'");
    assert_eq!(session.value("SELECT count(*) FROM documents"), expected);
    session.verifies("1360 events in 1360 chains of 1 table");
}
