//! Schemas and documents that are huge, deep, odd or hostile give an answer or a clean error, in time, and never end a
//! backend.

mod cancelling;
mod documents;
mod schemas;

use crate::support::session::Survivor;
use crate::support::{Cluster, Database};

/// Too large, or too deep.
const TOO_MUCH: &str = "54000";
/// Cancelled, or out of time.
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
fn no_backend_of_this_crate_has_crashed() {
    // Whatever has run so far; each other test notices the loss of its own session.
    assert!(!Cluster::shared().log().contains("was terminated by signal"));
}
